"""Declared response headers: deserialized by their style, and validated.

Source: OpenAPI 3.1.1, section "Header Object".
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from ...document import Node
from ...errors import DocumentError, NotLoaded
from ...messages import Headers, Violation
from ...redaction import DEFAULT_REDACTOR
from ...schema import Validator, compile_validator
from ...validation import Formats
from ..content.registry import CODECS
from ..violations import masked
from .parameters import schema_of
from .styles import STYLES_BY_LOCATION
from .texts import Reader, json_reader, scalar_reader

__all__ = ["DeclaredHeader", "read_headers"]


class DeclaredHeader:
    """One header that a response declares."""

    location = "header"

    def __init__(self, name: str, value: Node) -> None:
        self.name = name
        self.at = value.at
        self.required = value.get("required") is True
        self.explode = value.get("explode") is True
        style = str(value.get("style"))
        self.style = style if style in STYLES_BY_LOCATION["header"] else "simple"
        #: The media type of a header that has `content`: such a one has no style.
        self.content_type, self.node = schema_of(value)
        self._validators: dict[Formats, Validator] = {}

    def validator(self, formats: Formats) -> Validator:
        """The compiled schema."""
        if formats not in self._validators:
            self._validators[formats] = compile_validator(self.node, "response", formats=formats)
        return self._validators[formats]

    def judge(self, headers: Headers, formats: Formats) -> Iterator[Violation]:
        """What is wrong with this header in a response."""
        where = f"response.header.{self.name}"
        text = headers.get(self.name)
        if text is None:
            if self.required:
                reason = "the required header is missing"
                yield Violation(where, "", self.at.pointer, "required", reason, "headers")
            return
        try:
            validator = self.validator(formats)
        except NotLoaded:
            raise
        except DocumentError as error:
            # The response must not be lost: that its header can't be validated is a violation.
            reason = f"the header can't be validated: {error.message}"
            pointer, remedy = error.pointer or "", error.remedy
            yield Violation(where, "", pointer, "document", reason, "headers", remedy)
            return
        for value, line in zip(self.values(headers), self._lines(headers), strict=True):
            if validator.is_valid(value) or self._is_other(line, value, validator):
                continue
            found = validator.explain(value, where, layer="headers")
            secret = DEFAULT_REDACTOR.is_secret_header(self.name)
            yield from map(masked, found) if secret else found

    def _lines(self, headers: Headers) -> list[str]:
        """The texts that are a value each: all lines joined, as one list of RFC 9110, section 5.3.

        But lines of Set-Cookie can't be joined (OpenAPI 3.2.0, "Representing the Set-Cookie
        Header"): each is a value, or an item of the one array.
        """
        if not self._is_set_cookie:
            return [headers[self.name]]
        lines = headers.get_list(self.name)
        return ["\n".join(lines)] if self.content_type or self._is_array else lines

    def values(self, headers: Headers) -> list[Any]:
        """The values of the fields of that name; a response has one, but for Set-Cookie."""
        return [self.read(text) for text in self._lines(headers)] if self.name in headers else []

    def value(self, headers: Headers) -> Any:
        """The value of the field that is there; those of Set-Cookie as a list."""
        values = self.values(headers)
        is_one = not self._is_set_cookie or self.content_type or self._is_array
        return values[0] if is_one else values

    def _is_other(self, text: str, value: Any, validator: Validator) -> bool:
        """Whether text that may be a string or something else is valid as something else."""
        if not isinstance(value, str):
            return False
        other = json_reader(text)
        return isinstance(other, int | float | None) and bool(validator.is_valid(other))

    def read(self, text: str) -> Any:
        """The header's text as the value its schema asks for; as text where it can't be that."""
        return self._reader(text)

    @property
    def _is_set_cookie(self) -> bool:
        return self.name.lower() == "set-cookie"

    @cached_property
    def _is_array(self) -> bool:
        return "array" in (self.node.types() or ())

    @cached_property
    def _reader(self) -> Reader:
        schema = self.node
        if self.content_type is not None:
            return CODECS.declared(self.content_type).reader(schema)
        if self._is_set_cookie and self._is_array:
            read = scalar_reader(schema.item())
            return lambda text: [read(line) for line in text.split("\n")]
        if self._is_set_cookie and "object" in (schema.types() or ()):
            return self._cookie
        from .reading import field_reader

        return field_reader(schema, self.style, self.explode)

    def _cookie(self, line: str) -> dict[str, Any]:
        """The name and value of a cookie, and its attributes (RFC 6265, section 4.1)."""
        pairs = [part.strip().partition("=") for part in line.split(";")]
        return {n: scalar_reader(self.node.member(n))(text) for n, _, text in pairs if n}


def read_headers(response: Node) -> tuple[DeclaredHeader, ...]:
    """The headers a Response Object declares; `Content-Type` is ignored, as specified."""
    named = [pair for pair in response.items("headers") if pair[0].lower() != "content-type"]
    followed = [(name, header.follow()) for name, header in named]
    return tuple(DeclaredHeader(n, each) for n, each in followed if isinstance(each.value, dict))
