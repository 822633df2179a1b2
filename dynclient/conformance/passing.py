"""One exchange that passes by: its bodies as far as they are kept, then the exchange for a sink."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import perf_counter, time
from typing import TypeAlias

from ..messages import Headers, HttpRequest, HttpResponse
from .exchanges import BodyState, Exchange

__all__ = ["Body", "Passing", "Sink"]

Sink: TypeAlias = Callable[[Exchange], object]


class Body:
    """A body as it passes by, as far as it is kept."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._pieces: list[bytes] = []
        self._size = 0

    def add(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size <= self._limit:
            self._pieces.append(piece)

    @property
    def state(self) -> BodyState:
        return "whole" if self._size <= self._limit else "missing"

    @property
    def content(self) -> bytes:
        return b"".join(self._pieces) if self._size <= self._limit else b""


class Passing:
    """One exchange that is under way."""

    def __init__(self, sink: Sink, limit: int) -> None:
        self._sink = sink
        self._at, self._started = time(), perf_counter()
        self.sent, self.received = Body(limit), Body(limit)
        self.status: int | None = None
        self.headers: list[tuple[str, str]] = []

    def end(self, request: HttpRequest) -> None:
        """All of it passed by."""
        response = None
        if self.status is not None:
            elapsed = perf_counter() - self._started
            headers = Headers(self.headers)
            response = HttpResponse(
                self.status, headers, self.received.content, request.url, elapsed
            )
        request = replace(request, content=self.sent.content or None)
        states = {"request_body": self.sent.state, "response_body": self.received.state}
        self._sink(Exchange(request, response, self._at, **states))
