"""Patterns that the validator's own regex engine refuses, though ECMA-262 has them.

JSON Schema asks for ECMA-262 regular expressions. jsonschema-rs translates most of them; the rest
(named back references, `[^]`, `a{,3}`, very long repetitions) are matched by regress, an engine
made for ECMA-262. What that refuses too is no regular expression, and is told as a problem.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from functools import lru_cache
from typing import Any

from ..document import Document, Location
from .closure import Closure

__all__ = ["ECMA_PATTERN", "EcmaPattern", "repair_patterns"]

#: The keyword that a pattern moves to when the validator's own engine refuses it.
ECMA_PATTERN = "x-ecma-pattern"


class EcmaPattern:
    """The custom keyword: a pattern, matched by regress."""

    def __init__(self, _: dict[str, Any], value: str, __: list[str | int]) -> None:
        self._regex = _compiled(value)

    def validate(self, instance: Any) -> None:
        """ValueError if a string does not match; other types pass, as `pattern` means it."""
        if isinstance(instance, str) and self._regex.find(instance) is None:
            raise ValueError("the pattern does not match")


def _compiled(pattern: str) -> Any:
    import regress

    try:
        return regress.Regex(pattern, "u")
    except regress.RegressError:
        # Annex B of ECMA-262: what browsers accept without the `u` flag.
        return regress.Regex(pattern)


#: Keywords that hold schemas by names of the document's own, and those that hold data.
_NAMED = frozenset({"properties", "patternProperties", "dependentSchemas"})
_DATA = frozenset({"enum", "const"})


def repair_patterns(document: Document, closure: Closure) -> Closure:
    """The closure with our keyword for what jsonschema-rs refuses, without what no engine reads.

    What no engine reads is noted.
    """
    definitions = {
        name: _repaired(document, definition, closure.origins[name])
        for name, definition in closure.schema["$defs"].items()
    }
    return replace(closure, schema={**closure.schema, "$defs": definitions})


def _repaired(document: Document, definition: Any, at: Location) -> Any:
    """The definition itself, which other closures share, or a copy if something has to change."""
    copy = deepcopy(definition)
    stack: list[tuple[Any, Location, bool]] = [(copy, at, False)]
    while stack:
        value, at, is_named = stack.pop()
        if isinstance(value, list):
            stack.extend((item, at.child(index), False) for index, item in enumerate(value))
        elif isinstance(value, dict):
            if not is_named:
                _repair(document, value, at)
            stack.extend(
                (item, at.child(key), not is_named and key in _NAMED)
                for key, item in value.items()
                if is_named or key not in _DATA
            )
    return definition if copy == definition else copy


def _repair(document: Document, schema: dict[str, Any], at: Location) -> None:
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and not _is_native(pattern):
        del schema["pattern"]
        fault = _fault(pattern)
        if fault:
            document.note(at.child("pattern"), f"{pattern!r} is no regex: {fault}", "pattern")
        else:
            schema[ECMA_PATTERN] = pattern
    named = schema.get("patternProperties")
    if isinstance(named, dict):
        for key in [key for key in named if not _is_native(key)]:
            place = at.child("patternProperties", key)
            reason = _fault(key) or "the validator's engine can't use it for names"
            document.note(place, f"{key!r} is not used: {reason}", "pattern")
            del named[key]


@lru_cache(maxsize=256)
def _is_native(pattern: str) -> bool:
    import jsonschema_rs

    try:
        jsonschema_rs.Draft202012Validator({"pattern": pattern}, offline=True)
    except ValueError:
        return False
    return True


def _fault(pattern: str) -> str:
    """Why a pattern is no regular expression; empty if it is one."""
    import regress

    try:
        _compiled(pattern)
    except regress.RegressError as error:
        return str(error)
    return ""
