"""Response bodies on their way in: Content-Encoding (RFC 9110, section 8.4), with a bound."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

__all__ = ["BadEncoding", "TooLarge", "accepted_encodings", "decoded", "decoded_pieces", "within"]

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
    for name in _codings(encodings):
        pieces = _pieces((body,), name) if body else None
        if pieces is None:
            break
        body = within(pieces, limit)
    return body


def decoded_pieces(pieces: Iterator[bytes], encodings: str) -> Iterator[bytes]:
    """The same for a body as it comes: what a piece holds is yielded before the next is read.

    Each piece is short (64 KiB) whatever it was made of; there is no bound for all of them. The
    coded pieces are read to their end, even if their content ends before. Raises BadEncoding.
    """
    made = pieces
    for name in _codings(encodings):
        following = _pieces(made, name)
        if following is None:
            break
        made = following
    yield from made
    for _ in pieces:
        pass


def _codings(encodings: str) -> list[str]:
    """The names in a Content-Encoding field, the one to be undone first in front."""
    names = [name for item in encodings.split(",") if (name := item.strip().lower())]
    if len(names) > _MAX_CODINGS:
        raise BadEncoding
    return [name for name in reversed(names) if name != "identity"]


def within(pieces: Iterable[bytes], limit: int) -> bytes:
    """The pieces as one. TooLarge as soon as they are more than `limit` bytes."""
    whole: list[bytes] = []
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit:
            raise TooLarge
        whole.append(piece)
    return b"".join(whole)


def _pieces(body: Iterable[bytes], name: str) -> Iterator[bytes] | None:
    """The decoded body in short pieces; None for a coding that can't be decoded here.

    Of nothing nothing is made, in any coding.
    """
    if name in {"gzip", "x-gzip"}:
        return _inflated(_Source(body), gzip=True)
    if name == "deflate":
        return _inflated(_Source(body), gzip=False)
    if name == "br":
        brotli = _brotli()
        return None if brotli is None else _unbrotlied(_Source(body), brotli)
    if name == "zstd":
        zstd = _first_of(_ZSTD)
        return None if zstd is None else _unzstandarded(_Source(body), zstd)
    return None


class _Source:
    """A coded body as it comes, taken in steps; what a decoder did not use goes back."""

    __slots__ = ("_at", "_now", "_pieces")

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._now = b""
        self._at = 0

    def take(self, most: int) -> memoryview:
        """The next bytes, one at least and `most` at most; none at the end."""
        self.ahead(1)
        taken = memoryview(self._now)[self._at : self._at + most]
        self._at += len(taken)
        return taken

    def give_back(self, count: int) -> None:
        """Take back the last `count` bytes of what `take` gave last."""
        self._at -= count

    def ahead(self, count: int) -> bytes:
        """The next `count` bytes, which stay; fewer at the end."""
        while len(self._now) - self._at < count:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._now = self._now[self._at :] + piece
            self._at = 0
        return self._now[self._at : self._at + count]

    def skip_zeros(self) -> None:
        """Go to the next byte that is not zero."""
        while self.ahead(1) == b"\0":
            zeros = _ZEROS.match(self._now, self._at)
            self._at = zeros.end() if zeros else self._at


def _inflated(source: _Source, *, gzip: bool) -> Iterator[bytes]:
    start = source.ahead(2)
    if not start:
        return
    # "deflate" means the zlib format; some servers send the bare stream all the same.
    zlib_format = start[0] & 0x0F == 8 and int.from_bytes(start, "big") % 31 == 0
    window = _GZIP if gzip else _ZLIB if zlib_format else _RAW_DEFLATE
    while True:
        inflater = zlib.decompressobj(window)
        step = _FIRST_STEP
        rest: bytes | memoryview = b""
        made = b""
        try:
            while not inflater.eof:
                # After a full piece there may be more to come of what was given already.
                if not rest and len(made) < _STEP:
                    rest = source.take(step)
                    step = min(2 * step, _STEP)
                    if not rest:
                        yield inflater.flush()
                        break
                made = inflater.decompress(rest, _STEP)
                rest = inflater.unconsumed_tail
                yield made
        except zlib.error:
            raise BadEncoding from None
        if not inflater.eof:
            raise BadEncoding
        if not gzip:
            return
        # A gzip body may have several members, and padding after the last.
        source.give_back(len(inflater.unused_data))
        source.skip_zeros()
        if source.ahead(2) != _GZIP_MAGIC:
            return


def _unbrotlied(source: _Source, brotli: ModuleType) -> Iterator[bytes]:
    if not source.ahead(1):
        return
    decompressor = brotli.Decompressor()
    try:
        while not decompressor.is_finished():
            given = b""
            if decompressor.can_accept_more_data():
                given = bytes(source.take(_STEP))
            made = decompressor.process(given, output_buffer_limit=_STEP)
            # With all input taken there may be output still: it has none only when it has ended.
            if not made and not given:
                raise BadEncoding
            yield made
    except brotli.error:
        raise BadEncoding from None


def _unzstandarded(source: _Source, zstd: ModuleType) -> Iterator[bytes]:
    try:
        while source.ahead(1):
            decompressor = zstd.ZstdDecompressor()
            step = _FIRST_STEP
            while not decompressor.eof:
                piece: bytes | memoryview = b""
                if decompressor.needs_input:
                    piece = source.take(step)
                    step = min(2 * step, _STEP)
                    if not piece:
                        raise BadEncoding
                yield decompressor.decompress(piece, _STEP)
            source.give_back(len(decompressor.unused_data))
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
