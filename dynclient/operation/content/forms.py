"""application/x-www-form-urlencoded bodies, both ways.

Source: OpenAPI 3.1.1, sections "Encoding the x-www-form-urlencoded Media Type" and "Encoding
Object".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias
from urllib.parse import unquote_plus

from ...document import Location, Node
from ...jsontext import encode
from ...media import kind_of, parse_media_type
from ..fields.styles import COLLECTION_FORMATS, STYLES_BY_LOCATION, StyleError, serializer
from ..fields.texts import Reader, json_reader, scalar_reader

__all__ = ["encode_form", "form_decoder", "form_style", "form_text"]

_STYLING = frozenset({"style", "explode", "allowReserved"})


def form_style(settings: Mapping[str, Any]) -> tuple[str, bool] | None:
    """(style, explode) of an Encoding Object that sets one of its three fields for styles.

    None if it sets none: then the content type counts.
    """
    if not settings.keys() & _STYLING:
        return None
    style = str(settings.get("style", "form"))
    if style not in STYLES_BY_LOCATION["form"] and style not in COLLECTION_FORMATS:
        style = "form"
    explode = settings.get("explode")
    return style, explode if isinstance(explode, bool) else style == "form"


def encode_form(data: Mapping[str, Any], encoding: Mapping[str, Any]) -> str:
    """The form-urlencoded text of an object, each member as its `encoding` says.

    Members that are None are left out.
    """
    pairs = []
    for name, member in data.items():
        if member is None:
            continue
        settings = encoding.get(name)
        settings = settings if isinstance(settings, Mapping) else {}
        styled = form_style(settings)
        if styled is None:
            member = _as_content(name, member, str(settings.get("contentType", "")))  # noqa: PLW2901
        style, explode = styled or ("form", True)
        reserved = settings.get("allowReserved") is True
        if text := form_text(name, member, style, explode, reserved):
            pairs.append(text)
    return "&".join(pairs)


def form_text(name: str, member: Any, style: str, explode: bool, reserved: bool = False) -> str:
    """The text of one member, with its name; empty for an empty array or object."""
    try:
        return serializer(name, "form", style, explode, allow_reserved=reserved)(member)
    except UnicodeEncodeError:
        reason = f"member {name!r} holds a lone surrogate, which UTF-8 can't carry"
        raise StyleError(reason) from None


def _as_content(name: str, member: Any, content_type: str) -> Any:
    """A member, or each item of one that is an array, as text of its content type.

    "application/json" is the default of an object, and of an array whose items are objects.
    """
    if isinstance(member, list):
        return [_as_text(name, item, content_type) for item in member]
    return _as_text(name, member, content_type)


def _as_text(name: str, value: Any, content_type: str) -> Any:
    if isinstance(value, bytes | bytearray | memoryview):
        raise StyleError(f"member {name!r} is bytes, which a form has no place for")
    if _is_json(content_type) or (isinstance(value, dict) and not content_type):
        return encode(value).decode()
    return value


def _is_json(content_type: str) -> bool:
    """Whether one of the listed types is JSON."""
    return any(kind_of(parse_media_type(each)) == "json" for each in content_type.split(","))


# Reading ------------------------------------------------------------------------------------------

_TextsReader: TypeAlias = Callable[[list[str]], Any]

#: What stands between the parts of a text, by style without explode.
_SEPARATORS = {"form": ",", "spaceDelimited": " ", "pipeDelimited": "|", **COLLECTION_FORMATS}


def form_decoder(schema: Node | None) -> Callable[[bytes], dict[str, Any]]:
    """How a form becomes the object its schema describes. The decoder raises ValueError.

    `schema` is that of a Media Type Object; the `encoding` beside it says which styles to undo.
    """
    return _FormReader(schema).read


class _FormReader:
    """Reads the forms that one Media Type Object describes."""

    def __init__(self, schema: Node | None) -> None:
        self._schema = schema
        self._encoding = _encoding_beside(schema) if schema else {}
        self._readers: dict[tuple[str, ...], _TextsReader] = {}
        #: Members of style deepObject, and those whose own members stand alone, by their names.
        self._deep: list[str] = []
        self._spread: dict[str, str] = {}
        for name, settings in self._encoding.items():
            place = self._place(name)
            styled = form_style(settings) if isinstance(settings, Mapping) else None
            if place and styled and _is_object(place):
                self._note_names(name, place, *styled)

    def _note_names(self, name: str, place: Node, style: str, explode: bool) -> None:
        if style == "deepObject":
            self._deep.append(name)
        elif explode:
            for member in place.properties():
                if self._place(member) is None:  # what may be the form's own member is that
                    self._spread.setdefault(member, name)

    def _place(self, *path: str) -> Node | None:
        """The schema of a member, or of a member's member."""
        found = self._schema
        for name in path:
            found = found and found.member(name)
        return found

    def read(self, content: bytes) -> dict[str, Any]:
        """The object that a form is."""
        found: dict[str, Any] = {}
        for name, texts in _texts_by_name(content).items():
            *owner, member = path = self._path(name)
            holder = found.setdefault(owner[0], {}) if owner else found
            if not isinstance(holder, dict) or member in holder:
                raise ValueError(f"{path[0]!r} comes both as a whole and by its members")
            holder[member] = self._reader(path)(texts)
        return found

    def _path(self, name: str) -> tuple[str, ...]:
        """The member that a pair is, after that which it is a member of."""
        for owner in self._deep:
            if name.startswith(f"{owner}[") and name.endswith("]"):
                return owner, name[len(owner) + 1 : -1]
        return (self._spread[name], name) if name in self._spread else (name,)

    def _reader(self, path: tuple[str, ...]) -> _TextsReader:
        if path not in self._readers:
            place = self._place(*path)
            if place is None:
                return lambda texts: _alone(
                    list(map(unquote_plus, texts))
                )  # for any name: not kept
            settings = self._encoding.get(path[0]) if len(path) == 1 else None
            settings = settings if isinstance(settings, Mapping) else {}
            self._readers[path] = _reader_of(place, settings)
        return self._readers[path]


def _encoding_beside(schema: Node) -> Mapping[str, Any]:
    """The `encoding` of the Media Type Object whose schema stands at that place.

    Before 3.2 it was for requests alone; who wrote it beside an answer meant what it says.
    """
    at = schema.at
    entry = schema.document.resources.at(Location(at.uri, at.pointer.rpartition("/")[0]))
    encoding = entry.get("encoding") if isinstance(entry, Mapping) else None
    return encoding if isinstance(encoding, Mapping) else {}


def _texts_by_name(content: bytes) -> dict[str, list[str]]:
    """The texts of the pairs, still encoded, by their names."""
    found: dict[str, list[str]] = {}
    for pair in content.decode().split("&"):
        name, equals, text = pair.partition("=")
        if pair and not equals:
            raise ValueError(f"{pair[:40]!r} is no pair of a name and a value")
        if pair:
            found.setdefault(unquote_plus(name), []).append(text)
    return found


def _reader_of(place: Node, settings: Mapping[str, Any]) -> _TextsReader:
    """How the encoded texts of the pairs of one name become a value."""
    styled = form_style(settings)
    style, explode = styled or ("form", True)
    is_joined = style in COLLECTION_FORMATS or (style in _SEPARATORS and not explode)
    if is_joined and _is_object(place):
        return _joined_object(place, style)
    is_array = "array" in (place.types() or ())
    read = _single_reader(place.item() if is_array else place)
    if styled is None and _is_json(str(settings.get("contentType", ""))):
        read = json_reader
    if not is_array:
        return lambda texts: _alone([read(unquote_plus(text)) for text in texts])
    if not is_joined:
        return lambda texts: [read(unquote_plus(text)) for text in texts]
    return lambda texts: [read(part) for text in texts for part in _parted(text, style)]


def _parted(text: str, style: str) -> list[str]:
    """The parts of an encoded text. A comma that is encoded is one of a part (style form)."""
    if style == "form":
        return list(map(unquote_plus, text.split(",")))
    return unquote_plus(text).split(_SEPARATORS[style])


def _joined_object(place: Node, style: str) -> _TextsReader:
    def read(texts: list[str]) -> Any:
        parts = [part for text in texts for part in _parted(text, style)]
        if len(parts) % 2:
            return _alone(list(map(unquote_plus, texts)))  # the schema says that it is no object
        pairs = zip(parts[::2], parts[1::2], strict=True)
        return {name: _single_reader(place.member(name))(part) for name, part in pairs}

    return read


def _alone(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def _is_object(place: Node) -> bool:
    types = place.types() or frozenset()
    return "object" in types and "string" not in types


def _single_reader(schema: Node | None) -> Reader:
    if schema is not None and _is_object(schema):
        return json_reader
    return scalar_reader(schema)
