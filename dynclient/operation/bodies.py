"""Request bodies: what a caller may give, and the bytes it becomes.

Source: OpenAPI 3.1.1, sections "Request Body Object" and "Media Type Object".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..document import Document, Location, Node
from ..errors import DocumentError, Unavailable
from ..jsontext import decode, encode
from ..media import Kind, best_match, charset_of, kind_of, parse_media_type
from ..remedies import give
from ..schema import Validator, compile_validator
from ..schema.closure import extract
from .content.encodings import PartsPlan
from .content.files import StreamedBody, guess_type, is_stream, name_of
from .content.forms import encode_form
from .content.parts import Multipart, encode_multipart
from .content.sequential import ItemsValidator, compile_row, decode_items, encode_items, is_row
from .content.uploads import BesideFiles, Opaque, judged_data, plain_data, without
from .fields.styles import StyleError, plain, text_of
from .fields.texts import text_reader
from .names import TAKEN, python_name, snake_case

__all__ = ["BodyMedia", "EncodedBody", "RequestBody", "encode_form", "read_request_body"]

_MOST_VALIDATORS = 64
_BYTES = bytes | bytearray | memoryview

#: The kinds of content, those that carry the richest data first.
_PREFERENCE: tuple[Kind, ...] = ("json", "form", "multipart", "items", "text", "binary")


@dataclass(frozen=True, slots=True)
class EncodedBody:
    """A body on its way to the wire: its content, its type, and what to validate of it.

    `data` is the plain value for the schema; `judged` is False for a stream, which nobody has read.
    `opaque` are the members or items of `data` that are files.
    """

    content: bytes | StreamedBody | Multipart
    content_type: str
    data: Any = None
    judged: bool = True
    opaque: Opaque = frozenset()

    @property
    def size(self) -> int | None:
        """The bytes of a streamed body, None if they can't be told or all are at hand."""
        return None if isinstance(self.content, bytes) else self.content.size

    def sendable(self) -> bytes | Iterable[bytes]:
        """The content as a transport takes it: what can be sent only once is an iterator."""
        content = self.content
        return content if isinstance(content, bytes) or content.repeatable else iter(content)


class BodyMedia:
    """One entry of a Request Body's `content`."""

    def __init__(self, document: Document, media_type: str, entry: Any, at: Location) -> None:
        self.media_type = media_type
        self.at = at
        self._document = document
        parsed = parse_media_type(media_type)
        self.is_range = "*" in media_type
        entry = entry if isinstance(entry, dict) else {}
        self._entry = entry
        #: Whether the content is a row of items (OpenAPI 3.2).
        self.is_sequence = is_row(document, media_type, entry, at)
        self.kind: Kind = "items" if self.is_sequence else kind_of(parsed)
        by_item = "itemSchema" in entry and self.kind in ("items", "multipart")
        #: Whether its schemas are about a row: of items, or of parts by their positions (3.2).
        self.is_row = self.is_sequence or by_item
        keyword = "itemSchema" if by_item else "schema"
        self.schema: Any = entry.get(keyword)
        self.schema_at = at.child(keyword)
        encoding = entry.get("encoding")
        self.encoding: Mapping[str, Any] = encoding if isinstance(encoding, dict) else {}
        self._validators: dict[Any, Validator | ItemsValidator | None] = {}

    @property
    def node(self) -> Node:
        """The schema and its place."""
        return Node(self._document, self.schema, self.schema_at)

    def validator(
        self, formats: bool, opaque: Opaque = frozenset()
    ) -> Validator | ItemsValidator | None:
        """The compiled schema; None where the document gives none, or the content has no data.

        It asks nothing of members or items that are `opaque`.
        """
        key = (formats, opaque) if opaque else formats
        if key not in self._validators:
            if len(self._validators) >= _MOST_VALIDATORS:
                self._validators.clear()
            self._validators[key] = self._compile(formats, opaque)
        return self._validators[key]

    def _compile(self, formats: bool, opaque: Opaque) -> Validator | ItemsValidator | None:
        if opaque:
            whole = self.validator(formats)
            if isinstance(whole, ItemsValidator):
                return BesideFiles(whole, opaque)
            return whole and without(whole, opaque, formats=formats)
        if self.is_row:
            return compile_row(self._document, self._entry, self.at, "request", formats=formats)
        if self.schema is None or self.kind == "binary":
            return None
        if self.kind == "text" and self.text_reader(self.media_type) is None:
            return None
        root = (self.schema, self.schema_at)
        return compile_validator(self._document, root, "request", formats=formats)

    def text_reader(self, content_type: str) -> Callable[[str], Any] | None:
        """How text is read to be judged; None where the schema has no say over it."""
        return None if self.schema is None else text_reader(self.node, content_type)

    @cached_property
    def parts(self) -> PartsPlan:
        """How the members or items of a multipart body become parts."""
        schema = None
        if "schema" in self._entry:
            schema = Node(self._document, self._entry["schema"], self.at.child("schema"))
        return PartsPlan(self._document, self._entry, self.at, schema)

    @cached_property
    def secrets(self) -> frozenset[str]:
        """Names of the properties, at any depth, whose values must not be shown."""
        if self.schema is None:
            return frozenset()
        try:
            return extract(self._document, (self.schema, self.schema_at), "request").secrets
        except Unavailable:
            raise  # and not remembered: a later call may come to the file
        except DocumentError:
            return frozenset()  # the validator says so, where it is asked

    @cached_property
    def properties(self) -> Mapping[str, Node]:
        """The properties the body's schema declares, through `$ref`, allOf, anyOf and oneOf."""
        if self.schema is None or self.is_row or self.kind in ("text", "binary"):
            return {}
        return self.node.properties()

    def takes_null(self, member: str | None = None) -> bool:
        """Whether null is a value of the body, or of that property of it."""
        found = self.node if member is None else self.properties[member]
        if found.value is None:
            return True
        root = (found.value, found.at)
        return bool(compile_validator(self._document, root, "request").is_valid(None))

    def takes_text(self) -> bool:
        """Whether a string is data of this entry: JSON that need not be an object or array."""
        if self.kind != "json" or self.schema is None:
            return self.kind == "json"
        types = self.node.types()
        return not self.properties if types is None else "string" in types

    def encode(self, value: Any, content_type: str | None = None) -> EncodedBody:
        """The wire form of a value. StyleError or JsonTextError, with a reason, if it has none."""
        kind, sent_type = self.kind, content_type or self.media_type
        if "*" in sent_type:
            sent_type = self._type_in_range(value)
        if self.is_range and not self.is_sequence:
            kind = kind_of(parse_media_type(sent_type))
        if kind == "multipart" and (is_stream(value) or isinstance(value, _BYTES)):
            return _encode_finished(value, sent_type)
        if is_stream(value) and not (self.is_sequence and isinstance(value, Iterator)):
            return EncodedBody(StreamedBody(value), sent_type, judged=False)
        return _ENCODERS[kind](self, value, sent_type)

    def covers(self, content_type: str) -> bool:
        """Whether content of a type can go out under this entry."""
        return best_match([self.media_type], content_type) is not None

    def _type_in_range(self, value: Any) -> str:
        """The type of a value under a range of types, which a Content-Type can't be."""
        if isinstance(value, _BYTES) or is_stream(value):
            name = name_of(value)
            likely = [guess_type(name)] if name else []
            likely += ["application/octet-stream", "text/plain"]
        else:
            is_list = isinstance(value, list | tuple)
            parts = "multipart/mixed" if is_list else "multipart/form-data"
            likely = ["application/json", "text/plain", parts]
        if self.kind == "json" and likely[0] == "application/json":
            return likely[0]
        for each in likely:
            if self.covers(each):
                return each
        reason = f"the document declares {self.media_type}: which media type is it?"
        raise StyleError(reason, remedy=give(options={"content_type": ...}))


def _encode_json(_: BodyMedia, value: Any, content_type: str) -> EncodedBody:
    if isinstance(value, _BYTES):
        raw = bytes(value)
        return EncodedBody(raw, content_type, decode(raw))
    return EncodedBody(encode(value), content_type, value)


def _encode_text(media: BodyMedia, value: Any, content_type: str) -> EncodedBody:
    charset = charset_of(content_type)
    read = media.text_reader(content_type)
    judged = read is not None
    read = read or str
    if isinstance(value, _BYTES):
        raw = bytes(value)
        return EncodedBody(raw, content_type, read(raw.decode(charset, "replace")), judged)
    value = plain(value)
    if isinstance(value, dict | list):
        kind = "an object" if isinstance(value, dict) else "an array"
        raise StyleError(f"a {content_type} body is text, not {kind}; write it yourself")
    text = text_of(value)
    try:
        return EncodedBody(text.encode(charset), content_type, read(text), judged)
    except UnicodeEncodeError as error:
        raise StyleError(f"the text has no form in {charset}: {error.reason}") from None


def _encode_binary(_: BodyMedia, value: Any, content_type: str) -> EncodedBody:
    if isinstance(value, _BYTES):
        return EncodedBody(bytes(value), content_type, judged=False)
    if isinstance(value, str):
        return EncodedBody(value.encode(), content_type, judged=False)
    raise StyleError(
        f"a {content_type} body is bytes, text, a Path, an open file or an iterator of bytes, "
        f"not {type(value).__name__}"
    )


def _encode_form(media: BodyMedia, value: Any, content_type: str) -> EncodedBody:
    if isinstance(value, _BYTES):
        return EncodedBody(bytes(value), content_type, judged=False)
    data = {k: v for k, v in _object(plain(value), content_type).items() if v is not None}
    return EncodedBody(encode_form(data, media.encoding).encode("ascii"), content_type, data)


def _encode_items(media: BodyMedia, value: Any, content_type: str) -> EncodedBody:
    if isinstance(value, _BYTES):
        raw = bytes(value)
        return EncodedBody(raw, content_type, decode_items(media.media_type)(raw))
    if isinstance(value, Iterator):  # sent as the items come: nobody can have judged them before
        items = encode_items(media.media_type, value)
        return EncodedBody(StreamedBody(items), content_type, judged=False)
    return EncodedBody(b"".join(encode_items(media.media_type, value)), content_type, value)


def _encode_multipart(media: BodyMedia, value: Any, content_type: str) -> EncodedBody:
    is_list = isinstance(value, list | tuple)
    if not is_list and (media.is_row or not isinstance(value, Mapping)):
        wanted = "an array" if media.is_row else "an object or an array"
        raise StyleError(f"a {content_type} body is {wanted}, not {type(value).__name__}")
    data = plain_data(value)
    content, sent_type = encode_multipart(data, media.parts, content_type)
    judged, opaque = judged_data(data)
    return EncodedBody(content, sent_type, judged, opaque=opaque)


def _encode_finished(value: Any, content_type: str) -> EncodedBody:
    """A multipart body that the caller wrote: nobody can read it without its boundary."""
    if "boundary" not in dict(parse_media_type(content_type).parameters):
        remedy = give(options={"content_type": f"{content_type}; boundary=..."})
        raise StyleError(f"bytes of {content_type} need their boundary", remedy=remedy)
    content = StreamedBody(value) if is_stream(value) else bytes(value)
    return EncodedBody(content, content_type, judged=False)


def _object(value: Any, content_type: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise StyleError(f"a {content_type} body is an object, not {type(value).__name__}")
    return dict(value)


_ENCODERS: dict[Kind, Callable[[BodyMedia, Any, str], EncodedBody]] = {
    "json": _encode_json,
    "text": _encode_text,
    "binary": _encode_binary,
    "form": _encode_form,
    "multipart": _encode_multipart,
    "items": _encode_items,
}


class RequestBody:
    """The body an operation takes: its media types, and the names by which it can be given."""

    def __init__(self, required: bool, media: list[BodyMedia], description: str) -> None:
        self.required = required
        self.media = tuple(media)
        self.description = description
        #: The media type used when the caller names none: the one with the richest data.
        self.preferred = min(media, key=lambda m: (_PREFERENCE.index(m.kind), m.is_range))
        self._others: dict[str, RequestBody] = {}

    @cached_property
    def component_name(self) -> str | None:
        """`create_job_request` for a body that is a `$ref` to the schema CreateJobRequest."""
        reference = self.preferred.schema
        reference = reference.get("$ref") if isinstance(reference, dict) else None
        if not isinstance(reference, str) or "/" not in reference:
            return None
        return snake_case(reference.rpartition("/")[2])

    @cached_property
    def property_names(self) -> Mapping[str, str]:
        """Wire name of each declared property, by its argument name and by itself."""
        names: dict[str, str] = {}
        for wire_name in self.preferred.properties:
            name = python_name(wire_name)
            names.setdefault(f"body_{name}" if name in TAKEN else name, wire_name)
        for wire_name in self.preferred.properties:
            names[wire_name] = wire_name
        return names

    def preferring(self, content_type: str) -> RequestBody:
        """This body with the names of another media type; itself where it declares no such."""
        media = self._declared(content_type)
        if media is None or media is self.preferred:
            return self
        if media.media_type not in self._others:
            other = RequestBody(self.required, list(self.media), self.description)
            other.preferred = media
            self._others[media.media_type] = other
        return self._others[media.media_type]

    def _declared(self, content_type: str) -> BodyMedia | None:
        key = best_match((m.media_type for m in self.media), content_type)
        return next((m for m in self.media if m.media_type == key), None)

    def media_for(self, value: Any, content_type: str | None) -> BodyMedia | None:
        """The entry to encode `value` with; None if `content_type` is not declared."""
        if content_type is not None:
            return self._declared(content_type)
        if len(self.media) > 1 and (is_stream(value) or isinstance(value, bytes)):
            return self._media_for_content(value)
        if isinstance(value, str) and len(self.media) > 1 and not self.preferred.takes_text():
            text = [m for m in self.media if m.kind == "text"]
            return text[0] if text else self.preferred
        return self.preferred

    def _media_for_content(self, value: Any) -> BodyMedia:
        """For bytes and streams: the entry its name fits, else one for any bytes."""
        name = name_of(value)
        guess = guess_type(name) if name else "application/octet-stream"
        binary = [m for m in self.media if m.kind == "binary"]
        for fits in (
            lambda m: m.covers(guess),
            lambda m: not m.is_range,
            lambda m: m.covers("application/octet-stream"),
        ):
            if found := [m for m in binary if fits(m)]:
                return found[0]
        ranges = [m for m in self.media if m.covers("application/octet-stream")]
        return ranges[0] if ranges else self.preferred


def read_request_body(document: Document, value: Any, at: Location) -> RequestBody | None:
    """The Request Body Object at a place; None where there is none or it has no content."""
    if value is None:
        return None
    value, at = document.resources.follow(value, at)
    content = value.get("content") if isinstance(value, dict) else None
    if not isinstance(content, dict) or not content:
        document.note(at, "a request body needs `content`; it is ignored", "request-body")
        return None
    media = []
    for media_type, entry in content.items():
        target, place = document.resources.follow(entry, at.child("content", media_type))
        media.append(BodyMedia(document, media_type, target, place))
    description = value.get("description")
    return RequestBody(
        value.get("required") is True,
        media,
        description if isinstance(description, str) else "",
    )
