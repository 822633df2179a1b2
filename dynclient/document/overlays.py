"""OpenAPI Overlays: changes to a document, applied as it is loaded.

Versions 1.0 and 1.1 are read alike, by the more precise rules of 1.1. A document is never
changed in place: its caller may hold it, and YAML's aliases let one value stand in several places.
Source: Overlay Specification 1.1.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from ..errors import DocumentError
from .pointer import join
from .resources import Location

__all__ = ["Overlay", "apply", "read_overlay"]

_VERSION = re.compile(r"1\.[01](\.\d+)?")
_ACTION_FIELDS = frozenset({"target", "description", "update", "copy", "remove"})

#: The keys and indices that lead to a node.
_Place: TypeAlias = tuple[str | int, ...]


class Overlay(NamedTuple):
    """An overlay: where it came from, and its actions."""

    source: str
    actions: Sequence[Mapping[str, Any]]


def read_overlay(data: Any, source: str) -> Overlay:
    """The overlay that data is. DocumentError, with the place, if it is none."""
    if not isinstance(data, Mapping) or "overlay" not in data:
        raise DocumentError("not an overlay: it has no field `overlay` at its root", source=source)
    if not _VERSION.fullmatch(str(data["overlay"])):
        reason = f"Overlay {data['overlay']} is not supported; 1.0 and 1.1 are"
        raise DocumentError(reason, source=source, pointer="/overlay")
    actions = data.get("actions")
    if not isinstance(actions, list) or not actions:
        raise DocumentError("an overlay needs a list of actions", source=source, pointer="/actions")
    for index, action in enumerate(actions):
        if reason := _wrong(action):
            raise DocumentError(reason, source=source, pointer=f"/actions/{index}")
    return Overlay(source, actions)


def _wrong(action: Any) -> str:
    """What is wrong with an Action Object; empty if nothing is."""
    if not isinstance(action, dict) or not isinstance(action.get("target"), str):
        return "an action is an object with a `target`"
    if unknown := [k for k in action if k not in _ACTION_FIELDS and not str(k).startswith("x-")]:
        return f"an action has no field {', '.join(map(repr, unknown))}"
    if not isinstance(action.get("remove", False), bool):
        return "`remove` is true or false"
    if action.get("remove"):
        return ""
    if not isinstance(action.get("copy", ""), str):
        return "`copy` is a JSONPath query"
    return "" if ("update" in action) != ("copy" in action) else "give one of update, copy, remove"


def apply(overlays: Sequence[Overlay], data: Any) -> tuple[Any, list[tuple[Location, str]]]:
    """The data with all actions applied, one after another; and each target that selects nothing.

    Such a target comes with its place. DocumentError, with the place, for what can't be applied.
    """
    tree, unmatched = _Tree(data), []
    for overlay in overlays:
        for index, action in enumerate(overlay.actions):
            at = Location(overlay.source, f"/actions/{index}")
            try:
                if not _applied(tree, action):
                    unmatched.append((at.child("target"), action["target"]))
            except _Inapplicable as error:
                raise at.error(str(error)) from None
    return tree.data, unmatched


class _Inapplicable(Exception):
    """An action that can't be applied; its text is the reason."""


def _applied(tree: _Tree, action: Mapping[str, Any]) -> bool:
    """Apply an action; whether its target selects anything."""
    places = list(dict.fromkeys(_selected(action["target"], tree.data)))
    if action.get("remove"):
        # The deepest first, and the last of a list, so that the places of the others stay.
        for place in sorted(places, key=_order, reverse=True):
            tree.remove(place)
        return bool(places)
    if "copy" in action:
        sources = list(_selected(action["copy"], tree.data))
        if len(sources) != 1:
            found = len(sources)
            raise _Inapplicable(f"`copy` must select one node; {action['copy']} selects {found}")
        value = tree.shared(sources[0])
    else:
        value = action["update"]
    for place in places:
        tree.update(place, value)
    return bool(places)


def _order(place: _Place) -> tuple[int, int]:
    last = place[-1] if place else 0
    return len(place), last if isinstance(last, int) else 0


def _selected(query: str, data: Any) -> Iterator[_Place]:
    """The places that a JSONPath query selects (RFC 9535)."""
    import jsonpath  # dear to import, and few documents have overlays

    try:
        for match in jsonpath.JSONPathEnvironment(strict=True).finditer(query, data):
            yield tuple(match.parts)
    except (jsonpath.JSONPathError, RecursionError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise _Inapplicable(f"{query!r} is not a JSONPath query of RFC 9535: {reason}") from None


class _Tree:
    """A document that is changed: what is changed is copied first, on the way from its root.

    What a value was put into may hold it together with others, and is never changed.
    """

    def __init__(self, data: Any) -> None:
        self.data = data
        #: The lists and objects that were copied, and stand in one place each, by their ids.
        self._own: dict[int, Any] = {}

    def shared(self, place: _Place) -> Any:
        """The value at a place, which will stand in a second one: it is no longer our own."""
        self._own.clear()
        return self._at(place)

    def _at(self, place: _Place) -> Any:
        value = self.data
        for token in place:
            value = value[token]
        return value

    def remove(self, place: _Place) -> None:
        """Take a node out of its object or list."""
        if not place:
            raise _Inapplicable("the root can't be removed")
        del self._owned(place[:-1])[place[-1]]

    def update(self, place: _Place, value: Any) -> None:
        """Merge a value into an object, add it to a list, or put it in place of a primitive."""
        old = self._at(place)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            self._merge(self._owned(place), value, place)
        elif isinstance(old, list):
            self._owned(place).extend(value if isinstance(value, list) else [value])
        elif _kind(old) == _kind(value) and place:
            self._owned(place[:-1])[place[-1]] = value
        else:
            raise _mismatch(place, old, value)

    def _merge(self, target: dict[str, Any], value: Mapping[str, Any], place: _Place) -> None:
        stack = [(target, value, place)]
        while stack:
            into, given, here = stack.pop()
            for key, new in given.items():
                old = into.get(key)
                if key not in into or _kind(old) == _kind(new) == "a primitive value":
                    into[key] = new
                elif isinstance(old, Mapping) and isinstance(new, Mapping):
                    stack.append((self._own_child(into, key), new, (*here, key)))
                elif isinstance(old, list) and isinstance(new, list):
                    into[key] = [*old, *new]
                else:
                    raise _mismatch((*here, key), old, new)

    def _owned(self, place: _Place) -> Any:
        """The list or object at a place, to be changed."""
        holder = {"": self.data}
        node = self._own_child(holder, "")
        self.data = node
        for token in place:
            node = self._own_child(node, token)
        return node

    def _own_child(self, holder: Any, key: str | int) -> Any:
        child = holder[key]
        if id(child) not in self._own:
            child = dict(child) if isinstance(child, Mapping) else list(child)
            self._own[id(child)] = child  # held, so that no other object gets its id
            holder[key] = child
        return child


def _kind(value: Any) -> str:
    if isinstance(value, Mapping):
        return "an object"
    return "a list" if isinstance(value, list) else "a primitive value"


def _mismatch(place: _Place, old: Any, new: Any) -> _Inapplicable:
    where = join(place) or "the root"
    return _Inapplicable(f"{_kind(new)} can't be merged into {_kind(old)}, at {where}")
