"""What goes wrong on the way, as a caller of the client meets it: a class and a message each."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import Any

import pytest
from support import Answer, Scripted, answering, one_operation, parameter
from transport.server import HangUp, Received, Server, reply

from dynclient import Client, Options, Trust, errors

DOCUMENT = one_operation(
    parameters=[parameter("query", {"type": "string"}, "token")],
    responses=answering({"type": "object"}),
)


def failure(client: Client, **options: Any) -> errors.TransportError:
    with pytest.raises(errors.TransportError) as caught:
        client.call("op", token="secret-value", options=Options(**options))
    error = caught.value
    assert error.request.operation == "op"
    assert str(error).startswith("op: GET http://")
    assert "/thing?token=[redacted]" in str(error)
    assert "secret-value" not in str(error) + repr(error.request) + error.request.url
    return error


def test_a_server_that_is_down() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    error = failure(Client(DOCUMENT, base_url=f"http://127.0.0.1:{port}", timeout=5))
    assert type(error) is errors.ConnectError
    assert f"127.0.0.1:{port}" in str(error)


def test_a_host_that_does_not_exist() -> None:
    error = failure(Client(DOCUMENT, base_url="http://no-such-host.invalid", timeout=10))
    assert type(error) is errors.ConnectError
    assert "no-such-host.invalid" in str(error)


def served(handler: Any) -> tuple[Server, Client]:
    server = Server(handler)
    return server, Client(DOCUMENT, base_url=server.url, timeout=10)


@pytest.fixture
def stopped() -> Any:
    """An event that is set when the test is over, and servers closed then."""
    event, servers = threading.Event(), []
    yield event, servers
    event.set()
    for server in servers:
        server.close()


def test_a_server_that_is_slow(stopped: Any) -> None:
    over, servers = stopped

    def slow(request: Received, _: socket.socket) -> bytes:
        over.wait(20)
        return reply()

    server, client = served(slow)
    servers.append(server)
    start = time.monotonic()
    error = failure(client, timeout=0.2)
    assert time.monotonic() - start < 5
    assert type(error) is errors.RequestTimeout
    assert "0.2" in str(error)


def test_a_server_that_sends_one_byte_at_a_time_is_slow_as_well(stopped: Any) -> None:
    over, servers = stopped

    def trickle(request: Received, sock: socket.socket) -> bytes:
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
        over.wait(20)
        raise HangUp

    server, client = served(trickle)
    servers.append(server)
    assert type(failure(client, timeout=(5, 0.2))) is errors.RequestTimeout


CUT = [
    ("before an answer", b""),
    ("in the head", b"HTTP/1.1 200 OK\r\nContent-Le"),
    ("in the body", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}"),
    ("in a chunk", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}"),
]


@pytest.mark.parametrize("start", [c for _, c in CUT], ids=[name for name, _ in CUT])
def test_a_connection_that_is_cut(stopped: Any, start: bytes) -> None:
    _, servers = stopped

    def cut(request: Received, sock: socket.socket) -> bytes:
        sock.sendall(start)
        raise HangUp

    server, client = served(cut)
    servers.append(server)
    assert type(failure(client)) is errors.ConnectionBroken


def test_a_response_that_is_no_http(stopped: Any) -> None:
    _, servers = stopped
    server, client = served(lambda *_: b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
    servers.append(server)
    assert isinstance(failure(client), errors.TransportError)


def test_a_response_that_is_too_large(stopped: Any) -> None:
    _, servers = stopped
    server = Server(lambda *_: reply(b"[" + b"1," * 5000 + b"1]"))
    servers.append(server)
    client = Client(DOCUMENT, base_url=server.url, trust=Trust(max_response_bytes=1000))
    error = failure(client)
    assert type(error) is errors.ResponseTooLarge
    assert "1000" in str(error)


def test_redirects_without_an_end(service: Scripted) -> None:
    server = Server(lambda *_: reply(status="302 Found", Location="/thing?token=secret-value"))
    try:
        error = failure(Client(DOCUMENT, base_url=server.url))
    finally:
        server.close()
    assert type(error) is errors.TooManyRedirects


def test_tls_to_a_server_that_speaks_none() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer_in_the_clear() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(1)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                with contextlib.suppress(ConnectionResetError):
                    while connection.recv(4096):  # so that closing does not reset what was sent
                        pass

        answering = threading.Thread(target=answer_in_the_clear)
        answering.start()
        url = f"https://127.0.0.1:{listening.getsockname()[1]}"
        with Client(DOCUMENT, base_url=url, timeout=10) as client, pytest.raises(errors.TLSError):
            client.call("op")
        answering.join(10)
        assert not answering.is_alive()


@pytest.mark.sync(
    "aiohttp can't tell a stale connection from a fresh one, so a GET is sent once more"
)
def test_a_client_survives_all_of_it(service: Scripted) -> None:
    service.answers += [HangUp, Answer(b'{"well": true}')]
    client = service.client(DOCUMENT)
    with pytest.raises(errors.ConnectionBroken):
        client.call("op")
    assert client.call("op") == {"well": True}
