"""Responds itself, and asserts what it was asked: for tests without a network."""

from __future__ import annotations

import inspect
import json
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any, Self, TypeAlias

from ..locking import new_lock
from ..messages import Headers, HttpRequest, HttpResponse
from .content import Stream, streamed
from .opened import AsyncOpenResponse, OpenResponse

__all__ = ["MockTransport"]

#: What responds once: a response, or an error to be raised.
Reply: TypeAlias = HttpResponse | Exception
#: A reply, or one for a certain request: "GET https://h.example/jobs", "GET /jobs?limit=1", or a
#: function that tells whether a request is the one.
Step: TypeAlias = Reply | tuple[str | Callable[[HttpRequest], bool], Reply]


class MockTransport:
    """Responds with what a function returns, or with one of a list after the other.

    replies  a function from an `HttpRequest` to an `HttpResponse` (async for AsyncClient, if you
             like); or a list of responses, errors to be raised, and pairs of a request and one of
             those. AssertionError for a request that is not the one of its pair, or one too many

    `requests` has what was asked, bodies as bytes. At the end of a `with` block, or by
    `assert_all_sent()`, it is an AssertionError if responses are left.
    """

    def __init__(self, replies: Callable[[HttpRequest], Any] | Iterable[Step]) -> None:
        self.requests: list[HttpRequest] = []
        self._function = replies if callable(replies) else None
        self._steps: deque[Step] = deque(() if callable(replies) else replies)
        self._lock = new_lock()

    @staticmethod
    def response(
        data: Any = None, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> HttpResponse:
        """A response with `data` as its body: bytes and str as they are, all else as JSON."""
        kind, content = "application/json", b""
        if isinstance(data, bytes):
            kind, content = "application/octet-stream", data
        elif isinstance(data, str):
            kind, content = "text/plain; charset=utf-8", data.encode()
        elif data is not None:
            content = json.dumps(data).encode()
        given = dict(headers or {})
        if content:
            given.setdefault("Content-Type", kind)
        return HttpResponse(status, Headers(given), content)

    def open(self, request: HttpRequest) -> OpenResponse:
        """The next response."""
        body = streamed(request)
        request = request if body is None else replace(request, content=b"".join(body))
        response = self._reply(request)
        if inspect.iscoroutine(response):
            response.close()
            raise TypeError("the function of this MockTransport is async: use AsyncClient")
        return OpenResponse(response.status, response.headers, response.content, request=request)

    def for_async(self) -> _AsyncMock:
        """The same for AsyncClient."""
        return _AsyncMock(self)

    def _reply(self, request: HttpRequest) -> Any:
        with self._lock:
            self.requests.append(request)
            if self._function is None:
                if not self._steps:
                    raise AssertionError(f"one request too many: {request!r}")
                step = self._steps.popleft()
        if self._function is not None:
            return self._function(request)
        expected, reply = step if isinstance(step, tuple) else (None, step)
        if expected is not None and not _is_expected(expected, request):
            raise AssertionError(f"expected {expected}, and was asked {request!r}")
        if isinstance(reply, Exception):
            raise reply
        return reply

    def assert_all_sent(self) -> None:
        """AssertionError if there are responses that nobody asked for."""
        if self._steps:
            raise AssertionError(f"{len(self._steps)} of the responses were not asked for")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            self.assert_all_sent()


def _is_expected(expected: str | Callable[[HttpRequest], bool], request: HttpRequest) -> bool:
    if callable(expected):
        return expected(request)
    method, _, url = expected.partition(" ")
    asked = request.url
    if url.startswith("/"):
        asked = "/" + asked.partition("://")[2].partition("/")[2]
    return method == request.method and asked == url


class _AsyncMock:
    def __init__(self, mock: MockTransport) -> None:
        self._mock = mock

    async def open(self, request: HttpRequest) -> AsyncOpenResponse:
        body: Stream | None = streamed(request)
        if body is not None:
            request = replace(request, content=b"".join([piece async for piece in body]))
        response: HttpResponse | Awaitable[HttpResponse] = self._mock._reply(request)
        if not isinstance(response, HttpResponse):
            response = await response
        return AsyncOpenResponse(
            response.status, response.headers, response.content, request=request
        )
