"""A schema as lines that a person can read: members, types, limits, required marks."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from ..document import Location, Node
from ..errors import DocumentError, NotLoaded
from ..operation.signature import type_name
from .output import json_text
from .schemas import readable

__all__ = ["BODY_DEPTH", "RESPONSE_DEPTH", "facts_of", "outline", "type_text"]

#: How many levels of members are shown: of a body, and of a response.
BODY_DEPTH, RESPONSE_DEPTH = 5, 4
_MAX_LINES = 200
#: Lists in lists in lists; a schema of a list may name itself for its items.
_MAX_LISTS = 3
_DESCRIPTION_CHARACTERS = 90
_ANY_PATTERNS = ("^.*$", ".*")


def outline(schema: Node, *, is_response: bool = False) -> list[str]:
    """The lines of a schema: a member each, `*` for required ones, indented by depth.

    References are followed to a depth; what was shown already is not shown again. A response has
    no write-only members, a request no read-only ones.
    """
    lines = list(islice(_Outline(is_response).lines(schema, 0), _MAX_LINES + 1))
    return lines if len(lines) <= _MAX_LINES else [*lines[:_MAX_LINES], "… (there is more)"]


def type_text(schema: Node, depth: int = 0) -> str:
    """The type of a schema in a few words, `[string]` for a list; `any` where that is not known."""
    try:
        target = schema.follow()
        if schema.get("$ref") is None and (choice := _or_null(target)) is not None:
            return f"{type_text(choice, depth)} or null"
        if target.get("type") != "array":
            return type_name(schema)
        if depth == _MAX_LISTS:
            return "[…]"
        first = [type_text(s, depth + 1) for s in target.branches("prefixItems")]
        if first:
            if isinstance(target.get("items"), dict):
                first.append(f"{type_text(target.child('items'), depth + 1)} …")
            return f"[{', '.join(first)}]"
        listed = isinstance(target.get("items"), dict)
        items = type_text(target.child("items"), depth + 1) if listed else "any"
    except NotLoaded:
        raise
    except DocumentError as error:
        return f"unreadable ({error.problem})"
    return f"[{items}]"


def facts_of(schema: Node, *, with_default: bool = True) -> list[str]:
    """What limits a value: enum, range, lengths, pattern, default."""
    value = schema.follow().value
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


def _first_sentence(text: Any) -> str:
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
_NESTING = ("properties", "allOf", "oneOf", "anyOf", "prefixItems", "if", "required")
_CHOICES = {"oneOf": "exactly one of", "anyOf": "any of"}


class _Outline:
    """Walks one schema; remembers what it has shown."""

    def __init__(self, is_response: bool) -> None:
        self._hidden = "writeOnly" if is_response else "readOnly"
        self._depth = RESPONSE_DEPTH if is_response else BODY_DEPTH
        self._shown: dict[Location, int] = {}

    def lines(self, schema: Node, depth: int, *, is_branch: bool = False) -> Iterator[str]:
        """The lines below a schema: what its members, items and branches are.

        A branch may require what the schema around it declares.
        """
        target = readable(schema.follow, None)
        if target is None or not _has_more(target):
            return
        pad = "  " * depth
        if self._shown.get(target.at, depth + 1) <= depth:
            yield f"{pad}… (as above)"
            return
        if depth >= self._depth:
            yield f"{pad}…"
            return
        parts = list(_parts(target))
        for part in parts:
            self._shown[part.at] = min(depth, self._shown.get(part.at, depth))
        yield from self._members(parts, depth)
        if not is_branch:
            yield from self._undeclared(target, parts, depth)
        for part in parts:
            yield from self._items(part, depth)
            yield from self._conditions(part, depth)
            yield from self._choices(part, depth)

    def _members(self, parts: list[Node], depth: int) -> Iterator[str]:
        """The members that a schema and its allOf declare, each once."""
        pad = "  " * depth
        required = _required(parts)
        declared: dict[str, list[Node]] = {}
        for part in parts:
            for name, member in part.items("properties"):
                declared.setdefault(name, []).append(member)
        for name, members in declared.items():
            if not any(_is_marked(member, self._hidden) for member in members):
                mark = "*" if name in required else ""
                yield f"{pad}{name}{mark}: {self._headline(*members)}"
                for member in members:
                    yield from self.lines(member, depth + 1)
        for part in parts:
            if isinstance(part.get("additionalProperties"), dict):
                other = part.child("additionalProperties")
                yield f"{pad}any other name: {self._headline(other)}"
                yield from self.lines(other, depth + 1)

    def _undeclared(self, schema: Node, parts: list[Node], depth: int) -> Iterator[str]:
        """The members that are required, and described nowhere."""
        declared = schema.properties()
        for name in _required(parts):
            if name not in declared:
                yield f"{'  ' * depth}{name}*: any"

    def _choices(self, schema: Node, depth: int) -> Iterator[str]:
        pad = "  " * depth
        if (choice := _or_null(schema)) is not None:
            yield from self.lines(choice, depth, is_branch=True)
            return
        for keyword, words in _CHOICES.items():
            branches = list(schema.branches(keyword))
            if branches:
                yield f"{pad}{words}:"
            for branch in branches:
                yield f"{pad}  - {self._headline(branch)}"
                yield from self.lines(branch, depth + 2, is_branch=True)

    def _items(self, schema: Node, depth: int) -> Iterator[str]:
        pad = "  " * depth
        for number, item in enumerate(schema.branches("prefixItems"), 1):
            yield f"{pad}item {number}: {self._headline(item)}"
            yield from self.lines(item, depth + 1)
        if isinstance(schema.get("items"), dict):
            item = schema.child("items")
            if schema.get("prefixItems"):
                yield f"{pad}each further item: {self._headline(item)}"
                yield from self.lines(item, depth + 1)
            elif _is_plain_object(item):
                yield from self.lines(item, depth)  # right below `[Thing]`
            elif _is_worth_a_line(item):
                yield f"{pad}each item: {self._headline(item)}"
                yield from self.lines(item, depth + 1)

    def _conditions(self, schema: Node, depth: int) -> Iterator[str]:
        if not isinstance(schema.get("if"), dict):
            return
        condition = f"if {_condition(schema.get('if'))}"
        for keyword, words in (("then", condition), ("else", "otherwise")):
            if isinstance(schema.get(keyword), dict):
                yield f"{'  ' * depth}{words}:"
                yield from self.lines(schema.child(keyword), depth + 1, is_branch=True)

    def _headline(self, *schemas: Node) -> str:
        """Type, limits and description of what all of these schemas describe."""
        kinds: list[str] = []
        facts: list[str] = []
        text = None
        for schema in schemas:
            kinds.append(type_text(schema))
            target = readable(schema.follow, None)
            if target is not None:  # else the type shows it
                facts += facts_of(target)
                text = text or schema.get("description") or target.get("description")
        said = _first_sentence(text)
        words = [" and ".join(_telling(kinds)), *dict.fromkeys(facts)]
        return ", ".join(words) + (f" - {said}" if said else "")


def _parts(target: Node) -> Iterator[Node]:
    """A schema and what its allOf adds, in their order, each once; unreadable ones are left out."""
    seen: set[Location] = set()
    stack = [target]
    while stack:
        part = readable(stack.pop().follow, None)
        if part is not None and part.at not in seen:
            seen.add(part.at)
            yield part
            stack.extend(reversed(list(part.branches("allOf"))))


def _required(parts: list[Node]) -> dict[str, None]:
    """The names that the schemas require, in their order."""
    lists = [part.get("required") for part in parts]
    names = (name for listed in lists if isinstance(listed, list) for name in listed)
    return dict.fromkeys(name for name in names if isinstance(name, str))


def _telling(kinds: list[str]) -> list[str]:
    """The types without repeats: `integer (int64)` says all that `integer` says."""
    names = [kind for kind in dict.fromkeys(kinds) if kind != "any"] or ["any"]
    return [
        name for name in names if not any(f"{name} (" == other[: len(name) + 2] for other in names)
    ]


def _or_null(schema: Node) -> Node | None:
    """The other one of two branches of which one is null; None where that is not all there is."""
    if schema.get("type") is not None or schema.get("properties") is not None:
        return None
    branches = list(schema.branches(*_CHOICES))
    others = [branch for branch in branches if branch.get("type") != "null"]
    return others[0] if len(branches) == 2 and len(others) == 1 else None


def _condition(schema: dict[str, Any]) -> str:
    properties = schema.get("properties")
    said = [
        f"{name} is {text}"
        for name, value in (properties.items() if isinstance(properties, dict) else ())
        if (text := _expected(value))
    ]
    return " and ".join(said) or "a condition holds (see the document)"


def _expected(schema: Any) -> str:
    """What a condition asks of a member, where it is a value or a type; else nothing."""
    if not isinstance(schema, dict):
        return ""
    if "const" in schema:
        return _short(schema["const"])
    if isinstance(schema.get("type"), str):
        return str(schema["type"])
    items = _expected(schema.get("items"))
    return f"[{items}]" if items else ""


def _has_more(schema: Node, lists: int = 0) -> bool:
    """Whether there is anything to show below a schema, itself in so many lists."""
    if any(schema.get(key) for key in _NESTING):
        return True
    if isinstance(schema.get("additionalProperties"), dict):
        return True
    is_list = isinstance(schema.get("items"), dict) and lists < _MAX_LISTS
    return is_list and _is_worth_a_line(schema.child("items"), lists + 1)


def _is_worth_a_line(item: Node, lists: int = 0) -> bool:
    """Whether the items of a list are more than their type, which the list's own line shows."""
    target = readable(item.follow, None)
    return target is not None and (_has_more(target, lists) or bool(facts_of(target)))


def _is_plain_object(item: Node) -> bool:
    """Whether the items of a list have nothing to show but their members."""
    target = readable(item.follow, None)
    is_object = target is not None and isinstance(target.get("properties"), dict)
    return is_object and not facts_of(item)


def _is_marked(schema: Node, keyword: str) -> bool:
    target = readable(schema.follow, None)
    return target is not None and target.get(keyword) is True


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
