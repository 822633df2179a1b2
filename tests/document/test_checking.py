"""`Document.check()`: each fault once, with its place, its keyword and a short sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import answering, one_operation, parameter

from dynclient import Client
from dynclient.document import Problem, load

DEAD = "#/components/schemas/Dead"


def document(version: str = "3.0.3") -> dict[str, Any]:
    answer = {"application/json": {"schema": {"$ref": "#/components/schemas/S"}}}
    return {
        "openapi": version,
        "info": {"title": "t", "version": "1"},
        "paths": {
            "/a/{id}": {
                "get": {
                    "operationId": "a",
                    "parameters": [
                        {
                            "name": "id",
                            "in": "path",
                            "required": True,
                            "schema": {"type": "string"},
                        },
                        {"name": "q", "in": "query", "schema": {"type": "string"}},
                    ],
                    "responses": {"200": {"description": "x", "content": answer}},
                }
            }
        },
        "components": {
            "schemas": {"S": {"type": "object", "properties": {"n": {"type": "integer"}}}}
        },
    }


def get(of: dict[str, Any]) -> Any:
    return of["paths"]["/a/{id}"]["get"]


def n(of: dict[str, Any]) -> Any:
    return of["components"]["schemas"]["S"]["properties"]["n"]


HERE = "/paths/~1a~1{id}/get"
N = "/components/schemas/S/properties/n"

FAULTS: list[tuple[str, Callable[[dict[str, Any]], object], str, str, str]] = [
    (
        "place of a parameter",
        lambda d: get(d)["parameters"][1].update({"in": "querry"}),
        f"{HERE}/parameters/1/in",
        "enum",
        "'querry' is not one of ",
    ),
    (
        "bound in a component",
        lambda d: n(d).update(minimum="a"),
        f"{N}/minimum",
        "type",
        "'a' must be of type number",
    ),
    (
        "bound in an answer",
        lambda d: get(d)["responses"]["200"]["content"]["application/json"].update(
            schema={"type": "integer", "minimum": "a"}
        ),
        f"{HERE}/responses/200/content/application~1json/schema/minimum",
        "type",
        "'a' must be of type number",
    ),
    (
        "type",
        lambda d: n(d).update(type="integr"),
        f"{N}/type",
        "enum",
        "'integr' is not one of 'array', 'boolean', 'integer', ",
    ),
    (
        "default",
        lambda d: n(d).update(default="a"),
        f"{N}/default",
        "type",
        "'a' must be of type integer",
    ),
    (
        "missing",
        lambda d: d["info"].pop("title"),
        "/info",
        "required",
        "the required property 'title' is missing",
    ),
    (
        "neither schema nor content",
        lambda d: get(d)["parameters"][1].pop("schema"),
        f"{HERE}/parameters/1",
        "required",
        "a required property is missing: 'schema' or 'content'",
    ),
    (
        "operationId",
        lambda d: d["paths"].update(
            {"/b": {"get": {"operationId": "a", "responses": {"200": {"description": "x"}}}}}
        ),
        "/paths/~1b/get/operationId",
        "operationId",
        "operationId 'a' is taken by another operation",
    ),
    (
        "placeholder",
        lambda d: get(d)["parameters"].pop(0),
        HERE,
        "parameter",
        "the placeholder 'id' of the path is not declared",
    ),
    (
        "security scheme",
        lambda d: d["components"].update(
            securitySchemes={"k": {"type": "apiKey", "in": "body", "name": "x"}}
        ),
        "/components/securitySchemes/k/in",
        "enum",
        "'body' is not one of ",
    ),
    (
        "dead reference",
        lambda d: d["components"]["schemas"]["S"]["properties"].update(z={"$ref": DEAD}),
        "/components/schemas/S/properties/z",
        "$ref",
        f"$ref {DEAD!r} leads nowhere",
    ),
]


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0", "3.2.0"])
@pytest.mark.parametrize(
    ("breaks", "pointer", "rule", "said"),
    [pytest.param(*case[1:], id=case[0]) for case in FAULTS],
)
def test_a_problem_is_reported_once_by_its_place_and_its_keyword(
    version: str, breaks: Callable[[dict[str, Any]], object], pointer: str, rule: str, said: str
) -> None:
    broken = document(version)
    assert load(broken).check() == []
    breaks(broken)
    [problem] = load(broken).check()
    assert (problem.pointer, problem.rule) == (pointer, rule)
    assert problem.message.startswith(said)
    assert len(str(problem)) < 250


@pytest.mark.parametrize(("version", "rule"), [("3.0.3", "additionalProperties"),
                                               ("3.1.0", "unevaluatedProperties")])  # fmt: skip
def test_unknown_members_are_named_and_their_values_are_not_shown(version: str, rule: str) -> None:
    broken = document(version)
    get(broken).update(bogus={"secret": "x" * 10_000})
    message = "unknown property 'bogus'"
    assert load(broken).check() == [Problem(f"{HERE}/bogus", message, rule)]


def test_a_dead_reference_does_not_hide_the_problems_behind_it() -> None:
    broken = document()
    get(broken)["responses"]["404"] = {"$ref": "#/components/responses/None"}
    properties = broken["components"]["schemas"]["S"]["properties"]
    properties |= {"y": {"$ref": DEAD}, "z": {"$ref": DEAD}, "n": {"type": "string", "default": 1}}
    assert {(p.pointer, p.rule) for p in load(broken).check()} == {
        (f"{HERE}/responses/404", "$ref"),
        ("/components/schemas/S/properties/y", "$ref"),
        ("/components/schemas/S/properties/z", "$ref"),
        (f"{N}/default", "type"),
    }


def test_a_problem_in_another_file_is_reported_with_the_file(tmp_path: Path) -> None:
    whole = document()
    whole["components"]["schemas"]["S"] = {"$ref": "more.json#/T"}
    more = tmp_path / "more.json"
    more.write_text(json.dumps({"T": {"type": "integer", "default": "a"}}))
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(whole))
    [problem] = load(path).check()
    assert (problem.source, problem.pointer) == (more.as_uri(), "/T/default")


def test_a_dead_reference_of_swagger_is_reported_by_its_place() -> None:
    answer = {"description": "x", "schema": {"$ref": "#/definitions/Dead"}}
    whole = {
        "swagger": "2.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/a": {"get": {"responses": {"200": answer}}}},
    }
    [problem] = load(whole).check()
    assert problem.pointer == "/paths/~1a/get/responses/200/schema"
    assert (problem.rule, problem.message) == ("$ref", "$ref '#/definitions/Dead' leads nowhere")


def test_an_extension_among_the_paths_is_no_problem() -> None:
    whole = document()
    whole["paths"]["x-root"] = "/api"
    assert load(whole).check() == []


# ── what compiling finds as well ─────────────────────────────────────────────────────────────────

RING = {"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}}
SCHEMA = "/paths/~1thing/get/responses/200/content/application~1json/schema"
TWICE: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    (one_operation(responses=answering({"$ref": "pet"})), [(SCHEMA, "$ref")]),
    (one_operation(version="3.0.4", responses=answering({"$ref": "pet"})), [(SCHEMA, "$ref")]),
    (
        one_operation(
            responses=answering({"$ref": "#/components/schemas/A"}), components={"schemas": RING}
        ),
        [
            (SCHEMA, "$ref"),
            ("/components/schemas/A", "$ref"),
            ("/components/schemas/B", "$ref"),
        ],
    ),
    (one_operation(responses=answering({"type": "strin"})), [(f"{SCHEMA}/type", "enum")]),
    (
        one_operation(responses=answering({"type": "string", "pattern": "("})),
        [(f"{SCHEMA}/pattern", "format")],
    ),
    (one_operation(responses={}), [("/paths/~1thing/get/responses", "minProperties")]),
    ({**one_operation(), "openapi": 3.1}, [("/openapi", "type")]),
    (
        {
            "swagger": 2.0,
            "info": {"title": "t", "version": "1"},
            "paths": {
                "/a": {
                    "get": {
                        "operationId": "a",
                        "parameters": [{"$ref": "#/parameters/absent"}],
                        "responses": {"200": {"description": "x", "schema": {"$ref": "pet"}}},
                    }
                }
            },
        },
        [
            ("/swagger", "type"),
            ("/paths/~1a/get/responses/200/schema", "$ref"),
            ("/paths/~1a/get/parameters/0", "$ref"),
        ],
    ),
]


@pytest.mark.parametrize(("data", "expected"), TWICE)
def test_a_problem_is_reported_once_whoever_finds_it(
    data: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    document = load(data)
    for _ in range(2):
        assert [(p.pointer, p.rule) for p in document.check()] == expected


def test_what_only_compiling_finds_is_reported_as_well() -> None:
    data = one_operation(version="3.0.4", responses=answering({"type": "string", "const": "a"}))
    assert [(p.pointer, p.rule) for p in load(data).check()] == [(f"{SCHEMA}/const", "dialect")]


def test_what_is_no_reference_is_not_followed() -> None:
    example = {"$ref": "not/a/reference"}
    data = one_operation(
        responses=answering({"enum": [example], "x-note": example}),
        components={
            "schemas": {"default": {"properties": {"example": {"type": "string"}}}},
            "examples": {"e": {"value": example}},
        },
    )
    assert load(data).check() == []
    data["components"]["schemas"]["default"]["properties"]["example"] = {"$ref": "#/nowhere"}
    assert [p.pointer for p in load(data).check()] == [
        "/components/schemas/default/properties/example"
    ]


def test_a_name_that_is_not_unicode_is_a_problem_and_nothing_else() -> None:
    data = one_operation(
        parameters=[parameter("query", name="\ud800"), parameter("query", name="q")]
    )
    data["paths"]["/\ud800"] = data["paths"]["/thing"]
    document = load(data)
    found = {(problem.pointer, problem.rule) for problem in document.check()}
    assert found == {
        ("", "encoding"),
        ("/paths/~1\ud800", "paths"),
        ("/paths/~1thing/get/parameters/0", "parameter"),
    }
    client = Client(data)
    assert list(client.operations) == ["op"]
    assert client.prepare("op", q="a").url.endswith("/thing?q=a")
