"""What the closures of one document share, and what each of them still has to itself."""

from __future__ import annotations

import gc
import sys
import weakref
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from support import answering, json_content, one_operation

from dynclient import Client, DocumentError, Headers, HttpResponse, Trust
from dynclient.document import Document, Node, load
from dynclient.operation import Operations
from dynclient.schema import Closure, Direction, Validator, compile_validator, extract
from dynclient.validation import ALL_FORMATS, NO_FORMATS

DEFAULT = Trust()

# Which the validator's own engine reads only in another spelling.
TWICE = r"^(?<a>x|y)\k<a>$"


def document_of(
    schemas: dict[str, Any], *, version: str = "3.0.4", trust: Trust = DEFAULT
) -> Document:
    return load(one_operation(version=version, components={"schemas": schemas}), trust=trust)


def to(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def root_in(document: Document, name: str) -> Node:
    return Node.root(document).child("components", "schemas", name)


def closure(document: Document, name: str, direction: Direction = "response") -> Closure:
    return extract(root_in(document, name), direction)


def validator(document: Document, name: str, direction: Direction = "response") -> Validator:
    return compile_validator(root_in(document, name), direction)


def answering_alike(*schemas: Any) -> Document:
    """A document of one operation for each schema; all of them answer it with status 200."""
    paths = {
        f"/{number}": {
            "get": {
                "operationId": f"op{number}",
                "responses": {"200": {"description": "", "content": json_content(schema)}},
            }
        }
        for number, schema in enumerate(schemas)
    }
    shared = {"Thing": {"type": "object", "properties": {"n": {"type": "integer"}}}}
    document = one_operation(version="3.0.4", components={"schemas": shared})
    return load({**document, "paths": paths})


def answer(operations: Operations, name: str) -> Validator:
    found = (
        operations[name].responses["200"].content["application/json"].judge("", formats=ALL_FORMATS)
    )
    assert isinstance(found, Validator)
    return found


# ── definitions ──────────────────────────────────────────────────────────────────────────────────


def test_closures_of_one_document_share_what_both_reach() -> None:
    document = document_of(
        {
            "A": {"properties": {"c": to("C")}},
            "B": {"items": to("C")},
            "C": {"type": "object", "required": ["id"]},
        }
    )
    one, other = closure(document, "A").schema["$defs"], closure(document, "B").schema["$defs"]
    assert one.keys() == {"A", "C"}
    assert other.keys() == {"B", "C"}
    assert one["C"] is other["C"]


def test_one_name_never_means_two_schemas() -> None:
    document = document_of(
        {
            "A": {"$ref": "#/components/schemas/Other/properties/same"},
            "Other": {"properties": {"same": {"type": "integer"}}},
            "same": {"type": "boolean"},
        }
    )
    first, second = closure(document, "A"), closure(document, "same")
    assert first.schema["$defs"].keys().isdisjoint(second.schema["$defs"])
    assert validator(document, "A").is_valid(1)
    assert validator(document, "same").is_valid(True)


@pytest.mark.parametrize(
    ("direction", "value", "valid"),
    [
        ("request", {"made": "now", "key": "k"}, False),
        ("request", {"key": "k"}, True),
        ("response", {"made": "now"}, True),
        ("response", {"made": "now", "key": "k"}, False),
    ],
)
def test_what_travels_one_way_is_not_shared_with_the_other(
    direction: Direction, value: Any, valid: bool
) -> None:
    properties = {"made": {"type": "string", "readOnly": True}, "key": {"writeOnly": True}}
    document = document_of({"A": {"properties": properties, "required": ["made", "key"]}})
    for each in ("request", "response"):
        validator(document, "A", each)
    assert validator(document, "A", direction).is_valid(value) is valid


def test_schemas_that_check_formats_are_not_shared_with_those_that_do_not() -> None:
    document = document_of({"A": {"type": "string", "format": "date"}})
    root = root_in(document, "A")
    assert not compile_validator(root, "response").is_valid("x")
    assert compile_validator(root, "response", formats=NO_FORMATS).is_valid("x")
    assert not compile_validator(root, "response").is_valid("x")


def test_what_no_closure_reaches_is_not_looked_at() -> None:
    document = document_of({"A": {"items": to("B")}, "B": {}, "Broken": {"type": 5}})
    closure(document, "A")
    assert document.problems == ()
    closure(document, "Broken")
    assert [problem.pointer for problem in document.problems] == ["/components/schemas/Broken/type"]


def test_a_problem_that_many_closures_reach_is_noted_once() -> None:
    document = document_of({"A": {"items": to("C")}, "B": {"not": to("C")}, "C": {"type": 5}})
    for name in ("A", "B", "C"):
        for direction in ("request", "response"):
            closure(document, name, direction)
    assert len(document.problems) == 1


def test_a_reference_that_leads_nowhere_is_told_to_everyone_who_reaches_it() -> None:
    document = document_of({"A": {"items": to("C")}, "B": {"not": to("C")}, "C": to("Missing")})
    told = set()
    for name in ("A", "A", "B"):
        with pytest.raises(DocumentError, match="leads nowhere") as caught:
            closure(document, name)
        told.add(caught.value.pointer)
    assert told == {"/components/schemas/C"}


def test_schemas_that_are_made_up_for_one_place_are_told_apart() -> None:
    # A placeholder that nothing declares is a string at the place of its operation.
    document = document_of({"A": {"type": "integer"}})
    at = root_in(document, "A").at
    assert compile_validator(Node(document, {"type": "string"}, at), "request").is_valid("x")
    assert compile_validator(Node(document, {"type": "integer"}, at), "request").is_valid(1)
    assert compile_validator(Node(document, {"type": "string"}, at), "request").is_valid("x")


def test_a_dynamic_reference_means_what_its_own_closure_binds_it_to() -> None:
    def list_of(item: Any, base: str) -> dict[str, Any]:
        return {
            "$id": f"http://api.test/{base}",
            "$ref": "http://api.test/list",
            "$defs": {"item": {"$dynamicAnchor": "item", **item}},
        }

    generic = {
        "$id": "http://api.test/list",
        "items": {"$dynamicRef": "#item"},
        "$defs": {"item": {"$dynamicAnchor": "item", "not": {}}},
    }
    schemas = {
        "List": generic,
        "Texts": list_of({"type": "string"}, "texts"),
        "Numbers": list_of({"type": "number"}, "numbers"),
    }
    document = document_of(schemas, version="3.1.1")
    for name, value in [("Texts", ["a"]), ("Numbers", [1]), ("List", [])]:
        assert validator(document, name).is_valid(value)
    for name, value in [("Texts", [1]), ("Numbers", ["a"]), ("List", [1])]:
        assert not validator(document, name).is_valid(value)


# ── bounds ───────────────────────────────────────────────────────────────────────────────────────


def test_the_number_of_references_is_bounded_for_each_closure_and_not_for_all() -> None:
    chain = {f"S{i}": {"items": to(f"S{i + 1}")} for i in range(9)}
    document = document_of({**chain, "S9": {}}, trust=Trust(max_references=4))
    for name in ("S9", "S8", "S7", "S6"):
        assert validator(document, name).is_valid([])
    # All of it has been translated by now, but for the first; the bound holds all the same.
    with pytest.raises(DocumentError, match=r"more than 4 others; .*max_references") as caught:
        closure(document, "S5")
    assert caught.value.pointer == "/components/schemas/S9"
    assert validator(document, "S6").is_valid([])


def test_a_schema_that_would_never_end_is_refused_beside_those_that_would() -> None:
    doubling = {f"S{i}": {"allOf": [to(f"S{i + 1}")] * 2} for i in range(60)}
    document = document_of({**doubling, "S60": {"type": "integer"}})
    assert validator(document, "S58").is_valid(1)
    for _ in range(2):
        with pytest.raises(DocumentError, match="too many times"):
            validator(document, "S0")
    assert not validator(document, "S58").is_valid("x")


@pytest.mark.parametrize("length", [1, 2, 5])
def test_references_that_go_round_come_to_an_end(length: int) -> None:
    ring = {f"S{i}": to(f"S{(i + 1) % length}") for i in range(length)}
    with pytest.raises(DocumentError, match="the chain of \\$refs from here never ends"):
        closure(document_of(ring), "S0")
    nested = {f"S{i}": {"items": to(f"S{(i + 1) % length}")} for i in range(length)}
    assert len(closure(document_of(nested), "S0").schema["$defs"]) == length


# ── validators ───────────────────────────────────────────────────────────────────────────────────


def test_operations_that_answer_alike_share_one_validator() -> None:
    operations = Operations(answering_alike(to("Thing"), to("Thing"), {"items": to("Thing")}))
    held = [answer(operations, f"op{number}") for number in range(3)]
    assert held[0] is held[1]
    assert held[2] is not held[0]


def test_alike_schemas_of_two_places_tell_each_its_own() -> None:
    inline = {"type": "object", "properties": {"n": {"type": "integer"}}}
    operations = Operations(answering_alike(inline, dict(inline)))
    places = {
        answer(operations, name).explain({"n": "x"}, "body")[0].document_pointer
        for name in ("op0", "op1")
    }
    assert places == {
        f"/paths/~1{number}/get/responses/200/content/application~1json/schema/properties/n/type"
        for number in range(2)
    }


def test_a_shared_validator_tells_the_place_of_the_shared_schema() -> None:
    operations = Operations(answering_alike(to("Thing"), to("Thing")))
    for name in ("op0", "op1"):
        (violation,) = answer(operations, name).explain({"n": "x"}, "body")
        assert violation.document_pointer == "/components/schemas/Thing/properties/n/type"


def test_a_validator_goes_with_the_last_who_holds_it() -> None:
    document = document_of({"A": {"type": "integer"}})
    gc.disable()
    try:
        one, other = validator(document, "A"), validator(document, "A")
        known = weakref.ref(one)
        del one
        assert known() is other
        del other
        assert known() is None
    finally:
        gc.enable()


def test_a_document_goes_with_the_last_who_holds_it_though_its_schemas_are_kept() -> None:
    document = document_of({"A": {"items": to("B")}, "B": {"not": to("A"), "properties": {}}})
    held = validator(document, "A")
    known = weakref.ref(document)
    gc.disable()
    try:
        del document
        assert known() is None
    finally:
        gc.enable()
    assert held.is_valid([])


def test_a_pattern_that_is_spelled_otherwise_is_told_as_the_document_has_it() -> None:
    schemas = {
        "A": {"items": to("Twice")},
        "Keyed": {"patternProperties": {"^.$": {"type": "integer"}}},
        "Twice": {"type": "string", "pattern": TWICE},
    }
    document = document_of(schemas, version="3.1.1")
    judge = validator(document, "A")
    assert judge.is_valid(["xx"])
    (violation,) = judge.explain(["xy"], "body")
    assert violation.document_pointer == "/components/schemas/Twice/pattern"
    assert violation.message == f"'xy' does not match the pattern {TWICE}"
    (violation,) = validator(document, "Keyed").explain({"a": "x", "bb": "x"}, "body")
    assert violation.document_pointer == "/components/schemas/Keyed/patternProperties/^.$/type"
    assert document.problems == ()


def test_threads_that_compile_at_once_get_what_one_gets() -> None:
    # Many schemas of one last name, so that two threads would like to give the same one.
    schemas: dict[str, Any] = {
        f"S{i}": {
            "properties": {
                "next": to(f"S{(i * 7 + 1) % 40}/properties/mine"),
                "mine": {"enum": [i], "nullable": True, "type": "integer"},
                "other": to(f"S{(i + 1) % 40}"),
            }
        }
        for i in range(40)
    }
    workers = 8
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for _ in range(5):
            document = document_of(schemas)
            start = Barrier(workers)

            def work(offset: int, document: Document = document, start: Barrier = start) -> bool:
                start.wait()
                order = [f"S{(i + offset) % 40}" for i in range(40)]
                return all(_is_right(document, name) for name in order)

            with ThreadPoolExecutor(workers) as pool:
                assert all(pool.map(work, range(0, 40, 5)))
    finally:
        sys.setswitchinterval(interval)


def _is_right(document: Document, name: str) -> bool:
    number = int(name[1:])
    following = (number * 7 + 1) % 40
    judge = validator(document, name)
    right = {"mine": number, "next": following, "other": {"mine": (number + 1) % 40}}
    return (
        judge.is_valid(right)
        and not judge.is_valid({**right, "next": following + 1})
        and not judge.is_valid({**right, "other": {"mine": number}})
        and judge.closure.schema["$defs"].keys() <= judge.closure.definitions.keys()
    )


def test_names_that_look_like_numbered_ones_end_the_search_for_a_free_name() -> None:
    schemas = {
        "A": {
            "properties": {
                "x": {"$ref": "#/components/schemas/A.3"},
                "y": {"$ref": "#/components/schemas/Z/properties/A"},
            }
        },
        "A.3": {"type": "object"},
        "Z": {"properties": {"A": {"type": "string"}}},
    }
    document = one_operation(
        responses=answering({"$ref": "#/components/schemas/A"}), components={"schemas": schemas}
    )
    operation = Client(document).operations["op"]
    http = HttpResponse(200, Headers({"Content-Type": "application/json"}), b'{"x": 1, "y": 1}')
    assert [v.pointer for v in operation.parse(http).violations] == ["/x", "/y"]


def test_one_and_true_are_two_schemas() -> None:
    document = load(one_operation())
    place = document.resources.root.child("made-up")
    one, true = (
        compile_validator(Node(document, {"const": value}, place), "response")
        for value in (1, True)
    )
    assert (one.is_valid(True), true.is_valid(True)) == (False, True)
