"""Bytes as they come from a peer, cut where messages of HTTP/1.1 have their cuts (RFC 9112).

They come from a `receive(size)` that returns b"" at the end of the stream. What they mean is
for `wire` to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from time import monotonic

from .decoding import TooLarge

__all__ = ["BadMessage", "Incomplete", "NoAnswer", "Reader", "SlowHeader"]

_BLOCK = 1 << 16
_MAX_HEAD = 1 << 17
_MAX_TRAILERS = 100
#: Bytes of chunk extensions that a body may have in all; nobody uses them.
_MAX_EXTENSIONS = 1 << 16
_PLAIN_CHUNK_LINE = 16

_HEAD_END = re.compile(rb"\r?\n\r?\n")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?", re.DOTALL)


class NoAnswer(ConnectionError):
    """The peer closed the connection before the first byte of an answer."""


class Incomplete(ConnectionError):
    """The peer closed the connection in the middle of an answer."""


class SlowHeader(TimeoutError):
    """The peer began a header and did not end it in time."""


class BadMessage(Exception):
    """What the peer sent is not an HTTP/1.x response, or could be read in two ways."""


class Reader:
    """A buffer before `receive`, and the four ways in which messages are cut from it."""

    __slots__ = ("_at", "_buffer", "_ended", "_receive")

    def __init__(self, receive: Callable[[int], bytes]) -> None:
        self._receive = receive
        self._buffer = b""
        self._at = 0
        self._ended = False

    @property
    def is_at_boundary(self) -> bool:
        """Whether nothing came after what was read, not even the end of the stream."""
        return self._at >= len(self._buffer) and not self._ended

    def _more(self) -> None:
        piece = self._receive(_BLOCK)
        if not piece:
            raise Incomplete
        self._buffer = self._buffer[self._at :] + piece if self._buffer else piece
        self._at = 0

    def head(self, patience: float, *, first: bool) -> bytes:
        """Status line and fields; the empty line after them is read too.

        `patience` is in seconds, from the first byte to the last; `first` tells whether nothing
        of the answer was read before. Raises NoAnswer, Incomplete, SlowHeader and BadMessage.
        """
        if self._at >= len(self._buffer):
            try:
                self._buffer, self._at = self._receive(_BLOCK), 0
            except ConnectionError:
                raise (NoAnswer if first else Incomplete) from None
            if not self._buffer:
                raise NoAnswer if first else Incomplete
        span = self._head_span(self._at)
        if span is None:
            span = self._late_head_span(patience)
        head = self._buffer[self._at : span[0]]
        self._at = span[1]
        return head

    def _head_span(self, start: int) -> tuple[int, int] | None:
        """Where a header ends, and where the empty line after it does."""
        end = self._buffer.find(b"\r\n\r\n", start)
        if (
            end >= 0
            and self._buffer.find(b"\n\n", start, end) < 0
            and self._buffer.find(b"\n\r\n", start, end + 2) < 0
        ):
            return end, end + 4
        match = _HEAD_END.search(self._buffer, start)
        return match.span() if match else None

    def _late_head_span(self, patience: float) -> tuple[int, int]:
        """The same when not all of it is here yet."""
        deadline = monotonic() + patience
        while True:
            size = len(self._buffer) - self._at
            if size > _MAX_HEAD:
                raise BadMessage("a header without an end")
            if not b"HTTP/1.".startswith(self._buffer[self._at : self._at + 7]):
                raise BadMessage("no status line of HTTP/1.x")
            self._more()
            # Only what is new, and an end that may have begun before it.
            span = self._head_span(max(0, size - 3))
            if span is not None:
                return span
            if monotonic() > deadline:
                raise SlowHeader

    def exactly(self, size: int, limit: int) -> bytes:
        """The next `size` bytes."""
        if size > limit:
            raise TooLarge
        start = self._at
        self._at = start + size
        piece = self._buffer[start : start + size]
        missing = size - len(piece)
        if not missing:
            return piece
        pieces = [piece]
        while missing:
            piece = self._receive(min(missing, 4 * _BLOCK))
            if not piece:
                raise Incomplete
            pieces.append(piece)
            missing -= len(piece)
        self._buffer, self._at = b"", 0
        return b"".join(pieces)

    def pieces(self, size: int) -> Iterator[bytes]:
        """The next `size` bytes, as they come."""
        while size:
            if self._at < len(self._buffer):
                piece = self._buffer[self._at : self._at + size]
                self._at += len(piece)
            else:
                piece = self._receive(min(size, 4 * _BLOCK))
                if not piece:
                    raise Incomplete
            size -= len(piece)
            yield piece

    def rest(self) -> Iterator[bytes]:
        """Everything up to the end of the stream, as it comes."""
        piece = self._buffer[self._at :]
        self._buffer, self._at = b"", 0
        if piece:
            yield piece
        while piece := self._receive(_BLOCK):
            yield piece

    def chunks(self) -> Iterator[bytes]:
        """The chunks up to the last, without their frames; trailer fields are dropped.

        What there is of a chunk comes before the rest of it does.
        """
        extensions = 0
        while True:
            line = self._line()
            match = _CHUNK_SIZE.fullmatch(line)
            if match is None:
                raise BadMessage("a chunk without a size")
            if len(line) > _PLAIN_CHUNK_LINE:
                extensions += len(line)
                if extensions > _MAX_EXTENSIONS:
                    raise BadMessage("more chunk extensions than a body can need")
            length = int(match[1], 16)
            if not length:
                break
            end = self._at + length
            if self._buffer[end : end + 2] == b"\r\n":
                # All of it is here, as is most often so.
                piece = self._buffer[self._at : end]
                self._at = end + 2
                yield piece
                continue
            yield from self.pieces(length)
            if self.exactly(2, 2) != b"\r\n":
                # Not LF alone: it could be the end of a chunk one byte short, with CR for data.
                raise BadMessage("a chunk is not as long as its size says")
        for _ in range(_MAX_TRAILERS):
            try:
                line = self._line()
            except Incomplete:
                # The body is whole; some servers close without the last line end.
                self._ended = True
                line = b""
            if not line:
                return
        raise BadMessage("no end of trailer fields")

    def _line(self) -> bytes:
        end = self._buffer.find(b"\n", self._at)
        while end < 0:
            if len(self._buffer) - self._at > _BLOCK:
                raise BadMessage("a chunk header without an end")
            self._more()
            end = self._buffer.find(b"\n", self._at)
        line = self._buffer[self._at : end]
        self._at = end + 1
        return line.removesuffix(b"\r")
