"""The compiled engine: jsonschema-rs validators, each for one closure.

How many schemas stay compiled is bounded, for the whole process. A compiled schema takes about 1 KB
for each subschema in it. Where the schemas of a document refer to each other in rings, each large
operation compiles most of them: all operations of Microsoft Graph would take 3 GB. What was
compiled first is dropped first, and compiled again when it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Protocol
from weakref import ref

from msgspec import structs

from ..document import Node
from ..document.pointer import join
from ..locking import new_lock
from ..messages import Violation
from ..validation import ALL_FORMATS, Formats
from .closure import Closure, Entry, closure_of
from .definitions import definitions_of
from .directions import SECRET, Direction
from .effort import is_endless, is_marked, narrowed
from .formats import STRING_FORMATS, checked
from .patterns import options

__all__ = ["Judge", "Shelf", "Validator", "compile_validator"]

#: How many subschemas stay compiled in one process: 200 MB, or every operation of most documents.
_MOST_SCHEMAS = 200_000


class Shelf:
    """Compiled schemas and their sizes, in the order in which they were compiled.

    It keeps nothing alive. Threads may share it.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = new_lock()
        self._sizes: dict[ref[Validator], int] = {}
        self._total = 0

    def add(self, kept: Validator, size: int) -> None:
        """Note that something was compiled; drop what is too much, the oldest first."""
        with self._lock:
            self._sizes[ref(kept)] = size
            self._total += size
            dropped = self._surplus(kept) if self._total > self._limit else []
        for each in dropped:
            each.drop()

    def _surplus(self, newest: Validator) -> list[Validator]:
        """What has to go so that a quarter of the limit is free; `newest` stays in any case.

        What is gone by itself is noticed here: a callback could come while the lock is held.
        """
        living = [(each, size) for key, size in self._sizes.items() if (each := key()) is not None]
        total = sum(size for _, size in living)
        dropped = []
        if total > self._limit:
            while living[0][0] is not newest and total > self._limit * 3 // 4:
                each, size = living.pop(0)
                dropped.append(each)
                total -= size
        self._sizes = {ref(each): size for each, size in living}
        self._total = total
        return dropped


_SHELF = Shelf(_MOST_SCHEMAS)


class Judge(Protocol):
    """What tells whether data is valid, and why not; a `Validator` is one."""

    @property
    def is_valid(self) -> Callable[[Any], bool]:
        """The fast check. ValueError or TypeError for what is no plain data."""

    def explain(
        self, value: Any, where: str, *, layer: str = "body", slots: bool = False
    ) -> list[Violation]:
        """Every violation; empty if the value is valid."""


class Validator:
    """A compiled schema.

    `is_valid(value) -> bool` is the fast check, `explain` says why not, in words. Plain data only:
    dict, list, str, int, float, bool, None; ValueError for anything else.

    It may drop its compiled form when there are too many of them (`Shelf`). ValueError for a
    closure that can't be compiled; with `later` it is known that it can, and the first use does.
    """

    def __init__(
        self, closure: Closure, formats: Formats = ALL_FORMATS, *, later: bool = False
    ) -> None:
        self.closure = closure
        self.formats = formats
        self._compiled: Any = None
        if not later:
            self._compile()

    def _compile(self) -> Any:
        import jsonschema_rs

        closure = self.closure
        # A validator that may call Python is slower at every value, whether it does or not.
        known = STRING_FORMATS | {name: checked(check) for name, check in self.formats.checks}
        used = {name: known[name] for name in closure.formats & known.keys()}
        compiled = self._compiled = jsonschema_rs.Draft202012Validator(
            closure.schema,
            formats=used or None,
            validate_formats=self.formats.off is not None,
            offline=True,
            pattern_options=options(),
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
        from .explain import explain  # only for what is wrong, as below
        from .fault import Judged

        if not self.is_endless(value):
            compiled = self._compiled or self._compile()
            judged = Judged(self.closure, value, self._part, self.hides)
            return explain(compiled.iter_errors(value), judged, where, layer, slots=slots)
        return [] if self.is_valid(value) else self._innermost(value, where, layer, slots)

    def is_endless(self, value: Any) -> bool:
        """Whether collecting all errors of a value would take more than `Trust` allows."""
        return is_endless(self.closure.schema, self._definitions, value, self.closure.most)

    def hides(self, path: Sequence[str | int]) -> bool:
        """Whether what a path into a value leads to must not be shown."""
        closure = self.closure
        return bool(closure.hidden) and is_marked(closure.schema, self._definitions, path, SECRET)

    def _innermost(self, value: Any, where: str, layer: str, slots: bool) -> list[Violation]:
        """The violations of the part of a value that is to blame; see `narrowed`."""
        from .explain import explain, unexplained
        from .fault import Judged

        @cache
        def check_by(reference: str) -> Callable[[Any], bool]:
            return self._with_root({"$ref": reference}).is_valid

        blamed = narrowed(self.closure.schema, self._definitions, value, check_by)
        judged = Judged(self.closure, blamed.value, self._part, self.hides, blamed.path)
        if is_endless(blamed.schema, self._definitions, blamed.value, self.closure.most):
            return [unexplained(blamed.schema, judged, where, layer, slots=slots)]
        errors = self._with_root(blamed.schema)._compile().iter_errors(blamed.value)
        return explain(errors, judged, where, layer, slots=slots)

    def _part(self, path: Sequence[str | int]) -> Callable[[Any], bool]:
        """The fast check by a part of the schema, by the tokens that lead to it."""
        return self._with_root({"$ref": f"#{join(path)}"}).is_valid

    def _with_root(self, root: dict[str, Any]) -> Validator:
        schema = {**root, "$defs": self._definitions}
        return Validator(structs.replace(self.closure, schema=schema), self.formats)

    @property
    def _definitions(self) -> dict[str, Any]:
        definitions: dict[str, Any] = self.closure.schema["$defs"]
        return definitions


def compile_validator(
    roots: Node | Mapping[str, Node], direction: Direction, *, formats: Formats = ALL_FORMATS
) -> Validator:
    """The validator of one Schema Object, or of several as an object's properties.

    DocumentError if the schema can't be compiled.
    """
    root = roots if isinstance(roots, Node) else next(iter(roots.values()))
    definitions = definitions_of(root.document, direction, formats)
    entry: Entry = (
        definitions.meant(root)
        if isinstance(roots, Node)
        else tuple((name, definitions.meant(each)) for name, each in roots.items())
    )
    key = (entry, formats.checks)
    validator = definitions.validators.get(key)
    if validator is None:
        closure = closure_of(root.document, definitions, entry)
        names = closure.schema["$defs"].keys()
        try:
            made = Validator(closure, formats, later=names <= definitions.proven)
        except ValueError as error:
            reason = f"the schema can't be compiled: {str(error).splitlines()[0]}"
            raise root.at.error(reason) from None
        definitions.proven.update(names)
        validator = definitions.validators.setdefault(key, made)
    return validator
