"""HTTP/1.1 requests as bytes (RFC 9112)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..abnf import is_target, is_token

__all__ = ["chunks", "head_of"]

#: Names found to be well-formed: the same few come with every call.
_known_tokens: set[str] = set()
_KNOWN = 1000


def head_of(method: str, target: str, fields: Iterable[tuple[str, str]]) -> bytes:
    """The request line and the fields, with the empty line after them.

    ValueError if a name, a value or the target could be read as something else by the server.
    """
    if not is_target(target):
        raise ValueError("the request target has a blank, a control or a non-ASCII character")
    lines = [f"{method} {target} HTTP/1.1"]
    names = _known_tokens
    if method not in names:
        _check_token(method)
    for name, value in fields:
        if name not in names:
            _check_token(name)
        lines.append(f"{name}: {value}")
    text = "\r\n".join(lines)
    breaks = len(lines) - 1
    if text.count("\n") != breaks or text.count("\r") != breaks or "\0" in text:
        raise ValueError("a field value has a line break or a null in it")
    return f"{text}\r\n\r\n".encode("latin-1")


def _check_token(name: str) -> None:
    if not is_token(name):
        raise ValueError("a method or field name is not a token")
    if len(_known_tokens) < _KNOWN:
        _known_tokens.add(name)


def chunks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces in the chunked transfer coding (RFC 9112, section 7.1)."""
    for piece in pieces:
        yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"
