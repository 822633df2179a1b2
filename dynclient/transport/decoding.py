"""Response bodies on their way in: Content-Encoding (RFC 9110, section 8.4), with a bound."""

from __future__ import annotations

import io
import zlib

__all__ = ["BadEncoding", "TooLarge", "accepted_encodings", "decoded"]

_STEP = 1 << 16
_GZIP = 31
_ZLIB = 15
_RAW_DEFLATE = -15


class TooLarge(Exception):
    """More bytes than the limit."""


class BadEncoding(Exception):
    """The body is not what its Content-Encoding says, or ends before its end."""


def accepted_encodings() -> str:
    """The Accept-Encoding field: gzip and deflate, br and zstd where a decoder is installed."""
    from importlib.util import find_spec

    names = ["gzip", "deflate"]
    if find_spec("brotli") or find_spec("brotlicffi"):
        names.append("br")
    homes = ("compression", "backports")  # the standard library's from Python 3.14
    if any(find_spec(home) and find_spec(f"{home}.zstd") for home in homes):
        names.append("zstd")
    return ", ".join(names)


def decoded(body: bytes, encodings: str, limit: int) -> bytes:
    """The body without its content codings; no more than `limit` bytes are ever made of it.

    `encodings` is the Content-Encoding field: codings in the order they were applied.
    """
    names = [name.strip().lower() for name in encodings.split(",")]
    for name in reversed(names):
        if name in {"", "identity"} or not body:
            continue
        if name in {"gzip", "x-gzip"}:
            body = _inflated(body, _GZIP, limit)
        elif name == "deflate":
            # "deflate" means the zlib format; some servers send the bare stream all the same.
            zlib_format = body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0
            body = _inflated(body, _ZLIB if zlib_format else _RAW_DEFLATE, limit)
        else:
            body = _by_urllib3(body, name, limit)
    return body


def _inflated(body: bytes, window: int, limit: int) -> bytes:
    whole: list[bytes] = []
    size = 0
    while body:
        inflater = zlib.decompressobj(window)
        try:
            while body and not inflater.eof:
                piece = inflater.decompress(body, _STEP)
                body = inflater.unconsumed_tail
                size += len(piece)
                if size > limit:
                    raise TooLarge
                whole.append(piece)
        except zlib.error:
            raise BadEncoding from None
        tail = inflater.flush() if not inflater.eof else b""
        size += len(tail)
        whole.append(tail)
        if size > limit:
            raise TooLarge
        if not inflater.eof:
            raise BadEncoding
        # A gzip body may have several members, or zeros for padding after the last.
        body = inflater.unused_data.lstrip(b"\0") if window == _GZIP else b""
    return b"".join(whole)


def _by_urllib3(body: bytes, name: str, limit: int) -> bytes:
    """br and zstd by urllib3's decoders, which use what is installed."""
    from urllib3 import HTTPResponse
    from urllib3.exceptions import DecodeError

    response = HTTPResponse(
        io.BytesIO(body), headers={"content-encoding": name}, preload_content=False
    )
    if name not in response.CONTENT_DECODERS:
        # We did not offer it: the bytes go to the caller, with the field that says what they are.
        return body
    whole: list[bytes] = []
    size = 0
    try:
        for piece in response.stream(_STEP, decode_content=True):
            size += len(piece)
            if size > limit:
                raise TooLarge
            whole.append(piece)
    except DecodeError:
        raise BadEncoding from None
    return b"".join(whole)
