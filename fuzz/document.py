"""Documents of every version, as JSON and YAML: noise, and correct ones that were changed.

Whatever the bytes are, `load` makes a document of them or raises DocumentError; so does all that
is asked of the document afterwards. Only the network is out of bounds: nothing is fetched.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import strategies as st

from dynclient import (
    Client,
    DocumentError,
    Headers,
    HttpResponse,
    InvalidRequest,
    Options,
    Trust,
    load,
)

__all__ = ["ARGUMENTS", "check"]

_SCHEMA = {
    "type": "object",
    "required": ["a"],
    "properties": {
        "a": {"type": "integer", "format": "int32", "minimum": 1},
        "b": {"type": "array", "items": {"enum": ["x"]}, "readOnly": True},
        "c": {"type": "string", "pattern": "^a$", "maxLength": 3, "format": "password"},
        "d": {"$ref": "#/components/schemas/S"},
    },
    "allOf": [{"additionalProperties": True}],
    "discriminator": {"propertyName": "a", "mapping": {"x": "S"}},
    "xml": {"name": "s"},
}
_PARAMETERS = [
    {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
    {"name": "q", "in": "query", "style": "form", "explode": True, "schema": {"type": "array"}},
    {"name": "j", "in": "query", "content": {"application/json": {"schema": {}}}},
    {"$ref": "#/components/parameters/P"},
]
_OF_S = {"application/json": {"schema": {"$ref": "#/components/schemas/S"}}}
_FORM = {"schema": _SCHEMA, "encoding": {"a": {"contentType": "text/plain", "headers": {}}}}
_RICH = {
    "info": {"title": "T", "version": "1"},
    "servers": [{"url": "https://{h}/v1", "variables": {"h": {"default": "a", "enum": ["a"]}}}],
    "security": [{"key": []}, {}],
    "paths": {
        "/things/{id}": {
            "parameters": _PARAMETERS,
            "post": {
                "operationId": "op",
                "requestBody": {"content": {**_OF_S, "multipart/form-data": _FORM}},
                "responses": {
                    "200": {
                        "description": "d",
                        "headers": {"H": {"required": True, "schema": {"type": "integer"}}},
                        "content": _OF_S,
                    },
                    "default": {"$ref": "#/components/responses/R"},
                },
            },
        }
    },
    "components": {
        "parameters": {"P": {"name": "X-P", "in": "header", "schema": {"default": 1}}},
        "responses": {"R": {"description": "d", "content": {"text/plain": {}}}},
        "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "K"}},
        "schemas": {"S": _SCHEMA},
    },
}
_SWAGGER = {
    "swagger": "2.0",
    "info": {"title": "T", "version": "1"},
    "host": "a",
    "basePath": "/v1",
    "schemes": ["https"],
    "consumes": ["application/json"],
    "paths": {
        "/things/{id}": {
            "put": {
                "operationId": "op",
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "type": "string"},
                    {"name": "l", "in": "query", "type": "array", "items": {"type": "integer"}},
                    {"name": "body", "in": "body", "schema": {"$ref": "#/definitions/S"}},
                ],
                "responses": {"200": {"description": "d", "schema": {"$ref": "#/definitions/S"}}},
            }
        }
    },
    "definitions": {"S": {"type": "object", "properties": {"a": {"type": "integer"}}}},
    "securityDefinitions": {"key": {"type": "apiKey", "in": "query", "name": "k"}},
}
#: A correct document of each version.
_CORRECT = [
    *({"openapi": version, **_RICH} for version in ("3.0.3", "3.1.1", "3.2.0")),
    _SWAGGER,
]
_YAML = b"""openapi: 3.1.0
info: {title: T, version: '1'}
x: &x {type: string}
paths:
  /a:
    get:
      operationId: op
      responses:
        200: {description: "d", content: {application/json: {schema: {<<: *x, maxLength: 3}}}}
"""
_ODD = [
    *(None, True, 0, -1, 1.5, 10**400, "", "x", "#", "#/", "#/nowhere", "\ud800", [], [[]], {}),
    *({"a": 1}, {"$ref": 3}, {"$ref": "#"}, {"$ref": "other.json"}, {"$ref": "#/paths"}, "{", "("),
    *("string", "object", "null", ["string", "null"], "text/plain; charset=", "/{a}/{a}", "\0"),
    *({"$ref": "#/components/schemas/S"}, {"$ref": "file:///x"}, {"$dynamicRef": "#x"}, False),
]
_BITS = [
    *(b"{", b"}", b"[", b"]", b'"', b":", b",", b"\n", b" ", b"\t", b"- ", b"&x ", b"*x", b"<<: "),
    *(b"\\", b"\\u0000", b"\xff", b"\xef\xbb\xbf", b"\0", b"NaN", b"1e999", b"!!python/none", b"#"),
    *(b"%", b"|\n", b">", b"? ", b"---\n", b"...\n", b"'", b"null", b"~", b"0x1", b"2001-01-01"),
]


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    members = value.items() if isinstance(value, dict) else ()
    for key, member in list(enumerate(value)) if isinstance(value, list) else members:
        yield (*path, key)
        yield from _places(member, (*path, key))


_PLACES = [list(_places(each)) for each in _CORRECT]


@st.composite
def _changed(draw: Callable[..., Any]) -> bytes:
    """A correct document in which some values are others."""
    number = draw(st.integers(0, len(_CORRECT) - 1))
    data: Any = copy.deepcopy(_CORRECT[number])
    for path in draw(st.lists(st.sampled_from(_PLACES[number]), max_size=3)):
        owner = data
        for token in path[:-1]:
            try:
                owner = owner[token]
            except (LookupError, TypeError):
                break  # what was there is gone
        else:
            if isinstance(owner, dict) or (
                isinstance(owner, list) and path[-1] in range(len(owner))
            ):
                owner[path[-1]] = copy.deepcopy(draw(st.sampled_from(_ODD)))
    return json.dumps(data, indent=draw(st.sampled_from([None, 1]))).encode()


@st.composite
def _garbled(draw: Callable[..., Any]) -> bytes:
    """A text of a document in which something was put in or taken out."""
    data: bytes = draw(st.sampled_from([_YAML, json.dumps(_SWAGGER).encode()]))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(data)))
        taken = draw(st.integers(0, 4))
        data = data[:at] + draw(st.sampled_from([b"", *_BITS])) + data[at + taken :]
    return data


ARGUMENTS = {
    "content": _changed() | _garbled() | st.binary(max_size=60),
    "name": st.sampled_from(["api.json", "api.yaml", "api"]),
}


def check(content: bytes, name: str) -> None:
    """Load it, and use whatever it describes."""
    try:
        document = load(
            f"https://h.test/{name}",
            fetch=lambda url: (url, content),
            trust=Trust(max_documents=1),
        )
        problems = document.check()
    except DocumentError as error:
        str(error).encode()
        return
    "".join(map(str, problems)).encode("utf-8", "surrogatepass")
    try:
        client = Client(document, base_url="http://api.test")
        names = list(client.operations)
    except DocumentError:
        return
    for each in names:
        _use(client, each)


def _use(client: Client, name: str) -> None:
    operation = client.operations[name]
    for use in (lambda: operation.docstring, lambda: operation.signature, operation.compile):
        try:
            use()
        except DocumentError:
            continue
    for level in ("strict", "off"):
        try:
            client.prepare(name, id="a/b", body={"a": 1}, options=Options(validate=level))
        except (DocumentError, InvalidRequest):
            continue
    try:
        headers = Headers({"Content-Type": "application/json", "H": "x"})
        operation.parse(HttpResponse(200, headers, b'{"a": "x"}'))
    except DocumentError:
        return
