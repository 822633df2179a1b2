"""Operations of Swagger 2.0 documents, called: what is sent, what is read, what is told."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from support import Whole

from dynclient import Client
from dynclient.document import Document, load
from dynclient.errors import DocumentError, InvalidRequest, InvalidResponse
from dynclient.messages import Headers, HttpResponse
from dynclient.operation import Operations

STRINGS = {"type": "array", "items": {"type": "string"}}


def document(operation: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """A document with one operation, `op`: POST /thing, or /thing/{p} if it has such a `p`."""
    parameters = operation.get("parameters", [])
    path = "/thing/{p}" if any(p.get("in") == "path" for p in parameters) else "/thing"
    whole = {"operationId": "op", "responses": {"200": {"description": "done"}}, **operation}
    return {
        "swagger": "2.0",
        "info": {"title": "T", "version": "1"},
        "host": "a.test",
        "basePath": "/v1",
        "paths": {path: {"post": whole}},
        **fields,
    }


def client(*parameters: Mapping[str, Any], **fields: Any) -> Client:
    consumes = {"consumes": fields.pop("consumes")} if "consumes" in fields else {}
    return Client(document({"parameters": list(parameters), **consumes}, **fields))


# ── collectionFormat ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("collection_format", "query"),
    [
        (None, "p=a,b%20c"),
        ("csv", "p=a,b%20c"),
        ("multi", "p=a&p=b%20c"),
        ("tsv", "p=a%09b%20c"),
        ("pipes", "p=a%7Cb%20c"),
    ],
)
def test_an_array_in_a_query(collection_format: str | None, query: str) -> None:
    more = {"collectionFormat": collection_format} if collection_format else {}
    request = client({"in": "query", "name": "p", **STRINGS, **more}).prepare("op", p=["a", "b c"])
    assert request.url == f"https://a.test/v1/thing?{query}"


def test_an_array_with_spaces_between() -> None:
    parameter = {"in": "query", "name": "p", **STRINGS, "collectionFormat": "ssv"}
    assert client(parameter).prepare("op", p=["a", "b"]).url.endswith("?p=a%20b")
    with pytest.raises(InvalidRequest, match="a text with ' ' can't be serialized"):
        client(parameter).prepare("op", p=["a", "b c"])


NESTED = [["a", "b"], ["c"]]
JOINTS = {"csv": ",", "ssv": " ", "tsv": "\t", "pipes": "|"}


@pytest.mark.parametrize("inner", [None, *JOINTS])
@pytest.mark.parametrize("outer", [None, "multi", *JOINTS])
def test_an_array_in_an_array_has_a_collection_format_of_its_own(outer: Any, inner: Any) -> None:
    items = {**STRINGS, **({"collectionFormat": inner} if inner else {})}
    entry = {"name": "p", "type": "array", "items": items}
    entry |= {"collectionFormat": outer} if outer else {}
    texts = [JOINTS[inner or "csv"].join(each) for each in NESTED]
    sent = client({"in": "query", **entry}).prepare("op", p=NESTED)
    if outer == "multi":
        assert unquote(urlsplit(sent.url).query) == "&".join(f"p={text}" for text in texts)
        return
    text = JOINTS[outer or "csv"].join(texts)
    assert unquote(urlsplit(sent.url).query) == f"p={text}"
    sent = client({"in": "path", "required": True, **entry}).prepare("op", p=NESTED)
    assert unquote(urlsplit(sent.url).path) == f"/v1/thing/{text}"
    if "tsv" not in (outer, inner):
        sent = client({"in": "header", **entry}).prepare("op", p=NESTED)
        assert sent.headers["p"] == text


@pytest.mark.parametrize(
    ("outer", "inner", "form"),
    [
        ("csv", "pipes", "p=a%7Cb,c"),
        ("pipes", "csv", "p=a,b%7Cc"),
        ("multi", "ssv", "p=a%20b&p=c"),
        ("tsv", None, "p=a,b%09c"),
    ],
)
def test_an_array_in_an_array_of_a_form_has_one_as_well(outer: str, inner: Any, form: str) -> None:
    items = {**STRINGS, **({"collectionFormat": inner} if inner else {})}
    entry = {"name": "p", "in": "formData", "type": "array", "items": items}
    consumes = ["application/x-www-form-urlencoded"]
    opened = client({**entry, "collectionFormat": outer}, consumes=consumes)
    assert opened.prepare("op", p=NESTED).content == form.encode()


@pytest.mark.parametrize(
    ("outer", "inner", "texts"),
    [
        ("csv", "pipes", [b"a|b,c"]),
        ("pipes", "csv", [b"a,b|c"]),
        ("multi", "ssv", [b"a b", b"c"]),
        ("tsv", None, [b"a,b\tc"]),
    ],
)
def test_so_it_has_in_the_parts_of_a_multipart_form(outer: str, inner: Any, texts: Any) -> None:
    items = {**STRINGS, **({"collectionFormat": inner} if inner else {})}
    entry = {"name": "p", "in": "formData", "type": "array", "items": items}
    opened = client({**entry, "collectionFormat": outer}, consumes=["multipart/form-data"])
    content: Any = opened.prepare("op", p=NESTED).content
    assert re.findall(rb"\r\n\r\n(.*?)\r\n--", content) == texts


def test_arrays_nest_at_any_depth() -> None:
    deep = {"type": "array", "collectionFormat": "ssv", "items": STRINGS}
    whole = {"in": "query", "name": "p", "type": "array", "collectionFormat": "pipes"}
    request = client({**whole, "items": deep}).prepare("op", p=[[["a", "b,"], ["c"]], [["d"]]])
    assert request.url.endswith("?p=a,b%2C%20c%7Cd")


def test_a_text_that_nothing_tells_from_a_separator_is_refused_with_its_place() -> None:
    items = {**STRINGS, "collectionFormat": "pipes"}
    entry = {"in": "header", "name": "p", "type": "array", "items": items}
    with pytest.raises(InvalidRequest) as caught:
        client(entry).prepare("op", p=[["a"], ["b", "c,d"]])
    assert [(v.rule, v.pointer) for v in caught.value.violations] == [("style", "/1/1")]


@pytest.mark.parametrize(
    ("collection_format", "path", "header"),
    [
        ("csv", "a,b", "a,b"),
        ("ssv", "a%20b", "a b"),
        ("tsv", "a%09b", "a\tb"),
        ("pipes", "a%7Cb", "a|b"),
    ],
)
def test_an_array_in_a_path_and_in_a_header(collection_format: str, path: str, header: str) -> None:
    more = {**STRINGS, "collectionFormat": collection_format}
    calls = client(
        {"in": "path", "name": "p", "required": True, **more},
        {"in": "header", "name": "X-H", **more},
    )
    request = calls.prepare("op", p=["a", "b"], x_h=["a", "b"])
    assert request.url == f"https://a.test/v1/thing/{path}"
    assert request.headers["X-H"] == header


@pytest.mark.parametrize(
    ("collection_format", "content"),
    [
        ("csv", b"p=a,b+c"),
        ("multi", b"p=a&p=b+c"),
        ("tsv", b"p=a%09b+c"),
        ("pipes", b"p=a%7Cb+c"),
    ],
)
def test_an_array_in_a_form(collection_format: str, content: bytes) -> None:
    parameter = {"in": "formData", "name": "p", **STRINGS, "collectionFormat": collection_format}
    request = client(parameter).prepare("op", p=["a", "b c"])
    assert request.content == content
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"


def parts(content: Any) -> list[tuple[bytes, bytes]]:
    """(name, content) of the parts of a multipart body."""
    whole = content if isinstance(content, bytes) else b"".join(content)
    boundary = whole.partition(b"\r\n")[0]
    found = []
    for part in whole.split(boundary)[1:-1]:
        head, _, body = part.partition(b"\r\n\r\n")
        found.append((head.partition(b'name="')[2].partition(b'"')[0], body[:-2]))
    return found


@pytest.mark.parametrize(
    ("collection_format", "values"),
    [
        ("csv", [b"a,b"]),
        ("multi", [b"a", b"b"]),
        ("ssv", [b"a b"]),
        ("tsv", [b"a\tb"]),
        ("pipes", [b"a|b"]),
    ],
)
def test_an_array_beside_a_file(
    collection_format: str, values: list[bytes], tmp_path: Path
) -> None:
    calls = client(
        {"in": "formData", "name": "p", **STRINGS, "collectionFormat": collection_format},
        {"in": "formData", "name": "f", "type": "file", "required": True},
        consumes=["multipart/form-data"],
    )
    file = tmp_path / "a.bin"
    file.write_bytes(b"\x00\xff")
    request = calls.prepare("op", p=["a", "b"], f=file)
    assert request.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert parts(request.content) == [*((b"p", value) for value in values), (b"f", b"\x00\xff")]


def test_a_member_that_holds_the_separator_is_refused_in_a_part() -> None:
    parameter = {"in": "formData", "name": "p", **STRINGS}
    with pytest.raises(InvalidRequest, match="a text with ','"):
        client(parameter, consumes=["multipart/form-data"]).prepare("op", p=["a,b"])


# ── bodies and arguments ─────────────────────────────────────────────────────────────────────────

PET = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "id": {"type": "integer", "readOnly": True},
        "name": {"type": "string"},
        "nick": {"type": "string", "x-nullable": True},
    },
}
PET_BODY = {"in": "body", "name": "b", "required": True, "schema": {"$ref": "#/definitions/PetIn"}}


@pytest.mark.parametrize(
    "arguments",
    [
        {"body": {"name": "Rex", "nick": None}},
        {"pet_in": {"name": "Rex", "nick": None}},
        {"name": "Rex", "nick": None},
    ],
)
def test_a_body_is_given_whole_by_its_name_or_by_its_members(arguments: Any) -> None:
    request = client(PET_BODY, definitions={"PetIn": PET}).prepare("op", **arguments)
    assert json.loads(request.content) == {"name": "Rex", "nick": None}  # type: ignore[arg-type]
    assert request.headers["Content-Type"] == "application/json"


def test_a_form_of_every_type() -> None:
    calls = client(
        {"in": "formData", "name": "s", "type": "string", "required": True},
        {"in": "formData", "name": "n", "type": "integer", "maximum": 3},
        {"in": "formData", "name": "b", "type": "boolean"},
    )
    assert calls.prepare("op", s="ü &", n=3, b=True).content == b"s=%C3%BC+%26&n=3&b=true"
    with pytest.raises(InvalidRequest) as caught:
        calls.prepare("op", n=4)
    at = "/paths/~1thing/post/parameters"
    assert {v.document_pointer for v in caught.value.violations} == {
        at,
        f"{at}/1/maximum",
    }


def test_violations_name_the_places_of_the_document_as_published() -> None:
    calls = client(
        PET_BODY,
        {"in": "body", "name": "other", "schema": {}},
        {"in": "query", "name": "q", "type": "integer", "required": True},
        {"$ref": "#/parameters/Limit"},
        definitions={"PetIn": PET},
        parameters={"Limit": {"in": "query", "name": "limit", "type": "integer", "maximum": 9}},
    )
    with pytest.raises(InvalidRequest) as caught:
        calls.prepare("op", limit=10, body={"id": 1})
    assert [(v.where, v.document_pointer) for v in caught.value.violations] == [
        ("request.query.q", "/paths/~1thing/post/parameters/2"),
        ("request.query.limit", "/parameters/Limit/maximum"),
        ("request.body", "/definitions/PetIn/required"),
        ("request.body", "/definitions/PetIn/properties/id/readOnly"),
    ]


def test_an_inline_body_schema_is_named_where_it_was_published() -> None:
    body = {"in": "body", "name": "b", "schema": {"type": "object", "maxProperties": 0}}
    with pytest.raises(InvalidRequest) as caught:
        client(body).prepare("op", body={"a": 1})
    [violation] = caught.value.violations
    assert violation.document_pointer == "/paths/~1thing/post/parameters/0/schema/maxProperties"


def test_an_operation_goes_where_its_own_schemes_say() -> None:
    data = document({"schemes": ["http"]}, schemes=["https"])
    assert Client(data).prepare("op").url == "http://a.test/v1/thing"


# ── responses ────────────────────────────────────────────────────────────────────────────────────


def answer(
    operation: Mapping[str, Any], content: bytes, headers: Mapping[str, str], **fields: Any
) -> Any:
    found = Client(document(operation, **fields)).operations["op"]
    return found.parse(HttpResponse(200, Headers(list(headers.items())), content))


@pytest.mark.parametrize("produces", [None, ["application/pdf"], ["application/json"]])
def test_a_file_is_bytes(produces: Any) -> None:
    operation: dict[str, Any] = {
        "responses": {"200": {"description": "", "schema": {"type": "file"}}}
    }
    if produces:
        operation["produces"] = produces
    response = answer(operation, b"%PDF\xff", {"Content-Type": "application/pdf"})
    assert response.data == b"%PDF\xff"
    assert response.violations == ()


def test_json_is_judged_even_where_produces_is_missing() -> None:
    operation = {
        "responses": {"200": {"description": "", "schema": {"type": "object", "required": ["a"]}}}
    }
    response = answer(operation, b"{}", {"Content-Type": "application/json"})
    [violation] = response.violations
    assert violation.document_pointer == "/paths/~1thing/post/responses/200/schema/required"
    [violation] = answer(operation, b"<x/>", {"Content-Type": "text/xml"}).violations
    assert violation.rule == "required"
    assert answer(operation, b"<x><a/></x>", {"Content-Type": "text/xml"}).violations == ()


def test_a_shared_response_is_named_where_it_was_published() -> None:
    operation = {"responses": {"200": {"$ref": "#/responses/R"}}, "produces": ["application/json"]}
    shared = {"description": "", "schema": {"type": "string"}}
    response = answer(
        operation, b"1", {"Content-Type": "application/json"}, responses={"R": shared}
    )
    [violation] = response.violations
    assert violation.document_pointer == "/responses/R/schema/type"


@pytest.mark.parametrize(
    ("collection_format", "text", "valid"),
    [
        ("csv", "1,2", True),
        ("pipes", "1|2", True),
        ("ssv", "1 2", True),
        ("tsv", "1\t2", True),
        ("pipes", "1,2", False),
        ("csv", "1,a", False),
    ],
)
def test_an_array_in_a_response_header(collection_format: str, text: str, valid: bool) -> None:
    header = {
        "type": "array",
        "items": {"type": "integer"},
        "collectionFormat": collection_format,
    }
    operation = {"responses": {"200": {"description": "", "headers": {"X-N": header}}}}
    response = answer(operation, b"", {"X-N": text})
    assert [v.document_pointer for v in response.violations] == (
        [] if valid else ["/paths/~1thing/post/responses/200/headers/X-N/items/type"]
    )


@pytest.mark.parametrize("engine", ["compiled", "openapi-core"])
def test_both_engines_judge_an_exchange(engine: Any) -> None:
    data = document(
        {
            "parameters": [PET_BODY, {"in": "query", "name": "q", **STRINGS}],
            "responses": {"200": {"description": "", "schema": {"$ref": "#/definitions/PetIn"}}},
        },
        definitions={"PetIn": PET},
    )

    class Says(Whole):
        content = b""

        def send(self, request: Any) -> HttpResponse:
            return HttpResponse(200, Headers([("Content-Type", "application/json")]), self.content)

    service = Says()
    calls = Client(data, engine=engine, transport=service)
    service.content = b'{"name": "Rex", "nick": null}'
    assert calls.call("op", q=["a", "b"], body={"name": "Rex"}) == {"name": "Rex", "nick": None}
    service.content = b'{"name": 1}'
    with pytest.raises(InvalidResponse):
        calls.call("op", body={"name": "Rex"})
    with pytest.raises(InvalidRequest):
        calls.call("op", body={"name": 1})


# ── security ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("scheme", "secret", "header", "sent"),
    [
        ({"type": "basic"}, ("user", "pass"), "Authorization", "Basic dXNlcjpwYXNz"),
        ({"type": "apiKey", "in": "header", "name": "X-Key"}, "k", "X-Key", "k"),
        (
            {"type": "oauth2", "flow": "application", "tokenUrl": "https://a.test/t", "scopes": {}},
            "token",
            "Authorization",
            "Bearer token",
        ),
    ],
)
def test_credentials_go_where_the_scheme_says(
    scheme: Any, secret: Any, header: str, sent: str
) -> None:
    data = document({"security": [{"s": []}]}, securityDefinitions={"s": scheme})
    seen: list[Any] = []

    class Keeps(Whole):
        def send(self, request: Any) -> HttpResponse:
            seen.append(request)
            return HttpResponse(200)

    Client(data, auth={"s": secret}, transport=Keeps()).call("op")
    assert seen[0].headers[header] == sent


# ── several files ────────────────────────────────────────────────────────────────────────────────


def write(folder: Path, **files: Any) -> Document:
    for name, data in files.items():
        (folder / f"{name}.json").write_text(json.dumps(data))
    return load(folder / "root.json")


OTHER = {
    "definitions": {
        "Pet": {"type": "object", "properties": {"tag": {"$ref": "#/definitions/Tag"}}},
        "Tag": {"type": "string", "x-nullable": True},
    },
    "parameters": {
        "Body": {"in": "body", "name": "b", "schema": {"$ref": "#/definitions/Pet"}},
        "Inline": {
            "in": "body",
            "name": "b",
            "schema": {"properties": {"t": {"$ref": "#/definitions/Tag"}}},
        },
        "File": {"in": "formData", "name": "f", "type": "file"},
        "Limit": {"in": "query", "name": "limit", "type": "integer", "maximum": 9},
    },
    "responses": {"Pet": {"description": "", "schema": {"$ref": "#/definitions/Pet"}}},
    "item": {
        "get": {
            "operationId": "far",
            "parameters": [{"$ref": "#/parameters/Limit"}],
            "responses": {"200": {"$ref": "#/responses/Pet"}},
        }
    },
}


def test_parts_of_other_files_lead_on_from_there(tmp_path: Path) -> None:
    root = document(
        {
            "parameters": [{"$ref": "other.json#/parameters/Body"}],
            "responses": {"200": {"$ref": "other.json#/responses/Pet"}},
        }
    )
    root["paths"]["/far"] = {"$ref": "other.json#/item"}
    root["paths"]["/inline"] = {
        "put": {
            "operationId": "inline",
            "parameters": [{"$ref": "other.json#/parameters/Inline"}],
            "responses": {"200": {"description": ""}},
        },
        "post": {
            "operationId": "file",
            "parameters": [{"$ref": "other.json#/parameters/File"}],
            "responses": {"200": {"description": ""}},
        },
    }
    found = Operations(write(tmp_path, root=root, other=OTHER))
    for operation in found.values():
        operation.compile()
    found["op"].prepare(body={"tag": None})
    found["op"].prepare(pet={"tag": "x"})
    found["inline"].prepare(body={"t": None})
    assert parts(found["file"].prepare(f=b"abc").content) == [(b"f", b"abc")]
    for call, body in ((found["op"], {"tag": 1}), (found["inline"], {"t": 1})):
        with pytest.raises(InvalidRequest) as caught:
            call.prepare(body=body)
        place = f"{(tmp_path / 'other.json').as_uri()}#/definitions/Tag/type"
        assert [v.document_pointer for v in caught.value.violations] == [place]
    with pytest.raises(InvalidRequest) as caught:
        found["far"].prepare(limit=10)
    assert [v.document_pointer for v in caught.value.violations] == ["/parameters/Limit/maximum"]
    response = found["far"].parse(
        HttpResponse(200, Headers([("Content-Type", "application/json")]), b'{"tag": 1}')
    )
    assert [v.document_pointer for v in response.violations] == [place]
    assert found["far"].document.problems == ()


def test_what_stands_beside_the_reference_of_a_path_item_counts(tmp_path: Path) -> None:
    root = document({})
    root["paths"]["/far"] = {
        "$ref": "other.json#/item",
        "delete": {"operationId": "near", "responses": {"200": {"description": ""}}},
    }
    assert list(Operations(write(tmp_path, root=root, other=OTHER))) == ["op", "far", "near"]


@pytest.mark.parametrize(
    ("operation", "pointer"),
    [
        ({"parameters": [{"$ref": "#/parameters/No"}]}, "/paths/~1thing/post/parameters/0"),
        (
            {"parameters": [{"in": "body", "name": "b", "schema": {"$ref": "#/definitions/No"}}]},
            "/paths/~1thing/post/parameters/0/schema",
        ),
        ({"responses": {"200": {"$ref": "no.json#/x"}}}, "/paths/~1thing/post/responses/200"),
        ({"parameters": [{"$ref": "http://[no"}]}, "/paths/~1thing/post/parameters/0"),
        (
            {"responses": {"200": {"description": "", "schema": {"$ref": "#/definitions/No"}}}},
            "/paths/~1thing/post/responses/200/schema",
        ),
    ],
)
def test_a_reference_that_leads_nowhere_costs_its_operation(
    operation: Any, pointer: str, tmp_path: Path
) -> None:
    root = document(operation)
    root["paths"]["/other"] = {
        "get": {"operationId": "other", "responses": {"200": {"description": ""}}}
    }
    found = Operations(write(tmp_path, root=root))
    found["other"].compile()
    with pytest.raises(DocumentError) as caught:
        found["op"].compile()
    assert caught.value.pointer == pointer
