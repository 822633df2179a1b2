"""Codecs: the table that finds them, and one of a user's own, both ways."""

from __future__ import annotations

import datetime
import io
import pickle
from typing import Any

import cbor2
import pytest
from support import Sends, json_content, one_operation

from dynclient import Client, Codec, Headers, HttpRequest, HttpResponse, InvalidRequest
from dynclient.errors import InvalidResponse
from dynclient.operation.content.registry import CODECS, Registry

CBOR_TYPE = "application/cbor"
SCHEMA = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "integer"},
        "raw": {"type": "string", "maxLength": 4},
        "at": {"type": "string", "format": "date-time"},
    },
}


class CBOR(Codec):
    media_types = (CBOR_TYPE, "*/*+cbor")

    def encode(self, value: Any) -> bytes:
        return cbor2.dumps(value)

    def decode(self, content: bytes) -> Any:
        stream = io.BytesIO(content)
        value = cbor2.load(stream)
        if stream.read(1):
            raise ValueError("something follows the first item")
        return value


def echo(request: HttpRequest) -> HttpResponse:
    content = request.content
    assert isinstance(content, bytes)
    return HttpResponse(200, Headers({"Content-Type": request.headers["Content-Type"]}), content)


def client_of(media_type: str = CBOR_TYPE, schema: Any = SCHEMA, **more: Any) -> Client:
    content = json_content(schema, media_type)
    responses = {"200": {"description": "", "content": content}}
    document = one_operation(method="post", content=content, responses=responses)
    return Client(document, codecs=[CBOR()], transport=Sends(echo), **more)


def answered(client: Client, content: bytes) -> Any:
    http = HttpResponse(200, Headers({"Content-Type": CBOR_TYPE}), content)
    return client.operations["op"].parse(http)


# ── one of the user's own ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("media_type", [CBOR_TYPE, "application/vnd.x+cbor"])
def test_a_codec_of_ones_own_encodes_and_decodes(media_type: str) -> None:
    client = client_of(media_type)
    at = datetime.datetime(2025, 1, 1, tzinfo=datetime.UTC)
    data = {"id": 10**30, "raw": b"\x00\xff", "at": at}
    response = client.request("op", data)
    assert response.request.content == cbor2.dumps(data)
    assert response.data == data
    assert response.violations == ()
    assert client.call("op", id=1) == {"id": 1}  # properties are arguments, as in JSON


@pytest.mark.parametrize(
    ("body", "pointer", "rule"),
    [
        ({"raw": b""}, "", "required"),
        ({"id": "x", "raw": b""}, "/id", "type"),
        ({"id": 1, "raw": b"12345"}, "/raw", "maxLength"),
    ],
)
def test_its_data_is_validated_in_both_directions(body: Any, pointer: str, rule: str) -> None:
    client = client_of()
    with pytest.raises(InvalidRequest) as caught:
        client.prepare("op", body=body)
    assert [(v.pointer, v.rule) for v in caught.value.violations] == [(pointer, rule)]
    found = answered(client, cbor2.dumps(body)).violations
    assert [(v.pointer, v.rule) for v in found] == [(pointer, rule)]


def test_bytes_are_sent_as_they_are_and_validated_as_what_they_say() -> None:
    content = cbor2.dumps({"id": 1})
    assert client_of().prepare("op", body=content).content == content
    with pytest.raises(InvalidRequest, match="integer"):
        client_of().prepare("op", body=cbor2.dumps({"id": "x"}))


@pytest.mark.parametrize(
    "content",
    [b"\x01\x02", b"\x9f", b"\x81" * 10_000 + b"\x01", b"\xbb" + b"\xff" * 8, b""],
)
def test_content_that_it_can_not_decode_is_reported_and_kept(content: bytes) -> None:
    response = answered(client_of(), content)
    assert [v.rule for v in response.violations] == ["encoding" if content else "empty"]
    assert response.data == (content or None)


def test_data_that_contains_itself_has_an_end() -> None:
    content = b"\xd8\x1c\xa1\x62id\xd8\x1d\x00"  # tags 28 and 29: an object that is its own member
    data = answered(client_of(schema={"properties": {"id": {"type": "object"}}}), content).data
    assert data["id"] is data


def test_what_it_can_not_encode_is_an_invalid_request() -> None:
    with pytest.raises(InvalidRequest, match="can't be encoded as application/cbor"):
        client_of(schema={}).prepare("op", body={"a": object()})


def test_it_goes_along_with_a_client_into_a_pickle_and_into_other_options() -> None:
    client = client_of()
    for other in (pickle.loads(pickle.dumps(client_with_no_transport())), client.with_options()):
        assert other.prepare("op", body={"id": 1}).content == cbor2.dumps({"id": 1})
    request = client.prepare("op", body={"id": 1})
    assert pickle.loads(pickle.dumps(request)) == request


def client_with_no_transport() -> Client:
    document = one_operation(method="post", content=json_content(SCHEMA, CBOR_TYPE))
    return Client(document, codecs=[CBOR()])


def test_a_body_that_it_encoded_is_not_shown() -> None:
    shown = client_of().prepare("op", body={"id": 1}).redacted().content
    assert shown == b"[body not shown: 5 bytes of application/cbor]"


def test_without_it_the_type_is_bytes() -> None:
    document = one_operation(method="post", content=json_content(SCHEMA, CBOR_TYPE))
    assert Client(document).prepare("op", body=b"\xa0").content == b"\xa0"
    with pytest.raises(InvalidRequest, match="body is bytes, text, a Path"):
        Client(document).prepare("op", body={"id": 1})


class Upper(Codec):
    media_types = ("text/plain",)
    takes_empty = True

    def encode(self, value: Any) -> bytes:
        return str(value).upper().encode()

    def decode(self, content: bytes) -> Any:
        return content.decode().lower()


def test_it_goes_before_one_of_the_library() -> None:
    content = json_content({"type": "string"}, "text/plain")
    client = Client(one_operation(method="post", content=content), codecs=[Upper()])
    assert client.prepare("op", body="x").content == b"X"
    assert (
        Client(one_operation(method="post", content=content)).prepare("op", body="x").content
        == b"x"
    )


class Text(Codec):
    media_types = (CBOR_TYPE,)

    def encode(self, value: Any) -> Any:
        return "text, not bytes"


def test_content_that_is_not_bytes_is_not_sent() -> None:
    document = one_operation(method="post", content=json_content({}, CBOR_TYPE))
    with pytest.raises(InvalidRequest, match="can't be encoded"):
        Client(document, codecs=[Text()]).prepare("op", body=1)


class Nameless(Codec):
    pass


class Odd(Codec):
    media_types = ("cbor",)


@pytest.mark.parametrize(
    ("given", "kind"), [(object(), TypeError), (Nameless(), ValueError), (Odd(), ValueError)]
)
def test_what_is_no_codec_is_refused_at_once(given: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind, match=r"codecs=|media_types"):
        Client(one_operation(), codecs=[given])


# ── the table ────────────────────────────────────────────────────────────────────────────────────

FOUND = [
    ("application/json", "application/vnd.api+json"),
    ("application/json", "text/json; charset=utf-8"),
    ("application/xml", "image/svg+xml"),
    ("text/plain", "text/csv"),
    ("text/plain", "application/yaml"),
    ("image/png", "application/zip"),
    ("image/png", "nonsense"),
    ("image/png", ""),
    ("multipart/form-data", "multipart/x-mixed-replace"),
    ("application/jsonl", "application/x-ndjson"),
    ("application/json-seq", "application/geo+json-seq"),
]


@pytest.mark.parametrize(("one", "other"), FOUND)
def test_types_alike_have_one_codec(one: str, other: str) -> None:
    assert CODECS.find(one) is CODECS.find(other)
    assert CODECS.find(one) is not CODECS.find("text/event-stream")


def test_ranges_that_cover_json_are_json() -> None:
    assert [CODECS.declared(each).is_json for each in ("*/*", "application/*", "image/*")] == [
        True,
        True,
        False,
    ]
    assert not CODECS.find("application/zip").is_json


def test_a_registry_without_codecs_of_ones_own_is_one_and_the_same_in_pickles() -> None:
    assert pickle.loads(pickle.dumps(CODECS)) is CODECS
    assert len(pickle.dumps(CODECS)) < 100
    assert isinstance(pickle.loads(pickle.dumps(CODECS.with_codecs([CBOR()]))), Registry)


def test_a_broken_response_raises_with_its_data() -> None:
    def broken(request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, Headers({"Content-Type": CBOR_TYPE}), cbor2.dumps({"id": "x"}))

    content = json_content(SCHEMA, CBOR_TYPE)
    responses = {"200": {"description": "", "content": content}}
    client = Client(one_operation(responses=responses), codecs=[CBOR()], transport=Sends(broken))
    with pytest.raises(InvalidResponse) as caught:
        client.call("op")
    assert caught.value.data == {"id": "x"}
