"""The grammar of HTTP fields, in one place.

Source: RFC 9110, sections 5.5 (field values), 5.6.1 (lists), 5.6.2 (tokens), 5.6.4 (quoted
strings), 5.6.6 (parameters) and 11.6.1 (challenges).
"""

from __future__ import annotations

import re

__all__ = [
    "TCHARS",
    "is_field_value",
    "is_target",
    "is_token",
    "quoted",
    "split_challenges",
    "split_list",
    "split_parameters",
    "unquoted",
]

_QUOTED = r'"(?:[^"\\]|\\.)*"'
#: The pattern of a token.
TCHARS = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_TOKEN = re.compile(TCHARS).fullmatch
_FIELD_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*").fullmatch
_TARGET = re.compile(r"[!-~]+").fullmatch
# A quote that is not closed goes to the end: looking for its end again and again takes too long.
_ELEMENT = re.compile(r'(?:"(?:[^"\\]|\\.)*+(?:"|\Z|\\\Z)|[^",])+', re.DOTALL).findall
_PARAMETER = re.compile(rf';[ \t]*([^\s=;"]+)[ \t]*=[ \t]*({_QUOTED}|[^;]*)', re.DOTALL).findall
_PAIR = re.compile(r"\\(.)", re.DOTALL)
_WHITE = " \t"


def is_token(text: str) -> bool:
    """Whether a text can be a method, the name of a field, cookie or parameter."""
    return _TOKEN(text) is not None


def is_field_value(text: str) -> bool:
    """Whether a field can hold a text: one line of Latin-1 without control characters.

    White space around it is no part of a value (section 5.5): the recipient takes it away.
    """
    return _FIELD_VALUE(text) is not None


def is_target(text: str) -> bool:
    """Whether a text can stand in a request line: visible ASCII only."""
    return _TARGET(text) is not None


def split_list(text: str) -> list[str]:
    """The elements of a list: a comma in a quoted string parts nothing, empty elements are ignored.

    `1,,2,` has two elements, and the empty text has none (section 5.6.1.2).
    """
    parts = _ELEMENT(text) if '"' in text else text.split(",")
    return [element for part in parts if (element := part.strip(_WHITE))]


def split_parameters(text: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """What stands before the first `;`, and the parameters after it: lower-case name and value.

    Values lose their quotes. White space around `=` is tolerated, as recipients do.
    """
    first, semicolon, rest = text.partition(";")
    pairs = _PARAMETER(semicolon + rest)
    return first.strip(), tuple((name.lower(), unquoted(value.strip())) for name, value in pairs)


def split_challenges(text: str) -> list[tuple[str, dict[str, str]]]:
    """The challenges of `WWW-Authenticate`: scheme and parameters, all names in lower case.

    Reads the credentials of `Authorization` too. A token68 (section 11.2) is ignored.
    """
    found: list[tuple[str, dict[str, str]]] = []
    for element in split_list(text):
        name, equals, value = (part.strip(_WHITE) for part in element.partition("="))
        if not is_token(name) or not equals:  # a scheme begins, by itself or before a parameter
            scheme, _, name = name.replace("\t", " ").partition(" ")
            found.append((scheme.lower(), {}))
            name = name.strip()
        if found and is_token(name) and (is_token(value) or value[:1] == '"'):
            found[-1][1].setdefault(name.lower(), unquoted(value))
    return found


def unquoted(text: str) -> str:
    """The text of a quoted string; any other text as it is."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    return _PAIR.sub(r"\1", text[1:-1])


def quoted(text: str) -> str:
    """A text as a quoted string."""
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'
