"""The proxy: everything passes as it is, and is judged beside the way."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from support import one_operation
from transport.server import HangUp, Received, Server, reply

from conformance.serving import proxied, served
from dynclient import Client, emulator
from dynclient.conformance import Judge, Ledger, Recording, exchanges_in
from dynclient.conformance.proxy import OWN_PATH

ITEM = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
DOCUMENT = one_operation(
    path="/thing",
    responses={"200": {"description": "", "content": {"application/json": {"schema": ITEM}}}},
)


def talk(url: str, sent: bytes) -> bytes:
    """All that comes back for some bytes, until the other side closes."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as sock:
        sock.sendall(sent)
        pieces = []
        while piece := sock.recv(65536):
            pieces.append(piece)
    return b"".join(pieces)


def asked(method: str, path: str, url: str, *more: str, body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {url.removeprefix('http://')}", *more]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body


WIRES = {
    "JSON": ("GET", reply(b'{"id": 1}')),
    "HEAD": ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\n"),
    "204": ("GET", b"HTTP/1.1 204 No Content\r\nX-Odd:  spaced \r\nConnection: close\r\n\r\n"),
    "chunked": (
        "GET",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nConnection: close\r\n\r\n"
        b"3;a=b\r\nabc\r\n0002\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n",
    ),
    "until the end": ("GET", b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nall of it"),
    "interim": (
        "GET",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + reply(b'{"id": 1}'),
    ),
    "binary": ("GET", reply(bytes(range(256)) * 20)),
    "an error": ("GET", reply(b"no", "500 Internal Server Error")),
    "no HTTP at all": ("GET", b"SSH-2.0-x\r\n"),
}


@pytest.mark.parametrize("name", WIRES)
def test_a_response_passes_to_the_byte(name):
    method, wire = WIRES[name]

    def answer(_: Received, sock: socket.socket) -> bytes:
        sock.sendall(wire)
        raise HangUp

    server = Server(answer)
    try:
        with proxied(server.url, DOCUMENT) as proxy:
            assert talk(proxy.url, asked(method, "/thing", proxy.url)) == wire
            if name == "no HTTP at all":
                assert any("sent no HTTP/1.1" in each for each in proxy.told)
            else:
                assert proxy.total() == 1
    finally:
        server.close()


@pytest.mark.parametrize(
    ("fields", "body", "content"),
    [
        (["Content-Length: 5"], b"abcde", b"abcde"),
        (["Transfer-Encoding: chunked"], b"2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n", b"abcde"),
        (["X-Odd:   kept  as it is", "x-EVEN: 2"], b"", b""),
    ],
)
def test_a_request_passes_but_for_its_host(fields, body, content):
    with _kept() as (server, url), proxied(url, DOCUMENT) as proxy:
        talk(proxy.url, asked("POST", "/thing?a=%20b", proxy.url, *fields, body=body))
        (received,) = server.received
        assert (received.method, received.target) == ("POST", "/thing?a=%20b")
        assert received.headers["host"] == url.removeprefix("http://")
        assert received.body == content
        if "X-Odd:" in fields[0]:
            assert received.headers["x-odd"].startswith("kept  as it is")


@contextmanager
def _kept() -> Iterator[tuple[Server, str]]:
    def answer(request: Received, sock: socket.socket) -> bytes:
        if request.headers.get("connection") == "close":
            sock.sendall(reply(b'{"id": 1}'))
            raise HangUp
        return reply(b'{"id": 1}')

    server = Server(answer)
    try:
        yield server, server.url
    finally:
        server.close()


def test_calls_of_a_client_keep_their_connection():
    with _kept() as (server, url), proxied(url, DOCUMENT) as proxy:
        with Client(DOCUMENT, base_url=proxy.url) as client:
            assert [client.call("op") for _ in range(50)] == [{"id": 1}] * 50
        assert proxy.total() == 50
        assert proxy.codes() == []
        assert len(server.received) == 50


def _app(*routes: Route) -> Starlette:
    return Starlette(routes=list(routes))


def test_what_streams_comes_as_it_is_sent():
    go = threading.Event()

    async def events(_: Request) -> Response:
        async def each() -> AsyncIterator[bytes]:
            yield b"data: 1\n\n"
            await asyncio.to_thread(go.wait, 20)
            yield b"data: 2\n\n"

        return StreamingResponse(each(), media_type="text/event-stream")

    with served(_app(Route("/thing", events))) as url, proxied(url, DOCUMENT) as proxy:
        host, port = proxy.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=20) as sock:
            sock.sendall(asked("GET", "/thing", proxy.url))
            got = b""
            while b"data: 1" not in got:
                got += sock.recv(1000)
            assert b"data: 2" not in got  # the service holds it back
            go.set()
            while piece := sock.recv(1000):
                got += piece
        assert b"data: 2" in got
        assert proxy.codes() == ["DC202"]


def test_a_body_is_sent_on_before_it_is_all_there():
    seen = threading.Event()

    async def echo(request: Request) -> Response:
        size = 0
        async for piece in request.stream():
            size += len(piece)
            seen.set()
        return JSONResponse({"id": size})

    with (
        served(_app(Route("/thing", echo, methods=["POST"]))) as url,
        proxied(url, DOCUMENT) as proxy,
    ):
        host, port = proxy.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=20) as sock:
            sock.sendall(asked("POST", "/thing", proxy.url, "Content-Length: 3000000"))
            sock.sendall(bytes(1_000_000))
            assert seen.wait(20)
            sock.sendall(bytes(2_000_000))
            got = b""
            while piece := sock.recv(65536):
                got += piece
        assert got.endswith(b'{"id":3000000}')


def test_a_continue_is_waited_for():
    async def echo(request: Request) -> Response:
        return JSONResponse({"id": len(await request.body())})

    app = _app(Route("/thing", echo, methods=["POST"]))
    with served(app) as url, proxied(url, DOCUMENT) as proxy:
        host, port = proxy.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=20) as sock:
            fields = ("Expect: 100-continue", "Content-Length: 2")
            sock.sendall(asked("POST", "/thing", proxy.url, *fields))
            assert sock.recv(1000).startswith(b"HTTP/1.1 100 Continue")
            sock.sendall(b"ab")
            got = b""
            while piece := sock.recv(1000):
                got += piece
        assert got.endswith(b'{"id":2}')
        assert proxy.total() == 1


def test_a_websocket_is_passed_on_unjudged():
    def answer(request: Received, sock: socket.socket) -> bytes:
        assert request.headers["upgrade"] == "websocket"
        sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n")
        sock.sendall(b"Connection: Upgrade\r\n\r\n\x81\x02hi")
        while piece := sock.recv(1000):
            sock.sendall(piece[::-1])
        raise HangUp

    server = Server(answer)
    try:
        with proxied(server.url, DOCUMENT) as proxy:
            host, port = proxy.url.removeprefix("http://").split(":")
            with socket.create_connection((host, int(port)), timeout=20) as sock:
                head = ["GET /socket HTTP/1.1", f"Host: {host}", "Connection: Upgrade"]
                sock.sendall("\r\n".join([*head, "Upgrade: websocket", "", ""]).encode())
                got = b""
                while b"\x81\x02hi" not in got:
                    got += sock.recv(1000)
                for frame in (b"\x00\xffGET / HTTP/1.1\r\n\r\n", b"abc"):
                    sock.sendall(frame)
                    back = b""
                    while len(back) < len(frame):
                        back += sock.recv(1000)
                    assert back == frame[::-1]
            assert proxy.total() == 0
    finally:
        server.close()


def test_an_upgrade_that_is_refused_goes_on_as_http():
    with _kept() as (server, url), proxied(url, DOCUMENT) as proxy:
        host, port = proxy.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=20) as sock:
            head = ["GET /thing HTTP/1.1", f"Host: {host}", "Connection: Upgrade", "Upgrade: h2c"]
            sock.sendall("\r\n".join([*head, "", ""]).encode())
            got = b""
            while b'{"id": 1}' not in got:
                got += sock.recv(1000)
            sock.sendall(asked("GET", "/thing", proxy.url))
            while b'{"id": 1}' not in got[-20:] or got.count(b"HTTP/1.1 200") < 2:
                got += sock.recv(1000)
        assert len(server.received) == 2
        assert proxy.total() == 2


# ── what is found ────────────────────────────────────────────────────────────────────────────


def drifting(data: Any = None, **more: Any) -> Callable[[Request], Any]:
    async def respond(_: Request) -> Response:
        return JSONResponse({"id": "one"} if data is None else data, **more)

    return respond


def test_drift_is_found_and_told_everywhere(tmp_path):
    ledger, record = tmp_path / "drift.db", tmp_path / "seen.jsonl"
    keeps = {"ledger": Ledger(ledger), "recording": Recording(record)}
    with served(_app(Route("/thing", drifting()))) as url:  # noqa: SIM117
        with proxied(url, DOCUMENT, **keeps) as proxy:
            talk(proxy.url, asked("GET", "/thing", proxy.url, "Authorization: Bearer pl4nted"))
            assert proxy.codes() == ["DC220"]
            page = talk(proxy.url, asked("GET", f"{OWN_PATH}/", proxy.url))
            assert b"DC220" in page
            assert b"DC220" in talk(proxy.url, asked("GET", f"{OWN_PATH}/report.json", proxy.url))
            assert b"DC220" in talk(proxy.url, asked("GET", f"{OWN_PATH}/report.html", proxy.url))
            assert proxy.total() == 1  # its own pages are none of the service's
    with Ledger(ledger) as found:
        assert [group.key.code for group in found.tally().groups()] == ["DC220"]
    (exchange,) = exchanges_in(record)
    assert exchange.response is not None
    assert exchange.response.content == b'{"id":"one"}'
    assert "pl4nted" not in record.read_text()


def test_coded_content_is_judged_and_passes_as_it_is():
    async def coded(_: Request) -> Response:
        content = gzip.compress(b'{"id": "one"}')
        fields = {"content-encoding": "gzip", "content-type": "application/json"}
        return Response(content, headers=fields)

    with served(_app(Route("/thing", coded))) as url, proxied(url, DOCUMENT) as proxy:
        got = talk(proxy.url, asked("GET", "/thing", proxy.url))
        assert gzip.decompress(got.partition(b"\r\n\r\n")[2]) == b'{"id": "one"}'
        assert proxy.codes() == ["DC220"]


def test_the_emulator_through_it_is_clean():
    with emulator.run() as service:
        root = service.removesuffix("/api")
        with Client("qiskit-runtime", auth={}) as document:
            make = lambda: Judge(document, base_url=service)  # noqa: E731
            with proxied(root, make=make) as proxy:
                auth = {"IBMCloudAuth": emulator.TOKEN, "ServiceCRN": emulator.CRN}
                with Client("qiskit-runtime", base_url=f"{proxy.url}/api", auth=auth) as client:
                    call = {"program_id": "sampler", "backend": "ibm_fez", "params": _BELL}
                    job = client.call("create_job", **call)["id"]
                    done = {"status": ["Completed", "Failed"]}
                    client.poll("get_job_details_jid", {"id": job}, until=done)
                    client.call("get_job_results_jid", {"id": job})
                    client.call("replace_job_tags", {"id": job, "tags": ["a"]})
                    assert len(list(client.paginate("list_jobs"))) == 1
                    client.call("delete_job_jid", {"id": job})
                assert proxy.codes() == []
                assert proxy.total() >= 6


_BELL = {
    "pubs": [["OPENQASM 3.0;\nbit[1] c;\nc[0] = measure $0;\n", None, 16]],
    "version": 2,
}


# ── what can go wrong ────────────────────────────────────────────────────────────────────────


def test_an_upstream_that_is_down_is_told_and_the_proxy_goes_on():
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        down = f"http://127.0.0.1:{reserved.getsockname()[1]}"
    with proxied(down, DOCUMENT) as proxy:
        for _ in range(2):
            got = talk(proxy.url, asked("GET", "/thing", proxy.url))
            assert got.startswith(b"HTTP/1.1 502 Bad Gateway")
            assert f"{down} can't be reached".encode() in got
        assert len(proxy.told) == 1
        assert proxy.total() == 0


def test_a_client_that_speaks_something_else_is_refused():
    with _kept() as (_, url), proxied(url, DOCUMENT) as proxy:
        got = talk(proxy.url, b"\x16\x03\x01 no HTTP\r\n\r\n")
        assert got.startswith(b"HTTP/1.1 400 Bad Request")
        assert proxy.total() == 0


def test_a_document_that_changes_is_read_again(tmp_path):
    path = tmp_path / "api.json"
    path.write_text(json.dumps(DOCUMENT))
    later = path.stat().st_mtime + 10
    with served(_app(Route("/thing", drifting()))) as url:
        make = lambda: Judge(path, base_url=url)  # noqa: E731
        with proxied(url, make=make, file=path) as proxy:
            talk(proxy.url, asked("GET", "/thing", proxy.url))
            assert proxy.codes() == ["DC220"]
            path.write_text("{")
            os.utime(path, (later, later))
            talk(proxy.url, asked("GET", "/thing", proxy.url))
            assert proxy.codes() == ["DC220"]
            assert "the old one counts" in proxy.told[-1]
            content = {"application/json": {"schema": {}}}
            open_ = one_operation(
                path="/thing", responses={"200": {"description": "", "content": content}}
            )
            path.write_text(json.dumps(open_))
            os.utime(path, (later + 10, later + 10))
            talk(proxy.url, asked("GET", "/thing", proxy.url))
            assert proxy.total() == 3
            assert "was read again" in proxy.told[-1]
            counts = json.loads(proxy.judging.report("json"))["findings"]
            assert [each["count"] for each in counts] == [2]


def _started(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "dynclient", "conform", "proxy", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_reports_at_its_end(tmp_path, number):
    spec = tmp_path / "api.json"
    spec.write_text(json.dumps(DOCUMENT))
    ledger = tmp_path / "drift.db"
    with served(_app(Route("/thing", drifting()))) as url:
        process = _started("--spec", str(spec), "--upstream", url, "--ledger", str(ledger))
        assert process.stdout is not None
        where = process.stdout.readline().strip()
        talk(where, asked("GET", "/thing", where))
        # One connection is open at the end, and one was left by its client.
        host, port = where.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=20) as sock:
            sock.sendall(asked("GET", "/thing", where).replace(b"Connection: close\r\n", b""))
            assert sock.recv(10)
            Client(DOCUMENT, base_url=where, validate="off").call("op")
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    assert process.returncode == 1, err
    assert "DC220" in out
    assert OWN_PATH in err
    with Ledger(ledger) as found:
        assert found.tally().total == 3


def test_a_port_in_use_is_said(tmp_path):
    spec = tmp_path / "api.json"
    spec.write_text(json.dumps(DOCUMENT))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        process = _started("--spec", str(spec), "--upstream", "http://127.0.0.1:9", "--port", port)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 10
    assert f"port {port} can't be listened on" in err


def test_an_upstream_that_is_no_url_is_a_usage_error():
    process = _started("--spec", "qiskit-runtime", "--upstream", "ftp://x")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "--upstream" in err
