"""What comes back: empty bodies, charsets, text that is not Unicode, broken parts of a document."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from support import Sends, json_content, one_operation

from dynclient import Client, DocumentError, Headers, HttpResponse, Options, Response, Validation

JSON, TEXT, FORM = "application/json", "text/plain", "application/x-www-form-urlencoded"
LINES, SEQ, EVENTS = "application/jsonl", "application/json-seq", "text/event-stream"
OCTETS = "application/octet-stream"


def parsed(
    content: Any,
    body: bytes,
    content_type: str | None,
    *,
    status: int = 200,
    version: str = "3.2.0",
    **more: Any,
) -> Response:
    """What the operation makes of a response; nothing is raised."""
    responses = more.pop("responses", {str(status): {"description": "", "content": content}})
    client = Client({**one_operation(responses=responses, **more), "openapi": version})
    fields = [("Content-Type", content_type)] if content_type is not None else []
    return client.operations["op"].parse(HttpResponse(status, Headers(fields), body))


def rules(response: Response) -> list[str]:
    return [v.rule for v in response.violations]


# ── no bytes at all ──────────────────────────────────────────────────────────────────────────────

ROWS: dict[str, Any] = {"itemSchema": {"type": "object"}}
LONG = {"schema": {"type": "string", "minLength": 1}}
NEEDED = {"schema": {"type": "object", "required": ["a"]}}
EMPTY: list[tuple[Any, str | None, Any, list[str]]] = [
    # content, the type that came → data, rules
    ({JSON: {}, TEXT: {}}, JSON, None, ["empty"]),
    ({JSON: {}, TEXT: {}}, TEXT, "", []),
    ({JSON: {}, TEXT: {}}, None, "", []),
    ({JSON: {}}, None, None, ["empty"]),
    ({"*/*": {}}, JSON, None, ["empty"]),
    ({"*/*": {}}, OCTETS, b"", []),
    ({"*/*": {}}, None, None, []),
    ({"application/problem+json": {}}, "application/problem+json", None, ["empty"]),
    ({"application/xml": {"schema": {"type": "object"}}}, "application/xml", None, ["empty"]),
    ({OCTETS: {}}, OCTETS, b"", []),
    ({OCTETS: {}}, None, b"", []),
    ({"image/*": {}}, "image/png", b"", []),
    ({TEXT: LONG}, TEXT, "", ["minLength"]),
    ({TEXT: LONG}, None, "", ["minLength"]),
    ({FORM: {}}, FORM, {}, []),
    ({FORM: NEEDED}, FORM, {}, ["required"]),
    ({LINES: ROWS}, LINES, [], []),
    ({SEQ: ROWS}, SEQ, [], []),
    ({EVENTS: ROWS}, EVENTS, [], []),
    ({LINES: {"schema": {"type": "array", "minItems": 1}}}, LINES, [], ["minItems"]),
    ({LINES: {}}, LINES, b"", []),
    ({"multipart/mixed": {}}, "multipart/mixed; boundary=x", b"", []),
    ({JSON: {}}, OCTETS, b"", ["content-type"]),
    ({OCTETS: {}}, JSON, None, ["content-type"]),
    ({}, JSON, None, []),
]


@pytest.mark.parametrize(("content", "content_type", "data", "found"), EMPTY)
def test_no_bytes_are_what_the_type_that_came_makes_of_them(
    content: Any, content_type: str | None, data: Any, found: list[str]
) -> None:
    response = parsed(content, b"", content_type)
    assert response.data == data
    assert type(response.data) is type(data)
    assert rules(response) == found


@pytest.mark.parametrize("status", [204, 205, 304])
@pytest.mark.parametrize("content", [{JSON: NEEDED}, {TEXT: LONG}])
def test_a_status_without_a_body_has_none_whatever_is_declared(content: Any, status: int) -> None:
    response = parsed(content, b"", None, status=status)
    assert (response.data, response.violations) == (None, ())


# ── charsets ─────────────────────────────────────────────────────────────────────────────────────

NO_CHARSETS = ["hex", "base64", "rot13", "zlib", "bz2", "quopri", "uu", "idna", "punycode",
               "undefined", "unicode_escape", "raw_unicode_escape", "utf-8\0", "nonsense", "\u20ac",
               "x" * 5000]  # fmt: skip


@pytest.mark.parametrize("charset", NO_CHARSETS)
def test_what_is_no_charset_counts_as_unknown_in_both_directions(charset: str) -> None:
    kind = f'{TEXT}; charset="{charset}"'
    response = parsed({TEXT: {}}, "ü\\n".encode(), kind)
    assert response.data == "ü\\n"
    assert response.text == "ü\\n"
    assert response.violations == ()
    if charset.isprintable() and charset.isascii():
        client = Client(one_operation(method="post", content={TEXT: {}}))
        options = Options(content_type=kind)
        assert client.prepare("op", body="ü\\n", options=options).content == "ü\\n".encode()


@pytest.mark.parametrize("charset", ["latin-1", "ISO-8859-15", "utf-16", "cp1252", "shift_jis"])
def test_charsets_are_known(charset: str) -> None:
    response = parsed({TEXT: {}}, "a¥".encode(charset, "replace"), f"{TEXT}; charset={charset}")
    assert response.data[0] == "a"
    assert response.violations == ()


# ── text that is not Unicode ─────────────────────────────────────────────────────────────────────

LONE: list[tuple[Any, bytes, list[tuple[str, str]]]] = [
    ({"type": "string"}, b'"\\ud800"', [("encoding", "")]),
    ({"type": "integer"}, b'"\\ud800"', [("encoding", ""), ("type", "")]),
    ({"required": ["b"]}, b'{"a": ["\\ud800"]}', [("encoding", "/a/0"), ("required", "")]),
    (
        {"properties": {"a": {"maxLength": 0}}},
        b'{"a": "\\ud800"}',
        [("encoding", "/a"), ("maxLength", "/a")],
    ),
    (
        {"additionalProperties": False},
        b'{"\\ud800": 1}',
        [("encoding", ""), ("additionalProperties", "")],
    ),
]


@pytest.mark.parametrize(("schema", "body", "found"), LONE)
def test_a_lone_surrogate_is_reported_with_its_place_beside_what_else_is_wrong(
    schema: Any, body: bytes, found: list[tuple[str, str]]
) -> None:
    response = parsed(json_content(schema), body, JSON)
    assert [(v.rule, v.pointer) for v in response.violations][: len(found)] == found
    for violation in response.violations:
        str(violation).encode()  # it can be printed
    pickle.dumps(response)


# ── parts of the document that are broken ────────────────────────────────────────────────────────

BROKEN: list[Any] = [
    {"$ref": "#/components/responses/Nowhere"},
    {"description": "", "content": json_content({"$ref": "#/nowhere"})},
    {"description": "", "content": {JSON: {"$ref": "#/components/mediaTypes/Nowhere"}}},
    {"description": "", "headers": {"X-A": {"$ref": "#/nowhere"}}, "content": json_content({})},
]


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("validate", ["strict", "off"])
def test_a_broken_response_does_not_stand_in_the_way_of_another(broken: Any, validate: str) -> None:
    responses = {"200": {"description": "", "content": json_content({"type": "object"})}}
    document = one_operation(responses={**responses, "400": broken}, version="3.2.0")
    answers = iter([(200, b"{}"), (400, b'{"why": 1}')])

    def send(_: Any) -> HttpResponse:
        status, content = next(answers)
        return HttpResponse(status, Headers({"Content-Type": JSON}), content)

    client = Client(document, transport=Sends(send), validate=validate)
    assert client.call("op") == {}
    response = client.request("op", options=Options(raise_for="never", validate="warn"))
    assert response.data == {"why": 1}
    assert [v.rule for v in response.violations] == ["document"]
    assert "leads nowhere" in response.violations[0].message
    with pytest.raises(DocumentError):
        client.operations["op"].compile()


def test_a_broken_success_is_reported_before_anything_is_sent() -> None:
    document = one_operation(responses={"200": BROKEN[1]})
    with pytest.raises(DocumentError, match="leads nowhere"):
        Client(document, transport=Sends(lambda _: pytest.fail("sent"))).call("op")


def test_a_status_is_declared_by_itself_or_by_its_range() -> None:
    said = {"description": ""}
    client = Client(one_operation(responses={"302": said, "4XX": said, "default": said}))
    plan = client.operations["op"].response_plan()
    assert [plan.declares(status) for status in (302, 303, 404, 200)] == [True, False, True, False]


# ── media types by reference, in headers ─────────────────────────────────────────────────────────


def test_a_header_with_content_by_reference_is_judged() -> None:
    header = {"content": {JSON: {"$ref": "#/components/mediaTypes/N"}}}
    components = {"mediaTypes": {"N": {"schema": {"type": "integer"}}}}
    responses = {"200": {"description": "", "headers": {"X-N": header}}}
    document = one_operation(responses=responses, components=components, version="3.2.0")
    operation = Client(document).operations["op"]
    right, wrong = (
        operation.parse(HttpResponse(200, Headers({"X-N": text}), b"")) for text in ("5", '"x"')
    )
    assert right.violations == ()
    assert [(v.where, v.rule) for v in wrong.violations] == [("response.header.X-N", "type")]


# ── secrets in bodies ────────────────────────────────────────────────────────────────────────────

SECRET = {"type": "string", "format": "password"}
HIDDEN: list[tuple[str, Any, Any]] = [
    (JSON, {"type": "array", "items": SECRET}, ["hunter22"]),
    (JSON, SECRET, "hunter22"),
    (JSON, {"type": "object", "additionalProperties": SECRET}, {"x": "hunter22"}),
    (JSON, {"properties": {"keys": {"type": "array", "items": SECRET}}}, {"keys": ["hunter22"]}),
    (JSON, {"properties": {"keys": {"additionalProperties": SECRET}}}, {"keys": {"a": "hunter22"}}),
    (JSON, {"properties": {"o": {"properties": {"keys": {"items": SECRET}}}}},
     {"o": {"keys": ["hunter22"]}}),
    (JSON, {"$ref": "#/components/schemas/S"}, "hunter22"),
    (JSON, {"patternProperties": {"^k": SECRET}}, {"key": "hunter22"}),
    (JSON, {"prefixItems": [{}, SECRET]}, [1, "hunter22"]),
    (TEXT, SECRET, "hunter22"),
    (FORM, {"properties": {"keys": {"type": "array", "items": SECRET}}}, {"keys": ["hunter22"]}),
    (LINES, {"type": "array", "items": {"properties": {"pin": SECRET}}}, [{"pin": "hunter22"}]),
]  # fmt: skip


@pytest.mark.parametrize(("media_type", "schema", "body"), HIDDEN)
def test_secrets_of_a_body_are_masked_wherever_it_is_shown(
    media_type: str, schema: Any, body: Any
) -> None:
    document = one_operation(
        method="post",
        content=json_content(schema, media_type),
        components={"schemas": {"S": SECRET}},
        version="3.2.0",
    )

    def send(_: Any) -> HttpResponse:
        return HttpResponse(200, Headers(), b"")

    client = Client(document, transport=Sends(send))
    request = client.prepare("op", body=body)
    assert isinstance(request.content, bytes)
    assert b"hunter22" in request.content
    response = client.request("op", body=body)
    shown = [
        request.redacted().content,
        str(client.explain("op", body=body)),
        pickle.dumps(response),
    ]
    assert not [each for each in shown if "hunter22" in str(each)]
    assert "redacted" in str(shown[0])


def test_what_is_not_secret_is_shown() -> None:
    schema = {"properties": {"keys": {"type": "array", "items": SECRET}, "name": {}}}
    client = Client(one_operation(method="post", content=json_content(schema)))
    request = client.prepare("op", body={"keys": ["hunter22"], "name": "ann"})
    assert request.redacted().content == b'{"keys":"[redacted]","name":"ann"}'


def test_levels_say_what_an_empty_body_comes_to() -> None:
    responses = {"200": {"description": "", "content": {TEXT: LONG}}}
    operation = Client(one_operation(responses=responses)).operations["op"]
    http = HttpResponse(200, Headers({"Content-Type": TEXT}), b"")
    assert operation.parse(http, policy=Validation(body="off")).violations == ()


# ── the values of headers ────────────────────────────────────────────────────────────────────────

FIELDS: list[tuple[str, Any, list[str], Any]] = [
    ("X-N", {"schema": {"type": "integer"}}, ["5"], 5),
    ("X-L", {"schema": {"type": "array", "items": {"type": "integer"}}}, ["1, 2", "3"], [1, 2, 3]),
    ("x-o", {"schema": {"type": "object"}, "explode": True}, ["a=1,b=2"], {"a": "1", "b": "2"}),
    ("X-J", {"content": {JSON: {"schema": {"type": "object"}}}}, ['{"a": 1}'], {"a": 1}),
    ("Set-Cookie", {"schema": {"type": "string"}}, ["a=1"], ["a=1"]),
    ("Set-Cookie", {"schema": {"type": "string"}}, ["a=1", "b=2"], ["a=1", "b=2"]),
    ("Set-Cookie", {"schema": {"type": "array"}}, ["a=1", "b=2"], ["a=1", "b=2"]),
    ("X-Wrong", {"schema": {"type": "integer"}}, ["many"], "many"),
]


@pytest.mark.parametrize(("name", "header", "lines", "value"), FIELDS)
@pytest.mark.parametrize("headers", ["strict", "off"])
def test_the_values_of_declared_headers_are_kept(
    name: str, header: Any, lines: list[str], value: Any, headers: Any
) -> None:
    other = {"schema": {"type": "integer"}}
    responses = {"200": {"description": "", "headers": {name: header, "X-Other": other}}}
    operation = Client(one_operation(responses=responses)).operations["op"]
    fields = Headers([*((name.lower(), line) for line in lines), ("X-More", "1")])
    response = operation.parse(HttpResponse(200, fields), policy=Validation(headers=headers))
    assert response.header_values == {name: value}
    assert pickle.loads(pickle.dumps(response)).header_values == {name: value}


def test_the_values_of_headers_are_there_before_the_body() -> None:
    header = {"schema": {"type": "integer"}}
    responses = {"200": {"description": "", "headers": {"X-N": header}, "content": {OCTETS: {}}}}

    def send(_: Any) -> HttpResponse:
        return HttpResponse(200, Headers({"Content-Type": OCTETS, "X-N": "5"}), b"x")

    client = Client(one_operation(responses=responses), transport=Sends(send))
    with client.stream("op") as response:
        assert response.header_values == {"X-N": 5}
        assert response.read().header_values == {"X-N": 5}
