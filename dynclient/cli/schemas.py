"""Reading Schema Objects for people."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ..document import Node
from ..errors import DocumentError, NotLoaded

__all__ = ["is_item", "readable"]

_T = TypeVar("_T")


def readable(make: Callable[[], _T], otherwise: _T) -> _T:
    """What `make` returns; `otherwise` where a reference leads nowhere. NotLoaded as it is."""
    try:
        return make()
    except NotLoaded:
        raise
    except DocumentError:
        return otherwise


def is_item(schema: Node) -> bool:
    """Whether the schema of a body or a response is that of one item (OpenAPI 3.2)."""
    return schema.at.pointer.endswith("/itemSchema")
