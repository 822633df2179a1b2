"""YAML by py-yaml12, for every text it is known to read as YAML 1.2 asks.

py-yaml12 is many times faster than libyaml and follows YAML 1.2's core schema, but it has no merge
keys, rounds integers beyond 64 bits, gives keys their type instead of their text, copies what an
alias names, and is brought down by deep nesting. Whatever could be one of these is recognised, by
the bytes (`yaml_doubts`) or by the data, and left to `yaml_reference`. docs/loading.md has the
list, and tests/document/test_yaml_fast.py holds the two readers against each other.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import yaml12

from .yaml_doubts import doubt, number_keys

__all__ = ["load"]

_LONG_NUMBER = re.compile(rb"[0-9]{19}")
_NUMBERS: tuple[Callable[[str], int | float], ...] = (lambda text: int(text, 0), int, float)
_LEAVES = frozenset({str, bool, int, type(None)})
_TEXT_ONLY = {str}


def load(content: bytes) -> tuple[Any, int]:
    """The plain data of one YAML document in UTF-8, and how many levels it nests.

    ValueError if it can't be read here with certainty, be it broken or only doubtful.
    """
    if (reason := doubt(content)) is not None:
        raise ValueError(reason)
    text = content.decode()
    # An explicit end, since a block scalar without content gains a line break at the text's end.
    end = "...\n" if text.endswith("\n") else "\n...\n"
    documents = yaml12.parse_yaml(text + end, multi=True)
    if len(documents) != 1:
        raise ValueError("more than one document, or none")
    data = documents[0]
    return data, _name_keys(data, content)


def _name_keys(data: Any, content: bytes) -> int:
    """Give mappings their keys as text; returns the number of levels. ValueError if in doubt."""
    depth = 0
    level = [data]
    numbers: set[int] = set()
    while level:
        depth += 1
        following: list[Any] = []
        for value in level:
            kind = type(value)
            if kind is dict:
                if set(map(type, value)) != _TEXT_ONLY and value:
                    numbers |= _rename(value)
                following += [item for item in value.values() if type(item) not in _LEAVES]
            elif kind is list:
                following += [item for item in value if type(item) not in _LEAVES]
            elif kind is not float:
                raise ValueError(f"a tag, or a lone {kind.__name__}")
            elif abs(value) >= 2**63 and math.isfinite(value) and _LONG_NUMBER.search(content):
                raise ValueError("an integer beyond 64 bits")
        level = following
    if numbers:
        _check_number_keys(numbers, content)
    return depth


def _rename(mapping: dict[Any, Any]) -> set[int]:
    """Turn integer keys, such as a status `200`, into text in place; returns them."""
    numbers = {key for key in mapping if type(key) is not str}
    if not all(type(key) is int for key in numbers):
        raise ValueError("a key that is neither text nor an integer")
    if not numbers.isdisjoint((0, 1)):
        # In Python these are also False and True, so another key may have been lost.
        raise ValueError("a key that is 0 or 1")
    named = {str(key): value for key, value in mapping.items()}
    if len(named) != len(mapping):
        raise ValueError("a key given as a number and as text")
    mapping.clear()
    mapping.update(named)
    return numbers


def _check_number_keys(numbers: set[int], content: bytes) -> None:
    """ValueError if one of these keys may have been written otherwise: as `0200`, `2e2`, `0xc8`."""
    for text in number_keys(content):
        for read in _NUMBERS:
            try:
                number = read(text)
            except ValueError:
                continue
            if number in numbers and str(number) != text:
                raise ValueError("a key that is a number in an unusual form")
            break
