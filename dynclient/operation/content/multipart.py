"""multipart/*: what is sent is made of parts; what comes is bytes, and not judged."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ...jsontext import decode
from ...media import parse_media_type
from ...redaction import Redactor
from ...remedies import give
from ...validation import Formats
from ..encoders import fitted
from ..fields.styles import StyleError
from .codec import BYTES, Codec, Decoder, EncodedBody, Judge
from .files import StreamedBody, is_stream
from .sequential import items_judge

if TYPE_CHECKING:
    from ...document import Node
    from .entry import MediaEntry

__all__ = ["MULTIPART"]

_PART = re.compile(r'; name="([^"]*)".*?\r\n\r\n(.*?)\r\n--', re.DOTALL).findall


class _Multipart(Codec):
    preference = 30
    takes_files = True
    takes_empty = True

    def decoder(self, entry: MediaEntry | None, content_type: str) -> Decoder:
        del entry, content_type
        return bytes

    def encoded(self, entry: MediaEntry, value: Any, content_type: str) -> EncodedBody:
        if is_stream(value) or isinstance(value, BYTES):
            # It was made elsewhere: nobody can read it without its boundary.
            if "boundary" not in dict(parse_media_type(content_type).parameters):
                remedy = give(options={"content_type": f"{content_type}; boundary=..."})
                raise StyleError(f"bytes of {content_type} need their boundary", remedy=remedy)
            content = StreamedBody(value) if is_stream(value) else bytes(value)
            return EncodedBody(content, content_type, judged=False)
        by_item = entry.child("itemSchema") is not None
        is_list = isinstance(value, list | tuple)
        if not is_list and (by_item or not isinstance(value, Mapping)):
            wanted = "an array" if by_item else "an object or an array"
            raise StyleError(f"a {content_type} body is {wanted}, not {type(value).__name__}")
        from .parts import encode_multipart
        from .uploads import judged_data, plain_data

        schema = entry.child("schema")
        fit = value if schema is None else fitted(value, schema)
        data = plain_data(fit, entry.required_nulls)
        made, sent_type = encode_multipart(data, entry, content_type)
        judged, opaque = judged_data(data)
        return EncodedBody(made, sent_type, judged, opaque=opaque)

    def judge(self, entry: MediaEntry, content_type: str, *, formats: Formats) -> Judge | None:
        if entry.direction == "response":
            return None
        if entry.child("itemSchema") is not None:
            return items_judge(entry, formats=formats)
        return super().judge(entry, content_type, formats=formats)

    def schema(self, entry: MediaEntry) -> Node | None:
        return entry.child("itemSchema") or entry.child("schema")

    def secrets(self, content: bytes, redactor: Redactor, *, whole: bool) -> Iterator[str]:
        parts = _PART(content.decode("utf-8", "replace"))
        return redactor.of_pairs(parts, whole=whole)

    def given(self, content: bytes) -> Any:
        return decode(content)


MULTIPART = _Multipart()
