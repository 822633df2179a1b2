"""JSON (RFC 8259) and what is written in it: every type with the suffix `+json` (RFC 6839)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ... import jsontext
from ...document import Node
from ...redaction import Redactor
from ..encoders import fitted
from ..fields.texts import Reader, json_reader
from .codec import BYTES, Codec, Decoder, EncodedBody
from .files import StreamedBody, is_stream

if TYPE_CHECKING:
    from .entry import MediaEntry

__all__ = ["JSON", "encode_json"]


class _Json(Codec):
    preference = 10
    is_json = True

    def decoder(self, entry: MediaEntry | None, content_type: str) -> Decoder:
        del entry, content_type
        return jsontext.decode

    decode = staticmethod(jsontext.decode)
    encode = staticmethod(jsontext.encode)

    def encoded(self, entry: MediaEntry, value: Any, content_type: str) -> EncodedBody:
        if type(value) is not dict:  # what most bodies are
            if isinstance(value, BYTES):
                raw = bytes(value)
                return EncodedBody(raw, content_type, jsontext.decode(raw))
            if is_stream(value):
                return EncodedBody(StreamedBody(value), content_type, judged=False)
        content, data = encode_json(value, entry.child("schema"))
        return EncodedBody(content, content_type, data)

    def text(self, value: Any) -> str:
        return jsontext.encode(value).decode()

    def reader(self, schema: Node) -> Reader:
        del schema
        return json_reader

    def redacted(self, content: bytes, content_type: str, redactor: Redactor) -> bytes:
        del content_type
        return redactor.json(content)

    def given(self, content: bytes) -> Any:
        return jsontext.decode(content)


def encode_json(value: Any, schema: Node | None) -> tuple[bytes, Any]:
    """The JSON text of a value, and the data that it says. JsonTextError if it has none.

    What Python has more than one text for is written as the schema wants it; see `fitted`.
    """
    content, data = jsontext.encode_data(value)
    if data is not value and schema is not None:
        better = fitted(value, schema)
        if better is not value:
            return jsontext.encode_data(better)
    return content, data


JSON = _Json()
