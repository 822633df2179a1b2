"""Secrets planted in every place, looked for in everything that a person or a log can see."""

from __future__ import annotations

import logging
import pickle
import traceback
from collections.abc import Iterator
from typing import Any

import pytest
from support import Answer, Scripted, answering, json_answer, json_content, one_operation, parameter
from transport.server import HangUp

from dynclient import Client, DynclientError, InvalidResponse, StatusError

SECRET = "pl4nted"
PASSWORD = {"type": "string", "format": "password", "maxLength": 100}
COMPONENTS = {
    "schemas": {
        "Password": PASSWORD,
        "Login": {
            "type": "object",
            "properties": {
                "pin": PASSWORD,
                "deep": {
                    "type": "object",
                    "properties": {"code": {"$ref": "#/components/schemas/Password"}},
                },
                "once": {"type": "string", "writeOnly": True, "maxLength": 100},
                "list": {"type": "array", "items": {"properties": {"pin": PASSWORD}}},
                "client_secret": {"type": "string", "maxLength": 100},
            },
        },
    },
    "securitySchemes": {
        "Header": {"type": "apiKey", "in": "header", "name": "X-Odd-Header"},
        "Query": {"type": "apiKey", "in": "query", "name": "odd_query"},
        "Cookie": {"type": "apiKey", "in": "cookie", "name": "odd_cookie"},
        "Basic": {"type": "http", "scheme": "basic"},
        "Bearer": {"type": "http", "scheme": "bearer"},
    },
}
DOCUMENT = one_operation(
    method="post",
    content=json_content({"$ref": "#/components/schemas/Login"}),
    parameters=[
        parameter("query", {"$ref": "#/components/schemas/Password"}, "q"),
        parameter("query", {"type": "string", "maxLength": 100}, "token"),
        parameter("header", PASSWORD, "X-Pass"),
        parameter("header", {"type": "string", "maxLength": 100}, "Service-CRN"),
        parameter("cookie", PASSWORD, "c"),
    ],
    responses=answering({"type": "object"}),
    components=COMPONENTS,
    security=[{"Header": [], "Query": [], "Cookie": [], "Basic": []}],
)
AUTH = {"Header": SECRET, "Query": SECRET, "Cookie": SECRET, "Basic": ("user", SECRET)}
ARGUMENTS: dict[str, Any] = {
    "q": SECRET,
    "token": SECRET,
    "x_pass": SECRET,
    "service_crn": SECRET,
    "c": SECRET,
    "body": {
        "pin": SECRET,
        "deep": {"code": SECRET},
        "once": SECRET,
        "list": [{"pin": SECRET}],
        "client_secret": SECRET,
    },
}


def shown(error: BaseException) -> str:
    """All that a traceback, a repr or a debugger's first look shows."""
    parts = [repr(error), str(error), *traceback.format_exception(error)]
    for name in ("request", "response", "violations"):
        parts.append(repr(getattr(error, name, "")))
    request = getattr(error, "request", None)
    if request is not None:
        parts += [request.url, repr(request.headers.pairs()), repr(request.content)]
    return "\n".join(parts)


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Everything that is logged, at every level; checked at the end."""
    with caplog.at_level(logging.DEBUG):
        yield caplog
    assert SECRET not in caplog.text


@pytest.fixture
def client(service: Scripted, logged: pytest.LogCaptureFixture) -> Client:
    return service.client(DOCUMENT, auth=AUTH)


def test_the_secrets_do_arrive(client: Client, service: Scripted) -> None:
    client.call("op", **ARGUMENTS)
    (received,) = service.received
    assert received.target.count(SECRET) == 3
    assert received.body.decode().count(SECRET) == 5
    assert received.headers["x-odd-header"] == SECRET
    assert received.headers["cookie"].count(SECRET) == 2


def test_requests_and_explanations_show_none(client: Client) -> None:
    request = client.prepare("op", **ARGUMENTS)
    explanation = client.explain("op", **ARGUMENTS)
    response = client.request("op", **ARGUMENTS)
    redacted = request.redacted()
    for text in (
        repr(request),
        str(request.headers),
        repr(redacted.headers.pairs()),
        redacted.url,
        repr(redacted.content),
        str(explanation),
        repr(explanation),
        explanation.curl,
        repr(response),
        repr(response.request),
        repr(client),
        repr(client.ops),
        repr(client.ops.op),
        repr(client.operations["op"]),
    ):
        assert SECRET not in text
        assert text
    assert str(explanation).count("[redacted]") > 10


TOO_LONG = SECRET * 50
WRONG: list[tuple[str, dict[str, Any]]] = [
    *[(name, {name: TOO_LONG}) for name in ("q", "token", "x_pass", "service_crn", "c")],
    ("pin", {"body": {"pin": TOO_LONG}}),
    ("pin of a wrong type", {"body": {"pin": [SECRET]}}),
    ("deep", {"body": {"deep": {"code": TOO_LONG}}}),
    ("once", {"body": {"once": TOO_LONG}}),
    ("list", {"body": {"list": [{"pin": TOO_LONG}]}}),
    ("client_secret", {"body": {"client_secret": TOO_LONG}}),
    ("unreadable JSON", {"body": f'{{"pin": "{SECRET}'.encode()}),
    ("two lines", {"x_pass": f"{SECRET}\n"}),
    ("beside an unknown argument", {"nonsense": 1, "q": SECRET, "body": {"pin": SECRET}}),
]


@pytest.mark.parametrize("engine", ["compiled", "openapi-core"])
@pytest.mark.parametrize("wrong", [w for _, w in WRONG], ids=[name for name, _ in WRONG])
def test_a_refused_request_shows_none(
    client: Client, service: Scripted, wrong: dict[str, Any], engine: Any
) -> None:
    with pytest.raises(DynclientError) as caught:
        client.with_options(engine=engine).call("op", **{"body": {}, **wrong})
    assert SECRET not in shown(caught.value)
    assert service.received == []


@pytest.mark.parametrize("engine", ["compiled", "openapi-core"])
@pytest.mark.parametrize(
    "answer",
    [
        Answer(b"[]"),
        Answer(b"<html>"),
        Answer(b"{}", 418),
        Answer(b"{}", 500),
        Answer(b"x", content_type="text/plain"),
        Answer(f'[{{"password": "{SECRET}"}}]'.encode()),
        HangUp,
    ],
)
def test_a_failed_exchange_shows_none(
    client: Client, service: Scripted, answer: Any, engine: Any
) -> None:
    service.answers += [answer, answer]
    with pytest.raises(DynclientError) as caught:
        client.with_options(engine=engine).call("op", **ARGUMENTS)
    assert SECRET not in shown(caught.value)


@pytest.mark.parametrize("engine", ["compiled", "openapi-core"])
def test_a_secret_in_a_response_is_not_quoted(
    service: Scripted, logged: pytest.LogCaptureFixture, engine: Any
) -> None:
    short = {"properties": {"pin": {**PASSWORD, "maxLength": 1}}}
    schema = {
        "properties": {
            "password": {"type": "integer"},
            "pin": {"type": "string", "format": "password", "maxLength": 1},
            "either": {"anyOf": [{"type": "string"}, short]},
        }
    }
    responses = answering(schema, headers={"X-Auth-Token": {"schema": {"type": "integer"}}})
    body = f'{{"password": "{SECRET}", "pin": "{SECRET}", "either": {{"pin": "{SECRET}"}}}}'
    service.answers.append(Answer(body.encode(), fields=[("X-Auth-Token", SECRET)]))
    client = service.client(one_operation(responses=responses), engine=engine, validate="warn")
    response = client.request("op")
    assert len(response.violations) == 4
    assert SECRET not in repr(response.violations)
    assert logged.records


def test_a_form_body_and_a_url_with_a_password_show_none() -> None:
    schema = {"type": "object", "properties": {"pin": PASSWORD, "name": {}}}
    content = json_content(schema, "application/x-www-form-urlencoded")
    document = one_operation(method="post", content=content)
    client = Client(document, base_url=f"http://user:{SECRET}@api.test")
    redacted = client.prepare("op", pin=SECRET, name="shown").redacted()
    assert redacted.content == b"pin=[redacted]&name=shown"
    assert SECRET not in redacted.url
    assert SECRET not in repr(client)
    assert SECRET not in str(client.explain("op", pin=SECRET))


def test_a_missing_credential_is_named_and_the_others_are_not_shown(
    service: Scripted, logged: pytest.LogCaptureFixture
) -> None:
    client = service.client(DOCUMENT, auth={"Header": SECRET, "Query": SECRET})
    with pytest.raises(DynclientError) as caught:
        client.call("op", body={})
    assert set(caught.value.missing) == {"Cookie", "Basic"}  # type: ignore[attr-defined]
    assert SECRET not in shown(caught.value)
    assert service.received == []


LOGIN = {"type": "object", "properties": {"pin": PASSWORD, "name": {"type": "string"}}}


@pytest.mark.parametrize(
    "settings",
    [
        {"style": "deepObject", "explode": True},
        {"style": "form", "explode": True},
        {"style": "form", "explode": False},
        {"content": json_content(LOGIN)},
    ],
)
def test_a_secret_member_of_an_object_in_the_query_is_not_shown(settings: dict[str, Any]) -> None:
    client = Client(one_operation(parameters=[parameter("query", LOGIN, "f", **settings)]))
    value = {"pin": SECRET, "name": "n"}
    request = client.prepare("op", f=value)
    assert SECRET in request.url
    assert SECRET not in request.redacted().url
    assert SECRET not in repr(request)
    assert SECRET not in str(client.explain("op", f=value))


def test_a_secret_in_the_path_is_not_shown() -> None:
    document = one_operation(
        path="/reset/{token}/{page}",
        parameters=[
            parameter("path", {"type": "string", "format": "password"}, "token"),
            parameter("path", {"type": "string"}, "page"),
        ],
    )
    client = Client(document, base_url="http://127.0.0.1:1")
    request = client.prepare("op", token="s3kr/t", page="one")
    assert request.url.endswith("/reset/s3kr%2Ft/one")
    assert repr(request) == "<HttpRequest GET http://127.0.0.1:1/reset/[redacted]/one>"
    assert "s3kr" not in request.redacted().url


@pytest.mark.parametrize(
    ("style", "value"),
    [
        ("simple", SECRET),
        ("label", SECRET),
        ("matrix", SECRET),
        ("simple", [SECRET, "another-secret"]),
        ("simple", {"pin": SECRET}),
    ],
)
def test_a_secret_in_the_path_is_in_no_message_and_no_pickle(
    service: Scripted, style: str, value: Any
) -> None:
    schema = {
        str: PASSWORD,
        list: {"type": "array", "items": PASSWORD},
        dict: {"type": "object", "additionalProperties": PASSWORD},
    }[type(value)]
    entry = parameter("path", schema, "code", style=style)
    document = one_operation(path="/reset/{code}", parameters=[entry])
    service.answers += [json_answer({"detail": f"there is no code {SECRET} here"}, 404)]
    client = service.client(document)
    with pytest.raises(StatusError) as caught:
        client.call("op", code=value)
    assert "there is no code [redacted] here" in str(caught.value)
    kept = pickle.loads(pickle.dumps(caught.value)).response.request
    assert SECRET.encode() not in pickle.dumps(kept)
    request = client.prepare("op", code=value)
    explained = str(client.explain("op", code=value))
    assert SECRET not in f"{request!r} {explained} {request.redacted().url}"
    assert SECRET not in repr(request.redacted().redactor)


@pytest.mark.parametrize(
    ("location", "settings", "schema", "value"),
    [
        ("query", {}, {"type": "object", "additionalProperties": PASSWORD}, {"free": SECRET}),
        (
            "query",
            {"style": "deepObject"},
            {"type": "object", "additionalProperties": PASSWORD},
            {"free": SECRET},
        ),
        ("query", {}, {"type": "array", "items": PASSWORD}, [SECRET]),
        ("cookie", {}, {"type": "object", "additionalProperties": PASSWORD}, {"free": SECRET}),
        ("header", {}, {"type": "object", "additionalProperties": PASSWORD}, {"free": SECRET}),
        ("header", {}, {"type": "array", "items": PASSWORD}, [SECRET]),
    ],
)
def test_secret_items_and_members_of_any_name_are_not_shown(
    location: str, settings: dict[str, Any], schema: dict[str, Any], value: Any
) -> None:
    client = Client(one_operation(parameters=[parameter(location, schema, "f", **settings)]))
    request = client.prepare("op", f=value).redacted()
    assert SECRET not in f"{request.url} {request.headers.pairs()}"
    assert SECRET not in str(client.explain("op", f=value))


@pytest.mark.parametrize("status", [200, 401])
def test_a_credential_that_the_server_repeats_is_in_no_message(
    service: Scripted, status: int
) -> None:
    document = one_operation(
        responses={
            str(status): {
                "description": "an answer",
                "content": json_content(
                    {
                        "type": "object",
                        "properties": {"message": {"type": "string", "maxLength": 3}},
                    }
                ),
            }
        },
        security=[{"key": []}],
        components={"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
    )
    service.answers += [json_answer({"message": "bad token Bearer top-secret-123"}, status)] * 2
    client = service.client(document, auth={"key": "top-secret-123"})
    with pytest.raises(DynclientError) as caught:
        client.call("op")
    assert "bad token" in str(caught.value)
    assert "top-secret-123" not in f"{caught.value} {caught.value!r}"
    assert isinstance(caught.value, InvalidResponse | StatusError)
    assert caught.value.response.data == {"message": "bad token Bearer top-secret-123"}
