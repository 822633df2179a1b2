"""The keywords of Schema Objects, as a table: what each holds, and when its value makes sense.

A keyword with a value of the wrong kind (`required: true`, `type: int`) can't be enforced. It is
left out of the compiled schema and is a problem of the document; the rest of the schema counts.
Sources: JSON Schema 2020-12 (core and validation), OpenAPI 3.0.4 section "Schema Object".
"""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum
from typing import Any, NamedTuple

from ..document import Node

__all__ = ["ABSENT_30", "KEYWORDS_30", "KEYWORDS_31", "LEAST", "LIMITS", "MOST", "Holds", "Keyword"]


#: Bounds from below and from above; and every keyword that bounds a value without listing it.
LEAST = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
MOST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
LIMITS = (*LEAST, *MOST, "pattern", "multipleOf", "uniqueItems")


class Holds(Enum):
    """What stands under a keyword."""

    VALUE = "a plain value"
    SCHEMA = "a schema"
    SCHEMAS = "a list of schemas"
    NAMED_SCHEMAS = "an object of schemas"

    def mapped(self, value: Any, node: Node, make: Callable[[Node], Any]) -> Any:
        """`value`, of what stands at `node`, with what `make` makes of each schema in it."""
        if self is Holds.SCHEMA:
            return make(node)
        if self is Holds.SCHEMAS:
            return [make(node.child(index)) for index in range(len(value))]
        if self is Holds.NAMED_SCHEMAS:
            return {name: make(node.child(name)) for name in value}
        return value


class Keyword(NamedTuple):
    """A keyword: what it holds, a test of its value, and what a right value is."""

    holds: Holds
    fits: Callable[[Any], bool]
    wanted: str


_TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})


def _is_number(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return _is_number(value) and value >= 0 and value == int(value)


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _is_type(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(name, str) and name in _TYPES for name in value)
    return isinstance(value, str) and value in _TYPES


_NUMBER = Keyword(Holds.VALUE, _is_number, "a number")
_COUNT = Keyword(Holds.VALUE, _is_count, "a whole number of 0 or more")
_FLAG = Keyword(Holds.VALUE, lambda value: isinstance(value, bool), "true or false")
_LIST = Keyword(Holds.VALUE, lambda value: isinstance(value, list), "a list")
_NAMES = Keyword(Holds.VALUE, _is_names, "a list of names")
_TEXT = Keyword(Holds.VALUE, lambda value: isinstance(value, str), "a string")
_SCHEMA = Keyword(Holds.SCHEMA, lambda value: isinstance(value, dict | bool), "a schema")
_SCHEMAS = Keyword(
    Holds.SCHEMAS,
    lambda value: isinstance(value, list) and value != [],
    "a list of one or more schemas",
)
_NAMED = Keyword(Holds.NAMED_SCHEMAS, lambda value: isinstance(value, dict), "an object of schemas")

_COMMON: dict[str, Keyword] = {
    "type": Keyword(Holds.VALUE, _is_type, f"one of {', '.join(sorted(_TYPES))}"),
    "enum": _LIST,
    "required": _NAMES,
    "multipleOf": Keyword(Holds.VALUE, lambda v: _is_number(v) and v > 0, "a number above 0"),
    "minimum": _NUMBER,
    "maximum": _NUMBER,
    "minLength": _COUNT,
    "maxLength": _COUNT,
    "pattern": _TEXT,
    "format": _TEXT,
    "minItems": _COUNT,
    "maxItems": _COUNT,
    "uniqueItems": _FLAG,
    "minProperties": _COUNT,
    "maxProperties": _COUNT,
    "properties": _NAMED,
    "additionalProperties": _SCHEMA,
    "items": _SCHEMA,
    "allOf": _SCHEMAS,
    "anyOf": _SCHEMAS,
    "oneOf": _SCHEMAS,
    "not": _SCHEMA,
}

#: OpenAPI 3.0: its own list, nothing else counts. `nullable` is folded into `type`.
KEYWORDS_30: dict[str, Keyword] = {
    **_COMMON,
    "exclusiveMinimum": _FLAG,
    "exclusiveMaximum": _FLAG,
}

#: OpenAPI 3.1 and 3.2: JSON Schema 2020-12.
KEYWORDS_31: dict[str, Keyword] = {
    **_COMMON,
    "const": Keyword(Holds.VALUE, lambda _: True, "any value"),
    "exclusiveMinimum": _NUMBER,
    "exclusiveMaximum": _NUMBER,
    "minContains": _COUNT,
    "maxContains": _COUNT,
    "dependentRequired": Keyword(
        Holds.VALUE,
        lambda value: isinstance(value, dict) and all(_is_names(v) for v in value.values()),
        "an object of lists of names",
    ),
    "prefixItems": _SCHEMAS,
    "contains": _SCHEMA,
    "propertyNames": _SCHEMA,
    "patternProperties": _NAMED,
    "dependentSchemas": _NAMED,
    "unevaluatedItems": _SCHEMA,
    "unevaluatedProperties": _SCHEMA,
    "if": _SCHEMA,
    "then": _SCHEMA,
    "else": _SCHEMA,
}

#: What JSON Schema has and OpenAPI 3.0 has not, each with what means the same in 3.0, or nearly;
#: "" where nothing does. Not those that mean nothing without another of them (`then`).
ABSENT_30: dict[str, str] = {
    "const": "`enum` with one value",
    "if": "`anyOf` with `not`",
    "prefixItems": "`items` with `anyOf`",
    "contains": "",
    "propertyNames": "",
    "patternProperties": "`additionalProperties`",
    "dependencies": "`anyOf` with `not` and `required`",
    "dependentRequired": "`anyOf` with `not` and `required`",
    "dependentSchemas": "`anyOf` with `not` and `required`",
    "unevaluatedItems": "",
    "unevaluatedProperties": "`additionalProperties`",
    "$dynamicRef": "`$ref`",
}
