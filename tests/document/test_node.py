"""Walking a document: children, references, what judges one value, types and properties."""

from __future__ import annotations

from typing import Any

import pytest
from support import one_operation

from dynclient import DocumentError
from dynclient.document import Node, load


def schema(value: Any, version: str = "3.1.1", **others: Any) -> Node:
    """The schema `S` of a document that has the others beside it."""
    schemas = {"S": value, **others}
    document = load(one_operation(version=version, components={"schemas": schemas}))
    return Node.root(document).child("components", "schemas", "S")


def ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def test_a_node_walks_to_what_is_there_and_to_none_where_nothing_is() -> None:
    node = schema({"items": [{"a/b": 1}], "properties": 3})
    assert node.child("items", 0, "a/b").value == 1
    assert node.child("items", 0, "a/b").at.pointer == "/components/schemas/S/items/0/a~1b"
    for tokens in [("items", 1), ("items", -1), ("items", "0"), ("properties", "x"), ("x", "y")]:
        assert node.child(*tokens).value is None
    assert list(node.items("properties")) == list(node.entries("properties")) == []
    assert [entry.value for entry in node.entries("items")] == [{"a/b": 1}]
    assert node.get("absent") is None
    assert node.get("absent", 7) == 7


def test_a_node_follows_its_chain_of_references() -> None:
    node = schema(ref("A"), A=ref("B"), B={"type": "string"})
    assert node.resolve(str(node.reference)).value == ref("B")
    assert node.follow().at.pointer == "/components/schemas/B"
    assert node.follow().follow() == node.follow()


def test_a_ring_of_references_is_an_error_that_names_its_place() -> None:
    node = schema(ref("A"), A=ref("B"), B=ref("A"))
    with pytest.raises(DocumentError, match="never ends") as caught:
        node.follow()
    assert caught.value.pointer == "/components/schemas/S"


@pytest.mark.parametrize(("version", "names"), [("3.0.4", ["b"]), ("3.1.1", ["a", "b"])])
def test_what_stands_beside_a_reference_counts_since_31(version: str, names: list[str]) -> None:
    node = schema({**ref("B"), "properties": {"a": {}}}, version, B={"properties": {"b": {}}})
    assert list(node.properties()) == names


def test_what_stands_beside_a_reference_of_draft_7_is_ignored() -> None:
    node = schema(
        {"$schema": "http://json-schema.org/draft-07/schema#", **ref("B"), "type": "string"},
        B={"type": "integer"},
    )
    assert node.types() == {"integer"}


def test_properties_come_in_their_order_through_all_that_judges_the_same_value() -> None:
    node = schema(
        {
            "properties": {"a": {"type": "string"}},
            "allOf": [ref("B"), {"properties": {"a": {"type": "integer"}, "c": {}}}],
            "oneOf": [{"properties": {"d": {}}}, ref("S")],
        },
        B={"properties": {"b": {}}, "anyOf": [{"properties": {"e": True}}]},
    )
    assert list(node.properties()) == ["a", "b", "e", "c", "d"]
    assert node.properties()["a"].at.pointer == "/components/schemas/S/properties/a"
    assert [each.at.pointer.rpartition("/S")[2] for each in node.in_place("allOf")] == [
        "",
        "/components/schemas/B",
        "/allOf/1",
    ]


def test_a_member_is_the_declared_one_else_what_additional_properties_say() -> None:
    node = schema(
        {"additionalProperties": {"type": "integer"}, "allOf": [ref("B")]},
        B={"properties": {"b": {"type": "string"}, "nothing": None}},
    )
    assert node.member("b") == node.properties()["b"]
    assert node.member("other") == node.child("additionalProperties")
    declared = node.member("nothing")
    assert declared is not None
    assert declared.value is None
    assert schema({"properties": "b"}).member("b") is None


def test_required_names_are_those_of_all_that_must_hold() -> None:
    node = schema(
        {"required": ["a", 5, ["b"]], "allOf": [ref("B")], "anyOf": [{"required": ["no"]}]},
        B={
            "required": ["c", "a"],
            "allOf": [{"required": "d"}, {"required": 5}, {"required": None}],
        },
    )
    assert node.required() == ["a", "c", "a"]


def test_an_item_is_that_of_its_place_else_that_of_all() -> None:
    node = schema({"allOf": [{"prefixItems": [{"type": "string"}], "items": {"type": "null"}}]})
    first, rest = node.item(0), node.item(1)
    assert first is not None
    assert rest is not None
    assert (first.types(), rest.types(), node.item()) == ({"string"}, {"null"}, rest)
    assert schema({"items": True}).item() is None


@pytest.mark.parametrize(
    ("value", "types"),
    [
        ({}, None),
        (True, None),
        ({"type": "string"}, {"string"}),
        ({"type": ["string", "null"]}, {"string", "null"}),
        ({"enum": [1, "a", None, 1.5, True]}, {"integer", "string", "null", "number", "boolean"}),
        ({"const": {}}, {"object"}),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, {"string", "integer"}),
        ({"anyOf": [{"type": "string"}, {}]}, None),
        ({"allOf": [{"type": ["integer", "string"]}, {"type": "integer"}]}, {"integer"}),
        ({"allOf": [{"type": "number"}, {"type": "integer"}]}, {"integer"}),
        ({"type": "array", "allOf": [{}]}, {"array"}),
        ({"$ref": "#/components/schemas/B", "type": ["integer", "string"]}, {"integer"}),
        ({"anyOf": [{"$ref": "#/components/schemas/S"}, {"type": "string"}]}, None),
    ],
)
def test_the_types_of_a_schema(value: Any, types: set[str] | None) -> None:
    assert schema(value, B={"type": ["integer", "null"]}).types() == types


def test_nullable_is_a_type_in_30_only_beside_type() -> None:
    assert schema({"type": "string", "nullable": True}, "3.0.4").types() == {"string", "null"}
    assert schema({"type": "string", "nullable": True}, "3.1.1").types() == {"string"}


def test_types_are_found_in_time_however_often_schemas_combine_each_other() -> None:
    doubling = {f"A{n}": {"allOf": [ref(f"A{n + 1}")] * 2} for n in range(60)}
    assert schema(ref("A0"), A60={"type": "string"}, **doubling).types() == {"string"}
    chain = {f"A{n}": {"allOf": [ref(f"A{n + 1}")]} for n in range(5000)}
    assert schema(ref("A0"), A5000={"type": "string"}, **chain).types() is None
