"""`client.follow`: the call that a link of a response leads to."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support import Answer, Scripted, json_answer, json_content

from dynclient import Client, DocumentError, LinkError, Response

OBJECT = {"type": "object"}


def document(link: Any, version: str = "3.1.1", **more: Any) -> dict[str, Any]:
    """One that makes a thing by POST, with a link `then`; and reads it by GET."""
    thing = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    deep = {"name": "deep", "in": "query", "schema": {"type": "string"}}
    other = {"name": "id", "in": "query", "schema": {"type": "string"}}
    shop = {"name": "shop", "in": "path", "required": True, "schema": {"type": "string"}}
    tags = {"name": "tags", "in": "query", "schema": {"type": "array", "items": {}}}
    answer = {"description": "it", "content": json_content(OBJECT)}
    return {
        "openapi": version,
        "info": {"title": "things", "version": "1"},
        "paths": {
            "/{shop}/things": {
                "post": {
                    "operationId": "make",
                    "parameters": [shop, tags],
                    "requestBody": {"content": json_content(OBJECT)},
                    "responses": {"2XX": {**answer, "links": {"then": link}}},
                }
            },
            "/things/{id}": {
                "get": {
                    "operationId": "look",
                    "parameters": [thing, deep, other],
                    "responses": {"200": answer},
                },
                "put": {
                    "operationId": "change",
                    "parameters": [thing],
                    "requestBody": {"content": json_content({})},
                    "responses": {"200": answer},
                },
            },
        },
        **more,
    }


def followed(service: Scripted, link: Any, *given: Any, **options: Any) -> tuple[str, str]:
    """The target and body of the request that the link leads to."""
    service.answers += [
        json_answer({"id": 7, "a": {"b": [1, "x"]}}, 201, X_Next="n e"),
        json_answer({}),
    ]
    client = service.client(document(link, **options))
    made = client.request("make", {"shop": "s/1", "tags": ["a", "b"]}, body={"n": [3]})
    response = client.follow(made, "then", *given)
    assert isinstance(response, Response)
    request = service.received[1]
    return f"{request.method} {request.target}", request.body.decode()


@pytest.mark.parametrize(
    ("expression", "sent"),
    [
        ("$response.body#/id", "7?"),
        ("$response.body#/a/b/0", "1?"),
        ("$statusCode", "201?"),
        ("$request.body#/n/0", "3?"),
        (5, "5?"),
    ],
)
def test_a_parameter_of_the_path(service: Scripted, expression: Any, sent: str) -> None:
    link = {"operationId": "look", "parameters": {"path.id": expression}}
    assert followed(service, link)[0] == f"GET /things/{sent}".rstrip("?")


@pytest.mark.parametrize(
    ("expression", "sent"),
    [
        ("$response.header.x-next", "n%20e"),
        ("$method", "POST"),
        ("$request.path.shop", "s%2F1"),
        ("$request.header.content-type", "application%2Fjson"),
        ("x-{$response.body#/id}-{$method}", "x-7-POST"),
        ("as it is", "as%20it%20is"),
    ],
)
def test_a_parameter_of_the_query(service: Scripted, expression: str, sent: str) -> None:
    parameters = {"path.id": "$response.body#/id", "deep": expression}
    link = {"operationId": "look", "parameters": parameters}
    assert followed(service, link)[0] == f"GET /things/7?deep={sent}"


def test_the_url_of_the_request(service: Scripted) -> None:
    parameters = {"path.id": 1, "query.id": "$url"}
    target, _ = followed(service, {"operationId": "look", "parameters": parameters})
    assert target.endswith("%2Fs%252F1%2Fthings%3Ftags%3Da%26tags%3Db")


def test_a_body_keeps_its_types(service: Scripted) -> None:
    body = {"whole": "$response.body#/a", "list": ["$request.query.tags", "{$statusCode}", None]}
    link = {
        "operationId": "change",
        "parameters": {"id": "$response.body#/id"},
        "requestBody": body,
    }
    target, sent = followed(service, link)
    assert target == "PUT /things/7"
    assert json.loads(sent) == {
        "whole": {"b": [1, "x"]},
        "list": [["a", "b"], "201", None],
    }


def test_operation_ref_and_a_component(service: Scripted) -> None:
    link = {
        "operationRef": "#/paths/~1things~1%7Bid%7D/get",
        "parameters": {"path.id": "$response.body#/id"},
    }
    more = {"components": {"links": {"L": link}}}
    assert followed(service, {"$ref": "#/components/links/L"}, **more)[0] == "GET /things/7"


def test_arguments_of_the_call_go_before_those_of_the_link(service: Scripted) -> None:
    link = {"operationId": "look", "parameters": {"path.id": "$response.body#/id"}}
    target, _ = followed(service, link, {"path_id": 9, "deep": "y"})
    assert target == "GET /things/9?deep=y"


def test_a_server_of_the_link(service: Scripted) -> None:
    link = {
        "operationId": "look",
        "parameters": {"path.id": 1},
        "server": {"url": f"{service.url}/other"},
    }
    assert followed(service, link)[0] == "GET /other/things/1"


def test_a_server_of_a_link_is_trusted_as_any_of_the_document(service: Scripted) -> None:
    server = {"url": "https://evil.test/x"}
    link = {"operationId": "look", "parameters": {"path.id": 1}, "server": server}
    content = json.dumps(document(link)).encode()
    service.answers += [Answer(content), json_answer({}, 201)]
    client = Client(f"{service.url}/api.json", base_url=service.url, retries=0)
    made = client.request("make", shop="s")
    with pytest.raises(DocumentError, match="whose origin is not trusted"):
        client.follow(made, "then")


@pytest.mark.parametrize(
    "expression",
    [
        *("$response.body#/none", "$response.body#/a/b/9", "$response.header.none"),
        *("$request.query.none", "$request.path.none", "$request.body#/none"),
        *("$response.body#none", "a{$response.body#/none}"),
    ],
)
def test_what_the_response_lacks_is_named(service: Scripted, expression: str) -> None:
    link = {"operationId": "look", "parameters": {"path.id": expression}}
    with pytest.raises(LinkError, match=r"make: the response has nothing for \$"):
        followed(service, link)
    assert len(service.received) == 1


@pytest.mark.parametrize(
    ("link", "error", "message"),
    [
        ({"operationId": "lok"}, LookupError, "look"),
        ({}, DocumentError, "a link needs operationId or operationRef"),
        ({"operationRef": "#/paths/~1nowhere/get"}, DocumentError, "nowhere"),
        ({"operationRef": "#/info"}, DocumentError, "leads to no operation"),
        ({"operationId": "look", "parameters": {"x": 1}}, DocumentError, "has no parameter 'x'"),
        ({"operationId": "look", "parameters": {"id": 1}}, DocumentError, "has several parameters"),
        ({"operationId": "look", "parameters": {"path.id": "$what"}}, LinkError, "no runtime"),
    ],
)
def test_a_link_that_leads_nowhere(
    service: Scripted, link: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        followed(service, link)


def test_an_unknown_link_names_those_there_are(service: Scripted) -> None:
    service.answers += [json_answer({}, 201)]
    client: Client = service.client(document({"operationId": "look"}))
    made = client.request("make", shop="s")
    message = "make: the document has no link 'than' for a response with 201; there are: then"
    with pytest.raises(LinkError, match=message):
        client.follow(made, "than")
