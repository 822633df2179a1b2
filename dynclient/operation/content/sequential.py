"""Sequential media types: JSON Lines, JSON text sequences, server-sent events.

An OpenAPI 3.2 Media Type Object describes content that is a row of items: each by `itemSchema`,
all of them, as an array, by `schema`. Its plain data is a list; a request takes any iterable.
Sources: OpenAPI 3.2.0, section "Sequential Media Types"; RFC 7464; WHATWG HTML, section 9.2.6.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ...document import Document, Location, Node
from ...jsontext import encode
from ...media import parse_media_type
from ...messages import Violation
from ...schema import Validator, compile_validator
from ...schema.directions import Direction
from ..fields.styles import StyleError
from .cutting import decode_items

__all__ = [
    "ItemsValidator",
    "compile_row",
    "decode_items",
    "encode_items",
    "is_row",
    "is_sequential",
]

_RECORD_SEPARATOR = b"\x1e"
_JSON_LINES = frozenset(
    {"application/jsonl", "application/x-ndjson", "application/ndjson", "application/x-jsonlines"}
)
_SEQUENTIAL = _JSON_LINES | {"application/json-seq", "text/event-stream"}


def is_sequential(media_type: str) -> bool:
    """Whether content of this type is a row of items that we can tell apart."""
    parsed = parse_media_type(media_type)
    return parsed.essence in _SEQUENTIAL or parsed.suffix in ("jsonl", "json-seq")


def is_row(document: Document, media_type: str, entry: Mapping[str, Any], at: Location) -> bool:
    """Whether content of this type is read as the row of items that its entry describes.

    Before 3.2 a `schema` said nothing of items, and publishers gave it other meanings.
    """
    if not is_sequential(media_type):
        return False
    if "itemSchema" in entry:
        return True
    if document.dialect != "3.2" or "schema" not in entry:
        return False
    types = Node(document, entry["schema"], at.child("schema")).types()
    return types is None or "array" in types


class ItemsValidator:
    """Judges a list by the schema of one item, of the whole, or both; as a `Validator` does."""

    def __init__(self, item: Validator | None, whole: Validator | None = None) -> None:
        self._item = item
        self._whole = whole

    @property
    def item(self) -> Validator | None:
        """What judges one item; None where the document says nothing of it."""
        return self._item

    def is_valid(self, items: Any) -> bool:
        """Whether every item is valid, and all of them together."""
        if not isinstance(items, list) or (self._whole and not self._whole.is_valid(items)):
            return False
        return self._item is None or all(map(self._item.is_valid, items))

    def explain(
        self, items: Any, where: str, *, layer: str = "body", slots: bool = False
    ) -> list[Violation]:
        """Every violation; those of an item with its index in front of the pointer."""
        whole = self._whole
        found = whole.explain(items, where, layer=layer, slots=slots) if whole else []
        if self._item is None:
            return found
        return found + [
            replace(violation, pointer=f"/{index}{violation.pointer}")
            for index, item in enumerate(items)
            for violation in self._item.explain(item, where, layer=layer, slots=slots)
        ]


def compile_row(
    document: Document,
    entry: Mapping[str, Any],
    at: Location,
    direction: Direction,
    *,
    formats: bool,
) -> ItemsValidator:
    """The validator of a row of items (`is_row`)."""

    def compiled(keyword: str) -> Validator | None:
        if keyword not in entry:
            return None
        root = (entry[keyword], at.child(keyword))
        return compile_validator(document, root, direction, formats=formats)

    whole = compiled("schema") if document.dialect == "3.2" else None
    return ItemsValidator(compiled("itemSchema"), whole)


def encode_items(media_type: str, items: Any) -> Iterator[bytes]:
    """The bytes of each item, one after another. StyleError if the media type has no form."""
    parsed = parse_media_type(media_type)
    if parsed.essence == "text/event-stream":
        raise StyleError("server-sent events travel from servers to clients only")
    if isinstance(items, str | dict) or not isinstance(items, Iterable):
        raise StyleError(f"a {parsed.essence} body is a row of items, not {type(items).__name__}")
    start = _RECORD_SEPARATOR if "json-seq" in parsed.subtype else b""
    for item in items:
        yield start + encode(item) + b"\n"
