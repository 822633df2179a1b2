"""What py-yaml12 reads otherwise than YAML 1.2 asks, as far as the bytes of a text show it.

Each pattern errs on the side of caution: prose that merely looks like the thing costs time, never
truth. Each starts with a literal byte, so that it is searched for at memory speed, and is used on
the text with a line break before and behind it.
"""

from __future__ import annotations

import re

__all__ = ["doubt", "number_keys"]

# What a node may stand behind. A token in the midst of a word (`R&D`, `a*b`) is not an indicator.
_BEHIND = rb"(?<![^\s\[{,:]%b)"

# C0 controls, which no YAML text may hold (py-yaml12 takes NUL for the end), except tab and breaks.
_CONTROLS = bytes(sorted(set(range(0x20)) - set(b"\t\n\r")))

# Unicode's spaces beyond ASCII, in UTF-8: the first byte of some, and the rest of those.
_SPACES = (
    (rb"\xc2", rb"[\x85\xa0]"),
    (rb"\xe1", rb"\x9a\x80"),
    (rb"\xe2", rb"(?:\x80[\x80-\x8a\xa8\xa9\xaf]|\x81\x9f)"),
    (rb"\xe3", rb"\x80\x80"),
)
_BLANKS = rb"(?:[ \t]|" + rb"|".join(first + rest for first, rest in _SPACES) + rb")*+"

_PATTERNS = (
    ("a merge key", rb"<<"),
    ("a byte order mark inside the text", rb"\xef\xbb\xbf"),
    ("a line break that is a lone carriage return", rb"\r(?!\n)"),
    ("a directive", rb"\n%"),
    ("a tag of a core type", rb"!" + _BEHIND % rb"!" + rb"[!<]"),
    ("an integer beyond 64 bits", rb"0" + _BEHIND % rb"0" + rb"(?:x[0-9a-fA-F]{16}|o[0-7]{21})"),
    ("a number with two signs", rb"\+[-+][0-9]"),
    ("a number with a sign behind its prefix", rb"0[xo][-+]"),
    *(
        (
            "text of nothing but spaces",
            first + _BEHIND % first + rest + _BLANKS + rb"[\r\n\[\]{},:#]",
        )
        for first, rest in _SPACES
    ),
    # A level of block nesting costs a column, or two levels do where a list stands under a key
    # without being indented. Flow nesting is bounded by py-yaml12 itself.
    ("deep nesting", rb"\n[ \t?:-]{128}"),
)
_DOUBTS = tuple((reason, re.compile(pattern)) for reason, pattern in _PATTERNS)

# Aliases are copied: ten that each name ten would fill memory.
_NAME = rb"([^\s,\[\]{}][0-9A-Za-z_-]*)"
_ANCHOR = re.compile(rb"&" + _BEHIND % rb"&" + _NAME)
_ALIAS = re.compile(rb"\*" + _BEHIND % rb"\*" + _NAME)

# Keys that are lists or mappings cost the cube of their nesting. A path template before a colon
# (`/jobs/{id}:`) looks like one, and is counted off.
_COLLECTION_KEYS = tuple(
    re.compile(pattern) for pattern in (rb"\}\s*+:", rb"\]\s*+:", rb"\?(?<=[\s\[{,]\?)\s")
)
_TEMPLATE_KEY = re.compile(rb"\{(?<=[^\s\[{,:]\{)[^\s\[\]{},:]*+\}\s*+:")
_MOST_COLLECTION_KEYS = 1_000

_NUMBER = rb"(?:&\S+\s+)?([-+.]?[0-9][0-9A-Za-z.+-]*)"
_KEY_ENDS = rb"\s*(?:[#,}]|:[\s,\[\]{}])"
_NUMBER_KEYS = tuple(
    re.compile(pattern)
    for pattern in (
        rb"\n[ \t]*+(?:[?-][ \t]++)*+" + _NUMBER + _KEY_ENDS,
        rb"\{[\s?]*" + _NUMBER + _KEY_ENDS,
        rb"\[[\s?]*" + _NUMBER + _KEY_ENDS,
        rb",[\s?]*" + _NUMBER + _KEY_ENDS,
        rb"\?\s++" + _NUMBER,
    )
)


def doubt(content: bytes) -> str | None:
    """What in this text might be read otherwise than YAML 1.2 asks; None if nothing is."""
    if len(content.translate(None, _CONTROLS)) != len(content):
        return "a control character"
    text = b"\n" + content + b"\n"
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


def number_keys(content: bytes) -> set[str]:
    """Every text that may be a number as a key."""
    text = b"\n" + content + b"\n"
    return {token.decode() for keys in _NUMBER_KEYS for token in keys.findall(text)}
