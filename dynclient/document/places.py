"""Where a JSON Pointer leads in the text of a document: line and column, for people and tools."""

from __future__ import annotations

from typing import Any, NamedTuple

from .pointer import split
from .resources import local_path

__all__ = ["Place", "Places", "text_of"]

#: A bigger text takes PyYAML too long.
_LONGEST = 20_000_000


class Place(NamedTuple):
    """Both count from 1."""

    line: int
    column: int


class Places:
    """The places of one text, JSON or YAML; without a text, or of one that is none, no places."""

    def __init__(self, text: str | None) -> None:
        self._root: Any = None
        if text is None or len(text) > _LONGEST:
            return
        import yaml

        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            self._root = yaml.compose(text, Loader=loader)
        except (yaml.YAMLError, RecursionError):
            return

    def of(self, pointer: str) -> Place | None:
        """Where the value, or the nearest one above it, begins; None for no place."""
        node = self._root
        if node is None:
            return None
        for token in split(pointer):
            child = _child(node, token)
            if child is None:
                break
            node = child
        return Place(node.start_mark.line + 1, node.start_mark.column + 1)


def _child(node: Any, token: str) -> Any:
    if node.id == "mapping":
        return next((value for key, value in node.value if key.value == token), None)
    if node.id == "sequence" and token.isdecimal() and int(token) < len(node.value):
        return node.value[int(token)]
    return None


def text_of(uri: str) -> str | None:
    """The text of a file that a `file:` URI names; None for another URI, or if it can't be read."""
    if not uri.startswith("file:"):
        return None
    try:
        return local_path(uri).read_text(encoding="utf-8")
    except (OSError, ValueError):  # on another host, or no UTF-8
        return None
