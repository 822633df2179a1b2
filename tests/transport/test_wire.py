"""The HTTP/1.1 reader and writer, without a socket: held against http.client and against cuts."""

from __future__ import annotations

import contextlib
import http.client
import io
import itertools

import pytest
from dynclient.transport.reader import BadMessage, Incomplete, NoAnswer
from dynclient.transport.wire import read_answer
from dynclient.transport.writing import chunks, head_of
from hypothesis import given
from hypothesis import strategies as st

from dynclient.transport.decoding import TooLarge

LIMIT = 1 << 20


def cut(data, cuts):
    """A `receive` that gives `data` in pieces, and then the end of the stream."""
    edges = sorted({0, len(data), *(at % (len(data) + 1) for at in cuts)})
    pieces = [data[a:b] for a, b in itertools.pairwise(edges)]

    def receive(size):
        if not pieces:
            return b""
        piece = pieces.pop(0)
        if len(piece) > size:
            pieces.insert(0, piece[size:])
        return piece[:size]

    return receive


def by_http_client(data, method):
    class Sock:
        def makefile(self, *_):
            return io.BytesIO(data)

    response = http.client.HTTPResponse(Sock(), method=method)
    response.begin()
    return response.status, response.getheaders(), response.read()


names = st.from_regex(r"X-[A-Za-z0-9\-]{1,10}", fullmatch=True)
values = st.from_regex(r"[!-~]([ -~]{0,20}[!-~])?", fullmatch=True)
bodies = st.binary(max_size=300)


@st.composite
def responses(draw):
    """(bytes, method): a correct response framed in one of the ways there are."""
    method = draw(st.sampled_from(["GET", "POST", "HEAD"]))
    status = draw(st.sampled_from([200, 201, 204, 304, 404, 500]))
    fields = draw(st.lists(st.tuples(names, values), max_size=5))
    body = draw(bodies)
    framing = draw(st.sampled_from(["length", "chunked", "close"]))
    if method == "HEAD" or status in {204, 304}:
        body, framing, sent = b"", "length", b""
    elif framing == "chunked":
        size = draw(st.integers(1, 50))
        pieces = [body[at : at + size] for at in range(0, len(body), size)]
        sent = b"".join(chunks(pieces))
        fields.append(("Transfer-Encoding", "chunked"))
    else:
        sent = body
    if framing == "length" and method != "HEAD" and status not in {204, 304}:
        fields.append(("Content-Length", str(len(body))))
    head = "".join(f"{name}: {value}\r\n" for name, value in fields)
    return f"HTTP/1.1 {status} Any\r\n{head}\r\n".encode() + sent, method


@given(responses(), st.lists(st.integers(0, 10_000), max_size=8))
def test_however_a_response_is_cut_it_reads_as_http_client_reads_it(response, cuts):
    data, method = response
    status, fields, body = by_http_client(data, method)
    answer = read_answer(cut(data, cuts), method, LIMIT)
    assert answer.status == status
    assert answer.fields == fields
    assert answer.body == body


@given(responses(), st.integers(0, 10_000))
def test_a_response_that_ends_early_is_never_taken_for_a_whole_one(response, at):
    data, method = response
    short = data[: at % len(data)]
    framed = b"Content-Length" in data or b"Transfer-Encoding" in data
    try:
        answer = read_answer(cut(short, []), method, LIMIT)
    except (NoAnswer, Incomplete, BadMessage):
        return
    # Only a body that ends with the connection can't tell.
    assert not framed
    assert not answer.reusable


@given(st.binary(max_size=400))
def test_noise_is_an_error_of_ours_or_a_response(noise):
    with contextlib.suppress(NoAnswer, Incomplete, BadMessage, TooLarge):
        read_answer(cut(b"HTTP/1.1 200 OK\r\n" + noise, []), "GET", LIMIT)


@given(
    st.lists(st.tuples(st.text(max_size=10), st.text(max_size=20)), max_size=3),
    st.text(max_size=20),
)
def test_nothing_that_is_written_can_be_read_as_more_than_was_meant(fields, target):
    try:
        head = head_of("GET", "/" + target, fields)
    except (ValueError, UnicodeEncodeError):
        return
    lines = head.decode("latin-1").split("\r\n")
    assert lines[0] == f"GET /{target} HTTP/1.1"
    assert lines[-2:] == ["", ""]
    assert len(lines) == len(fields) + 3
    for line, (name, value) in zip(lines[1:], fields, strict=False):
        assert line == f"{name}: {value}"
        assert "\n" not in line
        assert "\r" not in line


KEPT = [
    (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", True),
    (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", False),
    (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", True),
    (b"HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 0\r\n\r\n", False),
    (b"HTTP/1.1 200 OK\r\nConnection: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", False),
    (b"HTTP/1.1 200 OK\r\n\r\n", False),
    (b"HTTP/1.1 204 No Content\r\n\r\n", True),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nmore", False),
    (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", False),
]


@pytest.mark.parametrize(("data", "kept"), KEPT)
def test_a_connection_is_kept_only_when_both_sides_know_where_they_are(data, kept):
    assert read_answer(cut(data, []), "GET", LIMIT).reusable is kept
