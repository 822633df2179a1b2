"""Reading Schema Objects for people."""

from __future__ import annotations

from ..document import Node
from ..operation.bodies import BodyMedia

__all__ = ["body_members", "is_item"]


def is_item(schema: Node) -> bool:
    """Whether the schema of a body or a response is that of one item (OpenAPI 3.2)."""
    return schema.at.pointer.endswith("/itemSchema")


def body_members(media: BodyMedia) -> dict[str, Node]:
    """The members of a request body; none where it is no object with declared members."""
    return {} if media.kind in ("text", "binary") else media.node.properties()
