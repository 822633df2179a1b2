"""Requests that are easy to get wrong: odd paths, empty and null values, odd Python values."""

from __future__ import annotations

import copy
import dataclasses
import datetime
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support import Scripted, json_content, one_operation, parameter

from dynclient import UNSET, AuthError, Client, InvalidRequest, Options


def client_of(**fields: Any) -> Client:
    return Client(one_operation(**fields), base_url="http://api.test")


def url_of(client: Client, **arguments: Any) -> str:
    return client.prepare("op", **arguments).url.removeprefix("http://api.test")


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("/tags/{a}#tagKeys", "/tags/1?q=k"),
        ("/x?view=info", "/x?view=info&q=k"),
        ("/x y/ä/{a}", "/x%20y/%C3%A4/1?q=k"),
        ("/{a}/{a}.json", "/1/1.json?q=k"),
    ],
)
def test_what_a_path_template_holds_beside_placeholders_is_kept_apart_from_the_query(
    path: str, url: str
) -> None:
    parameters = [parameter("query", name="q")]
    if "{a}" in path:
        parameters.append(parameter("path", name="a"))
    arguments = {"a": 1} if "{a}" in path else {}
    client = client_of(path=path, parameters=parameters)
    assert url_of(client, q="k", **arguments) == url


def test_a_fragment_in_a_path_is_reported_as_a_problem() -> None:
    client = client_of(path="/x#one")
    client.prepare("op")
    assert [problem.rule for problem in client.document.problems] == ["path"]


def test_the_name_of_a_matrix_parameter_is_encoded() -> None:
    client = client_of(
        path="/x{a b/c}", parameters=[parameter("path", name="a b/c", style="matrix")]
    )
    assert client.prepare("op", {"a b/c": "v"}).url == "http://api.test/x;a%20b%2Fc=v"


@dataclasses.dataclass
class Point:
    x: int


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (datetime.timedelta(days=1, seconds=5), "P1DT5S"),
        ({"a": 1}.keys(), "a"),
        ((n for n in (1, 2)), "1&q=2"),
        (3.0, "3"),
        (1e300, "1e%2B300"),
    ],
)
def test_a_python_value_is_sent_as_what_was_judged(value: Any, text: str) -> None:
    assert (
        url_of(client_of(parameters=[parameter("query", name="q")]), q=value) == f"/thing?q={text}"
    )


def test_a_dataclass_is_an_object() -> None:
    client = client_of(parameters=[parameter("query", name="q")])
    assert url_of(client, q=Point(1)) == "/thing?x=1"


@pytest.mark.parametrize("value", [b"ab", object(), Path("/tmp"), [b"x"]])
def test_a_value_without_a_form_is_refused(value: Any) -> None:
    client = client_of(parameters=[parameter("query", name="q")])
    with pytest.raises(InvalidRequest, match="can't be serialized"):
        client.prepare("op", q=value)


@pytest.mark.parametrize(
    ("value", "query"),
    [({"R": None, "G": 1}, "?G=1"), ([None, "a"], "?q=a"), ([None], ""), ([], "")],
)
def test_null_members_count_as_undefined(value: Any, query: str) -> None:
    client = client_of(parameters=[parameter("query", name="q")])
    assert url_of(client, q=value) == f"/thing{query}"


def test_a_required_parameter_without_a_form_is_not_left_off() -> None:
    client = client_of(parameters=[parameter("query", name="q", required=True)])
    with pytest.raises(InvalidRequest, match="empty array"):
        client.prepare("op", q=[])


@pytest.mark.parametrize(
    ("version", "schema", "takes"),
    [
        ("3.0.3", {"type": "string", "nullable": True}, True),
        ("3.0.3", {"type": "string"}, False),
        ("3.1.1", {"$ref": "#/components/schemas/N"}, True),
        ("3.1.1", {"type": ["string", "null"]}, True),
        ("3.1.1", {"type": "string"}, False),
        ("3.1.1", {"anyOf": [{"type": "string"}, {"type": "null"}]}, True),
        ("3.1.1", {"oneOf": [{"$ref": "#/components/schemas/N"}, {"type": "string"}]}, True),
        ("3.1.1", {"allOf": [{"type": ["string", "null"]}, {"type": ["null", "integer"]}]}, True),
        ("3.1.1", {"allOf": [{"type": ["string", "null"]}, {"type": "string"}]}, False),
        ("3.1.1", {"enum": ["a", None]}, True),
        ("3.1.1", {"enum": ["a"]}, False),
        ("3.1.1", {"const": None}, True),
        ("3.1.1", {}, True),
        ("3.1.1", True, True),
        ("3.1.1", {"not": {"type": "null"}}, False),
        ("3.0.3", {"allOf": [{"type": "string", "nullable": True}]}, True),
        ("3.2.0", {"anyOf": [{"type": "string"}, {"type": "null"}]}, True),
    ],
)
def test_none_is_not_given_unless_the_schema_takes_null(
    version: str, schema: dict[str, Any], takes: bool
) -> None:
    client = client_of(
        version=version,
        parameters=[parameter("query", schema, "q")],
        components={"schemas": {"N": {"type": ["integer", "null"]}}},
    )
    assert url_of(client, q=None) == ("/thing?q=" if takes else "/thing")


@pytest.mark.parametrize("engine", ["compiled", "openapi-core"])
@pytest.mark.parametrize("location", ["query", "header", "cookie"])
@pytest.mark.parametrize("kind", ["integer", "string", "boolean"])
def test_null_is_sent_as_an_empty_text_everywhere(location: str, engine: Any, kind: str) -> None:
    entry = parameter(location, {"type": kind, "nullable": True}, "q")
    document = one_operation(version="3.0.4", parameters=[entry])
    request = Client(document, engine=engine).prepare("op", q=None)
    sent = {
        "query": request.url.rpartition("?")[2],
        "header": f"q={request.headers.get('q')}",
        "cookie": request.headers.get("Cookie"),
    }
    assert sent[location] == "q="


def test_none_for_an_optional_body_or_member_is_not_given() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}, "n": {"type": "null"}}}
    client = client_of(method="post", content=json_content(schema), body_required=False)
    assert client.prepare("op", body=None).content is None
    assert client.prepare("op", a=None, n=None).content == b'{"n":null}'


def test_a_signature_bound_with_its_defaults_is_a_call_without_arguments() -> None:
    members = {"a": {"type": "string"}, "n": {"type": ["string", "null"]}, "m": {}}
    schema = {"type": "object", "properties": members}
    client = client_of(
        method="post",
        parameters=[
            parameter("query", {"type": "integer"}, "q"),
            parameter("query", {"enum": ["a", None]}, "e"),
            parameter("header", {}, "h"),
        ],
        content=json_content(schema),
        body_required=False,
    )
    bound = client.operations["op"].signature.bind()
    bound.apply_defaults()
    request = client.prepare("op", **bound.arguments)
    assert (request.url, request.content) == ("http://api.test/thing", None)


def test_an_empty_value_may_stand_where_the_document_allows_it() -> None:
    flag = parameter("query", {"type": "boolean"}, "q", allowEmptyValue=True)
    assert url_of(client_of(parameters=[flag]), q="") == "/thing?q="
    with pytest.raises(InvalidRequest):
        url_of(client_of(parameters=[parameter("query", {"type": "boolean"}, "q")]), q="")


@pytest.mark.parametrize(
    ("version", "text"),
    [
        ("3.0.4", "c=a%2Fb%2541%3By%3Dz%2C"),
        ("3.1.1", "c=a%2Fb%2541%3By%3Dz%2C"),
        ("3.2.0", "c=a/b%41%3By=z%2C"),
    ],
)
def test_allow_reserved_lets_no_cookie_bring_a_second_one(version: str, text: str) -> None:
    cookie = parameter("cookie", name="c", allowReserved=True)
    request = client_of(version=version, parameters=[cookie]).prepare("op", c="a/b%41;y=z,")
    assert request.headers["Cookie"] == text


@pytest.mark.parametrize(
    ("version", "url"),
    [
        ("3.0.4", "/x/a%3Ab%2Fc%3F%2541"),
        ("3.1.1", "/x/a%3Ab%2Fc%3F%2541"),
        ("3.2.0", "/x/a:b%2Fc%3F%41"),
    ],
)
def test_allow_reserved_counts_in_a_path_from_3_2_on(version: str, url: str) -> None:
    entry = parameter("path", name="p", allowReserved=True)
    client = client_of(version=version, path="/x/{p}", parameters=[entry])
    assert url_of(client, p="a:b/c?%41") == url


def test_two_cookies_of_one_name_are_both_sent() -> None:
    entry = parameter("cookie", {"type": "array", "items": {"type": "integer"}}, "c")
    request = client_of(parameters=[entry, parameter("cookie", name="d")]).prepare(
        "op", c=[1, 2], d="x"
    )
    assert request.headers.get_list("Cookie") == ["c=1; c=2; d=x"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1099511627776.0, "1099511627776"),
        (2.0**53, "9007199254740992.0"),
        (2**64 - 1, str(2**64 - 1)),
    ],
)
@pytest.mark.parametrize("location", ["path", "query", "header", "cookie"])
def test_a_big_number_is_sent_exactly(location: str, value: Any, text: str) -> None:
    path = "/x/{n}" if location == "path" else "/x"
    client = client_of(path=path, parameters=[parameter(location, {"type": "number"}, "n")])
    request = client.prepare("op", n=value)
    sent = {
        "path": request.url.rpartition("/")[2],
        "query": request.url.rpartition("n=")[2],
        "header": request.headers.get("n"),
        "cookie": request.headers.get("Cookie", "")[2:],
    }
    assert sent[location] == text


@pytest.mark.compiled("openapi-core knows the formats int32, int64, float and double only")
@pytest.mark.parametrize(("value", "valid"), [(2**64 - 1, True), (2**64, False), (-1, False)])
def test_an_unsigned_number_has_its_bounds(value: int, valid: bool) -> None:
    schema = {"type": "integer", "format": "uint64"}
    client = client_of(parameters=[parameter("query", schema, "n")])
    if valid:
        assert url_of(client, n=value) == f"/thing?n={value}"
        return
    with pytest.raises(InvalidRequest, match="uint64"):
        client.prepare("op", n=value)


@pytest.mark.parametrize(
    ("schema", "value", "valid"),
    [
        ({"type": "integer", "format": "int64"}, 2**63, False),
        ({"type": "integer"}, 1.0, True),
        ({"type": "integer"}, "1", False),
        ({"type": "string"}, 1, False),
        ({"type": "boolean"}, "true", False),
    ],
)
@pytest.mark.parametrize("engine", ["compiled", "openapi-core"])
@pytest.mark.parametrize("location", ["path", "query", "header", "cookie"])
def test_a_value_is_judged_as_it_was_given_not_as_the_text_it_becomes(
    location: str, engine: Any, schema: dict[str, Any], value: Any, valid: bool
) -> None:
    path = "/x/{n}" if location == "path" else "/x"
    whole = one_operation(path=path, parameters=[parameter(location, schema, "n")])
    client = Client(whole, engine=engine)
    if valid:
        client.prepare("op", n=value)
        return
    with pytest.raises(InvalidRequest) as caught:
        client.prepare("op", n=value)
    assert {v.where for v in caught.value.violations} == {f"request.{location}.n"}


def test_what_stands_beside_a_path_items_ref_adds_to_it() -> None:
    operation = {"operationId": "op", "responses": {"200": {"description": "ok"}}}
    shared = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    document = {
        "openapi": "3.1.1",
        "info": {"title": "t", "version": "1"},
        "paths": {"/x/{id}": {"$ref": "#/components/pathItems/B", "parameters": [shared]}},
        "components": {
            "pathItems": {
                "A": {"get": operation, "servers": [{"url": "https://a.test"}]},
                "B": {
                    "$ref": "#/components/pathItems/A",
                    "parameters": [{"name": "q", "in": "query", "schema": {}}],
                },
            }
        },
    }
    client = Client(document)
    assert client.prepare("op", id=1, q=2).url == "https://a.test/x/1?q=2"
    with pytest.raises(InvalidRequest, match="integer"):
        client.prepare("op", id="one")
    assert client.document.problems == ()


def test_a_member_that_every_body_has_stands_in_the_signature_without_a_default() -> None:
    base = {"required": ["a"], "properties": {"a": {"type": "string"}}}
    schema = {
        "type": "object",
        "allOf": [base],
        "required": ["b", "id"],
        "properties": {
            "b": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
            "c": {"type": ["string", "null"]},
            "id": {"type": "string", "readOnly": True},
        },
    }

    def shown(required: bool) -> str:
        content = json_content(schema)
        client = client_of(method="post", content=content, body_required=required)
        return str(client.operations["op"].signature)

    assert shown(True) == (
        "(*, b: int | None, c: str | None = UNSET, id: str = None, a: str, "
        "body: Any = None, options: Any = None)"
    )
    assert shown(False).startswith("(*, b: int | None = UNSET, ")
    assert "a: str = None" in shown(False)


def test_extra_query_parameters_are_sent_after_the_declared_ones() -> None:
    client = client_of(path="/x?view=1", parameters=[parameter("query", name="q")])
    options = Options(extra_query={"a b": "c&d", "n": [1, 2], "none": None, "t": True, "e": []})
    assert url_of(client, q="k", options=options) == ("/x?view=1&q=k&a%20b=c%26d&n=1&n=2&t=true")
    assert url_of(client, options=Options(extra_query={"a": 1})) == "/x?view=1&a=1"
    assert url_of(client_of(), options=Options(extra_query={"a": 1})) == "/thing?a=1"


@pytest.mark.parametrize(
    ("value", "text"), [("a", "a"), ("", ""), (5, "5"), (True, "true"), (0.5, "0.5")]
)
def test_a_header_of_the_call_is_text_of_its_value(value: Any, text: str) -> None:
    options = Options(headers={"X-H": value})
    assert client_of().prepare("op", options=options).headers["X-H"] == text


@pytest.mark.parametrize("value", [b"ab", None.__class__, ["a"], "a\nb", "\ud800", "\u20ac"])
@pytest.mark.parametrize("validate", ["strict", "off"])
def test_a_header_of_the_call_that_can_not_be_sent_is_refused(value: Any, validate: Any) -> None:
    client = client_of().with_options(validate=validate)
    with pytest.raises(InvalidRequest) as caught:
        client.prepare("op", options=Options(headers={"X-H": value}))
    assert [(v.where, v.rule) for v in caught.value.violations] == [
        ("request.header.'X-H'", "header")
    ]


def test_names_and_settings_of_a_wrong_type_are_reported_as_such() -> None:
    client = client_of(parameters=[parameter("query", {}, "q")])
    with pytest.raises(InvalidRequest, match="no argument 5"):
        client.prepare("op", {5: 1})
    with pytest.raises(InvalidRequest, match="None can't be the name"):
        client.prepare("op", q={None: 1})
    with pytest.raises(TypeError, match="headers= takes a mapping, not list"):
        client.prepare("op", options=Options(headers=[("a", "b")]))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="extra_query= takes a mapping, not str"):
        client.prepare("op", options=Options(extra_query="a=b"))  # type: ignore[arg-type]


def test_an_accept_of_two_lines_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="Accept is one line"):
        client_of().prepare("op", options=Options(accept="a/b\r\nX: y"))


def test_an_explanation_lists_a_null_that_is_sent() -> None:
    entries = [parameter("query", {"type": ["integer", "null"]}, "n"), parameter("query", {}, "q")]
    client = client_of(parameters=entries)
    listed = [name for name, _, _ in client.explain("op", n=None, q=UNSET).arguments]
    assert listed == ["n"]


@pytest.mark.parametrize("value", ["\ud800", {"x": {"y": 1}}, float("nan"), b"ab"])
def test_an_extra_query_parameter_that_can_not_be_sent_is_refused(value: Any) -> None:
    with pytest.raises(InvalidRequest) as caught:
        url_of(client_of(), options=Options(extra_query={"a": value}))
    assert [v.where for v in caught.value.violations] == ["request.query.'a'"]


KEYED = {
    "security": [{"Key": []}],
    "components": {"securitySchemes": {"Key": {"type": "apiKey", "in": "header", "name": "X-Key"}}},
}


def test_headers_of_one_call_go_before_the_clients_credentials(service: Scripted) -> None:
    options = Options(headers={"X-Key": "mine"})
    with service.client(one_operation(**KEYED), auth={"Key": "clients"}) as client:
        client.call("op", options=options)
    with service.client(one_operation(**KEYED), auth={}) as client:
        client.call("op", options=options)
        with pytest.raises(AuthError):
            client.call("op")
    assert [request.headers["x-key"] for request in service.received] == ["mine", "mine"]


def test_a_required_parameter_that_is_the_schemes_as_well_comes_from_the_credentials(
    service: Scripted,
) -> None:
    header = parameter("header", name="X-Key", required=True)
    document = one_operation(parameters=[header], **KEYED)
    with service.client(document, auth={"Key": "clients"}) as client:
        client.call("op")
    assert service.received[0].headers["x-key"] == "clients"


def test_ops_can_be_copied() -> None:
    client = client_of()
    assert copy.copy(client.ops).op.operation.name == "op"


@pytest.mark.parametrize("body", ["@/etc/hostname", "-", "a\nb"])
def test_the_curl_line_reads_no_file(service: Scripted, body: str) -> None:
    if shutil.which("curl") is None:
        pytest.skip("there is no curl here")
    document = one_operation(method="post", content={"text/plain": {"schema": {"type": "string"}}})
    line = service.client(document).explain("op", body=body).curl
    subprocess.run(["sh", "-c", f"{line} --silent --noproxy '*'"], check=True, timeout=30)
    assert service.received[0].body == body.encode()


@pytest.mark.parametrize("required", [5, "x", True, {"a": 1}, [5], [["x"]], None])
@pytest.mark.parametrize(
    "media_type",
    ["application/json", "multipart/form-data", "application/x-www-form-urlencoded", "text/xml"],
)
def test_required_that_is_no_list_of_names_breaks_no_call(required: Any, media_type: str) -> None:
    members = {"type": "object", "properties": {"a": {"type": "string"}}, "xml": {"name": "x"}}
    schema = {**members, "required": required}
    client = Client(one_operation(method="post", content=json_content(schema, media_type)))
    client.compile("op")
    assert client.prepare("op", body={"a": "b"}).content
