"""HTTP/1.1 messages as bytes (RFC 9112): a request written, a response read. No sockets here.

Bytes come from a `receive(size)` that returns b"" at the end of the stream; where a message ends
is told by the message alone, and everything that two readers could understand differently (two
lengths, a length that is no number, a bare carriage return) is refused. What is out of date or
untidy and has one meaning only (a folded field, lines that end in LF) is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from math import inf
from time import monotonic
from typing import NamedTuple

from .decoding import TooLarge
from .writing import chunks, head_of

__all__ = [
    "Answer",
    "BadMessage",
    "Incomplete",
    "NoAnswer",
    "OpenAnswer",
    "chunks",
    "head_of",
    "open_answer",
    "read_answer",
]

_BLOCK = 1 << 16
_MAX_HEAD = 1 << 17
_MAX_INTERIM = 32
_MAX_TRAILERS = 100
#: Bytes of chunk extensions that a body may have in all; nobody uses them.
_MAX_EXTENSIONS = 1 << 16
_PLAIN_CHUNK_LINE = 16

_STATUS = re.compile(rb"HTTP/1\.([01])[ \t]+([1-9]\d\d)(?![^ \t\r\n])")
#: What is taken for a field name: more than a token, as `X-Rate[1]` harms nobody.
_VISIBLE = re.compile(r"[!-9;-~]+")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?", re.DOTALL)
_TELLING = frozenset(
    {"content-length", "transfer-encoding", "connection", "content-encoding", "set-cookie"}
)
_NO_BODY = frozenset({204, 304})
#: Lengths of bodies that do not say one.
_CHUNKED, _TO_THE_END = -1, -2

#: Names found to be well-formed: the same few come with every answer.
_known_names: set[str] = set()
_KNOWN = 1000


class NoAnswer(ConnectionError):
    """The peer closed the connection before the first byte of an answer."""


class Incomplete(ConnectionError):
    """The peer closed the connection in the middle of an answer."""


class SlowHeader(TimeoutError):
    """The peer began a header and did not end it in time."""


class BadMessage(Exception):
    """What the peer sent is not an HTTP/1.x response, or could be read in two ways."""


class Answer(NamedTuple):
    """One response: fields as sent, the body as it travelled (not yet decoded).

    `telling` has the fields that transports act on, by lower-case name, repeated ones joined;
    `reusable` tells whether the connection is left at the start of the next response.
    """

    status: int
    fields: list[tuple[str, str]]
    telling: dict[str, str]
    body: bytes
    reusable: bool


class OpenAnswer(NamedTuple):
    """One response of which the header has been read; the body comes as `body` is iterated.

    The connection is left at the start of the next response if `reusable` is true, `body` has
    come to its end, and `reader.is_at_boundary` is true then.
    """

    status: int
    fields: list[tuple[str, str]]
    telling: dict[str, str]
    body: Iterator[bytes]
    reusable: bool
    reader: _Reader


# Reading ----------------------------------------------------------------------------------------


def read_answer(
    receive: Callable[[int], bytes], method: str, limit: int, patience: float = inf
) -> Answer:
    """Read one final response; interim ones (1xx) are skipped.

    `patience` is how many seconds a header may take from its first byte to its last: a wait for
    each byte alone would let a peer hold us for days.
    Raises NoAnswer, Incomplete, SlowHeader, BadMessage, TooLarge, and what `receive` raises.
    """
    reader = _Reader(receive)
    status, fields, telling, length, persistent = _begun(reader, method, patience)
    if length >= 0:
        body = reader.exactly(length, limit)
    else:
        body = _joined(reader.chunks() if length == _CHUNKED else reader.rest(), limit)
    return Answer(status, fields, telling, body, persistent and reader.is_at_boundary)


def open_answer(
    receive: Callable[[int], bytes], method: str, _limit: int, patience: float = inf
) -> OpenAnswer:
    """The same up to the body, which is read piece by piece and has no bound.

    Raises what `read_answer` raises, but for TooLarge; and so does the iterator of the body.
    """
    reader = _Reader(receive)
    status, fields, telling, length, persistent = _begun(reader, method, patience)
    if length >= 0:
        pieces = reader.pieces(length)
    else:
        pieces = reader.chunks() if length == _CHUNKED else reader.rest()
    return OpenAnswer(status, fields, telling, pieces, persistent, reader)


def _begun(
    reader: _Reader, method: str, patience: float
) -> tuple[int, list[tuple[str, str]], dict[str, str], int, bool]:
    """Status, fields and telling fields of the final response, and what its body is like.

    That is: its length in bytes, `_CHUNKED` or `_TO_THE_END`; and whether the connection may be
    used again after it (RFC 9112, section 6.3).
    """
    for turn in range(_MAX_INTERIM):
        minor, status, fields, telling = reader.head(patience, first=not turn)
        if status >= 200 or status == 101:
            break
    else:
        raise BadMessage("no end of interim responses")
    persistent = _persists(minor, telling.get("connection"))
    coding = telling.get("transfer-encoding")
    if method == "HEAD" or status in _NO_BODY or status == 101:
        length, persistent = 0, persistent and status != 101
        if status == 204 and (coding is not None or telling.get("content-length", "0") != "0"):
            persistent = False  # a body may follow, from a server that does not know better
    elif coding is not None and coding.lower() != "identity":
        # With both, the length may be a smuggler's: the coding rules, the connection goes.
        persistent = persistent and minor == 1 and "content-length" not in telling
        if coding.lower() != "chunked":
            raise BadMessage("a transfer coding other than chunked, which was not asked for")
        length = _CHUNKED
    elif "content-length" in telling:
        length = _length(telling["content-length"])
        persistent = persistent and coding is None
    else:
        length, persistent = _TO_THE_END, False
    return status, fields, telling, length, persistent


def _joined(pieces: Iterator[bytes], limit: int) -> bytes:
    whole = bytearray()  # a list of many small chunks would weigh more than they do
    for piece in pieces:
        if len(whole) + len(piece) > limit:
            raise TooLarge
        whole += piece
    return bytes(whole)


def _persists(minor: int, connection: str | None) -> bool:
    """Whether the peer keeps the connection open (RFC 9112, section 9.3)."""
    if connection is None:
        return minor == 1
    options = {option.strip(" \t") for option in connection.lower().split(",")}
    return "close" not in options and (minor == 1 or "keep-alive" in options)


def _length(value: str) -> int:
    lengths = {item.strip(" \t") for item in value.split(",")}
    length = lengths.pop()
    if lengths or not (length.isascii() and length.isdigit()) or len(length) > 18:
        raise BadMessage("the Content-Length is not one number")
    return int(length)


def _parsed(head: bytes) -> tuple[int, int, list[tuple[str, str]], dict[str, str]]:
    match = _STATUS.match(head)
    if match is None:
        raise BadMessage("no status line of HTTP/1.x")
    if b"\0" in head or head.count(b"\r") != head.count(b"\r\n"):
        # To some readers a bare carriage return is the end of a line (RFC 9112, section 2.2).
        raise BadMessage("a null or a bare carriage return in the header")
    fields: list[tuple[str, str]] = []
    telling: dict[str, str] = {}
    known = _known_names
    lines = head.decode("latin-1").split("\n")
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        value = value.strip(" \t\r")
        if name not in known or not colon:
            if line[:1] in {" ", "\t"}:
                _unfold(fields, line)
                continue
            name = _field_name(name, colon)
        key = name.lower()
        if key in _TELLING:
            telling[key] = f"{telling[key]}, {value}" if key in telling else value
        fields.append((name, value))
    return int(match[1]), int(match[2]), fields, telling


def _field_name(name: str, colon: str) -> str:
    """A name not met before: checked, and without the blanks that some servers put after it."""
    bare = name.rstrip(" \t")
    if not colon or not _VISIBLE.fullmatch(bare):
        raise BadMessage("a header line that is no field")
    if bare != name:
        if bare.lower() in _TELLING:
            raise BadMessage("a blank after the name of a field that tells where a body ends")
    elif len(_known_names) < _KNOWN:
        _known_names.add(name)
    return bare


def _unfold(fields: list[tuple[str, str]], line: str) -> None:
    """Add a continuation line to the field before it (RFC 9112, section 5.2)."""
    more = line.strip(" \t\r")
    if not fields or not more or fields[-1][0].lower() in _TELLING:
        raise BadMessage("a continuation line of no field, or of one that tells where a body ends")
    name, value = fields[-1]
    fields[-1] = (name, f"{value} {more}")


class _Reader:
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

    def head(
        self, patience: float, *, first: bool
    ) -> tuple[int, int, list[tuple[str, str]], dict[str, str]]:
        """Status line and fields, up to and with the empty line: (minor version, status, …)."""
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
        return _parsed(head)

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
