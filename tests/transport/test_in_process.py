"""Applications in this process, and responses that a test gives itself, for both clients."""

from __future__ import annotations

import asyncio
import gc
import gzip
import json
import threading
import time

import pytest

from dynclient import AsyncClient, Client
from dynclient.errors import NotFound, RequestTimeout, TransportError
from dynclient.messages import Headers, HttpRequest, Timeout
from dynclient.transport import ASGITransport, MockTransport, WSGITransport, transport_for

from . import peers
from .following import followed

DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "T", "version": "1"},
    "servers": [{"url": "http://app.example/"}],
    "paths": {
        "/echo/{id}": {
            "post": {
                "operationId": "send",
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
                ],
                "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}},
                "responses": {
                    "200": {
                        "description": "",
                        "content": {"application/json": {"schema": {"type": "object"}}},
                    }
                },
            }
        }
    },
}
APPLICATIONS = {
    "wsgi": lambda: WSGITransport(peers.wsgi),
    "asgi": lambda: ASGITransport(peers.asgi),
}


@pytest.fixture(params=APPLICATIONS)
def make(request):
    return APPLICATIONS[request.param]


@pytest.fixture
def transport(make):
    made = make()
    yield made
    made.close()


def ask(transport, target, method="GET", content=None, **fields):
    headers = Headers({name.replace("_", "-"): value for name, value in fields.items()})
    with transport.open(
        HttpRequest(method, f"http://app.example{target}", headers, content)
    ) as opened:
        return opened.status, opened.headers, opened.read()


def test_a_call_of_either_client_reaches_the_application(make):
    client = Client(DOCUMENT, transport=make())
    got = client.call("send", id="a/b", body={"x": 1})
    assert (got["method"], got["target"], got["length"]) == ("POST", "/echo/a%2Fb", 7)

    async def call():
        async with AsyncClient(DOCUMENT, transport=make()) as other:
            return await other.call("send", id="a/b", body={"x": 1})

    assert asyncio.run(call()) == got


def test_bodies_of_every_kind_go_in_and_out(transport):
    for size in (0, 1, 70_000):
        assert ask(transport, f"/bytes/{size}")[2] == peers.body_of(size)
        assert ask(transport, f"/stream/{size}")[2] == peers.body_of(size)
    for content in (b"abc", iter([b"a", b"bc"]), [b"abc"]):
        told = json.loads(ask(transport, "/echo?q=%20", "POST", content, X_Id="7")[2])
        assert (told["length"], told["target"], told["id"]) == (3, "/echo?q=%20", "7")
    assert ask(transport, "/gzip")[2] == peers.TEXT
    status, headers, content = ask(transport, "/bytes/10", "HEAD")
    assert (status, headers["Content-Length"], content) == (200, "10", b"")
    assert ask(transport, "/status/404")[0] == 404


def test_what_the_application_raises_comes_out_as_it_is():
    def wsgi(environ, start_response):
        raise LookupError("mine")

    async def asgi(scope, receive, send):
        raise LookupError("mine")

    for transport in (WSGITransport(wsgi), ASGITransport(asgi)):
        with pytest.raises(LookupError, match="mine"):
            ask(transport, "/")
        transport.close()


def test_a_coded_body_that_is_cut_is_an_error():
    def wsgi(environ, start_response):
        start_response("200 OK", [("Content-Encoding", "gzip")])
        yield gzip.compress(b"x" * 1000)[:-4]

    with pytest.raises(TransportError, match="Content-Encoding"):
        ask(WSGITransport(wsgi), "/")


def test_cookies_and_redirects_are_those_of_every_transport():
    seen = []

    def wsgi(environ, start_response):
        seen.append(environ.get("HTTP_COOKIE"))
        if environ["PATH_INFO"] == "/":
            start_response("302 Found", [("Location", "/end"), ("Set-Cookie", "a=1; Path=/")])
        else:
            start_response("200 OK", [])
        return [b"end"]

    got = followed(WSGITransport(wsgi), HttpRequest("GET", "http://app.example/"))
    assert got.url == "http://app.example/end"
    assert seen == [None, "a=1"]


def test_wsgi_writes_and_closes_as_the_specification_says():
    closed = []

    class Body:
        def __iter__(self):
            return iter([b"c"])

        def close(self):
            closed.append(True)

    def wsgi(environ, start_response):
        write = start_response("200 OK", [])
        write(b"a")
        write(b"b")
        return Body()

    assert ask(WSGITransport(wsgi), "/")[2] == b"abc"
    assert closed == [True]


def endless(events):
    async def asgi(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            while True:
                await send({"type": "http.response.body", "body": b"x" * 10, "more_body": True})
        finally:
            events.append("ended")

    return asgi


def test_an_endless_asgi_body_is_read_as_it_comes_and_ended_with_the_response():
    events = []
    transport = ASGITransport(endless(events))
    with transport.open(HttpRequest("GET", "http://app.example/")) as opened:
        assert next(opened) == b"x" * 10
    assert events == ["ended"]
    transport.close()


def test_a_forgotten_transport_leaves_no_thread():
    transport = ASGITransport(peers.asgi)
    ask(transport, "/bytes/1")
    del transport
    gc.collect()
    deadline = time.monotonic() + 20
    while [thread for thread in threading.enumerate() if thread.name == "ASGITransport"]:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_an_asgi_application_that_stalls_runs_into_the_read_timeout():
    async def asgi(scope, receive, send):
        await asyncio.sleep(30)

    transport = ASGITransport(asgi, timeout=Timeout(read=0.2))
    with pytest.raises(RequestTimeout, match="read timeout"):
        ask(transport, "/")
    transport.close()


def test_an_asgi_application_hears_that_the_client_has_gone():
    heard = []

    async def asgi(scope, receive, send):
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        heard.append((await receive())["type"])

    transport = ASGITransport(asgi)
    with transport.open(HttpRequest("GET", "http://app.example/")) as opened:
        next(opened)
    assert heard == ["http.disconnect"]
    transport.close()


# Mock -----------------------------------------------------------------------------------------

DONE = MockTransport.response({"ok": True})


def test_a_mock_responds_in_order_and_keeps_what_it_was_asked():
    with MockTransport([("POST /echo/1", DONE), MockTransport.response({}, 404)]) as mock:
        client = Client(DOCUMENT, transport=mock, validate="warn")
        assert client.call("send", id="1", body={"x": 1}) == {"ok": True}
        with pytest.raises(NotFound):
            client.call("send", id="2")
    assert [got.url for got in mock.requests] == [
        "http://app.example/echo/1",
        "http://app.example/echo/2",
    ]
    assert json.loads(mock.requests[0].content) == {"x": 1}


def test_a_mock_asserts_what_it_was_asked():
    client = Client(DOCUMENT, transport=MockTransport([("POST /echo/1", DONE), DONE]))
    with pytest.raises(AssertionError, match="expected POST /echo/1"):
        client.call("send", id="2")
    client.call("send", id="3")
    with pytest.raises(AssertionError, match="one request too many"):
        client.call("send", id="4")
    with (
        pytest.raises(AssertionError, match="1 of the responses"),
        MockTransport([DONE]),
    ):
        pass


def test_a_mock_calls_a_function_and_raises_errors_of_the_list():
    mock = MockTransport(lambda request: MockTransport.response({"asked": request.method}))
    assert Client(DOCUMENT, transport=mock).call("send", id="1") == {"asked": "POST"}
    failing = MockTransport([TransportError("down", request=HttpRequest("POST", "http://a/"))])
    with pytest.raises(TransportError, match="down"):
        Client(DOCUMENT, transport=failing).call("send", id="1")


def test_a_mock_serves_async_client_with_functions_of_both_kinds():
    async def reply(request):
        await asyncio.sleep(0)
        return DONE

    async def call(mock):
        async with AsyncClient(DOCUMENT, transport=mock) as client:
            return await client.call("send", id="1", body={"x": 1})

    for mock in (MockTransport(reply), MockTransport([DONE]), MockTransport(lambda _: DONE)):
        assert asyncio.run(call(mock)) == {"ok": True}
    with pytest.raises(TypeError, match="AsyncClient"):
        Client(DOCUMENT, transport=MockTransport(reply)).call("send", id="1")


# What a client takes --------------------------------------------------------------------------


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("given", ["curl", 3, object()])
def test_what_can_not_send_is_refused_with_what_could(given, asynchronous):
    with pytest.raises(TypeError, match=r"open\(HttpRequest\)"):
        transport_for(given, asynchronous=asynchronous)


def test_a_transport_of_the_other_kind_is_refused_by_name():
    class Sync:
        def open(self, request):
            raise NotImplementedError

    class Async:
        async def open(self, request):
            raise NotImplementedError

    with pytest.raises(TypeError, match="AsyncClient needs a transport with `async open`"):
        transport_for(Sync(), asynchronous=True)
    with pytest.raises(TypeError, match="Client needs a transport with `open`"):
        transport_for(Async())
