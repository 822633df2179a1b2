"""Rows of items as they come: content of sequential media types, cut and decoded.

Each format has its home here; content that is there as a whole is content of one piece.
Sources: JSON Lines (jsonlines.org); RFC 7464; WHATWG HTML, section 9.2.6.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from ...jsontext import decode
from ...media import parse_media_type

__all__ = ["Records", "decode_items", "records_of"]

_BOM = b"\xef\xbb\xbf"
_RECORD_SEPARATOR = b"\x1e"
_LINE_ENDS = re.compile(rb"\r\n|\r|\n")
#: A retry that is no number and an id with a null are ignored, and so is every other field.
_EVENT_FIELD = re.compile(rb"(?:data|event)(?::|\Z)|id(?::[^\0]*)?\Z|retry: ?[0-9]{1,18}\Z")


class Records(NamedTuple):
    """How content of a sequential media type is read.

    cut     from pieces of content to the bytes of each item, given as soon as its end is there
    decode  from the bytes of one item to its plain data; raises ValueError
    """

    cut: Callable[[Iterable[bytes]], Iterator[bytes]]
    decode: Callable[[bytes], Any]


def records_of(media_type: str) -> Records:
    """How content of a sequential media type is read as it comes."""
    parsed = parse_media_type(media_type)
    if parsed.essence == "text/event-stream":
        return Records(_events, _event)
    if "json-seq" in parsed.subtype:
        return Records(_texts, _text)
    return Records(_json_lines, decode)


def decode_items(media_type: str) -> Callable[[bytes], list[Any]]:
    """The decoder of the whole content of a sequential media type. It raises ValueError."""
    cut, decode_one = records_of(media_type)
    return lambda content: [decode_one(record) for record in cut((content,))]


# JSON ---------------------------------------------------------------------------------------------


def _json_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The lines that are not empty; the last one needs no line end."""
    begun: list[bytes] = []
    for piece in pieces:
        first, *others = piece.split(b"\n")
        begun.append(first)
        for other in others:
            line = b"".join(begun)
            if line.strip():
                yield line
            begun = [other]
    line = b"".join(begun)
    if line.strip():
        yield line


def _texts(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The texts between separators (RFC 7464, section 2.2).

    A text has ended for certain when the next separator is there. Not to wait for that, it is
    given when what has come ends with a line end and the text is whole. To find that out is tried
    when it has doubled, so that a text of many lines takes time in proportion to its length.
    """
    begun = bytearray()
    tried = 0
    for piece in pieces:
        *ended, last = piece.split(_RECORD_SEPARATOR)
        for end in ended:
            begun += end
            if begun.strip():
                yield bytes(begun)
            begun, tried = bytearray(), 0
        begun += last
        if last.endswith(b"\n") and len(begun) >= 2 * tried and begun.strip():
            tried = len(begun)
            if _is_whole(begun):
                yield bytes(begun)
                begun, tried = bytearray(), 0
    if begun.strip():
        yield bytes(begun)


def _is_whole(text: bytearray) -> bool:
    try:
        decode(bytes(text))
    except ValueError:
        return False
    return True


def _text(record: bytes) -> Any:
    """One JSON text; what may be the start of a longer one is refused (RFC 7464, section 2.4)."""
    if record[-1:] not in b' \t\r\n]}"':
        raise ValueError("a number or a name that no line end follows may have been cut off")
    return decode(record)


# Server-sent events -------------------------------------------------------------------------------


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The lines that have ended, in CR, LF or both, whatever piece each of the two came in."""
    begun: list[bytes] = []
    after_cr = False
    for arrived in pieces:
        if not arrived:
            continue
        # A CR ends its line at once; an LF at the start of the next piece belongs to it.
        piece = arrived[1:] if after_cr and arrived[:1] == b"\n" else arrived
        after_cr = arrived.endswith(b"\r")
        first, *others = _LINE_ENDS.split(piece)
        begun.append(first)
        for other in others:
            yield b"".join(begun)
            begun = [other]


def _events(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of each event that count, joined by LF; an event without its end is lost.

    A block without data is no event; its id is the one of the event that follows.
    """
    event: list[bytes] = []
    has_data = False
    for number, line in enumerate(_lines(pieces)):
        text = line if number else line.removeprefix(_BOM)
        if text:
            if _EVENT_FIELD.match(text):
                event.append(text)
                has_data = has_data or text.startswith(b"data")
        elif has_data:
            yield b"\n".join(event)
            event, has_data = [], False
        else:
            event = [line for line in event if line.startswith(b"id")][-1:]


def _event(record: bytes) -> dict[str, Any]:
    """One event, with the fields it was sent with."""
    data: list[str] = []
    event: dict[str, Any] = {}
    for line in record.decode().split("\n"):
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            data.append(value)
            event["data"] = ""
        else:
            event[name] = int(value) if name == "retry" else value
    event["data"] = "\n".join(data)
    return event
