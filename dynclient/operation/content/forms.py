"""application/x-www-form-urlencoded bodies, both ways.

Source: OpenAPI 3.1.1, sections "Encoding the x-www-form-urlencoded Media Type" and "Encoding
Object".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import unquote_plus

from ...document import Node
from ...jsontext import JsonTextError, decode
from ...redaction import Redactor
from ..encoders import fitted
from ..fields.styles import (
    COLLECTION_FORMATS,
    STYLES_BY_LOCATION,
    DeepObject,
    StyleError,
    inner_formats,
    plain,
    serializer,
)
from ..fields.texts import Reader, json_reader, scalar_reader, text_splitter
from .codec import BYTES, Codec, Decoder, EncodedBody
from .files import StreamedBody, is_stream

if TYPE_CHECKING:
    from ..fields.brackets import Tree
    from .entry import MediaEntry
    from .registry import Registry

__all__ = ["FORM", "form_style", "form_text"]

_STYLING = frozenset({"style", "explode", "allowReserved"})


class _Form(Codec):
    preference = 20
    takes_empty = True

    def decoder(self, entry: MediaEntry | None, content_type: str) -> Decoder:
        del content_type
        if entry is None:
            return _FormDecoder(None, {}, None).read
        return _FormDecoder(entry.child("schema"), entry.encoding, entry.codecs).read

    def encoded(self, entry: MediaEntry, value: Any, content_type: str) -> EncodedBody:
        if is_stream(value):
            return EncodedBody(StreamedBody(value), content_type, judged=False)
        if isinstance(value, BYTES):
            return EncodedBody(bytes(value), content_type, judged=False)
        schema = entry.child("schema")
        value = plain(value if schema is None else fitted(value, schema))
        if not isinstance(value, dict):
            raise StyleError(f"a {content_type} body is an object, not {type(value).__name__}")
        nulls = entry.required_nulls
        data = {name: v for name, v in value.items() if v is not None or name in nulls}
        text = encode_form(data, entry.encoding, entry.codecs, schema, entry.deep_object)
        return EncodedBody(text.encode("ascii"), content_type, data)

    def text(self, value: Any) -> str:
        from .registry import CODECS

        if not isinstance(value, dict):
            raise StyleError(f"a form is an object, not {type(value).__name__}")
        members = {name: member for name, member in value.items() if member is not None}
        return encode_form(members, {}, CODECS)

    def query(self, value: Any) -> str:
        return self.text(value)

    def of_query(self, query: str, schema: Node) -> Any:
        try:
            return _FormDecoder(schema, {}, None).read(query.encode())
        except ValueError:
            return query

    def redacted(self, content: bytes, content_type: str, redactor: Redactor) -> bytes:
        del content_type
        return redactor.form(content.decode("utf-8", "replace")).encode()

    def secrets(self, content: bytes, redactor: Redactor, *, whole: bool) -> Iterator[str]:
        return redactor.of_form(content.decode("utf-8", "replace"), whole=whole)

    def given(self, content: bytes) -> Any:
        """An object as JSON text; else a form that is encoded already."""
        try:
            return decode(content)
        except JsonTextError:
            return content.strip()


FORM = _Form()


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


def encode_form(
    data: Mapping[str, Any],
    encoding: Mapping[str, Any],
    codecs: Registry,
    schema: Node | None = None,
    deep_object: DeepObject | None = None,
) -> str:
    """The form-urlencoded text of an object of plain data, each member as its `encoding` says.

    StyleError, with the pointer to the member, for what has no place in a form.
    """
    pairs = []
    for name, member in data.items():
        settings = encoding.get(name)
        settings = settings if isinstance(settings, Mapping) else {}
        styled = form_style(settings)
        style, explode = styled or ("form", True)
        more: dict[str, Any] = {
            "allow_reserved": settings.get("allowReserved") is True,
            "deep_object": deep_object,
        }
        if isinstance(member, list) and schema is not None:
            declared = schema.member(name)
            more["inner"] = inner_formats(declared and declared.item())
        try:
            if styled is None:
                member = _as_content(member, str(settings.get("contentType", "")), codecs)  # noqa: PLW2901
            if text := form_text(name, member, style, explode, **more):
                pairs.append(text)
        except ValueError as error:
            raise StyleError.of(error, name, label=f"the member {name!r}") from None
    return "&".join(pairs)


def form_text(name: str, member: Any, style: str, explode: bool, **more: Any) -> str:
    """The text of one member, with its name; empty for an empty array or object.

    `more` is what `serializer` takes besides.
    """
    try:
        return serializer(name, "form", style, explode, **more)(member)
    except UnicodeEncodeError:
        raise StyleError("it holds a lone surrogate, which UTF-8 can't carry") from None


def _as_content(member: Any, content_type: str, codecs: Registry) -> Any:
    """A member, or each item of one that is an array, as text of its content type.

    "application/json" is the default of an object, and of an array whose items are objects.
    """
    if isinstance(member, list):
        return [_as_text(item, content_type, codecs) for item in member]
    return _as_text(member, content_type, codecs)


def _as_text(value: Any, content_type: str, codecs: Registry) -> Any:
    if isinstance(value, BYTES):
        raise StyleError("it is bytes, which a form has no place for")
    if not content_type:
        content_type = "application/json" if isinstance(value, dict) else "text/plain"
    codec = _member_codec(content_type, codecs)
    return codec.text(value) if codec.is_json else value


def _member_codec(content_type: str, codecs: Registry) -> Codec:
    """The codec of one of the listed types: of JSON where it is among them."""
    found = [codecs.find(each) for each in content_type.split(",")]
    return next((codec for codec in found if codec.is_json), found[0])


# Reading ------------------------------------------------------------------------------------------

_TextsReader: TypeAlias = Callable[[list[str]], Any]


class _FormDecoder:
    """Decodes the forms that one Media Type Object describes.

    The `encoding` beside its schema says which styles to undo. Before 3.2 it was for requests
    alone; whoever put it into a response meant what it says.
    """

    def __init__(
        self, schema: Node | None, encoding: Mapping[str, Any], codecs: Registry | None
    ) -> None:
        self._schema = schema
        self._encoding = encoding
        self._codecs = codecs
        self._readers: dict[tuple[str, ...], _TextsReader] = {}
        #: Members of style deepObject, and those whose own members stand alone, by their names.
        self._deep: dict[str, Node] = {}
        self._spread: dict[str, str] = {}
        for name, settings in self._encoding.items():
            place = self._place(name)
            styled = form_style(settings) if isinstance(settings, Mapping) else None
            if place and styled:
                self._note_names(name, place, *styled)

    def _note_names(self, name: str, place: Node, style: str, explode: bool) -> None:
        if style == "deepObject":
            self._deep[name] = place
        elif explode and _is_object(place):
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
        trees: dict[str, Tree] = {}
        for name, texts in _texts_by_name(content).items():
            if self._deep and self._put_in_brackets(name, texts, trees):
                continue
            *owner, member = path = self._path(name)
            holder = found.setdefault(owner[0], {}) if owner else found
            if not isinstance(holder, dict) or member in holder:
                raise ValueError(f"{path[0]!r} comes both as a whole and by its members")
            holder[member] = self._reader(path)(texts)
        for name, tree in trees.items():
            if name in found:
                raise ValueError(f"{name!r} comes both as a whole and by its members")
            found[name] = tree.value(self._deep[name])
        return found

    def _put_in_brackets(self, name: str, texts: list[str], trees: dict[str, Tree]) -> bool:
        """Put texts into the tree of their member of style deepObject; False if they have none."""
        from ..fields.brackets import Tree, tokens_of

        for owner in self._deep:
            if tokens := tokens_of(name, owner):
                for text in texts:
                    trees.setdefault(owner, Tree()).put(tokens, unquote_plus(text))
                return True
        return False

    def _path(self, name: str) -> tuple[str, ...]:
        """The member that a pair is, after that which it is a member of."""
        return (self._spread[name], name) if name in self._spread else (name,)

    def _reader(self, path: tuple[str, ...]) -> _TextsReader:
        if path not in self._readers:
            place = self._place(*path)
            if place is None:
                # One for each name that may come: not kept.
                return lambda texts: _alone(list(map(unquote_plus, texts)))
            settings = self._encoding.get(path[0]) if len(path) == 1 else None
            settings = settings if isinstance(settings, Mapping) else {}
            self._readers[path] = _reader_of(place, settings, self._codecs)
        return self._readers[path]


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


def _reader_of(place: Node, settings: Mapping[str, Any], codecs: Registry | None) -> _TextsReader:
    """How the encoded texts of the pairs of one name become a value."""
    styled = form_style(settings)
    style, explode = styled or ("form", True)
    is_joined = style in COLLECTION_FORMATS or (style != "deepObject" and not explode)
    if is_joined and _is_object(place):
        return _joined_object(place, style)
    is_array = "array" in (place.types() or ())
    read = _single_reader(place.item() if is_array else place)
    content_type = settings.get("contentType")
    if styled is None and isinstance(content_type, str) and codecs:
        codec = _member_codec(content_type, codecs)
        read = json_reader if codec.is_json else read
    if not is_array:
        return lambda texts: _alone([read(unquote_plus(text)) for text in texts])
    if not is_joined:
        return lambda texts: [read(unquote_plus(text)) for text in texts]
    split = text_splitter("form", style, False)
    return lambda texts: [read(unquote_plus(part)) for text in texts for part in split(text)]


def _joined_object(place: Node, style: str) -> _TextsReader:
    split = text_splitter("form", style, False)

    def read(texts: list[str]) -> Any:
        parts = [unquote_plus(part) for text in texts for part in split(text)]
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
