"""Content of which a schema says nothing: images, archives, and whatever no codec is known for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ...redaction import Redactor
from ...validation import Formats
from ..fields.styles import StyleError
from .codec import BYTES, Codec, Decoder, EncodedBody, Judge
from .files import StreamedBody, is_stream
from .text import TEXT, encode_text

if TYPE_CHECKING:
    from .entry import MediaEntry

__all__ = ["BINARY", "Binary"]


class Binary(Codec):
    """Bytes, as they are."""

    preference = 80
    takes_any = True
    takes_empty = True
    has_members = False

    def decoder(self, entry: MediaEntry | None, content_type: str) -> Decoder:
        del entry, content_type
        return bytes

    def encoded(self, entry: MediaEntry, value: Any, content_type: str) -> EncodedBody:
        del entry
        if is_stream(value):
            return EncodedBody(StreamedBody(value), content_type, judged=False)
        if isinstance(value, BYTES):
            return EncodedBody(bytes(value), content_type, judged=False)
        if isinstance(value, str):
            return EncodedBody(encode_text(value, "utf-8"), content_type, judged=False)
        raise StyleError(
            f"a {content_type} body is bytes, text, a Path, an open file or an iterator of bytes, "
            f"not {type(value).__name__}"
        )

    def judge(self, entry: MediaEntry, content_type: str, *, formats: Formats) -> Judge | None:
        del entry, content_type, formats
        return None

    def secrets(self, content: bytes, redactor: Redactor, *, whole: bool) -> Iterator[str]:
        return TEXT.secrets(content, redactor, whole=whole)

    def given(self, content: bytes) -> Any:
        return content


BINARY = Binary()
