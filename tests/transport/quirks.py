"""Responses as real servers send them, well or badly. docs/transport.md has who reads which.

`curl` is what curl 7.88 does with each, noted once: a body, or "refuses".
"""

from __future__ import annotations

import gzip
from typing import NamedTuple

REFUSES = "refuses"


class Quirk(NamedTuple):
    """Bytes of a response to a GET, after which the server closes; a body or REFUSES."""

    sent: bytes
    curl: bytes | str


def _ok(*fields: bytes, body: bytes = b"hello", start: bytes = b"HTTP/1.1 200 OK") -> bytes:
    return b"\r\n".join([start, *fields, b"", body])


_FIVE = b"Content-Length: 5"
_CHUNKED = b"Transfer-Encoding: chunked"
_CHUNKS = b"5\r\nhello\r\n0\r\n\r\n"
_H = b"hello"
_GZIP = gzip.compress(_H, mtime=0)

QUIRKS = {
    # The status line
    "no reason phrase": Quirk(_ok(_FIVE, start=b"HTTP/1.1 200"), _H),
    "no reason phrase, a blank": Quirk(_ok(_FIVE, start=b"HTTP/1.1 200 "), _H),
    "no reason phrase, no field": Quirk(b"HTTP/1.1 200\r\n\r\nhello", _H),
    "two blanks before the status": Quirk(_ok(_FIVE, start=b"HTTP/1.1  200 OK"), _H),
    "a reason in UTF-8": Quirk(_ok(_FIVE, start="HTTP/1.1 200 Schön".encode()), _H),
    "status 099": Quirk(_ok(_FIVE, start=b"HTTP/1.1 099 Odd"), REFUSES),
    "status 600": Quirk(_ok(_FIVE, start=b"HTTP/1.1 600 Odd"), _H),
    "status 999": Quirk(_ok(_FIVE, start=b"HTTP/1.1 999 Denied"), _H),
    "status 1000": Quirk(_ok(_FIVE, start=b"HTTP/1.1 1000 Odd"), REFUSES),
    "no version": Quirk(_ok(_FIVE, start=b"200 OK"), REFUSES),
    "version 1.2": Quirk(_ok(_FIVE, start=b"HTTP/1.2 200 OK"), REFUSES),
    "version 2": Quirk(_ok(_FIVE, start=b"HTTP/2 200 OK"), _H),
    "a small http": Quirk(_ok(_FIVE, start=b"http/1.1 200 OK"), _H),
    "ICY": Quirk(_ok(_FIVE, start=b"ICY 200 OK"), REFUSES),
    "a blank line before": Quirk(b"\r\n" + _ok(_FIVE), REFUSES),
    "no header at all": Quirk(_H, REFUSES),
    # Lines and fields
    "LF only": Quirk(b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", _H),
    "LF, then CRLF": Quirk(b"HTTP/1.1 200 OK\nContent-Length: 5\n\r\nhello", _H),
    "CRLF, then LF": Quirk(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\nhello", _H),
    "CR only": Quirk(b"HTTP/1.1 200 OK\rContent-Length: 5\r\rhello", REFUSES),
    "a bare CR in a value": Quirk(_ok(b"X: 1\rY: 2", _FIVE), _H),
    "CR CR LF": Quirk(_ok(b"X: 1\r", _FIVE), _H),
    "a null in a value": Quirk(_ok(b"X: 1\0", _FIVE), REFUSES),
    "a folded field": Quirk(_ok(b"X: 1", b"\t 2", _FIVE), _H),
    "a folded length": Quirk(_ok(b"Content-Length:", b" 5"), REFUSES),
    "a fold before any field": Quirk(_ok(b" X: 1", _FIVE), REFUSES),
    "no blank after the colon": Quirk(_ok(b"Content-Length:5"), _H),
    "many blanks after the colon": Quirk(_ok(b"Content-Length: \t  5 \t"), _H),
    "a blank before the colon": Quirk(_ok(b"X : 1", _FIVE), _H),
    "a length, a blank before the colon": Quirk(_ok(b"Content-Length : 5"), _H),
    "names in odd case": Quirk(_ok(b"cOnTeNt-LeNgTh: 5"), _H),
    "a name with brackets": Quirk(_ok(b"X[1]: 1", _FIVE), _H),
    "a name with a blank": Quirk(_ok(b"X Y: 1", _FIVE), _H),
    "a name that is not ASCII": Quirk(_ok(b"X\xe9: 1", _FIVE), _H),
    "no name": Quirk(_ok(b": 1", _FIVE), _H),
    "no colon": Quirk(_ok(b"Nonsense", _FIVE), REFUSES),
    "an empty value": Quirk(_ok(b"X:", _FIVE), _H),
    "a value in Latin-1": Quirk(_ok(b"X: \xe9\xff", _FIVE), _H),
    "a line of 64 KB": Quirk(_ok(b"X: " + b"x" * 65_000, _FIVE), _H),
    "a line of 100 KB": Quirk(_ok(b"X: " + b"x" * 99_000, _FIVE), _H),
    "200 fields": Quirk(_ok(*[b"X: 1"] * 200, _FIVE), _H),
    # Where the body ends
    "two equal lengths": Quirk(_ok(_FIVE, _FIVE), _H),
    "two equal lengths in one field": Quirk(_ok(b"Content-Length: 5, 5"), _H),
    "two lengths": Quirk(_ok(_FIVE, b"Content-Length: 6"), REFUSES),
    "a length with a sign": Quirk(_ok(b"Content-Length: +5"), _H),
    "a length below zero": Quirk(_ok(b"Content-Length: -5"), REFUSES),
    "a length that is empty": Quirk(_ok(b"Content-Length:"), REFUSES),
    "a length with an underscore": Quirk(_ok(b"Content-Length: 0_5"), b""),
    "a length with a fraction": Quirk(_ok(b"Content-Length: 5.0"), _H),
    "a length of 30 digits": Quirk(_ok(b"Content-Length: " + b"9" * 30), _H),
    "more than the length": Quirk(_ok(_FIVE, body=b"hello, more"), _H),
    "chunked and a length": Quirk(_ok(_FIVE, _CHUNKED, body=_CHUNKS), _H),
    "chunked twice": Quirk(_ok(_CHUNKED, _CHUNKED, body=_CHUNKS), _H),
    "Chunked": Quirk(_ok(b"transfer-encoding: Chunked", body=_CHUNKS), _H),
    "identity": Quirk(_ok(b"Transfer-Encoding: identity"), _H),
    "identity and a length": Quirk(_ok(b"Transfer-Encoding: identity", _FIVE), _H),
    "identity, chunked": Quirk(_ok(b"Transfer-Encoding: identity, chunked", body=_CHUNKS), _H),
    "xchunked": Quirk(_ok(b"Transfer-Encoding: xchunked", body=_CHUNKS), REFUSES),
    "chunked in HTTP/1.0": Quirk(_ok(_CHUNKED, body=_CHUNKS, start=b"HTTP/1.0 200 OK"), _H),
    "chunks with extensions": Quirk(
        _ok(_CHUNKED, body=b'5;a=b;c="d"\r\nhello\r\n000;e\r\n\r\n'), _H
    ),
    "chunk sizes with blanks": Quirk(_ok(_CHUNKED, body=b"5  \r\nhello\r\n0 \r\n\r\n"), _H),
    "chunk sizes ended by LF": Quirk(_ok(_CHUNKED, body=b"5\nhello\r\n0\n\n"), _H),
    "chunks ended by LF": Quirk(_ok(_CHUNKED, body=b"5\r\nhello\n0\r\n\r\n"), _H),
    "a chunk one byte short": Quirk(_ok(_CHUNKED, body=b"6\r\nhello\r\n0\r\n\r\n"), b"hello\r"),
    "a length and a control": Quirk(_ok(b"Content-Length: 5\x1c"), _H),
    "a chunk size with a sign": Quirk(_ok(_CHUNKED, body=b"+5\r\nhello\r\n0\r\n\r\n"), REFUSES),
    "a chunk size with a prefix": Quirk(_ok(_CHUNKED, body=b"0x5\r\nhello\r\n0\r\n\r\n"), REFUSES),
    "trailers": Quirk(_ok(_CHUNKED, body=b"5\r\nhello\r\n0\r\nX: 1\r\nY: 2\r\n\r\n"), _H),
    "no line end after the last chunk": Quirk(_ok(_CHUNKED, body=b"5\r\nhello\r\n0\r\n"), REFUSES),
    "no last chunk": Quirk(_ok(_CHUNKED, body=b"5\r\nhello\r\n"), REFUSES),
    "no length": Quirk(_ok(b"X: 1"), _H),
    "no length, keep-alive": Quirk(_ok(b"Connection: keep-alive"), _H),
    "keep-alive, close": Quirk(_ok(b"Connection: keep-alive, close", _FIVE), _H),
    "HTTP/1.0": Quirk(_ok(_FIVE, start=b"HTTP/1.0 200 OK"), _H),
    "a 204 with bytes after it": Quirk(_ok(start=b"HTTP/1.1 204 Nothing"), b""),
    "a 204 with a length": Quirk(_ok(_FIVE, start=b"HTTP/1.1 204 Nothing"), b""),
    "a 304 with a length": Quirk(_ok(_FIVE, body=b"", start=b"HTTP/1.1 304 Same"), b""),
    "a 205 with a body": Quirk(_ok(_FIVE, start=b"HTTP/1.1 205 Reset"), _H),
    # Before the response
    "100 before it": Quirk(b"HTTP/1.1 100 Continue\r\n\r\n" + _ok(_FIVE), _H),
    "102 before it": Quirk(b"HTTP/1.1 102 Wait\r\nX: 1\r\n\r\n" + _ok(_FIVE), _H),
    "103 before it": Quirk(b"HTTP/1.1 103 Hints\r\nLink: </a>\r\n\r\n" + _ok(_FIVE), _H),
    "two 100 before it": Quirk(b"HTTP/1.1 100 C\r\n\r\n" * 2 + _ok(_FIVE), _H),
    # Content codings
    "gzip, an empty body": Quirk(
        _ok(b"Content-Encoding: gzip", b"Content-Length: 0", body=b""), b""
    ),
    "gzip, two members": Quirk(_ok(b"Content-Encoding: gzip", body=_GZIP + _GZIP), REFUSES),
    "gzip, zeros after it": Quirk(_ok(b"Content-Encoding: gzip", body=_GZIP + b"\0\0\0"), REFUSES),
    "gzip, noise after it": Quirk(_ok(b"Content-Encoding: gzip", body=_GZIP + b"noise"), REFUSES),
    "gzip, cut": Quirk(_ok(b"Content-Encoding: gzip", body=_GZIP[:-4]), _H),
    "gzip, which it is not": Quirk(_ok(b"Content-Encoding: gzip"), REFUSES),
    "an unknown coding": Quirk(_ok(b"Content-Encoding: utf-8"), REFUSES),
    "an empty coding": Quirk(_ok(b"Content-Encoding:"), _H),
}
