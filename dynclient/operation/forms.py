"""application/x-www-form-urlencoded bodies, both ways.

Source: OpenAPI 3.1.1, sections "Encoding the x-www-form-urlencoded Media Type" and "Encoding
Object".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..document import Document
from ..jsontext import encode
from .media import kind_of, parse_media_type
from .styles import COLLECTION_FORMATS, STYLES_BY_LOCATION, StyleError, serializer
from .texts import Reader, Root, item_of, json_reader, member_of, scalar_reader, types_of

__all__ = ["encode_form", "form_decoder", "form_style", "form_text"]

_STYLING = frozenset({"style", "explode", "allowReserved"})


def form_style(settings: Mapping[str, Any]) -> tuple[str, bool] | None:
    """(style, explode) of an Encoding Object that sets one of its three fields for styles.

    None if it sets none: then the content type counts.
    """
    if not settings.keys() & _STYLING:
        return None
    style = str(settings.get("style", "form"))
    if style not in STYLES_BY_LOCATION["form"] and style not in COLLECTION_FORMATS:
        style = "form"
    explode = settings.get("explode")
    return style, explode if isinstance(explode, bool) else style == "form"


def encode_form(data: Mapping[str, Any], encoding: Mapping[str, Any]) -> str:
    """The form-urlencoded text of an object, each member as its `encoding` says.

    Members that are None are left out.
    """
    pairs = []
    for name, member in data.items():
        if member is None:
            continue
        settings = encoding.get(name)
        settings = settings if isinstance(settings, Mapping) else {}
        styled = form_style(settings)
        if styled is None:
            member = _as_content(name, member, str(settings.get("contentType", "")))  # noqa: PLW2901
        style, explode = styled or ("form", True)
        reserved = settings.get("allowReserved") is True
        if text := form_text(name, member, style, explode, reserved):
            pairs.append(text)
    return "&".join(pairs)


def form_text(name: str, member: Any, style: str, explode: bool, reserved: bool = False) -> str:
    """The text of one member, with its name; empty for an empty array or object."""
    try:
        return serializer(name, "form", style, explode, allow_reserved=reserved)(member)
    except UnicodeEncodeError:
        reason = f"member {name!r} holds a lone surrogate, which UTF-8 can't carry"
        raise StyleError(reason) from None


def _as_content(name: str, member: Any, content_type: str) -> Any:
    """A member, or each item of one that is an array, as text of its content type.

    "application/json" is the default of an object, and of an array whose items are objects.
    """
    if isinstance(member, list):
        return [_as_text(name, item, content_type) for item in member]
    return _as_text(name, member, content_type)


def _as_text(name: str, value: Any, content_type: str) -> Any:
    if isinstance(value, bytes | bytearray | memoryview):
        raise StyleError(f"member {name!r} is bytes, which a form has no place for")
    types = content_type.split(",")
    is_json = any(kind_of(parse_media_type(each)) == "json" for each in types)
    if is_json or (isinstance(value, dict) and not content_type):
        return encode(value).decode()
    return value


def form_decoder(document: Document, root: Root | None) -> Callable[[bytes], dict[str, Any]]:
    """How a form becomes the object its schema describes. The decoder raises ValueError."""
    readers: dict[str, _MemberReader] = {}

    def reader_of(name: str) -> _MemberReader:
        place = member_of(document, root, name) if root is not None else None
        if place is None:
            return _plain_member  # not kept: a form may hold any names
        if name not in readers:
            readers[name] = _member_reader(document, place)
        return readers[name]

    def decode_form(content: bytes) -> dict[str, Any]:
        from urllib.parse import parse_qs

        pairs = parse_qs(content.decode(), keep_blank_values=True, strict_parsing=True)
        return {name: reader_of(name)(texts) for name, texts in pairs.items()}

    return decode_form


_MemberReader = Callable[[list[str]], Any]


def _plain_member(texts: list[str]) -> Any:
    return texts[0] if len(texts) == 1 else texts


def _member_reader(document: Document, root: Root) -> _MemberReader:
    types = types_of(document, root) or frozenset()
    if "array" in types:
        item = item_of(document, root)
        read = _single_reader(document, item)
        return lambda texts: [read(text) for text in texts]
    read_one = _single_reader(document, root)
    return lambda texts: _plain_member([read_one(text) for text in texts])


def _single_reader(document: Document, root: Root | None) -> Reader:
    types = (types_of(document, root) if root is not None else None) or frozenset()
    if "object" in types and "string" not in types:
        return json_reader
    return scalar_reader(document, root)
