"""Dialects: which keywords count, and how keywords of older drafts become those of 2020-12.

OpenAPI 3.0 has a dialect of its own. In 3.1 and later `jsonSchemaDialect` names the default, and
`$schema` at the root of a schema goes before it; drafts 4, 6, 7 and 2019-09 of JSON Schema are read
besides the OpenAPI base dialect and 2020-12.
Sources: OpenAPI 3.1.1, section "Schema Object", `$schema`; JSON Schema release notes of each draft.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from ..document import Node
from .keywords import ABSENT_30, KEYWORDS_30, KEYWORDS_31, Keyword

__all__ = ["OAS_30", "Dialect", "dialect_at", "say_in_2020"]


class Dialect(Struct, frozen=True):
    """A dialect.

    keywords   those that count here
    lone_ref   `$ref` makes all its siblings ignored
    tuples     `items` may be a list, with `additionalItems` for what follows
    exclusives exclusiveMinimum and exclusiveMaximum are true or false
    joined     `dependencies` stands for dependentRequired and dependentSchemas
    absent     keywords that it has not though authors expect them, and what to write instead
    """

    keywords: dict[str, Keyword]
    lone_ref: bool = False
    tuples: bool = False
    exclusives: bool = False
    joined: bool = False
    absent: Mapping[str, str] = field(default_factory=dict)


def _without(*names: str) -> dict[str, Keyword]:
    return {name: keyword for name, keyword in KEYWORDS_31.items() if name not in names}


_SINCE_2019 = (
    "dependentRequired",
    "dependentSchemas",
    "maxContains",
    "minContains",
    "unevaluatedItems",
    "unevaluatedProperties",
)
_SINCE_7 = ("if", "then", "else")
_SINCE_6 = ("const", "contains", "propertyNames")

OAS_30 = Dialect(KEYWORDS_30, lone_ref=True, exclusives=True, absent=ABSENT_30)
_2020 = Dialect(KEYWORDS_31)
_2019 = Dialect(_without("prefixItems"), tuples=True)
_7 = Dialect(_without("prefixItems", *_SINCE_2019), lone_ref=True, tuples=True, joined=True)
_6 = Dialect(
    _without("prefixItems", *_SINCE_2019, *_SINCE_7), lone_ref=True, tuples=True, joined=True
)
_4 = Dialect(
    {
        **_without("prefixItems", *_SINCE_2019, *_SINCE_7, *_SINCE_6),
        "exclusiveMinimum": KEYWORDS_30["exclusiveMinimum"],
        "exclusiveMaximum": KEYWORDS_30["exclusiveMaximum"],
    },
    lone_ref=True,
    tuples=True,
    exclusives=True,
    joined=True,
)

_BY_URI = {
    "https://json-schema.org/draft/2020-12/schema": _2020,
    "https://json-schema.org/draft/2019-09/schema": _2019,
    "http://json-schema.org/draft-07/schema": _7,
    "http://json-schema.org/draft-06/schema": _6,
    "http://json-schema.org/draft-04/schema": _4,
}
_OAS_BASE = "https://spec.openapis.org/oas/3."


def dialect_at(schema: Node) -> Dialect:
    """The dialect in force at a place; one that is not known is noted, and read as 2020-12."""
    document = schema.document
    if document.dialect == "3.0":
        return OAS_30
    uri = document.resources.dialect_of(schema.at)
    if uri is None:
        return _2020
    uri = uri.rstrip("#")
    if uri not in _BY_URI and not uri.startswith(_OAS_BASE):
        message = f"the dialect {uri!r} is not known; it is read as JSON Schema 2020-12"
        Node.root(document).child("jsonSchemaDialect").note(message, "dialect")
    return _BY_URI.get(uri, _2020)


def say_in_2020(dialect: Dialect, schema: dict[str, Any]) -> dict[str, tuple[str, Any]]:
    """The keywords of a schema under their names in 2020-12, each with its own name and value.

    A list of `items` is `prefixItems` there, and `additionalItems` is `items`; `dependencies` is
    parted in two. All others keep their names.
    """
    said = {name: (name, value) for name, value in schema.items()}
    if dialect.tuples and isinstance(schema.get("items"), list):
        del said["items"]
        if schema["items"]:
            said["prefixItems"] = ("items", schema["items"])
        if "additionalItems" in schema:
            said["items"] = ("additionalItems", schema["additionalItems"])
    if dialect.joined and isinstance(parts := schema.get("dependencies"), dict):
        names = {key: part for key, part in parts.items() if isinstance(part, list)}
        schemas = {key: part for key, part in parts.items() if not isinstance(part, list)}
        said["dependentRequired"] = ("dependencies", names)
        said["dependentSchemas"] = ("dependencies", schemas)
    return said
