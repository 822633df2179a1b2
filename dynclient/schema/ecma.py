"""Regular expressions of ECMA-262, spelled as the validator's own engine reads them.

JSON Schema's patterns are those of ECMA-262 with the flag `u`. The engine (Rust's regex crates, by
jsonschema-rs) takes time linear in the text, and bounds its steps where a pattern looks around or
back. But it has other words, blanks and line ends, takes what ECMA-262 has not (`(?i)`, `a++`) and
refuses some of what it has (`[^]`, `\\k<name>`). What browsers read without the flag `u` (Annex B)
is read here too, except for letters that are no escapes (`\\Z`): who writes one means an anchor.
Sources: JSON Schema 2020-12 core, section 6.4; ECMA-262, 11th edition, sections 21.2 and B.1.4.
"""

from __future__ import annotations

import re

__all__ = ["PatternError", "translated"]

_WORD = "[0-9A-Za-z_]"
#: The escapes that stand for many characters, each as members of a class.
_SETS = {
    "d": "0-9",
    "D": "\\x00-\\x2F\\x3A-\\u{10FFFF}",
    "w": "0-9A-Za-z_",
    "W": "\\x00-\\x2F\\x3A-\\x40\\x5B-\\x5E\\x60\\x7B-\\u{10FFFF}",
    "s": "\\x09-\\x0D\\x20\\xA0\\u1680\\u2000-\\u200A\\u2028\\u2029\\u202F\\u205F\\u3000\\uFEFF",
    "S": "\\x00-\\x08\\x0E-\\x1F\\x21-\\x9F\\xA1-\\u167F\\u1681-\\u1FFF\\u200B-\\u2027"
    "\\u202A-\\u202E\\u2030-\\u205E\\u2060-\\u2FFF\\u3001-\\uFEFE\\uFF00-\\u{10FFFF}",
}
#: What stands for itself outside of brackets, by our spelling: IsWordChar and LineTerminator.
_ASSERTIONS = {
    "b": f"(?:(?<={_WORD})(?!{_WORD})|(?<!{_WORD})(?={_WORD}))",
    "B": f"(?:(?<={_WORD})(?={_WORD})|(?<!{_WORD})(?!{_WORD}))",
}
_ANY = "[^\\n\\r\\u2028\\u2029]"
_EVERY, _NONE = "[\\x00-\\u{10FFFF}]", "[^\\x00-\\u{10FFFF}]"

_GROUP = re.compile(r"\((?:(?!\?)|\?(?:[:=!]|<[=!]|-?i:|<(?P<name>(?:[^\W\d]|\$)[\w$]*)>))")
_QUANTIFIER = re.compile(r"(?:[*+?]|\{(?P<least>\d+)(?:,(?P<most>\d*))?\})\??")
_PROPERTY = re.compile(r"[pP]\{\w+(?:=\w+)?\}")
_REFERENCE = re.compile(r"\\[1-9k]")
_CODES = (
    (re.compile(r"u([dD][89aAbB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})"), "pair"),
    (re.compile(r"u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]+)\}|x([0-9a-fA-F]{2})"), "hex"),
    (re.compile(r"c([A-Za-z])"), "control"),
    (re.compile(r"([0-3]?[0-7]{1,2})"), "octal"),
)
_CONTROLS = {"f": 0x0C, "n": 0x0A, "r": 0x0D, "t": 0x09, "v": 0x0B}
#: What needs no other spelling, besides letters and digits.
_OUTSIDE = frozenset(" _-/:;,@%\"'<>=~&#!`\n\t")
_INSIDE = frozenset(" _/:;,@%\"'<>=#!`.+*?(){}|$\n\t")
_SURROGATES = range(0xD800, 0xE000)


class PatternError(ValueError):
    """A text is no regular expression of ECMA-262; the message says why."""


def translated(pattern: str) -> str:
    """The pattern as the engine reads it. PatternError if it is none."""
    return _Translation(pattern).whole()


class _Translation:
    """One pattern, read from left to right."""

    def __init__(self, pattern: str) -> None:
        self._text = pattern
        self._at = 0
        self._out: list[str] = []
        #: Of each open group, whether it may be repeated, and its number if it captures.
        self._open: list[tuple[bool, int | None]] = []
        #: Whether there is something that a quantifier would repeat.
        self._repeatable = False
        self._names = _group_names(pattern)
        self._refers = _REFERENCE.search(pattern) is not None
        self._begun = 0
        #: The number here of each group, and of the empty one at its end; see `_reference_to`.
        self._numbers: dict[int, tuple[int, int]] = {}
        self._emitted = 0

    def whole(self) -> str:
        while self._at < len(self._text):
            self._term(self._text[self._at])
        if self._open:
            raise PatternError("a group is not closed")
        return "".join(self._out)

    def _term(self, char: str) -> None:
        quantifier = _QUANTIFIER.match(self._text, self._at)
        if quantifier is not None:
            self._repeat(quantifier)
        elif char == "(":
            self._begin()
        elif char == ")":
            self._end()
        elif char in "|^$":
            self._at += 1
            self._out.append(char)
            self._repeatable = False
        else:
            text = self._atom_text(char)
            self._out.append(text)
            self._repeatable = text not in _ASSERTIONS.values()

    def _repeat(self, found: re.Match[str]) -> None:
        if not self._repeatable:
            raise PatternError(f"{found[0]!r} has nothing to repeat")
        least, most = found["least"], found["most"]
        if most and int(least) > int(most):
            raise PatternError(f"the numbers in {found[0]!r} are out of order")
        self._at = found.end()
        if least and self._at == len(self._text) and not self._open:
            self._out.append(f"{{{least}}}")  # at the end, more of it makes no difference
        else:
            self._out.append(found[0])
        self._repeatable = False

    def _begin(self) -> None:
        found = _GROUP.match(self._text, self._at)
        if found is None:
            shown = self._text[self._at : self._at + 4]
            raise PatternError(f"{shown!r} begins no group of ECMA-262")
        self._at = found.end()
        looks_around = found[0][2:3] in ("=", "!") or found[0] in ("(?<=", "(?<!")
        captures = found[0] == "(" or found["name"] is not None
        if captures:
            self._begun += 1
            self._emitted += 1
            self._numbers[self._begun] = self._emitted, 0
        self._open.append((not looks_around, self._begun if captures else None))
        self._out.append("(" if captures else found[0])
        self._repeatable = False

    def _end(self) -> None:
        if not self._open:
            raise PatternError("')' closes no group")
        self._repeatable, number = self._open.pop()
        self._at += 1
        if number is not None and self._refers:
            self._emitted += 1
            self._numbers[number] = self._numbers[number][0], self._emitted
            self._out.append("()")
        self._out.append(")")

    def _atom_text(self, char: str) -> str:
        self._at += 1
        if char == ".":
            return _ANY
        if char == "[":
            return self._class()
        if char != "\\":
            return _spelled(_code_of(char))
        char = self._text[self._at : self._at + 1]
        if char in _ASSERTIONS:
            self._at += 1
            return _ASSERTIONS[char]
        if (text := self._back_reference(char)) is not None:
            return text
        members = self._set()
        return _spelled(self._escaped()) if members is None else f"[{members}]"

    def _back_reference(self, char: str) -> str | None:
        """A reference to a group by its name or number; None where there is none."""
        if char == "k":
            found = re.compile(r"k<([^>]*)>").match(self._text, self._at)
            if found is None or found[1] not in self._names:
                raise PatternError("'\\k' names no group")
            self._at = found.end()
            return self._reference_to(self._names.index(found[1]) + 1)
        found = re.compile(r"[1-9]\d*").match(self._text, self._at)
        if found is None or int(found[0]) > len(self._names):
            return None
        self._at = found.end()
        return self._reference_to(int(found[0]))

    def _reference_to(self, number: int) -> str:
        """What a group has matched; nothing where it took no part, which the engine refuses.

        An empty group at its end has matched if it did. A group that is not closed has not matched.
        """
        group, end = self._numbers.get(number, (0, 0))
        return f"(?:\\{group}|(?!\\{end}))" if end else "(?:)"

    def _set(self) -> str | None:
        """The members that an escape stands for, where it stands for many; else None."""
        members = _SETS.get(self._text[self._at : self._at + 1])
        if members is not None:
            self._at += 1
            return members
        found = _PROPERTY.match(self._text, self._at)
        if found is not None:
            self._at = found.end()
            return f"\\{found[0]}"
        return None

    def _escaped(self) -> int:
        """The character that an escape stands for."""
        for form, kind in _CODES:
            found = form.match(self._text, self._at)
            if found is not None:
                self._at = found.end()
                return _number(found, kind)
        char = self._text[self._at : self._at + 1]
        self._at += 1
        if char in _CONTROLS:
            return _CONTROLS[char]
        if not char or (char.isascii() and char.isalpha()):
            raise PatternError(f"'\\{char}' is no escape of ECMA-262")
        return _code_of(char)

    def _class(self) -> str:
        """What stands in brackets, behind the first of them."""
        negated = self._text.startswith("^", self._at)
        self._at += negated
        items: list[str] = []
        while not self._text.startswith("]", self._at):
            first = self._member()
            is_range = self._text.startswith("-", self._at)
            if not is_range or self._text.startswith("]", self._at + 1):
                items.append(_member_text(first))
                continue
            self._at += 1
            last = self._member()
            if isinstance(first, int) and isinstance(last, int):
                items.append(_range(first, last))
            else:  # a set begins no range (Annex B)
                items += [_member_text(first), "\\-", _member_text(last)]
        self._at += 1
        inner = "".join(items)
        if not inner:
            return _EVERY if negated else _NONE
        return f"[{'^' if negated else ''}{inner}]"

    def _member(self) -> str | int:
        """One member of a class: a set, or the code of a character."""
        char = self._text[self._at : self._at + 1]
        if not char:
            raise PatternError("a class is not closed")
        self._at += 1
        if char != "\\":
            return _code_of(char)
        if self._text.startswith("b", self._at):
            self._at += 1
            return 0x08
        return self._set() or self._escaped()


def _group_names(pattern: str) -> list[str]:
    """The names of the groups that capture, by their numbers; "" for one without a name."""
    names: list[str] = []
    in_class = False
    for found in re.finditer(r"\\.|[\[\]]|\((?!\?(?!<[^=!]))(?:\?<([^>]*)>)?", pattern, re.DOTALL):
        if found[0] in "[]":
            in_class = found[0] == "["
        elif found[0][0] == "(" and not in_class:
            name = found[1] or ""
            if name and name in names:
                raise PatternError(f"two groups are called {name!r}")
            names.append(name)
    return names


def _number(found: re.Match[str], kind: str) -> int:
    if kind == "pair":
        lead, trail = int(found[1], 16), int(found[2], 16)
        return 0x10000 + ((lead - 0xD800) << 10) + (trail - 0xDC00)
    if kind == "control":
        return ord(found[1]) % 32
    if kind == "octal":
        return int(found[1], 8)
    code = int(next(filter(None, found.groups())), 16)
    if code > 0x10FFFF:
        raise PatternError(f"'\\{found[0]}' is beyond Unicode")
    return code


def _code_of(char: str) -> int:
    code = ord(char)
    if code in _SURROGATES:
        raise PatternError("it holds a lone surrogate")
    return code


def _member_text(member: str | int) -> str:
    return member if isinstance(member, str) else _range(member, member)


def _range(first: int, last: int) -> str:
    """The characters from one to another, inside of brackets; a text has no lone surrogates."""
    if first > last:
        raise PatternError("the ends of a range are out of order")
    last_below, first_above = _SURROGATES.start - 1, _SURROGATES.stop
    parts = ((first, min(last, last_below)), (max(first, first_above), last))
    return "".join(
        _in_class(low) if low == high else f"{_in_class(low)}-{_in_class(high)}"
        for low, high in parts
        if low <= high
    )


def _spelled(code: int) -> str:
    """A character outside of brackets; a lone surrogate is in no text."""
    if code in _SURROGATES:
        return _NONE
    char = chr(code)
    return char if char.isalnum() or char in _OUTSIDE else _hex(code)


def _in_class(code: int) -> str:
    char = chr(code)
    return char if char.isalnum() or char in _INSIDE else _hex(code)


def _hex(code: int) -> str:
    return f"\\x{code:02X}" if code < 0x100 else f"\\u{{{code:X}}}"
