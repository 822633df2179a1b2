"""Responses made from a document: valid by both engines, chosen by the request."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

import pytest
import requests
from conformance.serving import mocking
from conformance.shop import SHOP
from support import answering, one_operation

from dynclient import AsyncClient, Client, Headers, HttpRequest, NotFound, Options
from dynclient.mocking.patterns import matching
from dynclient.mocking.service import MockService
from dynclient.mocking.values import MockError, value_for

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
#: With operations whose schema no value can have: schemas of an allOf that exclude one another's
#: properties, overlapping branches of a oneOf, a pattern with the slashes of JavaScript.
CONTRADICTORY = {
    "codat.io__sync-for-expenses.json",
    "cpy.re__peertube.json",
    "influxdata.com.json",
    "intellifi.nl.json",
    "just-eat.co.uk.json",
    "shipengine.com.json",
}


def mocked(schema: Any, **more: Any) -> Any:
    document = one_operation(responses=answering(schema, **more))
    return Client(document, transport="mock").call("op")


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "minLength": 20, "maxLength": 22},
        {"type": "string", "pattern": "^[A-Z]{3}-\\d{2,4}(x|y)?$"},
        {"type": "integer", "minimum": 7, "maximum": 9, "multipleOf": 4},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        {"type": "array", "items": {"type": "integer"}, "minItems": 3, "uniqueItems": True},
        {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "minItems": 2},
        {"enum": ["a", "b"]},
        {"const": {"a": [1]}},
        {"type": ["null", "boolean"]},
        {"allOf": [{"properties": {"a": {"type": "string"}}}, {"required": ["a", "b"]}]},
        {
            "oneOf": [
                {"required": ["a"], "properties": {"a": {"const": 1}, "b": False}},
                {"required": ["b"], "properties": {"b": {"const": 1}, "a": False}},
            ]
        },
        {"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 3},
        {"type": "object", "properties": {"a": {"type": "string", "writeOnly": True}}},
        {"type": "integer", "not": {"enum": [0, 1]}},
        {"if": {"type": "string"}, "then": {"minLength": 3}, "else": {"type": "integer"}},
        {},
        True,
    ],
)
def test_a_value_for_a_schema_is_valid(schema: Any) -> None:
    mocked(schema)  # a violation would be an InvalidResponse


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            "time", marks=pytest.mark.compiled("openapi-core knows no time with an offset")
        ),
        *("date-time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uri"),
        *("uri-reference", "iri", "uri-template", "json-pointer", "relative-json-pointer"),
        *("regex", "uuid", "idn-email", "idn-hostname", "iri-reference", "byte"),
    ],
)
def test_every_format_that_is_checked_is_made(name: str) -> None:
    mocked({"type": "string", "format": name})


@pytest.mark.parametrize(
    "pattern",
    [
        "^a{3}[b-d]+$",
        "^(foo|bar)\\.\\w+$",
        "\\d+",
        "[^abc]",
        "^(a)\\1$",
        "^.{2,5}$",
        "(?i)x",
        "a*?b",
    ],
)
def test_a_text_for_a_pattern(pattern: str) -> None:
    for seed in range(20):
        text = matching(pattern, Random(seed))
        assert text is not None
        assert re.search(pattern, text), (pattern, text)
    assert matching("(", Random(0)) is None


def test_a_schema_without_values_is_named() -> None:
    with pytest.raises(
        MockError, match=r"no valid value can be made for the schema at /paths/~1thing"
    ):
        mocked({"type": "string", "enum": ["a"], "minLength": 2})


def test_a_recursive_schema_has_an_end() -> None:
    node = {
        "type": "object",
        "required": ["children"],
        "properties": {"children": {"type": "array", "items": {"$ref": "#/components/schemas/N"}}},
    }
    document = one_operation(
        responses=answering({"$ref": "#/components/schemas/N"}), components={"schemas": {"N": node}}
    )
    assert "children" in Client(document, transport="mock").call("op")


# ── which response ───────────────────────────────────────────────────────────────────────────────

EXAMPLES: dict[str, Any] = {
    "openapi": "3.1.1",
    "info": {"title": "t", "version": "1"},
    "servers": [{"url": "http://a.example"}],
    "paths": {
        "/thing": {
            "get": {
                "operationId": "op",
                "responses": {
                    "200": {
                        "description": "it",
                        "headers": {"X-Total": {"required": True, "schema": {"type": "integer"}}},
                        "content": {
                            "application/json": {
                                "schema": {"type": "object", "required": ["n"]},
                                "examples": {
                                    "wrong": {"value": {"m": 1}},
                                    "one": {"value": {"n": 1}},
                                    "two": {"value": {"n": 2}},
                                },
                            },
                            "text/csv": {"example": "a,b"},
                        },
                    },
                    "404": {"description": "none"},
                },
            }
        }
    },
}


def preferring(text: str, **options: Any) -> Options:
    return Options(headers={"Prefer": text}, **options)


def test_a_request_chooses_status_example_and_media_type() -> None:
    client = Client(EXAMPLES, transport="mock")
    assert client.call("op") == {"n": 1}  # the first that is valid
    assert client.call("op", options=preferring("example=two")) == {"n": 2}
    made = client.call("op", options=preferring("dynamic=true"))
    assert "n" in made
    assert made not in ({"n": 1}, {"n": 2})
    assert client.request("op").header_values["X-Total"] == 1
    assert client.call("op", options=Options(accept="text/csv")) == "a,b"
    with pytest.raises(NotFound):
        client.call("op", options=preferring("code=404"))
    with pytest.raises(MockError, match="no response with '500' is declared; there are: 200, 404"):
        client.call("op", options=preferring("code=500"))
    with pytest.raises(MockError, match=r"no example 'three'.*there are: wrong, one, two"):
        client.call("op", options=preferring("example=three"))


def test_a_named_example_goes_before_one_without_a_name() -> None:
    content = {"application/json": {"example": 1, "examples": {"two": {"value": 2}}}}
    document = one_operation(responses={"200": {"description": "it", "content": content}})
    client = Client(document, transport="mock")
    assert client.call("op") == 1
    assert client.call("op", options=preferring("example=two")) == 2


def test_the_asynchronous_client_and_derived_ones_have_it_too() -> None:
    async def work() -> Any:
        async with AsyncClient(EXAMPLES, transport="mock") as client:
            return await client.call("op")

    assert asyncio.run(work()) == {"n": 1}
    assert Client(EXAMPLES, transport="mock").with_options(validate="off").call("op") == {"n": 1}


def test_the_same_seed_makes_the_same_values() -> None:
    operations = Client(
        one_operation(responses=answering({"type": "string", "format": "uuid"}))
    ).operations
    request = HttpRequest("GET", "http://a/")

    def made(seed: int) -> bytes:
        return MockService(operations, seed=seed).respond(request, operations["op"]).content

    assert made(1) == made(1) != made(2)


def test_every_operation_of_the_bundled_document() -> None:
    for engine in ("compiled", "openapi-core"):
        client = Client("qiskit-runtime", auth={}, engine=engine)  # type: ignore[arg-type]
        service = MockService(client.operations)
        for operation in client.operations.values():
            request = HttpRequest(operation.method, "http://a/", operation=operation.name)
            response = service.respond(request, operation)
            assert operation.parse(response, request).violations == (), operation.name


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not beside the project")
@pytest.mark.parametrize("file", sorted(CORPUS.glob("*.json")), ids=lambda file: file.stem)
def test_operations_of_real_documents(file: Path) -> None:
    """A sample of each; both engines where they judge such a body alike."""
    client = Client(file)
    service, counts = MockService(client.operations), Counter[str]()
    operations = list(client.operations.values())
    for operation in operations[:: max(1, len(operations) // 12)]:
        if not any(
            e.codec.is_json for d in operation.responses.values() for e in d.content.values()
        ):
            continue
        request = HttpRequest(
            operation.method,
            "http://a/",
            Headers({"Prefer": "dynamic=true"}),
            operation=operation.name,
        )
        try:
            response = service.respond(request, operation)
        except MockError:
            counts["none"] += 1
            continue
        assert operation.parse(response, request).violations == (), operation.name
        counts["valid"] += 1
    assert not counts["none"] or file.name in CONTRADICTORY


def test_a_value_has_no_secrets_of_its_direction() -> None:
    document = deepcopy(SHOP)
    client = Client(document)
    entry = client.operations["getOrder"].responses["200"].content["application/json"]
    assert entry.schema is not None
    value = value_for(entry.schema, Random(0))
    assert value["state"] == "open"


# ── as a service ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("strict", [False, True])
def test_the_command_serves_until_it_is_stopped(tmp_path: Path, strict: bool) -> None:
    spec = tmp_path / "shop.json"
    spec.write_text(json.dumps(SHOP))
    with mocking(str(spec), *(["--strict"] if strict else [])) as (url, _):
        found = requests.get(f"{url}/orders/1", timeout=10)
        assert (found.status_code, found.json()["state"]) == (200, "open")
        client = Client(SHOP, base_url=url.replace("127.0.0.1", "localhost"), auth={"Key": "k"})
        assert isinstance(client.call("listOrders", limit=3), list)
        wrong = requests.get(f"{url}/orders/one", timeout=10)
        if strict:
            assert wrong.status_code == 400
            assert wrong.headers["Content-Type"] == "application/problem+json"
            assert wrong.json()["violations"][0]["where"] == "request.path.id"
        else:
            assert (wrong.status_code, wrong.headers["X-Violations"]) == (200, "1")
        assert requests.get(f"{url}/nowhere", timeout=10).status_code == 404
        prefer = {"Prefer": "code=418"}
        assert requests.get(f"{url}/orders", headers=prefer, timeout=10).status_code == 418
