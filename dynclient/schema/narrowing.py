"""The part of a value that is to blame, where collecting all errors would never end.

Alternatives that hold each other (an expression of expressions) double the errors at every level of
a value. So the fast check, which is bounded, goes down as long as there is a member that its schema
refuses, and only what is refused in itself is explained.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from .effort import applied_schemas, judged_members

__all__ = ["Blamed", "narrowed"]

#: Gives the fast check by a schema.
Checks = Callable[[dict[str, Any]], Callable[[Any], bool]]


class Blamed(NamedTuple):
    """A value inside of another, the keys and indices that lead to it, and what refuses it."""

    schema: dict[str, Any]
    path: tuple[str | int, ...]
    value: Any


def narrowed(
    schema: dict[str, Any], definitions: Mapping[str, Any], value: Any, check_by: Checks
) -> Blamed:
    """The innermost value that is refused by every definition that judges it."""
    blamed = Blamed(schema, (), value)
    while True:
        judging: dict[tuple[str | int, ...], list[Blamed]] = {}
        for each in _judged_inside(blamed, definitions):
            judging.setdefault(each.path, []).append(each)
        for candidates in judging.values():
            if not any(check_by(each.schema)(each.value) for each in candidates):
                blamed = candidates[0]
                break
        else:
            return blamed


def _judged_inside(outer: Blamed, definitions: Mapping[str, Any]) -> Iterator[Blamed]:
    """What definitions judge inside of a value, and not inside of what another one judges."""
    stack: list[Blamed] = [outer]
    while stack:
        schema, path, value = stack.pop()
        for applied in applied_schemas(schema, definitions if path == outer.path else {}):
            if path != outer.path and "$ref" in applied:
                yield Blamed({"$ref": applied["$ref"]}, path, value)
            for held, key, member in judged_members(applied, value):
                if isinstance(held, dict):
                    stack.append(Blamed(held, (*path, key), member))
