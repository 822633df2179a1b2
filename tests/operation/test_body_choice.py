"""Which media type a body goes out as, by what names it is given, and what no body can hold."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import io
import threading
from pathlib import Path
from typing import Any

import numpy
import pytest
from support import json_content, one_operation

from dynclient import Client, File, InvalidRequest, Options
from dynclient.operation import BodyMedia
from dynclient.validation import ALL_FORMATS

FORM, PARTS, PATCH = (
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "application/json-patch+json",
)
OBJECT = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}
ANYTHING: dict[str, Any] = {"type": "object"}


def client_of(content: Any, version: str = "3.1.1", **more: Any) -> Client:
    settings = {name: more.pop(name) for name in ("validate", "encoders") if name in more}
    made = one_operation(method="post", content=content, **more)
    return Client({**made, "openapi": version}, **settings)


def sent(client: Client, /, **given: Any) -> tuple[bytes, str]:
    request = client.prepare("op", **given)
    content: Any = request.content
    whole = content if isinstance(content, bytes) else b"".join(content)
    return whole, request.headers["Content-Type"].partition(";")[0]


def refused(client: Client, /, **given: Any) -> list[str]:
    with pytest.raises(InvalidRequest) as caught:
        client.prepare("op", **given)
    return [f"{v.rule} {v.where}{v.pointer} {v.message}" for v in caught.value.violations]


# ── a member goes before the name of the whole ───────────────────────────────────────────────────

TAG = {"type": "object", "properties": {"tag": {"type": "object"}}}


@pytest.mark.parametrize("media_type", ["application/json", FORM, PARTS])
def test_a_property_of_the_name_of_its_schema_is_the_property(media_type: str) -> None:
    schemas = {"schemas": {"Tag": TAG}}
    content = json_content({"$ref": "#/components/schemas/Tag"}, media_type)
    client = client_of(content, components=schemas)
    expected = {
        "application/json": b'{"tag":{"a":1}}',
        FORM: b"tag=%7B%22a%22%3A1%7D",
        PARTS: b'{"a":1}',
    }[media_type]
    assert expected in sent(client, tag={"a": 1})[0]
    request = client.prepare("op", {"tag": {"a": 1}})
    whole: Any = request.content
    assert expected in (whole if isinstance(whole, bytes) else b"".join(whole))
    assert list(client.operations["op"].signature.parameters) == ["tag", "body", "options"]


def test_a_body_of_swagger_2_has_the_name_that_it_had() -> None:
    body = {"in": "body", "name": "new-job", "schema": {"$ref": "#/definitions/Job"}}
    document = {
        "swagger": "2.0",
        "info": {"title": "Test", "version": "1"},
        "host": "api.test",
        "paths": {"/jobs": {"post": {"operationId": "op", "parameters": [body], "responses": {}}}},
        "definitions": {"Job": {"type": "object", "properties": {"a": {"type": "integer"}}}},
    }
    client = Client(document)
    for name in ("new_job", "job", "body"):
        assert sent(client, **{name: {"a": 1}})[0] == b'{"a":1}'
    assert sent(client, a=1)[0] == b'{"a":1}'
    names = list(client.operations["op"].signature.parameters)
    assert names == ["a", "new_job", "job", "body", "options"]


# ── several media types ──────────────────────────────────────────────────────────────────────────

TWO_JSON = {
    PATCH: {"schema": {"type": "array", "items": ANYTHING}},
    "application/json": {"schema": OBJECT},
}
JSON_AND_PARTS = {
    "application/json": {"schema": {"type": "object", "properties": {"url": {"type": "string"}}}},
    PARTS: {"schema": {"type": "object", "properties": {"file": {}, "n": {"type": "integer"}}}},
}
CHOSEN: list[tuple[Any, Any, str]] = [
    (TWO_JSON, {"a": 1}, "application/json"),
    (TWO_JSON, [{"op": "add"}], PATCH),
    ({PATCH: {}, "application/json": {}}, {"a": 1}, "application/json"),
    ({"application/vnd.x+json": {}, "application/json": {}}, [1], "application/json"),
    ({"application/*": {}, PATCH: {}}, [1], PATCH),
    ({**json_content(OBJECT), FORM: {"schema": ANYTHING}}, {"b": "x"}, FORM),
    (JSON_AND_PARTS, {"file": File(b"x")}, PARTS),
    (JSON_AND_PARTS, {"file": [File(b"x"), File(b"y")]}, PARTS),
    (JSON_AND_PARTS, {"file": io.BytesIO(b"x")}, PARTS),
    (JSON_AND_PARTS, {"url": "http://x"}, "application/json"),
    ({"application/octet-stream": {}, "text/plain": {}, **json_content(OBJECT)}, {"a": 1},
     "application/json"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "body", "expected"), CHOSEN)
def test_the_media_type_is_the_one_that_the_value_is_valid_for(
    content: Any, body: Any, expected: str
) -> None:
    assert sent(client_of(content), body=body)[1] == expected


def test_keywords_may_be_the_properties_of_any_media_type() -> None:
    client = client_of(JSON_AND_PARTS)
    assert sent(client, file=File(b"x"), n=1)[1] == PARTS
    assert sent(client, url="http://x")[1] == "application/json"
    names = list(client.operations["op"].signature.parameters)
    assert names == ["url", "file", "n", "body", "options"]


def test_a_value_that_fits_no_media_type_is_refused_with_what_to_do() -> None:
    found = refused(client_of(TWO_JSON), body={"a": "x"})
    assert [each.split()[:2] for each in found] == [
        ["media-type", "request.body"],
        ["type", "request.body/a"],
    ]
    assert "fits none of application/json, application/json-patch+json" in found[0]
    with pytest.raises(InvalidRequest, match=r"Options\(content_type=\.\.\.\)"):
        client_of(TWO_JSON).prepare("op", body={"a": "x"})
    warned = client_of(TWO_JSON, validate="warn").prepare("op", body={"a": "x"})
    assert warned.content == b'{"a":"x"}'


@pytest.mark.parametrize("validate", ["strict", "warn", "off"])
def test_the_choice_does_not_depend_on_the_level(validate: str) -> None:
    assert sent(client_of(TWO_JSON, validate=validate), body=[])[1] == PATCH


def test_a_range_of_json_types_asks_which() -> None:
    client = client_of({"application/*+json": {"schema": OBJECT}})
    assert "which media type is it?" in refused(client, body={"a": 1})[0]
    options = Options(content_type="application/vnd.x+json")
    assert sent(client, body={"a": 1}, options=options) == (b'{"a":1}', "application/vnd.x+json")


@pytest.mark.parametrize("body", [b"x", io.BytesIO(b"x"), "x"])
def test_a_content_type_that_is_not_declared_is_a_violation(body: Any) -> None:
    content = {"application/octet-stream": {}}
    options = Options(content_type="image/png")
    found = refused(client_of(content), body=body, options=options)
    assert [each.split()[0] for each in found] == ["content-type"]
    assert "these are: application/octet-stream" in found[0]
    for validate in ("warn", "off"):
        client = client_of(content, validate=validate)
        assert sent(client, body=body, options=options) == (b"x", "image/png")
        if hasattr(body, "seek"):
            body.seek(0)


@pytest.mark.parametrize(
    "named", ["image", "image/*", "", "a/b\r\nX: y", "a/\u20ac", "/", "a/\ud800"]
)
def test_what_can_not_be_a_content_type_is_refused_at_every_level(named: str) -> None:
    for validate in ("strict", "off"):
        client = client_of({"application/octet-stream": {}}, validate=validate)
        assert (
            "can't be the content type"
            in refused(client, body=b"", options=Options(content_type=named))[0]
        )


# ── files where none can be ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "media_type", ["application/json", FORM, "application/jsonl", "text/plain"]
)
@pytest.mark.parametrize("held", [File("text", filename="a"), Path("a"), io.BytesIO(b"x")])
def test_a_file_in_a_body_that_holds_none_is_refused(media_type: str, held: Any) -> None:
    entry = {"itemSchema": {}} if "jsonl" in media_type else {"schema": {}}
    body: Any = [{"f": held}] if "jsonl" in media_type else {"f": held}
    (found,) = refused(client_of({media_type: entry}, "3.2.0"), body=body)
    assert found.startswith("encoding request.body")
    assert "holds no files, and the operation declares no multipart body" in found


def test_a_file_in_json_that_the_caller_asked_for_names_multipart() -> None:
    options = Options(content_type="application/json")
    with pytest.raises(InvalidRequest) as caught:
        client_of(JSON_AND_PARTS).prepare("op", body={"f": [File(b"x")]}, options=options)
    (violation,) = caught.value.violations
    assert violation.pointer == "/f/0"
    assert f"a {PARTS} body does" in violation.message
    assert PARTS in str(caught.value)


@pytest.mark.parametrize("media_type", ["application/octet-stream", "application/json", PARTS])
@pytest.mark.parametrize("how", ["closed", "write-only"])
def test_a_file_that_can_not_be_read_is_refused_before_anything_is_sent(
    media_type: str, how: str, tmp_path: Path
) -> None:
    file = (tmp_path / "f").open("wb")
    if how == "closed":
        file.close()
    is_part = media_type == PARTS
    (found,) = refused(client_of({media_type: {}}), body={"f": file} if is_part else file)
    assert found.startswith(f"unreadable request.body{'/f' if is_part else ''} ")
    assert ("is closed" if how == "closed" else "not open for reading") in found
    file.close()


UNSENDABLE: list[tuple[str, Any, str]] = [
    ("application/json", {"a": ["x", "\ud800"]}, "/a/1"),
    ("application/json", {"a": {"b": b"x"}}, "/a/b"),
    ("text/plain", "\ud800", ""),
    ("application/octet-stream", "\ud800", ""),
    (FORM, {"a": "\ud800"}, "/a"),
    (FORM, {"a": b"x"}, "/a"),
    (FORM, {"a": {"b": b"x"}}, "/a/b"),
    (FORM, {"a/b": ["x", b"x"]}, "/a~1b"),
    (PARTS, {"a": "\ud800"}, "/a"),
    (PARTS, {"a": {"b": b"x"}}, "/a/b"),
]


@pytest.mark.parametrize("validate", ["strict", "off"])
@pytest.mark.parametrize(("media_type", "body", "pointer"), UNSENDABLE)
def test_what_a_body_can_not_hold_is_refused_with_its_place(
    media_type: str, body: Any, pointer: str, validate: str
) -> None:
    found = refused(client_of({media_type: {}}, validate=validate), body=body)
    assert found[0].startswith(f"encoding request.body{pointer} ")


@dataclasses.dataclass
class Holder:
    raw: bytes


@pytest.mark.parametrize("media_type", ["application/json", FORM])
def test_bytes_in_a_dataclass_are_refused_as_in_an_object(media_type: str) -> None:
    for body in (Holder(b"x"), {"raw": b"x"}):
        (found,) = refused(client_of({media_type: {}}), body=body)
        assert found.startswith("encoding request.body/raw ")


# ── null in forms ────────────────────────────────────────────────────────────────────────────────

NULLABLE = {
    "type": "object",
    "required": ["a", "j"],
    "properties": {
        "a": {"type": ["string", "null"]},
        "j": {"anyOf": [{"type": "object"}, {"type": "null"}]},
        "b": {"type": ["string", "null"]},
    },
}


def test_null_for_a_required_member_of_a_form_is_a_value() -> None:
    encoding = {"j": {"contentType": "application/json"}}
    given = {"a": None, "j": None, "b": None}
    form = {FORM: {"schema": NULLABLE, "encoding": encoding}}
    assert sent(client_of(form), body=given)[0] == b"a=&j=null"
    content, _ = sent(client_of({PARTS: {"schema": NULLABLE, "encoding": encoding}}), body=given)
    assert content.count(b"Content-Disposition") == 2
    assert b'name="a"\r\nContent-Type: text/plain\r\n\r\n\r\n' in content
    assert b'name="j"\r\nContent-Type: application/json\r\n\r\nnull\r\n' in content
    closed = {**NULLABLE, "properties": {"a": {"type": "string"}, "j": {}}}
    assert "required" in refused(client_of({FORM: {"schema": closed}}), body=given)[0]


# ── values of Python ─────────────────────────────────────────────────────────────────────────────

DATES = {
    "type": "object",
    "properties": {
        "at": {"type": "string", "format": "date-time"},
        "on": {"type": "string", "format": "date"},
        "price": {"type": "string", "format": "decimal"},
        "n": {"type": "number"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "free": {},
        "deep": {"type": "array", "items": {"$ref": "#/components/schemas/At"}},
    },
}
AT = {"schemas": {"At": {"properties": {"at": {"type": "string", "format": "date-time"}}}}}
DAY = datetime.date(2025, 1, 31)
NOON = datetime.datetime(2025, 1, 31, 12, tzinfo=datetime.UTC)
VALUES: list[tuple[Any, bytes]] = [
    ({"at": DAY}, b'{"at":"2025-01-31T00:00:00Z"}'),
    ({"at": NOON}, b'{"at":"2025-01-31T12:00:00Z"}'),
    ({"on": DAY}, b'{"on":"2025-01-31"}'),
    ({"deep": [{"at": DAY}]}, b'{"deep":[{"at":"2025-01-31T00:00:00Z"}]}'),
    ({"price": decimal.Decimal("1.10")}, b'{"price":"1.10"}'),
    ({"n": decimal.Decimal("1.10")}, b'{"n":1.10}'),
    ({"tags": "alpha"}, b'{"tags":["alpha"]}'),
    ({"tags": numpy.array(["a", "b"])}, b'{"tags":["a","b"]}'),
    ({"free": numpy.array([[1, 2], [3, 4]])}, b'{"free":[[1,2],[3,4]]}'),
    ({"n": numpy.float64(1.5)}, b'{"n":1.5}'),
    ({"n": numpy.float32(1.5)}, b'{"n":1.5}'),
    ({"n": numpy.int64(3)}, b'{"n":3}'),
    ({"free": [numpy.bool_(True), None]}, b'{"free":[true,null]}'),
]


@pytest.mark.parametrize("validate", ["strict", "off"])
@pytest.mark.parametrize(("body", "content"), VALUES)
def test_values_of_python_are_serialized_as_their_schemas_want_them(
    body: Any, content: bytes, validate: str
) -> None:
    client = client_of(json_content(DATES), components=AT, validate=validate)
    assert sent(client, body=body)[0] == content
    assert sent(client, **body)[0] == content


def test_values_of_python_are_serialized_alike_in_forms() -> None:
    client = client_of({FORM: {"schema": DATES}}, components=AT)
    body = {"at": DAY, "tags": "a", "n": numpy.int64(3), "price": decimal.Decimal("1.10")}
    assert sent(client, body=body)[0] == b"at=2025-01-31T00%3A00%3A00Z&tags=a&n=3&price=1.10"
    part, _ = sent(client_of({PARTS: {"schema": DATES}}, components=AT), body={"at": DAY})
    assert b"2025-01-31T00:00:00Z" in part


@pytest.mark.parametrize("value", [numpy.float32("nan"), numpy.array([1.0, float("inf")])])
def test_numbers_of_numpy_that_are_not_json_are_refused(value: Any) -> None:
    assert "is not a JSON number" in refused(client_of(json_content({})), body={"a": value})[0]


class Point:
    def __init__(self, x: int, y: int) -> None:
        self.x, self.y = x, y


class Near(Point):
    pass


@dataclasses.dataclass
class Segment:
    start: Point
    end: Point | None = None


@pytest.mark.parametrize(("media_type", "expected"), [
    ("application/json", b'{"p":[1,2],"s":{"start":[3,4],"end":null},"l":[[5,6]]}'),
    (FORM, b"p=1&p=2&s=%7B%22start%22%3A%5B3%2C4%5D%2C%22end%22%3Anull%7D&l=5"),
])  # fmt: skip
def test_types_of_the_callers_are_encoded_by_functions(media_type: str, expected: bytes) -> None:
    client = client_of({media_type: {}}, encoders={Point: lambda p: [p.x, p.y]})
    last: Any = Near(5, 6) if media_type == "application/json" else 5
    body = {"p": Near(1, 2), "s": Segment(Point(3, 4)), "l": [last]}
    assert sent(client, body=body)[0] == expected


def test_encoders_go_before_what_a_type_would_be_without() -> None:
    client = client_of(json_content({}), encoders={datetime.date: lambda day: day.year})
    assert sent(client, body={"d": DAY})[0] == b'{"d":2025}'


@pytest.mark.parametrize("encoders", [{"str": str}, {str: "x"}])
def test_encoders_are_functions_by_type(encoders: Any) -> None:
    with pytest.raises(TypeError, match="encoders="):
        client_of(json_content({}), encoders=encoders)


# ── threads ──────────────────────────────────────────────────────────────────────────────────────


def test_judges_are_forgotten_while_others_use_them() -> None:
    client = client_of({PARTS: {"schema": {"type": "object"}}})
    body = client.operations["op"].request_body
    assert body is not None
    media: BodyMedia = body.preferred
    failures: list[BaseException] = []

    def ask(start: int) -> None:
        try:
            for number in range(start, start + 60):
                opaque = frozenset({(f"f{number}", True)})
                assert media.judge(PARTS, formats=ALL_FORMATS, opaque=opaque) is not None
        except BaseException as error:  # noqa: BLE001 - told below
            failures.append(error)

    threads = [threading.Thread(target=ask, args=(40 * index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
