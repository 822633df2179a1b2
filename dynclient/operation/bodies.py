"""Request bodies: what a caller may give, the media type it goes out as, the names of its members.

Source: OpenAPI 3.1.1, sections "Request Body Object" and "Media Type Object".
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from copy import copy
from functools import cached_property
from typing import Any

from msgspec import structs

from ..abnf import is_field_value, is_token
from ..document import Node
from ..media import best_match, parse_media_type
from ..messages import Violation
from ..remedies import give
from ..validation import ALL_FORMATS, Formats
from .content.codec import BYTES, Codec, EncodedBody, explained, is_valid
from .content.entry import MediaEntry
from .content.files import Unreadable, file_in, guess_type, is_stream, name_of
from .content.registry import CODECS, Registry
from .fields.styles import DeepObject, StyleError
from .names import TAKEN, python_name, snake_case
from .violations import TOO_DEEP, UNSENDABLE, unserializable, violation

__all__ = ["BodyMedia", "EncodedBody", "RequestBody", "read_request_body"]

#: The name that a body had in the Swagger 2.0 document this one was made from.
_NAME = "x-codegen-request-body-name"
_SCALARS = (str, int, float)
_LIST = frozenset({"array"})


class BodyMedia(MediaEntry):
    """One entry of a Request Body's `content`."""

    @cached_property
    def properties(self) -> Mapping[str, Node]:
        """The properties the body's schema declares, through `$ref`, allOf, anyOf and oneOf."""
        schema = self.child("schema")
        if schema is None or not self.codec.has_members or schema != self.schema:
            return {}
        return schema.properties()

    @cached_property
    def _lists(self) -> tuple[str, ...]:
        """The properties that only arrays are valid for: one item alone stands for a list of it."""
        return tuple(name for name, node in self.properties.items() if node.types() == _LIST)

    def takes_text(self) -> bool:
        """Whether a string is data of this entry: JSON that need not be an object or array."""
        schema = self.child("schema")
        if not self.codec.is_json or schema is None:
            return self.codec.is_json
        types = schema.types()
        return not self.properties if types is None else "string" in types

    def encode(self, value: Any, content_type: str | None = None) -> EncodedBody:
        """The content of a value.

        StyleError or another ValueError, with its place, if it has none; OSError for a path that
        can't be read.
        """
        sent_type = content_type or self.media_type
        if "*" in sent_type:
            sent_type = self.type_in_range(value)
        if self._lists and isinstance(value, dict):
            alone = [name for name in self._lists if isinstance(value.get(name), _SCALARS)]
            value = {**value, **{name: [value[name]] for name in alone}} if alone else value
        return self.codec_for(sent_type).encoded(self, value, sent_type)

    def fits(self, value: Any, *, formats: Formats) -> bool:
        """Whether a value can be content of this entry and is valid by its schema."""
        try:
            body = self.encode(value)
        except (ValueError, OSError, RecursionError):
            return False
        judge = None
        if body.judged:
            judge = self.judge(body.content_type, formats=formats, opaque=body.opaque)
        return judge is None or is_valid(judge, body.data)

    def type_in_range(self, value: Any) -> str:
        """The type of a value under a range of types, which a Content-Type can't be."""
        if isinstance(value, BYTES) or is_stream(value):
            name = name_of(value)
            likely = [guess_type(name)] if name else []
            likely += ["application/octet-stream", "text/plain"]
        else:
            is_list = isinstance(value, list | tuple)
            parts = "multipart/mixed" if is_list else "multipart/form-data"
            likely = ["application/json", "text/plain", parts]
        for each in likely:
            if self.covers(each):
                return each
        reason = f"the document declares {self.media_type}: which media type is it?"
        raise StyleError(reason, remedy=give(options={"content_type": ...}))


class RequestBody:
    """The body an operation takes: its media types, and the names by which it can be given.

    media      the media types, as the document has them
    preferred  the one used when neither the caller nor the value decides: the one with the
               richest data; of several for JSON `application/json`
    """

    def __init__(
        self, node: Node, media: list[BodyMedia], preferred: BodyMedia | None = None
    ) -> None:
        self._node = node
        self.required = node.get("required") is True
        self.media = tuple(media)
        description = node.get("description")
        self.description = description if isinstance(description, str) else ""
        self._ranked = sorted(media, key=_rank)
        self._is_chosen = preferred is not None
        self.preferred = preferred or self._ranked[0]
        self._others: dict[str, RequestBody] = {}

    def nesting(self, deep_object: DeepObject | None) -> RequestBody:
        """This body, with a way for style deepObject to name what is inside of an object."""
        if deep_object is None:
            return self
        media = list(map(copy, self.media))
        for each in media:
            each.deep_object = deep_object
        return RequestBody(self._node, media)

    # ── names ────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What the whole body is called: by Swagger 2.0, and by the component that it is.

        `create_job_request` for a body that is a `$ref` to the schema CreateJobRequest. A property
        of that name goes first.
        """
        named = self._node.get(_NAME)
        found = [python_name(named)] if isinstance(named, str) and named else []
        schema = self.preferred.schema
        reference = schema.reference if schema is not None else None
        if reference is not None and "/" in reference:
            found.append(snake_case(reference.rpartition("/")[2]))
        return tuple(n for n in dict.fromkeys(found) if n not in {*self.property_names, *TAKEN})

    @cached_property
    def properties(self) -> Mapping[str, Node]:
        """The declared properties of the preferred media type, then those of the others."""
        found = dict(self.preferred.properties)
        for media in self.others:
            for name, schema in media.properties.items():
                found.setdefault(name, schema)
        return found

    @property
    def others(self) -> tuple[BodyMedia, ...]:
        """The media types besides the preferred one, unless the caller chose that."""
        return () if self._is_chosen else tuple(m for m in self._ranked if m is not self.preferred)

    @cached_property
    def property_names(self) -> Mapping[str, str]:
        """Wire name of each declared property, by its argument name and by itself."""
        names: dict[str, str] = {}
        for wire_name in self.properties:
            name = python_name(wire_name)
            names.setdefault(f"body_{name}" if name in TAKEN else name, wire_name)
        for wire_name in self.properties:
            names[wire_name] = wire_name
        return names

    def takes_null(self, member: str | None = None) -> bool:
        """Whether null is a value of the body, or of that property of it."""
        schema = self.preferred.schema if member is None else self.properties[member]
        return self.preferred.takes_null(schema)

    # ── encoding ─────────────────────────────────────────────────────────────────────────────

    def encode(
        self,
        value: Any,
        content_type: str | None,
        found: list[Violation],
        *,
        judging: bool,
        formats: Formats,
    ) -> EncodedBody | None:
        """The body of a request; None, and why in `found`, for a value that can't be one.

        `judging` is whether the value is validated; its violations go to `found` as well.
        """
        media, wrong = self.media_for(value, content_type, formats=formats)
        if wrong is not None:
            found.append(wrong)
            if wrong.rule in UNSENDABLE:
                return None
        try:
            body = media.encode(value, content_type)
            if judging and body.judged:
                judge = media.judge(body.content_type, formats=formats, opaque=body.opaque)
                if judge is not None and not is_valid(judge, body.data):
                    found += explained(judge, body.data, "request.body", layer="request")
        except OSError as error:
            found.append(unserializable("request.body", "unreadable", Unreadable.because(error)))
            return None
        except (ValueError, RecursionError) as error:
            why = StyleError(TOO_DEEP) if isinstance(error, RecursionError) else error
            found += self._unencodable(media, value, why, judging=judging, formats=formats)
            return None
        return body

    def _unencodable(
        self, media: BodyMedia, value: Any, error: ValueError, *, judging: bool, formats: Formats
    ) -> list[Violation]:
        """Why a value can't be encoded. Its schema often explains better what is wrong."""
        rule = "unreadable" if isinstance(error, Unreadable) else "encoding"
        found = [unserializable("request.body", rule, error)]
        is_data = isinstance(value, dict | list | tuple)
        if is_data and not media.codec.takes_files and file_in(value) is not None:
            return [structs.replace(found[0], **self._about_files(media, found[0]))]
        judge = media.judge(media.media_type, formats=formats) if judging else None
        if judge is not None and isinstance(value, dict | list):
            with suppress(
                ValueError, TypeError, RecursionError
            ):  # no plain data either: the reason is enough
                found += judge.explain(value, "request.body", layer="request")
        return found

    def _about_files(self, media: BodyMedia, violation: Violation) -> dict[str, Any]:
        """Message and remedy for a file in a body that can't hold one."""
        known = [m.media_type for m in self.media if m.codec.takes_files]
        reason = f"{violation.message}; a {media.media_type} body holds no files"
        if not known:
            return {"message": f"{reason}, and the operation declares no multipart body"}
        return {
            "message": f"{reason}, a {known[0]} body does",
            "remedy": give(options={"content_type": known[0]}),
        }

    # ── which media type ─────────────────────────────────────────────────────────────────────

    def preferring(self, content_type: str) -> RequestBody:
        """This body with the names of another media type; itself where it declares no such."""
        media = self._declared(content_type)
        if media is None or len(self.media) == 1:
            return self
        if media.media_type not in self._others:
            other = RequestBody(self._node, list(self.media), media)
            self._others[media.media_type] = other
        return self._others[media.media_type]

    def codec_for(self, content_type: str | None) -> Codec:
        """The codec of a body of that type; of the preferred one without."""
        if content_type is None:
            return self.preferred.codec
        media = self._declared(content_type)
        return (
            self.preferred.codecs.find(content_type)
            if media is None
            else media.codec_for(content_type)
        )

    def _declared(self, content_type: str) -> BodyMedia | None:
        key = best_match((m.media_type for m in self.media), content_type)
        return next((m for m in self.media if m.media_type == key), None)

    def media_for(
        self, value: Any, content_type: str | None, *, formats: Formats = ALL_FORMATS
    ) -> tuple[BodyMedia, Violation | None]:
        """The entry to encode `value` with, and what is wrong with the choice of it.

        A content type that is not declared is encoded by its own codec.
        """
        if content_type is not None:
            declared = self._declared(content_type)
            return (declared, None) if declared is not None else self._undeclared(content_type)
        if len(self.media) == 1:
            return self.preferred, None
        if is_stream(value) or isinstance(value, BYTES):
            return self._for_content(value), None
        if isinstance(value, str) and not self.preferred.takes_text():
            texts = [m for m in self._ranked if m.codec.is_text]
            return (texts[-1] if texts else self.preferred), None
        return self._for_data(value, formats)

    def _undeclared(self, content_type: str) -> tuple[BodyMedia, Violation]:
        known = ", ".join(m.media_type for m in self.media)
        reason = f"content type {content_type!r} is not declared; these are: {known}"
        rule = "content-type"
        parsed = parse_media_type(content_type)
        is_type = is_token(parsed.type) and is_token(parsed.subtype) and "*" not in parsed.essence
        if not is_type or not is_field_value(content_type):
            rule = "unsendable-content-type"
            reason = f"{content_type!r} can't be the content type of a body; declared are: {known}"
        place = self._node.child("content")
        entry = Node(place.document, {}, place.at)
        media = BodyMedia(content_type, entry, "request", self.preferred.codecs)
        return media, violation("request.body", rule, reason, place.at.pointer)

    def _for_content(self, value: Any) -> BodyMedia:
        """For bytes and streams: the entry its name fits, else one for any bytes."""
        name = name_of(value)
        guess = guess_type(name) if name else "application/octet-stream"
        binary = [m for m in self.media if m.codec.takes_any]
        for fits in (
            lambda m: m.covers(guess),
            lambda m: not m.is_range,
            lambda m: m.covers("application/octet-stream"),
        ):
            if found := [m for m in binary if fits(m)]:
                return found[0]
        ranges = [m for m in self.media if m.covers("application/octet-stream")]
        return ranges[0] if ranges else self.preferred

    def _for_data(self, value: Any, formats: Formats) -> tuple[BodyMedia, Violation | None]:
        """For data: the first entry that it fits. Only multipart bodies hold files."""
        with_files = isinstance(value, dict | list | tuple) and file_in(value) is not None
        likely = [
            m
            for m in self._ranked
            if (m.codec.takes_files if with_files else not m.codec.takes_any)
            and (m.codec.has_members or not isinstance(value, dict))
        ]
        if len(likely) < 2:
            return (likely or [self.preferred])[0], None
        for media in likely:
            if self._is_for(media, value) and media.fits(value, formats=formats):
                return media, None
        nearest = self.preferred if self.preferred in likely else likely[0]
        known = ", ".join(m.media_type for m in likely)
        reason = f"the body fits none of {known}; it is validated as {nearest.media_type}"
        return nearest, Violation(
            "request.body",
            "",
            self._node.child("content").at.pointer,
            "media-type",
            reason,
            "request",
            give(options={"content_type": ...}),
        )

    def _is_for(self, media: BodyMedia, value: Any) -> bool:
        """Whether a value goes out under an entry, and not under one for its type alone."""
        try:
            return not media.is_range or self._declared(media.type_in_range(value)) is media
        except StyleError:
            return False


def _rank(media: BodyMedia) -> tuple[int, bool, bool]:
    is_vendors = media.codec.is_json and media.media_type != "application/json"
    return media.codec.preference, media.is_range, is_vendors


def read_request_body(declared: Node, codecs: Registry = CODECS) -> RequestBody | None:
    """The Request Body Object that is declared; None where there is none or it has no content."""
    if declared.value is None:
        return None
    node = declared.follow()
    media = [BodyMedia(key, entry, "request", codecs) for key, entry in node.items("content")]
    if not media:
        node.note("a request body needs `content`; it is ignored", "request-body")
        return None
    return RequestBody(node, media)
