"""One operation as openapi-core sees it: a document of its own, that needs no other.

It has one path and one method, so that nothing is looked up from a URL again. What openapi-core
has no notion of, or would judge wrongly, is left out, and stays with the compiled engine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..document import Node
from ..errors import DocumentError
from ..operation.content.registry import CODECS
from .schemas import Schemas

if TYPE_CHECKING:
    from ..operation import Operation, Parameter
    from ..operation.declared import DeclaredResponse
    from ..operation.fields.headers import DeclaredHeader

__all__ = ["HOST", "PATH", "View", "is_data", "path_of"]

HOST = "http://reference.invalid"
PATH = "/exchange"

#: The styles that openapi-core can take apart. Swagger 2.0's and 3.2's own are not among them.
_STYLES: Mapping[str, frozenset[str]] = {
    "path": frozenset({"simple", "label", "matrix"}),
    "query": frozenset({"form", "spaceDelimited", "pipeDelimited", "deepObject"}),
    "header": frozenset({"simple"}),
    "cookie": frozenset({"form"}),
}
#: The version in a document may be 3.1, a number; what was Swagger 2.0 is 3.0 by now.
_VERSIONS = {"3.0": "3.0.4", "3.1": "3.1.1", "3.2": "3.2.0"}
_SEGMENT_OF_ONE = re.compile(r"[^{}]*\{([^{}]*)\}[^{}]*")


def is_data(media_type: str | None) -> bool:
    """Whether openapi-core gets content of a type: JSON is what it decodes without loss."""
    return media_type is not None and CODECS.declared(media_type).is_json


class View:
    """The document of one operation that openapi-core is shown.

    document    the OpenAPI document: one path, `PATH`, with one method, `post`
    parameters  those that are left out of it, as `Violation.where` names them
    headers     those of a response that are left out, by the key of the response
    patterns    the checks of the formats that stand for patterns in it, by name
    bodies      those that it is shown: (`"request"` or the key of a response, media type)
    """

    def __init__(self, operation: Operation) -> None:
        self.parameters: set[str] = set()
        self.headers: dict[str, set[str]] = {}
        self.bodies: set[tuple[str, str]] = set()
        source = operation.document
        schemas = Schemas(source)
        self.patterns = schemas.patterns
        shown: dict[str, Any] = {
            "operationId": operation.name,
            "parameters": list(self._parameters(operation, schemas)),
            "responses": {
                key: self._response_if_any(declared, schemas)
                for key, declared in operation.responses.items()
            },
        }
        body = operation.request_body
        if body is not None:
            content = {media.media_type: media.schema for media in body.media}
            entries = self._content(content, "request", schemas)
            shown["requestBody"] = {"required": body.required, "content": entries}
        self.document: dict[str, Any] = {
            "openapi": _VERSIONS[source.dialect],
            "info": {"title": "an operation", "version": "1"},
            "servers": [{"url": HOST}],
            "paths": {PATH: {"post": shown}},
            "components": {"schemas": schemas.entries},
        }

    def _parameters(self, operation: Operation, schemas: Schemas) -> Iterator[dict[str, Any]]:
        apart = _placeholders_apart(operation.path)
        for parameter in operation.parameters:
            schema = None
            found = parameter.location != "path" or parameter.name in apart
            if found and _can_be_read(parameter):
                schema = schemas.shown(parameter.node)
            if schema is None:
                self.parameters.add(f"request.{parameter.key}")
                continue
            named = {"name": parameter.name, "in": parameter.location}
            yield {**named, **_read_by(parameter, schema)}

    def _response_if_any(self, declared: DeclaredResponse, schemas: Schemas) -> dict[str, Any]:
        """A response; without content if a `$ref` of it leads nowhere: see `DeclaredResponse`."""
        try:
            return self._response(declared, schemas)
        except DocumentError:
            return {"description": ""}

    def _response(self, declared: DeclaredResponse, schemas: Schemas) -> dict[str, Any]:
        response: dict[str, Any] = {"description": declared.description, "headers": {}}
        if declared.content:
            content = {name: entry.schema for name, entry in declared.content.items()}
            response["content"] = self._content(content, declared.key, schemas)
        left_out = self.headers[declared.key] = set()
        for header in declared.headers:
            schema = None
            # It strips no blanks beside commas (RFC 9110, section 5.6.1).
            if _one_type(header.node) not in ("array", "object"):
                schema = schemas.shown(header.node) if _can_be_read(header) else None
            if schema is None:
                left_out.add(f"response.header.{header.name}")
            else:
                response["headers"][header.name] = _read_by(header, schema)
        return response

    def _content(
        self, content: Mapping[str, Node | None], owner: str, schemas: Schemas
    ) -> dict[str, Any]:
        """The media types of a body, without the schemas that openapi-core can't judge by."""
        entries: dict[str, Any] = {}
        for media_type, root in content.items():
            schema = schemas.shown(root) if root and is_data(media_type) else None
            entries[media_type] = {} if schema is None else {"schema": schema}
            if schema is not None:
                self.bodies.add((owner, media_type))
        return entries


def path_of(template: str) -> str:
    """A path template without the query and the fragment that some publishers put there."""
    return template.partition("#")[0].partition("?")[0]


def _placeholders_apart(template: str) -> frozenset[str]:
    """The placeholders of a path whose values can be read from a URL: alone in their segments."""
    found = [_SEGMENT_OF_ONE.fullmatch(segment) for segment in path_of(template).split("/")]
    return frozenset(match[1] for match in found if match)


def _read_by(part: Parameter | DeclaredHeader, schema: dict[str, Any]) -> dict[str, Any]:
    """What a parameter and a header have in common."""
    if part.content_type is not None:
        return {"required": part.required, "content": {part.content_type: {"schema": schema}}}
    style = {"style": part.style, "explode": part.explode}
    return {"required": part.required, **style, "schema": schema}


def _can_be_read(part: Parameter | DeclaredHeader) -> bool:
    """Whether openapi-core can take the text of a parameter or header apart."""
    if part.content_type is not None:
        return part.location in _STYLES and is_data(part.content_type)
    if part.style not in _STYLES.get(part.location, ()):
        return False
    schema = part.node
    kind = _one_type(schema)
    style, explode = part.style, part.explode
    if kind == "array":
        delimited = style.endswith("Delimited")
        return style != "deepObject" and not (delimited and explode) and _are_plain(schema)
    if kind == "object":
        # It looks for an exploded object under the parameter's own name, which is not sent.
        odd = explode and (style == "form" or style.endswith("Delimited"))
        return not odd and _are_plain(schema, closed=style == "deepObject")
    return kind is not None and style in ("form", "simple", "label", "matrix")


def _one_type(schema: Node) -> str | None:
    """The one type that a schema names, itself or where its `$ref` leads; its caster wants one."""
    kind = schema.follow().get("type")
    return kind if isinstance(kind, str) else None


def _are_plain(schema: Node, *, closed: bool = False) -> bool:
    """Whether all members of an array or object are of one plain type each.

    `closed` requires that no others than the declared ones are allowed: it overlooks them.
    """
    schema = schema.follow()
    members = [schema.child("items"), *(member for _, member in schema.items("properties"))]
    others = schema.get("additionalProperties")
    if isinstance(others, dict) or (closed and others is not False):
        return False  # only declared properties are turned into their types
    kinds = {_one_type(member) for member in members if member.value is not None}
    return not kinds & {None, "array", "object"}
