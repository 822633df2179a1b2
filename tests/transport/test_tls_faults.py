"""TLS where it ends, where it is resumed, and whose certificate it is."""

from __future__ import annotations

import socket
import ssl
import threading
import time

import pytest

from dynclient.errors import ConnectionBroken, TLSError
from dynclient.messages import HttpRequest
from dynclient.transport import AiohttpTransport, RequestsTransport, SocketTransport

from .blocking import Blocking
from .certificates import settings
from .server import HangUp, reply

KINDS = [
    SocketTransport,
    RequestsTransport,
    pytest.param(lambda **settings: Blocking(AiohttpTransport(**settings)), id="aiohttp"),
]


@pytest.fixture
def sockets(certificates):
    with SocketTransport(verify=certificates / "ca.pem", timeout=5) as transport:
        yield transport


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
@pytest.mark.parametrize("kind", KINDS)
def test_both_versions_keep_their_connection(kind, serve, certificates, version):
    context = settings(certificates)
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    server = serve(lambda r, _: reply(b"x" * 50_000), context=context)
    with kind(verify=certificates / "ca.pem", timeout=5) as transport:
        for _ in range(4):
            request = HttpRequest("PUT", server.url, content=b"y" * 50_000)
            assert transport.send(request).content == b"x" * 50_000
            time.sleep(0.01)
    assert server.connections == 1


@pytest.mark.parametrize("version", ["TLSv1", "TLSv1_1"])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_old_versions_are_refused(sockets, serve, certificates, version):
    context = settings(certificates)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    with pytest.raises(TLSError):
        sockets.send(HttpRequest("GET", serve(context=context).url))


HOSTS = [
    ("localhost", "localhost", "127.0.0.1"),
    ("LOCALHOST", "localhost", "127.0.0.1"),
    ("localhost.", "localhost", "127.0.0.1"),
    ("127.0.0.1", None, "127.0.0.1"),
    ("[::1]", None, "::1"),
]


@pytest.mark.parametrize(("host", "named", "address"), HOSTS)
def test_the_host_of_the_url_is_named_and_checked(
    sockets, serve, certificates, monkeypatch, host, named, address
):
    look_up = socket.getaddrinfo

    def known(name, *more, **rest):
        """Not every machine knows localhost with the dot of the root."""
        return look_up(name.rstrip("."), *more, **rest)

    monkeypatch.setattr(socket, "getaddrinfo", known)
    if address == "::1" and not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    names = []
    context = settings(certificates)
    context.sni_callback = lambda _, name, __: names.append(name)
    server = serve(context=context, host=address)
    assert sockets.send(HttpRequest("GET", f"https://{host}:{server.port}/")).status == 200
    assert names == [named]
    assert server.received[0].headers["host"] == f"{host.lower()}:{server.port}"


@pytest.mark.parametrize("name", ["wrong", "common", "expired"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_certificate_that_does_not_hold_is_refused(kind, serve, certificates, name):
    server = serve(context=settings(certificates, name))
    with (
        kind(verify=certificates / "ca.pem", timeout=5) as transport,
        pytest.raises(TLSError, match="not trusted"),
    ):
        transport.send(HttpRequest("GET", server.url))
    assert server.received == []


def test_an_empty_verify_does_not_switch_the_checks_off(serve, certificates):
    server = serve(context=settings(certificates))
    with (
        SocketTransport(verify="", timeout=5) as transport,
        pytest.raises(TLSError, match="verify"),
    ):
        transport.send(HttpRequest("GET", server.url))


def test_what_waits_in_the_last_record_is_never_the_next_response(sockets, serve, certificates):
    smuggled = reply(b"smuggled")

    def handler(request, _):
        return reply(request.target.encode() * 20_000) + smuggled

    server = serve(handler, context=settings(certificates))
    for number in range(4):
        got = sockets.send(HttpRequest("GET", f"{server.url}/{number}"))
        assert got.content == f"/{number}".encode() * 20_000
    assert server.connections == 4


@pytest.mark.parametrize("goodbye", [True, False])
@pytest.mark.parametrize("framed", [True, False])
def test_only_a_goodbye_ends_a_body_without_a_length(sockets, serve, certificates, framed, goodbye):
    """Without it, whoever sits on the line could cut a body where they like."""

    def handler(_, sock):
        sock.sendall(reply(b"hello") if framed else b"HTTP/1.1 200 OK\r\n\r\nhello")
        if goodbye:
            sock.unwrap()
        raise HangUp

    request = HttpRequest("GET", serve(handler, context=settings(certificates)).url)
    if framed or goodbye:
        assert sockets.send(request).content == b"hello"
    else:
        with pytest.raises(ConnectionBroken):
            sockets.send(request)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("goodbye", [True, False])
def test_a_connection_closed_while_idle_is_replaced(sockets, serve, certificates, method, goodbye):
    def handler(_, sock):
        sock.sendall(reply(b"hello"))
        if goodbye:
            sock.settimeout(0.05)
            sock.unwrap()
        raise HangUp

    server = serve(handler, context=settings(certificates))
    for _ in range(3):
        assert sockets.send(HttpRequest(method, server.url)).content == b"hello"
        time.sleep(0.03)
    assert server.connections == 3


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_connection_closed_as_it_is_used_is_tried_again_if_that_is_safe(
    sockets, serve, certificates, method
):
    served = set()

    def handler(request, _):
        if request.connection in served:
            raise HangUp
        served.add(request.connection)
        return reply(b"hello")

    server = serve(handler, context=settings(certificates))
    sockets.send(HttpRequest(method, server.url))
    if method == "GET":
        assert sockets.send(HttpRequest(method, server.url)).content == b"hello"
    else:
        with pytest.raises(ConnectionBroken):
            sockets.send(HttpRequest(method, server.url))


def test_a_cut_anywhere_is_a_broken_connection(sockets, serve, certificates):
    whole = reply(b"hello")

    def handler(request, sock):
        sock.sendall(whole[: int(request.target[1:])])
        raise HangUp

    server = serve(handler, context=settings(certificates))
    for at in range(0, len(whole), 7):
        with pytest.raises(ConnectionBroken):
            sockets.send(HttpRequest("GET", f"{server.url}/{at}"))


def test_a_handshake_that_stops_is_a_connect_timeout(certificates):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://localhost:{listener.getsockname()[1]}"
        with (
            SocketTransport(timeout=(0.2, 5.0)) as transport,
            pytest.raises(Exception, match="the connect timeout"),
        ):
            transport.send(HttpRequest("GET", url))


def test_threads_keep_their_responses_apart(sockets, serve, certificates):
    server = serve(lambda r, _: reply(r.target.encode() * 9000), context=settings(certificates))
    wrong = []

    def work(number):
        for turn in range(20):
            name = f"/{number}-{turn}"
            got = sockets.send(HttpRequest("GET", server.url + name)).content
            if got != name.encode() * 9000:
                wrong.append(name)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert server.connections <= 8
