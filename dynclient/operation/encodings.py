"""What a document says of one part of a multipart body: its style, content type and headers.

Sources: OpenAPI 3.1.1, sections "Encoding Object" and "Special Considerations for multipart
Content".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..document import Document, Location
from .forms import form_style
from .media import best_match
from .styles import COLLECTION_FORMATS, StyleError, plain, text_of
from .texts import Root, in_place, item_of, types_of

__all__ = ["UNDECLARED", "PartPlan", "plan_part"]

_JSON = "application/json"
_TEXT = "text/plain"
_BINARY = "application/octet-stream"


class PartHeader(NamedTuple):
    """A header of a part: its value if the document leaves no choice or a default."""

    name: str
    value: str | None
    required: bool


class PartPlan(NamedTuple):
    """How a property of a multipart body becomes parts.

    style          (style, explode), where the document sets one
    content_types  the types and ranges that `encoding` allows; none: any
    default_type   the type by the schema; None where that depends on the value
    headers        the headers declared for the part
    """

    style: tuple[str, bool] | None = None
    content_types: tuple[str, ...] = ()
    default_type: str | None = None
    headers: tuple[PartHeader, ...] = ()

    def type_of_file(self, name: str, own: str | None, guess: str) -> str:
        """The content type of a file: its own, or what its name suggests, if allowed here."""
        if own is not None:
            if self.content_types and best_match(self.content_types, own) is None:
                known = ", ".join(self.content_types)
                raise StyleError(f"the part {name!r} is {own}; the document allows {known}")
            return own
        if not self.content_types:
            return _JSON if guess == _BINARY and self.default_type == _JSON else guess
        return self._allowed(guess) or self._concrete(name)

    def type_of_data(self, name: str, value: Any) -> str:
        """The content type of a value that is no file."""
        by_value = _JSON if isinstance(value, dict) else _TEXT
        if self.content_types:
            return self._allowed(self.default_type or by_value) or self._concrete(name)
        return by_value if isinstance(value, dict) else self.default_type or by_value

    def _allowed(self, content_type: str) -> str | None:
        """The declared type that covers this one, or this one where that is a range."""
        found = best_match(self.content_types, content_type)
        return content_type if found is not None and "*" in found else found

    def _concrete(self, name: str) -> str:
        found = next((each for each in self.content_types if "*" not in each), None)
        if found is None:
            known = ", ".join(self.content_types)
            reason = f"the part {name!r} is {known}: say which by File(content_type=...)"
            raise StyleError(reason)
        return found


UNDECLARED = PartPlan()


def plan_part(document: Document, settings: Any, at: Location, schema: Root | None) -> PartPlan:
    """The plan of one property, from its Encoding Object and its schema; either may be missing."""
    settings = settings if isinstance(settings, Mapping) else {}
    declared = settings.get("contentType")
    types = [each.strip() for each in declared.split(",")] if isinstance(declared, str) else []
    style = form_style(settings)
    if style and document.dialect == "3.0" and style[0] not in COLLECTION_FORMATS:
        style = None  # in 3.0 styles are for forms alone; Swagger 2.0's formats are for both
    return PartPlan(
        style,
        tuple(filter(None, types)),
        _default_type(document, schema) if schema else None,
        _headers(document, settings.get("headers"), at.child("headers")),
    )


def _default_type(document: Document, schema: Root) -> str | None:
    """The content type by the table of the Encoding Object, `contentType`."""
    types = types_of(document, schema)
    if types is None:
        return _BINARY if document.dialect != "3.0" else None
    types -= {"null"}
    if types == {"object"}:
        return _JSON
    if types == {"array"}:
        item = item_of(document, schema)
        nested = item is not None and "array" in (types_of(document, item) or ())
        return None if item is None or nested else _default_type(document, item)
    if types == {"string"} and any(
        _is_binary(document, each) for each, _ in in_place(document, schema)
    ):
        return _BINARY
    return None if types & {"object", "array"} else _TEXT


def _is_binary(document: Document, schema: Mapping[str, Any]) -> bool:
    if document.dialect == "3.0":
        return schema.get("format") in ("binary", "byte", "base64")
    return "contentEncoding" in schema


def _headers(document: Document, declared: Any, at: Location) -> tuple[PartHeader, ...]:
    found = []
    for name, value in declared.items() if isinstance(declared, Mapping) else ():
        header, place = document.resources.follow(value, at.child(name))
        if name.lower() == "content-type" or not isinstance(header, dict):
            continue  # "Content-Type is described separately and SHALL be ignored"
        schema, _ = document.resources.follow(header.get("schema"), place.child("schema"))
        required = header.get("required") is True
        found.append(PartHeader(name, _only_value(schema), required))
    return tuple(found)


def _only_value(schema: Any) -> str | None:
    if not isinstance(schema, dict):
        return None
    listed = schema.get("enum")
    for value in (
        schema.get("default"),
        schema.get("const"),
        listed[0] if isinstance(listed, list) and len(listed) == 1 else None,
    ):
        if value is not None:
            return (
                ",".join(map(text_of, value)) if isinstance(value, list) else text_of(plain(value))
            )
    return None
