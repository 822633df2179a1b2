"""One operation as openapi-core sees it: a document of its own, that needs no other.

It has one path and one method, so that nothing is looked up from a URL again, and every `$ref`
leads into its own components: openapi-core would fetch the others itself, past the trust policy.
What openapi-core has no notion of is left out, and stays with the compiled engine.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..document import Document, Location
from ..errors import DocumentError
from ..operation.media import kind_of, parse_media_type
from ..operation.texts import Root

if TYPE_CHECKING:
    from ..operation import Operation, Parameter
    from ..operation.headers import DeclaredHeader
    from ..operation.response import DeclaredResponse

__all__ = ["HOST", "PATH", "View", "is_data"]

HOST = "http://reference.invalid"
PATH = "/exchange"

#: The styles that openapi-core can take apart. Swagger 2.0's and 3.2's own are not among them.
_STYLES: Mapping[str, frozenset[str]] = {
    "path": frozenset({"simple", "label", "matrix"}),
    "query": frozenset({"form", "spaceDelimited", "pipeDelimited", "deepObject"}),
    "header": frozenset({"simple"}),
    "cookie": frozenset({"form"}),
}
_SETS_OF_NAMES = frozenset(
    {"properties", "patternProperties", "dependentSchemas", "$defs", "definitions"}
)
#: Data, in which a `$ref` is no reference.
_DATA = frozenset({"const", "default", "enum", "example", "examples"})
#: A discriminator is a hint (OpenAPI 3.1.1, Discriminator Object), but openapi-core judges by it.
#: Names and bases have done their work once every reference leads into the view.
_LEFT_OUT = frozenset({"discriminator", "$id", "$anchor", "xml", "externalDocs"})
#: What is settled by the whole of the document, or by another dialect than the view's.
_NOT_FOR_A_VIEW = frozenset({"$dynamicRef", "$recursiveRef", "$schema"})


def is_data(media_type: str | None) -> bool:
    """Whether openapi-core is shown content of a type: JSON is what it reads without loss."""
    return media_type is not None and kind_of(parse_media_type(media_type)) == "json"


class View:
    """The document of one operation that openapi-core is shown.

    document  the OpenAPI document: one path, `PATH`, with one method, `post`
    beyond    the parts of an exchange that are left out of it and stay with the compiled engine:
              `("query", "p")` for a parameter, `("body", "text/csv")` for a body that is sent,
              `("200", "body", "text/csv")` and `("200", "header", "X-Total")` for an answer
    """

    def __init__(self, operation: Operation) -> None:
        self.beyond: set[tuple[str, ...]] = set()
        source = operation.document
        self._schemas = _Schemas(source)
        shown: dict[str, Any] = {
            "operationId": operation.name,
            "parameters": list(self._parameters(operation)),
            "responses": self._responses(operation),
        }
        body = operation.request_body
        if body is not None:
            content = {
                m.media_type: None if m.schema is None else (m.schema, m.schema_at)
                for m in body.media
            }
            shown["requestBody"] = {
                "required": body.required,
                "content": self._content(content),
            }
        self.document: dict[str, Any] = {
            "openapi": source.data["openapi"],
            "info": {"title": source.title or "a document", "version": "1"},
            "servers": [{"url": HOST}],
            "paths": {PATH: {"post": shown}},
            "components": {"schemas": self._schemas.entries},
        }
        if "jsonSchemaDialect" in source.data:
            self.document["jsonSchemaDialect"] = source.data["jsonSchemaDialect"]

    def _parameters(self, operation: Operation) -> Iterator[dict[str, Any]]:
        for parameter in operation.parameters:
            schema = None
            if _can_be_read(operation.document, parameter):
                schema = self._schemas.shown((parameter.schema, parameter.schema_at))
            if schema is None:
                self.beyond.add((parameter.location, parameter.name))
                continue
            named = {"name": parameter.name, "in": parameter.location}
            yield {**named, **_read_by(parameter, schema)}

    def _responses(self, operation: Operation) -> dict[str, Any]:
        responses: dict[str, Any] = {}
        for key, declared in operation.responses.items():
            response: dict[str, Any] = {"description": declared.description}
            if declared.content:
                content = {name: declared.schema(name) for name in declared.content}
                response["content"] = self._content(content, key)
            response["headers"] = dict(self._headers(operation.document, declared))
            responses[key] = response
        return responses

    def _headers(
        self, document: Document, declared: DeclaredResponse
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        for header in declared.headers:
            schema = None
            # Lines of Set-Cookie can't be joined (RFC 9110, section 5.3), which it would do.
            if header.name.lower() != "set-cookie" and _can_be_read(document, header):
                schema = self._schemas.shown((header.schema, header.schema_at))
            if schema is None:
                self.beyond.add((declared.key, "header", header.name))
            else:
                yield header.name, _read_by(header, schema)

    def _content(self, content: Mapping[str, Root | None], *owner: str) -> dict[str, Any]:
        """The media types of a body, without the schemas that openapi-core can't judge by."""
        entries: dict[str, Any] = {}
        for media_type, root in content.items():
            schema = self._schemas.shown(root) if root and is_data(media_type) else None
            entries[media_type] = {} if schema is None else {"schema": schema}
            if root is not None and schema is None:
                self.beyond.add((*owner, "body", media_type))
        return entries


def _read_by(part: Parameter | DeclaredHeader, schema: dict[str, Any]) -> dict[str, Any]:
    """What a parameter and a header say alike."""
    if part.content_type is not None:
        return {"required": part.required, "content": {part.content_type: {"schema": schema}}}
    style = {"style": part.style, "explode": part.explode}
    return {"required": part.required, **style, "schema": schema}


def _can_be_read(document: Document, part: Parameter | DeclaredHeader) -> bool:
    """Whether openapi-core can take the text of a parameter or header apart."""
    location = getattr(part, "location", "header")
    if part.content_type is not None:
        return location in _STYLES and is_data(part.content_type)
    if part.style not in _STYLES.get(location, ()):
        return False
    root = (part.schema, part.schema_at)
    kind = _one_type(document, root)
    style, explode = part.style, part.explode
    if kind == "array":
        delimited = style.endswith("Delimited")
        return style != "deepObject" and not (delimited and explode) and _are_plain(document, root)
    if kind == "object":
        # It looks for an exploded object under the parameter's own name, which is not sent.
        odd = explode and (style == "form" or style.endswith("Delimited"))
        return not odd and _are_plain(document, root)
    return kind is not None and style in ("form", "simple", "label", "matrix")


def _one_type(document: Document, root: Root) -> str | None:
    """The one type that a schema names, itself or where its `$ref` leads; its caster wants one."""
    schema, _ = document.resources.follow(*root)
    kind = schema.get("type") if isinstance(schema, dict) else None
    return kind if isinstance(kind, str) else None


def _are_plain(document: Document, root: Root) -> bool:
    """Whether all members of an array or object are of one plain type each."""
    schema, at = document.resources.follow(*root)
    members = [(schema.get("items"), at.child("items"))]
    properties = schema.get("properties")
    for name, member in properties.items() if isinstance(properties, dict) else ():
        members.append((member, at.child("properties", name)))
    if isinstance(schema.get("additionalProperties"), dict):
        return False  # only declared properties are turned into their types
    kinds = {_one_type(document, member) for member in members if member[0] is not None}
    return not kinds & {None, "array", "object"}


class _Schemas:
    """Schema Objects with every reference made one into `entries`."""

    def __init__(self, document: Document) -> None:
        self.entries: dict[str, Any] = {}
        self._document = document
        self._names: dict[Location, str] = {}
        self._withheld: set[str] = set()
        self._waiting: deque[tuple[str, Any, Location]] = deque()

    def shown(self, root: Root) -> dict[str, Any] | None:
        """A schema, whatever it reaches being in `entries`; None if it can't be shown."""
        schema, at = root
        if not isinstance(schema, dict):
            return None  # true and false are no schemas to openapi-core
        before = set(self._names.values())
        try:
            result: dict[str, Any] = self._rewritten(schema, at)
            while self._waiting:
                name, schema, at = self._waiting.popleft()
                self.entries[name] = self._rewritten(schema, at)
        except (DocumentError, _Unshowable):
            # What was reached with it can't be told apart from what is to blame.
            self._waiting.clear()
            self._withheld |= set(self._names.values()) - before
            return None
        return result

    def _rewritten(self, value: Any, at: Location) -> Any:
        if isinstance(value, list):
            return [self._rewritten(item, at.child(index)) for index, item in enumerate(value)]
        if not isinstance(value, dict):
            return value
        if not _NOT_FOR_A_VIEW.isdisjoint(value):
            raise _Unshowable
        result: dict[str, Any] = {}
        for key, inner in value.items():
            if key == "$ref" and isinstance(inner, str):
                result[key] = self._reference(inner, at)
            elif key in _SETS_OF_NAMES and isinstance(inner, dict):
                place = at.child(key)
                result[key] = {k: self._rewritten(v, place.child(k)) for k, v in inner.items()}
            elif key in _DATA:
                result[key] = inner
            elif key not in _LEFT_OUT:
                result[key] = self._rewritten(inner, at.child(key))
        return result

    def _reference(self, reference: str, at: Location) -> str:
        target, place = self._document.resources.resolve(reference, at)
        name = self._names.get(place)
        if name is None:
            name = self._names[place] = f"s{len(self._names)}"
            self._waiting.append((name, target, place))
        elif name in self._withheld:
            raise _Unshowable
        return f"#/components/schemas/{name}"


class _Unshowable(Exception):
    """A schema has something in it that a view can't hold."""
