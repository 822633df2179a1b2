"""Responses, head and body: noise, and correct ones in which something was changed.

Whatever comes and however it is cut, `Incoming` reads it or raises an error of its own; what it
reads, h11, http.client and the reader of `RequestsTransport` read alike, unless they refuse it. The
same for content codings.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from http.client import HTTPException
from typing import Any

from hypothesis import strategies as st

from dynclient.transport.decoding import BadEncoding, decoded_pieces
from tests.transport.judges import (
    FAULTS,
    REFUSALS,
    Reading,
    by_h11,
    by_http_client,
    by_strict,
    by_us,
)

__all__ = ["ARGUMENTS", "WHOLE", "changed", "check"]

_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
_GZIP = gzip.compress(b"hello", mtime=0)
_LENGTH = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"

#: Correct responses, by what is particular about them.
WHOLE = {
    "length": _LENGTH % (5, b"hello"),
    "chunked": _CHUNKED + b"3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nX: y\r\n\r\n",
    "after interim": b"HTTP/1.1 103 Hints\r\nLink: </a>\r\n\r\n" + _LENGTH % (5, b"hello"),
    "gzip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b"
    % (len(_GZIP), _GZIP),
    "two pieces": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\nhello",
}
_BITS = [
    *(b"\r", b"\n", b"\r\n", b"\r\n\r\n", b" ", b"\t", b"\0", b":", b";", b",", b"0", b"5", b"a"),
    *(b"\xff", b"-", b"+", b"_", b"\x0b", b"\x1c", b"\x85", b"\xa0", b"chunked", b"identity"),
    *(b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", b"HTTP/1.1 200 OK\r\n"),
    *(b"HTTP/1.1 100 Continue\r\n\r\n", b"Connection: close\r\n", b"HTTP/1.0", b"204", b"304"),
]


@st.composite
def changed(draw: Callable[..., Any]) -> bytes:
    """A correct response in which something was put in, taken out or repeated."""
    data: bytes = draw(st.sampled_from(list(WHOLE.values())))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(data)))
        how = draw(st.sampled_from(["in", "out", "over", "again"]))
        if how == "out":
            data = data[:at] + data[at + draw(st.integers(1, 4)) :]
        elif how == "again":
            start = draw(st.integers(0, len(data)))
            data = data[:at] + data[start : start + draw(st.integers(1, 20))] + data[at:]
        else:
            data = data[:at] + draw(st.sampled_from(_BITS)) + data[at + (how == "over") :]
    return data


ARGUMENTS = {
    "data": changed() | st.binary(max_size=300).map(lambda noise: b"HTTP/1.1 200 OK\r\n" + noise),
    "method": st.sampled_from(["GET", "HEAD", "POST"]),
    "cuts": st.lists(st.integers(0, 300), max_size=6),
    "coding": st.sampled_from(["gzip", "deflate", "br", "zstd", "gzip, deflate"]),
}


def check(data: bytes, method: str, cuts: list[int], coding: str) -> None:
    """One response. AssertionError for a finding, and whatever should not be raised."""
    ours = _read(data, method, ())
    otherwise = _read(data, method, cuts)
    assert ours == otherwise or (ours and otherwise and ours[:3] == otherwise[:3])
    if ours is not None:
        for judge in (by_h11, by_http_client):
            _compare(judge, ours, data, method)
    strictly = _read(data, method, (), by_strict)
    assert strictly == _read(data, method, cuts, by_strict)
    if ours is not None and strictly is not None:
        assert ours[:3] == strictly[:3]
    body = data[len(data) // 2 :]
    try:
        made = b"".join(decoded_pieces(iter([body]), coding))
    except BadEncoding:
        return
    assert made == b"".join(decoded_pieces(iter([body[:3], body[3:]]), coding))


def _read(data: bytes, method: str, cuts: Any, read: Any = by_us) -> Reading | None:
    try:
        found: Reading = read(data, method, cuts)
    except (*FAULTS, HTTPException):
        return None
    return found


def _compare(judge: Any, ours: Reading, data: bytes, method: str) -> None:
    try:
        theirs = judge(data, method)
    except REFUSALS:
        return  # docs/transport.md has what we read and they refuse
    if judge is by_http_client and 100 < theirs.status < 200:
        return  # interim responses but 100 are responses to http.client
    assert ours.status == theirs.status
    assert ours.fields == [(name, value.strip(" \t")) for name, value in theirs.fields]
    assert ours.body == theirs.body
