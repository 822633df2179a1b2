"""The transport over requests and its urllib3 pools.

With no Session given, the session is our own and plain, so everything that it would work out for
each call (adapter, proxy, TLS settings, pool) is worked out once per origin by requests' own
adapter, and each call goes straight to the urllib3 pool. With the caller's Session every request
goes through `Session.prepare_request` and `Session.send`, so that its hooks, adapters, auth,
proxies, cookies and TLS settings count as they do elsewhere in the caller's program.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..locking import new_lock
from ..messages import Headers, HttpRequest, Timeout, TimeoutValue
from ..origins import origin_of, split_url
from .base import DEFAULT_MAX_RESPONSE_BYTES
from .content import FRAMING, Stream
from .http_transport import ORIGINS_KEPT, USER_AGENT, HttpTransport, basic
from .masking import mask_logs, sending
from .opened import OpenResponse
from .outgoing import head_of
from .requests_parts import (
    LOGGERS,
    STEP,
    arriving,
    as_it_is,
    fields_of,
    hide_location,
    make_pool_strict,
    may_start_anew,
    settled,
    timeout_for,
)
from .timing import Limits, timed

if TYPE_CHECKING:
    import requests
    from urllib3.connectionpool import HTTPConnectionPool
    from urllib3.response import BaseHTTPResponse

__all__ = ["RequestsTransport"]


#: What an open response belongs to.
_About = tuple[HttpRequest, Limits]


class _Route(NamedTuple):
    """How requests to one origin travel: a pool, and what goes before the path for a proxy."""

    pool: HTTPConnectionPool
    prefix: str
    authorization: str | None


class RequestsTransport(HttpTransport):
    """Sends with requests. Thread-safe; a context manager; picklable unless a Session was given.

    session             the caller's, which is used as it is and never closed here
    through_session     send by `Session.send` with a session of our own, too: slower, but whatever
                        replaces that method or an adapter of requests (a mock, a tracer) counts

    The other options are those of `SocketTransport`. With the caller's Session `pool_size`,
    `verify`, `cert` and `trust_env` are the Session's.
    """

    def __init__(
        self,
        session: requests.Session | None = None,
        *,
        through_session: bool = False,
        timeout: TimeoutValue = Timeout(),  # noqa: B008  frozen
        pool_size: int = 32,
        max_response_bytes: int = DEFAULT_MAX_RESPONSE_BYTES,
        verify: bool | str | Path = True,
        cert: str | tuple[str, str] | None = None,
        trust_env: bool = True,
    ) -> None:
        super().__init__(
            {
                "through_session": through_session,
                "timeout": timeout,
                "pool_size": pool_size,
                "max_response_bytes": max_response_bytes,
                "verify": verify,
                "cert": cert,
                "trust_env": trust_env,
            }
        )
        self._given = session
        self._ours = self._plain_session() if session is None else None
        self._keeps_cookies = session is None and not through_session
        self._routes: dict[str, _Route] = {}
        self._lock = new_lock()
        mask_logs(*LOGGERS)

    def _plain_session(self) -> requests.Session:
        import requests
        from requests.adapters import HTTPAdapter

        session = requests.Session()
        session.trust_env = bool(self._settings["trust_env"])
        verify = self._settings["verify"]
        session.verify = str(verify) if isinstance(verify, Path) else verify
        session.cert = self._settings["cert"]
        size: Any = self._settings["pool_size"]
        for scheme in ("http://", "https://"):
            # A pool that blocks never opens more than its size, and so never discards one.
            session.mount(scheme, HTTPAdapter(ORIGINS_KEPT, size, pool_block=True))
        return session

    def __reduce__(self) -> tuple[Any, ...]:
        if self._given is not None:
            raise TypeError("a RequestsTransport with the caller's own Session can't be pickled")
        return super().__reduce__()

    def close(self) -> None:
        """Close our connections. The caller's own Session is the caller's to close."""
        self._routes.clear()
        if self._ours is not None:
            self._ours.close()

    def _forget_connections(self) -> None:
        super()._forget_connections()
        self._routes = {}
        if self._ours is not None:
            self._ours = self._plain_session()

    # One exchange ------------------------------------------------------------------------------

    def _open(self, request: HttpRequest, body: Stream | None, limits: Limits) -> OpenResponse:
        session = self._given or (self._ours if self._settings["through_session"] else None)
        head_of(request.method, "/", request.headers.pairs())  # refuses what http.client would send
        from .strict import now

        # What its connections and log lines keep to; a hook of the caller's may send in between.
        before = now.limits, now.request
        now.limits, now.request, now.is_half_sent = limits, request, False
        try:
            with sending(request):
                if session is None:
                    return self._by_pool(request, body, limits)
                return self._by_session(session, request, body, limits)
        finally:
            now.limits, now.request = before

    def _opened(
        self, status: int, fields: Headers, pieces: Iterator[bytes], end: Any, about: _About
    ) -> OpenResponse:
        request, limits = about
        pieces = self._explained(timed(pieces, limits), request, limits)
        return OpenResponse(status, fields, pieces, request=request, end=end, limit=self._limit)

    # Our own session: straight to the pool -------------------------------------------------------

    def _by_pool(self, request: HttpRequest, body: Stream | None, limits: Limits) -> OpenResponse:
        head, target = split_url(request.url)
        route = self._routes.get(head) or self._route(head)
        headers = self._headers(request, route, body)
        raw = self._urlopen(route, target, request, body, headers, limits)

        def end(whole: bool) -> None:
            if not whole:
                raw.close()
            raw.release_conn()

        fields = Headers(list(raw.headers.iteritems()))
        return self._opened(raw.status, fields, arriving(raw), end, (request, limits))

    def _route(self, head: str) -> _Route:
        """Let requests work out adapter, proxy and TLS for an origin, and keep the outcome."""
        import requests
        from requests.utils import select_proxy

        from .strict import made_strict

        session: Any = self._ours
        origin = origin_of(head)
        url = f"{origin.scheme}://{origin.netloc}/"
        prepared = requests.Request("GET", url).prepare()
        settings = settled(session, url)
        adapter: Any = session.get_adapter(url)
        verify, cert, proxies = settings["verify"], settings["cert"], settings["proxies"]
        with self._lock:
            pool = adapter.get_connection_with_tls_context(prepared, verify, proxies, cert)
            adapter.cert_verify(pool, url, verify, cert)
        proxy = select_proxy(url, proxies)
        forwards = proxy and origin.scheme == "http" and not proxy.lower().startswith("socks")
        userinfo = head.partition("://")[2].rpartition("@")[0]
        authorization = basic(userinfo) if userinfo else None
        made_strict(pool)
        route = _Route(pool, url[:-1] if forwards else "", authorization)
        with self._lock:
            if len(self._routes) >= ORIGINS_KEPT:
                self._routes.clear()
            self._routes[head] = route
        return route

    def _headers(self, request: HttpRequest, route: _Route, body: Stream | None) -> Any:
        given = request.headers.pairs()
        names = [name.lower() for name, _ in given]
        defaults = ("Accept-Encoding", self._encodings), ("User-Agent", USER_AGENT), _ANY_TYPE
        pairs = [pair for pair in defaults if pair[0].lower() not in names]
        pairs += [pair for pair, name in zip(given, names, strict=True) if name not in FRAMING]
        if body is not None and body.length is not None:
            pairs.append(("Content-Length", str(body.length)))
        if route.authorization and "authorization" not in names and not request.cross_origin:
            pairs.append(("Authorization", route.authorization))
        if len(set(names)) == len(names):
            return dict(pairs)
        from urllib3 import HTTPHeaderDict  # keeps repeated fields apart, and is slow

        folded = HTTPHeaderDict()
        for name, value in pairs:
            folded.add(name, value)
        return folded

    @staticmethod
    def _urlopen(
        route: _Route,
        target: str,
        request: HttpRequest,
        body: Stream | None,
        headers: Any,
        limits: Limits,
    ) -> BaseHTTPResponse:
        content: Any = request.content if body is None else body
        for attempt in (1, 2):
            try:
                return route.pool.urlopen(
                    request.method,
                    route.prefix + target,
                    content,
                    headers,
                    retries=False,
                    redirect=False,
                    assert_same_host=False,
                    timeout=timeout_for(limits),
                    pool_timeout=limits.within(limits.connect),  # type: ignore[arg-type]
                    chunked=body is not None and body.length is None,
                    preload_content=False,
                    decode_content=False,
                )
            except Exception as problem:
                if attempt == 2 or not may_start_anew(problem, request.method, body):
                    raise
        raise AssertionError("unreachable")

    # Through Session.send -----------------------------------------------------------------------

    def _by_session(
        self, session: requests.Session, request: HttpRequest, body: Stream | None, limits: Limits
    ) -> OpenResponse:
        from urllib3.response import BaseHTTPResponse

        prepared = self._prepared(session, request, body)
        settings = settled(session, prepared.url or "")
        make_pool_strict(session, prepared, settings)
        for attempt in (1, 2):
            settings.update(stream=True, timeout=timeout_for(limits), allow_redirects=False)
            try:
                response: Any = session.send(prepared, **settings)
                break
            except Exception as problem:
                if attempt == 2 or not may_start_anew(problem, request.method, body):
                    raise
        location = getattr(response, "hidden_location", None)
        if location is not None:
            response.headers["Location"] = location
        # A hook of the caller's may have read the body already, and an adapter have its own kind.
        live = not response._content_consumed and isinstance(response.raw, BaseHTTPResponse)
        pieces = arriving(response.raw) if live else response.iter_content(STEP)
        fields = fields_of(response)
        return self._opened(
            response.status_code, fields, pieces, lambda _: response.close(), (request, limits)
        )

    def _prepared(
        self, session: requests.Session, request: HttpRequest, body: Stream | None
    ) -> requests.PreparedRequest:
        import requests

        headers: dict[str, str] = {}
        for name, value in request.headers.pairs():
            if name.lower() in FRAMING:
                continue
            known = next((k for k in headers if k.lower() == name.lower()), None)
            separator = "; " if name.lower() == "cookie" else ", "
            headers[known or name] = f"{headers[known]}{separator}{value}" if known else value
        content: Any = request.content if body is None else body
        # Without an auth of its own, requests would put ~/.netrc over our Authorization.
        auth: Any = None if session.auth else as_it_is
        if "@" in split_url(request.url)[0] and "Authorization" not in request.headers:
            auth = requests.utils.get_auth_from_url(request.url)
        given = requests.Request(request.method, request.url, headers, data=content, auth=auth)
        if request.cross_origin:
            # What the Session would add was meant for the first origin: headers, parameters, auth.
            given.hooks["response"] = list(session.hooks["response"])
            prepared = given.prepare()
            usual: Any = session.headers
            for name in _DEFAULTED:
                if usual.get(name) is not None:
                    prepared.headers.setdefault(name, usual[name])
        else:
            prepared = session.prepare_request(given)
        if body is not None:
            # requests takes a stream of length 0 for one of unknown length.
            prepared.headers.pop("Transfer-Encoding", None)
            if body.length is not None:
                prepared.headers["Content-Length"] = str(body.length)
        prepared.hooks["response"] = [*prepared.hooks["response"], hide_location]
        return prepared


_ANY_TYPE = ("Accept", "*/*")
_DEFAULTED = ("Accept-Encoding", "User-Agent", "Accept")
