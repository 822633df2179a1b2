"""Schema Objects of Swagger 2.0 in terms of OpenAPI 3.0.

They are nearly the same. Different are `discriminator` (a name, not an object), `type: file`, and
what publishers had to express by an extension, `x-nullable`. Everything else stays as it is, and so
does its place; what nothing changes in is not copied.
Sources: Swagger 2.0, section "Schema Object"; OpenAPI 3.0.4, section "Schema Object".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .resources import Location

__all__ = ["PLAIN_KEYWORDS", "upgrade_file", "upgrade_schema"]

# Deeper inline nesting than this is nobody's description; it is left as it is.
_DEEPEST = 200
#: What holds schemas in a schema.
_HOLDERS = frozenset(
    {"items", "additionalProperties", "not", "allOf", "anyOf", "oneOf", "properties"}
)
#: The members of these go by names of their own.
_BAGS = frozenset({"properties", "definitions", "parameters", "responses", "paths", "headers"})
#: In a file that may hold anything: the value of these is data, whatever it looks like.
_DATA = frozenset({"default", "enum", "example", "examples"})

#: The keywords that a parameter, a header or an Items Object has in common with a schema
#: (Swagger 2.0, sections "Parameter Object", "Items Object", "Header Object").
PLAIN_KEYWORDS = (
    "type",
    "format",
    "items",
    "default",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "enum",
    "multipleOf",
    "x-nullable",
)


class _TooDeepError(Exception):
    pass


def upgrade_schema(value: Any, at: Location, note: Callable[[Location, str, str], None]) -> Any:
    """The schema in terms of OpenAPI 3.0; `value` itself where nothing changes.

    An `x-nullable` beside a `$ref` counts for nothing, as any sibling of a reference.
    """
    try:
        return _upgraded(value, False, 0)
    except _TooDeepError:
        reason = f"the schema nests deeper than {_DEEPEST} levels; it is read as OpenAPI 3.0"
        note(at, reason, "depth")
        return value


def upgrade_file(data: Any) -> Any:
    """A file that a Swagger 2.0 document refers to, the schemas in it upgraded wherever they stand.

    Its other parts stay as they are: who refers to them upgrades them, since what they mean
    depends on where they are used. A file of OpenAPI 3 stays as it is.
    """
    if isinstance(data, dict) and "openapi" in data:
        return data
    try:
        return _upgraded(data, True, 0)
    except _TooDeepError:
        return data


def _upgraded(value: Any, anywhere: bool, depth: int, is_bag: bool = False) -> Any:
    """A schema, or a value that stands anywhere in a file and may hold some.

    Of a bag the keys are names, under each of which stands such a value.
    """
    if not isinstance(value, dict | list):
        return value
    if depth > _DEEPEST:
        raise _TooDeepError
    if isinstance(value, list):
        items = [_upgraded(item, anywhere, depth + 1) for item in value]
        return items if any(a is not b for a, b in zip(items, value, strict=True)) else value
    is_parameter = anywhere and "in" in value  # which keeps its `type: file`
    changed = {} if is_bag or is_parameter else _differences(value)
    for key, member in value.items():
        is_data = key in _DATA or str(key).startswith("x-") if anywhere else key not in _HOLDERS
        if is_bag or not is_data:
            new = _upgraded(member, anywhere, depth + (not is_bag), key in _BAGS and not is_bag)
            if new is not member:
                changed[key] = new
    return {**value, **changed} if changed else value


def _differences(schema: dict[str, Any]) -> dict[str, Any]:
    """What OpenAPI 3.0 writes differently in one Schema Object."""
    changed: dict[str, Any] = {}
    if isinstance(name := schema.get("discriminator"), str):
        changed["discriminator"] = {"propertyName": name}
    if schema.get("x-nullable") is True and "nullable" not in schema:
        changed["nullable"] = True
    if schema.get("type") == "file":
        changed.update(type="string", format="binary")
    return changed
