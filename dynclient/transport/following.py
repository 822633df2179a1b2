"""What every HTTP transport does around a single exchange: redirects, cookies, one fresh start."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from time import perf_counter
from types import TracebackType
from typing import Self

from ..errors import TooManyRedirects
from ..messages import HttpRequest, HttpResponse
from .content import Stream, streamed
from .redirects import REDIRECTS, next_request

__all__ = ["IDEMPOTENT", "FollowingTransport"]

#: Methods that may be sent twice (RFC 9110, section 9.2.2).
IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"})


class FollowingTransport(ABC):
    """`send` with redirects; a subclass knows how one request is exchanged for one response."""

    def __init__(self, *, max_redirects: int) -> None:
        """`max_redirects`: how many are followed; 0 hands every 3xx to the caller as it came."""
        self._max_redirects = max_redirects

    @abstractmethod
    def _exchange(self, request: HttpRequest, body: Stream | None, *, home: bool) -> HttpResponse:
        """One request, one response, its redirect not followed.

        `home` is False once a redirect has led to another origin than the caller's request
        named: nothing may then be added that the caller's settings meant for the first.
        """

    @abstractmethod
    def close(self) -> None:
        """Close the connections that this transport opened."""

    def send(self, request: HttpRequest) -> HttpResponse:
        """Send one request, follow its redirects, and read the whole response.

        Raises `TransportError` or a subclass when there is no whole response; ValueError or
        TypeError for a timeout or a body that is none; and what a streamed body itself raises.
        """
        content = request.content
        body = None if content is None or isinstance(content, bytes) else streamed(request)
        response = self._exchange(request, body, home=True)
        if response.status in REDIRECTS and self._max_redirects:
            return self._follow(request, response, body)
        return response

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
            home = home and _same_origin(request.url, following.url)
            if following.content is None:
                body = None
            elif body is not None and not body.rewind():
                raise TooManyRedirects(
                    f"the server redirects ({response.status}), and the streamed body can't be "
                    "sent again; send bytes or a file that can seek",
                    request=first,
                )
            request = following
            response = self._exchange(request, body, home=home)
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


def _same_origin(one: str, other: str) -> bool:
    from .origin import origin_of

    return origin_of(one) == origin_of(other)
