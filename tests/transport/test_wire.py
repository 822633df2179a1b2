"""The parser and the writer, without a socket: held against h11, http.client and against cuts."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynclient.transport.outgoing import chunks, head_of

from .judges import FAULTS, by_h11, by_http_client, by_us

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
def test_however_a_response_is_cut_it_reads_as_others_read_it(response, cuts):
    data, method = response
    ours = by_us(data, method, cuts)
    assert ours[:3] == by_http_client(data, method)[:3]
    assert ours[:3] == by_h11(data, method)[:3]


@given(responses(), st.integers(0, 10_000))
def test_a_response_that_ends_early_is_never_taken_for_a_whole_one(response, at):
    data, method = response
    short = data[: at % len(data)]
    framed = b"Content-Length" in data or b"Transfer-Encoding" in data
    try:
        ours = by_us(short, method)
    except FAULTS:
        return
    # Only a body that ends with the connection can't tell.
    assert not framed
    assert not ours.reusable


@given(st.binary(max_size=400))
def test_noise_is_an_error_of_ours_or_a_response(noise):
    with contextlib.suppress(*FAULTS):
        by_us(b"HTTP/1.1 200 OK\r\n" + noise)


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
    (b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", True),
    (b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", False),
    (b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", False),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nmore", False),
    (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", False),
]


@pytest.mark.parametrize(("data", "kept"), KEPT)
def test_a_connection_is_kept_only_when_both_sides_know_where_they_are(data, kept):
    assert by_us(data).reusable is kept
