"""Bodies that hold files: what of them a schema can judge.

What a file says is for nobody to read here, so that no keyword can be held against it: neither
`maxLength` nor the object that its JSON is. What stands beside it is judged as ever, and a file
is there where `required` asks for it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from ..schema import Validator
from .files import File, is_stream
from .styles import StyleError, plain

__all__ = ["Opaque", "is_opaque", "judged_members", "plain_members", "without"]

#: The members of an object that are files, each with whether all of it is one: of a list of files
#: only the items are.
Opaque: TypeAlias = frozenset[tuple[str, bool]]

_DEFS = "#/$defs/"
_ITEM_KEYWORDS = ("prefixItems", "contains", "uniqueItems")


def is_opaque(value: Any) -> bool:
    """Whether a value is content of a part, not data."""
    return isinstance(value, File | bytes | bytearray | memoryview) or is_stream(value)


def plain_members(data: Mapping[str, Any]) -> dict[str, Any]:
    """The members with plain data for all that is no file; those that are None are left out."""
    return {str(name): _plain(value) for name, value in data.items() if value is not None}


def _plain(value: Any) -> Any:
    if is_opaque(value):
        return value
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value if item is not None]
    if isinstance(value, Mapping):
        for name, member in value.items():
            if isinstance(member, File) or is_stream(member):
                raise StyleError(f"{name!r} is a file inside an object: only a part can be one")
    return plain(value)


def judged_members(data: Mapping[str, Any]) -> tuple[dict[str, Any], Opaque]:
    """The data with empty strings in the place of files, and where those are."""
    opaque = set()
    judged = dict(data)
    for name, value in data.items():
        if is_opaque(value):
            judged[name] = ""
            opaque.add((name, True))
        elif isinstance(value, list) and any(map(is_opaque, value)):
            judged[name] = ["" if is_opaque(item) else item for item in value]
            opaque.add((name, False))
    return judged, frozenset(opaque)


def without(validator: Validator, opaque: Opaque, *, formats: bool) -> Validator:
    """A validator that asks nothing of these members but that they may be there."""
    closure = validator.closure
    schema = copy.deepcopy(closure.schema)
    for name, whole in opaque:
        for place in list(_in_place(schema, schema)):
            _open(schema, place, name, whole)
    return Validator(replace(closure, schema=schema), formats=formats, ecma=True)


def _open(root: Any, place: dict[str, Any], name: str, whole: bool) -> None:
    properties = place.get("properties")
    if not isinstance(properties, dict) or name not in properties:
        if isinstance(place.get("additionalProperties"), dict):
            place.setdefault("properties", {})[name] = True
    elif properties[name] is False:
        return  # what is readOnly is refused, whatever it holds
    elif whole:
        properties[name] = True
    else:
        for array in list(_in_place(root, properties[name])):
            array["items"] = True
            for keyword in _ITEM_KEYWORDS:
                array.pop(keyword, None)


def _in_place(root: Any, schema: Any) -> Iterator[dict[str, Any]]:
    """The parts of a compiled schema that judge the same value as it does."""
    seen: set[int] = set()
    stack = [schema]
    while stack:
        part = stack.pop()
        if not isinstance(part, dict) or id(part) in seen:
            continue
        seen.add(id(part))
        yield part
        reference = part.get("$ref")
        if isinstance(reference, str) and reference.startswith(_DEFS):
            stack.append(root["$defs"].get(reference.removeprefix(_DEFS)))
        stack.extend(_applied(part))


def _applied(part: Mapping[str, Any]) -> Iterable[Any]:
    for keyword in ("allOf", "anyOf", "oneOf"):
        yield from part.get(keyword, ())
    for keyword in ("if", "then", "else"):
        yield part.get(keyword)
    yield from part.get("dependentSchemas", {}).values()
