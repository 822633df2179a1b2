"""An OpenAPI Overlay that makes a document agree with what was seen, each action with its evidence.

A document is not always right where it differs from the service: this proposes, and people decide.

Source: Overlay Specification 1.1.0.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from ..document import Document
from ..document.pointer import lookup, split
from .codes import CODES
from .tally import Group, Tally

__all__ = ["Repair", "repair"]


class Repair(NamedTuple):
    """An overlay, and what it does not repair.

    overlay  plain data; None if there is nothing to repair
    left     findings that no action repairs, with the reason
    """

    overlay: dict[str, Any] | None
    left: list[tuple[Group, str]]


class _NotRepairable(Exception):
    """Says why."""


def repair(tally: Tally, document: Document) -> Repair:
    """The overlay for a document, from the findings of a tally that are about responses."""
    actions: list[dict[str, Any]] = []
    left: list[tuple[Group, str]] = []
    for group in tally.groups():
        if group.finding.side != "response":
            left.append((group, "it is about a request, or the document itself"))
            continue
        make = _ACTIONS.get(group.key.code)
        try:
            if make is None:
                raise _NotRepairable("there is no repair for this kind")
            evidence = _evidence(group)
            actions += [{**each, "description": evidence} for each in make(group, document)]
        except _NotRepairable as reason:
            left.append((group, str(reason)))
    if not actions:
        return Repair(None, left)
    info = {"title": f"{document.title} as it was seen", "version": "1"}
    return Repair({"overlay": "1.1.0", "info": info, "actions": _ordered(actions)}, left)


def _ordered(actions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The actions with keys in the usual order, each once."""
    found: dict[str, dict[str, Any]] = {}
    for action in actions:
        keys = ("target", "description", "update", "remove")
        ordered = {key: action[key] for key in keys if key in action}
        found.setdefault(json.dumps({**ordered, "description": ""}, sort_keys=True), ordered)
    return list(found.values())


def _evidence(group: Group) -> str:
    where = f"{group.key.operation}, {group.key.where}"
    values = ""
    if group.values and group.key.code != "DC221":
        values = f" Seen: {', '.join(json.dumps(value) for value in group.values)}."
    times = f"{group.count} exchange{'s'[: group.count != 1]}"
    return f"{group.key.code} {CODES[group.key.code].name} in {times} ({where}).{values}"


# What is done for each code -----------------------------------------------------------------------


def _status(group: Group, document: Document) -> Iterator[dict[str, Any]]:
    _only_3(document)
    for status, media_type in _pairs(group):
        entry: dict[str, Any] = {"description": "Seen, and not described yet."}
        if media_type:
            entry["content"] = {media_type: {}}
        yield {"target": _path(document, _tokens(group)), "update": {str(status): entry}}


def _media_type(group: Group, document: Document) -> Iterator[dict[str, Any]]:
    _only_3(document)
    types = [media_type for _, media_type in _pairs(group) if media_type]
    if not types:
        raise _NotRepairable("the response has no content type at all")
    for media_type in types:
        yield {"target": _path(document, _tokens(group)), "update": {media_type: {}}}


def _type(group: Group, document: Document) -> Iterator[dict[str, Any]]:
    *owner, _ = tokens = _tokens(group)
    old = _at(document, tokens)
    new = [kind for kind in group.values if isinstance(kind, str)]
    if not new:
        raise _NotRepairable("the type that was seen is not on record")
    if _is_3_0(document):
        if new == ["null"]:
            yield {"target": _path(document, owner), "update": {"nullable": True}}
            return
        yield {"target": _path(document, tokens), "remove": True}  # it can't say several types
        return
    known = [old] if isinstance(old, str) else list(old or [])
    yield {"target": _path(document, tokens), "remove": True}
    wider = [*known, *(kind for kind in new if kind not in known)]
    yield {"target": _path(document, owner), "update": {"type": wider}}


def _required(group: Group, document: Document) -> Iterator[dict[str, Any]]:
    required = _at(document, _tokens(group))
    present = [each for each in group.values if isinstance(each, list)]
    missing = [name for name in required if any(name not in each for each in present)]
    if not missing:
        raise _NotRepairable("which property was missing is not on record")
    for name in missing:
        target = f"{_path(document, _tokens(group))}[?@ == {_quoted(str(name))}]"
        yield {"target": target, "remove": True}


def _enum(group: Group, document: Document) -> Iterator[dict[str, Any]]:
    tokens = _tokens(group)
    if tokens[-1:] != ["enum"]:
        yield {"target": _path(document, tokens), "remove": True}  # const
        return
    known = _at(document, tokens)
    new = [value for value in group.values if value not in known]
    if not new:
        raise _NotRepairable("the values that were seen are not on record")
    for value in new:
        yield {"target": _path(document, tokens), "update": value}


def _dropped(group: Group, document: Document) -> Iterator[dict[str, Any]]:
    _at(document, _tokens(group))
    yield {"target": _path(document, _tokens(group)), "remove": True}


_ACTIONS: Mapping[str, Callable[[Group, Document], Iterator[dict[str, Any]]]] = {
    "DC201": _status,
    "DC202": _media_type,
    "DC220": _type,
    "DC221": _required,
    "DC222": _enum,
    "DC223": _dropped,
    "DC224": _dropped,
}


# Places -------------------------------------------------------------------------------------------


def _tokens(group: Group) -> list[str]:
    pointer = group.key.document_pointer
    if not pointer.startswith("/"):
        raise _NotRepairable("the rule stands in another file, which an overlay can't reach")
    return split(pointer)


def _at(document: Document, tokens: list[str]) -> Any:
    try:
        return lookup(document.published_data, tokens)
    except KeyError:
        raise _NotRepairable("the rule does not stand in the document as it is") from None


def _path(document: Document, tokens: list[str]) -> str:
    """The JSONPath of a place (RFC 9535)."""
    value: Any = document.published_data
    path = "$"
    for token in tokens:
        path += f"[{token if isinstance(value, list) else _quoted(token)}]"
        try:
            value = lookup(value, [token])
        except KeyError:
            value = None
    return path


def _quoted(text: str) -> str:
    inner = json.dumps(text, ensure_ascii=False)[1:-1].replace('\\"', '"').replace("'", "\\'")
    return f"'{inner}'"


def _pairs(group: Group) -> list[tuple[int, str]]:
    return [(int(each[0]), str(each[1])) for each in group.values if isinstance(each, list)]


def _is_3_0(document: Document) -> bool:
    return str(document.version).startswith(("2.", "3.0"))


def _only_3(document: Document) -> None:
    if str(document.version).startswith("2."):
        raise _NotRepairable("Swagger 2.0 has no media types by response")
