"""Every Schema Object of a document that something has reached: named once, translated once.

Operations share most of what they reach. So the closures of one document share its definitions: a
name in `$defs` means the same schema in all of them, and stands for the same Python objects.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakValueDictionary

from msgspec import Struct

from ..document import Document, Location, Node
from ..locking import new_lock
from ..validation import Formats
from .directions import Direction
from .translation import Scope, Translated, translate

if TYPE_CHECKING:
    from .compiled import Validator

__all__ = ["Definition", "Definitions", "definitions_of"]

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]+")


class Definition(Struct):
    """An entry of `$defs`: a Schema Object, its place, and the dynamic anchors in force there.

    `translated` is there once somebody has needed it.
    """

    name: str
    source: Any
    at: Location
    scope: Scope
    translated: Translated | None = None


class Definitions:
    """The definitions of one document, for one direction and the formats that are off.

    They hold what the document holds, never the document, which whoever asks brings along: it
    shall be gone with the last who uses it. They refer to each other by name, for the same reason.

    Threads may share them: two that translate the same schema at once get the same.

    by_name     the definitions
    proven      names of those that have been compiled, so that they can be
    recent      closures of late, by entry; see `closure`
    validators  what was compiled of them, by entry and checks of formats. Operations declare the
                same errors and parameters, so one validator serves all who ask for the same. It is
                theirs; here it is only remembered for as long as one of them lives
    """

    def __init__(self, direction: Direction, formats: Formats) -> None:
        self._direction: Direction = direction
        self._formats = formats
        self.by_name: dict[str, Definition] = {}
        self.recent: dict[Any, Any] = {}
        self.proven: set[str] = set()
        self._by_place: dict[tuple[Location, Scope], Definition] = {}
        self._naming = new_lock()
        self.validators: WeakValueDictionary[Any, Validator] = WeakValueDictionary()

    def name(self, node: Node, scope: Scope = ()) -> str:
        """The name of a schema that is met in a scope."""
        document, schema, at = node
        scope = _extended(document, scope, at)
        known = self._by_place.get((at, scope))
        if known is not None and _is_same(known.source, schema):
            return known.name
        with self._naming:
            known = self._by_place.get((at, scope))
            if known is None or not _is_same(known.source, schema):
                known = Definition(self._free_name(at), schema, at, scope)
                self.by_name[known.name] = self._by_place[at, scope] = known
        return known.name

    def _free_name(self, at: Location) -> str:
        stem = _NOT_IN_NAMES.sub("_", at.pointer.rpartition("/")[2]) or "root"
        name, number = stem, len(self.by_name)
        while name in self.by_name:
            name = f"{stem}.{number}"
            number += 1
        return name

    def translated(self, document: Document, name: str) -> Translated:
        """The translation of a definition. DocumentError if one of its `$ref`s leads nowhere."""
        definition = self.by_name[name]
        if definition.translated is None:
            definition.translated = translate(
                Node(document, definition.source, definition.at),
                definition.scope,
                self._direction,
                self._formats,
                self.name,
            )
        return definition.translated

    def meant(self, root: Node) -> str:
        """The name of what a schema stands for: past every one that is nothing but a `$ref`.

        Its own, if that leads round in a ring or further than the policy allows.
        """
        most = root.document.resources.trust.max_references
        name = last = self.name(root)
        passed = {name}
        while (following := self.translated(root.document, last).stands_for) is not None:
            if following in passed or len(passed) >= most:
                return name
            passed.add(following)
            last = following
        return last


def _is_same(known: Any, schema: Any) -> bool:
    """Whether a place still holds the same schema.

    What a document lacks is made up (the schema of a placeholder that nothing declares) and may be
    given the place of something else. Python finds 1 and True equal, JSON does not.
    """
    return known is schema or (known == schema and repr(known) == repr(schema))


def _extended(document: Document, scope: Scope, at: Location) -> Scope:
    """The dynamic scope once the resource around `at` is entered: what is bound stays bound.

    Source: JSON Schema 2020-12 core, sections 7.1 and 8.2.3.2. A `$dynamicRef` is thereby
    settled here, once for each scope it can be met in, and none is left to the validator.
    """
    anchors = document.resources.dynamic_anchors(at)
    bound = {name for name, _ in scope}
    new = [(name, place) for name, place in anchors.items() if name not in bound]
    return (*scope, *sorted(new)) if new else scope


#: Beside the documents, which know nothing of schemas; each entry goes with its document.
_KEPT: WeakKeyDictionary[Document, dict[Any, Definitions]] = WeakKeyDictionary()


def definitions_of(document: Document, direction: Direction, formats: Formats) -> Definitions:
    """The definitions of a document for a direction and the formats that are off."""
    kept = _KEPT.setdefault(document, {})
    key = (direction, formats.off)
    if (found := kept.get(key)) is None:
        found = kept.setdefault(key, Definitions(direction, formats))
    return found
