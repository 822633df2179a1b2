"""HTTP/1.1 as it passes through a proxy, parsed by llhttp (httptools): told, never changed.

A request is written anew, head and framing as they came, with another `Host`; a response passes as
the bytes that it is, and is only looked at.

Sources: RFC 9112; RFC 9110, sections 9.3.2 (HEAD), 15.2 (1xx) and 7.8 (Upgrade).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser, HttpResponseParser

from ..errors import DynclientError
from ..transport.asgi_scope import pairs_of
from .passing import Passing

__all__ = ["ProxyError", "Requests", "Responses", "Underway"]


class ProxyError(DynclientError):
    """What came is no HTTP/1.1."""


@dataclass
class Underway:
    """A request that was sent on, and whose response is to come."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    passing: Passing
    upgrades: bool = False
    own: bool = False


class Requests:
    """The requests of one connection: what to send on, and what each of them is.

    host       the authority that goes in place of that of the proxy
    own        whether the proxy answers a target itself
    begin      makes what keeps an exchange
    """

    def __init__(self, host: str, own: Callable[[str], bool], begin: Callable[[], Passing]) -> None:
        self._host, self._own, self._begin = host, own, begin
        self._out: list[bytes] = []
        self._done: list[Underway] = []
        self._reset()

    def _reset(self) -> None:
        self._parser = HttpRequestParser(self)
        self._target = b""
        self._fields: list[tuple[bytes, bytes]] = []
        self._now: Underway | None = None
        self._is_chunked = False

    def feed(self, data: bytes) -> tuple[bytes, list[Underway], bytes]:
        """(what to send on, requests that began with it, what comes after a request to upgrade)."""
        rest = b""
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            rest = data[upgrade.args[0] :]
            if self._done:
                self._done[-1].upgrades = True
            self._reset()
        except HttpParserError as error:
            raise ProxyError(f"the client sent no HTTP/1.1: {error}") from None
        out, done = b"".join(self._out), self._done
        self._out, self._done = [], []
        return out, done, rest

    # What httptools calls.

    def on_message_begin(self) -> None:
        self._target, self._fields = b"", []

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._fields.append((name, value))

    def on_headers_complete(self) -> None:
        method = self._parser.get_method()
        target = self._target.decode("latin-1")
        fields = [
            (name, self._host.encode() if name.lower() == b"host" else value)
            for name, value in self._fields
        ]
        own = self._own(target)
        self._now = Underway(method.decode(), target, pairs_of(fields), self._begin(), own=own)
        self._done.append(self._now)
        self._is_chunked = any(
            name.lower() == b"transfer-encoding" and b"chunked" in value.lower()
            for name, value in fields
        )
        if not own:
            version = self._parser.get_http_version().encode()
            lines = [b"%s %s HTTP/%s" % (method, self._target, version)]
            lines += [b"%s: %s" % pair for pair in fields]
            self._out.append(b"\r\n".join(lines) + b"\r\n\r\n")

    def on_body(self, piece: bytes) -> None:
        if self._now is None or self._now.own:
            return
        self._now.passing.sent.add(piece)
        self._out.append(b"%x\r\n%s\r\n" % (len(piece), piece) if self._is_chunked else piece)

    def on_message_complete(self) -> None:
        if self._is_chunked and self._now is not None and not self._now.own:
            self._out.append(b"0\r\n\r\n")
        self._is_chunked = False


class Responses:
    """The responses of one connection, as they pass; each belongs to the oldest request."""

    def __init__(self, ended: Callable[[Underway], object]) -> None:
        self._ended = ended
        self.waiting: deque[Underway] = deque()
        self.is_tunnel = False
        self.upgrade_refused: Callable[[], object] = lambda: None
        self._reset()

    def _reset(self) -> None:
        self._parser = HttpResponseParser(self)
        self._fields: list[tuple[bytes, bytes]] = []
        self._in_body = self._was_head = False

    def feed(self, data: bytes) -> None:
        """Look at what came. ProxyError if it is no HTTP/1.1: then nothing more is looked at."""
        if self.is_tunnel:
            return
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            self._reset()
        except HttpParserError as error:
            raise ProxyError(f"the service sent no HTTP/1.1: {error}") from None
        if self._was_head:
            self._reset()  # its length is that of a body that does not come

    def end(self) -> None:
        """The connection is closed, which ends a body without a length."""
        if self._in_body and self.waiting:
            self._finish()

    # What httptools calls.

    def on_message_begin(self) -> None:
        self._fields = []

    def on_header(self, name: bytes, value: bytes) -> None:
        self._fields.append((name, value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if not self.waiting or (status < 200 and status != 101):
            return
        passing = self.waiting[0].passing
        passing.status = status
        passing.headers = pairs_of(self._fields)
        self._in_body = True
        if status == 101:
            self.is_tunnel = True
            self.waiting.popleft()
        elif self.waiting[0].method == "HEAD":
            self._finish()
            self._was_head = True

    def on_body(self, piece: bytes) -> None:
        if self.waiting:
            self.waiting[0].passing.received.add(piece)

    def on_message_complete(self) -> None:
        if self._in_body:
            self._finish()

    def _finish(self) -> None:
        self._in_body = False
        if self.waiting:
            underway = self.waiting.popleft()
            self._ended(underway)
            if underway.upgrades:
                self.upgrade_refused()
