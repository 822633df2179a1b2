"""Sends to a WSGI application in this process (PEP 3333): no socket, no server."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Any
from urllib.parse import unquote_to_bytes

from ..messages import Headers, HttpRequest
from ..origins import origin_of, split_url
from .base import DEFAULT_MAX_RESPONSE_BYTES
from .content import Stream
from .decoding import BadEncoding, decoded_pieces
from .http_transport import HttpTransport
from .opened import AsyncOpenResponse, OpenResponse
from .timing import Limits

__all__ = ["WSGITransport"]

#: A WSGI application.
Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class WSGITransport(HttpTransport):
    """Calls a WSGI application. What the application raises comes out as it is.

    app                 the application
    max_response_bytes  the longest body that `OpenResponse.read` returns, as decoded

    Timeouts have no effect: the application runs in the thread that calls.
    """

    def __init__(
        self, app: Application, *, max_response_bytes: int = DEFAULT_MAX_RESPONSE_BYTES
    ) -> None:
        super().__init__({"app": app, "timeout": 30, "max_response_bytes": max_response_bytes})
        self._app = app

    def close(self) -> None:
        """Nothing: there are no connections."""

    def for_async(self) -> _InThreads:
        """The same for AsyncClient: the application runs in threads."""
        return _InThreads(self)

    def _failure(
        self, problem: Exception, request: HttpRequest, body: Stream | None, limits: Limits
    ) -> BaseException:
        if isinstance(problem, BadEncoding):
            return super()._failure(problem, request, body, limits)
        return problem

    def _open(self, request: HttpRequest, body: Stream | None, limits: Limits) -> OpenResponse:
        started: list[tuple[str, list[tuple[str, str]]]] = []
        written: list[bytes] = []

        def start_response(
            status: str, fields: list[tuple[str, str]], _error: Any = None
        ) -> Callable[[bytes], object]:
            started[:] = [(status, fields)]
            return written.append

        made = self._app(_environ(request, body), start_response)
        pieces = iter(made)
        while not started:
            # An application may wait with its header until its first piece is asked for.
            written.append(next(pieces))
        status, fields = started[0]
        headers = Headers(fields)
        whole = _all(written, pieces) if request.method != "HEAD" else iter(())
        coding = headers.get("Content-Encoding")
        decoded = decoded_pieces(whole, coding) if coding else whole
        return OpenResponse(
            int(status.split(" ", 1)[0]),
            headers,
            self._explained(decoded, request, limits),
            request=request,
            end=lambda _: getattr(made, "close", lambda: None)(),
            limit=self._limit,
        )


def _all(written: list[bytes], pieces: Iterator[bytes]) -> Iterator[bytes]:
    """What was passed to `write()`, also while iterating, and what is iterated."""
    while True:
        while written:
            yield written.pop(0)
        try:
            piece = next(pieces)
        except StopIteration:
            yield from written
            return
        yield piece


def _environ(request: HttpRequest, body: Stream | None) -> dict[str, Any]:
    origin = origin_of(request.url)
    _, target = split_url(request.url)
    path, _, query = target.partition("?")
    content: Any = b"".join(body) if body is not None else request.content or b""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "REQUEST_URI": target,
        "RAW_URI": target,
        "SERVER_NAME": origin.host,
        "SERVER_PORT": str(origin.port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": origin.netloc,
        "CONTENT_LENGTH": str(len(content)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": origin.scheme,
        "wsgi.input": io.BytesIO(content),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.pairs():
        key = name.upper().replace("-", "_")
        if key == "CONTENT_TYPE":
            environ[key] = value
        elif key not in {"CONTENT_LENGTH", "TRANSFER_ENCODING"}:
            key = f"HTTP_{key}"
            known = environ.get(key) if key != "HTTP_HOST" else None
            environ[key] = f"{known}, {value}" if known else value
    return environ


class _InThreads:
    """A synchronous transport as an asynchronous one."""

    def __init__(self, transport: HttpTransport) -> None:
        self._transport = transport

    async def open(self, request: HttpRequest) -> AsyncOpenResponse:
        opened = await asyncio.to_thread(self._transport.open, request)

        async def pieces() -> AsyncIterator[bytes]:
            while (piece := await asyncio.to_thread(next, opened, None)) is not None:
                yield piece

        async def end(_: bool) -> None:
            await asyncio.to_thread(opened.close)

        return AsyncOpenResponse(
            opened.status,
            opened.headers,
            pieces(),
            request=opened.request,
            end=end,
            limit=opened.limit,
        )
