"""Rows of items as they come: content of sequential media types, cut and decoded.

Each format has its home here; content that is there as a whole is content of one piece.
Sources: JSON Lines (jsonlines.org); RFC 7464; WHATWG HTML, section 9.2.6.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

from ...jsontext import decode
from ...media import parse_media_type

__all__ = ["Cutter", "Records", "decode_items", "records_of"]

_BOM = b"\xef\xbb\xbf"
_RECORD_SEPARATOR = b"\x1e"
_LINE_ENDS = re.compile(rb"\r\n|\r|\n")
#: A retry that is no number and an id with a null are ignored, and so is every other field.
_EVENT_FIELD = re.compile(rb"(?:data|event)(?::|\Z)|id(?::[^\0]*)?\Z|retry: ?[0-9]{1,18}\Z")


class Cutter(Protocol):
    """Cuts content into items as it comes."""

    def feed(self, piece: bytes) -> list[bytes]:
        """The bytes of the items that have ended with this piece."""
        ...

    def end(self) -> list[bytes]:
        """The last item, where none has to end before the content does."""
        ...


class Records(NamedTuple):
    """How content of a sequential media type is read.

    cutter  makes what cuts content into the bytes of each item
    decode  from the bytes of one item to its plain data; raises ValueError
    """

    cutter: Callable[[], Cutter]
    decode: Callable[[bytes], Any]


def records_of(media_type: str) -> Records:
    """How content of a sequential media type is read as it comes."""
    parsed = parse_media_type(media_type)
    if parsed.essence == "text/event-stream":
        return Records(_Events, _event)
    if "json-seq" in parsed.subtype:
        return Records(_Texts, _text)
    return Records(_JsonLines, decode)


def decode_items(media_type: str) -> Callable[[bytes], list[Any]]:
    """The decoder of the whole content of a sequential media type. It raises ValueError."""
    make, decode_one = records_of(media_type)

    def decode_all(content: bytes) -> list[Any]:
        cutter = make()
        return [decode_one(record) for record in (*cutter.feed(content), *cutter.end())]

    return decode_all


# JSON ---------------------------------------------------------------------------------------------


class _JsonLines:
    """Lines that are not empty; the last one needs no line end."""

    def __init__(self) -> None:
        self._begun: list[bytes] = []

    def feed(self, piece: bytes) -> list[bytes]:
        first, *others = piece.split(b"\n")
        self._begun.append(first)
        found: list[bytes] = []
        for other in others:
            found += self.end()
            self._begun = [other]
        return found

    def end(self) -> list[bytes]:
        line = b"".join(self._begun)
        self._begun = []
        return [line] if line.strip() else []


class _Texts:
    """The texts between separators (RFC 7464, section 2.2).

    A text has ended for certain when the next separator is there. Not to wait for that, it is
    given when what has come ends with a line end and the text is whole. To find that out is tried
    when it has doubled, so that a text of many lines takes time in proportion to its length.
    """

    def __init__(self) -> None:
        self._begun = bytearray()
        self._tried = 0

    def feed(self, piece: bytes) -> list[bytes]:
        *ended, last = piece.split(_RECORD_SEPARATOR)
        found: list[bytes] = []
        for each in ended:
            self._begun += each
            found += self.end()
        self._begun += last
        if last.endswith(b"\n") and len(self._begun) >= 2 * self._tried and self._begun.strip():
            self._tried = len(self._begun)
            if _is_whole(self._begun):
                found += self.end()
        return found

    def end(self) -> list[bytes]:
        text = bytes(self._begun)
        self._begun, self._tried = bytearray(), 0
        return [text] if text.strip() else []


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


class _Events:
    """The lines of each event that count, joined by LF; an event without its end is lost.

    A block without data is no event; its id is the one of the event that follows.
    """

    def __init__(self) -> None:
        self._begun: list[bytes] = []
        self._after_cr = False
        self._is_first = True
        self._event: list[bytes] = []
        self._has_data = False

    def feed(self, piece: bytes) -> list[bytes]:
        found: list[bytes] = []
        for line in self._lines(piece):
            if line:
                if _EVENT_FIELD.match(line):
                    self._event.append(line)
                    self._has_data = self._has_data or line.startswith(b"data")
            elif self._has_data:
                found.append(b"\n".join(self._event))
                self._event, self._has_data = [], False
            else:
                self._event = [each for each in self._event if each.startswith(b"id")][-1:]
        return found

    def end(self) -> list[bytes]:
        return []

    def _lines(self, piece: bytes) -> Iterator[bytes]:
        """The lines that have ended, in CR, LF or both, whatever piece each of the two came in."""
        if not piece:
            return
        # A CR ends its line at once; an LF at the start of the next piece belongs to it.
        text = piece[1:] if self._after_cr and piece[:1] == b"\n" else piece
        self._after_cr = piece.endswith(b"\r")
        first, *others = _LINE_ENDS.split(text)
        self._begun.append(first)
        for other in others:
            line = b"".join(self._begun)
            yield line.removeprefix(_BOM) if self._is_first else line
            self._begun, self._is_first = [other], False


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
