"""Bodies that hold files: what of them a schema can judge.

What a file says is for nobody to read here, so that no keyword can be held against it: neither
`maxLength` nor the object that its JSON is. What stands beside it is judged as ever, and a file
is there where `required` asks for it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from msgspec import structs

from ...messages import Violation
from ...schema import Validator
from ...validation import Formats
from ..fields.styles import StyleError, plain
from .codec import Judge, Opaque
from .files import File, file_in, is_stream
from .sequential import ItemsJudge

__all__ = ["beside_files", "is_opaque", "judged_data", "plain_data"]

_DEFS = "#/$defs/"
#: Keywords that judge an item beside others.
_JUDGE_ALL = ("contains", "minContains", "maxContains", "uniqueItems")


def is_opaque(value: Any) -> bool:
    """Whether a value is content of a part, not data."""
    return isinstance(value, File | bytes | bytearray | memoryview) or is_stream(value)


def plain_data(data: Any, nulls: frozenset[str]) -> dict[str, Any] | list[Any]:
    """An object or array with plain data for all in it that is no file.

    Members of an object that are None are left out unless they are among `nulls`, and so is None
    in a list that is a member: they make no part. An item of the array keeps its position.
    StyleError, with its place, for what is neither plain data nor a file.
    """
    if not isinstance(data, Mapping):
        return [_at(index, item, _plain) for index, item in enumerate(data)]
    return {
        str(name): _at(name, value, _plain_member)
        for name, value in data.items()
        if value is not None or name in nulls
    }


def _at(key: Any, value: Any, convert: Callable[[Any], Any]) -> Any:
    try:
        return convert(value)
    except StyleError as error:
        raise StyleError.of(error, key) from None


def _plain_member(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value if item is not None]
    return _plain(value)


def _plain(value: Any) -> Any:
    if is_opaque(value):
        return value
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping) and (place := file_in(value)) is not None:
        name = place.rpartition("/")[2]
        reason = f"{name!r} is a file inside an object: only a part can be one"
        raise StyleError(reason, pointer=place)
    return plain(value)


def judged_data(data: dict[str, Any] | list[Any]) -> tuple[Any, Opaque]:
    """The data with empty strings in the place of files, and where those are."""
    members: Iterable[tuple[str | int, Any]]
    members = enumerate(data) if isinstance(data, list) else data.items()
    opaque = frozenset((key, is_opaque(value)) for key, value in members if _has_file(value))
    if isinstance(data, list):
        return _judged(data), opaque
    return {name: _judged(value) for name, value in data.items()}, opaque


def _has_file(value: Any) -> bool:
    return any(map(_has_file, value)) if isinstance(value, list) else is_opaque(value)


def _judged(value: Any) -> Any:
    if isinstance(value, list):
        return [_judged(item) for item in value]
    return "" if is_opaque(value) else value


class _ItemsBesideFiles(ItemsJudge):
    """Judges items as another does, but for those that are files."""

    def __init__(self, items: ItemsJudge, opaque: Opaque) -> None:
        super().__init__(items.item)
        self._items = items
        self._files = frozenset(str(index) for index, _ in opaque)

    def is_valid(self, items: Any) -> bool:
        return not self.explain(items, "")

    def explain(
        self, value: Any, where: str, *, layer: str = "body", slots: bool = False
    ) -> list[Violation]:
        found = self._items.explain(value, where, layer=layer, slots=slots)
        return [each for each in found if each.pointer[1:].split("/")[0] not in self._files]


def beside_files(judge: Judge, opaque: Opaque, *, formats: Formats) -> Judge:
    """A judge that asks nothing of these members or items but that they may be there."""
    if isinstance(judge, ItemsJudge):
        return _ItemsBesideFiles(judge, opaque)
    if not isinstance(judge, Validator):
        return judge
    closure = judge.closure
    schema = copy.deepcopy(closure.schema)
    for key, whole in opaque:
        for place in list(_in_place(schema, schema)):
            _open(schema, place, key, whole)
    return Validator(structs.replace(closure, schema=schema), formats)


def _open(root: Any, place: dict[str, Any], key: str | int, whole: bool) -> None:
    if isinstance(key, int):
        for keyword in _JUDGE_ALL:
            place.pop(keyword, None)
    elif key not in place.get("properties", ()):
        if isinstance(place.get("additionalProperties"), dict):
            place.setdefault("properties", {})[key] = True
        return
    holder, slot = _holder(place, key)
    if holder is place and slot not in place:
        return
    if holder[slot] is False:
        return  # what is readOnly, or one item too many, is refused, whatever it holds
    if whole:
        holder[slot] = True
        return
    for array in list(_in_place(root, holder[slot])):
        array["items"] = True
        for keyword in ("prefixItems", *_JUDGE_ALL):
            array.pop(keyword, None)


def _holder(place: dict[str, Any], key: str | int) -> tuple[Any, Any]:
    """What holds the schema of a member or an item, and under which key or index."""
    if isinstance(key, str):
        return place["properties"], key
    first = place.get("prefixItems", ())
    return (first, key) if key < len(first) else (place, "items")


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
