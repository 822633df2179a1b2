"""Response bodies on their way in: Content-Encoding (RFC 9110, section 8.4), fed and bounded.

urllib3 has decoders with a bound as well, but takes a gzip body that is cut for a whole one.
"""

from __future__ import annotations

import re
import zlib
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from ..abnf import split_list

__all__ = ["BadEncoding", "accepted_encodings", "decoded_async", "decoded_pieces"]

_STEP = 1 << 16
#: What is given to a decoder first: a body may be nothing but very short gzip members.
_FIRST_STEP = 1 << 10
#: More codings on one body than this are an attack: each multiplies the work.
_MAX_CODINGS = 5
_GZIP = 31
_ZLIB = 15
_RAW_DEFLATE = -15
_GZIP_MAGIC = b"\x1f\x8b"
_NOT_ZERO = re.compile(rb"[^\0]")
_BROTLI = ("brotli", "brotlicffi")
_ZSTD = ("compression.zstd", "backports.zstd")  # the standard library's from Python 3.14


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


def decoded_pieces(pieces: Iterator[bytes], encodings: str) -> Iterator[bytes]:
    """The body without its content codings, as it comes. Raises BadEncoding.

    `encodings` is the Content-Encoding field: codings in the order they were applied. At one
    that is not known, as nobody offered it, decoding ends: the caller gets what there is then.
    Each piece is short (64 KiB) whatever it was made of; there is no bound for all of them. The
    coded pieces are read to their end, even if their content ends before.
    """
    decoders = _decoders(encodings)
    for piece in pieces:
        yield from _through(decoders, piece)
    _end(decoders)


async def decoded_async(pieces: AsyncIterator[bytes], encodings: str) -> AsyncIterator[bytes]:
    """The same for what comes asynchronously."""
    decoders = _decoders(encodings)
    async for piece in pieces:
        for made in _through(decoders, piece):
            yield made
    _end(decoders)


def _decoders(encodings: str) -> list[_Decoder]:
    """In the order of use: what was applied last is undone first."""
    names = split_list(encodings.lower())
    if len(names) > _MAX_CODINGS:
        raise BadEncoding
    decoders = []
    for name in reversed(names):
        if name == "identity":
            continue
        decoder = _decoder(name)
        if decoder is None:
            break
        decoders.append(decoder)
    return decoders


def _decoder(name: str) -> _Decoder | None:
    """None for a coding that can't be decoded here."""
    if name in {"gzip", "x-gzip", "deflate"}:
        return _Inflater(gzip=name != "deflate")
    if name == "br":
        brotli = _brotli()
        return None if brotli is None else _Brotli(brotli)
    if name == "zstd":
        zstd = _first_of(_ZSTD)
        return None if zstd is None else _Zstandard(zstd)
    return None


def _through(decoders: list[_Decoder], piece: bytes) -> Iterator[bytes]:
    if not decoders:
        yield piece
        return
    for made in decoders[0].feed(piece):
        if made:
            yield from _through(decoders[1:], made)


def _end(decoders: list[_Decoder]) -> None:
    for decoder in decoders:
        decoder.end()


class _Decoder(ABC):
    """One coding. Of nothing nothing is made, and that is no error."""

    @abstractmethod
    def feed(self, data: bytes) -> Iterator[bytes]:
        """What can be made with `data`, in short pieces; to be iterated to its end."""

    @abstractmethod
    def end(self) -> None:
        """No more comes. BadEncoding if more should have."""


class _Inflater(_Decoder):
    """gzip with any number of members (RFC 1952); deflate (RFC 1950), with its header or bare."""

    def __init__(self, *, gzip: bool) -> None:
        self._gzip = gzip
        self._inflater: Any = None
        self._step = _FIRST_STEP
        #: Bytes before a member, too few to be looked at.
        self._waiting = b""
        self._is_first = True
        self._is_over = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        data, self._waiting = self._waiting + data, b""
        at = 0
        while at < len(data) and not self._is_over:
            if self._inflater is None:
                at = self._begun(data, at)
                continue
            piece = data[at : at + self._step]
            at += len(piece)
            self._step = min(2 * self._step, _STEP)
            yield from self._inflated(piece)
            if self._inflater.eof:
                at -= len(self._inflater.unused_data)
                self._inflater = None
                self._is_over = not self._gzip

    def _begun(self, data: bytes, at: int) -> int:
        """Begin a member; where it begins. What follows the last one is ignored."""
        if not self._is_first:
            # A gzip body may have padding after a member.
            other = _NOT_ZERO.search(data, at)
            at = other.start() if other else len(data)
        if len(data) - at < 2:
            self._waiting = data[at:]
            return len(data)
        start = data[at : at + 2]
        if self._gzip and start != _GZIP_MAGIC and not self._is_first:
            self._is_over = True
            return at
        # "deflate" means the zlib format; some servers send the bare stream all the same.
        zlib_format = start[0] & 0x0F == 8 and int.from_bytes(start, "big") % 31 == 0
        self._inflater = zlib.decompressobj(
            _GZIP if self._gzip else _ZLIB if zlib_format else _RAW_DEFLATE
        )
        self._is_first = False
        self._step = _FIRST_STEP
        return at

    def _inflated(self, piece: bytes) -> Iterator[bytes]:
        try:
            while True:
                made = self._inflater.decompress(piece, _STEP)
                yield made
                piece = self._inflater.unconsumed_tail
                # After a full piece there may be more to come of what was given already.
                if self._inflater.eof or not (piece or len(made) == _STEP):
                    return
        except zlib.error:
            raise BadEncoding from None

    def end(self) -> None:
        if self._inflater is not None or (self._waiting and self._is_first):
            raise BadEncoding


class _Brotli(_Decoder):
    def __init__(self, brotli: ModuleType) -> None:
        self._error = brotli.error
        self._decompressor = brotli.Decompressor()
        self._has_begun = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        self._has_begun = True
        try:
            while not self._decompressor.is_finished():
                taken = self._decompressor.can_accept_more_data()
                made = self._decompressor.process(data if taken else b"", output_buffer_limit=_STEP)
                if taken:
                    data = b""
                yield made
                # With all input taken there may be output still: it has none only at its end.
                if not data and not made:
                    return
        except self._error:
            raise BadEncoding from None

    def end(self) -> None:
        if self._has_begun and not self._decompressor.is_finished():
            raise BadEncoding


class _Zstandard(_Decoder):
    """Any number of frames (RFC 8878)."""

    def __init__(self, zstd: ModuleType) -> None:
        self._zstd = zstd
        self._decompressor: Any = None
        self._step = _FIRST_STEP

    def feed(self, data: bytes) -> Iterator[bytes]:
        at = 0
        try:
            while at < len(data):
                if self._decompressor is None:
                    self._decompressor = self._zstd.ZstdDecompressor()
                    self._step = _FIRST_STEP
                piece = data[at : at + self._step]
                at += len(piece)
                self._step = min(2 * self._step, _STEP)
                yield self._decompressor.decompress(piece, _STEP)
                while not (self._decompressor.eof or self._decompressor.needs_input):
                    yield self._decompressor.decompress(b"", _STEP)
                if self._decompressor.eof:
                    at -= len(self._decompressor.unused_data)
                    self._decompressor = None
        except self._zstd.ZstdError:
            raise BadEncoding from None

    def end(self) -> None:
        if self._decompressor is not None:
            raise BadEncoding


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
