"""How often values would be judged: bounds against schemas made to never end.

`A = {allOf: [B, B]}`, `B = {allOf: [C, C]}`, … is small, and doubles at every step for a validator
that follows it (`endless_name`). `A = {oneOf: [{properties: {a: A}, …}, {properties: {a: A}, …}]}`
doubles at every level of the value for whoever collects all errors, as both branches report those
of the member `a` (`is_endless`). Then the fast check, which is bounded, goes down as long as there
is a member that its schema refuses, and only what is refused in itself is explained (`narrowed`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

__all__ = [
    "applied_names",
    "applied_schemas",
    "endless_name",
    "is_endless",
    "is_marked",
    "narrowed",
]

_SCHEMA_KEYS = ("not", "if", "then", "else")
_LIST_KEYS = ("allOf", "anyOf", "oneOf")
_OTHER_MEMBERS: tuple[str, ...] = ("additionalProperties", "unevaluatedProperties")
_OTHER_ITEMS: tuple[str, ...] = ("items", "unevaluatedItems", "contains")
_PREFIX = "#/$defs/"
#: Values that nest less than that are judged in bounded time, whatever their schemas.
_FLAT = 4
#: So many pairs of schemas and values are a large value, not an endless schema.
_MOST_PAIRS = 500_000
_COUNTLESS = 10**18

#: Gives the fast check by what a reference names.
Checks = Callable[[str], Callable[[Any], bool]]


def endless_name(applied: Mapping[str, Sequence[str]], limit: int, rings: set[str]) -> str | None:
    """The first definition that applies more than `limit` schemas to one value; None if none does.

    `applied` holds what each definition applies (`applied_names`). One that applies itself to the
    same value counts once, as validators notice that, and is put into `rings`.
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
            else:
                rings.add(name)
    return None


def applied_names(schema: Any) -> Iterator[str]:
    """The names of the definitions that a schema applies to the same value, as often as it does."""
    stack = [schema]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            if "$ref" in value:
                yield value["$ref"].removeprefix(_PREFIX)
            stack.extend(_in_place(value))


def applied_schemas(schema: Any, definitions: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The schemas that judge the same value as a schema, itself the first, each once.

    References are followed to the definitions that are given.
    """
    stack = [schema]
    entered: set[str] = set()
    while stack:
        value = stack.pop()
        if not isinstance(value, dict):
            continue
        yield value
        name = value.get("$ref", "").removeprefix(_PREFIX)
        if name in definitions and name not in entered:
            entered.add(name)
            stack.append(definitions[name])
        stack.extend(_in_place(value))


def _in_place(schema: dict[str, Any]) -> Iterator[Any]:
    """The subschemas that judge the same value, but for what a `$ref` names."""
    yield from (schema[key] for key in _SCHEMA_KEYS if key in schema)
    for key in _LIST_KEYS:
        yield from schema.get(key, ())
    yield from schema.get("dependentSchemas", {}).values()


def is_endless(schema: Any, definitions: Mapping[str, Any], value: Any, most: int) -> bool:
    """Whether more than `most` errors could come of a value, most of them again and again."""
    return _is_deep(value) and _Steps(definitions, most).are_too_many(schema, value)


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_FLAT):
        level = [each for held in level for each in _held(held)]
    return any(map(_held, level))


def _held(value: Any) -> Sequence[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else ()


class _Steps:
    """How many schemas judge a value and all that it holds, each as often as it does."""

    def __init__(self, definitions: Mapping[str, Any], most: int) -> None:
        self._definitions = definitions
        self._most = most
        self._known: dict[tuple[int, int], int] = {}

    def are_too_many(self, schema: Any, value: Any) -> bool:
        try:
            steps = self._count(schema, value)
        except RecursionError:
            return True
        except OverflowError:
            return False
        return steps >= self._most and steps > 4 * len(self._known)

    def _count(self, schema: Any, value: Any) -> int:
        if not isinstance(schema, dict):
            return 1
        key = (id(schema), id(value))
        if key in self._known:
            return self._known[key]
        if len(self._known) > _MOST_PAIRS:
            raise OverflowError
        self._known[key] = total = 1
        if "$ref" in schema:
            total += self._count(self._definitions[schema["$ref"].removeprefix(_PREFIX)], value)
        total += sum(self._count(each, value) for each in _in_place(schema))
        total += sum(self._count(each, member) for each, _, member in _members_of(schema, value))
        self._known[key] = total = min(total, _COUNTLESS)
        return total


def is_marked(
    schema: Any, definitions: Mapping[str, Any], path: Sequence[str | int], mark: str
) -> bool:
    """Whether a schema with a keyword judges what a path leads to, or what is around it."""
    schemas = [schema]
    for key in (*path, None):
        found = {id(s): s for each in schemas for s in applied_schemas(each, definitions)}
        if any(mark in each for each in found.values()):
            return True
        schemas = [] if key is None else [m for s in found.values() for m in _member(s, key)]
    return False


def _member(schema: dict[str, Any], key: str | int) -> Iterator[Any]:
    """The subschemas that judge the member or item under a key."""
    if isinstance(key, str):
        if key in schema.get("properties", ()):
            yield schema["properties"][key]
        others, first = _OTHER_MEMBERS, schema.get("patternProperties", {}).values()
    else:
        others, first = _OTHER_ITEMS, schema.get("prefixItems", ())[key : key + 1]
    yield from first
    yield from (schema[each] for each in others if each in schema)


def _members_of(schema: dict[str, Any], value: Any) -> Iterator[tuple[Any, str | int, Any]]:
    """The subschemas that judge members or items of a value, each with its name or index."""
    if isinstance(value, dict):
        declared = schema.get("properties", {})
        others = [schema[key] for key in _OTHER_MEMBERS if key in schema]
        others += schema.get("patternProperties", {}).values()
        for name, member in value.items():
            if name in declared:
                yield declared[name], name, member
            else:
                yield from ((each, name, member) for each in others)
    elif isinstance(value, list):
        first = schema.get("prefixItems", ())
        others = [schema[key] for key in _OTHER_ITEMS if key in schema]
        for index, item in enumerate(value):
            if index < len(first):
                yield first[index], index, item
            else:
                yield from ((each, index, item) for each in others)


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
            if not any(check_by(each.schema["$ref"])(each.value) for each in candidates):
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
            for held, key, member in _members_of(applied, value):
                if isinstance(held, dict):
                    stack.append(Blamed(held, (*path, key), member))
