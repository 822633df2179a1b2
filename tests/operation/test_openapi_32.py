"""What OpenAPI 3.2 adds: querystring, the query method, other methods, rows of items, $self."""

from __future__ import annotations

from typing import Any

import pytest

from dynclient import Client, Headers, HttpResponse, InvalidRequest
from dynclient.operation import Operations


def document(paths: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"openapi": "3.2.0", "info": {"title": "t", "version": "1"}, "paths": paths, **more}


def client_of(paths: dict[str, Any], **more: Any) -> Client:
    return Client(document(paths, **more), base_url="http://api.test")


def operation(**fields: Any) -> dict[str, Any]:
    return {"operationId": "op", "responses": {"200": {"description": "ok"}}, **fields}


def query_string(media_type: str, schema: dict[str, Any]) -> dict[str, Any]:
    content = {media_type: {"schema": schema}}
    return {"name": "selector", "in": "querystring", "content": content}


@pytest.mark.parametrize(
    ("media_type", "schema", "value", "query"),
    [
        (
            "application/json",
            {"type": "object"},
            {"a": [1, "é"]},
            "%7B%22a%22%3A%5B1%2C%22%C3%A9%22%5D%7D",
        ),
        (
            "application/x-www-form-urlencoded",
            {"type": "object"},
            {"a": 1, "b": ["x y", "&"]},
            "a=1&b=x+y&b=%26",
        ),
        ("text/plain", {"type": "string"}, "$.a[?(@.b>1)]", "%24.a%5B%3F%28%40.b%3E1%29%5D"),
    ],
)
def test_a_querystring_parameter_is_the_whole_query(
    media_type: str, schema: dict[str, Any], value: Any, query: str
) -> None:
    client = client_of({"/x": {"get": operation(parameters=[query_string(media_type, schema)])}})
    assert client.prepare("op", selector=value).url == f"http://api.test/x?{query}"


def test_a_querystring_parameter_is_judged_by_its_schema() -> None:
    parameter = query_string("application/json", {"type": "object", "required": ["a"]})
    client = client_of({"/x": {"get": operation(parameters=[parameter])}})
    with pytest.raises(InvalidRequest) as caught:
        client.prepare("op", selector={})
    assert [v.where for v in caught.value.violations] == ["request.querystring.selector"]


def test_before_3_2_a_querystring_parameter_is_a_problem_of_the_document() -> None:
    parameter = query_string("application/json", {})
    old = {**document({"/x": {"get": operation(parameters=[parameter])}}), "openapi": "3.1.1"}
    client = Client(old, base_url="http://api.test")
    assert client.operations["op"].parameters == ()
    assert [problem.rule for problem in client.document.problems] == ["parameter"]


def test_the_query_method_and_additional_operations_are_called_like_others() -> None:
    paths = {
        "/x": {
            "query": operation(operationId="ask"),
            "additionalOperations": {"COPY": operation(operationId="copy"), "link": operation()},
        }
    }
    client = client_of(paths)
    assert [client.prepare(name).method for name in ("ask", "copy", "op")] == [
        "QUERY",
        "COPY",
        "link",
    ]
    assert client.operations["QUERY /x"].name == "ask"


def test_a_cookie_of_style_cookie_is_sent_as_given() -> None:
    parameter = {"name": "c", "in": "cookie", "style": "cookie", "schema": {"type": "array"}}
    client = client_of({"/x": {"get": operation(parameters=[parameter])}})
    assert client.prepare("op", c=["a=b", "c%"]).headers["Cookie"] == "c=a=b; c=c%"


def row_of(media_type: str, item: dict[str, Any]) -> dict[str, Any]:
    response = {"description": "ok", "content": {media_type: {"itemSchema": item}}}
    return {"/x": {"get": operation(responses={"200": response})}}


ITEM = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}


@pytest.mark.parametrize(
    ("media_type", "content"),
    [
        ("application/jsonl", b'{"a":1}\n\n{"a":2}'),
        ("application/x-ndjson", b'{"a":1}\r\n{"a":2}\n'),
        ("application/json-seq", b'\x1e{"a":1}\n\x1e{"a":2}\n'),
        ("application/geo+json-seq", b'\x1e{"a":1}\n\x1e{"a":2}\n'),
    ],
)
def test_a_row_of_json_items_is_read_item_by_item(media_type: str, content: bytes) -> None:
    op = Operations_of(row_of(media_type, ITEM))["op"]
    response = op.parse(HttpResponse(200, Headers({"Content-Type": media_type}), content))
    assert response.data == [{"a": 1}, {"a": 2}]
    assert response.violations == ()


def Operations_of(paths: dict[str, Any]) -> Operations:  # noqa: N802 - reads as what it makes
    return client_of(paths).operations


def test_a_broken_item_is_named_by_its_index() -> None:
    op = Operations_of(row_of("application/jsonl", ITEM))["op"]
    headers = Headers({"Content-Type": "application/jsonl"})
    response = op.parse(HttpResponse(200, headers, b'{"a":1}\n{"a":"x"}'))
    assert [(v.pointer, v.rule) for v in response.violations] == [("/1/a", "type")]


def test_server_sent_events_are_read_as_objects() -> None:
    item = {"type": "object", "properties": {"data": {"type": "string"}}}
    op = Operations_of(row_of("text/event-stream", item))["op"]
    stream = b": hello\ndata: one\ndata: two\nid: 7\n\nevent: end\nretry: 10\ndata\n\ndata: cut"
    headers = Headers({"Content-Type": "text/event-stream"})
    assert op.parse(HttpResponse(200, headers, stream)).data == [
        {"data": "one\ntwo", "id": "7"},
        {"event": "end", "retry": 10, "data": ""},
    ]


def test_a_schema_describes_the_whole_row() -> None:
    entry = {"schema": {"type": "array", "maxItems": 1}, "itemSchema": ITEM}
    for keywords, rules in (
        (["schema"], [("", "maxItems")]),
        (["itemSchema"], [("/1/a", "type")]),
        (["schema", "itemSchema"], [("", "maxItems"), ("/1/a", "type")]),
    ):
        content = {"application/jsonl": {each: entry[each] for each in keywords}}
        paths = {
            "/x": {
                "post": operation(
                    requestBody={"content": content},
                    responses={"200": {"description": "ok", "content": content}},
                )
            }
        }
        client = client_of(paths)
        headers = Headers({"Content-Type": "application/jsonl"})
        answer = HttpResponse(200, headers, b'{"a":1}\n{"a":"x"}\n')
        response = client.operations["op"].parse(answer)
        assert response.data == [{"a": 1}, {"a": "x"}]
        assert [(v.pointer, v.rule) for v in response.violations] == rules
        with pytest.raises(InvalidRequest) as caught:
            client.prepare("op", body=[{"a": 1}, {"a": "x"}])
        assert [(v.pointer, v.rule) for v in caught.value.violations] == rules


def test_a_schema_of_text_leaves_a_stream_as_text() -> None:
    content = {"text/event-stream": {"schema": {"type": "string"}}}
    paths = {"/x": {"get": operation(responses={"200": {"description": "", "content": content}})}}
    headers = Headers({"Content-Type": "text/event-stream"})
    response = Operations_of(paths)["op"].parse(HttpResponse(200, headers, b"data: 1\n\n"))
    assert (response.data, response.violations) == ("data: 1\n\n", ())


def test_an_event_without_data_is_none_and_its_id_goes_on() -> None:
    op = Operations_of(row_of("text/event-stream", {"required": ["data"]}))["op"]
    headers = Headers({"Content-Type": "text/event-stream"})
    stream = b"id:1\n\nevent: x\n\ndata: {}\n\nid: 2\n\n"
    response = op.parse(HttpResponse(200, headers, stream))
    assert response.data == [{"id": "1", "data": "{}"}]
    assert response.violations == ()


def test_the_data_of_an_event_stays_text_whatever_it_holds() -> None:
    data = {"type": "string", "contentMediaType": "application/json", "contentSchema": ITEM}
    op = Operations_of(row_of("text/event-stream", {"properties": {"data": data}}))["op"]
    headers = Headers({"Content-Type": "text/event-stream"})
    response = op.parse(HttpResponse(200, headers, b'data: {"a":1}\n\n'))
    assert (response.data, response.violations) == ([{"data": '{"a":1}'}], ())


@pytest.mark.parametrize(
    ("media_type", "content"),
    [
        ("application/jsonl", b'{"a":1}\n{"a":2}\n'),
        ("application/json-seq", b'\x1e{"a":1}\n\x1e{"a":2}\n'),
    ],
)
def test_a_request_takes_a_list_or_an_iterator_of_items(media_type: str, content: bytes) -> None:
    body = {"content": {media_type: {"itemSchema": ITEM}}}
    client = client_of({"/x": {"post": operation(requestBody=body)}})
    assert client.prepare("op", body=[{"a": 1}, {"a": 2}]).content == content
    streamed = client.prepare("op", body=iter([{"a": 1}, {"a": 2}])).content
    assert b"".join(streamed) == content  # type: ignore[arg-type]
    with pytest.raises(InvalidRequest, match="/1/a"):
        client.prepare("op", body=[{"a": 1}, {"a": "x"}])


def test_self_is_the_base_of_references() -> None:
    whole = document(
        {"/x": {"get": operation(parameters=[{"$ref": "openapi.json#/components/parameters/P"}])}},
        components={"parameters": {"P": {"name": "p", "in": "query", "schema": {}}}},
    )
    whole["$self"] = "https://api.test/v1/openapi.json"
    client = Client(whole, base_url="http://api.test")
    assert client.prepare("op", p=1).url == "http://api.test/x?p=1"


def test_default_mapping_names_the_branch_of_an_unknown_value() -> None:
    schemas = {
        "Cat": {"type": "object", "required": ["meow"], "properties": {"kind": {"const": "Cat"}}},
        "Other": {"type": "object", "required": ["noise"]},
    }
    body = {
        "oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in schemas],
        "discriminator": {"propertyName": "kind", "defaultMapping": "Other"},
    }
    client = client_of(
        {
            "/x": {
                "post": operation(requestBody={"content": {"application/json": {"schema": body}}})
            }
        },
        components={"schemas": schemas},
    )
    with pytest.raises(InvalidRequest) as caught:
        client.prepare("op", body={"kind": "Dog"})
    assert "'noise' is missing" in str(caught.value)
