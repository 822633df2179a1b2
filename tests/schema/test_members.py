"""The layers `undocumented_members` and `missing_members`, and levels for single formats."""

from __future__ import annotations

from typing import Any

import pytest
from support import Answer, Scripted, answering, json_answer, json_content, one_operation, parameter

from dynclient import InvalidRequest, InvalidResponse, Validation

ENGINES = ["compiled", "openapi-core"]
REF = "#/components/schemas/"
THING = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "string"},
        "note": {"type": "string"},
        "secret": {"type": "string", "writeOnly": True},
    },
}
COMPONENTS = {
    "schemas": {
        "Thing": THING,
        "Pet": {
            "type": "object",
            "properties": {"kind": {"type": "string"}},
            "discriminator": {"propertyName": "kind", "mapping": {"d": f"{REF}Dog"}},
        },
        "Dog": {"allOf": [{"$ref": f"{REF}Pet"}, {"properties": {"bark": {"type": "integer"}}}]},
    }
}
_THING = {"$ref": f"{REF}Thing"}

#: schema, value, the undocumented members, the missing ones
CASES: dict[str, tuple[Any, Any, list[str], list[str]]] = {
    "all there": (_THING, {"id": "1", "note": ""}, [], []),
    "one more": (_THING, {"id": "1", "note": "", "x": 1}, ["/x"], []),
    "one less": (_THING, {"id": "1"}, [], ["/note"]),
    "in items": ({"items": _THING}, [{"id": "1", "note": ""}, {"id": "2", "x": 1}], ["/1/x"], ["/1/note"]),
    "in a member": ({"properties": {"a": _THING}}, {"a": {"id": "1"}, "b": 1}, ["/b"], ["/a/note"]),
    "allOf": ({"allOf": [_THING, {"properties": {"y": {}}}]}, {"id": "1", "note": "", "y": 1, "z": 1}, ["/z"], []),
    "the branch that fits": (
        {"oneOf": [_THING, {"required": ["n"], "properties": {"n": {"type": "integer"}}}]},
        {"n": 1, "note": ""}, ["/note"], [],
    ),
    "null allowed": ({"anyOf": [_THING, {"type": "null"}]}, {"id": "1", "x": 1}, ["/x"], ["/note"]),
    "no members declared": ({"type": "object"}, {"x": {"y": 1}}, [], []),
    "others allowed": ({"additionalProperties": True, **THING}, {"id": "1", "note": "", "x": 1}, [], []),
    "others by a schema": ({"additionalProperties": _THING}, {"a": {"id": "1", "x": 1}}, ["/a/x"], ["/a/note"]),
    "by a pattern": ({"patternProperties": {"^x-": {}}, "properties": {"a": {}}}, {"x-1": 1, "y": 1, "a": 1}, ["/y"], []),
    "then": (
        {"properties": {"a": {}}, "if": {"required": ["b"]}, "then": {"properties": {"b": {}, "c": {}}}},
        {"a": 1, "b": 1}, [], ["/c"],
    ),
    "the schema that a discriminator names": ({"$ref": f"{REF}Pet"}, {"kind": "d", "bark": 1, "x": 1}, ["/x"], []),
    "prefixItems": ({"prefixItems": [{}, _THING]}, [{"x": 1}, {"id": "1", "x": 1}], ["/1/x"], ["/1/note"]),
}  # fmt: skip


def document(schema: Any, **more: Any) -> dict[str, Any]:
    return one_operation(responses=answering(schema), components=COMPONENTS, **more)


# ruff: noqa: E501 - a table: one case a line
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", CASES)
def test_members_that_are_undocumented_or_missing_are_told(
    service: Scripted, name: str, engine: Any
) -> None:
    schema, value, undocumented, missing = CASES[name]
    service.answers += [json_answer(value)] * 2
    client = service.client(document(schema), engine=engine)
    policy = Validation(undocumented_members="warn", missing_members="warn")
    response = client.with_options(validate=policy).request("op")
    found = {(v.layer, v.pointer) for v in response.violations}
    assert found == {("undocumented_members", each) for each in undocumented} | {
        ("missing_members", each) for each in missing
    }
    assert response.data == value
    assert client.request("op").violations == ()  # neither layer is on by itself


@pytest.mark.parametrize("layer", ["undocumented_members", "missing_members"])
def test_a_strict_layer_of_members_raises_and_leaves_the_other_out(
    service: Scripted, layer: Any
) -> None:
    service.answers.append(json_answer({"id": "1", "x": 1}))
    client = service.client(document(_THING), validate=Validation(**{layer: "strict"}))
    with pytest.raises(InvalidResponse) as caught:
        client.call("op")
    (violation,) = caught.value.violations
    assert violation.layer == violation.rule == layer
    assert violation.document_pointer.startswith("/components/schemas/Thing")
    assert repr("x" if layer == "undocumented_members" else "note") in violation.message


@pytest.mark.parametrize("level", ["strict", "warn", "off"])
def test_a_level_for_all_layers_does_not_mean_members(service: Scripted, level: Any) -> None:
    service.answers.append(json_answer({"id": "1", "x": 1}))
    assert service.client(document(_THING), validate=level).request("op").violations == ()


def test_members_of_items_that_come_one_by_one_are_looked_at(service: Scripted) -> None:
    content = {"application/jsonl": {"itemSchema": _THING}}
    responses = {"200": {"description": "", "content": content}}
    lines = Answer(
        b'{"id": "1", "note": ""}\n{"id": "2", "note": "", "x": 1}\n',
        content_type="application/jsonl",
    )
    service.answers += [lines, lines]
    client = service.client(
        one_operation(responses=responses, components=COMPONENTS, version="3.2.0"),
        validate=Validation(undocumented_members="strict"),
    )
    with pytest.raises(InvalidResponse, match="does not declare the property 'x'"):
        client.call("op")
    with (
        pytest.raises(InvalidResponse, match="does not declare the property 'x'"),
        client.stream("op") as stream,
    ):
        list(stream)


def test_a_request_may_leave_out_what_is_not_required(service: Scripted) -> None:
    content = json_content(_THING)
    policy = Validation(undocumented_members="strict", missing_members="strict")
    client = service.client(document({}, method="post", content=content), validate=policy)
    assert client.prepare("op", body={"id": "1"}).content


# ── single formats ───────────────────────────────────────────────────────────────────────────────


def _is_order(text: str) -> bool:
    if text == "raise":
        raise ValueError("no order")
    return text.startswith("o-")


FORMATS = {
    "type": "object",
    "properties": {
        "when": {"type": "string", "format": "date-time"},
        "day": {"type": "string", "format": "date"},
        "order": {"type": "string", "format": "order-id"},
        "small": {"type": "integer", "format": "int8"},
    },
}
WRONG = {"when": "now", "day": "today", "order": "x", "small": 300}


@pytest.mark.parametrize("engine", ENGINES)
def test_single_formats_have_levels_and_functions_in_both_directions(
    service: Scripted, engine: Any
) -> None:
    described = one_operation(
        method="post", content=json_content(FORMATS), responses=answering(FORMATS)
    )
    policy = Validation(
        formats={"date-time": "off", "date": "warn", "order-id": _is_order, "int8": "off"}
    )
    client = service.client(described, engine=engine, validate=policy)
    with pytest.raises(InvalidRequest) as refused:
        client.call("op", body=WRONG)
    assert [v.pointer for v in refused.value.violations] == ["/order"]
    assert refused.value.violations[0].message == "'x' is not a valid order-id"
    service.answers.append(json_answer(WRONG))
    with pytest.raises(InvalidResponse) as caught:
        client.call("op", body={"order": "o-1"})
    assert [(v.pointer, v.format) for v in caught.value.violations] == [("/order", "order-id")]
    told = {v.pointer for v in caught.value.response.violations}
    assert told == {"/order", "/day"}
    service.answers.append(json_answer({"order": "raise"}))
    with pytest.raises(InvalidResponse, match="not a valid order-id"):
        client.call("op", body={})


@pytest.mark.parametrize("engine", ENGINES)
def test_a_function_takes_the_place_of_a_check_that_is_known(
    service: Scripted, engine: Any
) -> None:
    described = one_operation(parameters=[parameter("query", {"type": "string", "format": "date"})])
    policy = Validation(formats={"date": lambda text: text == "today"})
    client = service.client(described, engine=engine, validate=policy)
    assert client.prepare("op", p="today").url.endswith("p=today")
    with pytest.raises(InvalidRequest, match="not a valid date"):
        client.prepare("op", p="2025-01-01")
    assert client.with_options(validate="strict").prepare("op", p="2025-01-01")


def test_formats_that_are_not_named_stay_strict(service: Scripted) -> None:
    described = one_operation(parameters=[parameter("query", {"type": "string", "format": "date"})])
    client = service.client(described, validate=Validation(formats={"uuid": "off"}))
    with pytest.raises(InvalidRequest):
        client.prepare("op", p="today")


@pytest.mark.parametrize("wrong", [{"date": "loud"}, {"date": None}, {"date": True}])
def test_a_format_takes_a_level_or_a_function(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"format 'date'.* or a function"):
        Validation(formats=wrong)
