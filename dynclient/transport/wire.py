"""What a response of HTTP/1.1 says, and where it ends (RFC 9112). No sockets here.

Where a message ends is told by the message alone, and everything that two readers could understand
differently (two lengths, a length that is no number, a bare carriage return) is refused. What is
out of date or untidy and has one meaning only (a folded field, lines that end in LF) is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from math import inf
from typing import NamedTuple

from .decoding import TooLarge
from .reader import BadMessage, Reader

__all__ = ["Answer", "OpenAnswer", "open_answer", "read_answer"]

_MAX_INTERIM = 32

_STATUS = re.compile(rb"HTTP/1\.([01])[ \t]+([1-9]\d\d)(?![^ \t\r\n])")
#: What is taken for a field name: more than a token, as `X-Rate[1]` harms nobody.
_VISIBLE = re.compile(r"[!-9;-~]+")
_TELLING = frozenset(
    {"content-length", "transfer-encoding", "connection", "content-encoding", "set-cookie"}
)
_NO_BODY = frozenset({204, 304})
#: Lengths of bodies that do not say one.
_CHUNKED, _TO_THE_END = -1, -2

#: Names found to be well-formed: the same few come with every answer.
_known_names: set[str] = set()
_KNOWN = 1000


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
    reader: Reader


def read_answer(
    receive: Callable[[int], bytes], method: str, limit: int, patience: float = inf
) -> Answer:
    """Read one final response; interim ones (1xx) are skipped.

    `patience` is how many seconds a header may take from its first byte to its last: a wait for
    each byte alone would let a peer hold us for days.
    `receive(size)` returns the next bytes, and b"" at the end of the stream.
    Raises NoAnswer, Incomplete, SlowHeader, BadMessage, TooLarge, and what `receive` raises.
    """
    reader = Reader(receive)
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
    reader = Reader(receive)
    status, fields, telling, length, persistent = _begun(reader, method, patience)
    if length >= 0:
        pieces = reader.pieces(length)
    else:
        pieces = reader.chunks() if length == _CHUNKED else reader.rest()
    return OpenAnswer(status, fields, telling, pieces, persistent, reader)


def _begun(
    reader: Reader, method: str, patience: float
) -> tuple[int, list[tuple[str, str]], dict[str, str], int, bool]:
    """Status, fields and telling fields of the final response, and what its body is like.

    That is: its length in bytes, `_CHUNKED` or `_TO_THE_END`; and whether the connection may be
    used again after it (RFC 9112, section 6.3).
    """
    for turn in range(_MAX_INTERIM):
        minor, status, fields, telling = _parsed(reader.head(patience, first=not turn))
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
    """Minor version, status, fields, and those of them that transports act on."""
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
