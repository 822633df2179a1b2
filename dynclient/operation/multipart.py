"""multipart bodies: one part a property, as the document's `encoding` says.

Sources: OpenAPI 3.1.1, sections "Encoding Object" and "Special Considerations for multipart
Content"; RFC 7578 (form-data); RFC 2046, section 5.1. Parts are streamed: no file is read into
memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from ..jsontext import encode as encode_json
from .encodings import PartPlan
from .files import File, StreamedBody, chunks, guess_type, is_stream, size_of
from .forms import form_text
from .media import charset_of, kind_of, parse_media_type
from .styles import COLLECTION_FORMATS, StyleError, plain, text_of
from .uploads import is_opaque

__all__ = ["Multipart", "Part", "encode_multipart", "parts_of"]

_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]").fullmatch


@dataclass(frozen=True, slots=True)
class Part:
    """One part, ready to be written: its header lines and its content (bytes or a stream)."""

    head: bytes
    content: Any

    @property
    def size(self) -> int | None:
        """Bytes in head and content; None if the content's size can't be told."""
        size = size_of(self.content)
        return None if size is None else len(self.head) + size


class Multipart:
    """A multipart body as an iterable of bytes.

    size        bytes, None if a part's can't be told beforehand
    repeatable  whether it can be walked again, since all of its contents can
    """

    def __init__(self, parts: list[Part], boundary: str) -> None:
        self._parts = parts
        self._boundary = boundary.encode()

    @property
    def size(self) -> int | None:
        total = len(self._boundary) + 6
        for part in self._parts:
            if part.size is None:
                return None
            total += part.size + len(self._boundary) + 6
        return total

    def __iter__(self) -> Iterator[bytes]:
        for part in self._parts:
            yield b"--" + self._boundary + b"\r\n" + part.head
            yield from chunks(part.content)
            yield b"\r\n"
        yield b"--" + self._boundary + b"--\r\n"

    @property
    def streamed(self) -> bool:
        """Whether any part is content that should not be held in memory."""
        return any(isinstance(part.content, StreamedBody) for part in self._parts)

    @property
    def repeatable(self) -> bool:
        contents = [part.content for part in self._parts]
        return all(c.repeatable for c in contents if isinstance(c, StreamedBody))


def encode_multipart(
    data: Mapping[str, Any], plan_of: Callable[[str], PartPlan], media_type: str
) -> tuple[bytes | Multipart, str]:
    """The body and its content type: that of `media_type`, with a boundary if it has none.

    `data` is plain but for its files. StyleError or JsonTextError for what has no form.
    """
    parts = [part for name, value in data.items() for part in parts_of(name, value, plan_of(name))]
    given = dict(parse_media_type(media_type).parameters).get("boundary")
    if given is None:
        import secrets  # brings hashlib and OpenSSL along: for multipart bodies only

        boundary = f"dynclient-{secrets.token_hex(16)}"
        media_type = f"{media_type}; boundary={boundary}"
    else:
        boundary = _checked(given, parts)
    body = Multipart(parts, boundary)
    return (body if body.streamed else b"".join(body)), media_type


def _checked(boundary: str, parts: list[Part]) -> str:
    """A boundary that a caller chose, if it can be one (RFC 2046, section 5.1.1)."""
    if not _BOUNDARY(boundary):
        raise StyleError(f"{boundary!r} is no boundary (RFC 2046, section 5.1.1)")
    line = b"--" + boundary.encode()
    if any(isinstance(part.content, bytes) and line in part.content for part in parts):
        raise StyleError(f"a part holds the boundary {boundary!r}")
    return boundary


def parts_of(name: str, value: Any, plan: PartPlan) -> list[Part]:
    """The parts of one property: one each for the members of a list."""
    values = value if isinstance(value, list) else [value]
    if plan.style is None or any(map(is_opaque, values)):
        return [_part(name, item, plan) for item in values]
    if plan.style[0] in COLLECTION_FORMATS:
        if isinstance(value, list):
            values = [_joined(values, COLLECTION_FORMATS[plan.style[0]])] if values else []
        return [_text_part(name, text_of(item), plan) for item in values]
    return [_text_part(key, text, plan) for key, text in _pairs(name, value, *plan.style)]


def _pairs(name: str, value: Any, style: str, explode: bool) -> list[tuple[str, str]]:
    """The names and texts of a value by its style: as in a query, but not percent-encoded."""
    members = [*value, *value.values()] if isinstance(value, dict) else value
    joined = style == "form" and not explode and isinstance(members, list)
    if joined and any("," in text_of(member) for member in members):
        raise StyleError(f"the part {name!r}: a member with a comma has no form in this style")
    text = form_text(name, value, style, explode)
    pairs = [pair.partition("=") for pair in text.split("&")] if text else []
    return [(unquote_plus(key), unquote_plus(item)) for key, _, item in pairs]


def _joined(values: list[Any], separator: str) -> str:
    """One text of an array whose Swagger 2.0 collectionFormat puts it in one part."""
    texts = [text_of(value) for value in values]
    if any(separator in text for text in texts):
        raise StyleError(f"a member that holds {separator!r} has no form in this array")
    return separator.join(texts)


def _text_part(name: str, text: str, plan: PartPlan) -> Part:
    fields = {"Content-Disposition": _disposition(name, None), "Content-Type": "text/plain"}
    return Part(_head(name, fields, {}, plan), _encoded(name, text, "utf-8"))


def _part(name: str, value: Any, plan: PartPlan) -> Part:
    file = value if isinstance(value, File) else File(value) if is_opaque(value) else None
    if file is None:
        content_type, filename, extra, content = plan.type_of_data(name, value), None, {}, value
    else:
        extra = dict(file.headers)
        filename, content = file.name_for(name), file.content
        if isinstance(content, str):  # what the file says, whatever it is
            content = _encoded(name, content, "utf-8")
        own = file.content_type or _taken(extra, "content-type")
        content_type = plan.type_of_file(name, own, guess_type(filename))
        _taken(extra, "content-type")
    fields = {"Content-Disposition": _disposition(name, filename), "Content-Type": content_type}
    return Part(_head(name, fields, extra, plan), _content(name, content, content_type))


def _taken(fields: dict[str, str], name: str) -> str | None:
    """The value of a field, whatever its case, which is taken out; None if it is not there."""
    key = next((each for each in fields if each.lower() == name), None)
    return None if key is None else fields.pop(key)


def _disposition(name: str, filename: str | None) -> str:
    text = f'form-data; name="{_quoted(name)}"'
    return text if filename is None else f'{text}; filename="{_quoted(filename)}"'


def _head(name: str, fields: dict[str, str], extra: Mapping[str, str], plan: PartPlan) -> bytes:
    """The header lines of a part: its own, those the caller adds, those the document declares."""
    for key, text in extra.items():
        _taken(fields, key.lower())
        fields[key] = str(text)
    for header in plan.headers:
        if any(key.lower() == header.name.lower() for key in fields):
            continue
        if header.value is not None:
            fields[header.name] = header.value
        elif header.required:
            reason = (
                f"the part {name!r} needs the header {header.name!r}: give it by File(headers=...)"
            )
            raise StyleError(reason)
    head = "".join(f"{key}: {_line(text)}\r\n" for key, text in fields.items()) + "\r\n"
    return _encoded(name, head, "utf-8")


def _content(name: str, value: Any, content_type: str) -> Any:
    if is_stream(value):
        return StreamedBody(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if kind_of(parse_media_type(content_type)) == "json":
        return encode_json(value)
    if isinstance(value, dict | list):
        kind = "an object" if isinstance(value, dict) else "an array inside an array"
        raise StyleError(
            f"the part {name!r}: {kind} has no form as {content_type}; "
            "`encoding` can make it application/json"
        )
    return _encoded(name, text_of(plain(value)), charset_of(content_type))


def _encoded(name: str, text: str, charset: str) -> bytes:
    try:
        return text.encode(charset)
    except UnicodeEncodeError as error:
        raise StyleError(f"the part {name!r} has no form in {charset}: {error.reason}") from None


def _quoted(text: str) -> str:
    # As browsers do (RFC 7578, section 4.2; WHATWG HTML, multipart/form-data encoding).
    return text.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")


def _line(text: str) -> str:
    if "\r" in text or "\n" in text:
        raise StyleError("a header of a part may not hold a line break")
    return text
