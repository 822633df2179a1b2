"""Answers cut at every byte, changed at random, dripped and endless: an error, never a guess."""

from __future__ import annotations

import gzip
import re
import socket
import struct
import time

import pytest
from dynclient.transport.reader import BadMessage, Incomplete, NoAnswer
from dynclient.transport.wire import read_answer
from hypothesis import given, settings
from hypothesis import strategies as st

from dynclient.errors import ConnectionBroken, RequestTimeout
from dynclient.messages import HttpRequest
from dynclient.transport import SocketTransport
from dynclient.transport.decoding import TooLarge

from .server import HangUp, reply
from .test_wire import by_http_client, cut

LIMIT = 1 << 20
FAULTS = (NoAnswer, Incomplete, BadMessage, TooLarge)
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
WHOLE = {
    "length": reply(b"hello"),
    "chunked": CHUNKED + b"3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nX: y\r\n\r\n",
    "after interim": b"HTTP/1.1 103 Hints\r\nLink: </a>\r\n\r\n" + reply(b"hello"),
    "gzip": reply(gzip.compress(b"hello", mtime=0), Content_Encoding="gzip"),
    "LF": b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
}


@pytest.mark.parametrize("how", ["closed", "reset"])
@pytest.mark.parametrize("name", WHOLE)
def test_an_answer_cut_at_any_byte_is_broken(serve, name, how):
    whole = WHOLE[name]
    # After the line of the last chunk the body is whole, and what follows is dropped anyway.
    body_ends = whole.index(b"0\r\nX") + 3 if name == "chunked" else len(whole)

    def handler(request, sock):
        sock.sendall(whole[: int(request.target[1:])])
        if how == "reset":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()
        raise HangUp

    server = serve(handler)
    with SocketTransport(timeout=5) as transport:
        for at in range(len(whole)):
            request = HttpRequest("GET", f"{server.url}/{at}")
            if at < body_ends:
                with pytest.raises(ConnectionBroken):
                    transport.send(request)
            elif how == "closed":
                assert transport.send(request).content == b"hello"
        if how == "closed":
            assert transport.send(HttpRequest("GET", f"{server.url}/9999")).content == b"hello"


BITS = [
    *(b"\r", b"\n", b"\r\n", b"\r\n\r\n", b" ", b"\t", b"\0", b":", b";", b",", b"0", b"5", b"a"),
    *(b"\xff", b"-", b"+", b"_", b"\x0b", b"\x1c", b"\x85", b"\xa0", b"chunked", b"identity"),
    *(b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", b"HTTP/1.1 200 OK\r\n"),
]


@st.composite
def changed(draw):
    """A correct answer in which something was put in, taken out or repeated."""
    data = draw(st.sampled_from(list(WHOLE.values())))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(data)))
        how = draw(st.sampled_from(["in", "out", "over", "again"]))
        if how == "out":
            data = data[:at] + data[at + draw(st.integers(1, 4)) :]
        elif how == "again":
            start = draw(st.integers(0, len(data)))
            data = data[:at] + data[start : start + draw(st.integers(1, 20))] + data[at:]
        else:
            data = data[:at] + draw(st.sampled_from(BITS)) + data[at + (how == "over") :]
    return data


def read(data, cuts, method):
    try:
        return read_answer(cut(data, cuts), method, LIMIT)
    except FAULTS as fault:
        return type(fault)


@settings(max_examples=400, deadline=None)
@given(changed(), st.lists(st.integers(0, 300), max_size=6), st.sampled_from(["GET", "HEAD"]))
def test_how_the_bytes_of_a_bad_answer_arrive_changes_nothing(data, cuts, method):
    one, other = read(data, cuts, method), read(data, [], method)
    if isinstance(one, type) or isinstance(other, type):
        assert isinstance(one, type)
        assert isinstance(other, type)
    else:
        assert one[:4] == other[:4]


def _tidy(data):
    """As http.client understands it: it does not know what is untidy but clear."""
    lines = data.replace(b"\r\n", b"\n").split(b"\n")
    if set(lines[0]) & set(b"\v\f\x1c\x1d\x1e\x1f\x85\xa0"):
        return False  # to http.client these are blanks in a status line
    heads_end = max((n for n, line in enumerate(lines) if line == b""), default=0)
    return not any(
        line != line.rstrip(b" \t") or b" :" in line or b"\t:" in line or line[:1] in b" \t"
        for line in lines[:heads_end]
        if line
    )


@settings(max_examples=400, deadline=None)
@given(changed(), st.sampled_from(["GET", "HEAD"]))
def test_a_changed_answer_is_refused_or_read_as_http_client_reads_it(data, method):
    answer = read(data, [], method)
    if isinstance(answer, type) or not _tidy(data):
        return
    if re.match(rb"HTTP/1\.1\s+1(?!00)", data):
        return  # other interim answers are answers to http.client
    if "," in answer.telling.get("content-length", "") or answer.status == 204:
        return  # one length said twice; http.client wants chunks after a 204 that names them
    coding = answer.telling.get("transfer-encoding", "chunked").lower()
    try:
        status, fields, body = by_http_client(data, method)
    except Exception as problem:
        # Only what urllib3 takes as well: the end of the stream for the end of the trailers.
        raise AssertionError((data, answer)) from problem
    assert answer.status == status
    assert answer.fields == fields
    assert answer.body == body or coding != "chunked"


ENDLESS = {
    "a header": (b"HTTP/1.1 200 OK\r\n", b"X: 1\r\n" * 1000),
    "a field": (b"HTTP/1.1 200 OK\r\nX: ", b"x" * 6000),
    "a status line": (b"HTTP/1.1 200 ", b"x" * 6000),
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 200),
    "a chunk size": (CHUNKED, b"0" * 6000),
    "a chunk extension": (CHUNKED + b"5;", b"x" * 6000),
    "chunk extensions": (CHUNKED, b"1;" + b"x" * 6000 + b"\r\na\r\n"),
    "trailers": (CHUNKED + b"0\r\n", b"X: 1\r\n" * 1000),
    "a trailer": (CHUNKED + b"0\r\n", b"x" * 6000),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_what_has_no_end_is_refused_soon(name):
    start, more = ENDLESS[name]
    received = [0]

    def receive(size):
        piece = (start if not received[0] else more)[:size] or more
        received[0] += len(piece)
        return piece

    with pytest.raises(BadMessage):
        read_answer(receive, "GET", 1 << 30)
    assert received[0] < 300_000


def test_a_header_that_drips_is_given_up_after_the_read_timeout(serve):
    def handler(_, sock):
        for byte in b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 100:
            sock.sendall(bytes([byte]))
            time.sleep(0.05)
        raise HangUp

    server = serve(handler)
    began = time.monotonic()
    with SocketTransport(timeout=0.3) as transport, pytest.raises(RequestTimeout, match="header"):
        transport.send(HttpRequest("GET", server.url))
    assert time.monotonic() - began < 2


def test_a_header_in_two_pieces_may_wait_as_long_as_a_body(serve):
    def handler(_, sock):
        for piece in (b"HTTP/1.1 200 OK\r\nContent-", b"Length: 5\r\n\r\n", b"he", b"llo"):
            sock.sendall(piece)
            time.sleep(0.2)
        return b""

    with SocketTransport(timeout=0.35) as transport:
        assert transport.send(HttpRequest("GET", serve(handler).url)).content == b"hello"


def test_a_long_header_that_comes_byte_by_byte_is_not_searched_again_for_each():
    data = b"HTTP/1.1 200 OK\r\nX: " + b"x" * 60_000 + b"\r\nContent-Length: 0\r\n\r\n"
    at = iter(range(len(data)))
    began = time.process_time()
    answer = read_answer(lambda _: data[(i := next(at)) : i + 1], "GET", LIMIT)
    assert answer.status == 200
    assert time.process_time() - began < 5
