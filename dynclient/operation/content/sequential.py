"""Sequential media types: JSON Lines, JSON text sequences, server-sent events.

An OpenAPI 3.2 Media Type Object describes such content by its items: each by `itemSchema`, all of
them, as an array, by `schema`. Its data is a list; a request takes any iterable.
Sources: OpenAPI 3.2.0, section "Sequential Media Types"; RFC 7464; WHATWG HTML, section 9.2.6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from msgspec import structs

from ...jsontext import JsonTextError, decode
from ...messages import Violation
from ...redaction import Redactor
from ...schema import Validator
from ...validation import Formats
from ..fields.styles import StyleError
from .binary import BINARY
from .codec import BYTES, Codec, Cutter, Decoder, EncodedBody, Judge
from .cutting import EventCutter, LineCutter, TextCutter
from .files import StreamedBody, is_stream
from .json import encode_json
from .text import TEXT

if TYPE_CHECKING:
    from ...document import Node
    from .entry import MediaEntry

__all__ = ["EVENTS", "JSON_LINES", "JSON_TEXTS", "ItemsJudge", "items_judge"]


class ItemsJudge:
    """Judges a list by the schema of one item, of the whole, or both.

    item   what judges one item; None where the document says nothing of it
    whole  what judges all of them; likewise
    """

    def __init__(self, item: Judge | None, whole: Validator | None = None) -> None:
        self.item = item
        self.whole = whole

    def is_valid(self, items: Any) -> bool:
        """Whether every item is valid, and all of them together."""
        if not isinstance(items, list) or (self.whole and not self.whole.is_valid(items)):
            return False
        return self.item is None or all(map(self.item.is_valid, items))

    def explain(
        self, value: Any, where: str, *, layer: str = "body", slots: bool = False
    ) -> list[Violation]:
        """Every violation; those of an item with its index in front of the pointer."""
        whole = self.whole
        found = whole.explain(value, where, layer=layer, slots=slots) if whole else []
        if self.item is None or not isinstance(value, list):
            return found
        return found + [
            structs.replace(violation, pointer=f"/{index}{violation.pointer}")
            for index, item in enumerate(value)
            for violation in self.item.explain(item, where, layer=layer, slots=slots)
        ]


def items_judge(entry: MediaEntry, *, formats: Formats) -> ItemsJudge:
    """What judges the items that an entry describes. Before 3.2 `schema` said nothing of them."""
    is_new = entry.node.document.dialect == "3.2"
    whole = entry.compiled("schema", formats=formats) if is_new else None
    return ItemsJudge(entry.compiled("itemSchema", formats=formats), whole)


class _Sequential(Codec):
    """Items, each of which is a JSON text."""

    preference = 40
    takes_empty = True
    has_members = False

    cutter: Callable[[], Cutter]

    def __init__(self, cutter: Callable[[], Cutter], before: bytes, otherwise: Codec) -> None:
        self.cutter = cutter
        #: What stands before an item that is sent.
        self._before = before
        self._otherwise = otherwise

    def bound(self, entry: MediaEntry) -> Codec:
        """Itself where the entry describes items; publishers gave `schema` other meanings."""
        if entry.child("itemSchema") is not None:
            return self
        schema = entry.child("schema")
        if entry.node.document.dialect != "3.2" or schema is None:
            return self._otherwise
        types = schema.types()
        return self if types is None or "array" in types else self._otherwise

    def decoder(self, entry: MediaEntry | None, content_type: str) -> Decoder:
        return self.decode if entry is not None else self._otherwise.decoder(entry, content_type)

    def decode(self, content: bytes) -> list[Any]:
        cutter = self.cutter()
        return [self.decode_item(item) for item in (*cutter.feed(content), *cutter.end())]

    def encoded(self, entry: MediaEntry, value: Any, content_type: str) -> EncodedBody:
        if isinstance(value, BYTES):
            raw = bytes(value)
            return EncodedBody(raw, content_type, self.decode(raw))
        schema = entry.child("itemSchema")
        if isinstance(value, Iterator) and not hasattr(value, "read"):
            # Sent as the items come: nobody can have judged them before.
            pieces = (content for content, _ in self._pieces(value, content_type, schema))
            return EncodedBody(StreamedBody(pieces), content_type, judged=False)
        if is_stream(value):
            return EncodedBody(StreamedBody(value), content_type, judged=False)
        if isinstance(value, str | dict) or not isinstance(value, Iterable):
            kind = type(value).__name__
            raise StyleError(f"a {content_type} body is an iterable of items, not {kind}")
        pairs = list(self._pieces(value, content_type, schema))
        content = b"".join(content for content, _ in pairs)
        return EncodedBody(content, content_type, [data for _, data in pairs])

    def _pieces(
        self, items: Iterable[Any], content_type: str, schema: Node | None
    ) -> Iterator[tuple[bytes, Any]]:
        """The content and the data of each item. StyleError with the place of one without."""
        del content_type
        for index, item in enumerate(items):
            try:
                content, data = encode_json(item, schema)
            except JsonTextError as error:
                raise StyleError.of(error, index, label=f"the item at {index}") from None
            yield self._before + content + b"\n", data

    def judge(self, entry: MediaEntry, content_type: str, *, formats: Formats) -> Judge | None:
        del content_type
        return items_judge(entry, formats=formats)

    def schema(self, entry: MediaEntry) -> Node | None:
        return entry.child("itemSchema") or entry.child("schema")

    def decode_item(self, content: bytes) -> Any:
        return decode(content)

    def redacted(self, content: bytes, content_type: str, redactor: Redactor) -> bytes:
        del content_type
        cutter = self.cutter()
        items = (*cutter.feed(content), *cutter.end())
        return b"".join(self._before + redactor.json(item) + b"\n" for item in items)

    def given(self, content: bytes) -> Any:
        """Items as one JSON array; else content that is encoded already."""
        try:
            items = decode(content)
        except JsonTextError:
            return content
        return items if isinstance(items, list) else content

    def sample(self, value: Any) -> Any:
        return [value]


class _JsonTexts(_Sequential):
    def decode_item(self, content: bytes) -> Any:
        """One JSON text; what may be the start of a longer one is refused (RFC 7464, 2.4)."""
        if content[-1:] not in b' \t\r\n]}"':
            raise ValueError("a number or a name that no line end follows may have been cut off")
        return decode(content)


class _Events(_Sequential):
    def encoded(self, entry: MediaEntry, value: Any, content_type: str) -> EncodedBody:
        if isinstance(value, BYTES) or is_stream(value):
            return super().encoded(entry, value, content_type)
        raise StyleError("server-sent events travel from servers to clients only")

    def decode_item(self, content: bytes) -> dict[str, Any]:
        """One event, with the fields it was sent with."""
        data: list[str] = []
        event: dict[str, Any] = {}
        for line in content.decode().split("\n"):
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "data":
                data.append(value)
                event["data"] = ""
            else:
                event[name] = int(value) if name == "retry" else value
        event["data"] = "\n".join(data)
        return event

    def redacted(self, content: bytes, content_type: str, redactor: Redactor) -> bytes:
        return Codec.redacted(self, content, content_type, redactor)


JSON_LINES = _Sequential(LineCutter, b"", BINARY)
JSON_TEXTS = _JsonTexts(TextCutter, b"\x1e", BINARY)
EVENTS = _Events(EventCutter, b"", TEXT)
