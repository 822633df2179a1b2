"""multipart bodies: what the Encoding Object says of a part, and what a schema can judge."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from support import one_operation

from dynclient import Client, File, InvalidRequest, Options

Found = list[tuple[str, str | None, bytes]]


def client_of(
    properties: Any = None, encoding: Any = None, version: str = "3.1.1", **schema: Any
) -> Client:
    entry: dict[str, Any] = {"schema": {"type": "object", **schema}}
    if properties is not None:
        entry["schema"]["properties"] = properties
    if encoding is not None:
        entry["encoding"] = encoding
    document = one_operation(method="post", content={"multipart/form-data": entry})
    return Client({**document, "openapi": version})


def raw(client: Client, body: Any, **options: Any) -> tuple[bytes, str]:
    request = client.prepare("op", body=body, options=Options(**options))
    content: Any = request.content
    whole = content if isinstance(content, bytes) else b"".join(content)
    return whole, request.headers["Content-Type"]


def heads(client: Client, body: Any) -> list[dict[str, str]]:
    """The header fields of each part; a name that comes twice fails."""
    content, content_type = raw(client, body)
    found = []
    boundary = content_type.partition("boundary=")[2].encode()
    for part in content.split(b"--" + boundary)[1:-1]:
        head, _, text = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        lines = [line.split(": ", 1) for line in head.decode().split("\r\n")]
        fields = {name.lower(): value for name, value in lines}
        assert len(fields) == len(lines)
        found.append({**fields, "": text.removesuffix(b"\r\n").decode()})
    return found


def parts(client: Client, body: Any) -> list[tuple[str, str, str]]:
    """The name, content type and text of each part."""
    return [
        (each["content-disposition"].split('"')[1], each["content-type"], each[""])
        for each in heads(client, body)
    ]


def refused(client: Client, body: Any, **options: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidRequest) as caught:
        client.prepare("op", body=body, options=Options(**options))
    return [(v.where + v.pointer, v.message) for v in caught.value.violations]


# ── style and explode (OpenAPI 3.1.1, Encoding Object, "RFC6570-style serialization") ────────────

TEXT = "text/plain"
STYLES: list[tuple[Any, Any, list[tuple[str, str]]]] = [
    ({"style": "pipeDelimited"}, [1, 2], [("a", "1|2")]),
    ({"style": "spaceDelimited"}, ["x", "y"], [("a", "x y")]),
    ({"style": "form"}, [1, 2], [("a", "1"), ("a", "2")]),
    ({"explode": False}, [1, 2], [("a", "1,2")]),
    ({"explode": False}, {"x": 1, "y": "&="}, [("a", "x,1,y,&=")]),
    ({"style": "form"}, {"x": 1, "y": "ü +"}, [("x", "1"), ("y", "ü +")]),
    ({"style": "deepObject", "explode": True}, {"x": 1}, [("a[x]", "1")]),
    ({"allowReserved": True}, "a/b%41", [("a", "a/b%41")]),
    ({"style": "form", "contentType": "application/json"}, "x", [("a", "x")]),
    ({"style": "form"}, [], []),
]


@pytest.mark.parametrize(("settings", "value", "expected"), STYLES)
def test_a_style_lays_out_parts_and_overrides_the_content_type(
    settings: Any, value: Any, expected: list[tuple[str, str]]
) -> None:
    found = parts(client_of(encoding={"a": settings}), {"a": value})
    assert found == [(name, TEXT, text) for name, text in expected]


def test_files_stay_files_whatever_style_is_declared() -> None:
    client = client_of(encoding={"a": {"style": "form"}})
    assert parts(client, {"a": [b"1", b"2"]}) == [
        ("a", "application/octet-stream", "1"),
        ("a", "application/octet-stream", "2"),
    ]


@pytest.mark.parametrize("settings", [None, {"style": "pipeDelimited"}, {"explode": False}])
@pytest.mark.parametrize("version", ["3.0.4", "3.1.1", "3.2.0"])
def test_files_and_text_may_be_in_one_list(settings: Any, version: str) -> None:
    texts = {"a": {"type": "array", "items": {"type": "string"}}}
    encoding = None if settings is None else {"a": settings}
    client = client_of(texts, encoding, version)
    body = {"a": ["x", File(b"1", "f.png"), "y|z", b"2"]}
    assert parts(client, body) == [
        ("a", TEXT, "x"),
        ("a", "image/png", "1"),
        ("a", TEXT, "y|z"),
        ("a", BINARY, "2"),
    ]


def test_in_3_0_styles_are_for_forms_alone() -> None:
    client = client_of(encoding={"a": {"style": "pipeDelimited"}}, version="3.0.4")
    assert parts(client, {"a": [1, 2]}) == [("a", TEXT, "1"), ("a", TEXT, "2")]


def test_a_comma_in_a_member_that_commas_separate_is_refused() -> None:
    client = client_of(encoding={"a": {"explode": False}})
    assert "a member with a comma" in refused(client, {"a": ["1,2"]})[0][1]


# ── content types ────────────────────────────────────────────────────────────────────────────────

JSON = "application/json"
BINARY = "application/octet-stream"
DEFAULTS: list[tuple[str, Any, Any, str]] = [
    # version, schema, value → the content type
    ("3.1.1", {}, "x", BINARY),
    ("3.1.1", {"type": "string"}, "x", TEXT),
    ("3.1.1", {"type": ["string", "null"]}, "x", TEXT),
    ("3.1.1", {"type": "string", "contentEncoding": "base64"}, "eA==", BINARY),
    ("3.1.1", {"type": "integer"}, 1, TEXT),
    ("3.1.1", {"enum": ["x"]}, "x", TEXT),
    ("3.1.1", {"type": "object"}, {"x": 1}, JSON),
    ("3.1.1", {}, {"x": 1}, JSON),
    ("3.1.1", {"type": "array", "items": {"type": "object"}}, [{"x": 1}], JSON),
    ("3.1.1", {"type": "array", "items": {"type": "integer"}}, [1], TEXT),
    ("3.1.1", {"$ref": "#/components/schemas/Raw"}, "x", BINARY),
    ("3.0.4", {"type": "string", "format": "binary"}, "x", BINARY),
    ("3.0.4", {"type": "string", "format": "byte"}, "eA==", BINARY),
    ("3.0.4", {"type": "string"}, "x", TEXT),
    ("3.0.4", {}, "x", TEXT),
    ("3.1.1", {"type": "object"}, File(b"{}"), JSON),
    ("3.1.1", {"type": "object"}, File(b"<a/>", "a.html"), "text/html"),
    ("3.1.1", {"type": "string"}, b"x", BINARY),
]


@pytest.mark.parametrize(("version", "schema", "value", "expected"), DEFAULTS)
def test_the_default_content_type_is_that_of_the_schema(
    version: str, schema: Any, value: Any, expected: str
) -> None:
    raw_string = {"type": "string", "contentEncoding": "base64"}
    entry = {"schema": {"type": "object", "properties": {"a": schema}}}
    document = one_operation(
        method="post",
        content={"multipart/form-data": entry},
        components={"schemas": {"Raw": raw_string}},
    )
    client = Client({**document, "openapi": version})
    assert [each[1] for each in parts(client, {"a": value})] == [expected]


CHOICES = "image/png, image/jpeg"
CHOSEN: list[tuple[str, Any, str]] = [
    (CHOICES, File(b"2", "x.jpg"), "image/jpeg"),
    (CHOICES, File(b"2", content_type="image/jpeg"), "image/jpeg"),
    (CHOICES, File(b"2", headers={"CONTENT-TYPE": "image/jpeg"}), "image/jpeg"),
    (CHOICES, File(b"2", "x.bin"), "image/png"),
    (CHOICES, b"2", "image/png"),
    ("image/*", File(b"2", "x.gif"), "image/gif"),
    ("text/csv, application/json", {"x": 1}, JSON),
    ("text/csv, application/json", "a,b", "text/csv"),
    ("text/csv, application/json", [[1, 2]], JSON),
]


@pytest.mark.parametrize(("declared", "value", "expected"), CHOSEN)
def test_of_several_content_types_the_one_that_fits_is_taken(
    declared: str, value: Any, expected: str
) -> None:
    client = client_of(encoding={"a": {"contentType": declared}})
    assert [each[1] for each in parts(client, {"a": value})] == [expected]


NOT_ALLOWED: list[tuple[str, Any, str]] = [
    (CHOICES, File(b"2", content_type="image/webp"), "the document allows image/png, image/jpeg"),
    ("image/*", b"2", "may be image/*: which one?"),
    ("application/xml", {"x": 1}, "a application/xml body is text, not an object"),
    ("text/plain", [[1, 2]], "an array can't be serialized as text/plain"),
]


@pytest.mark.parametrize(("declared", "value", "message"), NOT_ALLOWED)
def test_a_content_type_that_is_not_allowed_is_a_violation(
    declared: str, value: Any, message: str
) -> None:
    client = client_of(encoding={"a": {"contentType": declared}})
    ((where, told),) = refused(client, {"a": value})
    assert where.startswith("request.body/a")
    assert message in told


def test_a_part_is_written_in_the_charset_of_its_type() -> None:
    client = client_of(encoding={"a": {"contentType": "text/plain; charset=latin-1"}})
    assert b"\r\n\r\n\xfc\r\n" in raw(client, {"a": "ü"})[0]


@pytest.mark.parametrize(
    "settings", [5, {"headers": []}, {"contentType": 7}, {"style": []}, {"explode": "yes"}]
)
def test_an_encoding_that_holds_nonsense_is_left_out(settings: Any) -> None:
    client = client_of(encoding={"a": settings})
    assert parts(client, {"a": "x"}) == [("a", TEXT, "x")]


# ── headers of parts ─────────────────────────────────────────────────────────────────────────────

HEADERS: list[tuple[Any, dict[str, str], str | None]] = [
    ({"schema": {"type": "string", "default": "d"}}, {}, "d"),
    ({"schema": {"const": 7}}, {}, "7"),
    ({"schema": {"enum": ["only"]}}, {}, "only"),
    ({"schema": {"enum": ["one", "two"]}}, {}, None),
    ({"$ref": "#/components/headers/H"}, {}, "shared"),
    ({"schema": {"default": "d"}}, {"x-custom": "mine"}, "mine"),
    ({"required": True, "schema": {"type": "string"}}, {"X-Custom": "mine"}, "mine"),
]


@pytest.mark.parametrize(("header", "given", "expected"), HEADERS)
def test_headers_declared_for_a_part_are_sent(
    header: Any, given: dict[str, str], expected: str | None
) -> None:
    headers = {"X-Custom": header, "Content-Type": {"schema": {"const": "x/y"}}}
    entry = {"schema": {"type": "object"}, "encoding": {"a": {"headers": headers}}}
    shared = {"schema": {"default": "shared"}}
    content = {"multipart/form-data": entry}
    document = one_operation(method="post", content=content, components={"headers": {"H": shared}})
    (head,) = heads(Client(document), {"a": File(b"", content_type="a/b", headers=given)})
    assert head.get("x-custom") == expected
    assert head["content-type"] == "a/b"


def test_a_required_header_of_a_part_must_be_given() -> None:
    encoding = {"a": {"headers": {"X-Custom": {"required": True, "schema": {"type": "string"}}}}}
    ((where, message),) = refused(client_of(encoding=encoding), {"a": "hi"})
    assert where == "request.body/a"
    assert "'X-Custom'" in message


def test_a_content_type_among_the_headers_of_a_file_is_its_own() -> None:
    (head,) = heads(client_of(), {"a": File(b"x", headers={"content-type": "a/b"})})
    assert head["content-type"] == "a/b"


# ── members that can't be parts ──────────────────────────────────────────────────────────────────


def test_members_that_are_none_are_left_out_and_not_judged() -> None:
    client = client_of({"d": {"type": "string"}, "x": {"type": "integer"}})
    assert parts(client, {"d": None, "x": 1}) == [("x", TEXT, "1")]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"a": "\ud800"}, "/a the part 'a': the text can't be encoded in utf-8"),
        ({"a": ["x", "\ud800"]}, "/a/1 the part 'a': the text can't be encoded in utf-8"),
        ({"\ud800": "a"}, "/\\ud800 the part '\\ud800': the text can't be encoded in utf-8"),
        ({"a": {"b": b"x"}}, "/a/b the part 'a': bytes at /b are not JSON"),
        ({"a": {"b": File(b"x")}}, "/a/b 'b' is a file inside an object: only a part can be one"),
        ({"a": {"b": {"c": [File(b"x")]}}}, "/a/b/c/0 '0' is a file inside an object"),
        ({"a": {"b": iter([b"x"])}}, "/a/b 'b' is a file inside an object"),
        ({"a": File(None)}, "/a the part 'a': it is a File that holds nothing"),
        ({"a\0": "x"}, "may not hold a line break or a null"),
        ({"a": File("\ud800")}, "/a the part 'a': the text can't be encoded in utf-8"),
        ({"a": [object()]}, "/a a value of type object"),
    ],
)
def test_a_member_that_can_not_be_a_part_is_refused_with_its_place(body: Any, message: str) -> None:
    ((where, told),) = refused(client_of(), body)
    assert message in f"{where.removeprefix('request.body')} {told}"


# ── files and the schema ─────────────────────────────────────────────────────────────────────────

RIGHT: list[tuple[str, Any, Any]] = [
    ("3.0.4", {"type": "string", "format": "binary", "minLength": 1}, b"abc"),
    ("3.1.1", {"type": "string", "pattern": "^a", "enum": ["a"]}, io.BytesIO(b"b")),
    ("3.1.1", {"type": "object", "required": ["x"]}, File(b'{"x":1}', content_type=JSON)),
    ("3.1.1", {"type": "array", "minItems": 1, "items": {"type": "integer"}}, [b"1", b"1"]),
    ("3.1.1", {"oneOf": [{"type": "integer"}, {"type": "boolean"}]}, b"1"),
    ("3.1.1", {"type": "array", "uniqueItems": True, "prefixItems": [{"const": 1}]}, [b"1", b"1"]),
]


@pytest.mark.parametrize(("version", "schema", "value"), RIGHT)
def test_a_file_is_not_judged(version: str, schema: Any, value: Any) -> None:
    client = client_of({"a": schema, "n": {"type": "integer"}}, version=version, required=["a"])
    assert client.prepare("op", body={"a": value, "n": 1}).content
    assert [where for where, _ in refused(client, {"a": value, "n": "x"})] == ["request.body/n"]
    assert refused(client, {"n": 1})[0][1] == "the required property 'a' is missing"


def test_a_file_does_not_hide_what_is_wrong_around_it() -> None:
    branches = [
        {
            "required": ["a"],
            "properties": {"a": {"type": "string", "minLength": 1}, "k": {"const": 1}},
        },
        {"required": ["b"], "properties": {"k": {"const": 2}}},
    ]
    client = client_of(oneOf=branches)
    assert client.prepare("op", body={"a": b"x", "k": 1}).content
    assert [where for where, _ in refused(client, {"a": b"x", "k": 3})] == ["request.body"]
    several = client_of({"a": {"type": "array", "maxItems": 1, "items": {"minLength": 1}}})
    assert "at most 1" in refused(several, {"a": [b"x", b"y"]})[0][1]
    closed = client_of({}, additionalProperties=False)
    assert "unknown property 'a'" in refused(closed, {"a": b"x"})[0][1]
    open_ = client_of({}, additionalProperties={"type": "integer"})
    assert open_.prepare("op", body={"a": b"x"}).content
    read_only = client_of({"a": {"type": "string", "readOnly": True}}, version="3.0.4")
    assert "readOnly" in refused(read_only, {"a": b"x"})[0][1]


def test_an_object_from_a_path_is_sent_as_json(tmp_path: Path) -> None:
    file = tmp_path / "meta.json"
    file.write_text('{"x":1}')
    client = client_of({"a": {"type": "object", "required": ["x"]}})
    assert parts(client, {"a": file}) == [("a", JSON, '{"x":1}')]


# ── the boundary ─────────────────────────────────────────────────────────────────────────────────


def test_a_boundary_that_the_caller_chose_is_used_once() -> None:
    chosen = "multipart/form-data; boundary=xyz"
    content, content_type = raw(client_of(), {"a": "1"}, content_type=chosen)
    assert content_type == chosen
    assert content.startswith(b"--xyz\r\n")
    assert content.endswith(b"\r\n--xyz--\r\n")


@pytest.mark.parametrize(("boundary", "text"), [("a;", "1"), ("xyz", "--xyz"), ("x" * 71, "1")])
def test_a_boundary_that_can_not_be_one_is_refused(boundary: str, text: str) -> None:
    chosen = f'multipart/form-data; boundary="{boundary}"'
    assert "boundary" in refused(client_of(), {"a": text}, content_type=chosen)[0][1]


def test_a_boundary_that_the_caller_chose_is_looked_for_in_streams_as_they_are_sent() -> None:
    chosen = "multipart/form-data; boundary=xyz"
    pieces = iter([b"a\r\n-", b"-x", b"y", b"z"])
    options = Options(content_type=chosen)
    sent: Any = client_of().prepare("op", body={"a": pieces}, options=options).content
    with pytest.raises(ValueError, match="a part holds the boundary 'xyz'"):
        b"".join(sent)
    fine = raw(client_of(), {"a": iter([b"--x", b"", b"--y", b"z"])}, content_type=chosen)[0]
    assert b"\r\n\r\n--x--yz\r\n--xyz--" in fine


@pytest.mark.parametrize("body", [b"--x\r\n\r\n\r\n--x--", io.BytesIO(b""), iter([b""])])
def test_a_body_that_the_caller_wrote_needs_its_boundary(body: Any) -> None:
    assert "need their boundary" in refused(client_of(), body)[0][1]
    chosen = "multipart/form-data; boundary=x"
    assert raw(client_of(), body, content_type=chosen)[1] == chosen


# ── what a part is made of ───────────────────────────────────────────────────────────────────────

CONTENTS: list[tuple[Any, str, bytes]] = [
    # content of a File, its content type → what is sent
    ([b"a", b"b"], BINARY, b"ab"),
    ((bytes(1),), BINARY, b"\0"),
    (bytearray(b"a"), BINARY, b"a"),
    (memoryview(b"a"), BINARY, b"a"),
    (iter([b"a", b""]), BINARY, b"a"),
    (io.StringIO("ü"), BINARY, "ü".encode()),
    ("ü", "text/plain; charset=latin-1", "ü".encode()),
    ({"x": 1}, JSON, b'{"x":1}'),
    ([1, 2], JSON, b"[1,2]"),
]


@pytest.mark.parametrize(("content", "content_type", "expected"), CONTENTS)
def test_a_file_holds_any_content(content: Any, content_type: str, expected: bytes) -> None:
    found = raw(client_of(), {"a": File(content, content_type=content_type)})[0]
    assert found.partition(b"\r\n\r\n")[2].startswith(expected + b"\r\n--")


class Pieces:
    """Content that can be walked, but is no iterator."""

    def __iter__(self) -> Any:
        return iter([b"ab", b"c"])


def test_a_file_holds_whatever_can_be_walked() -> None:
    assert b"\r\n\r\nabc\r\n" in raw(client_of(), {"a": File(Pieces())})[0]


def test_a_file_with_an_empty_name_has_none() -> None:
    (head,) = heads(client_of(), {"a": File({"x": 1}, "", JSON, {"X-Part": "1"})})
    assert head["content-disposition"] == 'form-data; name="a"'
    assert head["x-part"] == "1"


@pytest.mark.parametrize("name", ["", "X Y", "X\r\nY", "X:Y", "é"])
def test_a_header_of_a_part_has_a_name_that_can_be_one(name: str) -> None:
    told = refused(client_of(), {"a": File(b"", headers={name: "1"})})[0][1]
    assert "is no name of a header" in told


def test_null_inside_of_a_json_part_is_kept() -> None:
    client = client_of(encoding={"a": {"contentType": JSON}})
    assert parts(client, {"a": [[1, None], None, {"x": None}]}) == [
        ("a", JSON, "[1,null]"),
        ("a", JSON, '{"x":null}'),
    ]


def test_a_sparse_file_of_many_gigabytes_is_sent_piece_by_piece(tmp_path: Path) -> None:
    path = tmp_path / "huge"
    with path.open("wb") as file:
        file.truncate(1 << 36)
    request = client_of().prepare("op", body={"a": path, "b": "1"})
    content: Any = request.content
    assert int(request.headers["Content-Length"]) > 1 << 36
    pieces = iter(content)
    assert max(len(next(pieces)) for _ in range(50)) <= 1 << 16
