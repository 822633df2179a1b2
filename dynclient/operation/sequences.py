"""Sequential media types: JSON Lines, JSON text sequences, server-sent events.

An OpenAPI 3.2 Media Type Object with `itemSchema` describes content that is a row of items. Its
plain data is a list, each item judged by itself; a request takes any iterable of items.
Sources: OpenAPI 3.2.0, section "Sequential Media Types"; RFC 7464; WHATWG HTML, section 9.2.6.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from ..errors import Violation
from ..jsontext import encode
from ..schema import Validator
from .media import parse_media_type
from .records import decode_items
from .styles import StyleError

__all__ = ["ItemsValidator", "decode_items", "encode_items", "is_sequential"]

_RECORD_SEPARATOR = b"\x1e"
_JSON_LINES = frozenset(
    {"application/jsonl", "application/x-ndjson", "application/ndjson", "application/x-jsonlines"}
)
_SEQUENTIAL = _JSON_LINES | {"application/json-seq", "text/event-stream"}


def is_sequential(media_type: str) -> bool:
    """Whether content of this type is a row of items that we can tell apart."""
    parsed = parse_media_type(media_type)
    return parsed.essence in _SEQUENTIAL or parsed.suffix in ("jsonl", "json-seq")


class ItemsValidator:
    """Judges each item of a list by one compiled schema; has the face of a `Validator`."""

    def __init__(self, item: Validator) -> None:
        self._item = item

    @property
    def item(self) -> Validator | None:
        """What judges one item; None where the document says nothing of it."""
        return self._item

    def is_valid(self, items: Any) -> bool:
        """Whether every item is valid."""
        return isinstance(items, list) and all(map(self._item.is_valid, items))

    def explain(
        self, items: Any, where: str, *, layer: str = "body", slots: bool = False
    ) -> list[Violation]:
        """Every violation, with the index of its item in front of the pointer."""
        return [
            replace(violation, pointer=f"/{index}{violation.pointer}")
            for index, item in enumerate(items)
            for violation in self._item.explain(item, where, layer=layer, slots=slots)
        ]


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
