"""Response bodies on their way in: Content-Encoding (RFC 9110, section 8.4), with a bound."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

__all__ = ["BadEncoding", "TooLarge", "accepted_encodings", "decoded"]

_STEP = 1 << 16
#: What is given to a decoder first: a body may be nothing but very short gzip members.
_FIRST_STEP = 1 << 10
#: More codings on one body than this are an attack: each multiplies the work.
_MAX_CODINGS = 5
_GZIP = 31
_ZLIB = 15
_RAW_DEFLATE = -15
_GZIP_MAGIC = b"\x1f\x8b"
_ZEROS = re.compile(rb"\0*")
_BROTLI = ("brotli", "brotlicffi")
_ZSTD = ("compression.zstd", "backports.zstd")  # the standard library's from Python 3.14


class TooLarge(Exception):
    """More bytes than the limit."""


class BadEncoding(Exception):
    """The body is not what its Content-Encoding says, or ends before its end."""


def accepted_encodings() -> str:
    """The Accept-Encoding field: gzip and deflate, br and zstd where a decoder is installed."""
    names = ["gzip", "deflate"]
    if _brotli() is not None:
        names.append("br")
    if any(find_spec(name.partition(".")[0]) and find_spec(name) for name in _ZSTD):
        names.append("zstd")
    return ", ".join(names)


def decoded(body: bytes, encodings: str, limit: int) -> bytes:
    """The body without its content codings; no more than `limit` bytes are ever made of it.

    `encodings` is the Content-Encoding field: codings in the order they were applied. At one
    that is not known, as nobody offered it, decoding ends: the caller gets what there is then.
    """
    names = [name for item in encodings.split(",") if (name := item.strip().lower())]
    if len(names) > _MAX_CODINGS:
        raise BadEncoding
    for name in reversed(names):
        if not body:
            break
        if name == "identity":
            continue
        pieces = _pieces(body, name)
        if pieces is None:
            break
        body = _within(pieces, limit)
    return body


def _within(pieces: Iterator[bytes], limit: int) -> bytes:
    whole: list[bytes] = []
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit:
            raise TooLarge
        whole.append(piece)
    return b"".join(whole)


def _pieces(body: bytes, name: str) -> Iterator[bytes] | None:
    """The decoded body in short pieces; None for a coding that can't be decoded here."""
    if name in {"gzip", "x-gzip"}:
        return _inflated(body, _GZIP)
    if name == "deflate":
        # "deflate" means the zlib format; some servers send the bare stream all the same.
        zlib_format = body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0
        return _inflated(body, _ZLIB if zlib_format else _RAW_DEFLATE)
    if name == "br":
        brotli = _brotli()
        return None if brotli is None else _unbrotlied(body, brotli)
    if name == "zstd":
        zstd = _first_of(_ZSTD)
        return None if zstd is None else _unzstandarded(body, zstd)
    return None


def _inflated(body: bytes, window: int) -> Iterator[bytes]:
    source = memoryview(body)
    at = 0
    while True:
        inflater = zlib.decompressobj(window)
        step = _FIRST_STEP
        rest: bytes | memoryview = b""
        try:
            while not inflater.eof:
                if not rest:
                    rest = source[at : at + step]
                    at += len(rest)
                    step = min(2 * step, _STEP)
                if not rest:
                    yield inflater.flush()
                    break
                yield inflater.decompress(rest, _STEP)
                rest = inflater.unconsumed_tail
        except zlib.error:
            raise BadEncoding from None
        if not inflater.eof:
            raise BadEncoding
        if window != _GZIP:
            return
        # A gzip body may have several members, and padding after the last.
        padding = _ZEROS.match(body, at - len(inflater.unused_data))
        at = padding.end() if padding else at
        if body[at : at + 2] != _GZIP_MAGIC:
            return


def _unbrotlied(body: bytes, brotli: ModuleType) -> Iterator[bytes]:
    decompressor = brotli.Decompressor()
    source = memoryview(body)
    at = 0
    try:
        while not decompressor.is_finished():
            given = b""
            if decompressor.can_accept_more_data():
                given = bytes(source[at : at + _STEP])
                at += len(given)
            made = decompressor.process(given, output_buffer_limit=_STEP)
            # With all input taken there may be output still: it has none only when it has ended.
            if not made and not given:
                raise BadEncoding
            yield made
    except brotli.error:
        raise BadEncoding from None


def _unzstandarded(body: bytes, zstd: ModuleType) -> Iterator[bytes]:
    source = memoryview(body)
    at = 0
    try:
        while at < len(body):
            decompressor = zstd.ZstdDecompressor()
            step = _FIRST_STEP
            while not decompressor.eof:
                piece: bytes | memoryview = b""
                if decompressor.needs_input:
                    piece = source[at : at + step]
                    at += len(piece)
                    step = min(2 * step, _STEP)
                    if not piece:
                        raise BadEncoding
                yield decompressor.decompress(piece, _STEP)
            at -= len(decompressor.unused_data)
    except zstd.ZstdError:
        raise BadEncoding from None


def _brotli() -> ModuleType | None:
    """A brotli that can be told how much to decode at once (from its version 1.2 on).

    Others would make gigabytes of a few bytes before anybody can count.
    """
    module = _first_of(_BROTLI)
    bounded = hasattr(getattr(module, "Decompressor", None), "can_accept_more_data")
    return module if bounded else None


def _first_of(names: tuple[str, ...]) -> ModuleType | None:
    for name in names:
        try:
            return import_module(name)
        except ImportError:
            continue
    return None
