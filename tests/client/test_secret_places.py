"""`format: password` in every place of a request, looked for in everything that shows one."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from leaks import all_of, leaks
from support import Answer, Scripted, answering, json_answer, json_content, one_operation, parameter
from transport.server import HangUp

from dynclient import (
    Client,
    File,
    InvalidRequest,
    LoggingObserver,
    Options,
    StatusError,
    TransportError,
)
from dynclient.cli.program import program

SECRET = "pl4nt/d \u20ac\"it'"
PLAIN = "pl4nted-it"  # where no other may stand
PASSWORD = {"type": "string", "format": "password", "maxLength": 100}
SCHEMAS: dict[str, tuple[Any, Any]] = {
    "a string": (PASSWORD, SECRET),
    "by anyOf": ({"anyOf": [{"type": "integer"}, PASSWORD]}, SECRET),
    "items": ({"type": "array", "items": PASSWORD}, [SECRET, "other"]),
    "items of items": (
        {"type": "array", "items": {"type": "array", "items": PASSWORD}},
        [[SECRET]],
    ),
    "prefixItems": ({"type": "array", "prefixItems": [PASSWORD]}, [SECRET]),
    "contains": ({"type": "array", "contains": PASSWORD}, [SECRET]),
    "members": ({"type": "object", "additionalProperties": PASSWORD}, {"free": SECRET}),
    "members by pattern": (
        {"type": "object", "patternProperties": {"^f": PASSWORD}},
        {"free": SECRET},
    ),
    "a property": ({"type": "object", "properties": {"pin": PASSWORD}}, {"pin": SECRET}),
    "items of a property": (
        {"type": "object", "properties": {"codes": {"type": "array", "items": PASSWORD}}},
        {"codes": [SECRET], "name": "n"},
    ),
    "members of a property": (
        {
            "type": "object",
            "properties": {"env": {"type": "object", "additionalProperties": PASSWORD}},
        },
        {"env": {"free": SECRET}},
    ),
    "a component": ({"$ref": "#/components/schemas/Secret"}, SECRET),
    "items that are a component": (
        {"type": "array", "items": {"$ref": "#/components/schemas/Secret"}},
        [SECRET],
    ),
    "a tree": (
        {"$ref": "#/components/schemas/Tree"},
        {"kids": [{"kids": [], "codes": {"free": SECRET}}]},
    ),
    "write only": ({"type": "array", "items": {"type": "string", "writeOnly": True}}, [SECRET]),
}
_SECRET = "#/components/schemas/Secret"
COMPONENTS = {
    "schemas": {
        "Secret": PASSWORD,
        "Tree": {
            "type": "object",
            "properties": {
                "kids": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}},
                "codes": {"$ref": "#/components/schemas/Codes"},
            },
        },
        "Codes": {
            "type": "object",
            "additionalProperties": {"$ref": "#/components/schemas/Secret"},
        },
    }
}
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def body_of(schema: Any, media_type: str = JSON) -> dict[str, Any]:
    return {"method": "post", "content": json_content(schema, media_type)}


def query_of(schema: Any, **settings: Any) -> dict[str, Any]:
    return {"parameters": [parameter("query", schema, "p", **settings)]}


OBJECTS = ("members", "members by pattern", "a property", "items of a property")
FLAT = (*OBJECTS[:3], "items", "a string", "a component", "prefixItems", "write only")
CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    *((f"JSON body, {n}", body_of(s), {"body": v}) for n, (s, v) in SCHEMAS.items()),
    *((f"vendor JSON, {n}", body_of(s, "application/x+json"), {"body": v})
      for n, (s, v) in SCHEMAS.items()),
    *((f"{kind}, {n}", body_of(SCHEMAS[n][0], kind), {"body": SCHEMAS[n][1]})
      for kind in (FORM, "multipart/form-data") for n in OBJECTS),
    *((f"query, {n}", query_of(SCHEMAS[n][0]), {"p": SCHEMAS[n][1]}) for n in FLAT),
    *((f"deep object, {n}", query_of(SCHEMAS[n][0], style="deepObject"), {"p": SCHEMAS[n][1]})
      for n in OBJECTS[:3]),
    *((f"query, not exploded, {n}", query_of(SCHEMAS[n][0], explode=False), {"p": SCHEMAS[n][1]})
      for n in FLAT),
    *((f"query as JSON, {n}", query_of(None, content=json_content(s)), {"p": v})
      for n, (s, v) in SCHEMAS.items()),
    *((f"XML, {n}", body_of({**SCHEMAS[n][0], "xml": {"name": "r"}}, "application/xml"),
       {"body": SCHEMAS[n][1]})
      for n in ("a property", "items of a property")),
    *((f"JSON Lines, {n}", {"method": "post", "version": "3.2.0", "content":
       {"application/jsonl": {"itemSchema": SCHEMAS[n][0]}}}, {"body": [SCHEMAS[n][1]] * count})
      for n in ("a string", "items", "a property") for count in (1, 2)),
    ("text body", body_of(PASSWORD, "text/plain"), {"body": SECRET}),
    ("text of another kind", body_of(PASSWORD, "text/csv"), {"body": SECRET}),
    ("octets", body_of(PASSWORD, "application/octet-stream"), {"body": PLAIN.encode()}),
    ("a file", body_of({"properties": {"pin": PASSWORD}}, "multipart/form-data"),
     {"body": {"pin": File(SECRET.encode(), filename="a")}}),
    *((f"{place}, {style}, {n}",
       {"path": "/x/{p}" if place == "path" else "/x",
        "parameters": [parameter(place, SCHEMAS[n][0], "p", style=style)]},
       {"p": json.loads(json.dumps(SCHEMAS[n][1], ensure_ascii=False)
                        .replace(json.dumps(SECRET, ensure_ascii=False), json.dumps(PLAIN)))})
      for place, styles in
      (("path", ("simple", "label", "matrix")), ("header", ("simple",)), ("cookie", ("form",)))
      for style in styles for n in FLAT),
]  # fmt: skip


def client_of(service: Scripted, operation: dict[str, Any], **settings: Any) -> Client:
    responses = {**answering({"type": "object"}), **answering({"type": "object"}, "404")}
    document = one_operation(**operation, responses=responses, components=COMPONENTS)
    return service.client(document, **settings)


@pytest.fixture(params=CASES, ids=[name for name, _, _ in CASES])
def case(request: pytest.FixtureRequest) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """(the operation, its arguments by name, its body as a keyword)."""
    _, operation, given = request.param
    named = {name: value for name, value in given.items() if name != "body"}
    return operation, named, {"body": given["body"]} if "body" in given else {}


def found_in(text: str | bytes) -> list[str]:
    return leaks(text, SECRET, PLAIN)


def test_it_is_sent(service: Scripted, case: Any) -> None:
    operation, arguments, body = case
    client_of(service, operation).call("op", arguments, **body)
    (received,) = service.received
    cookie = received.headers.get("cookie", "")
    assert found_in(f"{received.target} {received.headers} {cookie} {received.body.decode()}")


def test_no_preview_of_a_request_shows_it(service: Scripted, case: Any) -> None:
    operation, arguments, body = case
    client = client_of(service, operation)
    request = client.prepare("op", arguments, **body)
    explanation = client.explain("op", arguments, **body)
    assert found_in(all_of(request)) == []
    assert found_in(f"{explanation} {explanation!r} {explanation.curl}") == []
    assert found_in(pickle.dumps(request.redacted())) == []


@pytest.mark.parametrize("transport", [None, "requests"])
def test_no_log_shows_it(
    service: Scripted, case: Any, transport: Any, caplog: pytest.LogCaptureFixture
) -> None:
    operation, arguments, body = case
    observers = [LoggingObserver()]
    with (
        caplog.at_level("DEBUG"),
        client_of(service, operation, transport=transport, observers=observers) as client,
    ):
        client.call("op", arguments, **body)
    assert "op" in caplog.text
    assert found_in(caplog.text) == []


def test_an_error_of_a_server_that_repeats_it_does_not_show_it(
    service: Scripted, case: Any
) -> None:
    operation, arguments, body = case
    said = f"there is no {SECRET} and no {PLAIN} here, {'x' * 250} {SECRET}{PLAIN}"
    service.answers += [json_answer({"detail": said}, 404)]
    with pytest.raises(StatusError) as caught:
        client_of(service, operation).call("op", arguments, **body)
    planted = PLAIN if PLAIN in f"{arguments} {body}" else SECRET
    assert "there is no " in str(caught.value)
    assert leaks(f"{caught.value} {caught.value!r}", planted) == []
    kept = pickle.loads(pickle.dumps(caught.value)).response.request
    assert found_in(all_of(kept)) == []
    assert found_in(pickle.dumps(kept)) == []


@pytest.mark.parametrize("engine", ["compiled", "openapi-core"])
def test_a_refused_request_does_not_show_it(service: Scripted, case: Any, engine: Any) -> None:
    operation, arguments, body = case
    client = client_of(service, operation, engine=engine)
    arguments, body = _too_long(arguments), _too_long(body)
    refusal = _refusal(client, arguments, body)  # None where nothing is said of its length
    assert found_in(all_of(refusal)) == []


def _refusal(client: Client, arguments: Any, body: Any) -> InvalidRequest | None:
    try:
        client.call("op", arguments, **body)
    except InvalidRequest as error:
        return error
    return None


def _too_long(value: Any) -> Any:
    if isinstance(value, str):
        return value * 50 if value in (SECRET, PLAIN) else value
    if isinstance(value, list):
        return [_too_long(item) for item in value]
    return {n: _too_long(v) for n, v in value.items()} if isinstance(value, dict) else value


def test_a_broken_connection_does_not_show_it(service: Scripted, case: Any) -> None:
    operation, arguments, body = case
    service.answers += [HangUp, HangUp]
    with pytest.raises(TransportError) as caught:
        client_of(service, operation).call("op", arguments, **body)
    assert found_in(all_of(caught.value)) == []
    assert found_in(pickle.dumps(caught.value)) == []


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_dry_run_does_not_show_it(service: Scripted, tmp_path: Path, name: str) -> None:
    schema, value = SCHEMAS[name]
    document = one_operation(**body_of(schema), components=COMPONENTS)
    (tmp_path / "document.json").write_text(json.dumps(document))
    arguments = ["--body", json.dumps(value), "--dry-run", "--base-url", service.url]
    command = ["call", "--doc", str(tmp_path / "document.json"), "op", *arguments]
    done = CliRunner().invoke(program, command, env={"HOME": str(tmp_path)})
    assert done.exit_code == 0, done.output
    assert "curl" in done.output
    assert found_in(done.output) == []


# Header fields of the caller's own ---------------------------------------------------------------

FIELDS = [
    "PRIVATE-TOKEN", "JOB-TOKEN", "X-Vault-Token", "X-Auth-Key", "Ocp-Apim-Subscription-Key",
    "X-Functions-Key", "X-JWT-Assertion", "DD-API-KEY", "X-Goog-Api-Key", "X-RapidAPI-Key",
    "X-Amz-Security-Token", "X-Shopify-Access-Token", "CF-Access-Client-Secret", "X-MBX-APIKEY",
    "X-Forwarded-Authorization", "X-Csrf_Token", "X-Session-Id", "DPoP", "Proxy-Authorization",
]  # fmt: skip
OPEN = ["Idempotency-Key", "Accept-Language", "X-Request-Id", "If-Match", "X-Tokenizer", "Monkey"]


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_that_the_caller_adds_is_masked_everywhere(
    service: Scripted, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    client = client_of(service, {}, observers=[LoggingObserver()])
    options = Options(headers={name: PLAIN})
    assert found_in(all_of(client.prepare("op", options=options))) == []
    explanation = client.explain("op", options=options)
    assert found_in(f"{explanation} {explanation.curl}") == []
    service.answers += [json_answer({"detail": f"who is {PLAIN}?"}, 404)]
    with caplog.at_level("DEBUG"), pytest.raises(StatusError) as caught:
        client.call("op", options=options)
    assert service.received[-1].headers[name.lower()] == PLAIN
    assert found_in(caplog.text) == []
    assert found_in(f"{caught.value} {caught.value!r}") == []
    assert found_in(pickle.dumps(caught.value.response.request.redacted())) == []


@pytest.mark.parametrize("name", OPEN)
def test_a_field_of_another_name_is_shown(service: Scripted, name: str) -> None:
    explanation = client_of(service, {}).explain("op", options=Options(headers={name: "shown"}))
    assert f"{name}: shown" in str(explanation)


@pytest.mark.parametrize("transport", [None, "requests"])
def test_fields_and_credentials_of_the_caller_stay_at_their_origin(
    service: Scripted, transport: Any
) -> None:
    elsewhere = Scripted()
    try:
        place = [("Location", f"{elsewhere.url}/landed?from=there")]
        service.answers += [Answer(b"", 302, fields=[("Location", "/again")])]
        service.answers += [Answer(b"", 302, fields=place)]
        document = one_operation(
            responses=answering({"type": "object"}),
            security=[{"Header": [], "Query": [], "Cookie": []}],
            components={
                "securitySchemes": {
                    "Header": {"type": "apiKey", "in": "header", "name": "X-Mine"},
                    "Query": {"type": "apiKey", "in": "query", "name": "mine"},
                    "Cookie": {"type": "apiKey", "in": "cookie", "name": "mine"},
                }
            },
        )
        auth = dict.fromkeys(("Header", "Query", "Cookie"), PLAIN)
        options = Options(headers={"X-Vault-Token": PLAIN, "X-Plain": "for you alone"})
        with service.client(document, auth=auth, transport=transport) as client:
            assert client.call("op", options=options) == {}
        first, second = service.received
        assert [request.headers["x-vault-token"] for request in (first, second)] == [PLAIN] * 2
        assert first.headers["x-mine"] == second.headers["x-mine"] == PLAIN
        (landed,) = elsewhere.received
        assert landed.target == "/landed?from=there"
        assert found_in(f"{landed.target} {landed.headers}") == []
        assert not {"x-vault-token", "x-plain", "x-mine", "cookie"} & set(landed.headers)
    finally:
        elsewhere.server.close()
