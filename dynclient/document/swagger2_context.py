"""What every part of the Swagger 2.0 upgrade shares: the way through references, notes, places."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import quote, urljoin

from ..errors import DocumentError, NotLoaded
from .resources import Location
from .swagger2_schemas import upgrade_schema

__all__ = ["Context", "Follow", "Note"]

#: Notes a problem: its place in the original document, a sentence, the rule that was broken.
Note: TypeAlias = Callable[[Location, str, str], None]
#: Follows a chain of `$ref`s to a value and its place; see `Resources.follow`.
Follow: TypeAlias = Callable[[Any, Location], tuple[Any, Location]]


@dataclass(slots=True)
class Context:
    """One upgrade under way.

    uri      the document that is upgraded
    moved    pointer of an upgraded part → the place in the original document that it stands for
    missing  the URLs that its `$ref`s lead to and that are not loaded
    """

    uri: str
    note: Note
    resolve: Follow
    moved: dict[str, Location] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)

    @property
    def root(self) -> Location:
        """The place of the whole document."""
        return Location(self.uri, "")

    def follow(self, value: Any, at: Location) -> tuple[Any, Location]:
        """Where a chain of `$ref`s ends; the reference itself if it leads nowhere.

        A reference that leads nowhere stays in its place, so that it costs the operation that has
        it, when that is compiled, and is reported with the reason then.
        """
        if not (isinstance(value, Mapping) and isinstance(value.get("$ref"), str)):
            return value, at
        try:
            return self.resolve(value, at)
        except DocumentError as error:
            if isinstance(error, NotLoaded):
                self.missing.add(error.uri)
        if at.uri != self.uri:
            value = {"$ref": _joined(at.uri, value["$ref"])}
        return value, at

    def schema(self, value: Any, at: Location) -> Any:
        """The Schema Object that stands at a place, in terms of OpenAPI 3.0.

        One in another file is referred to, so that the references in it lead on from there.
        """
        if at.uri == self.uri:
            return upgrade_schema(value, at, self.note)
        reference = value.get("$ref") if isinstance(value, Mapping) else None
        if isinstance(reference, str):
            return {"$ref": _joined(at.uri, reference)}
        return {"$ref": f"{at.uri}#{quote(at.pointer, safe='/~')}"}

    def move(self, here: Location, original: Location) -> None:
        """Keep in mind which place of the original the upgraded part `here` stands for."""
        if original != here:
            self.moved[here.pointer] = original

    def media_types(self, value: Any, at: Location) -> Sequence[str] | None:
        """A list of media types (`consumes`, `produces`); None where there is none to go by.

        Source: Swagger 2.0, section "Mime Types". What is not one is reported and left out.
        """
        if value is None:
            return None
        if isinstance(value, str):
            self.note(at, f"{at.pointer.rpartition('/')[2]!r} must be a list", "media-type")
            value = [value]
        elif not isinstance(value, list):
            self.note(at, "media types must be in a list; it is ignored", "media-type")
            return None
        found: dict[str, None] = {}
        for index, name in enumerate(value):
            if isinstance(name, str) and "/" in name:
                found[name.strip()] = None
            else:
                reason = f"{name!r} is not a media type; it is ignored"
                self.note(at.child(index), reason, "media-type")
        return tuple(found) or None


def _joined(base: str, reference: str) -> str:
    try:
        return urljoin(base, reference)
    except ValueError:
        return reference  # not a URL at all: reported when it is followed
