"""Which way a value travels, and what that changes: readOnly and writeOnly.

Source: OpenAPI 3.0.4, section "Schema Object", readOnly and writeOnly. In 3.1 they are annotations:
what is sent is not refused, but asking for it would make no sense either.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from ..document import Document, Location

__all__ = ["Direction", "hidden_flag", "is_secret", "travelling_names"]

#: Which way a value travels: what is readOnly stays out of requests, writeOnly out of responses.
Direction: TypeAlias = Literal["request", "response"]

_SECRET_FORMATS = frozenset({"password"})


def hidden_flag(direction: Direction) -> str:
    """The keyword by which a property says that it does not travel this way."""
    return "readOnly" if direction == "request" else "writeOnly"


def is_secret(document: Document, schema: Any, at: Location) -> bool:
    """Whether values of a schema must not be shown: `format: password`, or writeOnly."""
    target, _ = document.resources.follow(schema, at)
    return any(
        isinstance(each, dict)
        and (each.get("writeOnly") is True or str(each.get("format")) in _SECRET_FORMATS)
        for each in (schema, target)
    )


def travelling_names(
    document: Document, names: list[str], owners: list[tuple[Any, Location]], direction: Direction
) -> list[str]:
    """Those of the required names that travel this way.

    `owners` are the schemas, each with its place, that say together what the properties are.
    """
    flag = hidden_flag(direction)
    return [name for name in names if not _has_flag(document, owners, name, flag)]


def _has_flag(document: Document, owners: list[tuple[Any, Location]], name: str, flag: str) -> bool:
    """Whether property `name` carries `flag` in one of the schemas or in their allOf."""
    seen: set[Location] = set()
    stack = list(owners)
    while stack:
        schema, at = document.resources.follow(*stack.pop())
        if at in seen or not isinstance(schema, dict):
            continue
        seen.add(at)
        properties = schema.get("properties")
        if isinstance(properties, dict) and isinstance(properties.get(name), dict):
            own = properties[name]
            target, _ = document.resources.follow(own, at.child("properties", name))
            if own.get(flag) is True or (isinstance(target, dict) and target.get(flag) is True):
                return True
        members = schema.get("allOf")
        if isinstance(members, list):
            stack.extend((m, at.child("allOf", i)) for i, m in enumerate(members))
    return False
