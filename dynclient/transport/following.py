"""What every HTTP transport does around a single exchange: settings, redirects, errors."""

from __future__ import annotations

import os
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import replace
from time import perf_counter
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar

from .. import __version__
from ..errors import ConnectionBroken, TooManyRedirects, TransportError
from ..messages import Headers, HttpRequest, HttpResponse
from ..origins import origin_of
from .base import CLOSED, checked_timeout
from .content import Stream, streamed
from .cookies import Cookies
from .decoding import BadEncoding, TooLarge, accepted_encodings
from .failures import explained
from .opened import OpenResponse, too_large
from .redirects import REDIRECTS, next_request

__all__ = ["IDEMPOTENT", "ORIGINS_KEPT", "USER_AGENT", "Begun", "FollowingTransport", "basic"]

USER_AGENT = f"dynclient/{__version__}"

#: How many origins a transport keeps connections to; documents name one or two.
ORIGINS_KEPT = 64

#: Methods that may be sent twice (RFC 9110, section 9.2.2).
IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"})

#: For the child after a fork: two processes must not talk on one connection.
_alive: weakref.WeakSet[FollowingTransport] = weakref.WeakSet()


_R = TypeVar("_R", HttpResponse, OpenResponse)


class Begun(NamedTuple):
    """A response that a subclass has read up to its body: the parts of an `OpenResponse`.

    Its pieces raise what the libraries raise; `end` gives the connection back or closes it.
    """

    status: int
    headers: Headers
    url: str
    pieces: Iterator[bytes]
    end: Callable[[bool], object]


class FollowingTransport(ABC):
    """`send` with redirects; a subclass knows how one request is exchanged for one response."""

    def __init__(self, settings: dict[str, Any]) -> None:
        """`settings` are the keyword arguments of the subclass, all of them."""
        self._settings = settings
        self._timeouts = checked_timeout(settings["timeout"])
        self._limit: int = settings["max_response_bytes"]
        self._max_redirects: int = settings["max_redirects"]
        self._encodings = accepted_encodings()
        self._cookies = Cookies()
        self._is_retired = False
        _alive.add(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), self._settings)

    @abstractmethod
    def _attempt(
        self,
        request: HttpRequest,
        body: Stream | None,
        timeouts: tuple[float, float],
        home: bool,
    ) -> HttpResponse:
        """One request, one response, its redirect not followed; `timeouts` in seconds.

        `home` is False once a redirect has led to another origin than the caller's request
        named: nothing may then be added that the caller's settings meant for the first.
        Raises what its libraries raise.
        """

    @abstractmethod
    def _attempt_open(
        self,
        request: HttpRequest,
        body: Stream | None,
        timeouts: tuple[float, float],
        home: bool,
    ) -> Begun:
        """The same up to the body. What is begun is still to be ended, whatever happens to it."""

    @abstractmethod
    def close(self) -> None:
        """Close the connections that this transport opened."""

    def retire(self) -> None:
        """Close for good: from here on `send` and `open` raise RuntimeError, whoever calls them.

        What is under way comes to its end. A transport that was merely closed opens anew.
        """
        self._is_retired = True
        # In front of the methods rather than in them, where every call would have to ask.
        self.__dict__.update(send=CLOSED.send, open=CLOSED.open)
        self.close()

    def _forget_connections(self) -> None:
        """In a child process: the open connections and the state of every lock are the parent's."""
        self._cookies = self._cookies.copied()

    def send(self, request: HttpRequest) -> HttpResponse:
        """Send one request, follow its redirects, and read the whole response.

        Raises `TransportError` or a subclass when there is no whole response; ValueError or
        TypeError for a timeout or a body that is none; and what a streamed body itself raises.
        """
        content = request.content
        body = None if content is None or isinstance(content, bytes) else streamed(request)
        response = self._exchange(request, body, True)
        if response.status in REDIRECTS and self._max_redirects:
            started = perf_counter() - response.elapsed
            response = self._follow(request, response, body, self._exchange)
            return replace(response, elapsed=perf_counter() - started)
        return response

    def open(self, request: HttpRequest) -> OpenResponse:
        """Send one request, follow its redirects, and read the response up to its body.

        The response is to be read to its end or closed: it holds a connection of the pool until
        then. Raises what `send` raises; and so does the iteration over the body, which has no
        bound (`max_response_bytes` is for `OpenResponse.read`).
        """
        body = streamed(request)
        response = self._open_exchange(request, body, True)
        if response.status in REDIRECTS and self._max_redirects:
            return self._follow(request, response, body, self._open_exchange)
        return response

    def _exchange(self, request: HttpRequest, body: Stream | None, home: bool) -> HttpResponse:
        """One attempt, with every error made ours."""
        timeouts = self._timeouts if request.timeout is None else checked_timeout(request.timeout)
        try:
            return self._attempt(request, body, timeouts, home)
        except TransportError:
            raise
        except Exception as problem:  # noqa: BLE001  every library's own error becomes ours
            failure = self._failure(problem, request, body, timeouts)
        # Raised out here so that no library error, whose text may hold a secret, hangs on it.
        raise failure

    def _open_exchange(self, request: HttpRequest, body: Stream | None, home: bool) -> OpenResponse:
        """The same up to the body; the body of a redirect is read, as nobody else may."""
        timeouts = self._timeouts if request.timeout is None else checked_timeout(request.timeout)
        try:
            opened = self._attempt_open(request, body, timeouts, home)
        except TransportError:
            raise
        except Exception as problem:  # noqa: BLE001
            failure = self._failure(problem, request, body, timeouts)
        else:
            limit = self._limit
            status, headers, url, pieces, end = opened
            pieces = self._explained(pieces, request, timeouts)
            response = OpenResponse(
                status, headers, url, pieces, request=request, end=end, limit=limit
            )
            if status in REDIRECTS and self._max_redirects:
                content = response.read()
                return OpenResponse(status, headers, url, (content,), request=request, limit=limit)
            return response
        raise failure

    def _failure(
        self,
        problem: Exception,
        request: HttpRequest,
        body: Stream | None,
        timeouts: tuple[float, float],
    ) -> BaseException:
        """What to raise for what a library raised."""
        if isinstance(problem, TooLarge):
            return too_large(self._limit, request)
        if isinstance(problem, BadEncoding):
            return ConnectionBroken(
                "the body is not whole: it is not what its Content-Encoding says", request=request
            )
        if body is not None and body.failure is not None:
            return body.failure
        return explained(problem, request, timeouts)

    def _explained(
        self, pieces: Iterator[bytes], request: HttpRequest, timeouts: tuple[float, float]
    ) -> Iterator[bytes]:
        """The pieces, with every error made ours."""
        while True:
            try:
                piece = next(pieces)
            except StopIteration:
                return
            except Exception as problem:  # noqa: BLE001
                failure = self._failure(problem, request, None, timeouts)
            else:
                yield piece
                continue
            raise failure

    def _follow(
        self,
        request: HttpRequest,
        response: _R,
        body: Stream | None,
        exchange: Callable[[HttpRequest, Stream | None, bool], _R],
    ) -> _R:
        """The first response that is no redirect, or may not be followed."""
        first = request
        home = True
        for _ in range(self._max_redirects):
            following = next_request(request, response)
            if following is None:
                return response
            home = home and origin_of(request.url) == origin_of(following.url)
            if following.content is None:
                body = None
            elif body is not None and not body.rewind():
                raise TooManyRedirects(
                    f"the server redirects ({response.status}), and the streamed body can't be "
                    "sent again; send bytes or a file that can seek",
                    request=first,
                )
            request = following
            response = exchange(request, body, home)
        if next_request(request, response) is None:
            return response
        raise TooManyRedirects(
            f"no end after {self._max_redirects} redirects (max_redirects)", request=first
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def basic(user: str, password: str) -> str:
    """An Authorization value for the user and password of a URL (RFC 7617)."""
    from base64 import b64encode

    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


def _after_fork() -> None:
    for transport in list(_alive):
        transport._forget_connections()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _again(kind: type[FollowingTransport], settings: dict[str, Any]) -> FollowingTransport:
    return kind(**settings)
