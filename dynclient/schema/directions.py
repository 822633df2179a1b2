"""Which way a value travels, and what that changes: readOnly and writeOnly.

Source: OpenAPI 3.0.4, section "Schema Object", readOnly and writeOnly. In 3.1 they are annotations:
what is sent is not refused, but requiring it would make no sense either.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any, Literal, TypeAlias

from ..document import Node

__all__ = ["SECRET", "Direction", "hidden_flag", "is_secret", "travelling_names"]

#: The mark, in what an engine is given, of a schema whose values must not be shown.
SECRET = "x-secret"  # noqa: S105 - the name of a keyword

#: Which way a value travels: what is readOnly stays out of requests, writeOnly out of responses.
Direction: TypeAlias = Literal["request", "response"]

_COMBINING = frozenset({"$ref", "allOf", "anyOf", "oneOf"})
_SECRET_FORMATS = frozenset({"password"})
# Every schema is asked, so that one made to be endless must not be walked to its end each time.
_MOST_COMBINED = 100


def hidden_flag(direction: Direction) -> str:
    """The keyword by which a property says that it does not travel this way."""
    return "readOnly" if direction == "request" else "writeOnly"


def is_secret(schema: Node) -> bool:
    """Whether values of a schema must not be shown: `format: password`, or writeOnly.

    It may say so itself, where its `$ref` leads, or in what it combines for the same value.
    """
    value = schema.value
    if not isinstance(value, dict):
        return False
    if _COMBINING.isdisjoint(value):  # as of most, and every schema is asked
        return _says_secret(value)
    applied = islice(schema.in_place(), _MOST_COMBINED)
    return _says_secret(value) or any(_says_secret(each.value) for each in applied)


def _says_secret(value: dict[str, Any]) -> bool:
    return value.get("writeOnly") is True or str(value.get("format")) in _SECRET_FORMATS


def travelling_names(names: list[str], owners: Iterable[Node], direction: Direction) -> list[str]:
    """Those of the required names that travel this way.

    `owners` are the schemas that say together what the properties are.
    """
    flag = hidden_flag(direction)
    schemas = [each for owner in owners for each in owner.in_place("allOf")]
    hidden = {
        name
        for schema in schemas
        for name in names
        if isinstance((member := schema.child("properties", name)).value, dict)
        and member.flagged(flag)
    }
    return [name for name in names if name not in hidden]
