"""Which violations are told, in which words, and that telling them comes to an end."""

from __future__ import annotations

import json
import resource
import time
from typing import Any

import pytest
from support import Answer, Scripted, answering, json_answer, json_content, one_operation

from dynclient import Client, InvalidRequest, InvalidResponse, Validation, Violation

ENGINES = ["compiled", "openapi-core"]
STATE = {"type": "string", "enum": ["on", "off"]}
REF = {"$ref": "#/components/schemas/State"}


def answered(service: Scripted, schema: Any, value: Any, **settings: Any) -> tuple[Violation, ...]:
    """The violations of a response, raised or told."""
    service.answers.append(json_answer(value))
    version = settings.pop("version", "3.1.1")
    document = one_operation(
        responses=answering(schema), components={"schemas": {"State": STATE}}, version=version
    )
    try:
        return service.client(document, **settings).request("op").violations
    except InvalidResponse as error:
        return error.response.violations


# ── values that are not listed ───────────────────────────────────────────────────────────────────

#: schema, value: refused by nothing but a value that is not listed
OPEN = {
    "anyOf with null": ({"anyOf": [REF, {"type": "null"}]}, "idle"),
    "oneOf with null": ({"oneOf": [REF, {"type": "null"}]}, "idle"),
    "anyOf of two": ({"anyOf": [REF, {"enum": ["red"]}]}, "idle"),
    "oneOf of constants": ({"oneOf": [{"const": "a"}, {"const": "b"}]}, "idle"),
    "allOf": ({"allOf": [REF, {"minLength": 1}]}, "idle"),
    "items": ({"type": "array", "items": REF}, ["on", "idle"]),
    "items in anyOf": ({"anyOf": [{"type": "array", "items": REF}, {"type": "null"}]}, ["idle"]),
    "a member in anyOf": (
        {"anyOf": [{"type": "object", "properties": {"s": REF}}, {"type": "null"}]},
        {"s": "idle"},
    ),
    "anyOf in anyOf": ({"anyOf": [{"anyOf": [REF, {"type": "null"}]}, {"type": "array"}]}, "idle"),
    "additionalProperties": ({"additionalProperties": REF}, {"s": "idle"}),
    "prefixItems": ({"prefixItems": [REF]}, ["idle"]),
    "then": ({"if": {"type": "string"}, "then": REF}, "idle"),
    "const": ({"properties": {"kind": {"const": "x"}}}, {"kind": "y"}),
    "a member beside unevaluatedProperties": (
        {"allOf": [{"properties": {"s": REF, "t": {}}}], "unevaluatedProperties": False},
        {"s": "idle", "t": 1},
    ),
    "a discriminator of constants": (
        {
            "oneOf": [
                {"properties": {"kind": {"const": "cat"}}},
                {"properties": {"kind": {"const": "dog"}}},
            ],
        },
        {"kind": "dragon"},
    ),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", OPEN)
def test_a_value_that_is_not_listed_is_a_warning_wherever_it_stands(
    service: Scripted, name: str, engine: Any
) -> None:
    schema, value = OPEN[name]
    policy = Validation(unknown_enum="warn")
    found = answered(service, schema, value, validate=policy, engine=engine)
    assert {violation.layer for violation in found} == {"unknown_enum"}
    service.answers.append(json_answer(value))
    document = one_operation(responses=answering(schema), components={"schemas": {"State": STATE}})
    assert service.client(document, validate=policy, engine=engine).call("op") == value
    off = Validation(unknown_enum="off")
    assert answered(service, schema, value, validate=off, engine=engine) == ()
    assert answered(service, schema, value, engine=engine)  # strict, as by default


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"anyOf": [REF, {"type": "null"}]}, 5),
        (
            {
                "anyOf": [
                    {"type": "object", "properties": {"s": REF, "n": {"type": "integer"}}},
                    {"type": "null"},
                ]
            },
            {"s": "idle", "n": "x"},
        ),
        (
            {"allOf": [{"properties": {"s": REF}}], "unevaluatedProperties": False},
            {"s": "on", "u": 1},
        ),
        (
            {"allOf": [{"properties": {"s": REF}}], "unevaluatedProperties": False},
            {"s": "no", "u": 1},
        ),
        ({"oneOf": [REF, {"type": "string"}]}, "on"),
        ({"not": REF}, "on"),
    ],
)
def test_what_breaks_more_than_a_list_of_values_is_an_error(
    service: Scripted, schema: Any, value: Any, engine: Any
) -> None:
    policy = Validation(unknown_enum="warn")
    found = answered(service, schema, value, validate=policy, engine=engine)
    assert "body" in {violation.layer for violation in found}


def test_of_an_alternative_with_null_the_listed_values_are_told(service: Scripted) -> None:
    (violation,) = answered(service, {"anyOf": [REF, {"type": "null"}]}, "idle")
    assert violation.message == "'idle' is not one of 'on', 'off'"
    assert violation.document_pointer == "/components/schemas/State/enum"


# ── words ────────────────────────────────────────────────────────────────────────────────────────

_SHUT = {"type": "object", "additionalProperties": False}
#: schema, value, rule, the end of the place in the document, message
# ruff: noqa: E501 - a table: one case a line
WORDS: list[tuple[Any, Any, str, str, str]] = [
    (_SHUT, {"a": 1, "b": 2}, "additionalProperties", "", "unknown property 'a', 'b'"),
    ({"properties": {"a": {}}, **_SHUT}, {"b": 1}, "additionalProperties", "", "unknown property 'b'"),
    ({"unevaluatedProperties": False}, {"a": 1}, "unevaluatedProperties", "", "unknown property 'a'"),
    ({"prefixItems": [{}], "unevaluatedItems": False}, [1, "s3cret-text", 2], "unevaluatedItems", "",
     "2 of 3 items match no schema; the document allows no others"),
    ({"propertyNames": False}, {"a": 1}, "propertyNames", "",
     "no property is allowed, and there is 'a'"),
    ({"propertyNames": {"maxLength": 1}}, {"abc": 1}, "propertyNames", "/maxLength",
     "the property name 'abc' has 3 characters; it must have at most 1"),
    ({"propertyNames": {"enum": ["x"]}}, {"abc": 1}, "propertyNames", "/enum",
     "the property name 'abc' is not one of 'x'"),
    ({"contains": {"type": "string"}}, [1], "contains", "",
     "0 of 1 items match `contains`; at least 1 must"),
    ({"contains": {"type": "string"}, "minContains": 2}, ["a", 1], "minContains", "",
     "1 of 2 items match `contains`; at least 2 must"),
    ({"contains": {"type": "string"}, "maxContains": 1}, ["a", "b", 1], "maxContains", "",
     "2 of 3 items match `contains`; at most 1 may"),
    ({"not": {"type": "integer"}}, 1, "not", "", "1 matches the schema under `not`"),
    ({"oneOf": [{"type": "integer"}, {"minimum": 0}, {"type": "null"}]}, 1, "oneOf", "",
     "1 matches 2 of the 3 schemas under `oneOf`; it must match exactly one"),
    ({"anyOf": [{"type": "string"}, {"type": "null"}]}, 1, "anyOf", "",
     "1 matches none of the 2 schemas under `anyOf`: 1 is an integer; it must be of type string; "
     "1 is an integer; it must be of type null"),
    ({"dependentRequired": {"a": ["b"], "c": ["b"]}}, {"a": 1, "c": 1}, "dependentRequired", "",
     "the property 'b' is missing; it is required beside 'a', 'c'"),
    ({"type": "string", "format": "date"}, "now", "format", "", "'now' is not a valid date"),
    ({"type": "integer", "format": "int8"}, 300, "format", "", "300 is not a valid int8"),
]  # fmt: skip


@pytest.mark.compiled("its words are tested")
@pytest.mark.parametrize(("schema", "value", "rule", "below", "message"), WORDS)
def test_a_violation_has_a_rule_a_place_and_a_sentence(
    service: Scripted, schema: Any, value: Any, rule: str, below: str, message: str
) -> None:
    found = answered(service, schema, value)
    assert found[0].rule == rule
    assert found[0].document_pointer.endswith(f"/schema/{rule}{below}")
    assert found[0].message == message


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("version", ["3.0.4", "3.1.1", "3.2.0"])
def test_members_where_none_are_allowed_are_named_in_both_directions(
    service: Scripted, version: str, engine: Any
) -> None:
    (violation,) = answered(service, _SHUT, {"a": 1}, version=version, engine=engine)
    assert (violation.rule, violation.message) == ("additionalProperties", "unknown property 'a'")
    document = one_operation(method="post", content=json_content(_SHUT), version=version)
    with pytest.raises(InvalidRequest, match="unknown property 'a'"):
        Client(document, engine=engine).prepare("op", body={"a": 1})


# ── bounds ───────────────────────────────────────────────────────────────────────────────────────


def expressions(keyword: str) -> dict[str, Any]:
    """Expressions that hold each other, told apart by their operators."""
    ref = {"$ref": "#/components/schemas/Expression"}
    kinds = [
        {
            "type": "object",
            "required": ["op"],
            "properties": {"of": ref, "list": {"type": "array", "items": ref}, "op": {"const": op}},
        }
        for op in ("and", "or", "not")
    ]
    return {"Expression": {keyword: [*kinds, {"type": "integer"}]}}


def nested(depth: int, leaf: Any) -> Any:
    value = leaf
    for level in range(depth):
        op = ("and", "or", "not")[level % 3]
        value = {"op": op, "of": value} if level % 2 else {"op": op, "list": [1, value]}
    return value


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("keyword", ["oneOf", "anyOf"])
@pytest.mark.parametrize("depth", [6, 12, 40, 150])
def test_a_wrong_value_in_expressions_of_expressions_is_found_where_it_is(
    service: Scripted, keyword: str, depth: int, engine: Any
) -> None:
    components = {"schemas": expressions(keyword)}
    schema = {"$ref": "#/components/schemas/Expression"}
    document = one_operation(
        method="post",
        content=json_content(schema),
        responses=answering(schema),
        components=components,
    )
    client = service.client(document, engine=engine)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    service.answers.append(Answer(json.dumps(nested(depth, "wrong")).encode()))
    with pytest.raises(InvalidResponse) as caught:
        client.call("op", body=nested(depth, 1))
    with pytest.raises(InvalidRequest) as refused:
        client.call("op", body=nested(depth, "wrong"))
    # Half a minute and gigabytes where both branches tell the errors of what they hold.
    assert time.process_time() - started < 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000
    if depth > 6:
        place = "".join("/of" if level % 2 else "/list/1" for level in reversed(range(depth)))
        for error in (caught.value, refused.value):
            assert [v.pointer for v in error.violations] == [place]
            assert "'wrong' is a string" in error.violations[0].message


def test_a_bound_of_trust_holds_for_what_is_told(service: Scripted) -> None:
    from dynclient import Trust

    kinds = [
        {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/T"}, k: {"const": 1}}}
        for k in "xyz"
    ]
    schema = {"$ref": "#/components/schemas/T"}
    components = {"schemas": {"T": {"oneOf": [*kinds, {"type": "integer"}]}}}
    value: Any = {"x": 2, "y": 2, "z": 2}
    for _ in range(9):
        value = {"a": value, "x": 2}
    document = one_operation(responses=answering(schema), components=components)
    service.answers.append(json_answer(value))
    client = service.client(document, trust=Trust(max_nodes=100_000))
    with pytest.raises(InvalidResponse) as caught:
        client.call("op")
    assert caught.value.data == value
    assert len(caught.value.violations) == 1


# ── what versions and drafts say otherwise ───────────────────────────────────────────────────────


@pytest.mark.compiled("openapi-core knows int32 and int64 only")
@pytest.mark.parametrize("bits", [8, 16, 32, 64])
@pytest.mark.parametrize("signed", [True, False])
def test_an_integer_format_ends_where_its_bits_do(
    service: Scripted, bits: int, signed: bool
) -> None:
    name = f"int{bits}" if signed else f"uint{bits}"
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    schema = {"type": "array", "items": {"type": "integer", "format": name}}
    assert answered(service, schema, [low, 0, high]) == ()
    found = answered(service, schema, [low - 1, 0, high + 1])
    assert [(v.pointer, v.rule, v.format) for v in found] == [
        ("/0", "format", name),
        ("/2", "format", name),
    ]
    assert {v.document_pointer.rpartition("/")[2] for v in found} == {"format"}


DRAFT_7 = "http://json-schema.org/draft-07/schema#"


@pytest.mark.compiled("its places are tested")
@pytest.mark.parametrize("dialect", [DRAFT_7, "http://json-schema.org/draft-06/schema#"])
def test_dependencies_of_older_drafts_are_names_or_schemas(service: Scripted, dialect: str) -> None:
    schema = {
        "$schema": dialect,
        "dependencies": {
            "card": ["address"],
            "count": {"properties": {"unit": {"type": "string"}}, "required": ["unit"]},
            "none": False,
        },
    }
    assert answered(service, schema, {"card": 1, "address": 1, "count": 2, "unit": "m"}) == ()
    found = answered(service, schema, {"card": 1, "count": 2, "unit": 3, "none": 4})
    assert {(v.pointer, v.rule, v.document_pointer.partition("/schema/")[2]) for v in found} == {
        ("", "dependentRequired", "dependencies"),
        ("/unit", "type", "dependencies/count/properties/unit/type"),
        ("", "schema", "dependencies/none"),
    }
    assert found[0].message == "the property 'address' is missing; it is required beside 'card'"


@pytest.mark.compiled("openapi-core looks at the same object only")
@pytest.mark.parametrize("version", ["3.0.4", "3.1.1", "3.2.0"])
@pytest.mark.parametrize(
    "schema",
    [
        {"required": ["id"], "properties": {"id": {"readOnly": True}}},
        {"properties": {"id": {"readOnly": True}}, "allOf": [{"required": ["id"]}]},
        {"properties": {"id": {"readOnly": True}}, "allOf": [{"allOf": [{"required": ["id"]}]}]},
        {"allOf": [{"allOf": [{"properties": {"id": {"readOnly": True}}}]}], "required": ["id"]},
        {"allOf": [{"$ref": "#/components/schemas/State"}, {"required": ["id"]}]},
    ],
)
def test_what_is_read_only_is_not_required_of_a_request_however_far_it_is_said(
    service: Scripted, schema: Any, version: str
) -> None:
    state = {"properties": {"id": {"readOnly": True}}}
    document = one_operation(
        method="post",
        content=json_content(schema),
        responses=answering(schema),
        components={"schemas": {"State": state}},
        version=version,
    )
    service.answers.append(json_answer({}))
    with pytest.raises(InvalidResponse, match="'id' is missing"):
        service.client(document).call("op", body={"name": "a"})
