"""Reading Schema Objects for people."""

from __future__ import annotations

from ..document import Node

__all__ = ["is_item"]


def is_item(schema: Node) -> bool:
    """Whether the schema of a body or a response is that of one item (OpenAPI 3.2)."""
    return schema.at.pointer.endswith("/itemSchema")
