"""The asynchronous transport, over aiohttp: llhttp and asyncio, TLS and proxies.

Redirects, cookies and content codings are ours, as for every transport, so aiohttp's are switched
off. A session belongs to an event loop: there is one for each loop, closed when the loop ends.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import TransportError
from ..messages import IDEMPOTENT, Headers, HttpRequest, Timeout, TimeoutValue
from ..origins import origin_of, split_url
from .base import DEFAULT_MAX_RESPONSE_BYTES
from .content import FRAMING, Stream, length_of
from .decoding import decoded_async
from .http_transport import ORIGINS_KEPT, USER_AGENT, AsyncHttpTransport, basic
from .incoming import BadMessage
from .opened import AsyncOpenResponse
from .outgoing import head_of
from .proxies import environment_proxy
from .timing import Limits
from .tls import Tls

try:
    import aiohttp
    from multidict import CIMultiDict
    from yarl import URL
except ImportError:
    raise ImportError(
        "AsyncClient sends with aiohttp, which is not installed: pip install 'dynclient[async]'",
        name="aiohttp",
    ) from None

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

__all__ = ["AiohttpTransport"]

_MAX_LINE = 1 << 16
_MAX_FIELDS = 1000
#: aiohttp would wait for `100 Continue` without an end, and some servers never send it.
_LEFT_OUT = FRAMING | {"expect"}
#: What aiohttp is given as bytes; more goes piece by piece, so that each has its own time.
_ONE_WRITE = 1 << 16
_PIECE = 1 << 18
_OURS_TO_SEND = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")


class UnsendableField(ValueError):
    """aiohttp would send other octets than the text of the field has."""


class _Route(NamedTuple):
    """One origin: how it is reached, and what every request to it carries."""

    start: str
    host: str
    proxy: str | None
    authorization: str | None
    socket: str | None


class _Sessions:
    """Those of one event loop: one for TCP, and one for each Unix socket."""

    def __init__(self, pool_size: int) -> None:
        self._pool_size = pool_size
        self._by_socket: dict[str | None, aiohttp.ClientSession] = {}
        #: Responses whose body is still to come: closing a session does not end their reading.
        self.reading: weakref.WeakSet[aiohttp.ClientResponse] = weakref.WeakSet()
        self._guard = self._until_the_loop_ends()

    async def begin(self) -> None:
        """Have a loop that ends in order (`asyncio.run`) close the sessions."""
        await anext(self._guard)

    async def aclose(self) -> None:
        await self._guard.aclose()

    async def _until_the_loop_ends(self) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            for response in list(self.reading):
                response.close()
            for session in self._by_socket.values():
                await session.close()

    def of(self, socket: str | None) -> aiohttp.ClientSession:
        """The session for TCP (None) or for the Unix socket of that path."""
        session = self._by_socket.get(socket)
        if session is None:
            limits: dict[str, Any] = {"limit": 0, "limit_per_host": self._pool_size}
            connector: aiohttp.BaseConnector
            if socket is None:
                connector = aiohttp.TCPConnector(**limits)
            else:
                connector = aiohttp.UnixConnector(socket, **limits)
            session = self._by_socket[socket] = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                max_line_size=_MAX_LINE,
                max_field_size=_MAX_LINE,
                max_headers=_MAX_FIELDS,
            )
            # Which request may go twice is decided here, for every method and body alike.
            session._retry_connection = False
        return session


def _keep_for_good(value: object) -> None:
    """Have a value outlive even the interpreter: for the loops and sessions of a child's parent.

    Whoever frees them closes connections, and takes them out of the loop's queue of events (epoll,
    kqueue), which is the parent's too: it would wait for a response that it is never told of.
    """
    import ctypes  # needed in a child alone

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(value))


class AiohttpTransport(AsyncHttpTransport):
    """Sends with aiohttp. For any number of tasks, in one event loop after another.

    session     the caller's `aiohttp.ClientSession`, never closed here: its connector, proxies and
                TLS settings count, its cookies and default headers too. `pool_size`, `verify`,
                `cert` and `trust_env` are then its own
    pool_size   connections kept and used at once, for each origin; more tasks wait, for the connect
                timeout at most

    The other options are those of `SocketTransport`, and so is the environment's part. A field
    value outside of ASCII is refused, as aiohttp would send it as UTF-8.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession | None = None,
        *,
        timeout: TimeoutValue = Timeout(),  # noqa: B008  frozen
        pool_size: int = 100,
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
        self._given = session
        self._keeps_cookies = session is None
        self._tls = Tls(self._settings)
        self._routes: dict[str, _Route] = {}
        self._sessions: weakref.WeakKeyDictionary[Any, _Sessions] = weakref.WeakKeyDictionary()

    def __reduce__(self) -> tuple[Any, ...]:
        if self._given is not None:
            raise TypeError("an AiohttpTransport with the caller's own session can't be pickled")
        return super().__reduce__()

    async def aclose(self) -> None:
        """Close the connections of this event loop; those of others close with their loops."""
        self._routes.clear()
        sessions = self._sessions.pop(asyncio.get_running_loop(), None)
        if sessions is not None:
            await sessions.aclose()

    def _forget_connections(self) -> None:
        super()._forget_connections()
        self._tls = Tls(self._settings)
        for loop_and_sessions in self._sessions.items():
            _keep_for_good(loop_and_sessions)
        self._sessions = weakref.WeakKeyDictionary()

    # One exchange ------------------------------------------------------------------------------

    async def _open(
        self, request: HttpRequest, body: Stream | None, limits: Limits
    ) -> AsyncOpenResponse:
        start, target = split_url(request.url)
        route = self._routes.get(start) or self._route(start, request)
        fields = self._fields(route, request, body)
        if not head_of(request.method, target, fields).isascii():
            raise UnsendableField
        session = await self._session(route, request)
        options: dict[str, Any] = {"proxy": route.proxy}
        if start.startswith("https:") and session is not self._given:
            options["ssl"] = self._tls()
        url = URL(route.start + target, encoded=True)
        for attempt in (1, 2):
            upload = _Upload(request.content if body is None else body, limits)
            try:
                response = await upload.sent(session, request.method, url, fields, options)
                return self._opened(response, upload, request, limits)
            except aiohttp.ClientConnectorError:
                raise
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                # The peer closed an idle connection just as we used it, most likely.
                again = attempt == 1 and request.method in IDEMPOTENT
                if not again or (body is not None and not body.rewind()):
                    raise
        raise AssertionError("unreachable")

    def _opened(
        self, response: Any, upload: _Upload, request: HttpRequest, limits: Limits
    ) -> AsyncOpenResponse:
        headers = Headers(
            [(str(name, "latin-1"), str(value, "latin-1")) for name, value in response.raw_headers]
        )
        framing = headers.get("Transfer-Encoding", "chunked").lower()
        if framing not in {"chunked", "identity"} or response.status < 100:
            response.close()
            raise BadMessage
        content: bytes | AsyncIterator[bytes]
        coding = headers.get("Content-Encoding")
        end = None
        if response.content.is_eof() and not coding and upload.is_over:
            # As most are with the first bytes: aiohttp has given the connection back.
            content = response.content.read_nowait()
        else:
            sessions = self._sessions.get(asyncio.get_running_loop())
            if sessions is not None:
                sessions.reading.add(response)
            pieces = response.content.iter_any()
            content = self._explained(
                decoded_async(pieces, coding) if coding else pieces, request, limits
            )

            async def end(whole: bool) -> None:
                if whole and upload.is_over:
                    response.release()
                else:
                    response.close()

        return AsyncOpenResponse(
            response.status, headers, content, request=request, end=end, limit=self._limit
        )

    def _fields(
        self, route: _Route, request: HttpRequest, body: Stream | None
    ) -> list[tuple[str, str]]:
        pairs = request.headers.pairs()
        given = {name.lower() for name, _ in pairs}
        fields = [pair for pair in pairs if pair[0].lower() not in _LEFT_OUT]
        usual = [("Host", route.host), ("User-Agent", USER_AGENT), ("Accept", "*/*")]
        usual.append(("Accept-Encoding", self._encodings))
        if route.authorization and not request.cross_origin:
            usual.append(("Authorization", route.authorization))
        fields += [pair for pair in usual if pair[0].lower() not in given]
        length = length_of(request, body)
        if length is not None:
            fields.append(("Content-Length", str(length)))
        return fields  # without a length aiohttp sends chunks

    # Origins and event loops -------------------------------------------------------------------

    def _route(self, start: str, request: HttpRequest) -> _Route:
        origin = origin_of(start)
        scheme, _, authority = start.partition("://")
        userinfo, _, host = authority.rpartition("@")
        trusts = self._settings["trust_env"] and not origin.is_unix and self._given is None
        proxy = environment_proxy(start) if trusts else None
        if proxy and not proxy.lower().startswith(("http://", "https://")):
            raise TransportError(
                "the environment names a proxy that aiohttp can't use (SOCKS); use HttpxTransport, "
                "or set NO_PROXY",
                request=request,
            )
        route = _Route(
            f"http://{origin.netloc}" if origin.is_unix else f"{scheme}://{host}",
            origin.netloc,
            proxy,
            basic(userinfo) if userinfo else None,
            origin.host if origin.is_unix else None,
        )
        if len(self._routes) >= ORIGINS_KEPT:
            self._routes.clear()
        self._routes[start] = route
        return route

    async def _session(self, route: _Route, request: HttpRequest) -> aiohttp.ClientSession:
        if self._given is not None and not request.cross_origin:
            return self._given
        loop = asyncio.get_running_loop()
        sessions = self._sessions.get(loop)
        if sessions is None:
            sessions = self._sessions[loop] = _Sessions(self._settings["pool_size"])
            await sessions.begin()
        return sessions.of(route.socket)


class _Upload:
    """One request on its way out, with the time that each step of it may take.

    aiohttp bounds connecting and the wait for each piece of the response. It bounds neither the
    sending of a piece nor the header of a response as a whole, which could drip.
    """

    def __init__(self, content: Any, limits: Limits) -> None:
        self._content = content
        self._limits = limits
        self._scope: asyncio.Timeout | None = None
        #: Whether all of the body was taken: else the connection is not fit for another request.
        self.is_over = not isinstance(content, Stream) and len(content or b"") <= _ONE_WRITE
        self._may_be_longer = isinstance(content, Stream) and not content.is_file

    async def sent(
        self,
        session: aiohttp.ClientSession,
        method: str,
        url: URL,
        fields: list[tuple[str, str]],
        options: dict[str, Any],
    ) -> aiohttp.ClientResponse:
        limits = self._limits
        timeout = aiohttp.ClientTimeout(
            total=None if limits.total is None else limits.within(limits.total),
            connect=limits.connect,
            sock_connect=limits.connect,
            sock_read=limits.read,
        )
        try:
            async with asyncio.timeout(None) as self._scope:
                self._allow(limits.connect + 2 * limits.read)
                return await session.request(
                    method,
                    url,
                    headers=CIMultiDict(fields),
                    data=(self._content or None) if self.is_over else self._pieces(),
                    allow_redirects=False,
                    auto_decompress=False,
                    skip_auto_headers=_OURS_TO_SEND,
                    timeout=timeout,
                    **options,
                )
        finally:
            self._scope = None

    def _allow(self, seconds: float | None) -> None:
        """Give up in so many seconds, unless the response is there; None for never."""
        if self._scope is not None:
            loop = asyncio.get_running_loop()
            self._scope.reschedule(None if seconds is None else loop.time() + seconds)

    async def _pieces(self) -> AsyncIterator[bytes]:
        left = self._content.length if isinstance(self._content, Stream) else len(self._content)
        async for piece in _cut(self._content):
            if left is not None:
                left -= len(piece)
                # Told before the peer can have the last byte and respond.
                self.is_over = left <= 0
            self._allow(self._limits.read)
            yield piece
            if self.is_over and not self._may_be_longer:
                break  # to ask a file for its end takes longer than a peer takes to respond
            # For what the caller's own iterator takes.
            self._allow(None)
        self.is_over = True
        self._allow(2 * self._limits.read)


async def _cut(content: Stream | bytes) -> AsyncIterator[bytes]:
    if isinstance(content, Stream):
        async for piece in content:
            yield piece
        return
    for at in range(0, len(content), _PIECE):
        yield content[at : at + _PIECE]
