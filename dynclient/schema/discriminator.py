"""Discriminators: which branch of a oneOf or anyOf a value says it is.

A discriminator never changes whether a value is valid; it tells which branch was meant, and so
which errors are worth telling. In the allOf form it has no part in validation at all.
Source: OpenAPI 3.1.1, section "Discriminator Object" (3.0.4 says the same).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..document import Document, Location
from ..errors import DocumentError, NotLoaded
from ..redaction import MASK

__all__ = ["Choice", "read_choice"]


@dataclass(frozen=True, slots=True)
class Choice:
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


def read_choice(document: Document, schema: Mapping[str, Any], at: Location) -> Choice | None:
    """The choice a Schema Object's discriminator offers; None where there is nothing to choose."""
    discriminator = schema["discriminator"]
    name = discriminator.get("propertyName")
    keyword = next((key for key in ("oneOf", "anyOf") if isinstance(schema.get(key), list)), None)
    if not isinstance(name, str) or keyword is None:
        return None
    places: dict[Location, int] = {}
    branches: dict[str, int] = {}
    for index, member in enumerate(schema[keyword]):
        reference = member.get("$ref") if isinstance(member, dict) else None
        if isinstance(reference, str):
            _, place = document.resources.resolve(reference, at.child(keyword, index))
            places.setdefault(place, index)
            # Implicit names: the last part of the reference, as schemas in components have it.
            branches.setdefault(place.pointer.rpartition("/")[2], index)
    mapping = discriminator.get("mapping")
    if isinstance(mapping, dict):
        for value, target in mapping.items():
            named = _target(document, target, at.child("discriminator", "mapping", value))
            if named in places:
                branches[value] = places[named]
    default = None
    if "defaultMapping" in discriminator:
        place = at.child("discriminator", "defaultMapping")
        target = _target(document, discriminator["defaultMapping"], place)
        default = None if target is None else places.get(target)
    return Choice(name, keyword, branches, default) if branches else None


def _target(document: Document, target: Any, at: Location) -> Location | None:
    """The place a mapping's value names: the name of a component, or a reference."""
    if not isinstance(target, str):
        document.note(at, "a mapping names a schema by a string", "discriminator")
        return None
    root = document.resources.root
    if document.component_exists("schemas", target):
        return root.child("components", "schemas", target)
    try:
        return document.resources.resolve(target, at)[1]
    except NotLoaded:
        raise
    except DocumentError as error:
        document.note(at, error.problem, "discriminator")
        return None
