"""Request bodies: what may be given, and what goes out."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import gzip
import io
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import Answer, Scripted, json_content, one_operation

from dynclient import Client, File, InvalidRequest, Options

BINARY = {"application/octet-stream": {}}
MULTIPART = {"multipart/form-data": {}}


def posting(content: Any, **more: Any) -> dict[str, Any]:
    return one_operation(method="post", content=content, **more)


def sent(service: Scripted, document: Any, body: Any, **options: Any) -> tuple[bytes, str]:
    """The body and the content type that arrive."""
    service.client(document).call("op", body=body, options=Options(**options))
    received = service.received[-1]
    return received.body, received.headers["content-type"]


class Recorder:
    """An iterator of bytes that tells when each piece is taken."""

    def __init__(self, pieces: int, size: int = 100_000) -> None:
        self.taken = 0
        self._pieces = pieces
        self._size = size

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self.taken == self._pieces:
            raise StopIteration
        self.taken += 1
        return b"x" * self._size


def test_bytes_go_out_as_they_are(service: Scripted) -> None:
    assert sent(service, posting(BINARY), b"\x00\xff") == (b"\x00\xff", "application/octet-stream")


def test_text_goes_out_in_the_declared_charset(service: Scripted) -> None:
    document = posting({"text/plain; charset=latin-1": {"schema": {"type": "string"}}})
    assert sent(service, document, "é") == (b"\xe9", "text/plain; charset=latin-1")


def test_text_that_the_charset_lacks_is_refused() -> None:
    document = posting({"text/plain; charset=latin-1": {}})
    with pytest.raises(InvalidRequest, match="can't be encoded in iso8859-1"):
        Client(document).prepare("op", body="\u20ac")


@pytest.mark.parametrize("kind", ["path", "file", "memory", "iterator"])
def test_content_from_outside_is_sent_whole(service: Scripted, kind: str, tmp_path: Path) -> None:
    content = bytes(range(256)) * 1000
    file = tmp_path / "data.bin"
    file.write_bytes(content)
    with file.open("rb") as opened:
        bodies = {
            "path": file,
            "file": opened,
            "memory": io.BytesIO(content),
            "iterator": iter([content[:100], content[100:]]),
        }
        body, _ = sent(service, posting(BINARY), bodies[kind])
    assert body == content
    length = service.received[-1].headers.get("content-length")
    assert length == (None if kind == "iterator" else str(len(content)))


def test_an_iterator_is_not_touched_before_it_is_sent(service: Scripted) -> None:
    body = Recorder(pieces=5)
    request = service.client(posting(BINARY)).prepare("op", body=body)
    assert body.taken == 0
    assert b"".join(request.content) == b"x" * 500_000  # type: ignore[arg-type]


def test_an_iterator_is_read_as_it_is_sent_and_not_before() -> None:
    body = Recorder(pieces=3, size=1)
    content = iter(Client(posting(BINARY)).prepare("op", body=body).content)  # type: ignore[arg-type]
    seen = []
    for piece in content:
        seen.append((piece, body.taken))
    assert seen == [(b"x", 1), (b"x", 2), (b"x", 3)]


@pytest.mark.parametrize("kind", ["json", "multipart"])
def test_an_iterator_can_be_sent_only_once_and_says_so_by_its_kind(kind: str) -> None:
    contents: dict[str, Any] = {"json": {"application/json": {}}, "multipart": MULTIPART}
    client = Client(posting(contents[kind]))
    for source, once in [(iter([b"x"]), True), (io.BytesIO(b"abcd"), False)]:
        body: Any = {"f": source} if kind == "multipart" else source
        content = client.prepare("op", body=body).content
        assert isinstance(content, Iterator) is once
        if not once:
            assert b"".join(content) == b"".join(content)  # type: ignore[arg-type]


def test_an_open_file_is_sent_from_where_it_stands(service: Scripted, tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_bytes(b"0123456789")
    with file.open("rb") as opened:
        opened.seek(4)
        assert sent(service, posting(BINARY), opened)[0] == b"456789"
    with gzip.open(tmp_path / "g.gz", "wb") as packed:
        packed.write(b"z" * 1000)
    with gzip.open(tmp_path / "g.gz", "rb") as packed:
        assert sent(service, posting(BINARY), packed)[0] == b"z" * 1000
    text = file.open("r", encoding="latin-1")
    with text:
        assert sent(service, posting(BINARY), text)[0] == b"0123456789"


def test_a_path_is_read_afresh_each_time(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_bytes(b"abc")
    content = Client(posting(BINARY)).prepare("op", body=file).content
    assert [b"".join(content), b"".join(content)] == [b"abc", b"abc"]  # type: ignore[arg-type]


@pytest.mark.parametrize("media_type", ["application/octet-stream", "multipart/form-data"])
def test_a_missing_file_is_reported_before_anything_is_sent(
    service: Scripted, media_type: str, tmp_path: Path
) -> None:
    missing = tmp_path / "missing"
    body: Any = {"file": missing} if media_type.startswith("multipart") else missing
    with pytest.raises(InvalidRequest, match=r"missing: No such file") as caught:
        service.client(posting({media_type: {}})).call("op", body=body)
    assert caught.value.violations[0].rule == "unreadable"
    assert service.received == []


def test_data_in_a_binary_body_is_refused_with_what_it_may_be() -> None:
    with pytest.raises(InvalidRequest, match="bytes, text, a Path, an open file or an iterator"):
        Client(posting({"image/png": {}})).prepare("op", body={"a": 1})


# ── JSON ─────────────────────────────────────────────────────────────────────────────────────────


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Point:
    x: int
    label: str = "p"


MOMENT = datetime.datetime(2025, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
TYPED: list[tuple[Any, Any, str]] = [
    (MOMENT, {"type": "string", "format": "date-time"}, '"2025-01-02T03:04:05Z"'),
    (MOMENT.date(), {"type": "string", "format": "date"}, '"2025-01-02"'),
    (uuid.UUID(int=1), {"type": "string", "format": "uuid"}, f'"{uuid.UUID(int=1)}"'),
    (Colour.RED, {"enum": ["red"]}, '"red"'),
    (
        Point(1),
        {"required": ["x"], "properties": {"x": {"type": "integer"}}},
        '{"x":1,"label":"p"}',
    ),
    ((1, 2), {"type": "array"}, "[1,2]"),
    (decimal.Decimal("0.10"), {"type": "number"}, "0.10"),
    (10**30, {"type": "integer"}, "1" + "0" * 30),
]


@pytest.mark.parametrize(("value", "schema", "text"), TYPED)
def test_python_values_are_written_and_judged_as_what_they_stand_for(
    value: Any, schema: Any, text: str
) -> None:
    client = Client(posting(json_content({"properties": {"v": schema}})))
    assert client.prepare("op", body={"v": value}).content == f'{{"v":{text}}}'.encode()
    assert Client(posting(json_content(schema))).prepare("op", body=value).content == text.encode()


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        (MOMENT, {"type": "integer"}),
        (Colour.RED, {"enum": ["blue"]}),
        (Point(1), {"required": ["z"]}),
        (uuid.UUID(int=1), {"type": "string", "format": "date"}),
        (decimal.Decimal("1.5"), {"type": "integer"}),
    ],
)
def test_python_values_that_break_the_schema_are_refused(value: Any, schema: Any) -> None:
    client = Client(posting(json_content({"properties": {"v": schema}})))
    with pytest.raises(InvalidRequest) as caught:
        client.prepare("op", body={"v": value})
    assert [(v.where, v.pointer) for v in caught.value.violations] == [("request.body", "/v")]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"a": [1, float("nan")]}, "nan at /a/1 is not a JSON number"),
        ({"a": float("-inf")}, "-inf at /a is not a JSON number"),
        ({"a": "\ud800"}, "lone surrogate"),
        ({"a": object()}, "object"),
        ({"a": decimal.Decimal("NaN")}, "NaN at /a is not a JSON number"),
        ({"a": Point(float("inf"))}, "inf at /a/x is not a JSON number"),  # type: ignore[arg-type]
        (Point(decimal.Decimal("sNaN")), "sNaN at /x is not a JSON number"),  # type: ignore[arg-type]
    ],
)
def test_what_json_can_not_carry_is_refused_by_name(body: Any, message: str) -> None:
    with pytest.raises(InvalidRequest, match=message) as caught:
        Client(posting(json_content({"type": "object"}))).prepare("op", body=body)
    assert "encoding" in {v.rule for v in caught.value.violations}


def test_a_value_that_contains_itself_is_refused() -> None:
    body: dict[str, Any] = {}
    body["self"] = body
    with pytest.raises(InvalidRequest, match="contains itself"):
        Client(posting(json_content({}))).prepare("op", body=body)


def test_integers_of_thirty_digits_are_exact_both_ways(service: Scripted) -> None:
    number = 123456789012345678901234567890
    schema = {"type": "object", "properties": {"n": {"type": "integer", "minimum": number}}}
    document = posting(
        json_content(schema),
        responses={"200": {"description": "ok", "content": json_content(schema)}},
    )
    service.answers.append(Answer(f'{{"n": {number}}}'.encode()))
    assert service.client(document).call("op", n=number) == {"n": number}
    assert service.received[0].body == f'{{"n":{number}}}'.encode()


def test_json_given_as_bytes_is_judged_and_sent_unchanged(service: Scripted) -> None:
    document = posting(json_content({"type": "object"}))
    raw = b'{ "a" : 1 }'
    assert sent(service, document, raw) == (raw, "application/json")
    with pytest.raises(InvalidRequest, match="of type object"):
        service.client(document).call("op", body=b"[]")
    with pytest.raises(InvalidRequest) as caught:
        service.client(document).call("op", body=b"{")
    assert caught.value.violations[0].rule == "encoding"


def test_json_from_a_file_is_sent_as_it_comes(service: Scripted, tmp_path: Path) -> None:
    file = tmp_path / "job.json"
    file.write_text('{"a": 1}')
    document = posting(json_content({"type": "object"}))
    assert sent(service, document, file) == (b'{"a": 1}', "application/json")


# ── several media types ──────────────────────────────────────────────────────────────────────────

SEVERAL = posting(
    {
        "text/csv": {"schema": {"type": "string"}},
        "application/x-www-form-urlencoded": {"schema": {"type": "object"}},
        "application/json": {"schema": {"type": "object"}},
        "application/vnd.job.v2+json": {"schema": {"type": "object", "required": ["v"]}},
        "image/*": {},
    }
)


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        ({"a": 1}, None, (b'{"a":1}', "application/json")),
        ({"v": 2}, "application/vnd.job.v2+json", (b'{"v":2}', "application/vnd.job.v2+json")),
        ({"a": "b c"}, "application/x-www-form-urlencoded", (b"a=b+c",) * 1),
        ("a,b", "text/csv", (b"a,b", "text/csv")),
        (b"\x89PNG", "image/png", (b"\x89PNG", "image/png")),
        ({"a": 1}, "application/json; charset=utf-8", (b'{"a":1}',) * 1),
    ],
)
def test_the_media_type_is_chosen_by_the_caller_or_the_richest(
    service: Scripted, body: Any, content_type: str | None, expected: tuple[Any, ...]
) -> None:
    arrived = sent(service, SEVERAL, body, content_type=content_type)
    assert arrived == (*expected, content_type)[:2]


def test_each_media_type_has_its_own_schema() -> None:
    with pytest.raises(InvalidRequest, match="'v' is missing"):
        Client(SEVERAL).prepare(
            "op", body={"a": 1}, options=Options(content_type="application/vnd.job.v2+json")
        )


def test_an_undeclared_media_type_is_refused_with_those_that_are() -> None:
    with pytest.raises(InvalidRequest, match=r"'text/html' is not declared.*text/csv") as caught:
        Client(SEVERAL).prepare("op", body="a", options=Options(content_type="text/html"))
    assert [v.rule for v in caught.value.violations] == ["content-type"]


# ── forms and multipart ──────────────────────────────────────────────────────────────────────────

FORM_STYLES = [
    ({}, {"a": [1, 2]}, "a=1&a=2"),
    ({"a": {"explode": False}}, {"a": [1, 2]}, "a=1,2"),
    ({"a": {"style": "pipeDelimited"}}, {"a": [1, 2]}, "a=1%7C2"),
    ({"a": {"style": "deepObject", "explode": True}}, {"a": {"b": 1}}, "a%5Bb%5D=1"),
    ({}, {"a": {"b": 1}}, "a=%7B%22b%22%3A1%7D"),
    ({}, {"a": "x y&z=ü"}, "a=x+y%26z%3D%C3%BC"),
    ({"a": {"allowReserved": True}}, {"a": "x/y"}, "a=x/y"),
    ({}, {"a": True, "b": None, "c": 1.5}, "a=true&c=1.5"),
    ({}, {"a": []}, ""),
]


@pytest.mark.parametrize(("encoding", "body", "text"), FORM_STYLES)
def test_a_form_follows_its_encoding(encoding: Any, body: Any, text: str) -> None:
    content = {"application/x-www-form-urlencoded": {"schema": {}, "encoding": encoding}}
    assert Client(posting(content)).prepare("op", body=body).content == text.encode()


def parts(service: Scripted, body: Any, **entry: Any) -> list[tuple[dict[str, str], bytes]]:
    """The header fields and content of each part that arrives."""
    document = posting({"multipart/form-data": {"schema": {"type": "object"}, **entry}})
    content, content_type = sent(service, document, body)
    boundary = content_type.partition("boundary=")[2].encode()
    found = []
    for part in content.split(b"--" + boundary)[1:-1]:
        head, _, rest = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        lines = [line.split(": ", 1) for line in head.decode().split("\r\n")]
        found.append((dict(lines), rest.removesuffix(b"\r\n")))
    return found


def test_every_kind_of_part_says_what_it_is(service: Scripted, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(b"from disk")
    body = {
        "text": "ü",
        "count": 3,
        "meta": {"a": 1},
        "raw": b"\x00",
        "path": path,
        "file": File(b"img", filename='a "b".png', headers={"X-Part": "1"}),
        "typed": File(io.BytesIO(b"{}"), filename="x", content_type="application/json"),
        "many": [b"1", File(b"2", filename="two")],
    }
    found = [
        (fields["Content-Disposition"].removeprefix("form-data; "), fields["Content-Type"], content)
        for fields, content in parts(service, body)
    ]
    assert found == [
        ('name="text"', "text/plain", "ü".encode()),
        ('name="count"', "text/plain", b"3"),
        ('name="meta"', "application/json", b'{"a":1}'),
        ('name="raw"; filename="raw"', "application/octet-stream", b"\x00"),
        ('name="path"; filename="notes.txt"', "text/plain", b"from disk"),
        ('name="file"; filename="a %22b%22.png"', "image/png", b"img"),
        ('name="typed"; filename="x"', "application/json", b"{}"),
        ('name="many"; filename="many"', "application/octet-stream", b"1"),
        ('name="many"; filename="two"', "application/octet-stream", b"2"),
    ]


def test_the_encoding_decides_a_parts_type(service: Scripted) -> None:
    encoding = {
        "a": {"contentType": "application/json"},
        "b": {"contentType": "image/*, image/gif"},
    }
    found = parts(service, {"a": "text", "b": b"GIF"}, encoding=encoding)
    assert [(fields["Content-Type"], content) for fields, content in found] == [
        ("application/json", b'"text"'),
        ("image/gif", b"GIF"),
    ]


def test_the_schema_judges_what_is_data_in_a_multipart_body() -> None:
    schema = {
        "type": "object",
        "required": ["file", "kind"],
        "properties": {"file": {"type": "string", "format": "binary"}, "kind": {"enum": ["a"]}},
    }
    client = Client(posting({"multipart/form-data": {"schema": schema}}))
    assert client.prepare("op", file=b"x", kind="a").content
    with pytest.raises(InvalidRequest) as caught:
        client.prepare("op", kind="b")
    assert {v.rule for v in caught.value.violations} == {"required", "enum"}


def test_a_header_of_a_part_holds_one_line() -> None:
    client = Client(posting({"multipart/form-data": {}}))
    with pytest.raises(InvalidRequest):
        client.prepare("op", body={"f": File(b"", headers={"X": "a\r\nY: b"})})


def test_big_multipart_content_is_streamed(service: Scripted) -> None:
    recorder = Recorder(pieces=50)
    client = service.client(posting({"multipart/form-data": {}}))
    request = client.prepare("op", body={"f": recorder})
    assert recorder.taken == 0
    client.call("op", body={"f": Recorder(pieces=50)})
    assert len(service.received[-1].body) > 5_000_000
    assert request.headers["Content-Type"].startswith("multipart/form-data; boundary=")


def test_the_service_gets_json_it_can_read(service: Scripted) -> None:
    body, _ = sent(service, posting(json_content({})), {"ключ": ["é", None, True, 1e300]})
    assert json.loads(body) == {"ключ": ["é", None, True, 1e300]}
