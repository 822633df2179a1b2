"""Two schemas compared: where the new one takes less than the old one, and where more.

Which of the two breaks somebody depends on the direction of the value; see `differences.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, TypeAlias

from ..document import Node
from ..document.pointer import join
from ..schema.keywords import LEAST, MOST

__all__ = ["Difference", "compared"]

#: "narrowed": values that were valid are not any more. "widened": others are valid now.
Relation: TypeAlias = Literal["narrowed", "widened", "changed"]

_MOST_DEEP = 12
#: Keywords whose presence narrows, and which can't be compared further.
_PRESENT = ("format", "pattern", "multipleOf", "uniqueItems", "contentEncoding")


class Difference(NamedTuple):
    """One difference of two schemas.

    rule  type, enum, required, property-removed, …
    path  JSON Pointer into the values, `*` for any item
    """

    rule: str
    relation: Relation
    path: str
    message: str
    old: Node | None
    new: Node | None


def compared(old: Node | None, new: Node | None) -> Iterator[Difference]:
    """The differences of two schemas; None where there is none."""
    if old is None and new is None:
        return
    if old is None or new is None:
        relation: Relation = "narrowed" if old is None else "widened"
        word = "has a schema now" if old is None else "has no schema any more"
        yield Difference("schema", relation, "", f"it {word}", old, new)
        return
    yield from _Comparison().of(old, new, ())


class _Comparison:
    """A walk over both at once; schemas that contain themselves are compared once."""

    def __init__(self) -> None:
        self._seen: set[tuple[Any, Any]] = set()

    def of(self, old: Node, new: Node, path: tuple[str, ...]) -> Iterator[Difference]:
        old, new = old.follow(), new.follow()
        key = (old.at, new.at)
        if key in self._seen or len(path) > _MOST_DEEP:
            return
        self._seen.add(key)
        for rule, relation, message in (
            *_types(old, new),
            *_enums(old, new),
            *_bounds(old, new),
            *_present(old, new),
            *_required(old, new),
            *_openness(old, new),
            *_branches(old, new),
        ):
            yield Difference(rule, relation, join(path), message, old, new)
        yield from self._members(old, new, path)
        before, after = old.item(), new.item()
        if before is not None and after is not None:
            yield from self.of(before, after, (*path, "*"))

    def _members(self, old: Node, new: Node, path: tuple[str, ...]) -> Iterator[Difference]:
        before, after = old.properties(), new.properties()
        for name in before.keys() - after.keys():
            message = f"the property {name!r} is not declared any more"
            place = join((*path, name))
            yield Difference("property-removed", "changed", place, message, before[name], None)
        for name in after.keys() - before.keys():
            if _is_closed(old):
                message = f"the property {name!r} is allowed now"
                place = join((*path, name))
                yield Difference("property-added", "widened", place, message, None, after[name])
        for name in before.keys() & after.keys():
            yield from self.of(before[name], after[name], (*path, name))


Found: TypeAlias = Iterator[tuple[str, Relation, str]]


def _types(old: Node, new: Node) -> Found:
    before, after = old.types(), new.types()
    if before == after:
        return
    everything = frozenset({"null", "boolean", "number", "string", "array", "object"})
    one, two = (everything if each is None else _whole(each) for each in (before, after))
    if lost := one - two:
        yield "type", "narrowed", f"it can't be of type {_listed(lost)} any more"
    if gained := two - one:
        yield "type", "widened", f"it can be of type {_listed(gained)} now"


def _whole(types: frozenset[str]) -> frozenset[str]:
    """The types, where every integer is a number."""
    return types | {"integer"} if "number" in types else types


def _enums(old: Node, new: Node) -> Found:
    before, after = _values(old), _values(new)
    if before == after:
        return
    if before is None:
        yield "enum", "narrowed", f"it must be one of {_listed(after or ())} now"
    elif after is None:
        yield "enum", "widened", "it can be any value now, not only those that were listed"
    else:
        if lost := [each for each in before if each not in after]:
            yield "enum", "narrowed", f"it can't be {_listed(lost)} any more"
        if gained := [each for each in after if each not in before]:
            yield "enum", "widened", f"it can be {_listed(gained)} now"


def _values(node: Node) -> list[Any] | None:
    values = node.get("enum")
    if isinstance(values, list):
        return values
    return [node.get("const")] if isinstance(node.value, dict) and "const" in node.value else None


def _bounds(old: Node, new: Node) -> Found:
    for keyword in (*LEAST, *MOST):
        before, after = old.get(keyword), new.get(keyword)
        numbers = [each for each in (before, after) if isinstance(each, int | float)]
        if before == after or not numbers:
            continue
        if len(numbers) == 1 or isinstance(before, bool) or isinstance(after, bool):
            relation: Relation = "widened" if after is None or after is False else "narrowed"
        else:
            grown = after > before
            relation = "narrowed" if grown == (keyword in LEAST) else "widened"
        yield keyword, relation, f"its {keyword} was {_shown(before)}, and is {_shown(after)}"


def _present(old: Node, new: Node) -> Found:
    for keyword in _PRESENT:
        before, after = old.get(keyword), new.get(keyword)
        if (before or None) == (after or None):
            continue
        relation: Relation = "changed" if before and after else "narrowed"
        relation = "widened" if not after else relation
        yield keyword, relation, f"its {keyword} was {_shown(before)}, and is {_shown(after)}"


def _required(old: Node, new: Node) -> Found:
    before, after = set(old.required()), set(new.required())
    if gained := after - before:
        yield "required", "narrowed", f"{_listed(gained)} must be there now"
    if lost := before - after:
        yield "required", "widened", f"{_listed(lost)} need not be there any more"


def _openness(old: Node, new: Node) -> Found:
    before, after = _is_closed(old), _is_closed(new)
    if before != after:
        relation: Relation = "narrowed" if after else "widened"
        word = (
            "no other properties are allowed now" if after else "other properties are allowed now"
        )
        yield "additionalProperties", relation, word


def _is_closed(node: Node) -> bool:
    return node.get("additionalProperties") is False or node.get("unevaluatedProperties") is False


def _branches(old: Node, new: Node) -> Found:
    for keyword in ("oneOf", "anyOf"):
        before, after = old.get(keyword), new.get(keyword)
        one, two = (len(each) if isinstance(each, list) else 0 for each in (before, after))
        if one != two:
            relation: Relation = (
                "widened" if (one and two > one) or (one and not two) else "narrowed"
            )
            yield keyword, relation, f"its {keyword} had {one} schemas, and has {two}"


def _shown(value: Any) -> str:
    return "not there" if value is None else repr(value)


def _listed(values: Any) -> str:
    return ", ".join(sorted(map(repr, values)))
