"""Answers cut at every byte, changed at random, dripped and endless: an error, never a guess."""

from __future__ import annotations

import socket
import struct
import threading
import time

import pytest
from hypothesis import given, settings

from dynclient.errors import ConnectionBroken, RequestTimeout
from dynclient.messages import HttpRequest, Timeout
from dynclient.transport import RequestsTransport
from dynclient.transport.incoming import BadMessage, Incoming
from fuzz import response

from .judges import by_us
from .server import HangUp

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("how", ["closed", "reset"])
@pytest.mark.parametrize("name", response.WHOLE)
def test_a_response_cut_at_any_byte_is_broken(transport, serve, name, how):
    whole = response.WHOLE[name]
    # After the line of the last chunk the body is whole, and some take it for that.
    body_ends = whole.index(b"0\r\nX") + 3 if name == "chunked" else len(whole)

    def handler(request, sock):
        sock.sendall(whole[: int(request.target[1:])])
        if how == "reset":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()
        raise HangUp

    server = serve(handler)
    for at in range(len(whole)):
        request = HttpRequest("GET", f"{server.url}/{at}")
        if at < body_ends:
            with pytest.raises(ConnectionBroken):
                transport.send(request)
        elif how == "closed":
            try:
                assert transport.send(request).content == b"hello"
            except ConnectionBroken:
                assert not isinstance(transport, RequestsTransport)
    if how == "closed":
        assert transport.send(HttpRequest("GET", f"{server.url}/9999")).content == b"hello"


@settings(max_examples=600, deadline=None)
@given(**response.ARGUMENTS)
def test_a_changed_response_is_refused_or_read_as_others_read_it_however_it_is_cut(**example):
    response.check(**example)


ENDLESS = {
    "a header": (b"HTTP/1.1 200 OK\r\n", b"X: 1\r\n" * 1000),
    "a field": (b"HTTP/1.1 200 OK\r\nX: ", b"x" * 6000),
    "a status line": (b"HTTP/1.1 200 ", b"x" * 6000),
    "interim responses": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 200),
    "a chunk size": (CHUNKED, b"0" * 6000),
    "a chunk extension": (CHUNKED + b"5;", b"x" * 6000),
    "chunk extensions": (CHUNKED, b"1;" + b"x" * 6000 + b"\r\na\r\n"),
    "trailers": (CHUNKED + b"0\r\n", b"X: 1\r\n" * 1000),
    "a trailer": (CHUNKED + b"0\r\n", b"x" * 6000),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_what_has_no_end_is_refused_soon(name):
    start, more = ENDLESS[name]
    incoming = Incoming("GET")
    received = len(start)
    with pytest.raises(BadMessage):  # noqa: PT012  one of many
        if start:
            incoming.feed(start)
        while received < 10_000_000:
            incoming.feed(more)
            received += len(more)
    assert received < 300_000


def of_our_own(make):
    """A caller's httpx2 client has the bounds that httpx2 has."""
    if "httpx" in make.kind:
        pytest.skip("httpx2 does not bound a header as a whole")


@pytest.mark.parametrize("interim", [b"", b"HTTP/1.1 103 Hints\r\nLink: </a>\r\n\r\n"])
def test_a_header_that_drips_is_given_up_after_the_read_timeout(make, serve, interim):
    of_our_own(make)

    def handler(_, sock):
        for byte in interim + b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 100:
            sock.sendall(bytes([byte]))
            time.sleep(0.05)
        raise HangUp

    server = serve(handler)
    began = time.monotonic()
    with pytest.raises(RequestTimeout, match=r"the read timeout"):
        make(timeout=0.3).send(HttpRequest("GET", server.url))
    assert time.monotonic() - began < 4


def test_interim_responses_do_not_make_the_wait_longer(make, serve):
    of_our_own(make)

    def handler(_, sock):
        for _ in range(100):
            sock.sendall(b"HTTP/1.1 102 Processing\r\n\r\n")
            time.sleep(0.1)
        raise HangUp

    server = serve(handler)
    began = time.monotonic()
    with pytest.raises(RequestTimeout, match=r"the read timeout"):
        make(timeout=0.4).send(HttpRequest("GET", server.url))
    assert time.monotonic() - began < 5


def test_interim_responses_without_an_end_are_refused(make, serve):
    of_our_own(make)

    def handler(_, sock):
        while True:
            sock.sendall(b"HTTP/1.1 102 Processing\r\n\r\n" * 1000)

    with pytest.raises((ConnectionBroken, RequestTimeout)):
        make(timeout=1.0).send(HttpRequest("GET", serve(handler).url))


def test_a_header_in_two_pieces_may_wait_as_long_as_a_body(make, serve):
    def handler(_, sock):
        for piece in (b"HTTP/1.1 200 OK\r\nContent-", b"Length: 5\r\n\r\n", b"he", b"llo"):
            sock.sendall(piece)
            time.sleep(0.2)
        return b""

    transport = make(timeout=0.6)
    assert transport.send(HttpRequest("GET", serve(handler).url)).content == b"hello"


def test_a_long_header_that_comes_byte_by_byte_is_not_searched_again_for_each():
    data = b"HTTP/1.1 200 OK\r\nX: " + b"x" * 60_000 + b"\r\nContent-Length: 0\r\n\r\n"
    began = time.process_time()
    assert by_us(data, "GET", range(len(data))).status == 200
    assert time.process_time() - began < 5


def dripping(_, sock):
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(1000):
        sock.sendall(b"x")
        time.sleep(0.05)
    return b""


@pytest.mark.parametrize("where", ["header", "body", "nothing"])
def test_a_total_timeout_ends_what_drips_and_what_stalls(make, serve, where):
    def handler(request, sock):
        if where == "body":
            return dripping(request, sock)
        if where == "nothing":
            sock.recv(1)
            raise HangUp
        for byte in b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 100:
            sock.sendall(bytes([byte]))
            time.sleep(0.05)
        raise HangUp

    if make.kind == "httpx" and where == "header":
        pytest.skip("httpx2 does not bound a header as a whole")
    server = serve(handler)
    transport = make(timeout=Timeout(5, 5, 0.5))
    began = time.monotonic()
    with pytest.raises(RequestTimeout, match=r"0\.5 seconds \(the total timeout\)") as caught:
        transport.send(HttpRequest("GET", server.url))
    assert 0.4 < time.monotonic() - began < 4
    assert caught.value.__cause__ is caught.value.__context__ is None
    request = HttpRequest("GET", server.url, timeout=Timeout(5, 5, 0.3))
    with pytest.raises(RequestTimeout, match=r"0\.3 seconds \(the total timeout\)"):
        transport.send(request)


def test_a_total_timeout_ends_an_upload_that_nobody_reads(make, serve):
    stop = threading.Event()

    def deaf(listener):
        sock, _ = listener.accept()
        with sock:
            stop.wait(20)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=deaf, args=(listener,))
        thread.start()
        try:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            for content in (b"x" * 30_000_000, iter([b"x" * 1_000_000] * 30)):
                request = HttpRequest("PUT", url, content=content)
                with pytest.raises(RequestTimeout, match="total timeout"):
                    make(timeout=Timeout(5, 5, 0.5)).send(request)
        finally:
            stop.set()
            thread.join()


def test_an_upload_that_nobody_reads_ends_with_the_read_timeout(make, serve):
    stop = threading.Event()

    def deaf(listener):
        sock, _ = listener.accept()
        with sock:
            stop.wait(20)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=deaf, args=(listener,))
        thread.start()
        try:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            request = HttpRequest("PUT", url, content=b"x" * 30_000_000)
            with pytest.raises(RequestTimeout):
                make(timeout=0.5).send(request)
        finally:
            stop.set()
            thread.join()
