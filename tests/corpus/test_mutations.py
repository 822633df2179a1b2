"""Any part of a document replaced by any other value: an answer or a DocumentError."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from dynclient.document import load
from dynclient.errors import DocumentError
from dynclient.operation import Operations, base_url

ODD: tuple[Any, ...] = (
    None,
    0,
    -1.5,
    True,
    "",
    "x",
    [],
    [[]],
    [None],
    {},
    {"a": 1},
    [{}],
    {"$ref": 3},
    {"$ref": "#/nowhere"},
    {"$ref": "#"},
)

RICH: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "T", "version": "1"},
    "servers": [{"url": "https://{h}/", "variables": {"h": {"default": "a", "enum": ["a"]}}}],
    "security": [{"key": []}],
    "paths": {
        "/things/{id}": {
            "parameters": [
                {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
            ],
            "post": {
                "operationId": "op",
                "summary": "s",
                "tags": ["t"],
                "deprecated": False,
                "parameters": [
                    {"name": "q", "in": "query", "style": "form", "explode": True, "schema": {}},
                    {"name": "c", "in": "query", "content": {"application/json": {"schema": {}}}},
                    {"$ref": "#/components/parameters/P"},
                ],
                "requestBody": {
                    "required": True,
                    "content": {
                        "multipart/form-data": {
                            "schema": {"$ref": "#/components/schemas/S"},
                            "encoding": {"a": {"contentType": "text/plain", "headers": {}}},
                        }
                    },
                },
                "responses": {
                    "200": {
                        "description": "d",
                        "headers": {"H": {"required": True, "schema": {"type": "integer"}}},
                        "content": {"application/json": {"schema": {"oneOf": [{}]}}},
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
        "schemas": {
            "S": {
                "type": "object",
                "nullable": True,
                "required": ["a"],
                "properties": {
                    "a": {"type": "integer", "format": "int32", "minimum": 1},
                    "b": {"type": "array", "items": {"enum": ["x"]}, "readOnly": True},
                    "c": {"type": "string", "pattern": "^a$", "maxLength": 3},
                },
                "allOf": [{"additionalProperties": False}],
                "discriminator": {"propertyName": "a", "mapping": {"x": "S"}},
            }
        },
    },
}


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    members = value.items() if isinstance(value, dict) else ()
    for key, member in list(enumerate(value)) if isinstance(value, list) else members:
        yield (*path, key)
        yield from _places(member, (*path, key))


def _use(data: dict[str, Any]) -> None:
    document = load(data)
    operations = Operations(document)
    for operation in operations.values():
        for use in (
            operation.compile,
            lambda: operation.docstring,  # noqa: B023 - called at once
            lambda: operation.security,  # noqa: B023
            lambda: base_url(document, operation.servers),  # noqa: B023
        ):
            try:
                use()
            except DocumentError:
                continue
    assert document.title is not None


@pytest.mark.parametrize("version", ["3.0.3", "3.1.1", "3.2.0"])
@pytest.mark.parametrize("odd", ODD, ids=str)
def test_any_part_may_be_anything(version: str, odd: Any) -> None:
    raised: dict[tuple[Any, ...], str] = {}
    for path in _places(RICH):
        data = copy.deepcopy(RICH)
        data["openapi"] = version
        owner: Any = data
        for token in path[:-1]:
            owner = owner[token]
        owner[path[-1]] = odd
        try:
            _use(data)
        except DocumentError:
            continue
        except Exception as error:  # noqa: BLE001 - every other exception is what is looked for
            raised[path] = f"{type(error).__name__}: {error}"
    assert raised == {}
