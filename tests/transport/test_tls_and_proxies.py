"""TLS with a certificate authority of our own, and a proxy of a few lines."""

from __future__ import annotations

import gc
import os
import shutil
import socket
import threading
import weakref
from contextlib import suppress

import pytest
import requests
from requests.exceptions import InvalidSchema

from dynclient.errors import ConnectError, TLSError, TooManyRedirects, TransportError
from dynclient.messages import Headers, HttpRequest
from dynclient.transport import AiohttpTransport, RequestsTransport, SocketTransport

from .blocking import Blocking
from .certificates import settings
from .following import followed
from .server import HangUp, Received, reply

KINDS = {
    "sockets": SocketTransport,
    "requests": RequestsTransport,
    "aiohttp": lambda **settings: Blocking(AiohttpTransport(**settings)),
}

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="needs the openssl command")


@pytest.fixture(params=KINDS)
def kind(request):
    return KINDS[request.param]


def test_a_server_of_a_trusted_authority_is_spoken_to(kind, serve, certificates):
    server = serve(context=settings(certificates))
    with kind(verify=certificates / "ca.pem") as transport:
        for content in (b"abc", b"x" * 200_000):
            response = transport.send(HttpRequest("POST", server.url, content=content))
            assert response.status == 200
            assert server.received[-1].body == content
    assert server.connections == 1


def test_the_environment_names_the_authority(kind, serve, certificates, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificates / "ca.pem"))
    server = serve(context=settings(certificates))
    with kind() as transport:
        assert transport.send(HttpRequest("GET", server.url)).status == 200
    with kind(trust_env=False) as transport, pytest.raises(TLSError):
        transport.send(HttpRequest("GET", server.url))


def test_an_unknown_authority_is_an_error_that_says_what_to_do(kind, serve, certificates):
    server = serve(context=settings(certificates))
    with kind() as transport, pytest.raises(TLSError, match=r"not trusted.*verify="):
        transport.send(HttpRequest("GET", server.url))


def test_a_certificate_for_another_host_is_an_error(kind, serve, certificates):
    server = serve(context=settings(certificates, "wrong"))
    with (
        kind(verify=certificates / "ca.pem") as transport,
        pytest.raises(TLSError, match=r"not valid for 'localhost'|mismatch"),
    ):
        transport.send(HttpRequest("GET", server.url))


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_checks_can_be_switched_off_whatever_the_environment_says(
    kind, serve, certificates, monkeypatch
):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificates / "ca.pem"))
    server = serve(context=settings(certificates, "wrong"))
    with kind(verify=False) as transport:
        assert transport.send(HttpRequest("GET", server.url)).status == 200


def test_a_client_certificate_is_shown_when_given(kind, serve, certificates):
    server = serve(context=settings(certificates, client=True))
    pair = (str(certificates / "server.pem"), str(certificates / "server.key"))
    with kind(verify=str(certificates / "ca.pem"), cert=pair) as transport:
        assert transport.send(HttpRequest("GET", server.url)).status == 200


def test_https_to_a_server_that_speaks_http_is_a_tls_error(kind):
    listener = socket.create_server(("127.0.0.1", 0))

    def refuse():
        sock, _ = listener.accept()
        with sock:
            sock.recv(10_000)
            sock.sendall(reply(b"", "400 Bad Request"))

    thread = threading.Thread(target=refuse)
    thread.start()
    url = f"https://127.0.0.1:{listener.getsockname()[1]}"
    with kind(timeout=5) as transport, pytest.raises(TLSError):
        transport.send(HttpRequest("GET", url))
    thread.join()
    listener.close()


def test_a_bundle_that_is_not_there_is_named_as_the_fault(kind, serve, certificates, tmp_path):
    server = serve(context=settings(certificates))
    with (
        kind(verify=tmp_path / "none.pem") as transport,
        pytest.raises(TLSError, match="CA bundle"),
    ):
        transport.send(HttpRequest("GET", server.url))


def test_a_redirect_from_https_to_http_is_refused(kind, serve, certificates):
    plain = serve()
    server = serve(
        lambda *_: reply(b"", "302 Found", Location=plain.url), context=settings(certificates)
    )
    with kind(verify=certificates / "ca.pem") as transport, pytest.raises(TooManyRedirects):
        followed(transport, HttpRequest("GET", server.url))
    assert plain.received == []


def relayed(request: Received, sock: socket.socket) -> bytes:
    """A proxy: absolute URLs get their response here, CONNECT is tunnelled."""
    if request.method != "CONNECT":
        return reply(b"by proxy")
    host, _, port = request.target.rpartition(":")
    with socket.create_connection((host, int(port)), 5) as upstream:
        sock.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
        back = threading.Thread(target=pump, args=(upstream, sock))
        back.start()
        pump(sock, upstream)
        back.join()
    raise HangUp


def pump(source, sink):
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for sock in (source, sink):
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


def test_http_goes_through_the_proxy_of_the_environment(make, serve, monkeypatch):
    proxy, server = serve(relayed), serve()
    monkeypatch.setenv("HTTP_PROXY", proxy.url.replace("://", "://user:pw@"))
    response = make().send(HttpRequest("GET", "http://nowhere.invalid/a?b=1"))
    assert response.content == b"by proxy"
    assert proxy.received[0].target == "http://nowhere.invalid/a?b=1"
    assert proxy.received[0].headers["proxy-authorization"] == "Basic dXNlcjpwdw=="
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert make().send(HttpRequest("GET", server.url)).status == 200
    assert len(server.received) == 1


def test_the_environment_can_be_ignored(make, serve, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert make(trust_env=False).send(HttpRequest("GET", serve().url)).status == 200


def test_https_is_tunnelled_through_the_proxy(make, serve, monkeypatch, certificates):
    proxy, server = serve(relayed), serve(context=settings(certificates))
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    transport = make(verify=str(certificates / "ca.pem"))
    for _ in range(2):
        response = transport.send(
            HttpRequest("GET", server.url, Headers({"Authorization": "Bearer s3cret"}))
        )
        assert response.status == 200
    assert [got.method for got in proxy.received] == ["CONNECT"]
    assert "s3cret" not in repr(proxy.received)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_down_is_named_as_the_fault(make, monkeypatch, scheme):
    if "httpx" in make.kind:
        pytest.skip("httpx2 does not say that it was the proxy")
    monkeypatch.setenv(f"{scheme}_proxy", "http://user:s3cret@127.0.0.1:1")
    with pytest.raises(ConnectError, match="proxy") as caught:
        make().send(HttpRequest("GET", f"{scheme}://example.org/"))
    assert "s3cret" not in str(caught.value)


def test_the_proxies_of_the_callers_session_count(serve):
    proxy = serve(relayed)
    with requests.Session() as session, RequestsTransport(session) as transport:
        session.proxies = {"http": proxy.url}
        assert transport.send(HttpRequest("GET", "http://nowhere.invalid/")).content == b"by proxy"


def _no_socks(*_: object, **__: object) -> None:
    raise InvalidSchema("Missing dependencies for SOCKS support.")


def test_a_socks_proxy_without_its_library_says_what_to_install(make, monkeypatch):
    if "httpx" in make.kind:
        pytest.skip("the caller's client says it when it is made")
    # What requests has in its place where PySocks is not installed, which other tests need.
    monkeypatch.setattr("requests.adapters.SOCKSProxyManager", _no_socks)
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    with pytest.raises(TransportError, match=r"SOCKS"):
        make().send(HttpRequest("GET", "http://example.org/"))


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_forgotten_transport_goes_away(scheme):
    transport = SocketTransport()
    transport._route(f"{scheme}://localhost:1")
    remembered = weakref.ref(transport)
    del transport
    gc.collect()
    assert remembered() is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_opens_connections_of_its_own(serve):
    server = serve()
    with SocketTransport() as transport:
        transport.send(HttpRequest("GET", server.url))
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            status = b"failed"
            with suppress(Exception):
                status = str(transport.send(HttpRequest("GET", server.url)).status).encode()
            os.write(writing, status)
            os._exit(0)
        os.waitpid(child, 0)
        assert os.read(reading, 10) == b"200"
        os.close(reading)
        os.close(writing)
        assert transport.send(HttpRequest("GET", server.url)).status == 200
    assert [got.connection for got in server.received] == [1, 2, 1]
