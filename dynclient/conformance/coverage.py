"""What an operation documents, and which of that was seen: statuses, media types, parameters,
properties and enum values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ..document import Node
from ..document.pointer import join
from ..errors import DocumentError
from ..operation import Operation
from .findings import Seen

__all__ = ["Point", "documented", "seen_of"]

#: How deep schemas and data are walked, and how many items of an array are looked at.
_MOST_DEEP = 8
_MOST_ITEMS = 20
_MOST_POINTS = 5000


class Point(NamedTuple):
    """Something that a document says of an operation.

    kind  "status", "media type", "parameter", "property" or "enum value"
    name  `200`; `200 application/json` (`request application/json`); `query.limit`;
          `200 /items/*/id`; `200 /state = "open"`, `query.sort = "ASC"`
    """

    kind: str
    name: str


def documented(operation: Operation) -> frozenset[Point]:
    """All that the document says of an operation; what it broke is left out."""
    found: set[Point] = set()
    try:
        for parameter in operation.parameters:
            found.add(Point("parameter", parameter.key))
            found.update(_enum(parameter.key, parameter.node))
        body = operation.request_body
        for media in body.media if body is not None else ():
            found.add(Point("media type", f"request {media.media_type}"))
            if media.schema is not None:
                found.update(_members("request", media.schema))
        for key, declared in operation.responses.items():
            found.add(Point("status", key))
            for media_type, entry in declared.content.items():
                found.add(Point("media type", f"{key} {media_type}"))
                if entry.schema is not None:
                    found.update(_members(key, entry.schema))
    except DocumentError:
        pass  # the document's problem, which `lint` lists: the rest can be covered all the same
    return frozenset(list(found)[:_MOST_POINTS])


def seen_of(points: frozenset[Point], seen: Seen) -> set[Point]:
    """The points of an operation that an exchange had."""
    found: set[Point] = set()
    for parameter, value in seen.parameters.items():
        found.add(Point("parameter", parameter))
        found.add(Point("enum value", f"{parameter} = {_shown(value)}"))
    if seen.request_media_type is not None:
        found.add(Point("media type", f"request {seen.request_media_type}"))
        found.update(_of_data("request", seen.request_data))
    if seen.declared_status is not None:
        key = seen.declared_status
        found.add(Point("status", key))
        if seen.response_media_type is not None:
            found.add(Point("media type", f"{key} {seen.response_media_type}"))
            found.update(_of_data(key, seen.response_data))
    return found & points


def _members(where: str, schema: Node) -> Iterator[Point]:
    """The properties and enum values that a schema documents, through arrays and objects."""
    waiting: list[tuple[Node, tuple[str, ...], frozenset[Any]]] = [(schema, (), frozenset())]
    while waiting:
        node, path, above = waiting.pop()
        place = f"{where} {join(path)}".rstrip()
        yield from _enum(place, node)
        at = node.follow().at
        if len(path) >= _MOST_DEEP or at in above:
            continue
        inside = above | {at}
        item = node.item()
        if item is not None:
            waiting.append((item, (*path, "*"), inside))
        for name, member in node.properties().items():
            yield Point("property", f"{where} {join((*path, name))}")
            waiting.append((member, (*path, name), inside))


def _enum(place: str, node: Node) -> Iterator[Point]:
    for each in node.in_place():
        values = each.get("enum")
        for value in values if isinstance(values, list) else ():
            yield Point("enum value", f"{place} = {_shown(value)}")


def _of_data(where: str, data: Any) -> Iterator[Point]:
    waiting: list[tuple[Any, tuple[str, ...]]] = [(data, ())]
    while waiting:
        value, path = waiting.pop()
        if isinstance(value, Mapping):
            if len(path) < _MOST_DEEP:
                for name, member in value.items():
                    yield Point("property", f"{where} {join((*path, name))}")
                    waiting.append((member, (*path, name)))
        elif isinstance(value, list):
            if len(path) < _MOST_DEEP:
                waiting.extend((item, (*path, "*")) for item in value[:_MOST_ITEMS])
        elif isinstance(value, str | int | float | None):
            yield Point("enum value", f"{where} {join(path)}".rstrip() + f" = {_shown(value)}")


def _shown(value: Any) -> str:
    import json

    try:
        return json.dumps(value, ensure_ascii=False)[:200]
    except (TypeError, ValueError):
        return "?"
