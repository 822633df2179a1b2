"""Request bodies: what a caller may give, and the bytes it becomes.

Source: OpenAPI 3.1.1, sections "Request Body Object" and "Media Type Object".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ..document import Document, Location
from ..errors import DocumentError
from ..jsontext import decode, encode
from ..schema import Validator, compile_validator
from ..schema.closure import extract
from .files import StreamedBody, guess_type, is_stream
from .media import Kind, charset_of, kind_of, parse_media_type
from .multipart import Multipart, encode_multipart
from .names import TAKEN, python_name, snake_case
from .sequences import ItemsValidator, decode_items, encode_items, is_sequential
from .styles import StyleError, plain, serializer, text_of

__all__ = ["BodyMedia", "EncodedBody", "RequestBody", "read_request_body"]

#: The kinds of content, those that carry the richest data first.
_PREFERENCE: tuple[Kind, ...] = ("json", "form", "multipart", "items", "text", "binary")


@dataclass(frozen=True, slots=True)
class EncodedBody:
    """A body on its way to the wire: its content, its type, and what to validate of it.

    `data` is the plain value for the schema; `judged` is False for a stream, which nobody has read.
    """

    content: bytes | StreamedBody | Multipart
    content_type: str
    data: Any = None
    judged: bool = True

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
        #: Whether the content is a row of items, described by `itemSchema` (OpenAPI 3.2).
        self.is_sequence = "itemSchema" in entry and is_sequential(media_type)
        self.kind: Kind = "items" if self.is_sequence else kind_of(parsed)
        keyword = "itemSchema" if self.is_sequence else "schema"
        self.schema: Any = entry.get(keyword)
        self.schema_at = at.child(keyword)
        encoding = entry.get("encoding")
        self.encoding: Mapping[str, Any] = encoding if isinstance(encoding, dict) else {}
        self._validators: dict[bool, Validator | ItemsValidator | None] = {}

    def validator(self, formats: bool) -> Validator | ItemsValidator | None:
        """The compiled schema; None where the document gives none, or the content has no data."""
        if formats not in self._validators:
            self._validators[formats] = self._compile(formats)
        return self._validators[formats]

    def _compile(self, formats: bool) -> Validator | ItemsValidator | None:
        if self.schema is None or self.kind == "binary":
            return None
        root = (self.schema, self.schema_at)
        validator = compile_validator(self._document, root, "request", formats=formats)
        return ItemsValidator(validator) if self.is_sequence else validator

    @cached_property
    def secrets(self) -> frozenset[str]:
        """Names of the properties, at any depth, whose values must not be shown."""
        if self.schema is None:
            return frozenset()
        try:
            return extract(self._document, (self.schema, self.schema_at), "request").secrets
        except DocumentError:
            return frozenset()  # the validator says so, where it is asked

    @cached_property
    def properties(self) -> Mapping[str, tuple[Any, Location]]:
        """The properties the body's schema declares, through `$ref`, allOf, anyOf and oneOf.

        Each with its Schema Object and the place of that.
        """
        if self.schema is None or self.kind in ("text", "binary", "items"):
            return {}
        found: dict[str, tuple[Any, Location]] = {}
        seen: set[Location] = set()
        stack = [(self.schema, self.schema_at)]
        while stack:
            schema, at = self._document.resources.follow(*stack.pop())
            if at in seen or not isinstance(schema, dict):
                continue
            seen.add(at)
            properties = schema.get("properties")
            if isinstance(properties, dict):
                for name, member in properties.items():
                    found.setdefault(name, (member, at.child("properties", name)))
            for keyword in ("oneOf", "anyOf", "allOf"):
                members = schema.get(keyword)
                if isinstance(members, list):
                    parts = [(m, at.child(keyword, i)) for i, m in enumerate(members)]
                    stack.extend(reversed(parts))  # so that they are read in their order
        return found

    def takes_null(self, member: str | None = None) -> bool:
        """Whether null is a value of the body, or of that property of it."""
        found = (self.schema, self.schema_at) if member is None else self.properties[member]
        if found[0] is None:
            return True
        return bool(compile_validator(self._document, found, "request").is_valid(None))

    def encode(self, value: Any, content_type: str | None = None) -> EncodedBody:
        """The wire form of a value. StyleError or JsonTextError, with a reason, if it has none."""
        sent_type = content_type or self._own_type(value)
        if is_stream(value) and not (self.is_sequence and isinstance(value, Iterator)):
            return EncodedBody(StreamedBody(value), sent_type, judged=False)
        return _ENCODERS[self.kind](self, value, sent_type)

    def _own_type(self, value: Any) -> str:
        if not self.is_range:
            return self.media_type
        if isinstance(value, Path):
            return guess_type(value.name)
        if self.kind == "json":
            return "application/json"
        return "application/octet-stream"


def _encode_json(_: BodyMedia, value: Any, content_type: str) -> EncodedBody:
    if isinstance(value, bytes | bytearray | memoryview):
        raw = bytes(value)
        return EncodedBody(raw, content_type, decode(raw))
    return EncodedBody(encode(value), content_type, value)


def _encode_text(_: BodyMedia, value: Any, content_type: str) -> EncodedBody:
    charset = charset_of(content_type)
    if isinstance(value, bytes | bytearray | memoryview):
        raw = bytes(value)
        return EncodedBody(raw, content_type, raw.decode(charset, "replace"))
    text = text_of(plain(value))
    try:
        return EncodedBody(text.encode(charset), content_type, text)
    except UnicodeEncodeError as error:
        raise StyleError(f"the text has no form in {charset}: {error.reason}") from None


def _encode_binary(media: BodyMedia, value: Any, content_type: str) -> EncodedBody:
    if isinstance(value, bytes | bytearray | memoryview):
        return EncodedBody(bytes(value), content_type, judged=False)
    if isinstance(value, str):
        return EncodedBody(value.encode(), content_type, judged=False)
    if media.is_range:  # any type will do, so data goes as what data is
        return EncodedBody(encode(value), "application/json", value, judged=False)
    raise StyleError(
        f"a {media.media_type} body is bytes, text, a Path, an open file or an iterator of bytes, "
        f"not {type(value).__name__}"
    )


def encode_form(data: Mapping[str, Any], encoding: Mapping[str, Any]) -> str:
    """The form-urlencoded text of an object, each member as its `encoding` says.

    Source: OpenAPI 3.1.1, section "Encoding the x-www-form-urlencoded Media Type".
    """
    pairs = []
    for name, member in data.items():
        settings = encoding.get(name)
        settings = settings if isinstance(settings, dict) else {}
        style = settings.get("style", "form")
        explode = settings.get("explode", style == "form")
        if isinstance(member, dict) and not settings.keys() & {"style", "explode"}:
            # "application/json" is the default content type of an object (Encoding Object).
            member, explode = encode(member).decode(), False  # noqa: PLW2901 - same member, as text
        write = serializer(
            name, "form", style, explode, allow_reserved=settings.get("allowReserved") is True
        )
        if member is not None and (text := write(member)):
            pairs.append(text)
    return "&".join(pairs)


def _encode_form(media: BodyMedia, value: Any, content_type: str) -> EncodedBody:
    if isinstance(value, bytes | bytearray | memoryview):
        return EncodedBody(bytes(value), content_type, judged=False)
    data = _object(plain(value), content_type)
    return EncodedBody(encode_form(data, media.encoding).encode("ascii"), content_type, data)


def _encode_items(media: BodyMedia, value: Any, content_type: str) -> EncodedBody:
    if isinstance(value, bytes | bytearray | memoryview):
        raw = bytes(value)
        return EncodedBody(raw, content_type, decode_items(media.media_type)(raw))
    if isinstance(value, Iterator):  # sent as the items come: nobody can have judged them before
        items = encode_items(media.media_type, value)
        return EncodedBody(StreamedBody(items), content_type, judged=False)
    return EncodedBody(b"".join(encode_items(media.media_type, value)), content_type, value)


def _encode_multipart(media: BodyMedia, value: Any, content_type: str) -> EncodedBody:
    if isinstance(value, bytes | bytearray | memoryview):
        return EncodedBody(bytes(value), content_type, judged=False)
    data = _object(value, content_type)
    content, sent_type = encode_multipart(data, media.encoding, content_type)
    return EncodedBody(content, sent_type, _without_files(data))


def _object(value: Any, content_type: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise StyleError(f"a {content_type} body is an object, not {type(value).__name__}")
    return dict(value)


def _without_files(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data a schema can judge: files stand as empty strings, since their content is opaque."""
    from .files import File

    def judged(value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [judged(item) for item in value]
        opaque = isinstance(value, File | bytes | bytearray) or is_stream(value)
        return "" if opaque else plain(value)

    return {name: judged(value) for name, value in data.items()}


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
        self.preferred = min(media, key=lambda m: _PREFERENCE.index(m.kind))

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

    def media_for(self, value: Any, content_type: str | None) -> BodyMedia | None:
        """The entry to encode `value` with; None if `content_type` is not declared."""
        if content_type is not None:
            from .media import best_match

            key = best_match((m.media_type for m in self.media), content_type)
            return next((m for m in self.media if m.media_type == key), None)
        if len(self.media) > 1 and (is_stream(value) or isinstance(value, bytes)):
            binary = [m for m in self.media if m.kind == "binary"]
            return binary[0] if binary else self.preferred
        if isinstance(value, str) and len(self.media) > 1:
            text = [m for m in self.media if m.kind == "text"]
            return text[0] if text and not self.preferred.properties else self.preferred
        return self.preferred


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
