"""How often one value would be judged: a bound against schemas made to never end.

`A = {allOf: [B, B]}`, `B = {allOf: [C, C]}`, … is small, and doubles at every step for a validator
that follows it. What is counted are the schemas that apply to the value itself; its members
are bounded by the value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

__all__ = ["applied_names", "endless_name"]

_SCHEMA_KEYS = ("not", "if", "then", "else")
_LIST_KEYS = ("allOf", "anyOf", "oneOf")
_PREFIX = "#/$defs/"


def endless_name(applied: Mapping[str, Sequence[str]], limit: int) -> str | None:
    """The first definition that applies more than `limit` schemas to one value; None if none does.

    `applied` holds what each definition applies (`applied_names`). One that applies itself counts
    once: validators notice that.
    """
    efforts: dict[str, int] = {}
    for start in applied:
        stack = [(start, False)]
        entered: set[str] = set()
        while stack:
            name, done = stack.pop()
            if name in efforts:
                continue
            names = applied.get(name, ())
            if done:
                efforts[name] = 1 + sum(efforts.get(each, 1) for each in names)
                if efforts[name] > limit:
                    return name
            elif name not in entered:
                entered.add(name)
                stack.append((name, True))
                stack.extend((each, False) for each in names if each not in efforts)
    return None


def applied_names(schema: Any) -> Iterator[str]:
    """The names of the definitions that a schema applies to the same value, as often as it does."""
    stack = [schema]
    while stack:
        value = stack.pop()
        if not isinstance(value, dict):
            continue
        reference = value.get("$ref")
        if isinstance(reference, str):
            yield reference.removeprefix(_PREFIX)
        stack.extend(value[key] for key in _SCHEMA_KEYS if key in value)
        for key in _LIST_KEYS:
            stack.extend(value.get(key, ()))
        stack.extend((value.get("dependentSchemas") or {}).values())
