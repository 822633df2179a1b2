"""Which operations of a document a client has: a filter by tags, paths and names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .operation import Operation

__all__ = ["Only"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Only:
    """The operations that have one of the tags, stand under one of the paths, or are named.

    tags        names of tags
    paths       path templates; `*` stands for any text: `"/jobs*"`
    operations  names of operations, or `"METHOD /path/template"`

    Each is an iterable of texts. TypeError for one text in its place.
    """

    tags: Iterable[str] = ()
    paths: Iterable[str] = ()
    operations: Iterable[str] = ()

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, str):
                raise TypeError(f"Only({each.name}=...) is a list of texts, not {value!r} alone")
            object.__setattr__(self, each.name, tuple(value))

    def chosen(self, operations: Mapping[str, Operation]) -> list[str]:
        """The names of those that stay, in their order.

        ValueError for an entry that none of the operations matches.
        """
        matched: set[tuple[str, str]] = set()
        names = []
        for name, operation in operations.items():
            found = set(self._matching(name, operation))
            matched |= found
            if found:
                names.append(name)
        given = [(each.name, entry) for each in fields(self) for entry in getattr(self, each.name)]
        if missed := [
            f"{field}: {entry!r}" for field, entry in given if (field, entry) not in matched
        ]:
            raise ValueError(f"only=: the document has nothing for {', '.join(missed)}")
        return names

    def _matching(self, name: str, operation: Operation) -> Iterator[tuple[str, str]]:
        """The entries, each with its field, that an operation matches."""
        known = {name, operation.operation_id, f"{operation.method} {operation.path}"}
        yield from (("tags", tag) for tag in self.tags if tag in operation.tags)
        for pattern in self.paths:
            if re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), operation.path):
                yield "paths", pattern
        yield from (("operations", entry) for entry in self.operations if entry in known)
