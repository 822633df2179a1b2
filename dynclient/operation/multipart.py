"""multipart bodies: one part a property, as the document's `encoding` says.

Sources: OpenAPI 3.1.1, sections "Encoding Object" and "Special Considerations for multipart
Content"; RFC 7578 (form-data); RFC 2046, section 5.1. Parts are streamed: no file is read into
memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..jsontext import encode as encode_json
from .files import File, StreamedBody, chunks, guess_type, is_stream, size_of
from .media import kind_of, parse_media_type
from .styles import COLLECTION_FORMATS, StyleError, plain, text_of

__all__ = ["Multipart", "Part", "encode_multipart", "parts_of"]


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
    data: Mapping[str, Any], encoding: Mapping[str, Any], media_type: str
) -> tuple[bytes | Multipart, str]:
    """The body and its content type. `encoding` is the Media Type Object's, by property."""
    import secrets  # brings hashlib and OpenSSL along: for multipart bodies only

    boundary = f"dynclient-{secrets.token_hex(16)}"
    parts = [part for name, value in data.items() for part in parts_of(name, value, encoding)]
    body = Multipart(parts, boundary)
    content_type = f"{media_type}; boundary={boundary}"
    return (body if body.streamed else b"".join(body)), content_type


def parts_of(name: str, value: Any, encoding: Mapping[str, Any]) -> list[Part]:
    """The parts of one property: one each for the members of a list."""
    entry = encoding.get(name)
    settings = entry if isinstance(entry, Mapping) else {}
    values = value if isinstance(value, list | tuple) else [value]
    separator = COLLECTION_FORMATS.get(str(settings.get("style")))
    if separator is not None and values is value:
        values = [_joined(list(values), separator)] if values else []
    return [_part(name, item, settings) for item in values]


def _joined(values: list[Any], separator: str) -> str:
    """One text of an array whose Swagger 2.0 collectionFormat puts it in one part."""
    texts = [text_of(plain(value)) for value in values]
    if any(separator in text for text in texts):
        raise StyleError(f"a member that holds {separator!r} has no form in this array")
    return separator.join(texts)


def _part(name: str, value: Any, settings: Mapping[str, Any]) -> Part:
    file = value if isinstance(value, File) else None
    content = file.content if file else value
    declared = settings.get("contentType")
    choices = [choice.strip() for choice in str(declared).split(",")] if declared else []
    fixed = next((choice for choice in choices if "*" not in choice), None)
    is_file = file is not None or is_stream(content) or isinstance(content, bytes | bytearray)
    filename = (file or File(content)).name_for(name) if is_file else None
    content_type = (file.content_type if file else None) or fixed
    if content_type is None:
        content_type = guess_type(filename) if filename else _default_type(content)
    disposition = f'form-data; name="{_quoted(name)}"'
    if filename is not None:
        disposition += f'; filename="{_quoted(filename)}"'
    headers = {"Content-Disposition": disposition, "Content-Type": content_type}
    headers.update(file.headers if file else {})
    head = "".join(f"{key}: {_line(text)}\r\n" for key, text in headers.items()) + "\r\n"
    return Part(head.encode(), _content(content, content_type))


def _default_type(value: Any) -> str:
    """The content type of a part that names none (OpenAPI 3.1.1, Encoding Object, contentType)."""
    return "application/json" if isinstance(value, dict) else "text/plain"


def _content(value: Any, content_type: str) -> Any:
    if is_stream(value):
        return StreamedBody(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if kind_of(parse_media_type(content_type)) == "json":
        return encode_json(value)
    return text_of(value).encode()


def _quoted(text: str) -> str:
    # As browsers do (RFC 7578, section 4.2; WHATWG HTML, multipart/form-data encoding).
    return text.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")


def _line(text: str) -> str:
    if "\r" in text or "\n" in text:
        raise StyleError("a header of a part may not hold a line break")
    return text
