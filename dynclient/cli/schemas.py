"""Reading Schema Objects for people: which types, which members, behind which references."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import quote

from ..document import Document, Location

__all__ = ["Schema", "body_members", "is_item", "members", "types_of"]

_BY_VALUE: dict[type, str] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    list: "array",
    dict: "object",
    type(None): "null",
}
_COMBINED = ("allOf", "anyOf", "oneOf")


class Schema(NamedTuple):
    """A Schema Object with its place, from which its references are followed."""

    document: Document
    value: Any
    at: Location

    @classmethod
    def standing_at(cls, document: Document, at: Location) -> Schema:
        """What stands at a place of the document; any object will do, not only schemas."""
        value, place = document.resources.resolve(f"#{quote(at.pointer)}", at)
        return cls(document, value, place)

    def followed(self) -> Schema:
        """What its chain of `$ref`s ends in. DocumentError if it leads nowhere."""
        value, at = self.document.resources.follow(self.value, self.at)
        return Schema(self.document, value, at)

    def child(self, *tokens: str | int) -> Schema:
        """The schema these tokens lead to from here."""
        value = self.value
        for token in tokens:
            value = value[token]
        return Schema(self.document, value, self.at.child(*tokens))

    def get(self, keyword: str) -> Any:
        """The value of a keyword; None where there is none."""
        return self.value.get(keyword) if isinstance(self.value, dict) else None

    def branches(self, *keywords: str) -> Iterator[Schema]:
        """The subschemas in the lists under these keywords."""
        for keyword in keywords:
            listed = self.get(keyword)
            for index in range(len(listed) if isinstance(listed, list) else 0):
                yield self.child(keyword, index)


def is_item(schema: Schema) -> bool:
    """Whether the schema of a body or an answer is that of one item of a row (OpenAPI 3.2)."""
    return schema.at.pointer.endswith("/itemSchema")


def types_of(schema: Schema, seen: frozenset[Location] = frozenset()) -> frozenset[str]:
    """The JSON types that a value may have; empty where the schema does not say."""
    schema = schema.followed()
    if schema.at in seen or not isinstance(schema.value, dict):
        return frozenset()
    declared = schema.get("type")
    listed = declared if isinstance(declared, list) else [declared]
    names = {name for name in listed if isinstance(name, str)}
    if not names:
        values = schema.get("enum")
        values = values if isinstance(values, list) else []
        values = [*values, schema.value["const"]] if "const" in schema.value else values
        names = {_BY_VALUE.get(type(value), "object") for value in values}
    if not names:
        for branch in schema.branches(*_COMBINED):
            names |= types_of(branch, seen | {schema.at})
    if names and schema.get("nullable") is True:
        names.add("null")
    return frozenset(names)


def members(schema: Schema) -> dict[str, Schema]:
    """The declared properties by name, through `$ref`, allOf, anyOf and oneOf."""
    found: dict[str, Schema] = {}
    seen: set[Location] = set()
    stack = [schema]
    while stack:
        current = stack.pop().followed()
        if current.at in seen or not isinstance(current.value, dict):
            continue
        seen.add(current.at)
        properties = current.get("properties")
        for name in properties if isinstance(properties, dict) else ():
            found.setdefault(name, current.child("properties", name))
        stack.extend(current.branches(*_COMBINED))
    return found


def body_members(document: Document, media: Any) -> dict[str, Schema]:
    """The members of a request body; none where it is no object with declared members."""
    if media.schema is None or media.kind in ("text", "binary"):
        return {}
    return members(Schema(document, media.schema, media.schema_at))
