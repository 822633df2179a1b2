"""YAML by py-yaml12, for every text it is known to read as YAML 1.2 asks.

py-yaml12 is many times faster than libyaml and follows YAML 1.2's core schema, but it has no merge
keys, rounds integers beyond 64 bits, gives keys their type instead of their text, copies what an
alias names, and is brought down by deep nesting. Whatever could be one of these is recognised here,
before or after the parse, and left to `yaml_reference`. docs/loading.md has the list, and
tests/document/test_yaml_fast.py holds the two readers against each other.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import yaml12

__all__ = ["load"]

# What a node may stand behind. A token in the midst of a word (`R&D`, `a*b`) is no indicator.
_BEHIND = rb"(?<![^\s\[{,:]%b)"

# C0 controls, which no YAML text may hold (py-yaml12 takes NUL for the end), except tab and breaks.
_CONTROLS = bytes(sorted(set(range(0x20)) - set(b"\t\n\r")))

#: What py-yaml12 reads otherwise and the bytes show, as (reason, pattern). Each pattern errs on the
#: side of caution, and starts with a literal byte, so that it is searched for at memory speed. The
#: text is searched with a line break put in front of it.
_DOUBTS = tuple(
    (reason, re.compile(pattern))
    for reason, pattern in (
        ("a merge key", rb"<<"),
        ("a byte order mark inside the text", rb"\xef\xbb\xbf"),
        ("a line break that is a lone carriage return", rb"\r(?!\n)"),
        ("a directive", rb"\n%"),
        ("a tag of a core type", rb"!" + _BEHIND % rb"!" + rb"[!<]"),
        (
            "an integer beyond 64 bits",
            rb"0" + _BEHIND % rb"0" + rb"(?:x[0-9a-fA-F]{16}|o[0-7]{21})",
        ),
        ("a number with two signs", rb"\+[-+][0-9]"),
        ("a number with a sign behind its prefix", rb"0[xo][-+]"),
        # A level of block nesting costs a column, or two levels do where a list stands under a
        # key without being indented. Flow nesting is bounded by py-yaml12 itself.
        ("deep nesting", rb"\n[ \t?:-]{128}"),
    )
)
_ANCHOR = re.compile(rb"&" + _BEHIND % rb"&" + rb"([^\s,\[\]{}][0-9A-Za-z_-]*)")
_ALIAS = re.compile(rb"\*" + _BEHIND % rb"\*" + rb"([^\s,\[\]{}][0-9A-Za-z_-]*)")
# Keys that are lists or mappings cost py-yaml12 the cube of their nesting. A path template before a
# colon (`/jobs/{id}:`) looks like one, and is counted off.
_COLLECTION_KEYS = (
    re.compile(rb"\}\s*+:"),
    re.compile(rb"\]\s*+:"),
    re.compile(rb"\?(?<=[\s\[{,]\?)\s"),
)
_TEMPLATE_KEY = re.compile(rb"\{(?<=[^\s\[{,:]\{)[^\s\[\]{},:]*+\}\s*+:")
_MOST_COLLECTION_KEYS = 1_000
_LONG_NUMBER = re.compile(rb"[0-9]{19}")
_NUMBER_KEYS = tuple(
    re.compile(before + rb"(?:&\S+\s+)?([-+.]?[0-9][0-9A-Za-z.+-]*)\s*(?:[#,}]|:(?:[\s,\[\]{}]|$))")
    for before in (rb"\n[ \t]*+(?:[?-][ \t]++)*+", rb"\{[\s?]*", rb"\[[\s?]*", rb",[\s?]*")
)

_NUMBERS: tuple[Callable[[str], int | float], ...] = (lambda text: int(text, 0), int, float)

_LEAVES = frozenset({str, bool, int, type(None)})
_TEXT_ONLY = {str}


def load(content: bytes) -> tuple[Any, int]:
    """The plain data of one YAML document in UTF-8, and how many levels it nests.

    ValueError if it can't be read here with certainty, be it broken or only doubtful.
    """
    if (reason := _doubt(content)) is not None:
        raise ValueError(reason)
    text = content.decode()
    # An explicit end, since a block scalar without content gains a line break at the text's end.
    end = "...\n" if text.endswith("\n") else "\n...\n"
    documents = yaml12.parse_yaml(text + end, multi=True)
    if len(documents) != 1:
        raise ValueError("more than one document, or none")
    data = documents[0]
    return data, _settle(data, content)


def _doubt(content: bytes) -> str | None:
    """What in this text might be read otherwise than YAML 1.2 asks; None if nothing is."""
    if len(content.translate(None, _CONTROLS)) != len(content):
        return "a control character"
    text = b"\n" + content
    for reason, pattern in _DOUBTS:
        if pattern.search(text):
            return reason
    anchors = set(_ANCHOR.findall(text))
    if anchors and not anchors.isdisjoint(_ALIAS.findall(text)):
        return "an alias"
    found = sum(len(keys.findall(text)) for keys in _COLLECTION_KEYS)
    if found - len(_TEMPLATE_KEY.findall(text)) > _MOST_COLLECTION_KEYS:
        return "lists or mappings as keys"
    return None


def _settle(data: Any, content: bytes) -> int:
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
    tokens = {token for keys in _NUMBER_KEYS for token in keys.findall(b"\n" + content)}
    for text in map(bytes.decode, tokens):
        for read in _NUMBERS:
            try:
                number = read(text)
            except ValueError:
                continue
            if number in numbers and str(number) != text:
                raise ValueError("a key that is a number in an unusual form")
            break
