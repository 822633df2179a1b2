"""The compiled engine: jsonschema-rs validators, each for one closure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..document import Document
from ..errors import DocumentError
from ..messages import Violation
from .closure import Closure, Roots, closure_of, entry_of
from .definitions import definitions_of
from .directions import Direction
from .explain import explain
from .formats import STRING_FORMATS
from .kept import MOST_SCHEMAS, Shelf
from .patterns import ECMA_PATTERN, EcmaPattern, repair_patterns

__all__ = ["Validator", "compile_validator"]

_SHELF = Shelf(MOST_SCHEMAS)


class Validator:
    """A compiled schema.

    `is_valid(value) -> bool` is the fast check, `explain` says why not, in words. Plain data only:
    dict, list, str, int, float, bool, None; ValueError for anything else.

    It may drop its compiled form when there are too many of them (`kept.py`).
    """

    def __init__(self, closure: Closure, *, formats: bool = True, ecma: bool = False) -> None:
        self.closure = closure
        self._formats = formats
        self._ecma = ecma
        self._compiled: Any = None
        self._compile()

    def _compile(self) -> Any:
        import jsonschema_rs

        closure = self.closure
        # A validator that may call Python is slower at every value, whether it does or not.
        ours = {name: STRING_FORMATS[name] for name in closure.formats & STRING_FORMATS.keys()}
        compiled = self._compiled = jsonschema_rs.Draft202012Validator(
            closure.schema,
            formats=ours or None,
            validate_formats=self._formats,
            offline=True,
            keywords={ECMA_PATTERN: EcmaPattern} if self._ecma else None,
        )
        # Goes before the method of this name: a call is then one of compiled code.
        self.__dict__["is_valid"] = compiled.is_valid
        _SHELF.add(self, closure.size)
        return compiled

    def drop(self) -> None:
        """Drop the compiled form; the next use makes it again."""
        self.__dict__.pop("is_valid", None)
        self._compiled = None

    def is_valid(self, value: Any) -> bool:
        """Whether the schema allows a value."""
        return bool((self._compiled or self._compile()).is_valid(value))

    def explain(
        self, value: Any, where: str, *, layer: str = "body", slots: bool = False
    ) -> list[Violation]:
        """Every violation of `value`; empty if it is valid. See `explain.explain`."""
        errors = (self._compiled or self._compile()).iter_errors(value)
        return explain(errors, self.closure, where, layer, slots=slots)


def compile_validator(
    document: Document, roots: Roots, direction: Direction, *, formats: bool = True
) -> Validator:
    """The validator of one Schema Object, or of several as an object's properties.

    A pattern that is no regular expression is noted as a problem and left out.
    DocumentError if the schema can't be compiled even so.
    """
    definitions = definitions_of(document, direction, formats)
    entry = entry_of(document, definitions, roots)
    validator = definitions.validators.get(entry)
    if validator is None:
        closure = closure_of(document, definitions, entry)
        try:
            made = _compiled(document, closure, formats)
            validator = definitions.validators.setdefault(entry, made)
        except ValueError as error:
            _, place = next(iter(roots.values())) if isinstance(roots, Mapping) else roots
            raise DocumentError(
                f"the schema can't be compiled: {str(error).splitlines()[0]}",
                source=place.uri or None,
                pointer=place.pointer,
            ) from None
    return validator


def _compiled(document: Document, closure: Closure, formats: bool) -> Validator:
    try:
        return Validator(closure, formats=formats)
    except ValueError:
        return Validator(repair_patterns(document, closure), formats=formats, ecma=True)
