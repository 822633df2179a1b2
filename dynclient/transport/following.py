"""What every HTTP transport does around a single exchange: settings, redirects, errors."""

from __future__ import annotations

import os
import weakref
from abc import ABC, abstractmethod
from dataclasses import replace
from time import perf_counter
from types import TracebackType
from typing import Any, Self

from .. import __version__
from ..errors import ConnectionBroken, ResponseTooLarge, TooManyRedirects, TransportError
from ..messages import HttpRequest, HttpResponse
from .base import checked_timeout
from .content import Stream, streamed
from .cookies import Cookies
from .decoding import BadEncoding, TooLarge, accepted_encodings
from .failures import explained
from .origin import origin_of
from .redirects import REDIRECTS, next_request

__all__ = ["IDEMPOTENT", "ORIGINS_KEPT", "USER_AGENT", "FollowingTransport", "basic"]

USER_AGENT = f"dynclient/{__version__}"

#: How many origins a transport keeps connections to; documents name one or two.
ORIGINS_KEPT = 64

#: Methods that may be sent twice (RFC 9110, section 9.2.2).
IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"})

#: For the child after a fork: two processes must not talk on one connection.
_alive: weakref.WeakSet[FollowingTransport] = weakref.WeakSet()


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
    def close(self) -> None:
        """Close the connections that this transport opened."""

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
            return self._follow(request, response, body)
        return response

    def _exchange(self, request: HttpRequest, body: Stream | None, home: bool) -> HttpResponse:
        """One attempt, with every error made ours."""
        timeouts = self._timeouts if request.timeout is None else checked_timeout(request.timeout)
        try:
            return self._attempt(request, body, timeouts, home)
        except TransportError:
            raise
        except TooLarge:
            failure: BaseException = ResponseTooLarge(
                f"the answer is longer than {self._limit} bytes (max_response_bytes)",
                request=request,
            )
        except BadEncoding:
            failure = ConnectionBroken(
                "the body is not whole: it is not what its Content-Encoding says", request=request
            )
        except Exception as problem:  # noqa: BLE001  every library's own error becomes ours
            if body is not None and body.failure is not None:
                failure = body.failure
            else:
                failure = explained(problem, request, timeouts)
        # Raised out here so that no library error, whose text may hold a secret, hangs on it.
        raise failure

    def _follow(
        self, request: HttpRequest, response: HttpResponse, body: Stream | None
    ) -> HttpResponse:
        started = perf_counter() - response.elapsed
        first = request
        home = True
        for _ in range(self._max_redirects):
            following = next_request(request, response)
            if following is None:
                return replace(response, elapsed=perf_counter() - started)
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
            response = self._exchange(request, body, home)
        if next_request(request, response) is None:
            return replace(response, elapsed=perf_counter() - started)
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
