"""Python names for what a document names in its own way."""

from __future__ import annotations

import keyword
import re

__all__ = ["TAKEN", "is_unicode", "python_name", "snake_case"]

#: What a call itself takes: an argument of such a name gets the name of its place in front.
TAKEN = frozenset({"body", "options"})

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SEPARATORS = re.compile(r"[^0-9A-Za-z]+")


def snake_case(name: str) -> str:
    """`IBM-API-Version` → `ibm_api_version`, `listPets` → `list_pets`, `repos/get` → `repos_get`.

    Always an identifier, and never a reserved word: those get a trailing `_`; a leading digit
    gets a leading `_`.
    """
    words = _SEPARATORS.sub("_", _WORD_START.sub("_", name)).strip("_").lower()
    return _legal(words or "_")


def python_name(wire_name: str) -> str:
    """The wire name where it is an identifier already, else its snake_case form."""
    return _legal(wire_name) if wire_name.isidentifier() else snake_case(wire_name)


def _legal(name: str) -> str:
    if keyword.iskeyword(name):
        return f"{name}_"
    return f"_{name}" if name[0].isdigit() else name


def is_unicode(text: str) -> bool:
    """Whether a text has no lone surrogate, which no URL and no field can hold."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)
