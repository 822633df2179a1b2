"""multipart bodies: one part a property or an item, as the document's `encoding` says.

The members of an object go by their names, whatever the multipart type: "Properties are correlated
with multipart parts using the name parameter to Content-Disposition: form-data" (OpenAPI 3.1.1,
"Encoding Object"). The items of an array go by their positions and have no names (3.2.0, "Encoding
By Position").
Sources besides: OpenAPI 3.1.1, section "Special Considerations for multipart Content"; RFC 7578
(form-data); RFC 2046, section 5.1; RFC 2387 (related). Parts are streamed: no file is read into
memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote, unquote_plus

from ...abnf import is_token
from ...media import charset_of, parse_media_type
from ...remedies import give
from ..fields.styles import (
    COLLECTION_FORMATS,
    StyleError,
    inner_formats,
    plain,
    serializer,
    text_of,
)
from .codec import BYTES
from .encodings import PartPlan, PartsPlan
from .entry import MediaEntry
from .files import File, StreamedBody, Unreadable, chunks, guess_type, is_stream, size_of
from .forms import form_text
from .text import encode_text
from .uploads import is_opaque

__all__ = ["Multipart", "encode_multipart"]

_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]").fullmatch
_CONTROL = re.compile(r"[\x00-\x1f\x7f]").search


@dataclass(frozen=True, slots=True)
class _Part:
    """One part, ready to be written: its header fields, as bytes too, and its content."""

    fields: Mapping[str, str]
    head: bytes
    content: bytes | StreamedBody | Multipart

    @property
    def size(self) -> int | None:
        """Bytes in head and content; None if the content's size can't be told."""
        content = self.content
        size = content.size if isinstance(content, Multipart) else size_of(content)
        return None if size is None else len(self.head) + size

    def field(self, name: str) -> str:
        """The text of a header field, by its lower-case name; empty if there is none."""
        return next((text for key, text in self.fields.items() if key.lower() == name), "")


class Multipart:
    """A multipart body as an iterable of bytes.

    size        bytes, None if a part's can't be told beforehand
    repeatable  whether it can be walked again, since all of its contents can

    Walking it raises StyleError where a part holds a boundary that the caller chose.
    """

    def __init__(self, parts: list[_Part], boundary: str, *, chosen: bool = False) -> None:
        self._parts = parts
        self._boundary = boundary.encode()
        self._chosen = chosen

    @property
    def size(self) -> int | None:
        total = len(self._boundary) + 6
        for part in self._parts:
            size = part.size
            if size is None:
                return None
            total += size + len(self._boundary) + 6
        return total

    def __iter__(self) -> Iterator[bytes]:
        line = b"--" + self._boundary
        for part in self._parts:
            yield line + b"\r\n" + part.head
            pieces = chunks(part.content)
            yield from _without(line, pieces) if self._chosen else pieces
            yield b"\r\n"
        yield line + b"--\r\n"

    @property
    def streamed(self) -> bool:
        """Whether any part is content that should not be held in memory."""
        return any(isinstance(part.content, StreamedBody | Multipart) for part in self._parts)

    @property
    def repeatable(self) -> bool:
        contents = [part.content for part in self._parts]
        return all(c.repeatable for c in contents if isinstance(c, StreamedBody | Multipart))


def _without(line: bytes, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces, as long as that line is nowhere in them."""
    end = b""
    for piece in pieces:
        seen = end + piece
        if line in seen:
            raise StyleError(f"a part holds the boundary {line[2:].decode()!r}")
        end = seen[-len(line) :]
        yield piece


def encode_multipart(
    data: Mapping[str, Any] | list[Any], entry: MediaEntry, media_type: str
) -> tuple[bytes | Multipart, str]:
    """The body and its content type: `media_type` with the parameters that it needs.

    `data` is plain but for its files. StyleError, with its place, for what can't be a part.
    """
    kind = parse_media_type(media_type)
    parts = _parts(data, entry.parts, is_form=kind.subtype == "form-data")
    if not parts and kind.subtype != "form-data":  # browsers do send forms without a part
        raise StyleError(f"a {kind.essence} body needs a part (RFC 2046, section 5.1.1)")
    if kind.subtype == "related":
        media_type = _related(media_type, parts)
    boundary = dict(kind.parameters).get("boundary")
    if boundary is None:
        import secrets  # brings hashlib and OpenSSL along: for multipart bodies only

        boundary = f"dynclient-{secrets.token_hex(16)}"
        body = Multipart(parts, boundary)
        media_type = f"{media_type}; boundary={boundary}"
    elif _BOUNDARY(boundary):
        body = Multipart(parts, boundary, chosen=True)
    else:
        raise StyleError(f"{boundary!r} is no boundary (RFC 2046, section 5.1.1)")
    return (body if body.streamed else b"".join(body)), media_type


def _related(media_type: str, parts: list[_Part]) -> str:
    """The media type with the type of the root part and, where that has one, its Content-ID.

    The root is the first part, or the one that a `start` names which the caller gave (RFC 2387,
    section 3).
    """
    given = dict(parse_media_type(media_type).parameters)
    root = parts[0]
    if start := given.get("start"):
        found = [p for p in parts if p.field("content-id").strip("<>") == start.strip("<>")]
        if not found:
            raise StyleError(f"`start` is {start!r}, which is no part's Content-ID")
        root = found[0]
    elif start := root.field("content-id"):
        media_type += f"; start={_quoted_string(start)}"
    if "type" not in given:
        essence = parse_media_type(root.field("content-type")).essence
        media_type += f'; type="{essence}"'
    return media_type


# What becomes a part ------------------------------------------------------------------------------


class _Slot(NamedTuple):
    """What a part is made for: the member of that name or, if that is None, the item there."""

    name: str | None
    position: int
    plan: PartPlan
    is_form: bool

    @property
    def label(self) -> str:
        """What messages call the part."""
        return f"at index {self.position}" if self.name is None else repr(self.name)


def _parts(data: Mapping[str, Any] | list[Any], plan: PartsPlan, *, is_form: bool) -> list[_Part]:
    if isinstance(data, list):
        items = enumerate(data)
        return [_part(_Slot(None, i, plan.of_item(i), is_form), item) for i, item in items]
    # A form keeps the caller's order: there are services that want the file to be last.
    members = data if is_form else plan.in_order(data)
    return [
        part
        for name, value in members.items()
        for part in _parts_of(_Slot(name, 0, plan.of_name(name), is_form), name, value)
    ]


def _parts_of(slot: _Slot, name: str, value: Any) -> list[_Part]:
    """The parts of one property: one each for the members of a list."""
    values = value if isinstance(value, list) else [value]
    # "SHALL be ignored if the media type is not ... multipart/form-data" (Encoding Object, style).
    style = slot.plan.style if slot.is_form else None
    inner = inner_formats(slot.plan.schema) if isinstance(value, list) else ()
    if style is None and inner:
        values = [_joined(item, *inner) if isinstance(item, list) else item for item in values]
    if style is None or any(map(is_opaque, values)):
        is_list = isinstance(value, list)
        return [_part(slot, v, *([i] if is_list else [])) for i, v in enumerate(values)]
    try:
        return _styled_parts(slot, name, value, style, inner)
    except StyleError as error:
        raise StyleError.of(error, name, label=f"the part {slot.label}") from None


def _styled_parts(
    slot: _Slot, name: str, value: Any, style: tuple[str, bool], inner: Sequence[str]
) -> list[_Part]:
    """The parts of one property whose style lays them out."""
    values = value if isinstance(value, list) else [value]
    if style[0] in COLLECTION_FORMATS:
        if isinstance(value, list):
            values = [_joined(values, style[0], *inner)] if values else []
        return [_text_part(slot, text_of(item)) for item in values]
    return [_text_part(slot._replace(name=key), text) for key, text in _pairs(name, value, *style)]


def _pairs(name: str, value: Any, style: str, explode: bool) -> list[tuple[str, str]]:
    """The names and texts of a value by its style: as in a query, but not percent-encoded."""
    members = [*value, *value.values()] if isinstance(value, dict) else value
    joined = style == "form" and not explode and isinstance(members, list)
    if joined and any("," in text_of(member) for member in members):
        raise StyleError("a member with a comma can't be told from two in this style")
    text = form_text(name, value, style, explode)
    pairs = [pair.partition("=") for pair in text.split("&")] if text else []
    return [(unquote_plus(key), unquote_plus(item)) for key, _, item in pairs]


def _joined(values: list[Any], style: str, *inner: str) -> str:
    """One text of an array whose Swagger 2.0 collectionFormat puts it in one part.

    Nothing is escaped in it, as in a header.
    """
    return serializer("", "header", style, False, inner=inner)(values)


def _text_part(slot: _Slot, text: str) -> _Part:
    fields = _fields(slot, "text/plain", None, {})
    return _Part(fields, _head(fields), encode_text(text, "utf-8"))


def _part(slot: _Slot, value: Any, *at: int) -> _Part:
    """The part of a value, which may be an item of a member. StyleError with its place."""
    try:
        return _made(slot, value)
    except OSError as error:
        failed: ValueError = Unreadable.because(error)
    except ValueError as error:
        failed = error
    where = slot.position if slot.name is None else slot.name
    raise StyleError.of(failed, where, *at, label=f"the part {slot.label}") from None


def _made(slot: _Slot, value: Any) -> _Part:
    extra: dict[str, str] = {}
    filename = None
    if is_opaque(value):
        file = value if isinstance(value, File) else File(value)
        extra.update((name, str(text)) for name, text in file.headers.items())
        # The part's own name serves as a file name: without one it would be a field of a form.
        filename = file.name_for(slot.name or "") or None
        own = file.content_type or _taken(extra, "content-type")
        content_type = slot.plan.type_of_file(own, guess_type(filename or ""))
        _taken(extra, "content-type")
        value = _content_of(file.content)
    else:
        content_type = slot.plan.type_of_data(value)
    content, content_type = _content(slot, value, content_type)
    fields = _fields(slot, content_type, filename, extra)
    return _Part(fields, _head(fields), content)


# Header fields ------------------------------------------------------------------------------------


def _fields(
    slot: _Slot, content_type: str, filename: str | None, extra: Mapping[str, str]
) -> dict[str, str]:
    """The header fields of a part: its own, those the caller adds, those the document declares."""
    fields = {"Content-Type": content_type}
    if disposition := _disposition(slot, filename):
        fields = {"Content-Disposition": disposition, **fields}
    for key, text in extra.items():
        _taken(fields, key.lower())
        fields[key] = text
    for header in slot.plan.headers:
        if any(key.lower() == header.name.lower() for key in fields):
            continue
        if header.value is not None:
            fields[header.name] = header.value
        elif header.required:
            raise StyleError(
                f"it needs the header {header.name!r}", remedy=give(file={"headers": ...})
            )
    if slot.is_form and not any(key.lower() == "content-disposition" for key in fields):
        # "The headers field MUST be used" (OpenAPI 3.2.0, "Additional Encoding Approaches").
        raise StyleError(
            "a part of a form needs its name in the header Content-Disposition, and its encoding "
            "declares none",
            remedy=give(file={"headers": ...}),
        )
    return fields


def _disposition(slot: _Slot, filename: str | None) -> str | None:
    """The Content-Disposition of a part for which the caller has none; None if it needs none."""
    if slot.name is None or not slot.is_form:
        declared = [h.value for h in slot.plan.headers if h.name.lower() == "content-disposition"]
        if any(declared):
            return declared[0]
    if slot.name is not None:
        text = f'form-data; name="{_form_quoted(slot.name)}"'
        return text if filename is None else f'{text}; filename="{_form_quoted(filename)}"'
    if filename is None or slot.is_form:
        return None
    if filename.isascii():
        return f"attachment; filename={_quoted_string(filename)}"
    return f"attachment; filename*=UTF-8''{quote(filename, safe='')}"  # RFC 2231, section 4


def _form_quoted(text: str) -> str:
    # As browsers do (RFC 7578, section 4.2; WHATWG HTML, multipart/form-data encoding).
    return text.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")


def _quoted_string(text: str) -> str:
    """A parameter's text in quotes (RFC 2045, section 5.1)."""
    if _CONTROL(text):
        raise StyleError(f"{text!r} has no place in a header field")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _taken(fields: dict[str, str], name: str) -> str | None:
    """The value of a field, whatever its case, which is taken out; None if it is not there."""
    key = next((each for each in fields if each.lower() == name), None)
    return None if key is None else fields.pop(key)


def _head(fields: Mapping[str, str]) -> bytes:
    for name, text in fields.items():
        if not is_token(name):
            raise StyleError(f"{name!r} is no name of a header")
        if any(each in text for each in "\r\n\0"):
            raise StyleError("a header of a part may not hold a line break or a null")
    head = "".join(f"{name}: {text}\r\n" for name, text in fields.items()) + "\r\n"
    return encode_text(head, "utf-8")


# Content ------------------------------------------------------------------------------------------


def _content_of(content: Any) -> Any:
    """What a file holds, as content or as data that its type can encode."""
    if content is None:
        raise StyleError("it is a File that holds nothing")
    if isinstance(content, str):  # what the file says, whatever its type is
        return encode_text(content, "utf-8")
    if isinstance(content, list | tuple) and any(isinstance(each, bytes) for each in content):
        return iter(content)
    is_data = isinstance(content, list | tuple | Mapping | bytes | bytearray | memoryview)
    return content if is_data or not isinstance(content, Iterable) else StreamedBody(content)


def _content(
    slot: _Slot, value: Any, content_type: str
) -> tuple[bytes | StreamedBody | Multipart, str]:
    """The content of a part, and its type, which says the boundary if it is multipart itself."""
    if isinstance(value, StreamedBody):
        return value, content_type
    if is_stream(value):
        return StreamedBody(value), content_type
    if isinstance(value, BYTES):
        return bytes(value), content_type
    codec = slot.plan.codecs.find(content_type)
    if codec.is_text or codec.takes_any:
        no_text = isinstance(value, dict | list) or (value is None and slot.name is None)
        if no_text and not codec.has_members:
            kind = (
                "null" if value is None else "an object" if isinstance(value, dict) else "an array"
            )
            remedy = "`encoding` can make it application/json"
            raise StyleError(f"{kind} can't be serialized as {content_type}; {remedy}")
        if not no_text:
            return encode_text(text_of(plain(value)), charset_of(content_type)), content_type
    encoded = codec.encoded(slot.plan.entry(content_type), value, content_type)
    return encoded.content, encoded.content_type
