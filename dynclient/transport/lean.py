"""The transport over plain sockets: the fewest steps between a request's bytes and an answer's.

HTTP/1.1 to one origin needs little of what an HTTP library does for each call. This transport
does that little (`writing`, `reader` and `wire` for messages, `sockets` for connections, `ssl` for
TLS), imports no HTTP library, and hands every origin that is reached through a proxy to
`RequestsTransport`.
"""

from __future__ import annotations

import os
import sys
import threading
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

from ..messages import Headers, HttpRequest, HttpResponse
from ..origins import origin_of, split_url
from .base import DEFAULT_MAX_RESPONSE_BYTES, DEFAULT_TIMEOUT, Timeout
from .content import FRAMING, Stream
from .decoding import decoded, decoded_pieces
from .following import IDEMPOTENT, ORIGINS_KEPT, USER_AGENT, Begun, FollowingTransport, basic
from .reader import NoAnswer
from .sockets import Connection, SocketPool
from .tls import Tls
from .wire import Answer, OpenAnswer, open_answer, read_answer
from .writing import chunks, head_of

if TYPE_CHECKING:
    from .requests_transport import RequestsTransport

__all__ = ["LeanTransport"]

_A = TypeVar("_A", Answer, OpenAnswer)

_ONE_WRITE = 1 << 16
#: The most that one send is given: its timeout is for all of it, however slow the line is.
_MOST_AT_ONCE = 1 << 18
_UNKNOWN: Any = object()
_LENGTH_EXPECTED = frozenset({"POST", "PUT", "PATCH"})
_PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy")


class _Route:
    """One origin: its connections, and the fields that every request to it carries."""

    __slots__ = ("authorization", "host", "pool")

    def __init__(self, pool: SocketPool, authorization: str | None) -> None:
        self.pool = pool
        self.host = pool.origin.netloc
        self.authorization = authorization


class LeanTransport(FollowingTransport):
    """Sends over sockets of its own. Thread-safe; a context manager; picklable (by its settings).

    The options are those of `RequestsTransport`; `verify`, `cert` and the environment mean the
    same: certifi's bundle, or REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE; proxies, which make
    this transport use `RequestsTransport` for the origins they serve; never ~/.netrc.
    """

    def __init__(
        self,
        *,
        timeout: Timeout = DEFAULT_TIMEOUT,
        pool_size: int = 32,
        max_response_bytes: int = DEFAULT_MAX_RESPONSE_BYTES,
        verify: bool | str | Path = True,
        cert: str | tuple[str, str] | None = None,
        max_redirects: int = 10,
        trust_env: bool = True,
    ) -> None:
        super().__init__(
            {
                "timeout": timeout,
                "pool_size": pool_size,
                "max_response_bytes": max_response_bytes,
                "verify": verify,
                "cert": cert,
                "max_redirects": max_redirects,
                "trust_env": trust_env,
            }
        )
        self._lock = threading.Lock()
        self._tls = Tls(self._settings)
        self._by_proxy: RequestsTransport | None = None
        #: By everything before the path; None for an origin that RequestsTransport serves.
        self._routes: dict[str, _Route | None] = {}
        # The routes must not refer to the transport, or this would keep it alive.
        weakref.finalize(self, _close_all, self._routes)

    def close(self) -> None:
        """Close every connection; a later `send` opens new ones."""
        with self._lock:
            _close_all(self._routes)
            if self._by_proxy is not None:
                self._by_proxy.close()

    # One exchange ------------------------------------------------------------------------------

    def _attempt(
        self,
        request: HttpRequest,
        body: Stream | None,
        timeouts: tuple[float, float],
        home: bool,
    ) -> HttpResponse:
        head, target = split_url(request.url)
        # One look-up, as close() may empty the routes at any moment.
        route = self._routes.get(head, _UNKNOWN)
        if route is _UNKNOWN:
            route = self._route(head)
        if route is None:
            return self._proxied()._attempt(request, body, timeouts, home)
        return self._direct(route, target, request, body, timeouts)

    def _attempt_open(
        self,
        request: HttpRequest,
        body: Stream | None,
        timeouts: tuple[float, float],
        home: bool,
    ) -> Begun:
        head, target = split_url(request.url)
        route = self._routes.get(head, _UNKNOWN)
        if route is _UNKNOWN:
            route = self._route(head)
        if route is None:
            return self._proxied()._attempt_open(request, body, timeouts, home)
        connection, answer, closing = self._talk(
            route, target, request, body, timeouts, open_answer
        )

        def end(whole: bool) -> None:
            reusable = whole and answer.reusable and answer.reader.is_at_boundary and not closing
            route.pool.give_back(connection, reusable=reusable)

        headers = Headers(answer.fields)
        pieces = answer.body
        if "content-encoding" in answer.telling:
            pieces = decoded_pieces(pieces, answer.telling["content-encoding"])
        if "set-cookie" in answer.telling:
            self._cookies.store(request.url, headers.get_list("Set-Cookie"))
        return Begun(answer.status, headers, request.url, pieces, end)

    def _direct(
        self,
        route: _Route,
        target: str,
        request: HttpRequest,
        body: Stream | None,
        timeouts: tuple[float, float],
    ) -> HttpResponse:
        started = perf_counter()
        connection, answer, closing = self._talk(
            route, target, request, body, timeouts, read_answer
        )
        route.pool.give_back(connection, reusable=answer.reusable and not closing)
        headers = Headers(answer.fields)
        content = answer.body
        telling = answer.telling
        if "content-encoding" in telling and content:
            content = decoded(content, telling["content-encoding"], self._limit)
        if "set-cookie" in telling:
            self._cookies.store(request.url, headers.get_list("Set-Cookie"))
        return HttpResponse(answer.status, headers, content, request.url, perf_counter() - started)

    def _talk(
        self,
        route: _Route,
        target: str,
        request: HttpRequest,
        body: Stream | None,
        timeouts: tuple[float, float],
        read: Callable[[Callable[[int], bytes], str, int, float], _A],
    ) -> tuple[Connection, _A, bool]:
        """(the connection, which is to be given back, the answer, whether we asked to close)."""
        fields, closing = self._fields(route, request, body)
        head = head_of(request.method, target, fields)
        pool = route.pool
        connection = pool.take(timeouts)
        try:
            try:
                answer = self._once(connection, head, request, body, timeouts[1], read)
            except ConnectionError as problem:
                if not (connection.used and _may_start_anew(problem, request.method, body)):
                    raise
                # The peer closed an idle connection just as we used it.
                connection = pool.renewed(connection, timeouts)
                answer = self._once(connection, head, request, body, timeouts[1], read)
        except BaseException:
            pool.give_back(connection, reusable=False)
            raise
        return connection, answer, closing

    def _once(
        self,
        connection: Connection,
        head: bytes,
        request: HttpRequest,
        body: Stream | None,
        patience: float,
        read: Callable[[Callable[[int], bytes], str, int, float], _A],
    ) -> _A:
        sent = True
        try:
            if body is not None:
                connection.send(head)
                for piece in chunks(body) if body.length is None else body:
                    _send(connection, piece)
            elif isinstance(request.content, bytes) and request.content:
                _send_with_body(connection, head, request.content)
            else:
                connection.send(head)
        except (BrokenPipeError, ConnectionResetError):
            if body is not None and body.failure is not None:
                raise
            # A server may refuse a body before it has read all of it, and say so.
            sent = False
        answer = read(connection.receive, request.method, self._limit, patience)
        return answer if sent else answer._replace(reusable=False)

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
        if route.authorization and "authorization" not in given:
            fields.append(("Authorization", route.authorization))
        if given.isdisjoint(FRAMING):
            fields += pairs
        else:
            fields += [pair for pair in pairs if pair[0].lower() not in FRAMING]
        if self._cookies:
            fields = self._with_cookies(fields, request)
        length = _length(request, body)
        if length is not None:
            fields.append(("Content-Length", str(length)))
        elif body is not None:
            fields.append(("Transfer-Encoding", "chunked"))
        closing = "connection" in given and "close" in request.headers["Connection"].lower()
        return fields, closing

    def _with_cookies(
        self, fields: list[tuple[str, str]], request: HttpRequest
    ) -> list[tuple[str, str]]:
        cookie = self._cookies.header(request.url, request.headers.get("Cookie"))
        if cookie is None:
            return fields
        return [*(pair for pair in fields if pair[0].lower() != "cookie"), ("Cookie", cookie)]

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
            if not self._has_proxy(head):
                context = self._tls if origin.scheme == "https" else None
                pool = SocketPool(origin, self._settings["pool_size"], context)
                if self._is_retired:
                    pool.close()  # for what is still under way: its connection is not kept
                route = _Route(pool, _basic(userinfo) if userinfo else None)
            self._routes[head] = route
            return route

    def _has_proxy(self, head: str) -> bool:
        """Whether the environment sends requests for this origin through a proxy."""
        if not self._settings["trust_env"]:
            return False
        if sys.platform not in {"win32", "darwin"}:
            # Elsewhere proxies are in variables alone; without any, requests need not be asked.
            names: Mapping[str, str] = os.environ
            if not any(names.get(n) or names.get(n.upper()) for n in _PROXY_VARIABLES):
                return False
        from requests.utils import get_environ_proxies, select_proxy

        return bool(select_proxy(head, get_environ_proxies(head)))

    def _proxied(self) -> RequestsTransport:
        from .requests_transport import RequestsTransport

        with self._lock:
            if self._by_proxy is None:
                self._by_proxy = RequestsTransport(**self._settings)
            return self._by_proxy

    def _forget_connections(self) -> None:
        super()._forget_connections()
        self._lock = threading.Lock()
        self._tls = Tls(self._settings)
        _close_all(self._routes)
        self._by_proxy = None


def _send_with_body(connection: Connection, head: bytes, content: bytes) -> None:
    """One write for what fits in one, as a second may wait; no copy of a large body."""
    if len(content) <= _ONE_WRITE:
        connection.send(head + content)
    else:
        connection.send(head)
        _send(connection, content)


def _send(connection: Connection, data: bytes) -> None:
    if len(data) <= _MOST_AT_ONCE:
        connection.send(data)
        return
    view = memoryview(data)
    for start in range(0, len(data), _MOST_AT_ONCE):
        connection.send(view[start : start + _MOST_AT_ONCE])


def _length(request: HttpRequest, body: Stream | None) -> int | None:
    if body is not None:
        return body.length
    if isinstance(request.content, bytes):
        return len(request.content)
    return 0 if request.method in _LENGTH_EXPECTED else None


def _basic(userinfo: str) -> str:
    from urllib.parse import unquote

    user, _, password = userinfo.partition(":")
    return basic(unquote(user), unquote(password))


def _may_start_anew(problem: ConnectionError, method: str, body: Stream | None) -> bool:
    """Whether a request that met a closing connection may be sent once more.

    Only an idempotent one of which no byte was answered: nothing tells whether the peer acted on
    it before it went away.
    """
    unanswered = isinstance(problem, NoAnswer)
    return unanswered and method in IDEMPOTENT and (body is None or body.rewind())


def _close_all(routes: dict[str, _Route | None]) -> None:
    for route in list(routes.values()):
        if route is not None:
            route.pool.close()
    routes.clear()
