"""A text that matches a regular expression, for the expressions that documents have."""

from __future__ import annotations

import re
from importlib import import_module
from random import Random
from typing import Any

__all__ = ["matching"]

# By name, as a type checker finds them or does not, by what it has in its cache.
kinds: Any = import_module("re._constants")
_parser: Any = import_module("re._parser")

#: A repetition without a bound is taken so many times more than it must be, at most.
_MORE = 3
_CATEGORIES = {
    kinds.CATEGORY_DIGIT: "0123456789",
    kinds.CATEGORY_WORD: "abcdefghijklmnopqrstuvwxyz",
    kinds.CATEGORY_SPACE: " ",
    kinds.CATEGORY_NOT_DIGIT: "abc",
    kinds.CATEGORY_NOT_WORD: "-",
    kinds.CATEGORY_NOT_SPACE: "abc",
}
_PRINTABLE = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~!$&()*+,;=:@/ "


def matching(pattern: str, random: Random) -> str | None:
    """A text for a pattern; None for one that Python can't read.

    It may not match, where the pattern looks ahead or back: who asks looks whether it does.
    """
    try:
        parsed = _parser.parse(pattern)
    except (re.error, RecursionError, OverflowError):
        return None
    return _sequence(parsed, random, {})


def _sequence(items: Any, random: Random, groups: dict[int, str]) -> str:
    return "".join(_one(kind, value, random, groups) for kind, value in items)


def _one(kind: Any, value: Any, random: Random, groups: dict[int, str]) -> str:
    match kind:
        case kinds.LITERAL:
            return chr(value)
        case kinds.NOT_LITERAL:
            return "a" if value != ord("a") else "b"
        case kinds.ANY:
            return "a"
        case kinds.IN:
            return _of_set(value, random)
        case kinds.BRANCH:
            return _sequence(random.choice(value[1]), random, groups)
        case kinds.SUBPATTERN:
            text = _sequence(value[-1], random, groups)
            if value[0] is not None:
                groups[value[0]] = text
            return text
        case kinds.GROUPREF:
            return groups.get(value, "")
        case kinds.MAX_REPEAT | kinds.MIN_REPEAT | kinds.POSSESSIVE_REPEAT:
            least, most, inner = value
            times = random.randint(least, min(int(most), least + _MORE))
            return "".join(_sequence(inner, random, groups) for _ in range(times))
        case kinds.ATOMIC_GROUP:
            return _sequence(value, random, groups)
    return ""  # what has no width: anchors, and looking ahead or back


def _of_set(items: Any, random: Random) -> str:
    """A character of a set."""
    if items and items[0][0] is kinds.NEGATE:
        excluded = "".join(_characters(items[1:]))
        return random.choice([each for each in _PRINTABLE if each not in excluded] or ["\u00e9"])
    return random.choice(_characters(items) or ["a"])


def _characters(items: Any) -> list[str]:
    found: list[str] = []
    for kind, value in items:
        if kind is kinds.LITERAL:
            found.append(chr(value))
        elif kind is kinds.RANGE:
            low, high = value
            found += [chr(code) for code in range(low, min(high, low + 200) + 1)]
        elif kind is kinds.CATEGORY:
            found += _CATEGORIES.get(value, "")
    return found
