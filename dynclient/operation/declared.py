"""The responses that a document declares for an operation.

Source: OpenAPI 3.1.1, sections "Responses Object" and "Response Object".
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from ..document import Location, Node
from .content.entry import MediaEntry
from .content.registry import Registry
from .fields.headers import DeclaredHeader, read_headers

__all__ = ["DeclaredResponse", "declared_for"]


class DeclaredResponse:
    """One entry of the Responses Object: `key` is `"200"`, `"2XX"` or `"default"`.

    Everything is read when it is first used, a `$ref` too: one that can't be resolved raises
    DocumentError then.
    """

    def __init__(self, key: str, entry: Node, codecs: Registry) -> None:
        self.key = key
        self._entry = entry
        self._codecs = codecs

    @cached_property
    def _node(self) -> Node:
        return self._entry.follow()

    @property
    def at(self) -> Location:
        """Where the Response Object stands."""
        return self._node.at

    @property
    def description(self) -> str:
        """The description, or `""`."""
        value = self._node.get("description")
        return value if isinstance(value, str) else ""

    @cached_property
    def media_types(self) -> tuple[str, ...]:
        """The declared media types and ranges."""
        return tuple(name for name, _ in self._node.items("content"))

    @cached_property
    def content(self) -> Mapping[str, MediaEntry]:
        """What is declared for each media type or range."""
        entries = self._node.items("content")
        return {key: MediaEntry(key, entry, "response", self._codecs) for key, entry in entries}

    @cached_property
    def headers(self) -> tuple[DeclaredHeader, ...]:
        """The declared headers."""
        return read_headers(self._node)

    @property
    def links(self) -> Mapping[str, Node]:
        """The declared links by name (section "Link Object")."""
        return dict(self._node.items("links"))


def declared_for(responses: Mapping[str, DeclaredResponse], status: int) -> DeclaredResponse | None:
    """The declared response that a status falls under: its own, its range's, else the default."""
    return (
        responses.get(str(status))
        or responses.get(f"{status // 100}XX")
        or responses.get("default")
    )
