"""After `close()` nothing is sent any more; what is under way comes to its end."""

from __future__ import annotations

import pickle
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from support import Scripted, answering, one_operation, parameter
from transport.server import Received, Server, reply

from dynclient import Client, HttpRequest, HttpResponse, InvalidRequest
from dynclient.auth import Handler
from dynclient.transport import RequestsTransport, SocketTransport

DOCUMENT = one_operation(
    parameters=[parameter("query", {"type": "integer"}, "limit")],
    responses=answering({"type": "object"}),
)

CALLS: dict[str, Callable[[Client], object]] = {
    "call": lambda client: client.call("op"),
    "request": lambda client: client.request("op", limit=1),
    "ops": lambda client: client.ops.op(),
    "stream": lambda client: client.stream("op").__enter__(),
}


def assert_closed(client: Client) -> None:
    for work in CALLS.values():
        with pytest.raises(RuntimeError, match=r"the client is closed.*make another Client"):
            work(client)


def until(condition: Callable[[], bool]) -> bool:
    """Whether it comes true within five seconds."""
    end = time.monotonic() + 5
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


@pytest.fixture(params=["our own", "a Session"])
def owner(request: pytest.FixtureRequest, service: Scripted) -> Iterator[Client]:
    """A client that has made its transport itself."""
    if request.param == "our own":
        yield service.client(DOCUMENT)
    else:
        with requests.Session() as session:
            yield service.client(DOCUMENT, transport=session)


def test_a_closed_client_sends_nothing(owner: Client, service: Scripted) -> None:
    with owner as client:
        client.call("op")
    assert_closed(client)
    client.close()
    assert_closed(client)
    assert len(service.received) == 1


def test_a_client_that_never_sent_anything_can_be_closed(service: Scripted) -> None:
    client = service.client(DOCUMENT)
    client.close()
    assert_closed(client)
    assert service.server.connections == 0


def test_wrong_arguments_are_reported_by_a_closed_client_too(service: Scripted) -> None:
    client = service.client(DOCUMENT)
    client.close()
    with pytest.raises(InvalidRequest):
        client.call("op", limit="x")
    assert client.prepare("op", limit=1).url == f"{service.url}/thing?limit=1"


@pytest.mark.sync("a Session is not for AsyncClient")
def test_clients_that_share_the_connections_are_closed_with_them(
    owner: Client, service: Scripted
) -> None:
    before = owner.with_options(validate="off")
    before.call("op")
    owner.close()
    assert_closed(before)
    assert_closed(owner.with_options(timeout=3))
    assert len(service.received) == 1


def test_closing_one_of_with_options_closes_that_one_only(owner: Client, service: Scripted) -> None:
    with owner.with_options(validate="off") as other:
        other.call("op")
    assert_closed(other)
    assert_closed(other.with_options(validate="warn"))
    owner.call("op")
    owner.with_options(validate="warn").call("op")
    assert service.server.connections == 1


@pytest.mark.parametrize("kind", [SocketTransport, RequestsTransport])
def test_a_transport_of_the_callers_stays_open(kind: Any, service: Scripted) -> None:
    with kind() as transport:
        with service.client(DOCUMENT, transport=transport) as client:
            client.call("op")
        assert_closed(client)
        assert transport.send(HttpRequest("GET", f"{service.url}/thing")).status == 200
        service.client(DOCUMENT, transport=transport).call("op")
    assert service.server.connections == 1


def test_a_session_of_the_callers_stays_open(service: Scripted) -> None:
    with requests.Session() as session:
        service.client(DOCUMENT, transport=session).close()
        assert session.get(f"{service.url}/thing", timeout=5).status_code == 200
        assert service.client(DOCUMENT, transport=session).call("op") == {}


def test_no_token_is_fetched_for_a_closed_client(service: Scripted) -> None:
    class Fetching(Handler):
        def acquire(self, scheme: Any, scopes: Any) -> Any:
            yield HttpRequest("POST", f"{service.url}/token")
            raise AssertionError

    schemes = {"Token": {"type": "http", "scheme": "bearer"}}
    document = one_operation(security=[{"Token": []}], components={"securitySchemes": schemes})
    client = service.client(document, auth={"Token": Fetching()})
    client.close()
    with pytest.raises(RuntimeError, match="the client is closed"):
        client.call("op")
    assert service.received == []


def test_no_part_of_the_document_is_fetched_for_a_closed_client() -> None:
    text = b'{"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"/a": {"get": {'
    text += b'"operationId": "op", "parameters": [{"$ref": "more.json#/p"}], "responses": {}}}}}'
    server = Server(lambda *_: reply(text))
    try:
        with Client(f"{server.url}/openapi.json") as client:
            pass
        with pytest.raises(RuntimeError, match="the client is closed"):
            client.prepare("op")
    finally:
        server.close()
    assert [each.target for each in server.received] == ["/openapi.json"]


def test_a_closed_client_pickles_as_one_that_is_open(service: Scripted) -> None:
    client = service.client(DOCUMENT)
    client.close()
    with pickle.loads(pickle.dumps(client)) as again:
        assert again.call("op") == {}


# ── under way ────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def slow() -> Iterator[tuple[Server, threading.Event, threading.Event]]:
    """A server that sends half of its answer, and the rest when it is told to."""
    begun, go = threading.Event(), threading.Event()

    def handler(_: Received, sock: Any) -> bytes:
        whole = reply(b'{"a": "' + b"x" * 100 + b'"}')
        sock.sendall(whole[:-50])
        begun.set()
        go.wait(5)
        return whole[-50:]

    server = Server(handler)
    yield server, begun, go
    server.close()


@pytest.mark.sync("aclose() ends what is under way")
@pytest.mark.parametrize("transport", [None, "session"])
def test_a_stream_that_is_open_is_read_to_its_end_and_its_connection_closed_then(
    slow: tuple[Server, threading.Event, threading.Event], transport: str | None
) -> None:
    server, _, go = slow
    given = {"transport": requests.Session()} if transport else {}
    client = Client(DOCUMENT, base_url=server.url, **given)
    with client.stream("op") as response:
        client.close()
        go.set()
        assert response.read().data == {"a": "x" * 100}
    if transport:
        given["transport"].close()
    assert until(lambda: server.open_now == 0)
    assert_closed(client)


def test_a_stream_that_was_asked_for_before_and_begins_after_is_refused(service: Scripted) -> None:
    client = service.client(DOCUMENT)
    stream = client.stream("op")
    client.close()
    with pytest.raises(RuntimeError, match="the client is closed"), stream:
        pass
    assert service.received == []


@pytest.mark.sync("aclose() ends what is under way")
def test_a_call_in_another_thread_gets_its_response(
    slow: tuple[Server, threading.Event, threading.Event],
) -> None:
    server, begun, go = slow
    client = Client(DOCUMENT, base_url=server.url)
    got: list[Any] = []
    thread = threading.Thread(target=lambda: got.append(client.request("op")))
    thread.start()
    assert begun.wait(5)
    client.close()
    go.set()
    thread.join(5)
    assert [response.status for response in got] == [200]
    assert until(lambda: server.open_now == 0)


def test_a_call_that_connects_while_the_client_closes_keeps_no_connection(
    service: Scripted,
) -> None:
    transport = SocketTransport()
    begin = transport.open  # as a call holds it, or its second try after a 401
    transport.retire()
    with begin(HttpRequest("GET", f"{service.url}/thing")) as response:
        assert response.status == 200
        response.read()
    assert until(lambda: service.server.open_now == 0)


def test_a_transport_that_was_closed_and_not_retired_opens_anew(service: Scripted) -> None:
    transport = SocketTransport()
    request = HttpRequest("GET", f"{service.url}/thing")
    for _ in range(2):
        assert isinstance(transport.send(request), HttpResponse)
        transport.close()
    transport.retire()
    with pytest.raises(RuntimeError, match="closed"):
        transport.send(request)
    assert len(service.received) == 2
