"""The transport over requests and its urllib3 pools.

With no Session given, the session is our own and plain, so everything that it would work out for
each call (adapter, proxy, TLS settings, pool) is worked out once per origin by requests' own
adapter, and each call goes straight to the urllib3 pool. With the caller's Session every request
goes through `Session.prepare_request` and `Session.send`, so that its hooks, adapters, auth,
proxies, cookies and TLS settings count as they do elsewhere in the caller's program.
"""

from __future__ import annotations

import threading
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from ..messages import Headers, HttpRequest, HttpResponse
from ..origins import origin_of, split_url
from .base import DEFAULT_MAX_RESPONSE_BYTES, DEFAULT_TIMEOUT, Timeout, checked_timeout
from .content import FRAMING, Stream
from .decoding import TooLarge, decoded, within
from .following import ORIGINS_KEPT, USER_AGENT, Begun, FollowingTransport, basic
from .requests_parts import (
    STEP,
    arriving,
    as_it_is,
    fields_of,
    hide_location,
    may_start_anew,
    settled,
)

if TYPE_CHECKING:
    import requests
    from urllib3.connectionpool import HTTPConnectionPool
    from urllib3.response import BaseHTTPResponse

__all__ = ["RequestsTransport"]


class _Route(NamedTuple):
    """How requests to one origin travel: a pool, and what goes before the path for a proxy."""

    pool: HTTPConnectionPool
    prefix: str
    authorization: str | None


class RequestsTransport(FollowingTransport):
    """Sends with requests. Thread-safe; a context manager; picklable unless a Session was given.

    timeout             seconds, one number or (connect, read); a request's own comes first
    pool_size           connections kept and used at once, for each origin; more threads wait
    max_response_bytes  the longest body, counted both as sent and as decoded
    verify              True, False, or the path of a CA bundle; None for the environment's
    cert                a client certificate: a path, or (certificate path, key path)
    max_redirects       how many redirects are followed; 0 hands every 3xx to the caller
    trust_env           read proxies and CA bundles from the environment (never ~/.netrc)

    The environment is read when an origin is first spoken to, and kept from then on.
    """

    def __init__(
        self,
        session: requests.Session | None = None,
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
        import urllib3

        self._urllib3_timeout = urllib3.Timeout(connect=self._timeouts[0], read=self._timeouts[1])
        self._theirs = session
        self._routes: dict[str, _Route] = {}
        self._lock = threading.Lock()
        self._ours = self._plain_session() if session is None else None

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
        if self._theirs is not None:
            raise TypeError("a RequestsTransport with the caller's own Session can't be pickled")
        return super().__reduce__()

    def close(self) -> None:
        """Close our connections. The caller's own Session is the caller's to close."""
        self._routes.clear()
        if self._ours is not None:
            self._ours.close()

    def _forget_connections(self) -> None:
        super()._forget_connections()
        self._lock = threading.Lock()
        self._routes = {}
        if self._ours is not None:
            self._ours = self._plain_session()

    # One exchange ------------------------------------------------------------------------------

    def _attempt(
        self,
        request: HttpRequest,
        body: Stream | None,
        timeouts: tuple[float, float],
        home: bool,
    ) -> HttpResponse:
        if self._theirs is None:
            return self._by_pool(request, body)
        return self._by_session(request, body, timeouts, home)

    def _attempt_open(
        self,
        request: HttpRequest,
        body: Stream | None,
        timeouts: tuple[float, float],
        home: bool,
    ) -> Begun:
        if self._theirs is None:
            raw = self._answer(request, body)
            fields = Headers(raw.headers.iteritems())
            self._cookies.store(request.url, fields.get_list("Set-Cookie"))
            pieces = arriving(raw)

            def end(whole: bool) -> None:
                if not whole:
                    raw.close()
                raw.release_conn()

            return Begun(raw.status, fields, request.url, pieces, end)
        answer = self._session_answer(request, body, timeouts, home)
        # A hook of the caller's may have read the body already, and an adapter have its own kind.
        live = not answer._content_consumed and hasattr(answer.raw, "read1")
        pieces = arriving(answer.raw) if live else answer.iter_content(STEP)
        fields = fields_of(answer)
        return Begun(answer.status_code, fields, request.url, pieces, lambda _: answer.close())

    # Our own session: straight to the pool -------------------------------------------------------

    def _answer(self, request: HttpRequest, body: Stream | None) -> BaseHTTPResponse:
        head, target = split_url(request.url)
        route = self._routes.get(head) or self._route(head)
        headers = self._headers(request, route, body)
        return self._urlopen(route, target, request, body, headers)

    def _by_pool(self, request: HttpRequest, body: Stream | None) -> HttpResponse:
        started = perf_counter()
        answer = self._answer(request, body)
        try:
            fields = Headers(answer.headers.iteritems())
            content = self._body(answer, request.method)
        except BaseException:
            answer.close()
            answer.release_conn()
            raise
        if "Set-Cookie" in answer.headers:
            self._cookies.store(request.url, fields.get_list("Set-Cookie"))
        return HttpResponse(answer.status, fields, content, request.url, perf_counter() - started)

    def _route(self, head: str) -> _Route:
        """Let requests work out adapter, proxy and TLS for an origin, and keep the outcome."""
        import requests
        from requests.utils import get_auth_from_url, select_proxy

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
        user, password = get_auth_from_url(head)
        authorization = basic(user, password) if user else None
        route = _Route(pool, url[:-1] if forwards else "", authorization)
        with self._lock:
            if len(self._routes) >= ORIGINS_KEPT:
                self._routes.clear()
            self._routes[head] = route
        return route

    def _headers(self, request: HttpRequest, route: _Route, body: Stream | None) -> Any:
        headers: Any = {
            "Accept-Encoding": self._encodings,
            "User-Agent": USER_AGENT,
            "Accept": "*/*",
        }
        given = request.headers
        pairs = given.pairs()
        if "Content-Length" in given or "Transfer-Encoding" in given:
            pairs = tuple(pair for pair in pairs if pair[0].lower() not in FRAMING)
        values = "".join([value for _, value in pairs])
        if "\n" in values or "\r" in values:
            raise ValueError("a field value has a line break in it")  # http.client lets some pass
        known = len(headers)
        headers.update(pairs)
        if len(headers) != known + len(pairs) or any(
            name not in _DEFAULTED and name.lower() in _DEFAULTED_LOWER for name, _ in pairs
        ):
            headers = self._folded(headers, pairs)
        if self._cookies:
            cookie = self._cookies.header(request.url, given.get("Cookie"))
            if cookie:
                headers = {k: v for k, v in headers.items() if k.lower() != "cookie"}
                headers["Cookie"] = cookie
        if body is not None and body.length is not None:
            headers["Content-Length"] = str(body.length)
        if route.authorization and "Authorization" not in given:
            headers["Authorization"] = route.authorization
        return headers

    @staticmethod
    def _folded(defaults: dict[str, str], pairs: tuple[tuple[str, str], ...]) -> Any:
        """The same with repeated fields kept apart, and a default only where nothing was given."""
        from urllib3 import HTTPHeaderDict

        folded = HTTPHeaderDict()
        for name, value in pairs:
            folded.add(name, value)
        for name in _DEFAULTED:
            if name not in folded:
                folded[name] = defaults[name]
        return folded

    def _urlopen(
        self,
        route: _Route,
        target: str,
        request: HttpRequest,
        body: Stream | None,
        headers: Any,
    ) -> BaseHTTPResponse:
        timeout: Any = self._urllib3_timeout
        if request.timeout is not None:
            connect, read = checked_timeout(request.timeout)
            timeout = type(timeout)(connect=connect, read=read)
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
                    timeout=timeout,
                    pool_timeout=timeout.connect_timeout,
                    chunked=body is not None and body.length is None,
                    preload_content=False,
                    decode_content=False,
                )
            except Exception as problem:
                if attempt == 2 or not may_start_anew(problem, request.method, body):
                    raise
        raise AssertionError("unreachable")

    def _body(self, answer: BaseHTTPResponse, method: str) -> bytes:
        fields = answer.headers
        encoding = fields.get("Content-Encoding")
        length = fields.get("Content-Length", "")
        if length.isdecimal() and int(length) <= self._limit:
            content = answer.read()
        elif method == "HEAD":
            return answer.read()
        elif length.isdecimal():
            raise TooLarge
        else:
            content = within(answer.stream(STEP, decode_content=False), self._limit)
        return decoded(content, encoding, self._limit) if encoding and content else content

    # The caller's Session -----------------------------------------------------------------------

    def _by_session(
        self,
        request: HttpRequest,
        body: Stream | None,
        timeouts: tuple[float, float],
        home: bool,
    ) -> HttpResponse:
        started = perf_counter()
        answer = self._session_answer(request, body, timeouts, home)
        try:
            announced = answer.headers.get("Content-Length", "")
            if announced.isdecimal() and int(announced) > self._limit and request.method != "HEAD":
                raise TooLarge
            content = within(answer.iter_content(STEP), self._limit)
        finally:
            answer.close()
        return HttpResponse(
            answer.status_code,
            fields_of(answer),
            content,
            request.url,
            perf_counter() - started,
        )

    def _session_answer(
        self,
        request: HttpRequest,
        body: Stream | None,
        timeouts: tuple[float, float],
        home: bool,
    ) -> Any:
        """A `requests.Response` of which the body has not been read, and is to be closed."""
        session: Any = self._theirs
        prepared = self._prepared(session, request, body, home)
        settings = settled(session, prepared.url or "")
        settings.update(stream=True, timeout=timeouts, allow_redirects=False)
        try:
            answer = session.send(prepared, **settings)
        except Exception as problem:
            if not may_start_anew(problem, request.method, body):
                raise
            answer = session.send(prepared, **settings)
        location = getattr(answer, "hidden_location", None)
        if location is not None:
            answer.headers["Location"] = location
        return answer

    def _prepared(
        self, session: requests.Session, request: HttpRequest, body: Stream | None, home: bool
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
        auth: Any = None if home and session.auth else as_it_is
        if "@" in split_url(request.url)[0] and "Authorization" not in request.headers:
            auth = requests.utils.get_auth_from_url(request.url)
        prepared = session.prepare_request(
            requests.Request(request.method, request.url, headers, data=content, auth=auth)
        )
        if body is not None:
            # requests takes a stream of length 0 for one of unknown length.
            prepared.headers.pop("Transfer-Encoding", None)
            if body.length is not None:
                prepared.headers["Content-Length"] = str(body.length)
        if not home:
            for name in list(prepared.headers):
                lower = name.lower()
                added = name not in request.headers
                if lower == "cookie" or (
                    added and (lower == "authorization" or request.redactor.is_secret_header(name))
                ):
                    del prepared.headers[name]
        prepared.hooks["response"] = [*prepared.hooks["response"], hide_location]
        return prepared


_DEFAULTED = ("Accept-Encoding", "User-Agent", "Accept")
_DEFAULTED_LOWER = frozenset(name.lower() for name in _DEFAULTED)
