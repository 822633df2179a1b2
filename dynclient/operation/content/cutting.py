"""Content of sequential media types, cut into items as it comes; see `codec.Cutter`.

Content that is there as a whole is content of one piece.
Sources: JSON Lines (jsonlines.org); RFC 7464; WHATWG HTML, section 9.2.6.
"""

from __future__ import annotations

import re

from ...jsontext import JsonTextError, decode

__all__ = ["EventCutter", "LineCutter", "TextCutter"]

_BOM = b"\xef\xbb\xbf"
_RECORD_SEPARATOR = b"\x1e"
_LINE_ENDS = re.compile(rb"\r\n|\r|\n")
#: A retry that is no number and an id with a null are ignored, and so is every other field.
_EVENT_FIELD = re.compile(rb"(?:data|event)(?::|\Z)|id(?::[^\0]*)?\Z|retry: ?[0-9]{1,18}\Z")


class LineCutter:
    """JSON Lines: the lines that are not empty; the last one needs no line end."""

    def __init__(self) -> None:
        self._begun: list[bytes] = []

    def feed(self, piece: bytes) -> list[bytes]:
        """The lines that end in this piece."""
        first, *others = piece.split(b"\n")
        self._begun.append(first)
        if not others:
            return []
        lines = [b"".join(self._begun), *others]
        self._begun = [lines.pop()]
        return [line for line in lines if line.strip()]

    def end(self) -> list[bytes]:
        """The line that no line end followed."""
        line = b"".join(self._begun)
        self._begun = []
        return [line] if line.strip() else []


class TextCutter:
    """JSON text sequences: the texts between separators (RFC 7464, section 2.2).

    A text has ended for certain when the next separator is there. Not to wait for that, it is
    given when what has come ends with a line end and the text is whole. To find that out is tried
    when it has doubled, so that a text of many lines takes time in proportion to its length.
    """

    def __init__(self) -> None:
        self._begun = bytearray()
        self._tried = 0

    def feed(self, piece: bytes) -> list[bytes]:
        """The texts that have ended with this piece."""
        *ended, last = piece.split(_RECORD_SEPARATOR)
        found: list[bytes] = []
        for end in ended:
            self._begun += end
            found += self.end()
        begun = self._begun
        begun += last
        if last.endswith(b"\n") and len(begun) >= 2 * self._tried and begun.strip():
            self._tried = len(begun)
            if _is_whole(begun):
                found += self.end()
        return found

    def end(self) -> list[bytes]:
        """The text that no separator followed."""
        text = bytes(self._begun)
        self._begun, self._tried = bytearray(), 0
        return [text] if text.strip() else []


def _is_whole(text: bytearray) -> bool:
    try:
        decode(bytes(text))
    except JsonTextError:
        return False
    return True


class EventCutter:
    """Server-sent events: the lines of each event that count, joined by LF.

    An event that no empty line ends is lost. A block without data is no event; its id is the one
    of the event that follows.
    """

    def __init__(self) -> None:
        self._line: list[bytes] = []
        self._after_cr = False
        self._is_first = True
        self._event: list[bytes] = []
        self._has_data = False

    def feed(self, piece: bytes) -> list[bytes]:
        """The events whose empty line is in this piece."""
        found = []
        for line in self._lines(piece):
            text = line.removeprefix(_BOM) if self._is_first else line
            self._is_first = False
            if text:
                if _EVENT_FIELD.match(text):
                    self._event.append(text)
                    self._has_data = self._has_data or text.startswith(b"data")
            elif self._has_data:
                found.append(b"\n".join(self._event))
                self._event, self._has_data = [], False
            else:
                self._event = [line for line in self._event if line.startswith(b"id")][-1:]
        return found

    def end(self) -> list[bytes]:
        """Nothing: an event without its end is lost."""
        return []

    def _lines(self, arrived: bytes) -> list[bytes]:
        """The lines that end here, in CR, LF or both, whatever piece each of the two came in."""
        if not arrived:
            return []
        # A CR ends its line at once; an LF at the start of the next piece belongs to it.
        piece = arrived[1:] if self._after_cr and arrived[:1] == b"\n" else arrived
        self._after_cr = arrived.endswith(b"\r")
        first, *others = _LINE_ENDS.split(piece)
        self._line.append(first)
        if not others:
            return []
        lines = [b"".join(self._line), *others]
        self._line = [lines.pop()]
        return lines
