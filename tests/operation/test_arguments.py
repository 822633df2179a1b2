"""Arguments: the names they go by, and what is said of those that are wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from support import BASE, OK, Scripted, json_content, one_operation, parameter

from dynclient import Client, InvalidRequest, Options, Timeout, UnknownOperation, load
from dynclient.operation import Operations

STRING = {"type": "string"}


def url(client: Client, *arguments: Any, **named: Any) -> str:
    return client.prepare("op", *arguments, **named).url.removeprefix(f"{BASE}/thing")


def faults(caught: pytest.ExceptionInfo[InvalidRequest]) -> list[tuple[str, str]]:
    return [(v.where, v.rule) for v in caught.value.violations]


@pytest.mark.parametrize(
    ("wire_name", "python_name"),
    [
        ("limit", "limit"),
        ("perPage", "perPage"),
        ("IBM-API-Version", "ibm_api_version"),
        ("created-After", "created_after"),
        ("from", "from_"),
        ("class", "class_"),
        ("None", "None_"),
        ("X-HTTPStatus-Code", "x_http_status_code"),
        ("2fa", "_2fa"),
        ("filter[name]", "filter_name"),
        ("$top", "top"),
        ("größe", "größe"),
        ("--", "_"),
        ("_links", "_links"),
        ("body", "query_body"),
        ("options", "query_options"),
    ],
)
def test_a_parameter_goes_by_its_python_name_and_by_its_wire_name(
    wire_name: str, python_name: str
) -> None:
    client = Client(one_operation(parameters=[parameter("query", STRING, wire_name)]))
    (found,) = client.operations["op"].parameters
    assert (found.name, found.python_name) == (wire_name, python_name)
    assert python_name in client.operations["op"].signature.parameters
    expected = client.prepare("op", {wire_name: "v"})
    assert expected.url.endswith("=v")
    assert client.prepare("op", **{python_name: "v"}) == expected
    if wire_name not in ("body", "options"):  # as keywords these are the call's own
        assert client.prepare("op", **{wire_name: "v"}) == expected


TWO_IDS = one_operation(
    path="/thing/{id}", parameters=[parameter("path", STRING, "id"), parameter("query", {}, "id")]
)


def test_one_name_in_two_places_is_told_apart_by_the_place() -> None:
    client = Client(TWO_IDS)
    assert client.prepare("op", path_id="a", query_id="b").url == f"{BASE}/thing/a?id=b"
    assert list(client.operations["op"].signature.parameters) == ["path_id", "query_id", "options"]


def test_one_name_in_two_places_is_ambiguous_by_itself() -> None:
    with pytest.raises(InvalidRequest, match="'path_id' or 'query_id'") as caught:
        Client(TWO_IDS).prepare("op", id="a")
    assert faults(caught)[0] == ("request", "ambiguous-argument")


def test_names_that_become_the_same_are_told_apart() -> None:
    entries = [parameter("query", {}, name) for name in ("a-b", "a_b", "A B")]
    client = Client(one_operation(parameters=entries))
    names = [p.python_name for p in client.operations["op"].parameters]
    assert len(set(names)) == 3
    assert url(client, {"a-b": 1, "a_b": 2, "A B": 3}) == "?a-b=1&a_b=2&A%20B=3"


def test_an_operation_parameter_replaces_the_path_items_of_the_same_name_and_place() -> None:
    document = one_operation(parameters=[parameter("query", {"type": "integer"}, "n")])
    document["paths"]["/thing"]["parameters"] = [
        parameter("query", STRING, "n", required=True),
        parameter("header", STRING, "n"),
    ]
    client = Client(document)
    found = {(p.location, p.required) for p in client.operations["op"].parameters}
    assert found == {("query", False), ("header", False)}


def test_keywords_and_the_mapping_add_up() -> None:
    entries = [parameter("query", {}, name) for name in "abc"]
    client = Client(one_operation(parameters=entries))
    assert url(client, {"a": 1}, b=2, c=3) == "?a=1&b=2&c=3"


def test_an_argument_given_twice_is_refused() -> None:
    client = Client(one_operation(parameters=[parameter("query", {}, "a-b")]))
    with pytest.raises(InvalidRequest, match="given twice") as caught:
        client.prepare("op", {"a-b": 1}, a_b=2)
    assert faults(caught) == [("request.query.a-b", "duplicate")]


# ── bodies ───────────────────────────────────────────────────────────────────────────────────────

JOB = {
    "type": "object",
    "required": ["program"],
    "properties": {"program": STRING, "max-time": {"type": "integer"}, "class": STRING},
}
WITH_BODY = one_operation(
    method="post",
    content=json_content({"$ref": "#/components/schemas/CreateJobRequest"}),
    parameters=[parameter("query", STRING, "tag")],
    components={"schemas": {"CreateJobRequest": JOB}},
)


@pytest.mark.parametrize(
    "named",
    [
        {"body": {"program": "p", "max-time": 3, "class": "c"}},
        {"create_job_request": {"program": "p", "max-time": 3, "class": "c"}},
        {"program": "p", "max_time": 3, "class_": "c"},
        {"program": "p", "max-time": 3, "class": "c"},
        {"body": {"program": "p", "max-time": 3}, "class_": "c"},
    ],
    ids=["body", "component name", "python names", "wire names", "body and a member"],
)
def test_a_body_is_given_whole_or_by_its_members(named: dict[str, Any]) -> None:
    request = Client(WITH_BODY).prepare("op", **named)
    assert request.content == b'{"program":"p","max-time":3,"class":"c"}'
    assert request.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "named",
    [
        {"body": {"program": "p"}, "program": "q"},
        {"body": ["p"], "program": "q"},
        {"body": {"program": "p"}, "create_job_request": {"program": "q"}},
    ],
)
def test_a_body_given_twice_is_refused(named: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        Client(WITH_BODY).prepare("op", **named)
    assert ("request.body", "duplicate") in faults(caught)


def test_a_member_that_is_called_like_a_parameter_is_the_parameter() -> None:
    schema = {"type": "object", "properties": {"tag": STRING, "name": STRING}}
    document = one_operation(
        method="post", content=json_content(schema), parameters=[parameter("query", STRING, "tag")]
    )
    request = Client(document).prepare("op", tag="t", name="n")
    assert request.url.endswith("?tag=t")
    assert request.content == b'{"name":"n"}'


def test_members_declared_in_parts_of_a_schema_are_arguments_too() -> None:
    parts = {
        "allOf": [{"properties": {"a": {}}}, {"$ref": "#/components/schemas/Rest"}],
        "oneOf": [
            {"properties": {"b": {}}, "required": ["b"]},
            {"properties": {"c": {}}, "required": ["c"]},
        ],
    }
    document = one_operation(
        method="post",
        content=json_content(parts),
        components={"schemas": {"Rest": {"anyOf": [{"properties": {"d": {}}}]}}},
    )
    content = Client(document).prepare("op", a=1, c=3, d=4).content
    assert content == b'{"a":1,"c":3,"d":4}'


def test_null_is_a_body_and_no_body_is_none() -> None:
    document = one_operation(
        method="post", content=json_content({"type": ["object", "null"]}), body_required=False
    )
    client = Client(document)
    assert client.prepare("op", body=None).content == b"null"
    without = client.prepare("op")
    assert without.content is None
    assert "Content-Type" not in without.headers


# ── what is wrong ────────────────────────────────────────────────────────────────────────────────

MANY = one_operation(
    method="post",
    path="/jobs/{id}",
    parameters=[
        parameter("path", STRING, "id"),
        parameter("query", {"type": "integer", "maximum": 10}, "limit"),
        parameter("query", {"enum": ["asc", "desc"]}, "sort"),
        parameter("header", {"type": "boolean"}, "X-Verbose"),
        parameter("header", STRING, "X-Needed", required=True),
    ],
    content=json_content(JOB),
)


def test_everything_wrong_is_reported_at_once_and_nothing_is_sent(service: Scripted) -> None:
    client = service.client(MANY)
    with pytest.raises(InvalidRequest) as caught:
        client.call(
            "op",
            {"limitt": 1, "Sort": "x"},
            limit=11,
            sort="up",
            x_verbose="yes",
            body={"max-time": "long"},
        )
    assert sorted(faults(caught)) == [
        ("request", "unknown-argument"),
        ("request", "unknown-argument"),
        ("request.body", "required"),
        ("request.body", "type"),
        ("request.header.X-Needed", "required"),
        ("request.header.X-Verbose", "type"),
        ("request.path.id", "missing-argument"),
        ("request.query.limit", "maximum"),
        ("request.query.sort", "enum"),
    ]
    assert isinstance(caught.value, ValueError)
    assert service.received == []


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"limitt": 1}, "no argument 'limitt'; did you mean 'limit'?"),
        ({"x_verbos": True}, "no argument 'x_verbos'; did you mean 'x_verbose'?"),
        ({"programm": "p"}, "no argument 'programm'; did you mean 'program'?"),
        ({"zzz": 1}, "no argument 'zzz'; there are id, limit, sort, x_verbose, x_needed"),
        ({"limit": "many"}, "'many' is a string; it must be of type integer"),
        ({"limit": True}, "true is a boolean; it must be of type integer"),
        ({"limit": 11}, "11 must be at most 10"),
        ({"sort": "up"}, "'up' is not one of 'asc', 'desc'"),
        ({}, "the argument 'id' is missing"),
        ({}, "the argument 'x_needed' is missing"),
        ({}, "the operation needs a body"),
        ({"body": {}}, "the required property 'program' is missing"),
    ],
)
def test_a_message_says_what_to_do(named: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        Client(MANY).prepare("op", **named)
    assert str(caught.value).startswith("op: nothing was sent:")
    assert message in str(caught.value)


def test_a_violation_points_into_the_value_and_into_the_document() -> None:
    with pytest.raises(InvalidRequest) as caught:
        Client(WITH_BODY).prepare("op", program="p", max_time="long")
    (violation,) = caught.value.violations
    assert (violation.where, violation.pointer) == ("request.body", "/max-time")
    assert violation.document_pointer == (
        "/components/schemas/CreateJobRequest/properties/max-time/type"
    )
    assert violation.as_dict()["rule"] == "type"


@pytest.mark.parametrize("validate", ["strict", "warn", "off"])
@pytest.mark.parametrize(
    ("named", "rule"),
    [
        ({"id": "a", "nonsense": 1}, "unknown-argument"),
        ({}, "missing-argument"),
        ({"id": "a", "body": {"program": float("nan")}}, "encoding"),
        ({"id": "a", "x_needed": "a\nb"}, "header"),
        ({"id": ".."}, "dot-segment"),
    ],
)
def test_what_can_not_be_sent_is_an_error_at_every_level(
    named: dict[str, Any], rule: str, validate: Any
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        Client(MANY, validate=validate).prepare("op", **named)
    assert rule in {v.rule for v in caught.value.violations}


def test_a_body_for_an_operation_that_takes_none_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="the operation takes no body"):
        Client(one_operation()).prepare("op", body={})


def test_declared_defaults_are_not_sent() -> None:
    entry = parameter("query", {"type": "integer", "default": 20}, "limit")
    client = Client(one_operation(parameters=[entry]))
    assert url(client) == ""
    assert client.operations["op"].parameters[0].default == 20


def test_the_clients_defaults_are_sent_where_declared_and_not_given() -> None:
    entries = [parameter("header", {}, "IBM-API-Version"), parameter("query", {}, "limit")]
    document = one_operation(parameters=entries)
    document["paths"]["/other"] = {"get": {"operationId": "bare", "responses": OK}}
    client = Client(document, defaults={"IBM-API-Version": "2025-01-01", "limit": 5})
    request = client.prepare("op", limit=6)
    assert request.headers["IBM-API-Version"] == "2025-01-01"
    assert request.url.endswith("?limit=6")
    bare = client.prepare("bare")
    assert "IBM-API-Version" not in bare.headers
    assert bare.url.endswith("/other")


def test_a_default_of_the_client_is_held_to_the_schema() -> None:
    entry = parameter("query", {"type": "integer"}, "limit")
    client = Client(one_operation(parameters=[entry]), defaults={"limit": "many"})
    with pytest.raises(InvalidRequest, match="of type integer"):
        client.prepare("op")


@pytest.mark.parametrize(
    "headers", [{"X-A": "a\r\nX-B: b"}, {"X A": "a"}, {"": "a"}, {"X-A": "\u20ac"}]
)
def test_further_headers_are_a_token_and_one_line(headers: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest, match="one line of Latin-1"):
        Client(one_operation()).prepare("op", options=Options(headers=headers))


def test_options_set_headers_accept_and_timeout() -> None:
    options = Options(headers={"x-trace": "t"}, accept="text/csv", timeout=(1, 2))
    request = Client(one_operation()).prepare("op", options=options)
    assert request.headers["X-Trace"] == "t"
    assert request.headers.get_list("Accept") == ["text/csv"]
    assert request.timeout == Timeout(1, 2)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("opp", ("op",)), ("GET /thin", ("GET /thing",)), ("utterly different", ())],
)
def test_an_unknown_operation_names_the_nearest(name: str, nearest: tuple[str, ...]) -> None:
    with pytest.raises(UnknownOperation) as caught:
        Client(one_operation()).call(name)
    assert caught.value.nearest == nearest
    assert isinstance(caught.value, LookupError)


@pytest.mark.parametrize("name", ["GET /thing", "get /thing", "get  /thing "])
def test_an_operation_is_callable_by_method_and_path(name: str) -> None:
    assert Client(one_operation()).prepare(name).operation == "op"


def test_every_missing_property_is_reported() -> None:
    schema = {
        "type": "object",
        "required": ["a", "b", "c"],
        "dependentRequired": {"d": ["e", "f"]},
    }
    client = Client(one_operation(method="post", content=json_content(schema)), base_url=BASE)
    with pytest.raises(InvalidRequest) as caught:
        client.prepare("op", body={"d": 1})
    missing = ["a", "b", "c", "e", "f"]
    told = sorted(violation.message for violation in caught.value.violations)
    assert len(told) == len(missing)
    for name in missing:
        assert any(f"{name!r} is missing" in message for message in told)


TAGS = {"type": "array", "items": {"type": "string"}}


@pytest.mark.parametrize(
    ("schema", "value", "query"),
    [
        (TAGS, "alpha", "?p=alpha"),
        (TAGS, ["alpha"], "?p=alpha"),
        (TAGS, ("alpha",), "?p=alpha"),
        ({**TAGS, "type": ["array", "null"]}, "alpha", "?p=alpha"),
        ({"allOf": [TAGS, {"maxItems": 1}]}, "alpha", "?p=alpha"),
        ({"type": "array", "items": {"type": "integer"}}, 5, "?p=5"),
        ({"type": "array", "items": {"type": "boolean"}}, True, "?p=true"),
        ({"type": ["array", "string"]}, "alpha", "?p=alpha"),
        ({}, "alpha", "?p=alpha"),
    ],
)
def test_one_item_may_stand_for_an_array(schema: dict[str, Any], value: Any, query: str) -> None:
    client = Client(one_operation(parameters=[parameter("query", schema, "p")]))
    assert url(client, p=value) == query
    assert client.with_options(defaults={"p": value}).prepare("op").url.endswith(query)


def test_its_violations_point_to_the_item() -> None:
    client = Client(one_operation(parameters=[parameter("header", TAGS, "p")]))
    with pytest.raises(InvalidRequest) as caught:
        client.prepare("op", p=5)
    assert [(v.where, v.pointer) for v in caught.value.violations] == [("request.header.p", "/0")]


def test_an_array_in_content_is_given_as_an_array() -> None:
    client = Client(one_operation(parameters=[parameter("query", content=json_content(TAGS))]))
    with pytest.raises(InvalidRequest):
        client.prepare("op", p="alpha")


MOMENT = {"type": "string", "format": "date-time"}


class Celsius(float):
    pass


@pytest.mark.parametrize(
    ("schema", "value", "text"),
    [
        (MOMENT, date(2025, 1, 2), "2025-01-02T00%3A00%3A00Z"),
        (MOMENT, datetime(2025, 1, 2, 3, tzinfo=UTC), "2025-01-02T03%3A00%3A00%2B00%3A00"),
        ({"allOf": [MOMENT]}, date(2025, 1, 2), "2025-01-02T00%3A00%3A00Z"),
        ({"type": "array", "items": MOMENT}, [date(2025, 1, 2)], "2025-01-02T00%3A00%3A00Z"),
        ({"type": "array", "items": MOMENT}, date(2025, 1, 2), "2025-01-02T00%3A00%3A00Z"),
        ({"type": "string", "format": "date"}, date(2025, 1, 2), "2025-01-02"),
        ({"type": "string", "format": "decimal"}, Decimal("1.10"), "1.10"),
        ({"type": "number"}, Decimal("1.10"), "1.10"),
        ({"type": "integer"}, Decimal("3.0"), "3"),
        ({"type": "number"}, Celsius(1.5), "1.5"),
    ],
)
@pytest.mark.parametrize("location", ["query", "path"])
def test_a_python_value_is_sent_as_its_schema_wants_it(
    location: str, schema: dict[str, Any], value: Any, text: str
) -> None:
    path = "/x/{p}" if location == "path" else "/x"
    client = Client(one_operation(path=path, parameters=[parameter(location, schema, "p")]))
    assert (
        client.prepare("op", p=value).url.rpartition("/" if location == "path" else "=")[2] == text
    )


def test_values_of_numpy_are_taken() -> None:
    numpy = pytest.importorskip("numpy")
    numbers = {"type": "array", "items": {"type": "integer"}}
    entries = [
        parameter("query", {"type": "integer"}, "i"),
        parameter("query", {"type": "number"}, "f"),
        parameter("query", {"type": "boolean"}, "b"),
        parameter("query", numbers, "a"),
    ]
    client = Client(one_operation(parameters=entries))
    sent = url(
        client,
        i=numpy.int64(5),
        f=numpy.float32(0.5),
        b=numpy.bool_(True),
        a=numpy.array([1, 2]),
    )
    assert sent == "?i=5&f=0.5&b=true&a=1&a=2"


def test_values_of_other_types_are_taken_by_the_encoders_of_the_client() -> None:
    class Point:
        def __init__(self, x: int, y: int) -> None:
            self.x, self.y = x, y

    entries = [parameter("query", {}, "p"), parameter("header", {}, "h")]
    operations = Operations(
        load(one_operation(parameters=entries)),
        encoders={
            Point: lambda point: [point.x, point.y],
            Celsius: str,
            float: lambda v: f"{v:.2f}",
        },
    )
    request = operations["op"].prepare(p=Point(1, 2), h={"t": Celsius(3)})
    assert request.url == "/thing?p=1&p=2"
    assert request.headers["h"] == "t,3.0"
    assert operations["op"].prepare(p=0.125).url == "/thing?p=0.12"


def test_the_repr_of_options_shows_no_secret() -> None:
    options = Options(auth={"K": "s3cret"}, headers={"X": "s3cret"}, extra_query={"q": "s3cret"})
    assert "s3cret" not in repr(options)
