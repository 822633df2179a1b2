"""What a document says of the parts of a multipart body: their styles, content types, headers.

Sources: OpenAPI 3.1.1, sections "Encoding Object" and "Special Considerations for multipart
Content"; OpenAPI 3.2.0, sections "Encoding By Name", "Encoding By Position" and "Nested Encoding".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ...document import Node
from ...media import best_match
from ...remedies import give
from ..fields.styles import COLLECTION_FORMATS, StyleError, plain, text_of
from .entry import MediaEntry
from .forms import form_style
from .registry import Registry

__all__ = ["PartPlan", "PartsPlan"]

_JSON = "application/json"
_TEXT = "text/plain"
_BINARY = "application/octet-stream"


class PartHeader(NamedTuple):
    """A header of a part: its value if the document leaves no choice or a default."""

    name: str
    value: str | None
    required: bool


class PartPlan(NamedTuple):
    """How a property, or an item of an array, becomes parts.

    node           the Encoding Object; its value is None where there is none
    schema         of one part; None where the document says nothing of it
    codecs         by which the content of a part is encoded
    style          (style, explode), where the document sets one; for form-data alone
    content_types  the types and ranges that `encoding` allows; none: any
    default_type   the type by the schema; None where that depends on the value
    headers        the headers declared for the part
    """

    node: Node
    schema: Node | None
    codecs: Registry
    style: tuple[str, bool] | None = None
    content_types: tuple[str, ...] = ()
    default_type: str | None = None
    headers: tuple[PartHeader, ...] = ()

    def entry(self, content_type: str) -> MediaEntry:
        """What the document says of a part of that type: an Encoding Object may nest others."""
        return MediaEntry(content_type, self.node, "request", self.codecs, schema=self.schema)

    def type_of_file(self, own: str | None, guess: str) -> str:
        """The content type of a file: its own, or what its name suggests, if allowed here."""
        if own is not None:
            if self.content_types and best_match(self.content_types, own) is None:
                known = ", ".join(self.content_types)
                raise StyleError(f"it is {own}; the document allows {known}")
            return own
        if not self.content_types:
            return _JSON if guess == _BINARY and self.default_type == _JSON else guess
        return self._allowed(guess) or self._concrete()

    def type_of_data(self, value: Any) -> str:
        """The content type of a value that is no file."""
        by_value = _JSON if isinstance(value, dict | list) else _TEXT
        if self.content_types:
            return self._allowed(self.default_type or by_value) or self._concrete()
        return by_value if isinstance(value, dict) else self.default_type or by_value

    def _allowed(self, content_type: str) -> str | None:
        """The declared type that covers this one, or this one where that is a range."""
        found = best_match(self.content_types, content_type)
        return content_type if found is not None and "*" in found else found

    def _concrete(self) -> str:
        found = next((each for each in self.content_types if "*" not in each), None)
        if found is None:
            known = ", ".join(self.content_types)
            remedy = give(file={"content_type": ...})
            raise StyleError(f"it may be {known}: which one?", remedy=remedy)
        return found


class PartsPlan:
    """How the members of an object, or the items of an array, become the parts of a body.

    The entry's node is a Media Type Object, or an Encoding Object with encodings of its own.
    """

    def __init__(self, entry: MediaEntry) -> None:
        self._entry = entry
        self._node = entry.node
        self._schema = entry.child("schema")
        self._plans: dict[str, PartPlan] = {}

    def of_name(self, name: str) -> PartPlan:
        """How a member of an object becomes parts."""
        plan = self._plans.get(name)
        if plan is None:
            schema = self._schema and self._schema.member(name)
            settings = self._node.child("encoding", name)
            plan = _plan_part(settings, schema, self._entry.codecs)
            if schema is not None or settings.value is not None:
                self._plans[name] = plan  # not else: a body may have members of any name
        return plan

    def of_item(self, index: int) -> PartPlan:
        """How the item of an array at that index becomes a part."""
        settings = self._node.child("prefixEncoding", index)
        if settings.value is None:
            settings = self._node.child("itemEncoding")
        schema = (self._schema and self._schema.item(index)) or self._entry.child("itemSchema")
        return _plan_part(settings, schema, self._entry.codecs, is_item=True)

    def in_order(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The members in the order in which the schema declares them, the others after."""
        declared = self._schema.properties() if self._schema else ()
        return {name: data[name] for name in (*declared, *data) if name in data}


def _plan_part(
    settings: Node, schema: Node | None, codecs: Registry, *, is_item: bool = False
) -> PartPlan:
    """The plan of one value, from its Encoding Object and its schema; either may be missing.

    An array that is an item is one part; one that is a member is a part for each of its items.
    """
    declared = settings.get("contentType")
    types = [each.strip() for each in declared.split(",")] if isinstance(declared, str) else []
    style = form_style(settings.value) if isinstance(settings.value, Mapping) else None
    if style and settings.document.dialect == "3.0" and style[0] not in COLLECTION_FORMATS:
        style = None  # in 3.0 styles are for forms alone; Swagger 2.0's formats are for both
    is_list = schema and not is_item and "array" in (schema.types() or ())
    return PartPlan(
        settings,
        schema.item() if schema and is_list else schema,
        codecs,
        style,
        tuple(filter(None, types)),
        _default_type(schema, is_item) if schema else None,
        _headers(settings),
    )


def _default_type(schema: Node, is_item: bool = False) -> str | None:
    """The content type by the table of the Encoding Object, `contentType`."""
    types = schema.types()
    if types is None:
        return _BINARY if schema.document.dialect != "3.0" else None
    types -= {"null"}
    if types == {"object"}:
        return _JSON
    if types == {"array"} and is_item:
        return _JSON  # there are no parts of one name to make of it
    if types == {"array"}:
        item = schema.item()
        nested = item is not None and "array" in (item.types() or ())
        return None if item is None or nested else _default_type(item)
    if types == {"string"} and any(map(_is_binary, schema.in_place())):
        return _BINARY
    return None if types & {"object", "array"} else _TEXT


def _is_binary(schema: Node) -> bool:
    if schema.document.dialect == "3.0":
        return schema.get("format") in ("binary", "byte", "base64")
    return "contentEncoding" in schema.value


def _headers(settings: Node) -> tuple[PartHeader, ...]:
    found = []
    for name, header in settings.items("headers"):
        header = header.follow()  # noqa: PLW2901
        if name.lower() == "content-type" or not isinstance(header.value, dict):
            continue  # "Content-Type is described separately and SHALL be ignored"
        required = header.get("required") is True
        found.append(PartHeader(name, _only_value(_schema_of(header)), required))
    return tuple(found)


def _schema_of(header: Node) -> Any:
    """The schema of a Header Object, which may stand in the one entry of its `content`.

    That is how OpenAPI 3.2.0 would have fields with parameters described, as is
    Content-Disposition ("Fixed Fields for use with content").
    """
    for _, entry in header.items("content"):
        return entry.follow().child("schema").follow().value
    return header.child("schema").follow().value


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
