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
_HOLD_SCHEMA = frozenset({"items", "additionalProperties", "not", "allOf", "anyOf", "oneOf"})
_HOLD_NAMED = frozenset({"properties"})
_HOLDERS = _HOLD_SCHEMA | _HOLD_NAMED
# In a file that may hold anything: members of these go by names of their own, …
_BAGS = frozenset({"properties", "definitions", "parameters", "responses", "paths", "headers"})
# … and the value of these is data, whatever it looks like.
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
        return _schema(value, 0)
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
        return _anything(data, 0, False)
    except _TooDeepError:
        return data


def _anything(value: Any, depth: int, is_bag: bool) -> Any:
    if depth > _DEEPEST:
        raise _TooDeepError
    if isinstance(value, list):
        return _list(value, lambda item: _anything(item, depth + 1, False))
    if not isinstance(value, dict):
        return value
    changed: dict[str, Any] = {}
    for key, member in value.items():
        if not isinstance(member, dict | list):
            continue
        if not is_bag and (key in _DATA or str(key).startswith("x-")):
            continue
        new = _anything(member, depth + 1, key in _BAGS and not is_bag)
        if new is not member:
            changed[key] = new
    if not is_bag and "in" not in value:  # a parameter keeps its `type: file`
        changed.update(_differences(value))
    return {**value, **changed} if changed else value


def _schema(value: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        raise _TooDeepError
    if isinstance(value, list):
        return _list(value, lambda item: _schema(item, depth + 1))
    if not isinstance(value, dict):
        return value
    changed = _differences(value)
    for key in value.keys() & _HOLDERS:
        member = value[key]
        new = _named(member, depth + 1) if key in _HOLD_NAMED else _schema(member, depth + 1)
        if new is not member:
            changed[key] = new
    return {**value, **changed} if changed else value


def _named(value: Any, depth: int) -> Any:
    if not isinstance(value, dict):
        return value
    changed = {}
    for name, member in value.items():
        new = _schema(member, depth)
        if new is not member:
            changed[name] = new
    return {**value, **changed} if changed else value


def _list(value: list[Any], upgrade: Callable[[Any], Any]) -> list[Any]:
    new = [upgrade(item) for item in value]
    return new if any(a is not b for a, b in zip(new, value, strict=True)) else value


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
