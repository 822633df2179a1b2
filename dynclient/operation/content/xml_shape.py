"""What a schema says of how its values stand in XML: names, attributes, wrapped arrays.

Source: OpenAPI 3.1.1 and 3.2.0, section "XML Object".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from ...document import Location, Node

__all__ = ["NIL", "Member", "Name", "Shape"]

#: The attribute of an element that stands for null (XML Schema 1, section 2.6.2).
NIL = ("http://www.w3.org/2001/XMLSchema-instance", "nil")
_COMPONENTS = "/components/schemas/"


class Name(NamedTuple):
    """The name of an element or attribute; `namespace` and `prefix` may be empty."""

    local: str
    namespace: str = ""
    prefix: str = ""


class Member(NamedTuple):
    """A property of an object, and how it stands in XML.

    path  the names that lead to it: more than one where an object between has no element
    kind  the node that it becomes: element, attribute, text, cdata
    """

    path: tuple[str, ...]
    name: Name
    kind: str
    shape: Shape


class Shape:
    """How the values of one schema stand in XML. `schema` is None where nothing describes them."""

    def __init__(self, schema: Node | None, known: dict[Location, Shape] | None = None) -> None:
        self.schema = schema
        self._known = {} if known is None else known

    def of(self, schema: Node | None) -> Shape:
        """The shape of another schema; made once for each place in the document."""
        if schema is None:
            return Shape(None, self._known)
        found = self._known.get(schema.at)
        if found is None:
            found = self._known[schema.at] = Shape(schema, self._known)
        return found

    @cached_property
    def xml(self) -> Mapping[str, Any]:
        """The XML Object: its own, or that of a schema it refers to."""
        for node in self.schema.in_place() if self.schema else ():
            if isinstance(found := node.get("xml"), dict):
                return found
        return {}

    @cached_property
    def types(self) -> frozenset[str]:
        """The JSON types that the schema allows; none where it does not say."""
        return (self.schema and self.schema.types()) or frozenset()

    @cached_property
    def is_array(self) -> bool:
        """Whether its values are arrays."""
        return "array" in self.types

    @cached_property
    def is_object(self) -> bool:
        """Whether its values are objects and no text."""
        return "object" in self.types and "string" not in self.types

    @cached_property
    def is_wrapped(self) -> bool:
        """Whether an array has an element of its own around those of its items."""
        return self.xml.get("wrapped") is True or self.xml.get("nodeType") == "element"

    @property
    def kind(self) -> str:
        """The node that a value becomes; by default an element."""
        declared = self.xml.get("nodeType")
        if declared in ("element", "attribute", "text", "cdata", "none"):
            return str(declared)
        return "attribute" if self.xml.get("attribute") is True else "element"

    def name(self, default: str) -> Name:
        """The name of its node; of an array that is not wrapped, that of its items."""
        if self.is_array and not self.is_wrapped:
            return self.item.name(default)
        return self._own_name(default)

    def item_name(self, default: str) -> Name:
        """The name of the elements of an array's items."""
        own = self._own_name(default).local if self.is_wrapped else default
        return self.item.name(own)

    def _own_name(self, default: str) -> Name:
        local, space, prefix = (self.xml.get(key) for key in ("name", "namespace", "prefix"))
        return Name(
            local if isinstance(local, str) and local else default,
            space if isinstance(space, str) else "",
            prefix if isinstance(prefix, str) else "",
        )

    @cached_property
    def root_name(self) -> Name | None:
        """The name of the element of a whole body: its own, else its component's; or None."""
        default = ""
        for node in self.schema.in_place() if self.schema else ():
            for reference in (node.reference or "", node.at.pointer):
                if not default and _COMPONENTS in reference:
                    default = reference.rpartition(_COMPONENTS)[2]
        name = self._own_name(default if "/" not in default else "")
        return name if name.local else None

    @cached_property
    def item(self) -> Shape:
        """The shape of an array's items."""
        return self.of(self.schema and self.schema.item())

    @cached_property
    def members(self) -> tuple[Member, ...]:
        """The properties of an object."""
        return tuple(self._members((), frozenset()))

    def _members(self, path: tuple[str, ...], above: frozenset[Location]) -> Iterator[Member]:
        for key, schema in self.schema.properties().items() if self.schema else ():
            shape = self.of(schema)
            if shape.kind == "none" and not shape.is_array:
                if schema.at not in above:  # its members stand in the element of this object
                    yield from shape._members((*path, key), above | {schema.at})
                continue
            kind = "element" if shape.kind == "none" else shape.kind
            yield Member((*path, key), shape.name(key), kind, shape)

    @cached_property
    def required(self) -> frozenset[str]:
        """The names of the properties that must be there."""
        return frozenset(self.schema.required()) if self.schema else frozenset()

    def other(self, key: str) -> Shape:
        """The shape of a property that is not declared."""
        return self.of(self.schema and self.schema.member(key))
