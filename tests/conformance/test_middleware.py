"""Recorders around applications and transports."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from transport.server import Received, Server, reply

from conformance.shop import GOOD, SHOP
from dynclient import AsyncClient, Client, Options, SocketTransport
from dynclient.conformance import Exchange, Judge, Recording, exchanges_in
from dynclient.conformance.middleware import (
    AsyncRecordingTransport,
    RecordingASGI,
    RecordingTransport,
    RecordingWSGI,
)
from dynclient.transport import AiohttpTransport, ASGITransport, WSGITransport

URL = "http://shop.test/v1"
JUDGE = Judge(SHOP, base_url=URL)


def wsgi(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start_response("201 Created" if body else "200 OK", [("Content-Type", "application/json")])
    yield json.dumps(GOOD).encode()[:5]
    yield json.dumps(GOOD).encode()[5:]


async def asgi(scope: Any, receive: Any, send: Any) -> None:
    body = (await receive()).get("body", b"")
    fields = [(b"content-type", b"application/json")]
    status = 201 if body else 200
    await send({"type": "http.response.start", "status": status, "headers": fields})
    content = json.dumps(GOOD).encode()
    await send({"type": "http.response.body", "body": content[:5], "more_body": True})
    await send({"type": "http.response.body", "body": content[5:]})


@pytest.mark.parametrize("kind", ["wsgi", "asgi"])
def test_an_application_is_recorded_as_it_was_called(kind: str) -> None:
    taken: list[Exchange] = []
    transport: Any = (
        WSGITransport(RecordingWSGI(wsgi, taken.append))
        if kind == "wsgi"
        else ASGITransport(RecordingASGI(asgi, taken.append))
    )
    client = Client(SHOP, base_url=URL, auth={"Key": "k"}, transport=transport)
    assert client.call("getOrder", id=1) == GOOD
    assert client.call("makeOrder", GOOD, dry=True) == GOOD
    first, second = taken
    assert (first.request.method, first.request.url) == ("GET", f"{URL}/orders/1")
    assert first.response is not None
    assert json.loads(first.response.content) == GOOD
    assert second.request.url == f"{URL}/orders?dry=true"
    assert json.loads(bytes(second.request.content or b"")) == GOOD  # type: ignore[arg-type]
    assert second.request.headers["X-Key"] == "k"
    assert [JUDGE.check_exchange(each).outcome for each in taken] == ["clean", "clean"]


def test_what_is_long_is_passed_on_and_not_kept() -> None:
    taken: list[Exchange] = []
    transport = WSGITransport(RecordingWSGI(wsgi, taken.append, limit=10))
    client = Client(SHOP, base_url=URL, auth={"Key": "k"}, transport=transport)
    assert client.call("makeOrder", GOOD, dry=True) == GOOD
    assert (taken[0].request_body, taken[0].response_body) == ("missing", "missing")
    assert JUDGE.check_exchange(taken[0]).is_clean


def test_other_scopes_pass_by() -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    taken: list[Exchange] = []
    asyncio.run(RecordingASGI(app, taken.append)({"type": "lifespan"}, None, None))
    assert (seen, taken) == (["lifespan"], [])


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_transport_is_recorded(kind: str) -> None:
    def answer(request: Received, _: Any) -> bytes:
        if request.target.endswith("/1"):
            return reply(b"", "302 Found", Location="2")
        return reply(json.dumps(GOOD).encode())

    server, taken = Server(answer), []
    if kind == "sync":
        with SocketTransport() as inner:
            recorder = RecordingTransport(inner, taken.append)
            assert (
                Client(SHOP, base_url=server.url, transport=recorder).call("getOrder", id=1) == GOOD
            )
    else:

        async def work() -> Any:
            async with AiohttpTransport() as inner:
                recorder = AsyncRecordingTransport(inner, taken.append)
                awaited = AsyncClient(SHOP, base_url=server.url, transport=recorder)
                return await awaited.call("getOrder", id=1)

        assert asyncio.run(work()) == GOOD
    server.close()
    found: list[Any] = taken
    assert [each.response.status for each in found] == [302, 200]
    assert json.loads(found[1].response.content) == GOOD


def test_a_streamed_upload_is_passed_on_and_not_kept() -> None:
    server, taken = Server(lambda request, _: reply(json.dumps(GOOD).encode(), "201 Created")), []
    with SocketTransport() as inner:
        client = Client(
            SHOP,
            base_url=server.url,
            auth={"Key": "k"},
            transport=RecordingTransport(inner, taken.append),
        )
        body = iter([b'{"id": 1, ', b'"state": "open"}'])
        client.call("makeOrder", {"dry": True}, body=body)
    server.close()
    assert server.received[0].body == b'{"id": 1, "state": "open"}'
    found: list[Any] = taken
    assert found[0].request_body == "missing"


@pytest.mark.parametrize("kind", ["wsgi", "asgi"])
def test_a_recording_of_an_application_has_bodies_and_no_secrets(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "seen.jsonl"
    with Recording(path) as recording:
        transport: Any = (
            WSGITransport(RecordingWSGI(wsgi, recording))
            if kind == "wsgi"
            else ASGITransport(RecordingASGI(asgi, recording))
        )
        client = Client(SHOP, base_url=URL, auth={"Key": "pl4nted"}, transport=transport)
        sent = {**GOOD, "password": "pl4nted"}
        assert client.request("makeOrder", body=sent, options=Options(validate="off")).data == GOOD
    (found,) = exchanges_in(path)
    assert found.response is not None
    assert json.loads(found.response.content) == GOOD
    assert json.loads(bytes(found.request.content or b""))["id"] == GOOD["id"]  # type: ignore[arg-type]
    assert "pl4nted" not in path.read_text()
