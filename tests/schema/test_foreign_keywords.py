"""Keywords of JSON Schema in schemas of OpenAPI 3.0, which has fewer of them."""

from __future__ import annotations

from typing import Any

import pytest
from support import one_operation

from dynclient.document import Document, Node, load
from dynclient.schema import Direction, Validator, compile_validator

AT = "/components/schemas/A"

#: A keyword with a value for it, a value that it would refuse, and a word of what to write instead.
ABSENT = [
    ("const", 1, 2, "enum"),
    ("if", {"type": "integer"}, 2, "anyOf"),
    ("prefixItems", [{"type": "integer"}], ["x"], "items"),
    ("contains", {"type": "integer"}, ["x"], ""),
    ("propertyNames", {"maxLength": 1}, {"ab": 1}, ""),
    ("patternProperties", {"a": {"type": "integer"}}, {"a": "x"}, "additionalProperties"),
    ("dependencies", {"a": ["b"]}, {"a": 1}, "required"),
    ("dependentRequired", {"a": ["b"]}, {"a": 1}, "required"),
    ("dependentSchemas", {"a": {"maxProperties": 0}}, {"a": 1}, "required"),
    ("unevaluatedItems", False, [1], ""),
    ("unevaluatedProperties", False, {"a": 1}, "additionalProperties"),
    ("$dynamicRef", "#x", 1, "$ref"),
]


def compiled(schema: Any, version: str = "3.0.4") -> tuple[Document, Validator]:
    document = load(one_operation(version=version, components={"schemas": {"A": schema}}))
    at = document.resources.root.child("components", "schemas", "A")
    directions: tuple[Direction, ...] = ("request", "response")
    made = [compile_validator(Node(document, schema, at), direction) for direction in directions]
    return document, made[0]


@pytest.mark.parametrize(("keyword", "value", "refused", "instead"), ABSENT)
def test_a_keyword_that_30_has_not_is_ignored_and_told_once(
    keyword: str, value: Any, refused: Any, instead: str
) -> None:
    document, validator = compiled({keyword: value})
    assert validator.is_valid(refused)
    (problem,) = document.problems
    assert (problem.pointer, problem.rule) == (f"{AT}/{keyword}", "dialect")
    assert f"OpenAPI 3.0.4 has no {keyword!r}; it is ignored. Declare OpenAPI 3.1" in str(problem)
    assert instead in problem.message.partition("Declare")[2]


@pytest.mark.parametrize(
    ("keyword", "value"),
    [case[:2] for case in ABSENT if case[0] not in ("dependencies", "$dynamicRef")],
)
def test_in_31_the_same_keyword_is_no_problem(keyword: str, value: Any) -> None:
    assert compiled({keyword: value}, "3.1.1")[0].problems == ()


@pytest.mark.parametrize(
    "schema",
    [
        {"if": {}, "then": {"type": "string"}, "else": {"type": "integer"}},
        {"contains": {}, "minContains": 1, "maxContains": 2},
    ],
    ids=["if", "contains"],
)
def test_what_belongs_to_a_told_keyword_is_not_told_again(schema: Any) -> None:
    document, _ = compiled(schema)
    assert [problem.pointer for problem in document.problems] == [f"{AT}/{next(iter(schema))}"]


@pytest.mark.parametrize(
    "schema",
    [
        {"x-const": 1, "x-if": {}},
        {"$comment": "why", "examples": [1], "title": "A", "contentEncoding": "base64"},
        {"const": 1, "$ref": "#/components/schemas/A/x-other", "x-other": {}},
        {"colour": "red", "ref": "B"},
        {"properties": {"const": {}, "if": {}, "contains": {"type": "string"}}},
        {"enum": [{"const": 1}], "default": {"if": 1}, "example": {"patternProperties": {}}},
    ],
    ids=["extensions", "annotations", "beside $ref", "unknown words", "names", "data"],
)
def test_what_asserts_nothing_is_not_told(schema: Any) -> None:
    assert compiled(schema)[0].problems == ()


def test_a_list_of_types_counts_in_30_and_is_told() -> None:
    document, validator = compiled({"type": ["string", "null"]})
    assert validator.is_valid(None)
    assert not validator.is_valid(1)
    assert [(p.pointer, p.rule) for p in document.problems] == [(f"{AT}/type", "dialect")]
    assert compiled({"type": ["string", "null"]}, "3.1.1")[0].problems == ()


def test_swagger_is_called_by_its_name() -> None:
    schema = {"patternProperties": {"a": {"type": "integer"}}}
    document = load(
        {
            "swagger": "2.0",
            "info": {"title": "Test", "version": "1"},
            "paths": {},
            "definitions": {"A": schema},
        }
    )
    at = document.resources.root.child("components", "schemas", "A")
    compile_validator(Node(document, document.resources.at(at), at), "response")
    (problem,) = document.problems
    assert problem.pointer == "/definitions/A/patternProperties"
    assert problem.message.startswith("Swagger 2.0 has no 'patternProperties'")
