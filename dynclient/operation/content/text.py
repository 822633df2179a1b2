"""Text: `text/*`, and what is text by another name. Its schema judges the text itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ...media import charset_of
from ...redaction import Redactor
from ...validation import Formats
from ..fields.styles import StyleError, plain, text_of
from ..fields.texts import Reader, text_reader
from .codec import BYTES, Codec, Decoder, EncodedBody, Judge
from .files import StreamedBody, is_stream

if TYPE_CHECKING:
    from .entry import MediaEntry

__all__ = ["TEXT", "Text", "encode_text"]


class Text(Codec):
    """Text in the charset that the content type names, else in UTF-8."""

    preference = 70
    is_text = True
    takes_empty = True
    has_members = False

    def decoder(self, entry: MediaEntry | None, content_type: str) -> Decoder:
        charset = charset_of(content_type)
        read = _reader(entry, content_type)
        if read is None or read is str:
            return lambda content: content.decode(charset)
        return lambda content: read(content.decode(charset))

    def encoded(self, entry: MediaEntry, value: Any, content_type: str) -> EncodedBody:
        if is_stream(value):
            return EncodedBody(StreamedBody(value), content_type, judged=False)
        charset = charset_of(content_type)
        read = _reader(entry, content_type)
        judged = read is not None
        read = read or str
        if isinstance(value, BYTES):
            raw = bytes(value)
            return EncodedBody(raw, content_type, read(raw.decode(charset, "replace")), judged)
        value = plain(value)
        if isinstance(value, dict | list):
            kind = "an object" if isinstance(value, dict) else "an array"
            raise StyleError(f"a {content_type} body is text, not {kind}; serialize it yourself")
        text = text_of(value)
        return EncodedBody(encode_text(text, charset), content_type, read(text), judged)

    def judge(self, entry: MediaEntry, content_type: str, *, formats: Formats) -> Judge | None:
        if _reader(entry, content_type) is None:
            return None
        return entry.compiled("schema", formats=formats)

    def redacted(self, content: bytes, content_type: str, redactor: Redactor) -> bytes:
        del content_type, redactor
        return content

    def secrets(self, content: bytes, redactor: Redactor, *, whole: bool) -> Iterator[str]:
        del redactor
        if whole:
            yield content.decode("utf-8", "replace")

    def given(self, content: bytes) -> Any:
        try:
            return content.decode()
        except UnicodeDecodeError:
            return content

    def sample(self, value: Any) -> Any:
        return value if isinstance(value, str) else "text"


def _reader(entry: MediaEntry | None, content_type: str) -> Reader | None:
    """How text becomes what the schema judges; None where it has no say over text."""
    schema = None if entry is None else entry.child("schema")
    return None if schema is None else text_reader(schema, content_type)


def encode_text(text: str, charset: str) -> bytes:
    """The bytes of a text. StyleError for what the charset lacks."""
    try:
        return text.encode(charset)
    except UnicodeEncodeError as error:
        raise StyleError(f"the text can't be encoded in {charset}: {error.reason}") from None


TEXT = Text()
