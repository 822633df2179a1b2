"""The compiled engine: jsonschema-rs validators, each for one closure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..document import Document, Location
from ..errors import DocumentError, Violation
from .closure import Closure, Direction, extract
from .explain import explain
from .formats import STRING_FORMATS

__all__ = ["Validator", "compile_validator"]


class Validator:
    """A compiled schema.

    `is_valid(value) -> bool` is the fast check, straight from the compiled code. `explain` says
    why not, in words. Plain data only: dict, list, str, int, float, bool, None; ValueError for
    what is none.
    """

    __slots__ = ("_validator", "closure", "is_valid")

    def __init__(self, closure: Closure, *, formats: bool = True) -> None:
        import jsonschema_rs

        self.closure = closure
        self._validator = jsonschema_rs.Draft202012Validator(
            closure.schema,
            formats=STRING_FORMATS if formats else None,
            validate_formats=formats,
            offline=True,
        )
        self.is_valid = self._validator.is_valid

    def explain(
        self, value: Any, where: str, *, layer: str = "body", slots: bool = False
    ) -> list[Violation]:
        """Every violation of `value`; empty if it is valid. See `explain.explain`."""
        errors = self._validator.iter_errors(value)
        return explain(errors, self.closure, where, layer, slots=slots)


def compile_validator(
    document: Document,
    roots: Mapping[str, tuple[Any, Location]] | tuple[Any, Location],
    direction: Direction,
    *,
    formats: bool = True,
) -> Validator:
    """The validator of one Schema Object, or of several as an object's properties.

    A pattern that is no regular expression is noted as a problem of the document and left out.
    DocumentError if the schema can't be compiled even so.
    """
    closure = extract(document, roots, direction, formats=formats)
    try:
        return Validator(closure, formats=formats)
    except ValueError:
        _drop_bad_patterns(document, closure)
    try:
        return Validator(closure, formats=formats)
    except ValueError as error:
        place = next(iter(closure.origins.values()))
        raise DocumentError(
            f"the schema can't be compiled: {str(error).splitlines()[0]}",
            source=place.uri or None,
            pointer=place.pointer,
        ) from None


def _drop_bad_patterns(document: Document, closure: Closure) -> None:
    """Take out the patterns that no ECMA-262 engine reads; note each."""
    for name, definition in closure.schema["$defs"].items():
        stack: list[tuple[Any, Location]] = [(definition, closure.origins[name])]
        while stack:
            value, at = stack.pop()
            if isinstance(value, list):
                stack.extend((item, at.child(index)) for index, item in enumerate(value))
            if not isinstance(value, dict):
                continue
            if isinstance(pattern := value.get("pattern"), str) and (why := _fault(pattern)):
                document.note(at.child("pattern"), f"{pattern!r} is no regex: {why}", "pattern")
                del value["pattern"]
            if isinstance(named := value.get("patternProperties"), dict):
                for pattern in [p for p in named if _fault(p)]:
                    place = at.child("patternProperties", pattern)
                    document.note(place, f"{pattern!r} is no regex: {_fault(pattern)}", "pattern")
                    del named[pattern]
            stack.extend((item, at.child(key)) for key, item in value.items())


def _fault(pattern: str) -> str:
    """Why a pattern is no regular expression; empty if it is one."""
    import jsonschema_rs

    try:
        jsonschema_rs.Draft202012Validator({"pattern": pattern}, offline=True)
    except ValueError:
        try:
            re.compile(pattern)
        except re.error as error:
            return str(error)
        return "its engine can't compile it"
    return ""
