"""The path of a request: its template, filled; and the segments that would make another path.

Source: OpenAPI 3.1.1, section "Path Templating"; RFC 3986, sections 3.3 and 5.2.4.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from ...document import Document, Location, Node
from ...messages import Violation
from ...origins import encoded_path
from ..violations import violation
from .parameters import Slot

__all__ = ["PathPlan", "may_be_empty"]

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
#: The keywords by which a schema allows an empty value explicitly.
_LEAST = ("minLength", "minItems", "minProperties")


class PathPlan:
    """A compiled path template.

    joint  what stands between the path and a query: the template may have a query already
    """

    def __init__(
        self, document: Document, template: str, at: Location, slots: Sequence[Slot]
    ) -> None:
        path, fragment = template.partition("#")[::2]
        if fragment:
            # A fragment is never sent (RFC 3986, section 3.5); publishers use it to distinguish two
            # operations of one path apart.
            document.note(at, f"a path has no fragment: {fragment!r} is left out", "path")
        self.joint = "&" if "?" in path else "?"
        self._pieces = _pieces(path, {slot.parameter.name: slot for slot in slots})
        self._may_be_empty = frozenset(
            slot.key for slot in slots if may_be_empty(slot.parameter.node)
        )

    def text(self, values: Mapping[str, Any], found: list[Violation]) -> str:
        """The path, percent-encoded."""
        parts: list[str] = []
        suspicious = False
        for literal, slot in self._pieces:
            parts.append(literal)
            if slot is not None:
                text = slot.text(values, found) if slot.key in values else "-"
                if not text:
                    suspicious = True
                parts.append(text)
        path = "".join(parts)
        if suspicious or "/." in path or "/%2" in path:
            found.extend(self._judged_segments(parts))
        return path

    def _judged_segments(self, parts: Sequence[str]) -> list[Violation]:
        """Segments that would make another path: empty ones, and `.` and `..` once decoded.

        The latter are resolved away (RFC 3986, section 5.2.4), by servers even if they are encoded.
        """
        found = []
        for texts, slots in _segments(parts, [slot for _, slot in self._pieces]):
            segment = unquote("".join(texts))
            if not slots:
                continue
            where = f"request.{slots[-1].key}"
            if segment in (".", ".."):
                reason = f"a path segment {segment!r} would make another path"
                found.append(violation(where, "dot-segment", reason))
            elif not segment and not any(slot.key in self._may_be_empty for slot in slots):
                reason = "an empty path segment would make another path"
                found.append(violation(where, "empty-path", reason, slots[-1].parameter.at.pointer))
        return found


def may_be_empty(schema: Node) -> bool:
    """Whether a schema allows an empty value explicitly: a path may need it."""
    for node in schema.in_place():
        listed = node.get("enum")
        if "" in (listed if isinstance(listed, list) else [node.get("const")]):
            return True
        if any(node.get(keyword) == 0 for keyword in _LEAST):
            return True
    return False


def _pieces(path: str, slots: Mapping[str, Slot]) -> tuple[tuple[str, Slot | None], ...]:
    """The path template as pairs of a literal and what stands behind it; None at the end."""
    pieces: list[tuple[str, Slot | None]] = []
    end = 0
    for match in _PLACEHOLDER.finditer(path):
        if match[1] in slots:
            pieces.append((encoded_path(path[end : match.start()]), slots[match[1]]))
            end = match.end()
    pieces.append((encoded_path(path[end:]), None))
    return tuple(pieces)


def _segments(
    parts: Sequence[str], slots: Sequence[Slot | None]
) -> list[tuple[list[str], list[Slot]]]:
    """The texts of each segment of a path, and the parameters in it.

    `parts` are literals and texts of slots by turns. What stands behind `?` is no segment.
    """
    segments: list[tuple[list[str], list[Slot]]] = [([], [])]
    for index, slot in enumerate(slots):
        path, mark, _ = parts[2 * index].partition("?")
        first, *others = path.split("/")
        segments[-1][0].append(first)
        segments += [([other], []) for other in others]
        if mark:
            break
        if slot is not None:
            segments[-1][0].append(parts[2 * index + 1])
            segments[-1][1].append(slot)
    return segments
