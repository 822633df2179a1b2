"""Conversations with servers that others wrote, each in a process of its own, on loopback."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
from ports import free_port

from dynclient.messages import Headers, HttpRequest
from dynclient.transport import AiohttpTransport, RequestsTransport, SocketTransport

from . import peers
from .blocking import Blocking

NGINX = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
WHERE_INSTALLED = {
    **{
        name: find_spec(name) is not None
        for name in ("waitress", "cheroot", "gunicorn", "hypercorn", "tornado", "aiohttp")
    },
    "node": shutil.which("node") is not None,
    "nginx": NGINX is not None,
}
THERE = [
    *("http.server 1.0", "http.server 1.1", "werkzeug", "uvicorn"),
    *(name for name, is_there in WHERE_INSTALLED.items() if is_there),
]
HERE = Path(__file__).parent
KINDS = {
    "sockets": SocketTransport,
    "requests": RequestsTransport,
    "aiohttp": lambda **settings: Blocking(AiohttpTransport(**settings)),
}


@contextmanager
def process(command: list[str], port: int) -> Iterator[str]:
    """The URL of a server that runs as long as the block."""
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(400):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert running.poll() is None, f"{command[0]} ended with {running.returncode}"
                time.sleep(0.05)
        else:
            pytest.fail(f"{command[0]} does not listen")
        yield f"http://127.0.0.1:{port}"
    finally:
        running.terminate()
        try:
            running.wait(5)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def python_server(kind: str, port: int) -> list[str]:
    return [sys.executable, peers.__file__, kind, str(port)]


@pytest.fixture(scope="module", params=THERE)
def peer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator:
    """(its name, its URL), for every server there is."""
    name, port = request.param, free_port()
    with ExitStack() as stack:
        if name == "node":
            url = stack.enter_context(process(["node", str(HERE / "peers.js"), str(port)], port))
        elif name == "nginx":
            here, upstream = tmp_path_factory.mktemp("nginx"), free_port()
            stack.enter_context(process(python_server("werkzeug", upstream), upstream))
            text = peers.NGINX.format(here=here, upstream=upstream, port=port, tls="")
            Path(here / "conf").write_text(text)
            command = [NGINX, "-p", str(here), "-c", str(here / "conf"), "-e", str(here / "err")]
            url = stack.enter_context(process(command, port))
        else:
            url = stack.enter_context(process(python_server(name, port), port))
        yield name, url


@pytest.fixture(params=KINDS)
def transport(request: pytest.FixtureRequest) -> Iterator[SocketTransport | RequestsTransport]:
    with KINDS[request.param](timeout=20) as transport:
        yield transport


def ask(transport, peer, target, method="GET", content=None, **fields):
    headers = Headers({name.replace("_", "-"): value for name, value in fields.items()})
    return transport.send(HttpRequest(method, peer[1] + target, headers, content))


def told(response):
    assert response.status == 200, response.content[:200]
    return json.loads(response.content)


@pytest.mark.parametrize("name", WHERE_INSTALLED)
def test_a_server_of_the_list_is_there(name):
    if name not in THERE:
        pytest.skip(f"{name} is not installed: nothing here was tried with it")


def test_bodies_of_every_framing_come_whole(transport, peer):
    for _ in range(2):
        for size in (0, 1, 1000, 70_000, 3_000_000):
            assert ask(transport, peer, f"/bytes/{size}").content == peers.body_of(size)
            assert ask(transport, peer, f"/stream/{size}").content == peers.body_of(size)
    assert ask(transport, peer, "/drip").content == b"dropdropdropdrop"


def test_responses_without_a_body_leave_the_next_one_alone(transport, peer):
    for _ in range(2):
        for status in (204, 304):
            response = ask(transport, peer, f"/status/{status}")
            assert (response.status, response.content) == (status, b"")
            assert response.headers["X-Status"] == str(status)
        response = ask(transport, peer, "/bytes/1000", "HEAD")
        assert (response.status, response.content) == (200, b"")
        assert told(ask(transport, peer, "/echo"))["method"] == "GET"


def test_coded_bodies_are_decoded(transport, peer):
    for _ in range(2):
        assert ask(transport, peer, "/gzip").content == peers.TEXT
        assert ask(transport, peer, "/deflate").content == peers.TEXT


def chunked(content):
    for at in range(0, len(content), 10_000):
        yield content[at : at + 10_000]


def test_bodies_of_every_kind_arrive_whole(transport, peer, tmp_path):
    for size in (0, 1, 1000, 300_000):
        content = peers.body_of(size)
        (tmp_path / "file").write_bytes(content)
        with (tmp_path / "file").open("rb") as file:
            for number, sent in enumerate((content, file, chunked(content))):
                got = told(ask(transport, peer, "/echo", "POST", sent, X_Id=f"{size}-{number}"))
                assert got["length"] == size, (size, number)
                assert got["sum"] == zlib.crc32(content)
                assert got["id"] == f"{size}-{number}"


def test_a_body_that_waits_to_be_asked_for_arrives_too(transport, peer):
    for _ in range(2):
        response = ask(transport, peer, "/echo", "POST", b"x" * 1000, Expect="100-continue")
        assert told(response)["length"] == 1000


TARGET = "/echo/a%2fb%2Fc/%7e~/;p=1,2/!$&'()*+:@/%E2%82%AC/./d//e?q=%20+%26&&=&x[]=1&%zz"


def test_a_target_is_sent_exactly_as_it_was_given(peer):
    if peer[0] == "tornado":
        pytest.skip("tornado does not tell a WSGI application")
    with SocketTransport(timeout=20) as transport:
        assert told(ask(transport, peer, TARGET))["target"] == TARGET


def test_field_values_in_latin_1_go_both_ways(transport, peer):
    if peer[0] == "aiohttp" or isinstance(transport, Blocking):
        pytest.skip("aiohttp reads and writes UTF-8")
    response = ask(transport, peer, "/latin", X_Latin="na\xefve")
    assert response.headers["X-Latin"] == "caf\xe9"
    if peer[0] != "nginx":
        assert response.content == b"na\xefve"


def test_a_connection_closed_by_the_server_is_replaced(transport, peer):
    for _ in range(3):
        assert ask(transport, peer, "/close").status == 200


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_methods_arrive(transport, peer, method):
    content = b"abc" if method in {"POST", "PUT", "PATCH"} else None
    got = told(ask(transport, peer, "/echo?a=1", method, content))
    assert (got["method"], got["length"]) == (method, len(content or b""))


def test_threads_get_their_own_responses(peer):
    wrong = []
    with SocketTransport(timeout=30, pool_size=8) as transport:

        def work(number):
            try:
                for turn in range(10):
                    name = f"{number}-{turn}"
                    got = told(ask(transport, peer, f"/echo/{name}", "PUT", b"x", X_Id=name))
                    assert (got["id"], got["target"]) == (name, f"/echo/{name}")
            except Exception as problem:  # noqa: BLE001
                wrong.append(problem)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


@pytest.fixture(scope="module")
def node() -> Iterator[tuple[str, str]]:
    if not WHERE_INSTALLED["node"]:
        pytest.skip("node is not installed")
    port = free_port()
    with process(["node", str(HERE / "peers.js"), str(port)], port) as url:
        yield "node", url


def test_interim_responses_and_trailers_of_node(transport, node):
    for _ in range(2):
        assert ask(transport, node, "/hints").content == peers.TEXT
        assert ask(transport, node, "/trailers").content == peers.TEXT


@pytest.mark.long
def test_connections_that_the_server_closed_while_idle_are_replaced(transport, peer):
    for _ in range(3):
        assert told(ask(transport, peer, "/echo", "POST", b"abc"))["length"] == 3
        time.sleep(1.6)


@pytest.mark.long
def test_connections_that_the_server_closes_just_now_are_replaced(peer):
    """Asked again at the very moment: a GET never fails."""
    with SocketTransport(timeout=20) as transport:
        for turn in range(12):
            assert told(ask(transport, peer, "/echo"))["method"] == "GET"
            time.sleep(0.99 + turn / 500)


@pytest.mark.long
def test_large_bodies_go_both_ways(transport, peer):
    size = 50_000_000
    content = peers.body_of(size)
    assert ask(transport, peer, f"/bytes/{size}").content == content
    assert ask(transport, peer, f"/stream/{size}").content == content
    got = told(ask(transport, peer, "/echo", "PUT", content))
    if peer[0] != "node":
        assert got["sum"] == zlib.crc32(content)
    assert got["length"] == size
