"""Which way a value travels, and what that changes: readOnly and writeOnly.

Source: OpenAPI 3.0.4, section "Schema Object", readOnly and writeOnly. In 3.1 they are annotations:
what is sent is not refused, but asking for it would make no sense either.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from ..document import Document, Location

__all__ = ["Direction", "has_flag", "hidden_flag", "is_secret", "travelling_names"]

#: Which way a value travels: what is readOnly stays out of requests, writeOnly out of responses.
Direction: TypeAlias = Literal["request", "response"]

_SECRET_FORMATS = frozenset({"password"})
# Every schema is asked, so that one made to be endless must not be walked to its end each time.
_MOST_COMBINED = 100


def hidden_flag(direction: Direction) -> str:
    """The keyword by which a property says that it does not travel this way."""
    return "readOnly" if direction == "request" else "writeOnly"


def is_secret(document: Document, schema: Any, at: Location) -> bool:
    """Whether values of a schema must not be shown: `format: password`, or writeOnly.

    It may say so itself, where its `$ref` leads, or in what it combines for the same value.
    """
    seen: set[Location] = set()
    stack = [(schema, at)]
    while stack and len(seen) < _MOST_COMBINED:
        schema, at = stack.pop()
        if not isinstance(schema, dict) or at in seen:
            continue
        seen.add(at)
        if schema.get("writeOnly") is True or str(schema.get("format")) in _SECRET_FORMATS:
            return True
        if isinstance(reference := schema.get("$ref"), str):
            stack.append(document.resources.resolve(reference, at))
        for keyword in ("allOf", "anyOf", "oneOf"):
            members = schema.get(keyword)
            if isinstance(members, list):
                stack.extend((m, at.child(keyword, i)) for i, m in enumerate(members))
    return False


def travelling_names(
    document: Document, names: list[str], owners: list[tuple[Any, Location]], direction: Direction
) -> list[str]:
    """Those of the required names that travel this way.

    `owners` are the schemas, each with its place, that say together what the properties are.
    """
    flag = hidden_flag(direction)
    return [name for name in names if not _is_flagged(document, owners, name, flag)]


def has_flag(document: Document, schema: dict[str, Any], at: Location, flag: str) -> bool:
    """Whether the schema of a property carries a flag, itself or where its `$ref` leads."""
    target, _ = document.resources.follow(schema, at)
    return schema.get(flag) is True or (isinstance(target, dict) and target.get(flag) is True)


def _is_flagged(
    document: Document, owners: list[tuple[Any, Location]], name: str, flag: str
) -> bool:
    """Whether property `name` carries `flag` in one of the schemas or in their allOf."""
    seen: set[Location] = set()
    stack = list(owners)
    while stack:
        schema, at = document.resources.follow(*stack.pop())
        if at in seen or not isinstance(schema, dict):
            continue
        seen.add(at)
        properties = schema.get("properties")
        own = properties.get(name) if isinstance(properties, dict) else None
        if isinstance(own, dict) and has_flag(document, own, at.child("properties", name), flag):
            return True
        members = schema.get("allOf")
        if isinstance(members, list):
            stack.extend((m, at.child("allOf", i)) for i, m in enumerate(members))
    return False
