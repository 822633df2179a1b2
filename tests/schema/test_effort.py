"""Schemas that would be judged without end, and those that only look like it."""

from __future__ import annotations

from typing import Any

import pytest
from support import json_content, one_operation

from dynclient import Client, DocumentError


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
