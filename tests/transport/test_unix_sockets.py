"""Unix sockets: `http+unix://`, with the path of the socket in the place of the host."""

from __future__ import annotations

import asyncio
import json
import socket

import pytest

from dynclient import AsyncClient, Client
from dynclient.errors import ConnectError
from dynclient.messages import HttpRequest
from dynclient.origins import origin_of
from dynclient.transport import AiohttpTransport, SocketTransport

from .blocking import Blocking
from .following import followed
from .server import reply
from .test_in_process import DOCUMENT

pytestmark = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="needs Unix sockets")

KINDS = {
    "sockets": SocketTransport,
    "aiohttp": lambda **settings: Blocking(AiohttpTransport(**settings)),
}


@pytest.fixture(params=KINDS)
def transport(request):
    with KINDS[request.param](timeout=5) as transport:
        yield transport


@pytest.fixture
def server(serve, tmp_path):
    return serve(host=str(tmp_path / "a b.sock"))


def test_a_request_goes_over_a_unix_socket(transport, server):
    for content in (None, b"x" * 200_000):
        request = HttpRequest("POST", f"{server.url}/v4/info?a=%2F", content=content)
        told = json.loads(transport.send(request).content)
        assert told["target"] == "/v4/info?a=%2F"
        assert dict(told["fields"])["Host"] == "localhost"
        assert len(told["body"]) == len(content or b"")
    assert server.connections == 1


def test_redirects_and_cookies_stay_on_the_socket(transport, serve, tmp_path):
    def handler(request, _):
        if request.target == "/":
            return reply(b"", "302 Found", Location="/end", Set_Cookie="a=1; Path=/")
        return reply(b"end")

    server = serve(handler, host=str(tmp_path / "x.sock"))
    assert followed(transport, HttpRequest("GET", f"{server.url}/")).content == b"end"
    assert server.received[1].headers["cookie"] == "a=1"


def test_the_proxies_of_the_environment_are_not_asked(transport, server, monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert transport.send(HttpRequest("GET", f"{server.url}/")).status == 200


def test_a_socket_that_is_not_there_is_named(transport, tmp_path):
    url = f"http+unix://{str(tmp_path).replace('/', '%2F')}%2Fnone.sock/"
    with pytest.raises(ConnectError, match=r"none\.sock: No such file.*is the server up"):
        transport.send(HttpRequest("GET", url))


@pytest.mark.parametrize("url", ["http+unix:///a", "http+unix://name/", "http+unix://%2Fa%00/"])
def test_a_url_that_names_no_socket_is_refused(url):
    with pytest.raises(ValueError, match="Unix socket"):
        origin_of(url)


def test_both_clients_take_a_unix_socket_as_base_url(server):
    base = f"{server.url}/api"
    with Client(DOCUMENT, base_url=base, validate="off") as client:
        assert client.call("send", id="1", body={})["target"] == "/api/echo/1"

    async def call():
        async with AsyncClient(DOCUMENT, base_url=base, validate="off") as client:
            return await client.call("send", id="2", body={})

    assert asyncio.run(call())["target"] == "/api/echo/2"
