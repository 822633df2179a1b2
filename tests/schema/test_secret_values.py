"""Values that a schema calls secret stay out of every message, however the schema says it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support import Whole, answering, json_content, one_operation

from dynclient import (
    Client,
    Headers,
    HttpRequest,
    HttpResponse,
    InvalidRequest,
    InvalidResponse,
    Validation,
)

PIN = {"type": "string", "format": "password", "maxLength": 3}
CODE = {"P": {**PIN, "enum": ["a"]}}
#: What else a secret may break.
RULES: list[dict[str, Any]] = [
    {"pattern": "^x$"},
    {"enum": ["x"]},
    {"const": "x"},
    {"minLength": 30},
    {"type": "integer"},
    {"not": {"type": "string"}},
    {"allOf": [{"pattern": "^x$"}]},
    {"if": {"type": "string"}, "then": {"maxLength": 1}},
    {"$ref": "#/components/schemas/Short"},
    {"allOf": [{"$ref": "#/components/schemas/Short"}]},
]
CODE["Short"] = {"type": "string", "maxLength": 1}


class Answering(Whole):
    def __init__(self, value: Any, **fields: str) -> None:
        headers = Headers({"Content-Type": "application/json", **fields})
        self.http = HttpResponse(200, headers, json.dumps(value).encode())

    def send(self, _: HttpRequest) -> HttpResponse:
        return self.http


def told(document: Any, transport: Any, engine: Any) -> str:
    with pytest.raises(InvalidResponse) as caught:
        Client(document, engine=engine, transport=transport).call("op")
    return str(caught.value)


@pytest.mark.parametrize("engine", ["compiled", "openapi-core"])
@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (PIN, "hunter2"),
        ({"type": "array", "items": PIN}, ["hunter2"]),
        ({"type": "object", "additionalProperties": PIN}, {"x": "hunter2"}),
        (
            {
                "type": "object",
                "properties": {"pin": {"allOf": [{"maxLength": 3}, {"format": "password"}]}},
            },
            {"pin": "hunter2"},
        ),
        (
            {
                "type": "object",
                "properties": {"pin": {"allOf": [{"$ref": "#/components/schemas/P"}]}},
            },
            {"pin": "hunter2"},
        ),
        ({"type": "object", "additionalProperties": False}, {"password": "hunter2"}),
        ({"type": "object", "properties": {"password": False}}, {"password": "hunter2"}),
        ({"type": "object", "patternProperties": {"^p": False}}, {"password": "hunter2"}),
        ({"type": "array", "prefixItems": [{}], "items": False}, ["a", "hunter2"]),
        (
            {"type": "object", "properties": {"password": {"type": "integer"}}},
            {"password": "hunter2"},
        ),
        ({"type": "object", "properties": {"password": {"const": "b"}}}, {"password": "hunter2"}),
        ({"type": "object", "patternProperties": {"^x": PIN}}, {"x": "hunter2"}),
        ({"type": "object", "unevaluatedProperties": PIN}, {"x": "hunter2"}),
        ({"type": "array", "prefixItems": [PIN]}, ["hunter2"]),
        ({"type": "array", "contains": PIN, "maxContains": 0}, ["hun"]),
        ({"type": "array", "items": {"type": "array", "items": PIN}}, [["hunter2"]]),
        ({"type": "array", "items": {"$ref": "#/components/schemas/P"}}, ["hunter2"]),
        ({"anyOf": [PIN, {"type": "null"}]}, "hunter2"),
        ({"oneOf": [{"format": "password", "enum": ["a"]}, {"type": "null"}]}, "hunter2"),
        ({"type": "array", "items": {"anyOf": [PIN, {"type": "null"}]}}, ["hunter2"]),
        *(
            ({"type": "array", "items": {"format": "password", **rule}}, ["hunter2"])
            for rule in RULES
        ),
        *(({"format": "password", **rule}, "hunter2") for rule in RULES),
    ],
)
def test_a_secret_in_a_body_is_not_shown(schema: Any, value: Any, engine: Any) -> None:
    document = one_operation(
        method="post",
        content=json_content(schema),
        responses=answering(schema),
        components={"schemas": CODE},
    )
    client = Client(document, engine=engine, transport=Answering(value))
    with pytest.raises(InvalidRequest) as refused:
        client.call("op", body=value)
    with pytest.raises(InvalidResponse) as caught:
        client.with_options(validate=Validation(request="off")).call("op", body=value)
    for error in (refused.value, caught.value):
        assert error.violations
        assert not any(part in str(error) for part in ("hunter2", "'hun'"))


@pytest.mark.parametrize("engine", ["compiled", "openapi-core"])
def test_a_secret_in_a_header_is_not_shown(engine: Any) -> None:
    document = one_operation(responses=answering({}, headers={"X-Pin": {"schema": PIN}}))
    message = told(document, Answering({}, **{"X-Pin": "hunter2"}), engine)
    assert "X-Pin" in message
    assert "hunter2" not in message


def test_a_property_behind_a_reference_is_refused_where_it_does_not_travel() -> None:
    schema = {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/W"}}}
    schemas = {"W": {"type": "string", "writeOnly": True}}
    document = one_operation(
        version="3.0.4", responses=answering(schema), components={"schemas": schemas}
    )
    with pytest.raises(InvalidResponse) as caught:
        Client(document, transport=Answering({"a": "x"})).call("op")
    assert [(v.pointer, v.rule) for v in caught.value.violations] == [("/a", "writeOnly")]
