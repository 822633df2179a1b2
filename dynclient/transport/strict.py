"""urllib3's connections, made to refuse what http.client lets pass and to keep to the time given.

http.client takes half a header for whole, the rest of a header after an odd line for nothing, a
negative chunk size for a size, and waits without an end for a header that drips. So the header is
read by the parser that `SocketTransport` has. What is overridden here is called by http.client
since Python 3.5; the contract tests hold it.
"""

from __future__ import annotations

import io
import re
import socket
import threading
from http.client import HTTPMessage, HTTPResponse, IncompleteRead
from math import inf
from time import monotonic
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.wait import wait_for_read, wait_for_write

from ..messages import HttpRequest
from .incoming import BadMessage, Incoming
from .timing import Limits, SlowHeader

__all__ = ["made_strict", "now"]

_MAX_LINE = 1 << 16
_MAX_PEEK = 1 << 17
_MAX_TRAILERS = 100
_MAX_EXTENSIONS = 1 << 16
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\0]*)?\r?\n")
_PIECE = 1 << 18
_SMALL = 1 << 16
#: Seconds between two looks whether the peer responds before it has read all.
_LISTENING = 0.1
_INTERIM = b"HTTP/1.1 1"


class _Now(threading.local):
    """The exchange that this thread is in."""

    limits: Limits | None = None
    request: HttpRequest | None = None
    #: The response came before all of the request was sent.
    is_half_sent = False


now = _Now()


class _TimedSocket(io.RawIOBase):
    """What a response is read from: each wait as long as is left."""

    def __init__(self, raw: Any, sock: Any, limits: Limits | None) -> None:
        self._raw = raw
        self._sock = sock
        self._limits = limits
        #: By monotonic(); from the first byte of a header to its last.
        self.header_ends = inf
        self.in_header = True

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        limits = self._limits
        if limits is None:
            return self._raw.readinto(buffer)  # type: ignore[no-any-return]
        wait = limits.within(limits.read)
        if self.in_header and self.header_ends != inf:
            wait = min(wait, self.header_ends - monotonic())
            if wait <= 0:
                raise SlowHeader
        self._sock.settimeout(wait)
        try:
            size: int | None = self._raw.readinto(buffer)
        except TimeoutError:
            if wait < limits.read and not limits.are_over():
                raise SlowHeader from None
            raise
        if self.header_ends == inf:
            self.header_ends = monotonic() + limits.read
        return size

    def close(self) -> None:
        self._raw.close()
        super().close()


class _StrictResponse(HTTPResponse):
    def __init__(self, sock: Any, *args: Any, **named: Any) -> None:
        super().__init__(sock, *args, **named)
        self._timed = _TimedSocket(self.fp.detach(), sock, now.limits)
        self.fp = io.BufferedReader(self._timed)
        self._extensions = 0

    def begin(self) -> None:
        """Read the header as `SocketTransport` does, and set what http.client's own would set."""
        incoming = Incoming(self._method or "GET")  # type: ignore[attr-defined]
        start, at_start = b"", True
        while not incoming.has_header:
            # All of it at once if it is there, else by lines; never more, as what follows is
            # http.client's.
            size = self.fp.peek(1).find(b"\r\n\r\n") + 4 if at_start else 0
            piece = self.fp.read(size) if size > 3 else self.fp.readline(_MAX_LINE)
            if not piece:
                incoming.end()
            if at_start:
                start = piece.partition(b"\r\n")[0]
            incoming.feed(piece)
            at_start = size > 3 or piece == b"\r\n"  # of another, if this one was interim
        self._timed.in_header = False
        self.code = self.status = incoming.status
        self.reason = start.decode("latin-1").partition(" ")[2].partition(" ")[2].strip()
        self.version = 10 if start.startswith(b"HTTP/1.0") else 11
        self.headers = self.msg = HTTPMessage()
        for name, value in incoming.fields:
            self.headers[name] = value
        # Where there is no body, a coding or a length announces none (RFC 9112, section 6.3).
        coded, length = "transfer-encoding" in self.headers, self.headers["content-length"]
        has_body = not incoming.is_complete
        self.chunked, self.chunk_left = has_body and coded and not incoming.runs_to_the_end, None
        self.length = 0 if not has_body else None if length is None else int(length)
        # What follows on a connection that was half sent to would be taken for the rest of the
        # body; on one that was to be closed it was promised not to come (RFC 9112, section 9.6).
        request = now.request
        asked = request is not None and "close" in request.headers.get("Connection", "").lower()
        self.will_close = now.is_half_sent or asked or not incoming.reusable
        now.is_half_sent = False

    def _get_chunk_left(self) -> int | None:
        if self.chunk_left == 0:
            if self.fp.read(2) != b"\r\n":
                raise BadMessage("a chunk is not as long as its size says")
            self.chunk_left = None
        return super()._get_chunk_left()  # type: ignore[misc, no-any-return]

    def _read_next_chunk_size(self) -> int:
        line = self.fp.readline(_MAX_LINE + 1)
        self._extensions += max(0, len(line) - 18)
        if not line.endswith(b"\n") and len(line) <= _MAX_LINE:
            raise IncompleteRead(b"")
        match = _CHUNK_SIZE.fullmatch(line)
        if match is None or self._extensions > _MAX_EXTENSIONS:
            raise BadMessage("a chunk without a size")
        return int(match[1], 16)

    def _read_and_discard_trailer(self) -> None:
        for _ in range(_MAX_TRAILERS):
            line = self.fp.readline(_MAX_LINE + 1)
            if line in {b"\r\n", b"\n", b""}:
                return
        raise BadMessage("no end of trailer fields")


class _Strict:
    response_class: Any = _StrictResponse
    sock: Any

    def send(self, data: Any) -> None:
        """Send, and stop when the response is there before the body was read.

        The BrokenPipeError is what urllib3 takes for "it wants no more; read what it said".
        """
        if not isinstance(data, bytes) or len(data) <= _SMALL:
            super().send(data)  # type: ignore[misc]
            return
        limits = now.limits
        view = memoryview(data)
        for start in range(0, len(data), _PIECE):
            if limits is not None:
                self.sock.settimeout(limits.within(limits.read))
            self._send_piece(view[start : start + _PIECE])

    def _send_piece(self, piece: memoryview) -> None:
        if not isinstance(self.sock, socket.socket) or hasattr(self.sock, "pending"):
            # Over TLS a socket that can be read may hold no response.
            try:
                self.sock.sendall(piece)
            except TimeoutError:
                now.is_half_sent = True
                raise BrokenPipeError from None
            return
        seconds = self.sock.gettimeout()
        deadline = inf if seconds is None else monotonic() + seconds
        while piece:
            if _final_has_begun(self.sock):
                now.is_half_sent = True
                raise BrokenPipeError
            if wait_for_write(self.sock, _LISTENING):
                piece = piece[self.sock.send(piece) :]
                deadline = inf if seconds is None else monotonic() + seconds
            elif monotonic() > deadline:
                raise TimeoutError


def _final_has_begun(sock: socket.socket) -> bool:
    """Whether a response waits to be read that is not interim (1xx), or the peer has closed."""
    if not wait_for_read(sock, 0):
        return False
    waiting = sock.recv(_MAX_PEEK, socket.MSG_PEEK)
    if not waiting:
        return True
    while waiting.startswith(_INTERIM) and b"\r\n\r\n" in waiting:
        waiting = waiting.partition(b"\r\n\r\n")[2]
    return bool(waiting) and not waiting.startswith(_INTERIM) and not _INTERIM.startswith(waiting)


class StrictHTTPConnection(_Strict, HTTPConnection):
    """A connection of urllib3 with the responses above."""


class StrictHTTPSConnection(_Strict, HTTPSConnection):
    """The same over TLS."""


_STRICT: dict[Any, Any] = {
    HTTPConnection: StrictHTTPConnection,
    HTTPSConnection: StrictHTTPSConnection,
}


def made_strict(pool: Any) -> Any:
    """The urllib3 pool; its new connections are strict unless their class is somebody else's."""
    kind = getattr(pool, "ConnectionCls", None)
    if kind in _STRICT:
        pool.ConnectionCls = _STRICT[kind]
    return pool
