"""What goes out and what comes in, when nothing goes wrong."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import socket
import ssl
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path

import pytest
import requests
from requests.adapters import HTTPAdapter
from werkzeug.serving import make_server

from dynclient.messages import Headers, HttpRequest
from dynclient.transport import RequestsTransport, SocketTransport, Transport, transport_for

from .server import HangUp, reply


def told(response):
    return json.loads(response.content)


def fields(response):
    return {name.lower(): value for name, value in told(response)["fields"]}


def test_a_get_arrives_with_its_path_query_and_fields_untouched(transport, serve):
    url = serve().url + "/a%2Fb/%7Bc%7D;v=1?x=%20y&z=a%2Cb&z=1#fragment"
    response = transport.send(HttpRequest("GET", url, Headers([("X-One", "1"), ("Accept", "a/b")])))
    assert response.status == 200
    assert told(response)["target"] == "/a%2Fb/%7Bc%7D;v=1?x=%20y&z=a%2Cb&z=1"
    assert fields(response)["x-one"] == "1"
    assert fields(response)["accept"] == "a/b"
    assert [n.lower() for n, _ in told(response)["fields"]].count("accept") == 1
    assert "gzip" in fields(response)["accept-encoding"]
    assert response.url == url
    assert response.elapsed > 0


@pytest.mark.parametrize(("suffix", "target"), [("", "/"), ("?a=1", "/?a=1"), ("#x", "/")])
def test_a_url_without_a_path_asks_for_the_root(transport, serve, suffix, target):
    assert told(transport.send(HttpRequest("GET", serve().url + suffix)))["target"] == target


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_without_content_no_length_is_sent(transport, serve, method):
    server = serve(lambda request, _: reply(b"", "204 No Content"))
    transport.send(HttpRequest(method, server.url))
    assert not {"content-length", "transfer-encoding"} & set(server.received[0].headers)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_without_content_a_method_that_has_one_says_zero(transport, serve, method):
    assert fields(transport.send(HttpRequest(method, serve().url)))["content-length"] == "0"


class Unseekable(io.RawIOBase):
    """A pipe, as far as sending goes: `read`, and no way back."""

    def __init__(self, content):
        self._inner = io.BytesIO(content)

    def read(self, size=-1):
        return self._inner.read(size)


BIG = bytes(range(256)) * 1200
CONTENTS = {
    "bytes": (lambda: b"abc", b"abc", "3"),
    "no bytes": (lambda: b"", b"", "0"),
    "many bytes": (lambda: BIG, BIG, str(len(BIG))),
    "file": (lambda: io.BytesIO(BIG), BIG, str(len(BIG))),
    "empty file": (lambda: io.BytesIO(b""), b"", "0"),
    "pipe": (lambda: Unseekable(BIG), BIG, None),
    "generator": (lambda: iter([b"a", b"", b"bc"]), b"abc", None),
    "empty generator": (lambda: iter([]), b"", None),
    "list": (lambda: [b"a", b"bc"], b"abc", None),
}


@pytest.mark.parametrize("kind", CONTENTS)
def test_every_kind_of_content_arrives_whole_and_framed_once(transport, serve, kind):
    make, expected, length = CONTENTS[kind]
    server = serve()
    for _ in range(2):
        transport.send(HttpRequest("POST", server.url, content=make()))
    for got in server.received:
        assert got.body == expected
        assert got.headers.get("content-length") == length
        assert ("transfer-encoding" in got.headers) == (length is None)
    assert server.connections == 1


def test_a_file_is_sent_from_where_it_stands(transport, serve):
    file = io.BytesIO(b"0123456789")
    file.seek(4)
    assert told(transport.send(HttpRequest("PUT", serve().url, content=file)))["body"] == "456789"


def test_an_iterator_with_a_declared_length_goes_with_that_length(transport, serve):
    request = HttpRequest("PUT", serve().url, Headers({"Content-Length": "3"}), iter([b"a", b"bc"]))
    response = transport.send(request)
    assert fields(response)["content-length"] == "3"
    assert told(response)["body"] == "abc"


@pytest.mark.parametrize("pieces", [[b"a"], [b"abcd"]])
def test_an_iterator_that_breaks_its_declared_length_is_an_error(transport, serve, pieces):
    request = HttpRequest("PUT", serve().url, Headers({"Content-Length": "3"}), iter(pieces))
    with pytest.raises(ValueError, match="Content-Length"):
        transport.send(request)


def test_what_a_streamed_body_raises_reaches_the_caller_and_spoils_nothing(transport, serve):
    def pieces():
        yield b"a"
        raise LookupError("mine")

    url = serve().url
    with pytest.raises(LookupError, match="mine"):
        transport.send(HttpRequest("POST", url, content=pieces()))
    assert transport.send(HttpRequest("GET", url)).status == 200


@pytest.mark.parametrize("content", [str, io.StringIO, lambda text: iter([text])])
def test_text_is_refused_as_content(transport, serve, content):
    with pytest.raises(TypeError):
        transport.send(HttpRequest("POST", serve().url, content=content("text")))


def test_repeated_fields_stay_apart_on_the_way_in(transport, serve):
    body = (
        b"HTTP/1.1 200 OK\r\nX: 1\r\nx: 2\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n"
        b"Content-Length: 0\r\n\r\n"
    )
    response = transport.send(HttpRequest("GET", serve(lambda *_: body).url))
    assert response.headers.get_list("X") == ["1", "2"]
    assert response.headers.get_list("Set-Cookie") == ["a=1", "b=2"]


CODED = [
    ("gzip", gzip.compress(b"hello", mtime=0)),
    ("x-gzip", gzip.compress(b"hello", mtime=0)),
    ("GZIP", gzip.compress(b"he", mtime=0) + gzip.compress(b"llo", mtime=0)),
    ("deflate", zlib.compress(b"hello")),
    ("deflate", zlib.compress(b"hello")[2:-4]),
    ("deflate, gzip", gzip.compress(zlib.compress(b"hello"), mtime=0)),
    ("identity", b"hello"),
]


@pytest.mark.parametrize(("coding", "body"), CODED)
def test_content_codings_are_decoded(transport, serve, coding, body):
    server = serve(lambda *_: reply(body, Content_Encoding=coding))
    assert transport.send(HttpRequest("GET", server.url)).content == b"hello"


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
FRAMES = {
    "length": reply(b"hello"),
    "chunked": CHUNKED + b"2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n",
    "chunked with a trailer": CHUNKED + b"5\r\nhello\r\n0\r\nX: 1\r\n\r\n",
    "after interim responses": b"HTTP/1.1 100 Continue\r\n\r\n" + reply(b"hello"),
}


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("step", [1, 1000])
def test_a_response_is_read_however_it_is_framed_and_cut(transport, serve, frame, step):
    def handler(_, sock):
        data = FRAMES[frame]
        for at in range(0, len(data), step):
            sock.sendall(data[at : at + step])
        return b""

    server = serve(handler)
    for _ in range(3):
        assert transport.send(HttpRequest("GET", server.url)).content == b"hello"
    assert server.connections == 1


@pytest.mark.parametrize("frame", FRAMES)
def test_a_header_may_arrive_in_two_parts_the_second_with_the_body(transport, serve, frame):
    data = FRAMES[frame]
    # After the first line, and around the empty line at the end.
    end = data.index(b"\r\n\r\n", data.index(b"HTTP/1.1 200"))
    cuts = [data.index(b"\n") + 1, *range(end, end + 5)]

    def handler(request, sock):
        cut = cuts[int(request.target[1:])]
        sock.sendall(data[:cut])
        time.sleep(0.05)
        sock.sendall(data[cut:])
        return b""

    server = serve(handler)
    for number in range(len(cuts)):
        request = HttpRequest("GET", f"{server.url}/{number}")
        assert transport.send(request).content == b"hello"


def test_a_body_without_a_length_ends_with_the_connection(transport, serve):
    def handler(_, sock):
        sock.sendall(b"HTTP/1.1 200 OK\r\n\r\nhel")
        sock.sendall(b"lo")
        raise HangUp

    server = serve(handler)
    for _ in range(2):
        assert transport.send(HttpRequest("GET", server.url)).content == b"hello"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_coding_announces_no_body_where_there_is_none(transport, serve, method):
    """RFC 9112, section 6.3: the status, or HEAD, goes before it; nothing is waited for."""
    status = b"304 Not Modified" if method == "GET" else b"200 OK"
    head = b"HTTP/1.1 %b\r\nETag: x\r\nTransfer-Encoding: chunked\r\n\r\n" % status
    server = serve(lambda *_: head)
    response = transport.send(HttpRequest(method, server.url))
    assert (response.status, response.content) == (int(status[:3]), b"")


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_statuses_without_a_body_leave_the_connection_usable(transport, serve, status):
    sent = f"HTTP/1.1 {status}\r\nX: 1\r\n\r\n".encode()
    server = serve(lambda *_: sent)
    for _ in range(2):
        assert transport.send(HttpRequest("GET", server.url)).content == b""
    assert server.connections == 1


def test_head_has_no_body_whatever_its_length_says(transport, serve):
    server = serve(lambda *_: reply(b"", Content_Length="1234567", Content_Encoding="gzip"))
    for _ in range(2):
        response = transport.send(HttpRequest("HEAD", server.url))
        assert (response.status, response.content) == (200, b"")
    assert server.connections == 1


def test_connection_close_is_obeyed(transport, serve):
    server = serve(lambda *_: reply(b"x", Connection="close"))
    for _ in range(2):
        assert transport.send(HttpRequest("GET", server.url)).content == b"x"
    assert server.connections == 2


def test_a_request_that_asks_to_close_ends_its_connection(make, serve):
    """Whatever the server says: it was told that nothing follows (RFC 9112, section 9.6)."""
    if make.kind == "aiohttp":
        pytest.skip("aiohttp leaves it to the server to close")
    transport = make()
    server = serve()
    for _ in range(2):
        headers = Headers({"Connection": "close"})
        assert transport.send(HttpRequest("GET", server.url, headers)).status == 200
    assert server.connections == 2


def test_many_threads_share_no_more_connections_than_the_pool_has(make, serve):
    transport = make(pool_size=8, timeout=20)
    server = serve()
    failures = []

    def work(number):
        try:
            for turn in range(15):
                name = f"/{number}/{turn}"
                response = transport.send(HttpRequest("GET", server.url + name))
                assert told(response)["target"] == name
        except Exception as problem:  # noqa: BLE001
            failures.append(problem)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert server.connections <= 8
    assert len(server.received) == 64 * 15


def test_the_user_of_a_url_authenticates_unless_the_request_does(transport, serve):
    server = serve()
    url = server.url.replace("://", "://us%40er:pa%3Ass@")
    transport.send(HttpRequest("GET", url))
    assert server.received[0].headers["authorization"] == "Basic dXNAZXI6cGE6c3M="


def test_netrc_never_replaces_an_authorization(transport, serve, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\ndefault login a password b\n")
    monkeypatch.setenv("NETRC", str(netrc))
    server = serve()
    transport.send(HttpRequest("GET", server.url, Headers({"Authorization": "Bearer mine"})))
    transport.send(HttpRequest("GET", server.url))
    assert server.received[0].headers["authorization"] == "Bearer mine"
    assert "authorization" not in server.received[1].headers


def test_cookies_come_back_to_their_origin_only(make, serve):
    transport = make()
    one = serve(lambda *_: reply(Set_Cookie="sid=s3; Path=/"))
    other = serve()
    transport.send(HttpRequest("GET", one.url))
    transport.send(HttpRequest("GET", one.url, Headers({"Cookie": "own=1"})))
    transport.send(HttpRequest("GET", one.url))
    assert "own=1" in one.received[1].headers["cookie"]
    assert one.received[2].headers["cookie"] == "sid=s3"
    if getattr(transport, "_given", None) is None:
        assert one.received[1].headers["cookie"] == "own=1; sid=s3"
        transport.send(HttpRequest("GET", other.url))
        assert "cookie" not in other.received[0].headers


@pytest.mark.parametrize("kind", [SocketTransport, RequestsTransport])
def test_a_pickled_transport_opens_again_with_its_settings(kind, serve):
    with kind(timeout=3.0, max_response_bytes=5) as transport:
        again = pickle.loads(pickle.dumps(transport))
        with again:
            assert again.send(HttpRequest("GET", serve(lambda *_: reply(b"x")).url)).status == 200
            assert again._settings == transport._settings


@pytest.mark.parametrize("kind", [SocketTransport, RequestsTransport])
def test_a_closed_transport_opens_new_connections(kind, serve):
    server = serve()
    transport = kind()
    transport.send(HttpRequest("GET", server.url))
    transport.close()
    assert transport.send(HttpRequest("GET", server.url)).status == 200
    assert server.connections == 2
    transport.close()


@pytest.mark.parametrize("kind", [SocketTransport, RequestsTransport])
def test_a_second_call_works_nothing_out_again(kind, serve, monkeypatch):
    server = serve()
    with kind() as transport:
        transport.send(HttpRequest("GET", server.url))

        def unexpected(*_, **__):
            raise AssertionError("worked out once already")

        monkeypatch.setattr(socket, "getaddrinfo", unexpected)
        monkeypatch.setattr(ssl, "SSLContext", unexpected)
        monkeypatch.setattr(requests.Session, "merge_environment_settings", unexpected)
        monkeypatch.setattr(requests.models.PreparedRequest, "prepare", unexpected)
        assert transport.send(HttpRequest("GET", server.url + "/other")).status == 200
    assert server.connections == 1


def test_the_callers_session_stays_open(serve):
    server = serve()
    with requests.Session() as session:
        with RequestsTransport(session) as transport:
            transport.send(HttpRequest("GET", server.url))
        assert session.get(server.url).status_code == 200
    assert server.connections == 1


def test_the_callers_session_is_used_as_it_is(serve):
    server = serve()
    seen = []
    with requests.Session() as session, RequestsTransport(session) as transport:
        session.headers["X-Team"] = "blue"
        session.auth = ("me", "pw")
        session.params = {"tenant": "7"}
        session.cookies.set("sid", "1")
        session.hooks["response"].append(lambda got, **_: seen.append(got.status_code))
        transport.send(HttpRequest("GET", server.url + "/a?b=1"))
    got = server.received[0]
    assert got.target == "/a?b=1&tenant=7"
    assert got.headers["x-team"] == "blue"
    assert got.headers["authorization"] == "Basic bWU6cHc="
    assert got.headers["cookie"] == "sid=1"
    assert seen == [200]


def test_the_callers_adapter_is_used(serve):
    class Adapter(HTTPAdapter):
        def send(self, request, **settings):
            request.headers["X-Signed"] = "yes"
            return super().send(request, **settings)

    server = serve()
    with requests.Session() as session, RequestsTransport(session) as transport:
        session.mount(server.url, Adapter())
        assert fields(transport.send(HttpRequest("GET", server.url)))["x-signed"] == "yes"


def test_it_talks_to_servers_that_others_wrote(transport):
    def application(environ, start_response):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [environ["REQUEST_METHOD"].encode(), body]

    server = make_server("127.0.0.1", 0, application, threaded=True)
    server.log_startup = lambda: None
    server.RequestHandlerClass.log = lambda *_: None
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/"
        for content in (b"", b"abc", BIG):
            assert (
                transport.send(HttpRequest("PUT", url, content=content)).content == b"PUT" + content
            )
    finally:
        transport.close()
        server.shutdown()
        thread.join()
        server.server_close()


def test_transports_are_transports():
    transport, own = transport_for(None, timeout=1.0)
    with transport:
        assert isinstance(transport, Transport)
        assert own is transport


@pytest.mark.parametrize("timeout", [0, -1, float("inf"), float("nan"), (1, 0)])
def test_a_timeout_that_is_none_is_refused(make, timeout):
    with pytest.raises(ValueError, match="timeout"):
        make(timeout=timeout)


def test_importing_the_room_and_the_socket_transport_imports_no_http_library():
    code = (
        "import sys, dynclient.transport as t; t.SocketTransport(); "
        "print([m for m in ('requests', 'urllib3', 'httpx2') if m in sys.modules])"
    )
    root = Path(__file__).parents[2]
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True
    )
    assert run.stdout.strip() == "[]", run.stderr
