"""Every operation of a document, by name.

An operation's name is its operationId. Where the document gives none, the name is made of method
and path: `GET /jobs/{id}` is `get_jobs_id`. Where two operations share an operationId, the first
keeps it and the next ones get `_2`, `_3`, …, and the document a problem.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from copy import copy
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import structs

from ..document import Document, Location, Node
from ..errors import DocumentError, NotLoaded, UnknownOperation
from ..redaction import DEFAULT_REDACTOR, Redactor
from .content.registry import CODECS, Registry
from .encoders import Encoders
from .names import is_unicode, snake_case
from .operation import Operation

if TYPE_CHECKING:
    from .only import Only

__all__ = ["Operations"]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
#: What OpenAPI 3.2 adds to a Path Item Object: the `query` method.
METHODS_32 = (*METHODS, "query")


class Operations(Mapping[str, Operation]):
    """The operations of a document: iterates over names, in the document's order.

    `operations[key]` takes an exact name, its snake_case alias where only one operation has it,
    or `"METHOD /path/template"`. UnknownOperation, with the nearest names, for anything else.
    `only` selects the operations; names and aliases are the same with and without it.
    ValueError if it names what the document does not have. `codecs` are those of bodies
    (`CODECS.with_codecs([...])`), `encoders` make plain data of the caller's own types.
    """

    def __init__(
        self,
        document: Document,
        redactor: Redactor = DEFAULT_REDACTOR,
        only: Only | None = None,
        *,
        codecs: Registry = CODECS,
        encoders: Encoders | None = None,
    ) -> None:
        self._document = document
        self._redactor = redactor
        self._codecs = codecs
        self._encoders = encoders
        self._by_name: dict[str, Operation] = {}
        self._by_path: dict[str, Operation] = {}
        self._aliases: dict[str, str | None] | None = None
        entries = list(_entries(document))
        #: What the document itself calls operations: no made-up name takes one of these.
        self._declared = frozenset(filter(None, map(_declared_id, entries)))
        self._numbers: dict[str, int] = {}
        for entry in entries:
            self._add(entry)
        if only is not None:
            self._keep(only.chosen(self._by_name))

    @property
    def redactor(self) -> Redactor:
        """Knows what no request to the service may show, whichever operation it belongs to."""
        return structs.replace(self._redactor, codecs=self._codecs)

    def _keep(self, names: Iterable[str]) -> None:
        """Forget all but these operations."""
        aliases = self.aliases
        self._by_name = {name: self._by_name[name] for name in names}
        # What two share among all stays nobody's.
        self._aliases = {k: v for k, v in aliases.items() if v is None or v in self._by_name}
        kept = set(self._by_name.values())
        self._by_path = {path: each for path, each in self._by_path.items() if each in kept}

    def by_tag(self) -> dict[str, Operations]:
        """The operations of each tag, under `""` those without one.

        In the order of the document's `tags`, then of the operations. An operation is under each
        of its tags. Source: OpenAPI 3.1.1, section "Tag Object".
        """
        declared = self._document.data.get("tags")
        names: dict[str, list[str]] = {}
        for entry in declared if isinstance(declared, list) else ():
            if isinstance(entry, Mapping) and isinstance(entry.get("name"), str):
                names[entry["name"]] = []
        for name, operation in self._by_name.items():
            for tag in operation.tags or ("",):
                names.setdefault(tag, []).append(name)
        return {tag: self._restricted(listed) for tag, listed in names.items() if listed}

    def _restricted(self, names: Iterable[str]) -> Operations:
        part = copy(self)
        part._keep(names)
        return part

    def _add(self, entry: _Entry) -> None:
        if not isinstance(entry.node.value, Mapping):
            entry.node.note("an operation is an object; it is ignored", "operation")
            return
        if "$ref" in entry.node.value:
            reason = "an operation can't be a $ref, only its path item can; it is ignored"
            entry.node.child("$ref").note(reason, "operation")
            return
        name = self._name(entry)
        operation = Operation(
            entry.node,
            name,
            entry.method,
            entry.path,
            entry.layers,
            self._redactor,
            self._codecs,
            self._encoders,
        )
        self._by_name[name] = operation
        self._by_path[f"{operation.method} {entry.path}"] = operation

    def _name(self, entry: _Entry) -> str:
        declared = _declared_id(entry)
        if not declared:
            return self._free(snake_case(f"{entry.method.lower()}_{entry.path}"))
        if declared not in self._by_name:
            return declared
        name = self._free(declared)
        reason = f"operationId {declared!r} is taken already; this one is called {name!r}"
        entry.node.child("operationId").note(reason, "operation-id")
        return name

    def _free(self, stem: str) -> str:
        name, number = stem, self._numbers.get(stem, 2)
        while name in self._by_name or name in self._declared:
            name, number = f"{stem}_{number}", number + 1
        self._numbers[stem] = number
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
        method, _, path = key.partition(" ")  # "get /jobs" will do as well
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
        import difflib

        return difflib.get_close_matches(key, pool, n=3)

    def get(self, key: str, default: Any = None) -> Any:
        """The operation, or `default` where there is none. (Mapping's own expects KeyError.)"""
        try:
            return self[key]
        except UnknownOperation:
            return default

    def __contains__(self, key: object) -> bool:
        try:
            return isinstance(key, str) and self[key] is not None
        except UnknownOperation:
            return False

    def _repr_html_(self) -> str:
        """For notebooks: every operation, a row each."""
        from ..html import table

        rows = [(each.name, f"{each.method} {each.path}") for each in self.values()]
        return table(("operation", "request"), rows)

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def __repr__(self) -> str:
        return f"<{len(self)} operations of {self._document.title or 'a document'}>"


class _Entry(NamedTuple):
    """An operation where it stands, and the path item around it, in layers."""

    method: str
    path: str
    node: Node
    layers: tuple[Node, ...]


def _declared_id(entry: _Entry) -> str | None:
    declared = entry.node.get("operationId")
    return declared if isinstance(declared, str) else None


def _entries(document: Document) -> Iterator[_Entry]:
    """Every operation of a document; broken path items are noted."""
    paths = Node.root(document).child("paths")
    if not isinstance(paths.value, dict):
        if paths.value is not None or document.dialect == "3.0":
            paths.note("`paths` must be an object", "paths")
        return
    endless: set[Location] = set()
    for path, item in paths.items():
        if not isinstance(path, str) or not path.startswith("/") or not is_unicode(path):
            if not str(path).startswith("x-"):
                item.note("a path is a text that starts with '/'; it is ignored", "paths")
            continue
        try:
            yield from _of_path_item(path, item, endless)
        except NotLoaded:
            raise
        except DocumentError as error:
            item.note(error.problem, "path-item")


def _of_path_item(path: str, item: Node, endless: set[Location]) -> Iterator[_Entry]:
    """The operations of a Path Item Object."""
    layers = tuple(_layers(item, endless))
    is_32 = item.document.dialect == "3.2"
    for method in METHODS_32 if is_32 else METHODS:
        found = next((layer for layer in layers if method in layer.value), None)
        if found is not None:
            yield _Entry(method.upper(), path, found.child(method), layers)
    taken: set[str] = set()
    for layer in layers if is_32 else ():
        for method, operation in layer.items("additionalOperations"):
            # The name is the method as it is sent: unlike a field's, its case counts.
            if method not in taken:
                taken.add(method)
                yield _Entry(str(method), path, operation, layers)


def _layers(item: Node, endless: set[Location]) -> Iterator[Node]:
    """A path item, then what its `$ref` leads to, and so on; what comes first counts.

    The specification leaves open what stands beside a `$ref`, and publishers mean it. `endless`
    remembers rings: whoever enters a long one elsewhere need not walk it again.
    """
    seen: set[Location] = set()
    while True:
        if not isinstance(item.value, dict):
            item.note("a path item is an object; it is ignored", "path-item")
            return
        yield item
        if item.reference is None:
            return
        seen.add(item.at)
        item = item.resolve(item.reference)
        if item.at in seen or item.at in endless:
            endless |= seen
            raise DocumentError("the chain of $refs from here never ends", pointer=item.at.pointer)


def _compile_all(document: Document) -> None:
    """Compile every operation of a document, which notes what breaks them."""
    for operation in Operations(document).values():
        with suppress(DocumentError):
            operation.compile()


Document.examiners.append(_compile_all)
