"""Content codings: whole or an error, within the bound, in linear time."""

from __future__ import annotations

import contextlib
import gzip
import os
import time
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynclient.errors import ResponseTooLarge
from dynclient.messages import Headers, HttpRequest
from dynclient.transport import OpenResponse
from dynclient.transport.decoding import BadEncoding, accepted_encodings, decoded_pieces

LIMIT = 1 << 26


def decoded(body, encodings, limit, cut=None):
    """Decoded whole, as an open response reads it; cut into pieces of `cut` bytes."""
    pieces = [body] if cut is None else [body[at : at + cut] for at in range(0, len(body), cut)]
    made = decoded_pieces(iter(pieces if body else []), encodings)
    request = HttpRequest("GET", "http://h.example/")
    return OpenResponse(200, Headers(), made, request=request, limit=limit).read()


def brotlied(body):
    brotli = pytest.importorskip("brotli")
    if "br" not in accepted_encodings():
        pytest.skip("this brotli can't decode within bounds")
    return brotli.compress(body)


def zstandarded(body):
    zstd = pytest.importorskip("backports.zstd")
    return zstd.compress(body)


CODERS = {
    "gzip": lambda body: gzip.compress(body, mtime=0),
    "deflate": zlib.compress,
    "raw deflate": lambda body: zlib.compress(body)[2:-4],
    "br": brotlied,
    "zstd": zstandarded,
}


def coding(name):
    return name.rpartition(" ")[2]


@pytest.mark.parametrize("name", CODERS)
@pytest.mark.parametrize("size", [0, 1, 1000, 70_000, 3_000_000])
@pytest.mark.parametrize("unit", [b"\0", os.urandom(1 << 16)], ids=["zeros", "noise"])
def test_what_was_coded_comes_back(name, size, unit):
    body = (unit * (size // len(unit) + 1))[:size]
    coded = CODERS[name](body)
    assert decoded(coded, coding(name), LIMIT) == body
    for cut in (1, 3, 1000) if len(coded) < 100_000 else (60_000,):
        assert decoded(coded, coding(name), LIMIT, cut) == body


@pytest.mark.parametrize("name", CODERS)
def test_a_coded_body_that_is_cut_anywhere_is_an_error(name):
    whole = CODERS[name](b"hello, hello, hello " * 20)
    for at in range(1, len(whole)):
        with pytest.raises(BadEncoding):
            decoded(whole[:at], coding(name), LIMIT)


@pytest.mark.parametrize("name", CODERS)
def test_a_bomb_is_stopped_at_the_bound(name):
    bomb = CODERS[name](b"\0" * 50_000_000)
    assert len(bomb) < 60_000
    began = time.process_time()
    with pytest.raises(ResponseTooLarge):
        decoded(bomb, coding(name), 1_000_000)
    assert time.process_time() - began < 3
    bomb = CODERS[name](b"\0" * 1_000_000)
    assert len(decoded(bomb, coding(name), 1_000_000)) == 1_000_000
    with pytest.raises(ResponseTooLarge):
        decoded(bomb, coding(name), 999_999)


def test_a_large_body_takes_time_in_proportion_to_its_length():
    coded = gzip.compress(os.urandom(1 << 20), mtime=0, compresslevel=1) * 30
    began = time.process_time()
    assert len(decoded(coded, "gzip", LIMIT)) == 30 << 20
    assert time.process_time() - began < 4


def test_very_many_members_take_time_in_proportion_to_their_number():
    empty = gzip.compress(b"", mtime=0)
    began = time.process_time()
    assert decoded(empty * 50_000, "gzip", LIMIT) == b""
    assert time.process_time() - began < 5


GZIP = gzip.compress(b"hello", mtime=0)


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        (b"", b"hello"),
        (b"\0" * 5000, b"hello"),
        (b"noise", b"hello"),
        (b"\0\0noise", b"hello"),
        (GZIP, b"hellohello"),
        (b"\0" + GZIP, b"hellohello"),
        (GZIP[:-3], None),
        (GZIP[:5], None),
        (b"\x1f\x8bnoise", None),
    ],
)
def test_what_may_follow_a_gzip_member(tail, expected):
    if expected is None:
        with pytest.raises(BadEncoding):
            decoded(GZIP + tail, "gzip", LIMIT)
    else:
        assert decoded(GZIP + tail, "gzip", LIMIT) == expected
        assert decoded(GZIP + tail, "gzip", LIMIT, 1) == expected


@pytest.mark.parametrize(
    ("codings", "expected"),
    [
        ("gzip", b"hello"),
        (" GZip ,identity, ", b"hello"),
        ("unknown", GZIP),
        ("gzip, unknown", GZIP),
        ("unknown, gzip", b"hello"),
        ("", GZIP),
    ],
)
def test_decoding_ends_at_a_coding_nobody_offered(codings, expected):
    assert decoded(GZIP, codings, LIMIT) == expected


def test_layers_without_number_are_refused():
    body = b"x"
    for _ in range(6):
        body = gzip.compress(body, mtime=0)
    with pytest.raises(BadEncoding):
        decoded(body, ", ".join(["gzip"] * 6), LIMIT)


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate", "br", "zstd"]))
def test_noise_is_an_error_of_ours(noise, name):
    for body in (noise, b"\x1f\x8b\x08" + noise, b"\x78\x9c" + noise, b"\x28\xb5\x2f\xfd" + noise):
        with contextlib.suppress(BadEncoding, ResponseTooLarge):
            assert isinstance(decoded(body, name, 10_000), bytes)
