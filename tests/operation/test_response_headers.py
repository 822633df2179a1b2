"""Header fields of responses: lists over several lines, empty elements, cookies, references."""

from __future__ import annotations

from typing import Any

import pytest
from support import BASE, one_operation

from dynclient import Client, Headers, HttpRequest, HttpResponse
from dynclient.reference import ReferenceEngine

INTEGERS = {"type": "array", "items": {"type": "integer"}}
STRINGS = {"type": "array", "items": {"type": "string", "minLength": 1}}
MEMBERS = {"type": "object", "properties": {"R": {"type": "integer"}}}


def violations(
    header: dict[str, Any],
    *lines: str,
    name: str = "X-H",
    version: str = "3.1.1",
    components: Any = None,
    engine: Any = "compiled",
) -> list[tuple[str, str]]:
    """(pointer, rule) of what these lines of a header that is declared so break."""
    responses = {"200": {"description": "ok", "headers": {name: header}}}
    document = one_operation(responses=responses, version=version, components=components)
    operation = Client(document).operations["op"]
    response = HttpResponse(200, Headers([(name, line) for line in lines]))
    found: Any = operation.parse(response).violations
    if engine == "openapi-core":
        sent = HttpRequest("GET", f"{BASE}/thing")
        found = ReferenceEngine().judge_response(operation, sent, response, found)
    assert {each.where for each in found} <= {f"response.header.{name}"}
    return [(each.pointer, each.rule) for each in found]


@pytest.mark.parametrize("engine", ["compiled", "openapi-core"])
@pytest.mark.parametrize(
    ("schema", "explode", "lines", "found"),
    [
        (INTEGERS, False, ["1,2"], []),
        (INTEGERS, False, ["1", "2"], []),
        (INTEGERS, False, ["1,,2,"], []),
        (INTEGERS, False, [""], []),
        (INTEGERS, False, [" , "], []),
        (INTEGERS, False, ["1", "", "x"], [("/1", "type")]),
        ({**INTEGERS, "minItems": 1}, False, [""], [("", "minItems")]),
        ({**INTEGERS, "maxItems": 2}, False, ["1", "2, 3"], [("", "maxItems")]),
        (STRINGS, False, ['"a,b", c', "d"], []),
        ({**STRINGS, "maxItems": 1}, False, ['"a,b"'], []),
        (MEMBERS, False, ["R,100,G,200"], []),
        (MEMBERS, False, ["R,100", "G,x"], []),
        (MEMBERS, False, ["R,x"], [("/R", "type")]),
        (MEMBERS, False, ["R"], [("", "type")]),
        (MEMBERS, False, [""], []),
        (MEMBERS, True, ["R=100", "G=2"], []),
        (MEMBERS, True, ["R=x"], [("/R", "type")]),
    ],
)
def test_a_list_may_stand_on_several_lines_and_have_empty_elements(
    schema: Any, explode: bool, lines: list[str], found: Any, engine: Any
) -> None:
    header = {"schema": schema, "explode": explode}
    assert violations(header, *lines, engine=engine) == found


def test_an_empty_allow_allows_nothing() -> None:
    methods = {"type": "array", "items": {"enum": ["GET", "PUT"]}}
    assert violations({"schema": methods, "required": True}, "", name="Allow") == []
    assert violations({"schema": methods}, "GET, POST", name="Allow") == [("/1", "enum")]


EXPIRES = "lang=en; Expires=Wed, 09 Jun 2021 10:18:14 GMT; Secure"


@pytest.mark.parametrize("version", ["3.0.4", "3.1.1", "3.2.0"])
@pytest.mark.parametrize(
    ("header", "lines", "found"),
    [
        ({"schema": {**STRINGS, "maxItems": 2}}, [EXPIRES, "b=2, c"], []),
        ({"schema": {**STRINGS, "maxItems": 1}}, [EXPIRES, "b=2"], [("", "maxItems")]),
        (
            {"schema": {"type": "array", "items": {"type": "string", "pattern": "^lang="}}},
            [EXPIRES, "b=2"],
            [("/1", "pattern")],
        ),
        ({"schema": {"type": "object", "required": ["lang", "Expires"]}}, [EXPIRES], []),
        (
            {"schema": {"type": "object", "required": ["lang"]}},
            [EXPIRES, "b=2"],
            [("", "required")],
        ),
        ({"schema": {"type": "string", "pattern": "^(lang|b)="}}, [EXPIRES, "b=2"], []),
        ({"schema": {"type": "string", "pattern": "^lang="}}, [EXPIRES, "b=2"], [("", "pattern")]),
        (
            {
                "content": {
                    "text/plain": {"schema": {"type": "string", "pattern": "GMT; Secure\nb="}}
                }
            },
            [EXPIRES, "b=2"],
            [],
        ),
    ],
)
def test_lines_of_set_cookie_are_not_joined_nor_cut(
    header: Any, lines: list[str], found: Any, version: str
) -> None:
    assert violations(header, *lines, name="Set-Cookie", version=version) == found


@pytest.mark.parametrize("collection_format", ["ssv", "tsv", "pipes"])
def test_lists_of_swagger_2_are_read_by_their_collection_format(collection_format: str) -> None:
    joint = {"ssv": " ", "tsv": "\t", "pipes": "|"}[collection_format]
    header = {"type": "array", "items": {"type": "integer"}, "collectionFormat": collection_format}
    document = {
        "swagger": "2.0",
        "info": {"title": "T", "version": "1"},
        "host": "a.test",
        "paths": {
            "/x": {
                "get": {
                    "operationId": "op",
                    "responses": {"200": {"description": "ok", "headers": {"X-H": header}}},
                }
            }
        },
    }
    operation = Client(document).operations["op"]
    for text, count in ((joint.join("123"), 0), (joint.join("1x"), 1), ("", 0)):
        response = HttpResponse(200, Headers({"X-H": text}))
        assert len(operation.parse(response).violations) == count


@pytest.mark.parametrize("engine", ["compiled", "openapi-core"])
def test_a_header_whose_media_type_is_a_reference_is_judged(engine: Any) -> None:
    header = {"content": {"application/json": {"$ref": "#/components/mediaTypes/N"}}}
    components = {"mediaTypes": {"N": {"schema": {"type": "integer"}}}}
    given = {"version": "3.2.0", "components": components, "engine": engine}
    assert violations(header, "1", **given) == []
    assert violations(header, '"1"', **given) == [("", "type")]


def test_the_values_of_a_header_are_at_hand() -> None:
    responses = {"200": {"description": "ok", "headers": {"X-H": {"schema": INTEGERS}}}}
    declared = Client(one_operation(responses=responses)).operations["op"].responses["200"]
    (header,) = declared.headers
    assert header.values(Headers([("x-h", "1"), ("X-H", "2,3")])) == [[1, 2, 3]]
    assert header.values(Headers()) == []
