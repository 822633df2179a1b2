"""A part of a document: its value, its place, and how to walk on from there.

Everything that reads OpenAPI objects or Schema Objects walks by this one class, so that `$ref`s,
`allOf` and values of the wrong type mean the same to all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from .document import Document
from .resources import Location

__all__ = ["COMBINED", "Node", "type_of"]

#: The keywords whose subschemas judge the same value as the schema they stand in.
COMBINED = ("allOf", "anyOf", "oneOf")

#: How deep `types` looks; what is combined deeper than that is taken to allow every type.
_MOST_NESTED = 64
_TYPES: tuple[tuple[type, str], ...] = (
    (bool, "boolean"),
    (int, "integer"),
    (float, "number"),
    (str, "string"),
    (dict, "object"),
    (list, "array"),
)


class Node(NamedTuple):
    """A value of a document and the place where it stands.

    `value` is plain data of any type, and None as well where nothing stands: whoever walks meets
    documents that their publishers broke. A node keeps its document alive; what must not (caches
    beside a document, whatever a response holds) keeps `at` instead.
    """

    document: Document
    value: Any
    at: Location

    @classmethod
    def root(cls, document: Document) -> Node:
        """The OpenAPI Object."""
        return cls(document, document.data, document.resources.root)

    @classmethod
    def standing_at(cls, document: Document, at: Location) -> Node:
        """The node at a place that is known to exist."""
        return cls(document, document.resources.at(at), at)

    # ── walking ──────────────────────────────────────────────────────────────────────────────

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a member; `default` where there is none, or this is not an object."""
        return self.value.get(key, default) if isinstance(self.value, dict) else default

    def child(self, *tokens: str | int) -> Node:
        """The node that these keys and indices lead to; its value is None if nothing is there."""
        value = self.value
        for token in tokens:
            if isinstance(value, dict):
                value = value.get(token)
            elif isinstance(value, list) and isinstance(token, int) and 0 <= token < len(value):
                value = value[token]
            else:
                value = None
        return Node(self.document, value, self.at.child(*tokens))

    def items(self, *tokens: str | int) -> Iterator[tuple[str, Node]]:
        """The members of the object under these tokens; none if there is no object."""
        owner = self.child(*tokens) if tokens else self
        if isinstance(owner.value, dict):
            for name in owner.value:
                yield name, owner.child(name)

    def entries(self, *tokens: str | int) -> Iterator[Node]:
        """The items of the array under these tokens; none if there is no array."""
        owner = self.child(*tokens) if tokens else self
        for index in range(len(owner.value) if isinstance(owner.value, list) else 0):
            yield owner.child(index)

    @property
    def reference(self) -> str | None:
        """Its `$ref`; None where it has none."""
        reference = self.get("$ref")
        return reference if isinstance(reference, str) else None

    def resolve(self, reference: str) -> Node:
        """The node that a reference standing here names, one step. DocumentError as for `follow`.

        Source: OpenAPI 3.1.1, section "Reference Object".
        """
        value, at = self.document.resources.resolve(reference, self.at)
        return Node(self.document, value, at)

    def follow(self) -> Node:
        """Itself, or what its chain of `$ref`s ends in.

        DocumentError if the chain is a ring, is longer than the policy allows or leads nowhere.
        """
        if self.reference is None:
            return self
        value, at = self.document.resources.follow(self.value, self.at)
        return Node(self.document, value, at)

    def note(self, message: str, rule: str) -> None:
        """Record a problem of the document that stands here."""
        self.document.note(self.at, message, rule)

    # ── schemas ──────────────────────────────────────────────────────────────────────────────

    def branches(self, *keywords: str) -> Iterator[Node]:
        """The subschemas in the lists under these keywords, by default allOf, anyOf and oneOf."""
        for keyword in keywords or COMBINED:
            if self.get(keyword) is not None:
                yield from self.entries(keyword)

    def in_place(self, *keywords: str) -> Iterator[Node]:
        """This schema and those that judge the same value, in their order, each once.

        They are reached by `$ref` and by the keywords, by default allOf, anyOf and oneOf. What
        stands beside a `$ref` counts from OpenAPI 3.1 on. Values that are not objects are left out.
        Source: JSON Schema 2020-12 core, section 10.2.
        """
        seen: set[Location] = set()
        stack = [self]
        while stack:
            node = stack.pop()
            if node.reference is not None and not node._says_more:
                node = node.follow()
            if node.at in seen or not isinstance(node.value, dict):
                continue
            seen.add(node.at)
            yield node
            target = [] if node.reference is None else [node.resolve(node.reference)]
            stack.extend(reversed([*target, *node.branches(*keywords)]))

    @property
    def _says_more(self) -> bool:
        """Whether it is a `$ref` beside which other keywords count."""
        is_lone = self.document.dialect == "3.0" or len(self.value) == 1
        return not (is_lone or self.document.resources.has_lone_refs(self.at))

    def properties(self) -> dict[str, Node]:
        """The declared properties of an object, in their order; see `in_place`."""
        found: dict[str, Node] = {}
        for node in self.in_place():
            for name, member in node.items("properties"):
                found.setdefault(name, member)
        return found

    def member(self, name: str) -> Node | None:
        """The schema of one property, `additionalProperties` last; None where none is declared."""
        rest: Node | None = None
        for node in self.in_place():
            declared = node.child("properties")
            if isinstance(declared.value, dict) and name in declared.value:
                return declared.child(name)
            if rest is None and isinstance(node.get("additionalProperties"), dict):
                rest = node.child("additionalProperties")
        return rest

    def item(self, index: int | None = None) -> Node | None:
        """The schema of the items, or of the one at an index; None where none is declared."""
        for node in self.in_place():
            first = node.get("prefixItems")
            if index is not None and isinstance(first, list) and index < len(first):
                return node.child("prefixItems", index)
            if isinstance(node.get("items"), dict):
                return node.child("items")
        return None

    def required(self) -> list[str]:
        """The names of the properties that this schema requires, itself or by its allOf."""
        entries = (entry for node in self.in_place("allOf") for entry in node.entries("required"))
        return [entry.value for entry in entries if isinstance(entry.value, str)]

    def flagged(self, keyword: str) -> bool:
        """Whether a boolean keyword (`readOnly`, `nullable`, …) is true here or behind a `$ref`."""
        return self.get(keyword) is True or self.follow().get(keyword) is True

    def types(self) -> frozenset[str] | None:
        """The JSON types that the schema allows; None where it does not restrict them.

        Taken from `type`, else from the values of `enum` and `const`; all of allOf must allow a
        type, and one of anyOf and of oneOf. An integer is a number too, and is listed as integer.
        """
        return self._types({}, 0)

    def _types(
        self, known: dict[Location, frozenset[str] | None], depth: int
    ) -> frozenset[str] | None:
        if self.reference is not None and not self._says_more:
            return self.follow()._types(known, depth)
        if self.at in known or not isinstance(self.value, dict):
            return known.get(self.at)
        known[self.at] = None  # what leads back here restricts nothing of its own
        if depth > _MOST_NESTED:
            return None
        found = self._own_types()
        if self.reference is not None:
            found = _both(found, self.resolve(self.reference)._types(known, depth + 1))
        for keyword in COMBINED:
            inner = [branch._types(known, depth + 1) for branch in self.branches(keyword)]
            if keyword == "allOf":
                for each in inner:
                    found = _both(found, each)
            elif inner and None not in inner:
                found = _both(found, frozenset(name for each in inner for name in each or ()))
        known[self.at] = found
        return found

    def _own_types(self) -> frozenset[str] | None:
        declared, old = self.get("type"), self.document.dialect == "3.0"
        if isinstance(declared, str | list):
            names = {declared} if isinstance(declared, str) else set(map(str, declared))
            return frozenset(names | {"null"} if old and self.get("nullable") is True else names)
        const = "const" in self.value and not old
        values = [self.value["const"]] if const else self.get("enum")
        return frozenset(map(type_of, values)) if isinstance(values, list) else None


def type_of(value: Any) -> str:
    """The type of plain data, as JSON Schema names it."""
    return next((name for kind, name in _TYPES if isinstance(value, kind)), "null")


def _both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    """The types that two schemas both allow; every integer is a number."""
    if one is None or other is None:
        return other if one is None else one
    common = one & other
    if "number" in one | other:
        common |= (one | other) & {"integer"}
    return common
