"""The names that schemas give themselves: `$id`, `$anchor`, `$dynamicAnchor`.

Only looked for in files that hold such names at all, and only where a Schema Object stands: under
an unknown keyword, in an `enum` or in an example they are data like any other.
Source: JSON Schema 2020-12 core, section 8.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urldefrag, urljoin

from msgspec import Struct, field

from .pointer import append

__all__ = ["LONE_REF", "Identifiers", "identify", "names_itself"]

_SCHEMA_KEYS = frozenset(
    {
        "additionalItems",
        "additionalProperties",
        "contains",
        "contentSchema",
        "else",
        "if",
        "items",
        "not",
        "propertyNames",
        "then",
        "unevaluatedItems",
        "unevaluatedProperties",
    }
)
_LIST_KEYS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_NAMED_KEYS = frozenset(
    {"$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"}
)
_MARKS = (b"$id", b"$anchor", b"$dynamicAnchor", b"$self", b"$schema")
#: Draft 4 names its schemas by `id`; all later ones by `$id`.
_DRAFT_4 = "http://json-schema.org/draft-04/schema"
#: In these a `$ref` makes its siblings ignored, names included.
LONE_REF = tuple(f"http://json-schema.org/draft-0{number}/schema" for number in (4, 6, 7))
#: Keys of an OpenAPI document under which a Schema Object stands.
_OPENAPI_SCHEMA_KEYS = frozenset({"schema", "itemSchema"})


class Identifiers(Struct):
    """The names in one file.

    bases     base URI of each schema resource in it, by the pointer to its root
    resources pointer to the root of each schema resource, by its base URI
    anchors   pointer to each anchored schema, by (base URI, name)
    dynamic   for each base URI, the pointers of its dynamic anchors, by name
    dialects  the `$schema` of each root schema that has one, by its pointer
    """

    bases: dict[str, str] = field(default_factory=dict)
    resources: dict[str, str] = field(default_factory=dict)
    anchors: dict[tuple[str, str], str] = field(default_factory=dict)
    dynamic: dict[str, dict[str, str]] = field(default_factory=dict)
    dialects: dict[str, str] = field(default_factory=dict)

    def base_of(self, pointer: str) -> str:
        """The base URI in force at a place: that of the innermost resource around it."""
        return _innermost(self.bases, pointer) or ""

    def dialect_of(self, pointer: str) -> str | None:
        """The `$schema` in force at a place; None if there is none in this file."""
        return _innermost(self.dialects, pointer)


def _innermost(known: Mapping[str, str], pointer: str) -> str | None:
    """What is known of the innermost place at or around a pointer; None if nothing is."""
    while pointer and pointer not in known:
        pointer = pointer.rpartition("/")[0]
    return known.get(pointer)


def names_itself(content: bytes) -> bool:
    """Whether a text may hold any of the keywords; a cheap test before a walk."""
    return any(mark in content for mark in _MARKS)


def identify(data: Any, uri: str, dialect: str = "") -> Identifiers:
    """The identifiers in one file: an OpenAPI document, or else a schema.

    `dialect` is in force where no `$schema` names another.
    """
    is_openapi = isinstance(data, dict) and "openapi" in data
    if is_openapi and isinstance(self_uri := data.get("$self"), str):
        # The document's own name for itself (OpenAPI 3.2.0, OpenAPI Object, `$self`).
        uri = urldefrag(urljoin(uri, self_uri))[0]
    found = Identifiers(bases={"": uri}, resources={uri: ""})
    roots = _schemas_of_openapi(data) if is_openapi else iter([(data, "")])
    stack = [(schema, pointer, uri, dialect, True) for schema, pointer in roots]
    while stack:
        schema, pointer, base, dialect, is_root = stack.pop()
        if not isinstance(schema, dict):
            continue
        name = schema.get("id" if dialect.rstrip("#") == _DRAFT_4 else "$id")
        is_root = is_root or isinstance(name, str)
        if is_root and isinstance(own := schema.get("$schema"), str):
            found.dialects[pointer] = dialect = own
            name = schema.get("id" if dialect.rstrip("#") == _DRAFT_4 else "$id")
        if "$ref" in schema and dialect.startswith(LONE_REF):
            continue
        if isinstance(name, str):
            base = _named(found, pointer, base, name)
        for keyword in ("$anchor", "$dynamicAnchor"):
            if isinstance(name := schema.get(keyword), str):
                found.anchors.setdefault((base, name), pointer)
                if keyword == "$dynamicAnchor":
                    found.dynamic.setdefault(base, {})[name] = pointer
        stack.extend(
            (child, place, base, dialect, False) for child, place in _subschemas(schema, pointer)
        )
    return found


def _named(found: Identifiers, pointer: str, base: str, identifier: str) -> str:
    """Record what an `$id` names: a resource, or in older drafts an anchor; the base from here."""
    address, fragment = urldefrag(identifier)
    if fragment:
        found.anchors.setdefault((urljoin(base, address) if address else base, fragment), pointer)
    if address:
        base = urljoin(base, address)
        found.bases[pointer] = base
        found.resources.setdefault(base, pointer)
    return base


def _subschemas(schema: dict[str, Any], pointer: str) -> Iterator[tuple[Any, str]]:
    for key, value in schema.items():
        place = append(pointer, key)
        if key in _SCHEMA_KEYS and not isinstance(value, list):
            yield value, place
        elif (key in _LIST_KEYS or key == "items") and isinstance(value, list):
            for index, member in enumerate(value):
                yield member, append(place, index)
        elif key in _NAMED_KEYS and isinstance(value, dict):
            for name, member in value.items():
                yield member, append(place, name)


def _schemas_of_openapi(data: Any) -> Iterator[tuple[Any, str]]:
    """Every Schema Object of an OpenAPI document that stands outside of other schemas."""
    stack: list[tuple[Any, str]] = [(data, "")]
    while stack:
        value, pointer = stack.pop()
        if isinstance(value, list):
            stack.extend((item, append(pointer, index)) for index, item in enumerate(value))
        if not isinstance(value, dict):
            continue
        for key, child in value.items():
            place = append(pointer, key)
            if key in _OPENAPI_SCHEMA_KEYS:
                yield child, place
            elif key == "schemas" and pointer == "/components" and isinstance(child, dict):
                for name, schema in child.items():
                    yield schema, append(place, name)
            elif key not in ("example", "examples", "default", "value"):
                stack.append((child, place))
