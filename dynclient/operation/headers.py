"""Declared response headers: read by style `simple`, and judged.

Source: OpenAPI 3.1.1, section "Header Object".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..document import Document, Location
from ..errors import Violation, masked
from ..jsontext import JsonTextError, decode
from ..messages import Headers
from ..redaction import DEFAULT_REDACTOR
from ..schema import Validator, compile_validator
from .styles import COLLECTION_FORMATS

__all__ = ["DeclaredHeader", "read_headers"]


class DeclaredHeader:
    """One header that a response declares."""

    def __init__(self, document: Document, name: str, value: dict[str, Any], at: Location) -> None:
        self.name = name
        self.at = at
        self.required = value.get("required") is True
        self.explode = value.get("explode") is True
        self._joint = COLLECTION_FORMATS.get(str(value.get("style")), ",")
        self._document = document
        content = value.get("content")
        self._is_json = isinstance(content, dict)
        if isinstance(content, dict) and content:
            media_type, entry = next(iter(content.items()))
            entry = entry if isinstance(entry, dict) else {}
            self.schema: Any = entry.get("schema", {})
            self.schema_at = at.child("content", media_type, "schema")
        else:
            self.schema = value.get("schema", {})
            self.schema_at = at.child("schema")
        self._validators: dict[bool, Validator] = {}

    def validator(self, formats: bool) -> Validator:
        """The compiled schema."""
        if formats not in self._validators:
            self._validators[formats] = compile_validator(
                self._document, (self.schema, self.schema_at), "response", formats=formats
            )
        return self._validators[formats]

    def judge(self, headers: Headers, formats: bool) -> Iterator[Violation]:
        """What is wrong with this header in a response."""
        where = f"response.header.{self.name}"
        text = headers.get(self.name)
        if text is None:
            if self.required:
                reason = "the required header is missing"
                yield Violation(where, "", self.at.pointer, "required", reason, "headers")
            return
        value = self.read(text)
        validator = self.validator(formats)
        if not validator.is_valid(value):
            found = validator.explain(value, where, layer="headers")
            secret = DEFAULT_REDACTOR.is_secret_header(self.name)
            yield from map(masked, found) if secret else found

    def read(self, text: str) -> Any:
        """The header's text as the value its schema asks for; as text where it can't be that."""
        if self._is_json:
            try:
                return decode(text.encode())
            except JsonTextError:
                return text
        schema, at = self._document.resources.follow(self.schema, self.schema_at)
        types = _types_of(schema)
        if "array" in types:
            items = schema.get("items", {})
            return [self._scalar(part.strip(), items, at) for part in text.split(self._joint)]
        if "object" in types:
            return self._object(text, schema.get("properties") or {}, at)
        return self._scalar(text, schema, at)

    def _object(self, text: str, properties: Any, at: Location) -> dict[str, Any]:
        parts = [part.strip() for part in text.split(",")]
        if self.explode:
            pairs = [part.partition("=")[::2] for part in parts]
        else:
            pairs = list(zip(parts[::2], parts[1::2], strict=False))
        return {name: self._scalar(part, properties.get(name, {}), at) for name, part in pairs}

    def _scalar(self, text: str, schema: Any, at: Location) -> Any:
        schema, _ = self._document.resources.follow(schema, at)
        types = _types_of(schema)
        if types & {"integer", "number", "boolean", "null"} and "string" not in types:
            try:
                value = decode(text.encode())
            except JsonTextError:
                return text
            return value if isinstance(value, int | float | None) else text
        return text


def _types_of(schema: Any) -> set[str]:
    declared = schema.get("type") if isinstance(schema, dict) else None
    return set(declared) if isinstance(declared, list) else {str(declared)}


def read_headers(
    document: Document, response: dict[str, Any], at: Location
) -> tuple[DeclaredHeader, ...]:
    """The headers a Response Object declares; `Content-Type` is ignored, as specified."""
    declared = response.get("headers")
    if not isinstance(declared, dict):
        return ()
    found = []
    for name, value in declared.items():
        if name.lower() == "content-type":
            continue
        target, place = document.resources.follow(value, at.child("headers", name))
        if isinstance(target, dict):
            found.append(DeclaredHeader(document, name, target, place))
    return tuple(found)
