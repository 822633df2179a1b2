"""`open`: the header first, then the body as it comes, for every kind of transport."""

from __future__ import annotations

import gc
import gzip
import socket
import threading
import tracemalloc
import zlib

import pytest

from dynclient.errors import (
    ConnectError,
    ConnectionBroken,
    RequestTimeout,
    ResponseTooLarge,
)
from dynclient.messages import Headers, HttpRequest, Timeout
from dynclient.transport import OpenResponse, SocketTransport

from .blocking import Blocking
from .server import HangUp, echo, reply
from .test_lifecycle import together

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
CLOSING = HEAD + b"Connection: close\r\n\r\n"


def get(server, path="/", **more) -> HttpRequest:
    return HttpRequest("GET", server.url + path, **more)


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


@pytest.mark.parametrize("framing", ["chunked", "one chunk", "length", "close", "gzip"])
def test_a_piece_is_here_before_the_next_one_is_sent(transport, serve, framing):
    seen = threading.Semaphore(0)
    packer = zlib.compressobj(wbits=31)

    def packed(data: bytes) -> bytes:
        if framing == "gzip":
            return chunk(packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH))
        return chunk(data) if framing == "chunked" else data

    def drip(request, sock):
        if framing == "gzip":
            sock.sendall(CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n"))
        elif framing == "one chunk":
            sock.sendall(CHUNKED + b"6\r\n")
        else:
            length = HEAD + b"Content-Length: 6\r\n\r\n"
            sock.sendall({"chunked": CHUNKED, "length": length}.get(framing, CLOSING))
        for number in range(3):
            sock.sendall(packed(b"%d;" % number))
            assert seen.acquire(timeout=5)
        if framing == "close":
            raise HangUp
        rest = b"\r\n" if framing == "one chunk" else b""
        if framing == "gzip":
            rest = chunk(packer.flush())
        return b"" if framing == "length" else rest + b"0\r\n\r\n"

    server = serve(drip)
    with transport.open(get(server)) as response:
        assert (response.status, response.headers["Content-Type"]) == (200, "text/plain")
        for number in range(3):
            assert next(response) == b"%d;" % number
            seen.release()
        assert list(response) == []


@pytest.mark.parametrize("body", [b"", b"x" * 300_000])
def test_the_connection_is_used_again_after_the_end_of_the_body(make, serve, body):
    transport = make(pool_size=1, timeout=5.0)
    server = serve(lambda request, sock: reply(body))
    for _ in range(3):
        assert b"".join(transport.open(get(server))) == body
        assert transport.open(get(server)).read() == body
    assert transport.send(get(server)).content == body
    assert server.connections == 1


def test_the_connection_is_closed_when_the_body_is_left_early(make, serve):
    transport = make(pool_size=1, timeout=5.0)
    gone = threading.Event()

    def endless(request, sock):
        try:
            sock.sendall(CHUNKED)
            while True:
                sock.sendall(chunk(b"x" * 1000))
        except OSError:
            gone.set()
            raise

    server = serve(endless)
    with transport.open(get(server)) as response:
        next(response)
    assert gone.wait(5)
    with pytest.raises(ValueError, match="closed"):
        next(response)
    response.close()
    # The one place in the pool is free again, and free once.
    with transport.open(get(server)) as response:
        next(response)
    assert server.connections == 2
    gc.collect()


def test_a_body_that_is_not_looked_at_leaves_no_connection(make, serve):
    transport = make(pool_size=1, timeout=5.0)
    server = serve(lambda request, sock: reply(b"x" * 1_000_000))
    for _ in range(3):
        transport.open(get(server)).close()
    assert server.connections == 3


@pytest.mark.parametrize("coding", ["gzip", "deflate", "gzip, gzip", "identity", "unheard-of"])
@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_a_coded_body_is_decoded_across_pieces(transport, serve, coding, step):
    plain = bytes(range(256)) * 20
    body = {
        "gzip": gzip.compress(plain[:100]) + gzip.compress(plain[100:]),
        "gzip, gzip": gzip.compress(gzip.compress(plain)),
        "deflate": zlib.compress(plain),
    }.get(coding, plain)

    def coded(request, sock):
        field = b"\r\nContent-Encoding: %b\r\n\r\n" % coding.encode()
        sock.sendall(CHUNKED.replace(b"\r\n\r\n", field))
        pieces = [chunk(body[at : at + step]) for at in range(0, len(body), step)]
        return b"".join(pieces) + b"0\r\n\r\n"

    server = serve(coded)
    for _ in range(2):
        assert b"".join(transport.open(get(server))) == plain
    assert server.connections == 1


def test_pieces_of_a_bomb_are_short(transport, serve):
    bomb = gzip.compress(b"\0" * 50_000_000)
    server = serve(lambda request, sock: reply(bomb, Content_Encoding="gzip"))
    with transport.open(get(server)) as response:
        assert max(map(len, response)) <= 1 << 16


def test_a_coded_body_that_is_cut_is_an_error(transport, serve):
    body = gzip.compress(b"x" * 1000)[:-4]
    server = serve(lambda request, sock: reply(body, Content_Encoding="gzip"))
    with (
        pytest.raises(ConnectionBroken, match="Content-Encoding"),
        transport.open(get(server)) as response,
    ):
        list(response)


@pytest.mark.parametrize(
    "cut",
    [CHUNKED + b"5\r\nab", CHUNKED + chunk(b"ab"), HEAD + b"Content-Length: 5\r\n\r\nab"],
)
def test_a_body_that_ends_too_early_is_an_error_after_what_came(transport, serve, cut):
    def cutting(request, sock):
        sock.sendall(cut)
        raise HangUp

    came = []
    with (
        transport.open(get(serve(cutting))) as response,
        pytest.raises(ConnectionBroken) as caught,
    ):
        came.extend(response)
    # aiohttp does not hand out what came just before.
    assert came == [b"ab"] or isinstance(transport, Blocking)
    assert caught.value.__cause__ is None


def test_each_read_waits_for_the_read_timeout(make, serve):
    never = threading.Event()

    def stuck(request, sock):
        sock.sendall(CHUNKED + chunk(b"ab"))
        never.wait(10)
        raise HangUp

    server = serve(stuck)
    with make(timeout=5.0).open(get(server, timeout=Timeout(0.3, 0.3))) as response:
        assert next(response) == b"ab"
        with pytest.raises(RequestTimeout, match=r"0\.3 seconds"):
            next(response)
    never.set()


def test_the_bound_is_for_read_alone(make, serve):
    transport = make(max_response_bytes=1000, timeout=5.0)
    server = serve(lambda request, sock: reply(b"x" * 5000))
    assert sum(map(len, transport.open(get(server)))) == 5000
    with pytest.raises(ResponseTooLarge, match="1000 bytes"):
        transport.open(get(server)).read()
    with transport.open(get(server)) as response:
        assert response.limit == 1000


def test_a_redirect_is_a_response_like_any_other_and_its_cookies_are_kept(make, serve):
    def moving(request, sock):
        if request.target == "/":
            return reply(b"moved", "302 Found", Location="/there", Set_Cookie="a=1; Path=/")
        return echo(request, sock)

    server = serve(moving)
    transport = make(timeout=5.0)
    with transport.open(get(server)) as response:
        assert (response.status, response.headers["Location"]) == (302, "/there")
        assert response.read() == b"moved"
    assert b"a=1" in transport.open(get(server, "/there")).read()
    assert server.connections == 1


def test_no_connection_is_the_same_error_as_for_send(transport, serve):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ConnectError, match="is the server up"):
        transport.open(HttpRequest("GET", f"http://127.0.0.1:{port}/"))


def test_head_and_204_have_no_body(transport, serve):
    def bare(request, sock):
        if request.method == "HEAD":
            return HEAD + b"Content-Length: 5\r\n\r\n"
        return b"HTTP/1.1 204 No Content\r\n\r\n"

    server = serve(bare)
    for method in ("HEAD", "GET", "HEAD"):
        assert list(transport.open(HttpRequest(method, server.url))) == []
    assert server.connections == 1


def test_a_streamed_request_body_goes_out_and_the_response_comes_in(transport, serve):
    server = serve()
    request = HttpRequest("POST", server.url, content=iter([b"one", b"two"]))
    assert b'"body": "onetwo"' in transport.open(request).read()


def test_many_threads_read_at_once(make, serve):
    transport = make(pool_size=4, timeout=20.0)
    server = serve(lambda request, sock: reply(request.headers["x-id"].encode() * 5000))

    def work(number):
        for turn in range(10):
            name = f"{number:04}"
            response = transport.open(get(server, headers=Headers({"X-Id": name})))
            if turn % 3:
                assert b"".join(response) == name.encode() * 5000
            else:
                assert next(response).startswith(name.encode())
                response.close()

    assert together(work, 12) == []


def test_a_large_body_is_never_in_memory_as_a_whole(make, serve):
    size, block = 64 << 20, b"x" * (1 << 20)

    def large(request, sock):
        sock.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % size)
        for _ in range(size // len(block)):
            sock.sendall(block)
        return b""

    server = serve(large)
    transport = make(timeout=20.0)
    tracemalloc.start()
    try:
        assert sum(map(len, transport.open(get(server)))) == size
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 << 20


def test_a_proxy_of_the_environment_serves_open_too(serve, monkeypatch):
    proxy = serve()
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    with SocketTransport(timeout=5.0) as transport:
        response = transport.open(HttpRequest("GET", "http://far.example/x"))
        assert b"http://far.example/x" in response.read()


def test_an_open_response_of_ones_own_tells_how_it_ended():
    ended: list[bool] = []
    request = HttpRequest("GET", "http://x.example/")
    whole = OpenResponse(200, Headers(), [b"a", b"", b"b"], request=request, end=ended.append)
    assert list(whole) == [b"a", b"b"]
    whole.close()
    early = OpenResponse(200, Headers(), [b"a"], request=request, end=ended.append)
    with early:
        assert next(early) == b"a"
    assert ended == [True, False]
    assert repr(early) == "<OpenResponse 200 no content type>"
