"""Swagger 2.0 in terms of OpenAPI 3.0, part by part: what is written, and what it amounts to."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from dynclient import Trust
from dynclient.document import Document, load
from dynclient.errors import DocumentError


def swagger(**fields: Any) -> dict[str, Any]:
    """The least a Swagger 2.0 document can be, with these fields besides."""
    return {"swagger": "2.0", "info": {"title": "T", "version": "1"}, "paths": {}, **fields}


def one(operation: dict[str, Any], method: str = "post", **fields: Any) -> dict[str, Any]:
    """A document with one operation, at /thing."""
    whole = {"operationId": "op", "responses": {"200": {"description": "done"}}, **operation}
    return swagger(paths={"/thing": {method: whole}}, **fields)


def upgraded(operation: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The upgraded operation."""
    document = load(one(operation, **fields))
    result: dict[str, Any] = document.data["paths"]["/thing"]["post"]
    return result


def told(document: Document) -> list[tuple[str, str]]:
    return [(problem.pointer, problem.rule) for problem in document.problems]


# ── the root ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("fields", "urls"),
    [
        ({"host": "a.test", "basePath": "/v1", "schemes": ["https"]}, ["https://a.test/v1"]),
        ({"host": "a.test", "schemes": ["http", "https"]}, ["https://a.test/", "http://a.test/"]),
        ({"host": "a.test:81", "basePath": "/"}, ["https://a.test:81/"]),
        ({"basePath": "/v1", "schemes": ["https"]}, ["/v1"]),
        ({}, ["/"]),
    ],
)
def test_host_base_path_and_schemes_are_servers(fields: Any, urls: list[str]) -> None:
    assert [server["url"] for server in load(swagger(**fields)).servers] == urls


@pytest.mark.parametrize(
    ("fields", "urls"),
    [
        ({"host": "a.test", "basePath": "/v1"}, ["http://a.test/v1"]),
        ({"basePath": "/v1", "schemes": ["https"]}, ["https://docs.test:8080/v1"]),
        ({"basePath": "/v1"}, ["/v1"]),
    ],
)
def test_what_is_missing_is_taken_from_where_the_document_was_served(
    fields: Any, urls: list[str]
) -> None:
    address = "http://docs.test:8080/swagger.json"
    import json

    text = json.dumps(swagger(**fields)).encode()
    document = load(address, fetch=lambda _: (address, text))
    assert [server["url"] for server in document.servers] == urls


def test_an_operation_has_schemes_of_its_own() -> None:
    operation = upgraded({"schemes": ["http"]}, host="a.test", basePath="/b", schemes=["https"])
    assert operation["servers"] == [{"url": "http://a.test/b"}]


def test_the_version_is_the_publishers_and_the_dialect_is_ours() -> None:
    document = load(swagger())
    assert (document.version, document.dialect) == ("2.0", "3.0")
    assert document.title == "T"


@pytest.mark.parametrize("version", ["1.2", "3.0", 1])
def test_another_swagger_is_refused(version: Any) -> None:
    with pytest.raises(DocumentError, match=f"Swagger {version} is not supported"):
        load({**swagger(), "swagger": version})


def test_the_data_given_is_not_changed() -> None:
    data = one(
        {"parameters": [{"in": "body", "name": "b", "schema": {"$ref": "#/definitions/D"}}]},
        definitions={"D": {"type": "object", "discriminator": "kind", "x-nullable": True}},
    )
    before = copy.deepcopy(data)
    load(data)
    assert data == before


def test_schemas_that_say_the_same_in_both_are_shared() -> None:
    data = swagger(definitions={"D": {"type": "object", "properties": {"a": {"type": "string"}}}})
    document = load(data)
    assert document.data["definitions"]["D"] is data["definitions"]["D"]
    assert document.data["components"]["schemas"]["D"] is data["definitions"]["D"]


def test_extensions_stay_everywhere() -> None:
    said = {"x-own": 1}
    document = load(
        swagger(
            **said,
            definitions={"D": {**said, "type": "file"}},
            securityDefinitions={"s": {"type": "basic", **said}},
            paths={
                "/thing": {
                    **said,
                    "get": {
                        **said,
                        "parameters": [{"in": "query", "name": "q", "type": "string", **said}],
                        "responses": {**said, "200": {"description": "", **said}},
                    },
                }
            },
        )
    )
    data = document.data
    operation = data["paths"]["/thing"]["get"]
    for place in (
        data,
        data["definitions"]["D"],
        data["components"]["securitySchemes"]["s"],
        data["paths"]["/thing"],
        operation,
        operation["parameters"][0],
        operation["responses"],
        operation["responses"]["200"],
    ):
        assert place["x-own"] == 1


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        ({"type": "basic"}, {"type": "http", "scheme": "basic"}),
        (
            {"type": "apiKey", "in": "query", "name": "k"},
            {"type": "apiKey", "in": "query", "name": "k"},
        ),
        (
            {"type": "oauth2", "flow": "implicit", "authorizationUrl": "/a", "scopes": {"r": "R"}},
            {
                "type": "oauth2",
                "flows": {"implicit": {"authorizationUrl": "/a", "scopes": {"r": "R"}}},
            },
        ),
        (
            {"type": "oauth2", "flow": "password", "tokenUrl": "/t", "scopes": {}},
            {"type": "oauth2", "flows": {"password": {"tokenUrl": "/t", "scopes": {}}}},
        ),
        (
            {"type": "oauth2", "flow": "application", "tokenUrl": "/t", "scopes": {}},
            {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "/t", "scopes": {}}}},
        ),
        (
            {
                "type": "oauth2",
                "flow": "accessCode",
                "authorizationUrl": "/a",
                "tokenUrl": "/t",
                "scopes": {},
                "description": "d",
            },
            {
                "type": "oauth2",
                "flows": {
                    "authorizationCode": {"authorizationUrl": "/a", "tokenUrl": "/t", "scopes": {}}
                },
                "description": "d",
            },
        ),
    ],
)
def test_security_schemes(scheme: Any, expected: Any) -> None:
    document = load(swagger(securityDefinitions={"s": scheme}))
    assert document.data["components"]["securitySchemes"] == {"s": expected}
    assert document.problems == ()


# ── schemas ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"discriminator": "kind"}, {"discriminator": {"propertyName": "kind"}}),
        (
            {"type": "string", "x-nullable": True},
            {"type": "string", "x-nullable": True, "nullable": True},
        ),
        ({"type": "string", "x-nullable": False}, {"type": "string", "x-nullable": False}),
        ({"type": "file"}, {"type": "string", "format": "binary"}),
        (
            {"properties": {"discriminator": {"type": "string"}}},
            {"properties": {"discriminator": {"type": "string"}}},
        ),
        (
            {"allOf": [{"type": "array", "items": {"discriminator": "k"}}]},
            {"allOf": [{"type": "array", "items": {"discriminator": {"propertyName": "k"}}}]},
        ),
        (
            {"additionalProperties": {"x-nullable": True}},
            {"additionalProperties": {"x-nullable": True, "nullable": True}},
        ),
        ({"default": {"discriminator": "data"}}, {"default": {"discriminator": "data"}}),
        ({"readOnly": True, "type": "string"}, {"readOnly": True, "type": "string"}),
    ],
)
def test_schemas(schema: Any, expected: Any) -> None:
    assert load(swagger(definitions={"D": schema})).data["definitions"]["D"] == expected


def test_a_schema_that_nests_without_end_is_left_and_reported() -> None:
    schema: dict[str, Any] = {"x-nullable": True, "type": "string"}
    for _ in range(5_000):
        schema = {"items": schema}
    document = load(swagger(definitions={"D": schema}), trust=Trust(max_depth=10_000))
    assert document.data["definitions"]["D"] is schema
    assert told(document) == [("/definitions/D", "depth")]


# ── parameters ───────────────────────────────────────────────────────────────────────────────────

_ARRAY = {"type": "array", "items": {"type": "string"}}


@pytest.mark.parametrize(
    ("where", "collection_format", "style", "explode"),
    [
        ("query", None, "form", False),
        ("query", "csv", "form", False),
        ("query", "multi", "form", True),
        ("query", "ssv", "spaceDelimited", False),
        ("query", "pipes", "pipeDelimited", False),
        ("query", "tsv", "tsv", False),
        ("path", "csv", "simple", False),
        ("path", "ssv", "ssv", False),
        ("path", "tsv", "tsv", False),
        ("path", "pipes", "pipes", False),
        ("header", None, "simple", False),
        ("header", "pipes", "pipes", False),
    ],
)
def test_collection_formats(
    where: str, collection_format: str | None, style: str, explode: bool
) -> None:
    parameter = {"in": where, "name": "p", **_ARRAY}
    if collection_format:
        parameter["collectionFormat"] = collection_format
    [found] = upgraded({"parameters": [parameter]})["parameters"]
    assert found == {
        "in": where,
        "name": "p",
        "schema": _ARRAY,
        "style": style,
        "explode": explode,
    }


def test_what_a_parameter_says_of_its_values_is_its_schema() -> None:
    schema = {
        "type": "integer",
        "format": "int32",
        "minimum": 1,
        "exclusiveMinimum": True,
        "maximum": 9,
        "enum": [2, 3],
        "default": 2,
        "multipleOf": 1,
    }
    parameter = {"in": "query", "name": "p", "required": True, "description": "d", **schema}
    [found] = upgraded({"parameters": [parameter]})["parameters"]
    assert found == {
        "in": "query",
        "name": "p",
        "required": True,
        "description": "d",
        "schema": schema,
    }


def test_parameters_and_responses_are_components_too() -> None:
    document = load(
        swagger(
            parameters={
                "Q": {"in": "query", "name": "q", "type": "string"},
                "B": {"in": "body", "name": "b", "schema": {}},
            },
            responses={"Gone": {"description": "gone", "schema": {"type": "string"}}},
            produces=["text/plain"],
        )
    )
    assert document.data["components"]["parameters"] == {
        "Q": {"in": "query", "name": "q", "schema": {"type": "string"}}
    }
    assert document.data["components"]["responses"] == {
        "Gone": {"description": "gone", "content": {"text/plain": {"schema": {"type": "string"}}}}
    }


# ── bodies ───────────────────────────────────────────────────────────────────────────────────────

_BODY = {"in": "body", "name": "b", "schema": {"$ref": "#/definitions/D"}}
_MULTIPART, _FORM = "multipart/form-data", "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("root", "own", "types"),
    [
        (None, None, ["application/json"]),
        (["application/xml"], None, ["application/xml"]),
        (
            ["application/xml"],
            ["text/plain", "application/json"],
            ["text/plain", "application/json"],
        ),
        (["application/xml"], [], ["application/json"]),
    ],
)
def test_a_body_has_the_media_types_of_consumes(root: Any, own: Any, types: list[str]) -> None:
    fields = {} if root is None else {"consumes": root}
    operation = {"parameters": [{**_BODY, "description": "d", "required": True}]}
    if own is not None:
        operation["consumes"] = own
    found = upgraded(operation, definitions={"D": {}}, **fields)
    assert found["parameters"] == []
    assert found["requestBody"] == {
        "description": "d",
        "required": True,
        "content": {name: {"schema": {"$ref": "#/definitions/D"}} for name in types},
        "x-codegen-request-body-name": "b",
    }


_TEXT = {"in": "formData", "name": "t", "type": "string", "required": True}
_FILE = {"in": "formData", "name": "f", "type": "file", "description": "a file"}
_LIST = {"in": "formData", "name": "l", **_ARRAY}
_TEXT_SCHEMA = {"type": "object", "properties": {"t": {"type": "string"}}, "required": ["t"]}
_FILE_SCHEMA = {
    "type": "object",
    "properties": {"f": {"type": "string", "format": "binary", "description": "a file"}},
}
_LIST_SCHEMA = {"type": "object", "properties": {"l": _ARRAY}}


@pytest.mark.parametrize(
    ("parameter", "consumes", "expected"),
    [
        (_TEXT, None, {_FORM: {"schema": _TEXT_SCHEMA}}),
        (_TEXT, [_MULTIPART], {_MULTIPART: {"schema": _TEXT_SCHEMA}}),
        (
            _TEXT,
            [_MULTIPART, _FORM],
            {_MULTIPART: {"schema": _TEXT_SCHEMA}, _FORM: {"schema": _TEXT_SCHEMA}},
        ),
        (_FILE, None, {_MULTIPART: {"schema": _FILE_SCHEMA}}),
        (_FILE, [_FORM, _MULTIPART], {_MULTIPART: {"schema": _FILE_SCHEMA}}),
        (
            _LIST,
            [_FORM, _MULTIPART],
            {
                _FORM: {
                    "schema": _LIST_SCHEMA,
                    "encoding": {"l": {"style": "form", "explode": False}},
                },
                _MULTIPART: {
                    "schema": _LIST_SCHEMA,
                    "encoding": {"l": {"style": "csv", "explode": False}},
                },
            },
        ),
    ],
)
def test_form_data_is_a_body(parameter: Any, consumes: Any, expected: Any) -> None:
    operation = {"parameters": [parameter]}
    if consumes:
        operation["consumes"] = consumes
    assert upgraded(operation)["requestBody"] == {
        "required": parameter.get("required", False),
        "content": expected,
    }


def test_form_data_of_the_path_item_is_joined_and_overridden_by_name() -> None:
    document = load(
        swagger(
            paths={
                "/thing": {
                    "parameters": [_TEXT, {"in": "formData", "name": "a", "type": "string"}],
                    "post": {
                        "parameters": [{"in": "formData", "name": "a", "type": "integer"}],
                        "responses": {"200": {"description": ""}},
                    },
                }
            }
        )
    )
    body = document.data["paths"]["/thing"]["post"]["requestBody"]
    assert body["content"][_FORM]["schema"]["properties"] == {
        "a": {"type": "integer"},
        "t": {"type": "string"},
    }


def test_a_reference_to_a_body_parameter_is_a_body() -> None:
    found = upgraded(
        {"parameters": [{"$ref": "#/parameters/B"}, {"$ref": "#/parameters/Q"}]},
        parameters={"B": _BODY, "Q": {"in": "query", "name": "q", "type": "string"}},
        definitions={"D": {}},
    )
    assert list(found["requestBody"]["content"]) == ["application/json"]
    assert [parameter["name"] for parameter in found["parameters"]] == ["q"]


# ── responses ────────────────────────────────────────────────────────────────────────────────────

_SCHEMA = {"type": "object"}


@pytest.mark.parametrize(
    ("response", "produces", "content"),
    [
        ({"schema": _SCHEMA}, ["text/x", "a/b"], {"text/x": _SCHEMA, "a/b": _SCHEMA}),
        ({"schema": _SCHEMA}, None, {"application/json": _SCHEMA, "*/*": _SCHEMA}),
        ({}, ["application/json"], None),
        ({"schema": {"type": "file"}}, None, {"*/*": {"type": "string", "format": "binary"}}),
        (
            {"schema": {"type": "file"}},
            ["application/pdf"],
            {"application/pdf": {"type": "string", "format": "binary"}},
        ),
    ],
)
def test_a_response_has_the_media_types_of_produces(
    response: Any, produces: Any, content: Any
) -> None:
    operation: dict[str, Any] = {"responses": {"200": {"description": "d", **response}}}
    if produces:
        operation["produces"] = produces
    found = upgraded(operation)["responses"]["200"]
    expected: dict[str, Any] = {"description": "d"}
    if content is not None:
        expected["content"] = {name: {"schema": schema} for name, schema in content.items()}
    assert found == expected


def test_headers_and_examples_of_a_response() -> None:
    response = {
        "description": "d",
        "schema": _SCHEMA,
        "headers": {"X-List": {**_ARRAY, "collectionFormat": "ssv", "description": "h"}},
        "examples": {"application/json": {"a": 1}},
    }
    found = upgraded({"responses": {"200": response}, "produces": ["application/json"]})
    assert found["responses"]["200"] == {
        "description": "d",
        "headers": {"X-List": {"description": "h", "schema": _ARRAY, "style": "ssv"}},
        "content": {"application/json": {"schema": _SCHEMA, "example": {"a": 1}}},
    }


def test_a_shared_response_has_the_media_types_of_each_operation() -> None:
    found = upgraded(
        {"responses": {"200": {"$ref": "#/responses/R"}}, "produces": ["text/plain"]},
        responses={"R": {"description": "r", "schema": {"type": "string"}}},
        produces=["application/json"],
    )
    assert list(found["responses"]["200"]["content"]) == ["text/plain"]


# ── what publishers broke ────────────────────────────────────────────────────────────────────────

_AT = "/paths/~1thing/post"
_QUERY = {"in": "query", "name": "q"}


@pytest.mark.parametrize(
    ("operation", "problems"),
    [
        ({"parameters": [_BODY, _TEXT]}, [(f"{_AT}/parameters/1", "body")]),
        ({"parameters": [_BODY, {**_BODY, "name": "c"}]}, [(f"{_AT}/parameters/1", "body")]),
        ({"parameters": [{"in": "body", "name": "b"}]}, [(f"{_AT}/parameters/0", "schema")]),
        (
            {"parameters": [{**_QUERY, **_ARRAY, "collectionFormat": "odd"}]},
            [(f"{_AT}/parameters/0/collectionFormat", "collection-format")],
        ),
        (
            {"parameters": [{**_QUERY, "in": "header", **_ARRAY, "collectionFormat": "multi"}]},
            [(f"{_AT}/parameters/0/collectionFormat", "collection-format")],
        ),
        (
            {
                "parameters": [
                    {
                        **_QUERY,
                        "type": "array",
                        "items": {**_ARRAY, "collectionFormat": "multi"},
                    }
                ]
            },
            [(f"{_AT}/parameters/0/items/collectionFormat", "collection-format")],
        ),
        ({"parameters": [_QUERY]}, [(f"{_AT}/parameters/0", "type")]),
        (
            {"parameters": [{**_QUERY, "schema": {"type": "string"}}]},
            [(f"{_AT}/parameters/0/schema", "schema")],
        ),
        (
            {"parameters": [{**_QUERY, "type": "file"}]},
            [(f"{_AT}/parameters/0/type", "parameter")],
        ),
        (
            {"parameters": [{"in": "header", "name": "Authorization", "type": "string"}]},
            [(f"{_AT}/parameters/0", "parameter")],
        ),
        (
            {"parameters": [_FILE], "consumes": ["application/json"]},
            [(f"{_AT}/consumes", "consumes")],
        ),
        ({"consumes": ["json"]}, [(f"{_AT}/consumes/0", "media-type")]),
        ({"produces": "application/json"}, [(f"{_AT}/produces", "media-type")]),
        ({"schemes": ["gopher"]}, [(f"{_AT}/schemes/0", "schemes")]),
        ({"responses": None}, [(_AT, "responses")]),
        ({"responses": {}}, [(f"{_AT}/responses", "responses")]),
        (
            {
                "produces": ["application/json"],
                "responses": {"200": {"description": "", "schema": {"type": "file"}}},
            },
            [(f"{_AT}/responses/200/schema", "produces")],
        ),
    ],
)
def test_a_problem_is_reported_once_and_stops_nothing(operation: Any, problems: Any) -> None:
    document = load(one(operation, host="a.test", definitions={"D": {}}))
    assert told(document) == problems


@pytest.mark.parametrize(
    ("fields", "problems"),
    [
        ({"host": "https://a.test/"}, [("/host", "host")]),
        ({"host": "a.test", "basePath": "v1"}, [("/basePath", "base-path")]),
        (
            {"securityDefinitions": {"s": {"type": "oauth2", "flow": "odd"}}},
            [("/securityDefinitions/s/flow", "security-scheme")],
        ),
        (
            {"securityDefinitions": {"s": {"type": "oauth2", "flow": "password", "scopes": {}}}},
            [("/securityDefinitions/s", "security-scheme")],
        ),
    ],
)
def test_a_problem_of_the_root_is_reported(fields: Any, problems: Any) -> None:
    assert told(load(swagger(**fields))) == problems


@pytest.mark.parametrize(
    "fields",
    [
        {"paths": []},
        {"paths": {"/a": None, "/b": {"get": None}, "/c": []}},
        {"definitions": [], "parameters": 3, "responses": "x", "securityDefinitions": []},
        {"definitions": {"D": None}, "parameters": {"P": None}, "responses": {"R": []}},
        {"consumes": {}, "produces": 1, "schemes": {}, "host": 3, "basePath": 4},
        {"paths": {"/a": {"get": {"parameters": {}, "responses": []}}}},
        {
            "paths": {
                "/a": {"get": {"parameters": [None, 3, {}, {"in": []}], "responses": {"200": 1}}}
            }
        },
        {"paths": {"/a": {"get": {"responses": {"200": {"headers": {"X": 1}, "schema": 3}}}}}},
        {"paths": {"/a": {"$ref": "#/paths/~1a"}}},
        {"paths": {"/a": {"get": {"parameters": [{"in": "formData"}, {"in": "body"}]}}}},
        {"securityDefinitions": {"s": None, "t": {"type": ["basic"]}}},
    ],
)
def test_no_nonsense_stops_a_document(fields: Any) -> None:
    load(swagger(**fields))


def test_the_check_is_of_the_document_as_published() -> None:
    good = one({}, definitions={"D": {"type": "object"}})
    assert load(good).check() == []
    sends_file = one({"responses": {"200": {"description": "", "schema": {"type": "file"}}}})
    assert load(sends_file).check() == []
    [problem, *_] = load({**good, "basePath": 3}).check()
    assert problem.pointer == "/basePath"
