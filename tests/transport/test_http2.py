"""HTTP/2 goes by a caller's httpx2 client, for both clients of ours."""

from __future__ import annotations

import asyncio
import os
import ssl
from importlib.util import find_spec

import httpx2
import pytest
from ports import free_port

from dynclient import AsyncClient, Client
from dynclient.transport import HttpxTransport

from .test_in_process import DOCUMENT
from .test_real_servers import process, python_server

pytestmark = pytest.mark.skipif(
    not (find_spec("h2") and find_spec("hypercorn")), reason="needs h2 and hypercorn"
)


@pytest.fixture
def server(certificates, monkeypatch):
    port = free_port()
    monkeypatch.setitem(os.environ, "CERTIFICATES", str(certificates))
    with process(python_server("hypercorn", port), port):
        yield f"https://localhost:{port}"


def test_both_clients_call_over_http_2(server, certificates):
    seen = []
    context = ssl.create_default_context(cafile=certificates / "ca.pem")

    def note(response):
        seen.append(response.http_version)

    async def note_async(response):
        note(response)

    async def call():
        async with (
            httpx2.AsyncClient(
                http2=True, verify=context, event_hooks={"response": [note_async]}
            ) as other,
            AsyncClient(
                DOCUMENT, base_url=server, transport=HttpxTransport(other), validate="off"
            ) as client,
        ):
            calls = (client.call("send", id=str(n), body={"x": n}) for n in range(20))
            return [got["target"] for got in await asyncio.gather(*calls)]

    with httpx2.Client(http2=True, verify=context, event_hooks={"response": [note]}) as theirs:
        client = Client(DOCUMENT, base_url=server, transport=theirs, validate="off")
        got = client.call("send", id="a/b", body={"x": 1})
    assert (got["target"], got["length"]) == ("/echo/a%2Fb", 7)
    assert asyncio.run(call()) == [f"/echo/{n}" for n in range(20)]
    assert set(seen) == {"HTTP/2"}
