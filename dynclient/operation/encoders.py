"""Values of the caller's own types, and values that Python has more than one text for.

Both run before a value is serialized, and leave plain data as it is.
"""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from ..document import Node

__all__ = ["Encoders", "encoded", "fitted"]

#: What `Client(encoders=...)` takes: a function for each type, from a value to plain data.
Encoders: TypeAlias = Mapping[type, Callable[[Any], Any]]


def encoded(value: Any, encoders: Encoders) -> Any:
    """A value with everything in it that is of one of these types encoded.

    The nearest class of a value's own counts. Members of objects, arrays and dataclasses are
    looked at, and what a function returns is not encoded again.
    """
    for kind in type(value).__mro__:
        if kind in encoders:
            return encoders[kind](value)
    return _rebuilt(value, lambda _, member: encoded(member, encoders))


def fitted(value: Any, schema: Node) -> Any:
    """A value as its schema wants it, where Python has one type for what JSON has several.

    A `date` for a string of format date-time is its midnight in UTC; a `Decimal` is text where
    the schema has no place for a number. What fits already is returned itself.
    """
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        is_moment = any(node.get("format") == "date-time" for node in schema.in_place())
        return f"{value.isoformat()}T00:00:00Z" if is_moment else value
    if isinstance(value, decimal.Decimal):
        types = schema.types() or frozenset()
        return str(value) if "string" in types and not types & {"number", "integer"} else value

    def member(key: str | int, item: Any) -> Any:
        inner = schema.member(key) if isinstance(key, str) else schema.item(key)
        return item if inner is None else fitted(item, inner)

    return _rebuilt(value, member)


def _rebuilt(value: Any, convert: Callable[[str | int, Any], Any]) -> Any:
    """The value with its members converted; itself where all of them stay what they are."""
    members: Mapping[Any, Any]
    if isinstance(value, Mapping):
        members = value
    elif isinstance(value, list | tuple):
        items = [convert(index, item) for index, item in enumerate(value)]
        same = all(new is old for new, old in zip(items, value, strict=True))
        return value if same else items
    elif names := getattr(type(value), "__dataclass_fields__", None):
        members = {name: getattr(value, name, None) for name in names}
    else:
        return value
    made = {key: convert(key, member) for key, member in members.items()}
    return value if all(made[key] is member for key, member in members.items()) else made
