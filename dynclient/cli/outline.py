"""A schema as lines that a person can read: members, types, limits, required marks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..document import Location
from ..errors import DocumentError
from ..operation import Operation
from ..operation.signature import type_name
from .output import json_text
from .schemas import Schema

__all__ = ["facts_of", "first_sentence", "outline", "type_text"]

MAX_DEPTH = 5
_MAX_LINES = 200
_DESCRIPTION_CHARACTERS = 90
_ANY_PATTERNS = ("^.*$", ".*")


def outline(operation: Operation, schema: Schema) -> list[str]:
    """The lines of a schema: a member each, `*` for required ones, indented by depth.

    References are followed five levels deep; what was shown already is not shown again.
    """
    lines = list(_Outline(operation).lines(schema, 0))
    return lines if len(lines) <= _MAX_LINES else [*lines[:_MAX_LINES], "… (there is more)"]


def type_text(operation: Operation, schema: Schema) -> str:
    """The type of a schema in a few words; `any` where it can't be told."""
    try:
        return type_name(operation, schema.value, schema.at)
    except DocumentError as error:
        return f"unreadable ({error.problem})"


def facts_of(schema: Schema, *, with_default: bool = True) -> list[str]:
    """What limits a value: enum, range, lengths, pattern, default."""
    value = schema.followed().value
    if not isinstance(value, dict):
        return []
    facts = []
    if isinstance(value.get("enum"), list):
        facts.append("one of " + ", ".join(_short(item) for item in value["enum"]))
    if "const" in value:
        facts.append(f"always {_short(value['const'])}")
    for low, high, unit in _RANGES:
        if text := _range(value.get(low), value.get(high), unit):
            facts.append(text)
    facts += [f"{word} {value[key]}" for key, word in _LIMITS.items() if _is_number(value.get(key))]
    pattern = value.get("pattern")
    if isinstance(pattern, str) and pattern not in _ANY_PATTERNS:
        facts.append(f"matching {pattern}")
    if with_default and value.get("default") is not None:
        facts.append(f"default {_short(value['default'])}")
    facts += [word for key, word in _MARKS.items() if value.get(key) is True]
    return facts


def first_sentence(text: Any) -> str:
    """The first sentence of a description, cut where it is long."""
    if not isinstance(text, str):
        return ""
    sentence = " ".join(text.split()).partition(". ")[0].rstrip(".")
    if len(sentence) > _DESCRIPTION_CHARACTERS:
        return sentence[:_DESCRIPTION_CHARACTERS].rpartition(" ")[0] + " …"
    return sentence


_RANGES = (
    ("minimum", "maximum", ""),
    ("minLength", "maxLength", " characters"),
    ("minItems", "maxItems", " items"),
    ("minProperties", "maxProperties", " members"),
)
_LIMITS = {"exclusiveMinimum": "above", "exclusiveMaximum": "below", "multipleOf": "a multiple of"}
_MARKS = {
    "nullable": "or null",
    "uniqueItems": "all different",
    "writeOnly": "write-only",
    "deprecated": "deprecated",
}
_CHOICES = {"oneOf": "exactly one of", "anyOf": "any of"}


class _Outline:
    """Walks one schema; remembers what it has shown."""

    def __init__(self, operation: Operation) -> None:
        self._operation = operation
        self._shown: dict[Location, int] = {}

    def lines(self, schema: Schema, depth: int) -> Iterator[str]:
        """The lines below a schema: what its members, items and branches are."""
        try:
            target = schema.followed()
        except DocumentError:
            return  # the line above says so
        if not _has_more(target):
            return
        pad = "  " * depth
        if self._shown.get(target.at, depth + 1) <= depth:
            yield f"{pad}… (as above)"
            return
        if depth >= MAX_DEPTH:
            yield f"{pad}…"
            return
        self._shown[target.at] = depth
        yield from self._members(target, depth)
        yield from self._items(target, depth)
        for branch in target.branches("allOf"):
            yield from self._part(branch, depth)
        for keyword, words in _CHOICES.items():
            branches = list(target.branches(keyword))
            if branches:
                yield f"{pad}{words}:"
            for branch in branches:
                yield f"{pad}  - {self._headline(branch)}"
                yield from self.lines(branch, depth + 2)

    def _members(self, schema: Schema, depth: int) -> Iterator[str]:
        pad = "  " * depth
        properties = schema.get("properties")
        required = schema.get("required")
        for name in properties if isinstance(properties, dict) else ():
            member = schema.child("properties", name)
            if not _is_read_only(member):
                mark = "*" if isinstance(required, list) and name in required else ""
                yield f"{pad}{name}{mark}: {self._headline(member)}"
                yield from self.lines(member, depth + 1)
        if isinstance(schema.get("additionalProperties"), dict):
            other = schema.child("additionalProperties")
            yield f"{pad}any other name: {self._headline(other)}"
            yield from self.lines(other, depth + 1)

    def _items(self, schema: Schema, depth: int) -> Iterator[str]:
        pad = "  " * depth
        for number, item in enumerate(schema.branches("prefixItems"), 1):
            yield f"{pad}item {number}: {self._headline(item)}"
            yield from self.lines(item, depth + 1)
        if isinstance(schema.get("items"), dict):
            item = schema.child("items")
            if _is_worth_telling(item):
                yield f"{pad}each item: {self._headline(item)}"
                yield from self.lines(item, depth + 1)

    def _part(self, branch: Schema, depth: int) -> Iterator[str]:
        """One part of allOf: its members stand beside the others; a condition is told as such."""
        if not isinstance(branch.get("if"), dict):
            yield from self.lines(branch, depth)
            return
        condition = f"if {_condition(branch.get('if'))}"
        for keyword, words in (("then", condition), ("else", "otherwise")):
            if isinstance(branch.get(keyword), dict):
                yield f"{'  ' * depth}{words}:"
                yield from self.lines(branch.child(keyword), depth + 1)

    def _headline(self, schema: Schema) -> str:
        kind = type_text(self._operation, schema)
        try:
            facts = facts_of(schema)
            text = schema.get("description") or schema.followed().get("description")
        except DocumentError:
            return kind
        said = first_sentence(text)
        return ", ".join([kind, *facts]) + (f" - {said}" if said else "")


def _condition(schema: Any) -> str:
    properties = schema.get("properties") if isinstance(schema, dict) else None
    said = [
        f"{name} is {_short(value['const'])}"
        for name, value in (properties or {}).items()
        if isinstance(value, dict) and "const" in value
    ]
    return " and ".join(said) or "a condition holds (see the document)"


def _has_more(schema: Schema) -> bool:
    """Whether there is anything to show below a schema."""
    if any(schema.get(key) for key in ("properties", "allOf", "oneOf", "anyOf", "prefixItems")):
        return True
    if isinstance(schema.get("additionalProperties"), dict):
        return True
    return isinstance(schema.get("items"), dict) and _is_worth_telling(schema.child("items"))


def _is_worth_telling(item: Schema) -> bool:
    """Whether the items of a list are more than their type, which the list's own line tells."""
    try:
        target = item.followed()
    except DocumentError:
        return False
    return _has_more(target) or bool(facts_of(target))


def _is_read_only(schema: Schema) -> bool:
    try:
        return schema.followed().get("readOnly") is True
    except DocumentError:
        return False


def _range(low: Any, high: Any, unit: str) -> str:
    if _is_number(low) and _is_number(high):
        return f"{low} to {high}{unit}"
    if _is_number(low) and (low or not unit):
        return f"at least {low}{unit}"
    return f"at most {high}{unit}" if _is_number(high) else ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) and value else json_text(value, indent=None)
    return text if len(text) <= 60 else f"{text[:60]}…"
