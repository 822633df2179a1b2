"""A Schema Object and all it refers to, as one small self-contained JSON Schema.

Only what a schema reaches is taken, and every `$ref` becomes a `$ref` into the closure's own
`$defs`: a validator compiled from it needs no document, no network, and knows no other operation.
The entries of `$defs` are the document's definitions (`definitions.py`), which closures share.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Set
from typing import Any, TypeAlias

from ..document import Document, Node
from ..remedies import give
from ..validation import ALL_FORMATS
from .definitions import Definition, Definitions, definitions_of
from .directions import Direction
from .effort import endless_name
from .translation import Facts, Translated

__all__ = ["Closure", "Entry", "closure_of", "extract"]


class Closure(Facts, kw_only=True):
    """A self-contained schema, and where its parts stand in the document.

    schema       JSON Schema 2020-12; its root is a `$ref` into its `$defs`, or an object of such.
                 Its parts belong to other closures too: whoever changes one changes a copy
    definitions  the definitions of the document by name, those in `$defs` among them: the place
                 and the untranslated Schema Object of each
    rings        names of the entries that apply themselves to the same value
    most         how many errors may come of one value, and be explained one by one
    home         the URI of the document; places in other files have the file's own
    """

    schema: dict[str, Any]
    definitions: Mapping[str, Definition]
    rings: Set[str]
    most: int
    home: str


#: What asks for a closure, and what compiles it, come one after the other.
_MOST_RECENT = 16
#: JSON Schema 2020-12 core, section 9.4.1: the behaviour is undefined.
_RING = "the schema applies itself to the same value, over $ref, allOf or the like; that is ignored"

#: What an error takes, in values of a document (`Trust.max_nodes`).
_NODES_FOR_AN_ERROR = 10_000

#: Where a closure is entered, by definitions: the name of one, or (property, name) pairs. Equal
#: entries of one document make equal closures.
Entry: TypeAlias = str | tuple[tuple[str, str], ...]


def extract(root: Node, direction: Direction) -> Closure:
    """The closure of a Schema Object.

    DocumentError if a `$ref` leads nowhere; what else is wrong with the document is noted as
    problems and ignored.
    """
    definitions = definitions_of(root.document, direction, ALL_FORMATS)
    return closure_of(root.document, definitions, definitions.meant(root))


def closure_of(document: Document, definitions: Definitions, root: Entry) -> Closure:
    """The closure of a root; see `extract`."""
    recent = definitions.recent
    if (known := recent.get(root)) is None:
        if len(recent) >= _MOST_RECENT:
            recent.clear()
        known = recent[root] = _closure_of(document, definitions, root)
    return known


def _closure_of(document: Document, definitions: Definitions, root: Entry) -> Closure:
    schema: dict[str, Any]
    if isinstance(root, str):
        schema = {"$ref": f"#/$defs/{root}"}
        reached = _reached(document, definitions, (root,))
    else:
        properties = {key: {"$ref": f"#/$defs/{name}"} for key, name in root}
        schema = {"type": "object", "properties": properties}
        reached = _reached(document, definitions, (name for _, name in root))
    rings: set[str] = set()
    applied = {name: each.applied for name, each in reached.items()}
    fault = endless_name(applied, document.resources.trust.max_nodes, rings)
    for name in rings:
        document.note(definitions.by_name[name].at, _RING, "recursion")
    if fault is not None:
        reason = "the schema would be judged too many times over for one value"
        raise definitions.by_name[fault].at.error(reason)
    schema["$defs"] = {name: each.schema for name, each in reached.items()}
    closure = Closure(
        schema=schema,
        definitions=definitions.by_name,
        rings=rings,
        most=document.resources.trust.max_nodes // _NODES_FOR_AN_ERROR,
        home=document.uri,
    )
    for each in reached.values():
        closure.add(each)
    return closure


def _reached(
    document: Document, definitions: Definitions, names: Iterable[str]
) -> dict[str, Translated]:
    """Every definition that these names lead to, the nearest first."""
    most = document.resources.trust.max_references
    found: dict[str, Translated] = {}
    met: set[str] = set()
    waiting: deque[str] = deque()

    def meet(names: Iterable[str]) -> None:
        for name in names:
            if name not in met:
                if len(met) >= most:
                    reason = f"a schema reaches more than {len(met)} others"
                    remedy = give(trust={"max_references": ...})
                    raise definitions.by_name[name].at.error(reason, remedy)
                met.add(name)
                waiting.append(name)

    meet(names)
    while waiting:
        name = waiting.popleft()
        found[name] = definitions.translated(document, name)
        meet(found[name].references)
    if (start := _in_a_ring(found)) is not None:
        raise definitions.by_name[start].at.error("the chain of $refs from here never ends")
    return found


def _in_a_ring(found: Mapping[str, Translated]) -> str | None:
    """The first definition from which a chain of nothing but `$ref`s never ends; None if none."""
    ending: set[str] = set()
    name: str | None
    for start in found:
        passed: set[str] = set()
        name = start
        while name is not None and name not in ending:
            if name in passed:
                return start
            passed.add(name)
            name = found[name].stands_for
        ending |= passed
    return None
