"""Every operation of a document, by name.

An operation's name is its operationId. Where the document gives none, the name is made of method
and path: `GET /jobs/{id}` is `get_jobs_id`. Where two operations share an operationId, the first
keeps it and the next ones get `_2`, `_3`, …: that is told as a problem.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from ..document import Document, Location
from ..errors import DocumentError, UnknownOperation
from ..redaction import DEFAULT_REDACTOR, Redactor
from .names import snake_case
from .operation import Operation

__all__ = ["Operations"]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


class Operations(Mapping[str, Operation]):
    """The operations of a document: iterates over names, in the document's order.

    `operations[key]` takes an exact name, its snake_case alias where only one operation has it,
    or `"METHOD /path/template"`. UnknownOperation, with the nearest names, for anything else.
    """

    def __init__(self, document: Document, redactor: Redactor = DEFAULT_REDACTOR) -> None:
        self._document = document
        self._redactor = redactor
        self._by_name: dict[str, Operation] = {}
        self._by_path: dict[str, Operation] = {}
        self._aliases: dict[str, str | None] | None = None
        for method, path, item, item_at in _entries(document):
            self._add(method, path, item, item_at)

    def _add(self, method: str, path: str, item: Mapping[str, Any], item_at: Location) -> None:
        value, at = item[method], item_at.child(method)
        if not isinstance(value, Mapping):
            self._document.note(at, "an operation is an object; it is ignored", "operation")
            return
        name = self._name(method, path, value, at)
        operation = Operation(
            self._document, name, method.upper(), path, value, at, item, item_at, self._redactor
        )
        self._by_name[name] = operation
        self._by_path[f"{operation.method} {path}"] = operation

    def _name(self, method: str, path: str, value: Mapping[str, Any], at: Location) -> str:
        declared = value.get("operationId")
        if isinstance(declared, str) and declared:
            if declared not in self._by_name:
                return declared
            name = self._free(declared)
            self._document.note(
                at.child("operationId"),
                f"operationId {declared!r} is taken already; this one is called {name!r}",
                "operation-id",
            )
            return name
        return self._free(snake_case(f"{method}_{path}"))

    def _free(self, stem: str) -> str:
        name, number = stem, 2
        while name in self._by_name:
            name, number = f"{stem}_{number}", number + 1
        return name

    @property
    def aliases(self) -> Mapping[str, str | None]:
        """snake_case alias → name; None where several operations would have the alias."""
        if self._aliases is None:
            aliases: dict[str, str | None] = {}
            for name in self._by_name:
                alias = snake_case(name)
                aliases[alias] = None if alias in aliases else name
            self._aliases = aliases
        return self._aliases

    def __getitem__(self, key: str) -> Operation:
        found = self._by_name.get(key) or self._by_path.get(key)
        if found is not None:
            return found
        if not isinstance(key, str):
            raise UnknownOperation(repr(key), title=self._document.title)
        method, _, path = key.partition(" ")
        found = self._by_path.get(f"{method.upper()} {path.strip()}")
        if found is not None:
            return found
        name = self.aliases.get(key)
        if name is not None:
            return self._by_name[name]
        raise UnknownOperation(key, self._nearest(key), title=self._document.title)

    def _nearest(self, key: str) -> list[str]:
        alias = snake_case(key)
        shared = [name for name in self._by_name if snake_case(name) == alias]
        if shared:
            return shared
        pool = [*self._by_path] if " " in key else [*self._by_name]
        return difflib.get_close_matches(key, pool, n=3)

    def __contains__(self, key: object) -> bool:
        try:
            return isinstance(key, str) and self[key] is not None
        except UnknownOperation:
            return False

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def __repr__(self) -> str:
        return f"<{len(self)} operations of {self._document.title or 'a document'}>"


def _entries(document: Document) -> Iterator[tuple[str, str, Mapping[str, Any], Location]]:
    """(method, path, path item, its place) of every operation; broken path items are noted."""
    paths = document.data.get("paths")
    at = document.resources.root.child("paths")
    if not isinstance(paths, Mapping):
        if paths is not None or document.dialect == "3.0":
            document.note(at, "`paths` must be an object", "paths")
        return
    for path, value in paths.items():
        if not isinstance(path, str) or not path.startswith("/"):
            if not str(path).startswith("x-"):
                document.note(at.child(path), "a path starts with '/'; it is ignored", "paths")
            continue
        try:
            item, place = _path_item(document, value, at.child(path))
        except DocumentError as error:
            document.note(at.child(path), error.problem, "path-item")
            continue
        if not isinstance(item, Mapping):
            document.note(place, "a path item is an object; it is ignored", "path-item")
            continue
        for method in METHODS:
            if method in item:
                yield method, path, item, place


def _path_item(document: Document, value: Any, at: Location) -> tuple[Any, Location]:
    if isinstance(value, Mapping) and "$ref" in value and len(value) == 1:
        return document.resources.follow(value, at)
    return value, at
