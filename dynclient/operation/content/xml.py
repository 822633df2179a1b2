"""XML as data, by the `xml` keywords of its schema. Text that is given is sent as it is.

Where a schema is about text, or there is none, content is text. The XML itself stays at hand as
`response.text`.
Source: OpenAPI 3.1.1 and 3.2.0, section "XML Object".
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ...media import charset_of, parse_media_type
from ...redaction import NOT_SHOWN, Redactor
from ...validation import Formats
from ..encoders import fitted
from ..fields.styles import plain
from .codec import BYTES, Codec, Decoder, EncodedBody, Judge
from .files import is_stream
from .text import Text, encode_text

if TYPE_CHECKING:
    from ...document import Node
    from .entry import MediaEntry

__all__ = ["XML"]

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"<\?xml[^>]*?\sencoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']").match
_ELEMENT = re.compile(r"<(?:[\w.-]+:)?([\w.-]+)[^<>]*>([^<]*)</").findall
_WORDS = re.compile(rb"[^\s<>/=\"'&;:]+").findall


class _Xml(Text):
    preference = 60
    takes_empty = False
    has_members = True

    def decoder(self, entry: MediaEntry | None, content_type: str) -> Decoder:
        schema = data_schema(entry)
        if schema is None:
            return lambda content: _text(content, content_type)
        from .xml_reading import XmlReader

        read = XmlReader(schema).read
        return lambda content: read(_text(content, content_type))

    def encoded(self, entry: MediaEntry, value: Any, content_type: str) -> EncodedBody:
        if isinstance(value, BYTES):
            return EncodedBody(bytes(value), content_type, judged=False)
        schema = data_schema(entry)
        if schema is None or isinstance(value, str) or is_stream(value):
            made = super().encoded(entry, value, content_type)
            return made if schema is None else EncodedBody(made.content, content_type, judged=False)
        from .xml_writing import xml_text

        data = plain(fitted(value, schema))
        charset = charset_of(content_type)
        content = encode_text(xml_text(data, schema, charset), charset)
        return EncodedBody(content, content_type, data)

    def judge(self, entry: MediaEntry, content_type: str, *, formats: Formats) -> Judge | None:
        if data_schema(entry) is None:
            return super().judge(entry, content_type, formats=formats)
        return entry.compiled("schema", formats=formats)

    def redacted(self, content: bytes, content_type: str, redactor: Redactor) -> bytes:
        words = {word.decode("utf-8", "replace") for word in _WORDS(content)}
        if any(map(redactor.is_secret_field, words)):
            return NOT_SHOWN + f": {len(content)} bytes of {content_type} with secrets]".encode()
        return content

    def secrets(self, content: bytes, redactor: Redactor, *, whole: bool) -> Iterator[str]:
        from xml.sax.saxutils import unescape

        pairs = _ELEMENT(content.decode("utf-8", "replace"))
        plain_pairs = ((n, unescape(t, {"&quot;": '"', "&apos;": "'"})) for n, t in pairs)
        return redactor.of_pairs(plain_pairs, whole=whole)

    def sample(self, value: Any) -> Any:
        return value


def data_schema(entry: MediaEntry | None) -> Node | None:
    """The schema of XML that is data; None where it says nothing of elements, but of text."""
    schema = None if entry is None else entry.child("schema")
    if schema is None:
        return None
    types = schema.types()
    described = bool(schema.properties()) if types is None else "string" not in types
    return schema if described else None


def _text(content: bytes, content_type: str) -> str:
    """The text of XML: in the charset of the content type, else in what it says itself (RFC 7303).

    UnicodeDecodeError if it is not.
    """
    if "charset" in dict(parse_media_type(content_type).parameters):
        return content.decode(charset_of(content_type))
    for mark, name in _BOMS:
        if content.startswith(mark):
            return content.decode(name)
    if declared := _DECLARED(content):
        return content.decode(charset_of(f"text/xml; charset={declared[1].decode()}"))
    return content.decode()


XML: Codec = _Xml()
