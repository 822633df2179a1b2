"""Declared response headers: read by style `simple`, and judged.

Source: OpenAPI 3.1.1, section "Header Object".
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from ...document import Document, Location, Node
from ...errors import DocumentError, NotLoaded, masked
from ...media import kind_of, parse_media_type
from ...messages import Headers, Violation
from ...redaction import DEFAULT_REDACTOR
from ...schema import Validator, compile_validator
from .styles import COLLECTION_FORMATS
from .texts import Reader, json_reader, scalar_reader

__all__ = ["DeclaredHeader", "read_headers"]


class DeclaredHeader:
    """One header that a response declares."""

    location = "header"

    def __init__(self, document: Document, name: str, value: dict[str, Any], at: Location) -> None:
        self.name = name
        self.at = at
        self.required = value.get("required") is True
        self.explode = value.get("explode") is True
        self.style = str(value.get("style", "simple"))
        self._joint = COLLECTION_FORMATS.get(self.style, ",")
        self._document = document
        content = value.get("content")
        #: The media type of a header that has `content`: such a one has no style.
        self.content_type: str | None = None
        if isinstance(content, dict) and content:
            self.content_type, entry = next(iter(content.items()))
            entry = entry if isinstance(entry, dict) else {}
            self.schema: Any = entry.get("schema", {})
            self.schema_at = at.child("content", self.content_type, "schema")
        else:
            self.schema = value.get("schema", {})
            self.schema_at = at.child("schema")
        self._validators: dict[bool, Validator] = {}

    @property
    def node(self) -> Node:
        """The schema and its place."""
        return Node(self._document, self.schema, self.schema_at)

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
        try:
            validator = self.validator(formats)
        except NotLoaded:
            raise
        except DocumentError as error:
            # The answer has come and must not be lost: that it can't be judged is told beside it.
            reason = f"the header can't be judged: {error}"
            yield Violation(where, "", error.pointer or "", "document", reason, "headers")
            return
        # Lines of Set-Cookie "cannot be combined" (RFC 9110, section 5.3): each is a value.
        lines = headers.get_list(self.name) if self.name.lower() == "set-cookie" else [text]
        for line in lines:
            value = self.read(line)
            if validator.is_valid(value) or self._is_other(line, value, validator):
                continue
            found = validator.explain(value, where, layer="headers")
            secret = DEFAULT_REDACTOR.is_secret_header(self.name)
            yield from map(masked, found) if secret else found

    def _is_other(self, text: str, value: Any, validator: Validator) -> bool:
        """Whether text that may be a string or something else is valid as something else."""
        if not isinstance(value, str):
            return False
        other = json_reader(text)
        return isinstance(other, int | float | None) and bool(validator.is_valid(other))

    def read(self, text: str) -> Any:
        """The header's text as the value its schema asks for; as text where it can't be that."""
        return self._reader(text)

    @cached_property
    def _reader(self) -> Reader:
        schema = self.node
        if self.content_type is not None:
            is_json = kind_of(parse_media_type(self.content_type)) == "json"
            return json_reader if is_json else scalar_reader(schema)
        types = schema.types() or frozenset()
        if "array" in types:
            read, joint = scalar_reader(schema.item()), self._joint
            return lambda text: [read(part.strip()) for part in text.split(joint)]
        if "object" in types:
            return self._object
        return scalar_reader(schema)

    def _object(self, text: str) -> dict[str, Any]:
        parts = [part.strip() for part in text.split(",")]
        if self.explode:
            pairs = [part.partition("=")[::2] for part in parts]
        else:
            pairs = list(zip(parts[::2], parts[1::2], strict=False))
        return {name: scalar_reader(self.node.member(name))(part) for name, part in pairs}


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
