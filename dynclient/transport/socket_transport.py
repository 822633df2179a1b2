"""The transport over plain sockets: the fewest steps between a request's bytes and a response's.

HTTP/1.1 to one origin needs little of what an HTTP library does for each call. llhttp parses the
response (`incoming`); what is here is a pool of sockets (`sockets`), `ssl`, and the bytes of a
request (`outgoing`). Every origin that is reached through a proxy is handed to `RequestsTransport`.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from ..locking import new_lock
from ..messages import IDEMPOTENT, Headers, HttpRequest, Timeout, TimeoutValue
from ..origins import origin_of, split_url
from .base import DEFAULT_MAX_RESPONSE_BYTES
from .content import FRAMING, Stream, length_of
from .decoding import decoded_pieces
from .http_transport import ORIGINS_KEPT, USER_AGENT, HttpTransport, basic
from .incoming import Incoming, NoResponse
from .opened import OpenResponse
from .outgoing import chunks, head_of
from .proxies import environment_proxy
from .sockets import TIMED_OUT, Connection, SocketPool
from .timing import Limits, SlowHeader
from .tls import Tls

if TYPE_CHECKING:
    from .requests_transport import RequestsTransport

__all__ = ["SocketTransport"]

_BLOCK = 1 << 16
#: What every system's buffers take without waiting for the peer to read.
_ONE_WRITE = 1 << 16
_UNKNOWN: Any = object()


class _Route:
    """One origin: its connections, and the fields that every request to it carries."""

    __slots__ = ("authorization", "host", "pool")

    def __init__(self, pool: SocketPool, authorization: str | None) -> None:
        self.pool = pool
        self.host = pool.origin.netloc
        self.authorization = authorization


class SocketTransport(HttpTransport):
    """Sends over sockets of its own. Thread-safe; a context manager; picklable (by its settings).

    timeout             a `Timeout`, or seconds: a number or (connect, read); a request's own
                        comes first
    pool_size           connections kept and used at once, for each origin; more threads wait
    max_response_bytes  the longest body that `OpenResponse.read` returns, as decoded
    verify              True, False, or the path of a CA bundle
    cert                a client certificate: a path, or (certificate path, key path)
    trust_env           read proxies and CA bundles from the environment (never ~/.netrc)

    The environment is read when an origin is first spoken to, and kept until `close`. Origins that
    it gives a proxy are served by a `RequestsTransport`. `http+unix://%2Frun%2Fx.sock/path` names a
    Unix socket.
    """

    def __init__(
        self,
        *,
        timeout: TimeoutValue = Timeout(),  # noqa: B008  frozen
        pool_size: int = 32,
        max_response_bytes: int = DEFAULT_MAX_RESPONSE_BYTES,
        verify: bool | str | Path = True,
        cert: str | tuple[str, str] | None = None,
        trust_env: bool = True,
    ) -> None:
        super().__init__(
            {
                "timeout": timeout,
                "pool_size": pool_size,
                "max_response_bytes": max_response_bytes,
                "verify": verify,
                "cert": cert,
                "trust_env": trust_env,
            }
        )
        self._lock = new_lock()
        self._tls = Tls(self._settings)
        self._by_proxy: RequestsTransport | None = None
        #: By everything before the path; None for an origin that RequestsTransport serves.
        self._routes: dict[str, _Route | None] = {}
        # The routes must not refer to the transport, or this would keep it alive.
        weakref.finalize(self, _close_all, self._routes)

    def close(self) -> None:
        """Close every connection; a later `open` opens new ones."""
        with self._lock:
            _close_all(self._routes)
            if self._by_proxy is not None:
                self._by_proxy.close()

    # One exchange ------------------------------------------------------------------------------

    def _open(self, request: HttpRequest, body: Stream | None, limits: Limits) -> OpenResponse:
        start, target = split_url(request.url)
        # One look-up, as close() may empty the routes at any moment.
        route = self._routes.get(start, _UNKNOWN)
        if route is _UNKNOWN:
            route = self._route(start)
        if route is None:
            return self._proxied()._open(request, body, limits)
        fields, closing = self._fields(route, request, body)
        head = head_of(request.method, target, fields)
        pool = route.pool
        connection = pool.take(limits)
        try:
            try:
                incoming = _exchange(connection, head, request, body, limits)
            except NoResponse:
                # The peer closed an idle connection just as we used it. Only what is idempotent
                # goes again: nothing tells whether the peer acted on it before it went away.
                if not connection.used or request.method not in IDEMPOTENT:
                    raise
                if body is not None and not body.rewind():
                    raise
                connection = pool.renewed(connection, limits)
                incoming = _exchange(connection, head, request, body, limits)
        except BaseException:
            pool.give_back(connection, reusable=False)
            raise
        if closing:
            incoming.reusable = False
        return self._opened(pool, connection, incoming, request, limits)

    def _opened(
        self,
        pool: SocketPool,
        connection: Connection,
        incoming: Incoming,
        request: HttpRequest,
        limits: Limits,
    ) -> OpenResponse:
        headers = Headers(incoming.fields)
        coding = headers.get("content-encoding")
        content: bytes | Iterator[bytes]
        end = None
        if incoming.is_complete:
            # As most are with the first bytes: the connection is free before the body is read.
            pool.give_back(connection, reusable=incoming.reusable)
            content = incoming.take()
            if coding and content:
                content = self._explained(decoded_pieces(iter((content,)), coding), request, limits)
        else:
            pieces = _arriving(connection, incoming, limits)
            content = self._explained(
                decoded_pieces(pieces, coding) if coding else pieces, request, limits
            )

            def end(whole: bool) -> None:
                pool.give_back(connection, reusable=whole and incoming.reusable)

        return OpenResponse(
            incoming.status, headers, content, request=request, end=end, limit=self._limit
        )

    def _fields(
        self, route: _Route, request: HttpRequest, body: Stream | None
    ) -> tuple[list[tuple[str, str]], bool]:
        """(the fields to send, whether they ask the server to close the connection)."""
        pairs = request.headers.pairs()
        given = {name.lower() for name, _ in pairs}
        fields: list[tuple[str, str]] = []
        if "host" not in given:
            fields.append(("Host", route.host))
        if "user-agent" not in given:
            fields.append(("User-Agent", USER_AGENT))
        if "accept-encoding" not in given:
            fields.append(("Accept-Encoding", self._encodings))
        if "accept" not in given:
            fields.append(("Accept", "*/*"))
        if route.authorization and "authorization" not in given and not request.cross_origin:
            fields.append(("Authorization", route.authorization))
        if given.isdisjoint(FRAMING):
            fields += pairs
        else:
            fields += [pair for pair in pairs if pair[0].lower() not in FRAMING]
        length = length_of(request, body)
        if length is not None:
            fields.append(("Content-Length", str(length)))
        elif body is not None:
            fields.append(("Transfer-Encoding", "chunked"))
        closing = "connection" in given and "close" in request.headers["Connection"].lower()
        return fields, closing

    # Origins -----------------------------------------------------------------------------------

    def _route(self, head: str) -> _Route | None:
        origin = origin_of(head)
        userinfo = head.partition("://")[2].rpartition("@")[0]
        with self._lock:
            if head in self._routes:
                return self._routes[head]
            if len(self._routes) >= ORIGINS_KEPT:
                _close_all(self._routes)
            route = None
            trusts = self._settings["trust_env"] and not origin.is_unix
            if not (trusts and environment_proxy(head)):
                context = self._tls if origin.scheme == "https" else None
                pool = SocketPool(origin, self._settings["pool_size"], context)
                if self._is_retired:
                    pool.close()  # for what is still under way: its connection is not kept
                route = _Route(pool, basic(userinfo) if userinfo else None)
            self._routes[head] = route
            return route

    def _proxied(self) -> RequestsTransport:
        from .requests_transport import RequestsTransport

        with self._lock:
            if self._by_proxy is None:
                self._by_proxy = RequestsTransport(**self._settings)
            return self._by_proxy

    def _forget_connections(self) -> None:
        super()._forget_connections()
        self._tls = Tls(self._settings)
        _close_all(self._routes)
        self._by_proxy = None


def _exchange(
    connection: Connection, head: bytes, request: HttpRequest, body: Stream | None, limits: Limits
) -> Incoming:
    """Send, and receive up to the end of the header. NoResponse if not one byte came."""
    incoming = Incoming(request.method)
    content = request.content
    sent = True
    try:
        if body is not None:
            sent = _send_stream(connection, head, body, incoming, limits)
        elif not content:
            connection.send(head)
        elif len(content) <= _ONE_WRITE:  # type: ignore[arg-type]  # bytes, as it is no stream
            connection.send(head + content)  # type: ignore[operator]  # a second write may wait
        else:
            connection.send(head)
            sent = connection.send_beside(content, limits, _listener(incoming))  # type: ignore[arg-type]
    except (BrokenPipeError, ConnectionResetError):
        if body is not None and body.failure is not None:
            raise
        # A server may refuse a body before it has read all of it, and say so.
        sent = False
    connection.set_timeout(limits.within(limits.read))
    if not incoming.has_header:
        _receive_header(connection, incoming, limits)
    if not sent:
        incoming.reusable = False
    return incoming


def _send_stream(
    connection: Connection, head: bytes, body: Stream, incoming: Incoming, limits: Limits
) -> bool:
    connection.send(head)
    received = _listener(incoming)
    pieces = chunks(body) if body.length is None else iter(body)
    return all(connection.send_beside(piece, limits, received) for piece in pieces)


def _listener(incoming: Incoming) -> Callable[[bytes], bool]:
    """For what comes while a body is sent: whether to go on sending it."""

    def received(data: bytes) -> bool:
        return not incoming.feed(data)

    return received


def _receive_header(connection: Connection, incoming: Incoming, limits: Limits) -> None:
    try:
        data = connection.receive(_BLOCK)
    except ConnectionError:
        if incoming.is_untouched:
            raise NoResponse from None
        raise
    if not data:
        incoming.end()
    has_header = incoming.feed(data)
    if has_header:
        return
    # A wait for each byte alone would let a peer hold us for days, with interim responses too.
    deadline = monotonic() + limits.read
    while not has_header:
        left = deadline - monotonic()
        if left <= 0:
            raise SlowHeader
        connection.set_timeout(limits.within(left))
        try:
            data = connection.receive(_BLOCK)
        except TIMED_OUT:
            raise SlowHeader from None
        if not data:
            incoming.end()
        has_header = incoming.feed(data)
    connection.set_timeout(limits.read)


def _arriving(connection: Connection, incoming: Incoming, limits: Limits) -> Iterator[bytes]:
    """The body as it comes, still coded."""
    while True:
        piece = incoming.take()
        if piece:
            yield piece
        if incoming.is_complete:
            return
        connection.set_timeout(limits.within(limits.read))
        data = connection.receive(4 * _BLOCK)
        if data:
            incoming.feed(data)
        else:
            incoming.end()


def _close_all(routes: dict[str, _Route | None]) -> None:
    for route in list(routes.values()):
        if route is not None:
            route.pool.close()
    routes.clear()
