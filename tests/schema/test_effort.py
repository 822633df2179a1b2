"""Schemas that would be judged without end, and those that only look like it."""

from __future__ import annotations

from typing import Any

import pytest
from support import Scripted, answering, json_answer, json_content, one_operation

from dynclient import Client, DocumentError, InvalidRequest, InvalidResponse


def client_of(schemas: dict[str, Any]) -> Client:
    content = json_content({"$ref": "#/components/schemas/S0"})
    return Client(
        one_operation(method="post", content=content, components={"schemas": schemas}),
        base_url="http://api.test",
    )


def doubling(keyword: str, levels: int) -> dict[str, Any]:
    schemas: dict[str, Any] = {
        f"S{i}": {keyword: [{"$ref": f"#/components/schemas/S{i + 1}"}] * 2} for i in range(levels)
    }
    return {**schemas, f"S{levels}": {"type": "integer"}}


@pytest.mark.parametrize("keyword", ["allOf", "anyOf", "oneOf"])
def test_a_schema_that_doubles_at_every_step_is_refused_with_its_place(keyword: str) -> None:
    with pytest.raises(DocumentError, match="/components/schemas/S") as caught:
        client_of(doubling(keyword, 60)).prepare("op", body=1)
    assert "too many times" in str(caught.value)


def test_a_schema_that_doubles_a_few_times_is_judged() -> None:
    assert client_of(doubling("allOf", 8)).prepare("op", body=1).content == b"1"


def test_a_schema_that_holds_itself_is_bounded_by_the_value() -> None:
    tree = {"type": "object", "properties": {"l": {"$ref": "#/components/schemas/S0"}}}
    pair = {"allOf": [tree, {"properties": {"r": {"$ref": "#/components/schemas/S0"}}}]}
    assert client_of({"S0": pair}).prepare("op", body={"l": {"r": {}}}).content


RINGS: dict[str, dict[str, Any]] = {
    "over allOf": {"S0": {"allOf": [{"$ref": "#/components/schemas/S0"}, {"type": "object"}]}},
    "over alternatives": {
        "S0": {"oneOf": [{"$ref": "#/components/schemas/S1"}, {"type": "null"}]},
        "S1": {"allOf": [{"$ref": "#/components/schemas/S0"}]},
    },
}  # fmt: skip


@pytest.mark.parametrize("engine", ["compiled", "openapi-core"])
@pytest.mark.parametrize("version", ["3.0.4", "3.1.1"])
@pytest.mark.parametrize("ring", RINGS)
def test_a_schema_that_applies_itself_to_the_same_value_is_a_problem(
    service: Scripted, ring: str, version: str, engine: Any
) -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"$ref": "#/components/schemas/S0"}, "b": {"type": "integer"}},
    }
    document = one_operation(
        method="post",
        content=json_content(schema),
        responses=answering(schema),
        components={"schemas": RINGS[ring]},
        version=version,
    )
    client = service.client(document, engine=engine)
    client.operations["op"].compile()
    problems = client.document.problems
    assert {problem.rule for problem in problems} == {"recursion"}
    assert {problem.pointer for problem in problems} <= {
        "/components/schemas/S0",
        "/components/schemas/S1",
    }
    service.answers += [json_answer({"a": {}, "b": 1}), json_answer({"a": {}, "b": "x"})]
    with pytest.raises(InvalidRequest):
        client.call("op", body={"a": {}, "b": "x"})
    with pytest.raises(InvalidResponse) as caught:
        client.call("op", body={"a": {}, "b": 1}) and client.call("op", body={"b": 1})
    assert [violation.pointer for violation in caught.value.violations] == ["/b"]


@pytest.mark.parametrize("version", ["3.0.4", "3.1.1"])
@pytest.mark.parametrize("other", ["S0", "S1"])
def test_references_that_only_lead_to_each_other_are_a_problem_and_can_not_be_called(
    version: str, other: str
) -> None:
    ring = {
        "S0": {"$ref": f"#/components/schemas/{other}"},
        "S1": {"$ref": "#/components/schemas/S0"},
    }
    for schema in (
        {"$ref": "#/components/schemas/S0"},
        {"properties": {"a": {"$ref": "#/components/schemas/S0"}}},
    ):
        document = one_operation(
            responses=answering(schema), components={"schemas": ring}, version=version
        )
        client = Client(document)
        with pytest.raises(DocumentError, match="never ends"):
            client.operations["op"].compile()
        assert [problem.rule for problem in client.document.problems] == ["unusable-operation"]


def test_a_tree_of_values_is_no_ring() -> None:
    tree = {
        "oneOf": [
            {"type": "array", "items": {"$ref": "#/components/schemas/S0"}},
            {"type": "integer"},
        ]
    }
    client = client_of({"S0": tree})
    assert client.prepare("op", body=[[1], 2]).content
    assert client.document.problems == ()
