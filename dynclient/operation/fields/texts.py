"""Text that a schema gives a type: response headers, members of forms, text bodies.

Text has no types of its own: `5` is the integer 5 where the schema wants one, and text elsewhere.
Sources: OpenAPI 3.1.1, sections "Header Object" and "Media Type Object"; JSON Schema 2020-12
Validation, section 6.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from ...document import Document, Location
from ...jsontext import JsonTextError, decode
from ...media import parse_media_type

__all__ = [
    "Reader",
    "Root",
    "in_place",
    "item_of",
    "json_reader",
    "member_of",
    "properties_of",
    "scalar_reader",
    "text_reader",
    "types_of",
]

#: A Schema Object and its place.
Root: TypeAlias = tuple[Any, Location]
#: Makes a value of a text; the text itself where it can't be what its schema asks for.
Reader: TypeAlias = Callable[[str], Any]

_NOT_TEXT = frozenset({"integer", "number", "boolean", "null"})
_TYPES: tuple[tuple[type, str], ...] = (
    (bool, "boolean"),
    (int, "integer"),
    (float, "number"),
    (str, "string"),
    (dict, "object"),
    (list, "array"),
)


def in_place(document: Document, root: Root) -> Iterator[Root]:
    """A schema and those that judge the same value: through `$ref`, allOf, anyOf and oneOf."""
    seen: set[Location] = set()
    stack = [root]
    while stack:
        schema, at = document.resources.follow(*stack.pop())
        if at in seen or not isinstance(schema, dict):
            continue
        seen.add(at)
        yield schema, at
        for keyword in ("oneOf", "anyOf", "allOf"):
            members = schema.get(keyword)
            if isinstance(members, list):
                parts = [(m, at.child(keyword, i)) for i, m in enumerate(members)]
                stack.extend(reversed(parts))  # so that they are read in their order


def properties_of(document: Document, root: Root) -> dict[str, Root]:
    """The declared properties of an object, in their order, each with its schema."""
    found: dict[str, Root] = {}
    for schema, at in in_place(document, root):
        properties = schema.get("properties")
        for name, member in properties.items() if isinstance(properties, dict) else ():
            found.setdefault(name, (member, at.child("properties", name)))
    return found


def member_of(document: Document, root: Root, name: str) -> Root | None:
    """The schema of one property of an object, its additionalProperties last; None if none."""
    rest: Root | None = None
    for schema, at in in_place(document, root):
        properties = schema.get("properties")
        if isinstance(properties, dict) and name in properties:
            return properties[name], at.child("properties", name)
        others = schema.get("additionalProperties")
        if rest is None and isinstance(others, dict):
            rest = others, at.child("additionalProperties")
    return rest


def item_of(document: Document, root: Root, index: int | None = None) -> Root | None:
    """The schema of an array's items, or of the one at an index; None if there is none."""
    for schema, at in in_place(document, root):
        first = schema.get("prefixItems")
        if index is not None and isinstance(first, list) and index < len(first):
            return first[index], at.child("prefixItems", index)
        if isinstance(schema.get("items"), dict):
            return schema["items"], at.child("items")
    return None


def types_of(
    document: Document, root: Root, seen: frozenset[Location] = frozenset()
) -> frozenset[str] | None:
    """The types a schema allows; None where it does not say.

    Looks through `$ref`, allOf, anyOf and oneOf, and takes the types of what `enum` and `const`
    list.
    """
    schema, at = document.resources.follow(*root)
    if at in seen or not isinstance(schema, dict):
        return None
    found = _own_types(schema)
    for keyword in ("allOf", "anyOf", "oneOf"):
        members = schema.get(keyword)
        if not isinstance(members, list) or not members:
            continue
        inner = [
            types_of(document, (member, at.child(keyword, index)), seen | {at})
            for index, member in enumerate(members)
        ]
        if keyword == "allOf":
            for each in inner:
                found = _both(found, each)
        elif None not in inner:
            found = _both(found, frozenset(name for each in inner for name in each or ()))
    return found


def _own_types(schema: dict[str, Any]) -> frozenset[str] | None:
    declared = schema.get("type")
    if isinstance(declared, str | list):
        names = {declared} if isinstance(declared, str) else set(map(str, declared))
        return frozenset(names | {"null"} if schema.get("nullable") is True else names)
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    return frozenset(map(_type_of, values)) if isinstance(values, list) else None


def _type_of(value: Any) -> str:
    return next((name for kind, name in _TYPES if isinstance(value, kind)), "null")


def _both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    """The types that two schemas both allow; every integer is a number."""
    if one is None or other is None:
        return other if one is None else one
    common = one & other
    if "number" in one | other:
        common |= (one | other) & {"integer"}
    return common


def scalar_reader(document: Document, root: Root | None) -> Reader:
    """Reads numbers, booleans and null where the schema has no place for text."""
    types = types_of(document, root) if root is not None else None
    if types is None or "string" in types or not types & _NOT_TEXT:
        return str
    return _not_text


def _not_text(text: str) -> Any:
    value = json_reader(text)
    return value if isinstance(value, int | float | None) else text


def json_reader(text: str) -> Any:
    """What a JSON text says; the text itself if it is none."""
    try:
        return decode(text.encode())
    except (JsonTextError, UnicodeEncodeError):
        return text


def text_reader(document: Document, root: Root, media_type: str) -> Reader | None:
    """How a text body becomes what its schema judges; None where the schema is not about text.

    A schema of type object on XML, HTML, CSV or YAML describes what the text stands for: it has
    no say over the text itself.
    """
    types = types_of(document, root)
    if types is None or "string" in types:
        return str
    if parse_media_type(media_type).essence in ("text/plain", "text/*") and types & _NOT_TEXT:
        return _not_text
    return None
