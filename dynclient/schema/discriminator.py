"""Discriminators: which branch of a oneOf or anyOf a value says it is.

A discriminator never changes whether a value is valid; it names the branch that was meant, and so
which errors are worth reporting. In the allOf form it has no part in validation at all.
Source: OpenAPI 3.1.1, section "Discriminator Object" (3.0.4 says the same).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from ..document import Location, Node
from ..errors import DocumentError, NotLoaded
from ..redaction import MASK

__all__ = ["Choice", "named_schema", "read_choice"]


class Choice(Struct, frozen=True):
    """A discriminator beside a oneOf or anyOf: the branch that each value of it names."""

    property_name: str
    keyword: str
    branches: Mapping[str, int]
    default: int | None = None

    def branch_of(self, instance: Mapping[str, Any]) -> int | None:
        """The index of the branch that an object names; None if it names none.

        `defaultMapping` stands in for a value that is missing or names nothing (OpenAPI 3.2).
        """
        value = instance.get(self.property_name)
        return self.branches.get(value, self.default) if isinstance(value, str) else self.default

    def complaint(self, instance: Mapping[str, Any], secret: bool) -> str:
        """What is wrong with an object that names no branch."""
        known = ", ".join(repr(name) for name in self.branches)
        if self.property_name not in instance:
            return f"the property {self.property_name!r} is missing; it is one of {known}"
        value = MASK if secret else repr(instance[self.property_name])
        return f"{value} names none of the alternatives: {known}"


def read_choice(schema: Node) -> Choice | None:
    """The choice a Schema Object's discriminator offers; None where there is nothing to choose."""
    discriminator = schema.child("discriminator")
    name = discriminator.get("propertyName")
    keyword = next((key for key in ("oneOf", "anyOf") if isinstance(schema.get(key), list)), None)
    if not isinstance(name, str) or keyword is None:
        return None
    places: dict[Location, int] = {}
    branches: dict[str, int] = {}
    for index, member in enumerate(schema.branches(keyword)):
        if member.reference is not None:
            place = member.resolve(member.reference).at
            places.setdefault(place, index)
            # Implicit names: the last part of the reference, as schemas in components have it.
            branches.setdefault(place.pointer.rpartition("/")[2], index)
    for value, target in discriminator.items("mapping"):
        named = _target(target)
        if named in places:
            branches[value] = places[named]
    default = None
    if "defaultMapping" in discriminator.value:
        named = _target(discriminator.child("defaultMapping"))
        default = None if named is None else places.get(named)
    return Choice(name, keyword, branches, default) if branches else None


def named_schema(schema: Node, value: Mapping[str, Any]) -> Node | None:
    """The schema that an object names where nothing stands to choose from: in the allOf form."""
    discriminator = schema.child("discriminator")
    name = value.get(str(discriminator.get("propertyName")))
    if not isinstance(name, str) or schema.get("oneOf") or schema.get("anyOf"):
        return None
    mapped = discriminator.child("mapping", name)
    if mapped.value is None:
        mapped = mapped._replace(value=name)
        if not schema.document.component_exists("schemas", name):
            return None
    at = _target(mapped)
    return None if at is None else Node.standing_at(schema.document, at)


def _target(mapped: Node) -> Location | None:
    """The place a mapping's value names: the name of a component, or a reference."""
    if not isinstance(mapped.value, str):
        mapped.note("a mapping names a schema by a string", "discriminator")
        return None
    document = mapped.document
    if document.component_exists("schemas", mapped.value):
        return document.resources.root.child("components", "schemas", mapped.value)
    try:
        return mapped.resolve(mapped.value).at
    except NotLoaded:
        raise
    except DocumentError as error:
        mapped.note(error.problem, "discriminator")
        return None
