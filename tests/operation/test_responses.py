"""Responses: what the document says of an answer, and what is made of one that breaks it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support import Answer, Scripted, answering, json_answer, json_content, one_operation

from dynclient import Client, InvalidResponse, StatusError
from dynclient.errors import BadRequest, InternalServerError, NotFound
from dynclient.messages import Headers, HttpResponse, Response


def parsed(
    responses: dict[str, Any],
    content: bytes = b"{}",
    content_type: str | None = "application/json",
    status: int = 200,
    headers: tuple[tuple[str, str], ...] = (),
    method: str = "get",
    **more: Any,
) -> Response:
    """What the operation makes of an answer; nothing is raised."""
    client = Client(one_operation(method=method, responses=responses, **more))
    fields = [("Content-Type", content_type)] if content_type is not None else []
    http = HttpResponse(status, Headers([*fields, *headers]), content)
    return client.operations["op"].parse(http)


def found(response: Response) -> list[tuple[str, str, str]]:
    return [(v.where, v.rule, v.layer) for v in response.violations]


def typed(kind: str) -> dict[str, Any]:
    return {"description": kind, "content": json_content({"const": kind})}


# ── which response it is ─────────────────────────────────────────────────────────────────────────

BY_STATUS = {
    "default": typed("default"),
    "2XX": typed("2XX"),
    "201": typed("201"),
    "4xx": typed("4xx"),
    "404": typed("404"),
}


@pytest.mark.parametrize(
    ("status", "key"),
    [
        (201, "201"),
        (200, "2XX"),
        (299, "2XX"),
        (404, "404"),
        (400, "4xx"),
        (300, "default"),
        (500, "default"),
    ],
)
def test_the_most_exact_status_decides(status: int, key: str) -> None:
    good = parsed(BY_STATUS, json.dumps(key).encode(), status=status)
    assert (good.data, good.violations) == (key, ())
    assert found(parsed(BY_STATUS, b'"other"', status=status)) == [
        ("response.body", "const", "unknown_enum")
    ]


def test_an_undeclared_status_is_reported_with_those_that_are() -> None:
    response = parsed({"200": typed("200"), "404": typed("404")}, b'{"a": 1}', status=202)
    (violation,) = response.violations
    assert violation.message == "status 202 is not declared; these are: 200, 404"
    assert (violation.where, violation.layer) == ("response.status", "status")
    assert response.data == {"a": 1}


def test_status_keys_read_from_yaml_as_numbers_count() -> None:
    assert parsed({200: typed("200")}, b'"200"').violations == ()  # type: ignore[dict-item]


# ── media types ──────────────────────────────────────────────────────────────────────────────────

MEDIA = [
    # declared, actual → the one that counts; None where none does
    (["application/json"], "application/json", "application/json"),
    (["application/json"], "Application/JSON; charset=utf-8", "application/json"),
    (["application/json; charset=utf-8"], "application/json", "application/json; charset=utf-8"),
    (["a/json;v=1", "a/json;v=2"], "a/json; v=2", "a/json;v=2"),
    (["application/json;v=1", "application/json"], "application/json; v=3", "application/json"),
    (["application/*", "application/json"], "application/json", "application/json"),
    (["*/*", "application/*"], "application/json", "application/*"),
    (["*/*"], "text/html", "*/*"),
    (["application/*+json"], "application/problem+json", "application/*+json"),
    (["application/json"], "application/problem+json", None),
    (["application/problem+json"], "application/json", None),
    (["text/*"], "application/json", None),
    (["application/json"], "text/html", None),
    (["application/json"], "", None),
]  # fmt: skip


@pytest.mark.parametrize(("declared", "actual", "chosen"), MEDIA)
def test_the_most_specific_media_type_that_covers_the_response_counts(
    declared: list[str], actual: str, chosen: str | None
) -> None:
    content = {key: {"schema": {}} for key in declared}
    response = parsed({"200": {"description": "", "content": content}}, b'"x"', actual)
    assert response.media_type == chosen
    if chosen is None:
        assert found(response) == [("response.header.Content-Type", "content-type", "media_type")]
    else:
        assert response.violations == ()


@pytest.mark.parametrize("media_type", ["application/problem+json", "application/vnd.api+json"])
def test_structured_suffixes_are_json(media_type: str) -> None:
    response = parsed(answering(), b'{"title": "no"}', media_type)
    assert response.data == {"title": "no"}


DECODED: list[tuple[str | None, bytes, Any]] = [
    ("text/plain", "ü".encode(), "ü"),
    ("text/plain; charset=latin-1", b"\xfc", "ü"),
    ("text/html", b"<p>", "<p>"),
    ("application/xml", b"<a/>", "<a/>"),
    ("image/png", b"\x89PNG", b"\x89PNG"),
    ("application/octet-stream", b"{}", b"{}"),
    ("application/x-www-form-urlencoded", b"a=1&b=2&b=3&c=", {"a": "1", "b": ["2", "3"], "c": ""}),
    ("application/json", b"[1, null]", [1, None]),
    ("application/json", b"123456789012345678901234567890", 123456789012345678901234567890),
    ("application/json", b'"\\ud800"', "\ud800"),
    ("application/json", b"\xef\xbb\xbf{}", {}),
    (None, b'{"a": 1}', {"a": 1}),
    (None, b"\x00", b"\x00"),
]


@pytest.mark.parametrize(("content_type", "content", "data"), DECODED)
def test_a_body_becomes_what_its_content_type_says(
    content_type: str | None, content: bytes, data: Any
) -> None:
    response = parsed(answering(), content, content_type)
    assert response.data == data
    assert type(response.data) is type(data)


UNREADABLE = [
    ("application/json", b"<html>Bad gateway</html>", "it looks like HTML"),
    ("application/json", b'{"a": NaN}', "can't be decoded"),
    ("application/json", b"[Infinity]", "can't be decoded"),
    ("application/json", b'{"a": 1', "can't be decoded"),
    ("application/json", b'"\xff"', "UTF-8"),
    ("application/json", b"[" * 100_000, "nests too deeply"),
    ("text/plain", b"\xff", "can't be decoded"),
]


@pytest.mark.parametrize(("content_type", "content", "message"), UNREADABLE)
def test_a_body_that_can_not_be_read_is_reported_and_kept(
    content_type: str, content: bytes, message: str
) -> None:
    declared = {"200": {"description": "", "content": {content_type: {"schema": {}}}}}
    response = parsed(declared, content, content_type)
    assert found(response) == [("response.body", "encoding", "body")]
    assert message in response.violations[0].message
    assert response.data == content
    assert response.content == content


def test_a_lone_surrogate_where_there_is_a_schema_is_reported() -> None:
    response = parsed(answering({"type": "string"}), b'"\\ud800"')
    assert found(response) == [("response.body", "encoding", "body")]
    assert response.data == "\ud800"


# ── no body, no content type ─────────────────────────────────────────────────────────────────────

EMPTY: list[tuple[int, str, str | None, Any, list[str]]] = [
    # status, declared, actual → data, rules
    (200, "application/json", "application/json", None, ["empty"]),
    (200, "application/json", None, None, ["empty"]),
    (200, "text/plain", "text/plain", "", []),
    (200, "image/png", "image/png", b"", []),
    (204, "application/json", None, None, []),
    (304, "application/json", None, None, []),
]


@pytest.mark.parametrize(("status", "declared", "actual", "data", "rules"), EMPTY)
def test_an_empty_body_is_what_its_media_type_makes_of_it(
    status: int, declared: str, actual: str | None, data: Any, rules: list[str]
) -> None:
    responses = {str(status): {"description": "", "content": {declared: {"schema": {}}}}}
    response = parsed(responses, b"", actual, status)
    assert response.data == data
    assert [v.rule for v in response.violations] == rules


def test_a_response_to_head_has_no_body_to_miss() -> None:
    assert parsed(answering({"type": "object"}), b"", method="head").violations == ()


def test_a_body_that_the_document_does_not_promise_is_read_all_the_same() -> None:
    response = parsed({"200": {"description": "no content declared"}}, b'{"a": 1}')
    assert (response.data, response.violations) == ({"a": 1}, ())


def test_a_body_without_content_type_is_read_as_declared_and_reported() -> None:
    response = parsed(answering({"required": ["a"]}), b"{}", None)
    assert response.data == {}
    assert [(v.rule, v.layer) for v in response.violations] == [
        ("content-type", "media_type"),
        ("required", "body"),
    ]


# ── headers ──────────────────────────────────────────────────────────────────────────────────────

HEADERS: list[tuple[dict[str, Any], str | None, list[str]]] = [
    # Header Object, what is sent → rules
    ({"required": True, "schema": {}}, None, ["required"]),
    ({"required": False, "schema": {"type": "integer"}}, None, []),
    ({"schema": {"type": "integer"}}, "12", []),
    ({"schema": {"type": "integer"}}, "12.5", ["type"]),
    ({"schema": {"type": "integer"}}, "many", ["type"]),
    ({"schema": {"type": "number"}}, "12.5", []),
    ({"schema": {"type": "boolean"}}, "true", []),
    ({"schema": {"type": "boolean"}}, "yes", ["type"]),
    ({"schema": {"type": "string"}}, "12", []),
    ({"schema": {"type": ["integer", "null"]}}, "12", []),
    ({"schema": {"type": "array", "items": {"type": "integer"}}}, "1, 2,3", []),
    ({"schema": {"type": "array", "items": {"type": "integer"}}}, "1,x", ["type"]),
    ({"schema": {"type": "object", "properties": {"R": {"type": "integer"}}}}, "R,100", []),
    ({"schema": {"type": "object", "properties": {"R": {"type": "integer"}}}}, "R,x", ["type"]),
    ({"schema": {"type": "object", "required": ["R"]}, "explode": True}, "R=1,G=2", []),
    ({"schema": {"type": "string", "format": "date-time"}}, "2025-01-01T00:00:00Z", []),
    ({"schema": {"type": "string", "format": "date-time"}}, "yesterday", ["format"]),
    ({"schema": {"enum": ["a", "b"]}}, "c", ["enum"]),
    ({"content": json_content({"required": ["a"]})}, '{"a": 1}', []),
    ({"content": json_content({"required": ["a"]})}, "{}", ["required"]),
    ({"$ref": "#/components/headers/Count"}, "x", ["type"]),
]


@pytest.mark.parametrize(("header", "sent", "rules"), HEADERS)
def test_a_declared_header_is_judged(
    header: dict[str, Any], sent: str | None, rules: list[str]
) -> None:
    count = {"schema": {"type": "integer"}}
    response = parsed(
        {"200": {"description": "", "headers": {"X-Count": header}}},
        headers=(("x-count", sent),) if sent is not None else (),
        components={"headers": {"Count": count}},
    )
    assert found(response) == [("response.header.X-Count", rule, "headers") for rule in rules]


def test_a_declared_content_type_header_is_ignored_as_specified() -> None:
    headers = {"Content-Type": {"required": True, "schema": {"const": "x"}}}
    assert parsed({"200": {"description": "", "headers": headers}}).violations == ()


OTHER_HEADERS: list[tuple[dict[str, Any], list[tuple[str, str]], list[str]]] = [
    # Header Object, what is sent → rules
    ({"content": {"text/plain": {"schema": {"type": "string"}}}}, [("H", "123")], []),
    ({"content": {"text/plain": {"schema": {"type": "integer"}}}}, [("H", "123")], []),
    ({"content": {"text/plain": {"schema": {"type": "integer"}}}}, [("H", "x")], ["type"]),
    ({"schema": {"$ref": "#/components/schemas/N"}}, [("H", "5")], []),
    ({"schema": {"anyOf": [{"type": "integer"}, {"type": "null"}]}}, [("H", "5")], []),
    ({"schema": {"oneOf": [{"type": "integer"}, {"type": "boolean"}]}}, [("H", "true")], []),
    ({"schema": {"oneOf": [{"type": "integer"}, {"const": "all"}]}}, [("H", "all")], []),
    ({"schema": {"oneOf": [{"type": "integer"}, {"const": "all"}]}}, [("H", "5")], []),
    ({"schema": {"allOf": [{"type": "integer"}, {"maximum": 4}]}}, [("H", "5")], ["maximum"]),
    ({"schema": {"enum": [1, 2]}}, [("H", "2")], []),
    ({"schema": {"const": 1}}, [("H", "2")], ["const"]),
    ({"schema": {"enum": [1, "all"]}}, [("H", "1")], []),
    ({"schema": {"allOf": [{"type": "array", "items": {"type": "integer"}}]}}, [("H", "1,2")], []),
    (
        {"schema": {"type": "object", "additionalProperties": {"type": "integer"}}},
        [("H", "a,1")],
        [],
    ),
    ({"schema": {"type": "string", "maxLength": 5}}, [("Set-Cookie", "a=1")] * 2, []),
    (
        {"schema": {"type": "string", "maxLength": 3}},
        [("Set-Cookie", "a=1"), ("Set-Cookie", "b=22")],
        ["maxLength"],
    ),
]


@pytest.mark.parametrize(("header", "sent", "rules"), OTHER_HEADERS)
def test_a_header_is_read_by_the_types_its_schema_comes_to(
    header: dict[str, Any], sent: list[tuple[str, str]], rules: list[str]
) -> None:
    name = sent[0][0]
    response = parsed(
        {"200": {"description": "", "headers": {name: header}}},
        headers=tuple(sent),
        components={"schemas": {"N": {"$ref": "#/components/schemas/M"}, "M": {"type": "integer"}}},
    )
    assert found(response) == [(f"response.header.{name}", rule, "headers") for rule in rules]


# ── what the schema judges ───────────────────────────────────────────────────────────────────────

THING = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}
FORM = "application/x-www-form-urlencoded"
JUDGED: list[tuple[str, str, Any, bytes, Any, list[str]]] = [
    # declared, actual, schema, content → data, rules
    ("application/xml", "application/xml", THING, b"<x/>", {}, ["required"]),
    ("application/xml", "application/xml", THING, b"<x><a>1</a></x>", {"a": 1}, []),
    ("application/xml", "application/xml", {"maxLength": 3}, b"<x/>", "<x/>", ["maxLength"]),
    ("text/html", "text/html", {"allOf": [THING]}, b"<x/>", "<x/>", []),
    ("text/csv", "text/csv", {"type": "array"}, b"a,b", "a,b", []),
    ("application/yaml", "application/yaml", THING, b"a: 1", "a: 1", []),
    ("text/csv", "text/csv", {"type": "string", "maxLength": 1}, b"ab", "ab", ["maxLength"]),
    ("text/plain", "text/plain", {"type": "integer"}, b"5", 5, []),
    ("text/plain", "text/plain", {"type": "integer"}, b"x", "x", ["type"]),
    ("text/plain", "text/plain; charset=utf-8", {"type": "boolean"}, b"true", True, []),
    ("text/plain", "text/plain", {"type": "string"}, b"5", "5", []),
    ("text/plain", "text/plain", {}, b"5", "5", []),
    ("*/*", "application/json", THING, b"{}", {}, ["required"]),
    ("application/*", "application/problem+json", THING, b"{}", {}, ["required"]),
    ("*/*", "text/plain", THING, b"oops", "oops", []),
    ("*/*", "text/plain", {"type": "string", "maxLength": 1}, b"ab", "ab", ["maxLength"]),
    ("*/*", "image/png", THING, b"PNG", b"PNG", []),
    ("text/*", "text/plain", {"type": "integer"}, b"x", "x", ["type"]),
    ("image/*", "image/svg+xml", {}, b"<svg/>", "<svg/>", []),
    (FORM, FORM, THING, b"a=1", {"a": 1}, []),
    (FORM, FORM, THING, b"a=x", {"a": "x"}, ["type"]),
    ("*/*", FORM, THING, b"a=1&b=2", {"a": 1, "b": "2"}, []),
]


@pytest.mark.parametrize(("declared", "actual", "schema", "content", "data", "rules"), JUDGED)
def test_a_body_is_judged_as_what_came(
    declared: str, actual: str, schema: Any, content: bytes, data: Any, rules: list[str]
) -> None:
    responses = {"200": {"description": "", "content": {declared: {"schema": schema}}}}
    response = parsed(responses, content, actual)
    assert response.data == data
    assert type(response.data) is type(data)
    assert response.media_type == declared
    assert [v.rule for v in response.violations] == rules


def test_members_of_a_form_are_read_by_their_schemas() -> None:
    properties = {
        "n": {"$ref": "#/components/schemas/N"},
        "many": {"type": "array", "items": {"type": "integer"}},
        "one": {"type": "array"},
        "flag": {"type": "boolean"},
        "object": {"type": "object"},
        "text": {"type": "string"},
    }
    schema = {"type": "object", "properties": properties}
    response = parsed(
        {"200": {"description": "", "content": {FORM: {"schema": schema}}}},
        b"n=1&many=1&many=2&one=x&flag=true&object=%7B%22a%22%3A1%7D&text=5&more=1",
        FORM,
        components={"schemas": {"N": {"type": "integer"}}},
    )
    assert response.violations == ()
    assert response.data == {
        "n": 1,
        "many": [1, 2],
        "one": ["x"],
        "flag": True,
        "object": {"a": 1},
        "text": "5",
        "more": "1",
    }


@pytest.mark.parametrize(("content", "data"), [(b"{}", {}), (b"\x89", b"\x89")])
def test_without_a_content_type_a_range_judges_what_can_be_read(content: bytes, data: Any) -> None:
    responses = {"200": {"description": "", "content": {"*/*": {"schema": THING}}}}
    response = parsed(responses, content, None)
    assert response.data == data
    rules = ["content-type", "required"] if data == {} else ["content-type"]
    assert [v.rule for v in response.violations] == rules


@pytest.mark.parametrize("media_type", ["text/plain", FORM, "application/json"])
def test_a_response_whose_schema_is_broken_is_read_all_the_same(media_type: str) -> None:
    schema = {"properties": {"a": {"$ref": "#/nowhere"}}, "anyOf": [{"$ref": "#/nowhere"}]}
    headers = {"X-H": {"schema": {"$ref": "#/nowhere"}}}
    entry = {"description": "", "content": {media_type: {"schema": schema}}, "headers": headers}
    content, data = {
        "text/plain": (b"x", "x"),
        FORM: (b"a=1", {"a": "1"}),
        "application/json": (b"1", 1),
    }[media_type]
    response = parsed({"default": entry}, content, media_type, 400, (("X-H", "1"),))
    assert response.data == data
    assert found(response) == [
        ("response.body", "document", "body"),
        ("response.header.X-H", "document", "headers"),
    ]


def test_content_types_without_end_are_not_kept_without_end() -> None:
    operation = Client(one_operation()).operations["op"]
    for number in range(2000):
        fields = Headers({"Content-Type": f"multipart/mixed; boundary={number}"})
        assert operation.parse(HttpResponse(200, fields, b"x")).data == b"x"
    assert len(operation.response_plan()._readers) <= 256


# ── what a caller gets ───────────────────────────────────────────────────────────────────────────

JOB = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}
PROBLEM = {"type": "object", "required": ["title"]}
DECLARED = {
    **answering(JOB),
    "404": {"description": "no", "content": json_content(PROBLEM, "application/problem+json")},
}


def test_call_returns_the_data_and_request_the_whole_response(service: Scripted) -> None:
    service.answers += [json_answer({"id": "a"}, X_Trace="t"), json_answer({"id": "b"})]
    client = service.client(one_operation(responses=DECLARED))
    response = client.request("op")
    assert (response.data, response.status, response.ok) == ({"id": "a"}, 200, True)
    assert response.headers["x-trace"] == "t"
    assert response.text == '{"id": "a"}'
    assert response.content == b'{"id": "a"}'
    assert response.operation.name == response.request.operation == "op"
    assert response.elapsed > 0
    assert client.call("op") == {"id": "b"}


def test_a_broken_response_raises_and_loses_nothing(service: Scripted) -> None:
    service.answers.append(json_answer({"id": 7, "more": True}))
    with pytest.raises(InvalidResponse) as caught:
        service.client(one_operation(responses=DECLARED)).call("op")
    error = caught.value
    assert error.data == {"id": 7, "more": True}
    assert error.response.content == b'{"id": 7, "more": true}'
    assert [(v.where, v.pointer, v.rule) for v in error.violations] == [
        ("response.body", "/id", "type")
    ]
    assert "op: the response (200) breaks the document" in str(error)
    assert "response.body at /id: 7 is an integer; it must be of type string" in str(error)


def test_html_under_a_json_content_type_is_an_invalid_response(service: Scripted) -> None:
    service.answers.append(Answer(b"<html><body>Maintenance</body></html>"))
    with pytest.raises(InvalidResponse, match="it looks like HTML") as caught:
        service.client(one_operation(responses=DECLARED)).call("op")
    assert caught.value.data == b"<html><body>Maintenance</body></html>"


@pytest.mark.parametrize(
    ("status", "kind"), [(400, BadRequest), (404, NotFound), (500, InternalServerError)]
)
def test_a_status_has_its_own_error_with_what_the_server_said(
    service: Scripted, status: int, kind: type[StatusError]
) -> None:
    responses = {"default": {"description": "", "content": json_content({})}}
    service.answers.append(json_answer({"errors": [{"message": "no such job"}]}, status))
    with pytest.raises(
        kind, match=f"op: the server responded with {status}: no such job"
    ) as caught:
        service.client(one_operation(responses=responses)).call("op")
    assert caught.value.status == status
    assert caught.value.data == {"errors": [{"message": "no such job"}]}
    assert not isinstance(caught.value, InvalidResponse)


def test_an_error_response_that_breaks_its_schema_is_both(service: Scripted) -> None:
    fields = [("Content-Type", "application/problem+json")]
    service.answers.append(Answer(b'{"detail": "gone"}', 404, None, fields))
    with pytest.raises(NotFound, match="the server responded with 404: gone") as caught:
        service.client(one_operation(responses=DECLARED)).call("op")
    error = caught.value
    assert isinstance(error, InvalidResponse)
    assert error.status == 404
    assert error.data == {"detail": "gone"}
    assert [v.rule for v in error.violations] == ["required"]
    assert "the required property 'title' is missing" in str(error)


def test_an_undeclared_error_status_is_both_as_well(service: Scripted) -> None:
    service.answers.append(json_answer({"message": "broken"}, 503))
    with pytest.raises(InvalidResponse, match="status 503 is not declared") as caught:
        service.client(one_operation(responses=DECLARED)).call("op")
    assert isinstance(caught.value, StatusError)
    assert caught.value.status == 503
