"""Text that a schema gives a type: response headers, members of forms, text bodies.

Text has no types of its own: `5` is the integer 5 where the schema wants one, and text elsewhere.
Sources: OpenAPI 3.1.1, sections "Header Object" and "Media Type Object"; JSON Schema 2020-12
Validation, section 6.1.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias
from urllib.parse import unquote

from ...abnf import split_list
from ...document import Node
from ...jsontext import JsonTextError, decode
from ...media import parse_media_type
from .styles import shape_of

__all__ = ["Reader", "Splitter", "json_reader", "scalar_reader", "text_reader", "text_splitter"]

#: Makes a value of a text; the text itself where it can't be what its schema asks for.
Reader: TypeAlias = Callable[[str], Any]

#: What parts a text into the texts of its members, which are still encoded.
Splitter: TypeAlias = Callable[[str], list[str]]

_NOT_TEXT = frozenset({"integer", "number", "boolean", "null"})


def text_splitter(location: str, style: str, explode: bool) -> Splitter:
    """How the text of an array or object is parted, by what stands between its members.

    A separator counts as it is, and encoded where the style itself encodes it: a comma that is
    encoded is one of a member.
    """
    joint = shape_of(location, style, explode).joint
    if location == "header":
        if joint == ",":
            return split_list
        return lambda text: [part for each in text.split(joint) if (part := each.strip())]
    plain = re.escape(unquote(joint))
    also = r"|\+" if joint == "%20" and location != "path" else ""
    separator = re.compile(f"{plain}|{re.escape(joint)}{also}", re.IGNORECASE)
    return separator.split


def scalar_reader(schema: Node | None) -> Reader:
    """Reads numbers, booleans and null where the schema has no place for text."""
    types = schema.types() if schema is not None else None
    if types is None or "string" in types or not types & _NOT_TEXT:
        return str
    return _not_text


def _not_text(text: str) -> Any:
    value = json_reader(text)
    return value if isinstance(value, int | float | None) else text


def json_reader(text: str) -> Any:
    """The value of a JSON text; the text itself if it is not JSON."""
    try:
        return decode(text.encode())
    except (JsonTextError, UnicodeEncodeError):
        return text


def text_reader(schema: Node, media_type: str) -> Reader | None:
    """How a text body becomes what its schema judges; None where the schema is not about text.

    A schema of type object on XML, HTML, CSV or YAML describes what the text stands for: it has
    nothing to do with the text itself.
    """
    types = schema.types()
    if types is None or "string" in types:
        return str
    if parse_media_type(media_type).essence in ("text/plain", "text/*") and types & _NOT_TEXT:
        return _not_text
    return None
