"""What all transports over HTTP do around one exchange: settings, cookies, errors, fork."""

from __future__ import annotations

import os
import weakref
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from time import perf_counter
from types import TracebackType
from typing import Any, Self, TypeVar

from ..errors import ConnectionBroken, TransportError
from ..messages import HttpRequest, HttpResponse, Timeout
from ..version import __version__
from .base import CLOSED
from .content import Stream, streamed
from .cookies import Cookies
from .decoding import BadEncoding, accepted_encodings
from .failures import explained
from .opened import AsyncOpenResponse, OpenResponse
from .timing import Limits

__all__ = ["ORIGINS_KEPT", "USER_AGENT", "AsyncHttpTransport", "HttpTransport"]

USER_AGENT = f"dynclient/{__version__}"

#: How many origins a transport keeps connections to; documents name one or two.
ORIGINS_KEPT = 64

_O = TypeVar("_O", OpenResponse, AsyncOpenResponse)


class _Closed(ConnectionBroken):
    """By ourselves: no reason to send it again."""


class _Http:
    """What synchronous and asynchronous transports share; `settings` are all their options."""

    #: Whether cookies are kept here; a caller's Session has a jar of its own.
    _keeps_cookies = True

    def __init__(self, settings: dict[str, Any]) -> None:
        self._settings = settings
        self._timeout = Timeout.of(settings["timeout"])
        # Kept for most calls; one with a total begins anew each time.
        self._limits = None if self._timeout.total else Limits(self._timeout)
        self._limit: int = settings["max_response_bytes"]
        self._encodings = accepted_encodings()
        self._cookies = Cookies()
        self._is_retired = False
        _alive.add(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), self._settings)

    @property
    def has_certificate(self) -> bool:
        """Whether it may show a client certificate; a caller's own session may have one."""
        own = self.__dict__.get("_given") is None and "cert" in self._settings
        return not own or bool(self._settings["cert"])

    def _refuse_to_open(self) -> None:
        """In front of the method rather than in it, where every call would have to ask."""
        self._is_retired = True
        self.__dict__["open"] = CLOSED.open

    def _forget_connections(self) -> None:
        """In a child process: the open connections and the state of every lock are the parent's."""
        self._cookies = self._cookies.copied()

    def _limits_of(self, request: HttpRequest) -> Limits:
        if request.timeout is None:
            return self._limits or Limits(self._timeout)
        return Limits(request.timeout)

    def _with_cookies(self, request: HttpRequest) -> HttpRequest:
        own = request.headers.get("Cookie")
        cookie = self._cookies.header(request.url, own)
        if cookie is None or cookie == own:
            return request
        return replace(request, headers=request.headers.merged({"Cookie": cookie}))

    def _received(self, opened: _O, request: HttpRequest) -> _O:
        """Keep the cookies; the response belongs to the request as the caller gave it."""
        if self._keeps_cookies and "set-cookie" in opened.headers:
            self._cookies.store(request.url, opened.headers.get_list("Set-Cookie"))
        opened.request = request
        return opened

    def _failure(
        self, problem: Exception, request: HttpRequest, body: Stream | None, limits: Limits
    ) -> BaseException:
        """What to raise for what a library raised."""
        if isinstance(problem, BadEncoding):
            return ConnectionBroken(
                "the body is not whole: it is not what its Content-Encoding says", request=request
            )
        if body is not None and body.failure is not None:
            return body.failure
        return explained(problem, request, limits)


class HttpTransport(_Http, ABC):
    """`open` for a subclass that knows how one request is sent, and raises what it may.

    Thread-safe; a context manager; picklable by its settings. After a fork the child opens
    connections of its own.
    """

    @abstractmethod
    def _open(self, request: HttpRequest, body: Stream | None, limits: Limits) -> OpenResponse:
        """One request, and its response up to the body; `body` is None for bytes or no body.

        The pieces of the body go through `_explained`. Raises what its libraries raise.
        """

    @abstractmethod
    def close(self) -> None:
        """Close the connections that this transport opened; a later `open` opens new ones."""

    def open(self, request: HttpRequest) -> OpenResponse:
        """Send one request; no redirect is followed. The body is to be read to its end or closed.

        Raises `TransportError` or a subclass when there is no response, and while the body is
        read; and what a streamed body itself raises.
        """
        limits = self._limits_of(request)
        body = streamed(request)
        sent = self._with_cookies(request) if self._cookies else request
        try:
            return self._received(self._open(sent, body, limits), request)
        except TransportError:
            raise
        except Exception as problem:  # noqa: BLE001  every library's own error becomes ours
            failure = self._failure(problem, request, body, limits)
        # Raised out here so that no library error, whose text may hold a secret, hangs on it.
        raise failure

    def send(self, request: HttpRequest) -> HttpResponse:
        """`open`, and the whole body read: `max_response_bytes` at most."""
        started = perf_counter()
        opened = self.open(request)
        content = opened.read()
        elapsed = perf_counter() - started
        return HttpResponse(opened.status, opened.headers, content, request.url, elapsed)

    def retire(self) -> None:
        """Close for good: from here on `open` and `send` raise RuntimeError, whoever calls them.

        What is under way comes to its end. A transport that was merely closed opens anew.
        """
        self._refuse_to_open()
        self.close()

    def _explained(
        self, pieces: Iterator[bytes], request: HttpRequest, limits: Limits
    ) -> Iterator[bytes]:
        """The pieces, with every error made ours."""
        while True:
            try:
                piece = next(pieces)
            except StopIteration:
                return
            except Exception as problem:  # noqa: BLE001
                failure = self._failure(problem, request, None, limits)
            else:
                yield piece
                continue
            raise failure

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class AsyncHttpTransport(_Http, ABC):
    """The same for `async with`, `await transport.open(request)`."""

    @abstractmethod
    async def _open(
        self, request: HttpRequest, body: Stream | None, limits: Limits
    ) -> AsyncOpenResponse:
        """One request, and its response up to the body; `body` is None for bytes or no body."""

    @abstractmethod
    async def aclose(self) -> None:
        """Close the connections that this transport opened; a later `open` opens new ones."""

    async def open(self, request: HttpRequest) -> AsyncOpenResponse:
        """Send one request; no redirect is followed. The body is to be read to its end or closed.

        Raises what `HttpTransport.open` raises.
        """
        limits = self._limits_of(request)
        body = streamed(request)
        sent = self._with_cookies(request) if self._cookies else request
        try:
            return self._received(await self._open(sent, body, limits), request)
        except TransportError:
            raise
        except Exception as problem:  # noqa: BLE001
            failure = self._failure(problem, request, body, limits)
        raise failure

    async def send(self, request: HttpRequest) -> HttpResponse:
        """`open`, and the whole body read: `max_response_bytes` at most."""
        started = perf_counter()
        opened = await self.open(request)
        content = await opened.read()
        elapsed = perf_counter() - started
        return HttpResponse(opened.status, opened.headers, content, request.url, elapsed)

    def _failure(
        self, problem: Exception, request: HttpRequest, body: Stream | None, limits: Limits
    ) -> BaseException:
        if self._is_retired:
            return _Closed(
                "the client was closed before the response was complete", request=request
            )
        return super()._failure(problem, request, body, limits)

    def retire(self) -> None:
        """From here on `open` and `send` raise RuntimeError, whoever calls them; then `aclose`."""
        self._refuse_to_open()

    async def _explained(
        self, pieces: AsyncIterator[bytes], request: HttpRequest, limits: Limits
    ) -> AsyncIterator[bytes]:
        while True:
            try:
                piece = await anext(pieces)
            except StopAsyncIteration:
                return
            except Exception as problem:  # noqa: BLE001
                failure = self._failure(problem, request, None, limits)
            else:
                yield piece
                continue
            raise failure

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()


#: For the child after a fork: two processes must not talk on one connection.
_alive: weakref.WeakSet[_Http] = weakref.WeakSet()


def _after_fork() -> None:
    for transport in list(_alive):
        transport._forget_connections()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _again(kind: type[_Http], settings: dict[str, Any]) -> _Http:
    return kind(**settings)


def basic(userinfo: str) -> str:
    """An Authorization value for the `user:password` of a URL, percent-encoded (RFC 7617)."""
    from base64 import b64encode
    from urllib.parse import unquote

    user, _, password = userinfo.partition(":")
    return "Basic " + b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()
