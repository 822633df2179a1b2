"""Request bodies by the type that is sent: text, ranges of types, forms, several types at once."""

from __future__ import annotations

import enum
import io
from pathlib import Path
from typing import Any

import pytest
from support import json_content, one_operation

from dynclient import Client, InvalidRequest, Options

OBJECT = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}
FORM = "application/x-www-form-urlencoded"


def client_of(content: Any, version: str = "3.1.1", **more: Any) -> Client:
    return Client({**one_operation(method="post", content=content, **more), "openapi": version})


def sent(client: Client, body: Any, content_type: str | None = None) -> tuple[bytes, str]:
    request = client.prepare("op", body=body, options=Options(content_type=content_type))
    content: Any = request.content
    whole = content if isinstance(content, bytes) else b"".join(content)
    return whole, request.headers["Content-Type"]


def refused(client: Client, body: Any, content_type: str | None = None) -> list[str]:
    with pytest.raises(InvalidRequest) as caught:
        client.prepare("op", body=body, options=Options(content_type=content_type))
    assert {v.where for v in caught.value.violations} == {"request.body"}
    return [f"{v.rule} {v.pointer} {v.message}" for v in caught.value.violations]


# ── text ─────────────────────────────────────────────────────────────────────────────────────────

TEXTS: list[tuple[str, Any, Any, str | None]] = [
    # media type, schema, body → the rule that it breaks
    ("application/xml", OBJECT, "<a>1</a>", None),
    ("text/html", OBJECT, "<a>1</a>", None),
    ("text/csv", {"type": "array"}, "a,b", None),
    ("application/yaml", {"$ref": "#/components/schemas/O"}, b"a: 1", None),
    ("application/yaml", {"allOf": [OBJECT]}, "a: 1", None),
    ("text/csv", {"type": "string", "maxLength": 1}, "a,b", "maxLength"),
    ("text/csv", {"maxLength": 1}, "a,b", "maxLength"),
    ("text/csv", {"$ref": "#/components/schemas/S"}, "a,b", "maxLength"),
    ("text/plain", {"type": "integer"}, 5, None),
    ("text/plain", {"type": "integer"}, "5", None),
    ("text/plain", {"type": "integer"}, b"5", None),
    ("text/plain", {"type": "integer"}, "x", "type"),
    ("text/plain", {"type": "boolean"}, True, None),
    ("text/plain", {"type": "number", "maximum": 1}, 2, "maximum"),
    ("text/plain", {"type": "string"}, 5, None),
]


@pytest.mark.parametrize(("media_type", "schema", "body", "rule"), TEXTS)
def test_text_is_judged_by_schemas_of_text_alone(
    media_type: str, schema: Any, body: Any, rule: str | None
) -> None:
    schemas = {"O": OBJECT, "S": {"type": "string", "maxLength": 1}}
    client = client_of({media_type: {"schema": schema}}, components={"schemas": schemas})
    if rule is None:
        assert sent(client, body)[1] == media_type
    else:
        assert [each.split()[0] for each in refused(client, body)] == [rule]


@pytest.mark.parametrize(("body", "kind"), [({"a": 1}, "an object"), ([1], "an array")])
def test_data_is_no_text(body: Any, kind: str) -> None:
    (message,) = refused(client_of({"text/plain": {}}), body)
    assert f"a text/plain body is text, not {kind}" in message


# ── ranges ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("media_range", ["*/*", "application/*"])
def test_data_under_a_range_is_json_and_judged(media_range: str) -> None:
    client = client_of({media_range: {"schema": OBJECT}})
    assert sent(client, {"a": 1}) == (b'{"a":1}', "application/json")
    assert client.prepare("op", a=1).content == b'{"a":1}'
    assert "'a' is missing" in refused(client, {})[0]
    assert sent(client, b"{}") == (b"{}", "application/octet-stream")
    assert sent(client, io.BytesIO(b"x")) == (b"x", "application/octet-stream")
    assert "'a' is missing" in refused(client, b"{}", "application/json")[0]
    assert sent(client, "<a/>", "application/xml") == (b"<a/>", "application/xml")


def test_a_type_named_by_the_caller_decides_how_a_body_under_a_range_is_written() -> None:
    client = client_of({"*/*": {"schema": OBJECT}})
    assert sent(client, {"a": 1}, FORM) == (b"a=1", FORM)
    assert sent(client, "x", "text/plain") == (b"x", "text/plain")
    assert sent(client, {"a": 1}, "multipart/form-data; boundary=x")[0].startswith(b"--x\r\n")
    assert sent(client, {"a": 1}, "*/*") == (b'{"a":1}', "application/json")


RANGES: list[tuple[str, Any, str]] = [
    ("text/*", "x", "text/plain"),
    ("text/*", 5, "text/plain"),
    ("text/*", b"x", "text/plain"),
    ("multipart/*", b"x", "multipart/form-data"),
    ("image/*", Path("a.png"), "image/png"),
    ("*/*", Path("a.png"), "image/png"),
    ("application/*", Path("a.png"), "application/octet-stream"),
]


@pytest.mark.parametrize(("media_range", "body", "expected"), RANGES)
def test_a_range_gets_a_type_that_lies_in_it(
    media_range: str, body: Any, expected: str, tmp_path: Path
) -> None:
    if isinstance(body, Path):
        body = tmp_path / body
        body.write_bytes(b"x")
    if media_range == "multipart/*":
        body = {"a": "1"}
    assert sent(client_of({media_range: {}}), body)[1].partition(";")[0] == expected


@pytest.mark.parametrize("body", [b"x", "x", iter([b"x"]), {"a": 1}])
def test_a_range_without_a_likely_type_asks_for_one(body: Any) -> None:
    client = client_of({"image/*": {}})
    assert "which media type is it?" in refused(client, body)[0]
    assert sent(client, b"x", "image/png") == (b"x", "image/png")


# ── several types ────────────────────────────────────────────────────────────────────────────────

BOTH = {"text/plain": {"schema": {"type": "string"}}}


@pytest.mark.parametrize(
    ("json_schema", "expected"),
    [
        ({}, (b'"x"', "application/json")),
        ({"type": "string"}, (b'"x"', "application/json")),
        ({"type": "object"}, (b"x", "text/plain")),
        (OBJECT, (b"x", "text/plain")),
    ],
)
def test_a_string_is_json_where_the_schema_takes_one(json_schema: Any, expected: Any) -> None:
    assert sent(client_of({**BOTH, **json_content(json_schema)}), "x") == expected


def test_bytes_and_files_go_where_bytes_do(tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    picture.write_bytes(b"x")
    content = {**json_content(OBJECT), "image/*": {}, "application/zip": {}}
    assert sent(client_of(content), picture)[1] == "image/png"
    assert sent(client_of(content), b"x")[1] == "application/zip"
    assert sent(client_of({**json_content(OBJECT), "*/*": {}}), picture)[1] == "image/png"
    assert sent(client_of({"*/*": {}, **json_content(OBJECT)}), {"a": 1})[1] == "application/json"
    with pytest.raises(InvalidRequest, match="'a' is missing"):
        client_of({"*/*": {}, **json_content(OBJECT)}).prepare("op", body={})


def test_keywords_are_the_properties_of_the_type_that_the_caller_chose() -> None:
    form = {"schema": {"properties": {"b": {"type": "integer"}}}}
    client = client_of({**json_content(OBJECT), FORM: form})
    assert client.prepare("op", b=1, options=Options(content_type=FORM)).content == b"b=1"
    assert client.prepare("op", a=1).content == b'{"a":1}'
    for name, chosen in (("a", FORM), ("b", "application/json")):
        with pytest.raises(InvalidRequest, match=f"no argument '{name}'"):
            client.prepare("op", {name: 1}, options=Options(content_type=chosen))


def test_a_charset_is_compared_without_regard_to_case() -> None:
    content = {"text/plain; charset=UTF-8": {}, "text/plain; charset=latin-1": {}}
    assert sent(client_of(content), "ü", "text/plain; charset=Latin-1")[0] == b"\xfc"


# ── forms ────────────────────────────────────────────────────────────────────────────────────────

FORMS: list[tuple[Any, Any, bytes]] = [
    ({}, {"a": [{"x": 1}]}, b"a=%7B%22x%22%3A1%7D"),
    ({}, {"a": [{"x": 1}, {"x": 2}]}, b"a=%7B%22x%22%3A1%7D&a=%7B%22x%22%3A2%7D"),
    ({"a": {"contentType": "application/json"}}, {"a": "x"}, b"a=%22x%22"),
    ({"a": {"contentType": "application/json"}}, {"a": True}, b"a=true"),
    ({"a": {"contentType": "application/json", "style": "form"}}, {"a": "x"}, b"a=x"),
    ({"a": {"style": "unheard-of"}}, {"a": [1, 2]}, b"a=1&a=2"),
    ({}, {"a": 1, "b": None}, b"a=1"),
]


@pytest.mark.parametrize(("encoding", "body", "expected"), FORMS)
def test_members_of_forms_have_content_types(encoding: Any, body: Any, expected: bytes) -> None:
    properties = {"b": {"type": "string"}}
    content = {FORM: {"schema": {"properties": properties}, "encoding": encoding}}
    assert sent(client_of(content), body)[0] == expected


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"a": b"x"}, "the member 'a': it is bytes"),
        ({"a": [b"x"]}, "the member 'a': it is bytes"),
        ({"a": "\ud800"}, "the member 'a': it holds a lone surrogate"),
        ({"a": [[1]]}, "an array inside of a value"),
    ],
)
def test_a_member_that_a_form_can_not_hold_is_refused(body: Any, message: str) -> None:
    assert message in refused(client_of({FORM: {}}), body)[0]


# ── JSON ─────────────────────────────────────────────────────────────────────────────────────────


class Held(enum.Enum):
    RAW = b"raw"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"a": [0, b"xx"]}, "bytes at /a/1 are not JSON"),
        ({"s": {1}}, "a set at /s is not JSON; pass a list"),
        ({"s": {"t": frozenset()}}, "a set at /s/t is not JSON"),
        ({"a": bytearray(b"x")}, "bytes at /a are not JSON"),
        ({"a": Held.RAW}, "bytes at /a are not JSON"),
        ([float("inf")], "inf at /0 is not a JSON number"),
    ],
)
def test_what_json_can_not_be_is_refused_with_its_place(body: Any, message: str) -> None:
    assert message in refused(client_of(json_content({})), body)[0]


def test_half_a_media_type_lies_in_no_range() -> None:
    client = client_of({"image/*": {}})
    with pytest.raises(InvalidRequest, match="'image' can't be the content type"):
        client.prepare("op", body=b"x", options=Options(content_type="image"))
