"""How long each step of one exchange may take, and all of them together."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from time import monotonic

from ..messages import Timeout

__all__ = ["Limits", "OutOfTime", "SlowHeader", "timed"]


class OutOfTime(TimeoutError):
    """The whole exchange took longer than `Timeout.total`."""


class SlowHeader(TimeoutError):
    """The peer began a header and did not end it within the read timeout."""


class Limits:
    """A `Timeout` from when the exchange begins. In seconds; `deadline` by monotonic()."""

    __slots__ = ("connect", "deadline", "read", "total")

    def __init__(self, timeout: Timeout) -> None:
        self.connect = timeout.connect
        self.read = timeout.read
        self.total = timeout.total
        self.deadline = inf if timeout.total is None else monotonic() + timeout.total

    def within(self, seconds: float) -> float:
        """`seconds`, or what is left of the total. OutOfTime when nothing is."""
        if self.deadline == inf:
            return seconds
        left = self.deadline - monotonic()
        if left <= 0:
            raise OutOfTime
        return min(seconds, left)

    def are_over(self) -> bool:
        """Whether the total has passed."""
        # An event loop wakes up a little early, at times.
        return self.deadline != inf and monotonic() >= self.deadline - 0.001


def timed(pieces: Iterator[bytes], limits: Limits) -> Iterator[bytes]:
    """The same, and OutOfTime when the total has passed, whatever they come from."""
    for piece in pieces:
        yield piece
        if limits.are_over():
            raise OutOfTime
