"""Documents at URLs: compiling fetches nothing, whoever fetches is told what, and from where."""

from __future__ import annotations

import asyncio
import gc
import json
import pickle
import weakref
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from support import Answer, Scripted, answering, json_content, one_operation

from dynclient import (
    AsyncClient,
    Client,
    DocumentError,
    InvalidRequest,
    NotFound,
    NotLoaded,
    Trust,
    load,
)
from dynclient.document import Document, completing, loading, may_move
from dynclient.operation import Operations

HOME = "https://h.test/api/openapi.json"
THING = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
BODY = "/paths/~1thing/post/requestBody/content/application~1json/schema"


def posting(reference: str, **more: Any) -> dict[str, Any]:
    return one_operation(method="post", content=json_content({"$ref": reference}), **more)


def opened(document: Mapping[str, Any], **settings: Any) -> Document:
    """A document as if it had come from HOME."""
    content = json.dumps(document).encode()
    return load(HOME, fetch=lambda url: (url, content), **settings)


def as_bytes(value: Any) -> bytes:
    return json.dumps(value).encode()


# ── compiling fetches nothing ────────────────────────────────────────────────────────────────────


def test_a_reference_to_what_is_not_loaded_says_so_with_its_place_and_a_remedy() -> None:
    operation = Operations(opened(posting("thing.json#/T")))["op"]
    with pytest.raises(NotLoaded, match=r"document\.add\(uri, content\)") as caught:
        operation.prepare(body={"name": "a"})
    assert caught.value.uri == "https://h.test/api/thing.json"
    assert (caught.value.source, caught.value.pointer) == (HOME, BODY)
    assert isinstance(caught.value, DocumentError)
    assert pickle.loads(pickle.dumps(caught.value)).uri == caught.value.uri


def test_what_was_added_is_used() -> None:
    document = opened(posting("thing.json#/T"))
    operation = Operations(document)["op"]
    assert not document.holds("https://h.test/api/thing.json")
    document.add("https://h.test/api/thing.json", as_bytes({"T": THING}))
    assert document.holds("https://h.test/api/thing.json")
    assert operation.prepare(body={"name": "a"}).content == b'{"name":"a"}'
    with pytest.raises(InvalidRequest, match="the required property 'name' is missing"):
        operation.prepare(body={})


def test_a_file_that_is_added_is_not_asked_for_trust() -> None:
    document = load(posting("https://other.test/thing.json"))
    operation = Operations(document)["op"]
    with pytest.raises(DocumentError, match="not trusted"):
        operation.prepare(body={})
    document.add("https://other.test/thing.json", as_bytes(THING))
    with pytest.raises(InvalidRequest):
        operation.prepare(body={})


def test_what_is_added_must_be_readable() -> None:
    document = opened(posting("thing.json"))
    with pytest.raises(DocumentError, match="not valid JSON") as caught:
        document.add("https://h.test/api/thing.json", b'{"a": }')
    assert caught.value.source == "https://h.test/api/thing.json"
    assert not document.holds("https://h.test/api/thing.json")


@pytest.mark.parametrize(
    ("reference", "trust"),
    [
        ("https://other.test/thing.json", Trust()),
        ("https://h.test:8443/thing.json", Trust()),
        ("http://h.test/thing.json", Trust(origins={"https://other.test"})),
        ("file:///etc/hostname", Trust(origins={"https://other.test"})),
    ],
)
def test_trust_is_asked_before_anything_is_fetched(reference: str, trust: Trust) -> None:
    with pytest.raises(DocumentError, match="its origin is not trusted") as caught:
        Operations(opened(posting(reference), trust=trust))["op"].prepare(body={})
    assert not isinstance(caught.value, NotLoaded)


def test_no_origin_is_that_of_files(tmp_path: Path) -> None:
    # A document from the network reads no local file, whatever it is trusted with.
    secret = tmp_path / "secret.json"
    secret.write_text(json.dumps(THING))
    for origin in (secret.as_uri(), "file://", "file:///"):
        with pytest.raises(ValueError, match="neither http nor https"):
            Trust(origins={origin})
    trust = Trust(folders=[tmp_path])
    with pytest.raises(DocumentError, match="not trusted"):
        Operations(opened(posting(secret.as_uri()), trust=trust))["op"].prepare(body={})


def test_the_number_of_files_is_bounded() -> None:
    document = opened(posting("1.json"), trust=Trust(max_documents=2))
    document.add("https://h.test/api/1.json", as_bytes({"$ref": "2.json"}))
    with pytest.raises(DocumentError, match="more than 2 documents"):
        document.add("https://h.test/api/2.json", as_bytes({}))
    with pytest.raises(DocumentError, match="more than 2 documents"):
        Operations(document)["op"].prepare(body={})


def test_why_a_file_cannot_be_had_is_reported_with_the_place_and_it_is_asked_for_again() -> None:
    document = opened(posting("thing.json"))
    operation = Operations(document)["op"]
    for _ in range(2):
        steps = completing(document, lambda: operation.prepare(body={}))
        assert next(steps) == "https://h.test/api/thing.json"
        with pytest.raises(DocumentError, match="can't be loaded: the host is down") as caught:
            steps.throw(DocumentError("the host is down"))
        assert (caught.value.source, caught.value.pointer) == (HOME, BODY)


# ── opening ──────────────────────────────────────────────────────────────────────────────────────


def test_a_url_without_a_way_to_fetch_is_refused() -> None:
    with pytest.raises(DocumentError, match="opened by a Client"):
        load(HOME)


def test_whoever_fetches_is_told_the_url_and_sends_the_bytes() -> None:
    steps = loading(HOME)
    assert next(steps) == HOME
    with pytest.raises(StopIteration) as done:
        steps.send(("https://h.test/v2/openapi.json", as_bytes(posting("thing.json"))))
    document = done.value.value
    assert document.uri == "https://h.test/v2/openapi.json"


@pytest.mark.parametrize("source", ["qiskit-runtime", one_operation()])
def test_what_is_on_this_machine_opens_without_a_question(source: Any) -> None:
    with pytest.raises(StopIteration):
        next(loading(source))


MOVES = [
    ("https://h.test/a", "https://h.test/b", True),
    ("https://h.test/a", "https://H.TEST:443/b", True),
    ("http://h.test/a", "https://h.test/a", True),
    ("http://h.test:8080/a", "https://h.test:8443/a", True),
    ("https://h.test/a", "http://h.test/a", False),
    ("https://h.test/a", "https://h.test:8443/a", False),
    ("https://h.test/a", "https://other.test/a", False),
    ("https://h.test/a", "https://h.test.other.test/a", False),
    ("https://h.test/a", "https://trusted.test/a", True),
    ("https://h.test/a", "file:///etc/hostname", False),
    ("https://h.test/a", "ftp://h.test/a", False),
    ("https://h.test/a", "https://h.test:99999/a", False),
]


@pytest.mark.parametrize(("one", "other", "allowed"), MOVES)
def test_where_a_redirect_may_move_a_document(one: str, other: str, allowed: bool) -> None:
    trust = Trust(origins={"https://trusted.test"})
    assert may_move(one, other, trust) is allowed


def test_a_document_or_a_file_that_moved_to_another_origin_is_refused() -> None:
    elsewhere = "https://other.test/openapi.json"
    with pytest.raises(DocumentError, match="whose origin is not trusted") as caught:
        load(HOME, fetch=lambda _: (elsewhere, as_bytes(posting("thing.json"))))
    assert caught.value.source == HOME
    document = opened(posting("thing.json"))
    with pytest.raises(DocumentError, match="whose origin is not trusted"):
        document.add("https://h.test/api/thing.json", as_bytes(THING), elsewhere)
    trust = Trust(origins={"https://other.test"})
    assert load(HOME, fetch=lambda _: (elsewhere, as_bytes(posting("x"))), trust=trust)


def test_references_of_a_file_that_moved_start_from_where_it_is() -> None:
    document = opened(posting("thing.json"))
    moved = as_bytes({"properties": {"a": {"$ref": "b.json"}}})
    document.add("https://h.test/api/thing.json", moved, "https://h.test/v2/schemas/thing.json")
    with pytest.raises(NotLoaded) as caught:
        Operations(document)["op"].prepare(body={})
    assert caught.value.uri == "https://h.test/v2/schemas/b.json"
    assert caught.value.source == "https://h.test/v2/schemas/thing.json"


SWAGGER = {
    "swagger": "2.0",
    "info": {"title": "T", "version": "1"},
    "paths": {
        "/a": {"get": {"operationId": "a", "parameters": [{"$ref": "parameters.json#/P"}]}},
        "/b": {"get": {"operationId": "b", "parameters": [{"$ref": "absent.json#/P"}]}},
    },
}


def test_the_files_that_an_upgrade_needs_are_asked_for_first() -> None:
    served = {
        HOME: as_bytes(SWAGGER),
        "https://h.test/api/parameters.json": as_bytes({"P": {"$ref": "more.json#/Q"}}),
        "https://h.test/api/more.json": as_bytes(
            {"Q": {"name": "q", "in": "query", "type": "integer"}}
        ),
    }
    asked: list[str] = []

    def fetch(url: str) -> tuple[str, bytes]:
        asked.append(url.rpartition("/")[2])
        if url not in served:
            raise DocumentError("not there", source=url)
        return url, served[url]

    document = load(HOME, fetch=fetch)
    assert asked == ["openapi.json", "absent.json", "parameters.json", "more.json"]
    operations = Operations(document)
    assert operations["a"].prepare(q=1).url.endswith("?q=1")
    with pytest.raises(NotLoaded, match=r"absent\.json"):
        operations["b"].prepare()


def test_a_document_travels_with_what_was_added_to_it() -> None:
    document = opened(posting("thing.json"))
    document.add("https://h.test/api/thing.json", as_bytes(THING))
    again = pickle.loads(pickle.dumps(document))
    with pytest.raises(InvalidRequest):
        Operations(again)["op"].prepare(body={})


# ── a client fetches ─────────────────────────────────────────────────────────────────────────────


def test_a_client_fetches_what_its_calls_need_when_they_need_it(service: Scripted) -> None:
    responses = {
        "200": answering({"$ref": "ok.json"})["200"],
        "404": answering({"$ref": "error.json"})["200"],
    }
    document = one_operation(
        parameters=[{"$ref": "more.json#/p"}], responses=responses, servers=[{"url": service.url}]
    )
    more = {"p": {"name": "limit", "in": "query", "schema": {"type": "integer"}}}
    said = {"type": "object", "required": ["why"]}
    service.answers[:] = [Answer(as_bytes(document))]
    client = Client(f"{service.url}/api.json")
    assert [each.target for each in service.received] == ["/api.json"]
    service.answers[:] = [Answer(as_bytes(more)), Answer(as_bytes({"type": "array"}))]
    service.answers += [Answer(b"[]"), Answer(b"{}", 404), Answer(as_bytes(said))]
    assert client.call("op", limit=1) == []
    with pytest.raises(NotFound, match="the required property 'why' is missing"):
        client.call("op", limit=1)
    assert [each.target for each in service.received[1:]] == [
        "/more.json",
        "/ok.json",
        "/thing?limit=1",
        "/thing?limit=1",
        "/error.json",
    ]


def test_a_file_that_cannot_be_had_costs_the_call_that_needs_it(service: Scripted) -> None:
    service.answers[:] = [
        Answer(as_bytes(posting("thing.json", servers=[{"url": service.url}]))),
        Answer(b"no", 503),
    ]
    client = Client(f"{service.url}/api.json")
    with pytest.raises(DocumentError, match="503") as caught:
        client.prepare("op", body={"name": "a"})
    assert (caught.value.source, caught.value.pointer) == (f"{service.url}/api.json", BODY)
    service.answers[:] = [Answer(as_bytes(THING))]
    assert client.prepare("op", body={"name": "a"}).content == b'{"name":"a"}'


def test_a_success_in_another_file_is_asked_for_by_its_media_types(service: Scripted) -> None:
    responses = {"200": {"$ref": "more.json#/ok"}, "404": {"$ref": "error.json#/no"}}
    document = one_operation(responses=responses, servers=[{"url": service.url}])
    ok = {"description": "ok", "content": json_content({"type": "array"}, "application/vnd.a+json")}
    service.answers[:] = [Answer(as_bytes(document))]
    client = Client(f"{service.url}/api.json")
    service.answers[:] = [Answer(as_bytes({"ok": ok}))]
    service.answers += [Answer(b"[]", content_type="application/vnd.a+json")]
    assert client.call("op") == []
    assert [each.target for each in service.received[1:]] == ["/more.json", "/thing"]
    assert service.received[-1].headers["accept"] == "application/vnd.a+json"


def test_a_response_is_not_lost_because_its_schema_cannot_be_had(service: Scripted) -> None:
    responses = {
        "200": answering({"$ref": "ok.json"})["200"],
        "404": answering({"$ref": "error.json"})["200"],
    }
    document = one_operation(responses=responses, servers=[{"url": service.url}])
    service.answers[:] = [Answer(as_bytes(document))]
    client = Client(f"{service.url}/api.json")
    service.answers[:] = [Answer(b"true"), Answer(b'{"why": 1}', 404), Answer(b"no", 503)]
    with pytest.raises(NotFound, match="503") as caught:
        client.call("op")
    assert caught.value.data == {"why": 1}
    assert [v.rule for v in caught.value.violations] == ["document"]
    service.answers[:] = [Answer(b'{"why": 1}', 404), Answer(b'{"type": "array"}')]
    with pytest.raises(NotFound) as caught:
        client.call("op")
    assert [v.rule for v in caught.value.violations] == ["type"]


@pytest.fixture
def other() -> Iterator[Scripted]:
    """A second service: another origin."""
    scripted = Scripted()
    try:
        yield scripted
    finally:
        scripted.server.close()


def moved(to: str) -> Answer:
    return Answer(b"", 302, fields=[("Location", to)])


def test_the_other_origin_that_a_document_is_redirected_to_is_never_asked(
    service: Scripted, other: Scripted
) -> None:
    service.answers[:] = [moved("/v2/api.json"), moved(f"{other.url}/api.json")]
    with pytest.raises(DocumentError, match="whose origin is not trusted"):
        Client(f"{service.url}/api.json")
    assert [each.target for each in service.received] == ["/api.json", "/v2/api.json"]
    assert other.received == []


def test_the_other_origin_that_a_reference_is_redirected_to_is_never_asked(
    service: Scripted, other: Scripted
) -> None:
    document = posting("thing.json", servers=[{"url": service.url}])
    service.answers[:] = [Answer(as_bytes(document)), moved(f"{other.url}/thing.json")]
    client = Client(f"{service.url}/api.json")
    with pytest.raises(DocumentError, match="whose origin is not trusted") as caught:
        client.call("op", body={"name": "a"})
    assert caught.value.pointer == BODY
    assert other.received == []


def test_neither_is_it_by_an_async_client(service: Scripted, other: Scripted) -> None:
    document = posting("thing.json", servers=[{"url": service.url}])
    service.answers[:] = [moved(f"{other.url}/api.json"), Answer(as_bytes(document))]
    service.answers += [moved(f"{other.url}/thing.json")]

    async def calls() -> None:
        with pytest.raises(DocumentError, match="whose origin is not trusted"):
            async with AsyncClient(f"{service.url}/api.json"):
                pass
        async with AsyncClient(f"{service.url}/api.json") as client:
            with pytest.raises(DocumentError, match="whose origin is not trusted") as caught:
                await client.call("op", body={"name": "a"})
            assert caught.value.pointer == BODY

    asyncio.run(calls())
    assert other.received == []


def test_a_redirect_to_an_origin_that_is_trusted_is_followed(
    service: Scripted, other: Scripted
) -> None:
    service.answers[:] = [moved(f"{other.url}/v2/api.json")]
    other.answers[:] = [Answer(as_bytes(posting("thing.json", servers=[{"url": "/"}])))]
    other.answers += [Answer(as_bytes(THING)), Answer()]
    client = Client(f"{service.url}/api.json", trust=Trust(origins={other.url}))
    client.call("op", body={"name": "a"})
    assert [each.target for each in other.received] == [
        "/v2/api.json",
        "/v2/thing.json",
        "/thing",
    ]


def test_credentials_for_the_document_go_to_its_origin_and_never_to_the_api(
    service: Scripted, other: Scripted
) -> None:
    document = posting("thing.json", servers=[{"url": service.url}])
    service.answers[:] = [Answer(as_bytes(document)), moved(f"{other.url}/thing.json"), Answer()]
    other.answers[:] = [Answer(as_bytes(THING))]
    client = Client(
        f"{service.url}/api.json",
        trust=Trust(origins={other.url}),
        document_auth={service.url: {"Authorization": "Bearer doc-secret", "X-Doc": "1"}},
    )
    client.call("op", body={"name": "a"})
    sent = [each.headers.get("authorization") for each in service.received]
    assert sent == ["Bearer doc-secret", "Bearer doc-secret", None]
    assert [each.headers.get("x-doc") for each in other.received] == [None]
    assert [each.headers.get("authorization") for each in other.received] == [None]
    assert "doc-secret" not in repr(client) + str(client.explain("op", body={"name": "a"}))


def test_secrets_in_the_address_of_a_document_are_not_shown() -> None:
    home = "https://user:s3cret@h.test/api.json?token=s3cret"
    elsewhere = "https://other.test/api.json?token=s3cret"
    files = {"path": "/more.json?api_key=s3cret"}
    with pytest.raises(DocumentError) as refused:
        load(home, fetch=lambda _: (elsewhere, b"{}"))
    with pytest.raises(DocumentError) as broken:
        load(home, fetch=lambda url: (url, b"{"))
    document = posting(files["path"])
    opened_there = load(home, fetch=lambda url: (url, as_bytes(document)))
    with pytest.raises(NotLoaded) as missing:
        Operations(opened_there)["op"].prepare(body={})
    opened_there.add(missing.value.uri, as_bytes({"type": "strin"}))
    Operations(opened_there)["op"].prepare(body={})
    told = [*map(str, opened_there.problems), *(p.source for p in opened_there.problems)]
    assert len(told) == 2
    for text in (*map(str, (refused.value, broken.value, missing.value)), *told):
        assert "s3cret" not in text
        assert "h.test" in text or "other.test" in text


def test_credentials_for_the_document_are_not_shown_when_it_is_refused(service: Scripted) -> None:
    service.answers[:] = [Answer(b"doc-secret is wrong", 401)]
    with pytest.raises(DocumentError) as caught:
        Client(
            f"{service.url}/api.json",
            document_auth={service.url: {"Authorization": "Bearer doc-secret"}},
        )
    assert "doc-secret" not in str(caught.value)


def test_no_response_and_no_error_keeps_a_document_alive(service: Scripted) -> None:
    client = service.client(one_operation(responses=answering({"type": "object"})))
    service.answers[:] = [Answer(), Answer(b"[]"), Answer(b"{}", 404)]
    kept: list[Any] = [client.request("op")]
    for _ in range(2):
        try:
            client.request("op")
        except Exception as error:  # noqa: BLE001 - whatever it is, it is kept
            kept.append(error.with_traceback(None))
    held = weakref.ref(client.document)
    del client
    gc.collect()
    assert held() is None
    assert len(kept) == 3
