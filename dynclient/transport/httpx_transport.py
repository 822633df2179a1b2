"""Sends with a client of httpx2 that is the caller's: its HTTP/2, proxies, auth and mounts count.

Redirects and content codings stay ours, as for every transport. The client's cookies, default
headers, parameters and event hooks are used as they are.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from math import inf
from typing import TYPE_CHECKING, Any

from ..messages import IDEMPOTENT, Headers, HttpRequest, Timeout, TimeoutValue
from ..origins import split_url
from .base import DEFAULT_MAX_RESPONSE_BYTES
from .content import FRAMING, Stream
from .decoding import decoded_async, decoded_pieces
from .http_transport import AsyncHttpTransport, HttpTransport
from .masking import mask_logs, sending
from .opened import AsyncOpenResponse, OpenResponse
from .outgoing import head_of
from .timing import Limits, OutOfTime, timed

if TYPE_CHECKING:
    import httpx2

__all__ = ["AsyncHttpxTransport", "HttpxTransport"]

#: httpx2's own line for each request, and the header fields of httpcore2.
_LOGGERS = ("httpx2", *(f"httpcore2.{name}" for name in ("connection", "http11", "http2", "proxy")))


class _Httpx:
    """What the two kinds share: a request of ours as one of httpx2, and back."""

    #: An iterator of the kind that the client takes.
    _source: Any = staticmethod(iter)

    _given: Any
    _encodings: str

    def _built(self, request: HttpRequest, body: Stream | None, limits: Limits) -> Any:
        import httpx2

        _, target = split_url(request.url)
        fields = [pair for pair in request.headers.pairs() if pair[0].lower() not in FRAMING]
        if "Accept-Encoding" not in request.headers:
            fields.append(("Accept-Encoding", self._encodings))
        if body is not None and body.length is not None:
            fields.append(("Content-Length", str(body.length)))
        head_of(request.method, target, fields)  # refuses what httpx2 would send
        pairs = [(name.encode("ascii"), value.encode("latin-1")) for name, value in fields]
        connect, read = limits.within(limits.connect), limits.within(limits.read)
        timeout = {"connect": connect, "read": read, "write": read, "pool": connect}
        extensions: dict[str, Any] = {"timeout": timeout}
        if not self._given.params:
            # As it is: httpx2 would put its percent-encoding in order.
            extensions["target"] = target.encode("ascii")
        content: Any = request.content if body is None else self._source(body)
        make = httpx2.Request if request.cross_origin else self._given.build_request
        return make(
            request.method, request.url, headers=pairs, content=content, extensions=extensions
        )

    def _options(self, request: HttpRequest) -> dict[str, Any]:
        options: dict[str, Any] = {"stream": True, "follow_redirects": False}
        if request.cross_origin:
            options["auth"] = None
        return options

    @staticmethod
    def _may_again(problem: Exception, request: HttpRequest, body: Stream | None) -> bool:
        """Whether the peer closed an idle connection, as it seems, and a resend does no harm."""
        import httpx2

        closed = isinstance(problem, httpx2.ReadError | httpx2.WriteError) or (
            isinstance(problem, httpx2.RemoteProtocolError) and "without sending" in str(problem)
        )
        return closed and request.method in IDEMPOTENT and (body is None or body.rewind())

    def __reduce__(self) -> Any:
        raise TypeError("an HttpxTransport holds the caller's own client and can't be pickled")


def _settings(timeout: TimeoutValue, max_response_bytes: int) -> dict[str, Any]:
    return {"timeout": timeout, "max_response_bytes": max_response_bytes}


class HttpxTransport(_Httpx, HttpTransport):
    """Over the caller's `httpx2.Client`, or `httpx2.AsyncClient` for AsyncClient.

    The client is never closed here.

    timeout             a `Timeout`, or seconds: a number or (connect, read). httpx2 has no bound
                        for a header that drips; a total is looked at between two pieces
    max_response_bytes  the longest body that `OpenResponse.read` returns, as decoded

    For an `httpx2.AsyncClient` an `AsyncHttpxTransport` is made.
    """

    _keeps_cookies = False

    def __new__(cls, client: Any, **options: Any) -> Any:
        if hasattr(client, "aclose"):
            return AsyncHttpxTransport(client, **options)
        return super().__new__(cls)

    def __init__(
        self,
        client: httpx2.Client,
        *,
        timeout: TimeoutValue = Timeout(),  # noqa: B008  frozen
        max_response_bytes: int = DEFAULT_MAX_RESPONSE_BYTES,
    ) -> None:
        super().__init__(_settings(timeout, max_response_bytes))
        self._given = client
        mask_logs(*_LOGGERS)

    def close(self) -> None:
        """Nothing: the client is the caller's to close."""

    def _open(self, request: HttpRequest, body: Stream | None, limits: Limits) -> OpenResponse:
        for attempt in (1, 2):
            built = self._built(request, body, limits)
            try:
                with sending(request):
                    response = self._given.send(built, **self._options(request))
                break
            except Exception as problem:
                if attempt == 2 or not self._may_again(problem, request, body):
                    raise
        pieces = timed(response.iter_raw(), limits)
        coding = response.headers.get("Content-Encoding")
        pieces = self._explained(
            decoded_pieces(pieces, coding) if coding else pieces, request, limits
        )
        return OpenResponse(
            response.status_code,
            _fields(response),
            pieces,
            request=request,
            end=lambda _: response.close(),
            limit=self._limit,
        )


class AsyncHttpxTransport(_Httpx, AsyncHttpTransport):
    """Over the caller's `httpx2.AsyncClient`; see `HttpxTransport`."""

    _source = staticmethod(aiter)

    _keeps_cookies = False

    def __init__(
        self,
        client: httpx2.AsyncClient,
        *,
        timeout: TimeoutValue = Timeout(),  # noqa: B008  frozen
        max_response_bytes: int = DEFAULT_MAX_RESPONSE_BYTES,
    ) -> None:
        super().__init__(_settings(timeout, max_response_bytes))
        self._given = client
        mask_logs(*_LOGGERS)

    async def aclose(self) -> None:
        """Nothing: the client is the caller's to close."""

    async def _open(
        self, request: HttpRequest, body: Stream | None, limits: Limits
    ) -> AsyncOpenResponse:
        import asyncio

        for attempt in (1, 2):
            built = self._built(request, body, limits)
            try:
                async with asyncio.timeout(limits.within(inf) if limits.total else None):
                    with sending(request):
                        response = await self._given.send(built, **self._options(request))
                break
            except Exception as problem:
                if attempt == 2 or not self._may_again(problem, request, body):
                    raise
        pieces = _timed_async(response.aiter_raw(), limits)
        coding = response.headers.get("Content-Encoding")
        pieces = self._explained(
            decoded_async(pieces, coding) if coding else pieces, request, limits
        )

        async def end(_: bool) -> None:
            await response.aclose()

        return AsyncOpenResponse(
            response.status_code,
            _fields(response),
            pieces,
            request=request,
            end=end,
            limit=self._limit,
        )


def _fields(response: Any) -> Headers:
    pairs = response.headers.raw
    return Headers([(str(name, "latin-1"), str(value, "latin-1")) for name, value in pairs])


async def _timed_async(pieces: AsyncIterator[bytes], limits: Limits) -> AsyncIterator[bytes]:
    async for piece in pieces:
        yield piece
        if limits.are_over():
            raise OutOfTime
