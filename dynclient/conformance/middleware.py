"""Recorders for whoever is no client of ours: around an application, or around a transport.

    app = RecordingASGI(app, sink)        app = RecordingWSGI(app, sink)
    Client(doc, transport=RecordingTransport(SocketTransport(), sink))

A sink is a function of an `Exchange`, such as a `Recording`. Bodies longer than `limit` bytes are
not kept; what is sent and received is passed on as it is, and as soon as it comes.

Sources: PEP 3333 (WSGI); the ASGI specification 3.0, "HTTP".
"""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from msgspec import structs

from ..messages import Headers, HttpRequest
from ..operation.content.registry import CODECS
from ..redaction import DEFAULT_REDACTOR
from ..transport.asgi_scope import pairs_of, request_of
from ..transport.opened import AsyncOpenResponse, OpenResponse
from .passing import Body, Passing, Sink

__all__ = ["AsyncRecordingTransport", "RecordingASGI", "RecordingTransport", "RecordingWSGI"]

_LIMIT = 1 << 20
#: No document is at hand here: bodies are shown but for what is secret by its usual names.
_REDACTOR = structs.replace(DEFAULT_REDACTOR, codecs=CODECS)


class RecordingWSGI:
    """A WSGI application, recorded."""

    def __init__(self, app: Any, sink: Sink, *, limit: int = _LIMIT) -> None:
        self._app, self._sink, self._limit = app, sink, limit

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        passing = Passing(self._sink, self._limit)
        request = _of_environ(environ)
        environ = {**environ, "wsgi.input": _Read(environ["wsgi.input"], passing.sent)}

        def start(status: str, headers: list[tuple[str, str]], *info: Any) -> Any:
            passing.status, passing.headers = int(status.split(maxsplit=1)[0]), list(headers)
            return start_response(status, headers, *info)

        body: Iterable[bytes] = self._app(environ, start)
        return _passed(body, passing, request)


def _passed(body: Any, passing: Passing, request: HttpRequest) -> Iterator[bytes]:
    try:
        for piece in body:
            passing.received.add(piece)
            yield piece
    finally:
        if hasattr(body, "close"):
            body.close()
        passing.end(request)


class _Read(io.RawIOBase):
    """The body of a request, as an application reads it."""

    def __init__(self, inner: Any, body: Body) -> None:
        self._inner, self._body = inner, body

    def read(self, size: int = -1) -> bytes:
        piece: bytes = self._inner.read(size) if size >= 0 else self._inner.read()
        self._body.add(piece)
        return piece

    def readline(self, size: int | None = -1) -> bytes:
        piece: bytes = self._inner.readline(size) if size and size >= 0 else self._inner.readline()
        self._body.add(piece)
        return piece

    def readable(self) -> bool:
        return True


def _of_environ(environ: dict[str, Any]) -> HttpRequest:
    pairs = []
    for key, value in environ.items():
        if key.startswith("HTTP_"):
            pairs.append((key[5:].replace("_", "-").title(), str(value)))
    for key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(key):
            pairs.append((key.replace("_", "-").title(), str(environ[key])))
    host = environ.get("HTTP_HOST") or f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
    # WSGI gives a path decoded, its bytes as Latin-1 (PEP 3333, "URL Reconstruction").
    path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    target = raw.partition("?")[0] if raw else quote(path.encode("latin-1"), safe="/:@!$&'()*+,;=~")
    url = f"{environ['wsgi.url_scheme']}://{host}{target}"
    query = environ.get("QUERY_STRING")
    url = f"{url}?{query}" if query else url
    return HttpRequest(environ["REQUEST_METHOD"], url, Headers(pairs), redactor=_REDACTOR)


class RecordingASGI:
    """An ASGI application, recorded. Websockets and the lifespan pass by."""

    def __init__(self, app: Any, sink: Sink, *, limit: int = _LIMIT) -> None:
        self._app, self._sink, self._limit = app, sink, limit

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        passing = Passing(self._sink, self._limit)

        async def received() -> Any:
            message = await receive()
            if message["type"] == "http.request":
                passing.sent.add(message.get("body", b""))
            return message

        async def sent(message: Any) -> None:
            if message["type"] == "http.response.start":
                passing.status, passing.headers = message["status"], pairs_of(message["headers"])
            elif message["type"] == "http.response.body":
                passing.received.add(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, received, sent)
        finally:
            passing.end(replace(request_of(scope), redactor=_REDACTOR))


class RecordingTransport:
    """A transport of a Client, recorded: what goes over the wire, each hop of a redirect too."""

    def __init__(self, inner: Any, sink: Sink, *, limit: int = _LIMIT) -> None:
        self._inner, self._sink, self._limit = inner, sink, limit

    def open(self, request: HttpRequest) -> OpenResponse:
        """As the inner transport's."""
        passing = _begun(self._sink, self._limit, request)
        opened: OpenResponse = self._inner.open(request)
        passing.status, passing.headers = opened.status, list(opened.headers.pairs())

        def end(whole: bool) -> None:
            if not whole:
                opened.close()
            passing.end(request)

        def pieces() -> Iterator[bytes]:
            for piece in opened:
                passing.received.add(piece)
                yield piece

        return OpenResponse(
            opened.status, opened.headers, pieces(), request=request, end=end, limit=opened.limit
        )


class AsyncRecordingTransport:
    """The same for an AsyncClient."""

    def __init__(self, inner: Any, sink: Sink, *, limit: int = _LIMIT) -> None:
        self._inner, self._sink, self._limit = inner, sink, limit

    async def open(self, request: HttpRequest) -> AsyncOpenResponse:
        """As the inner transport's."""
        passing = _begun(self._sink, self._limit, request)
        opened: AsyncOpenResponse = await self._inner.open(request)
        passing.status, passing.headers = opened.status, list(opened.headers.pairs())

        async def end(whole: bool) -> None:
            if not whole:
                await opened.aclose()
            passing.end(request)

        async def pieces() -> AsyncIterator[bytes]:
            async for piece in opened:
                passing.received.add(piece)
                yield piece

        return AsyncOpenResponse(
            opened.status, opened.headers, pieces(), request=request, end=end, limit=opened.limit
        )


def _begun(sink: Sink, limit: int, request: HttpRequest) -> Passing:
    passing = Passing(sink, limit)
    if isinstance(request.content, bytes):
        passing.sent.add(request.content)
    elif request.content is not None:
        passing.sent.add(bytes(limit + 1))  # it is streamed: not kept
    return passing
