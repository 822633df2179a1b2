"""Sends to an ASGI application in this process (ASGI 3.0, HTTP): no socket, no server."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import suppress
from typing import Any, TypeVar

from ..locking import new_lock
from ..messages import Headers, HttpRequest, Timeout, TimeoutValue
from .asgi_scope import scope_of
from .base import DEFAULT_MAX_RESPONSE_BYTES
from .content import Stream
from .decoding import BadEncoding, decoded_async
from .http_transport import AsyncHttpTransport
from .opened import AsyncOpenResponse, OpenResponse
from .timing import Limits

__all__ = ["ASGITransport"]

_T = TypeVar("_T")

#: An ASGI application.
Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]

#: Events of a response that wait to be read, before the application has to.
_AHEAD = 16


class _Stalled(TimeoutError):
    """The application did not send in time."""


class ASGITransport:
    """Calls an ASGI application. What the application raises comes out as it is.

    app                 the application; no lifespan events are sent to it
    timeout             a `Timeout`, or seconds: how long the application may take for each event
    max_response_bytes  the longest body that `OpenResponse.read` returns, as decoded

    For Client the application runs in an event loop of a thread of its own, which `close` ends; for
    AsyncClient in the loop of the caller.
    """

    def __init__(
        self,
        app: Application,
        *,
        timeout: TimeoutValue = Timeout(),  # noqa: B008  frozen
        max_response_bytes: int = DEFAULT_MAX_RESPONSE_BYTES,
    ) -> None:
        self._inner = _AsyncASGI(app, timeout=timeout, max_response_bytes=max_response_bytes)
        self._lock = new_lock()
        self._loop: _LoopThread | None = None

    def for_async(self) -> AsyncHttpTransport:
        """The same for AsyncClient."""
        return self._inner

    def open(self, request: HttpRequest) -> OpenResponse:
        """Send one request to the application; no redirect is followed."""
        with self._lock:
            if self._loop is None:
                self._loop = _LoopThread()
                weakref.finalize(self, self._loop.stop_soon)
            loop = self._loop
        opened = loop.result(self._inner.open(request))
        return OpenResponse(
            opened.status,
            opened.headers,
            _pieces(loop, opened),
            request=request,
            end=lambda _: loop.result(opened.aclose()),
            limit=opened.limit,
        )

    def close(self) -> None:
        """End the thread; a later `open` begins another."""
        with self._lock:
            loop, self._loop = self._loop, None
        if loop is not None:
            loop.stop()


def _pieces(loop: _LoopThread, opened: AsyncOpenResponse) -> Iterator[bytes]:
    while (piece := loop.result(anext(opened, None))) is not None:
        yield piece


class _LoopThread:
    """An event loop in a thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="ASGITransport", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self._loop.run_forever()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    def result(self, awaitable: Awaitable[_T]) -> _T:
        async def awaited() -> _T:
            return await awaitable

        coroutine: Coroutine[Any, Any, _T] = awaited()
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def stop_soon(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._loop.stop)

    def stop(self) -> None:
        self.stop_soon()
        self._thread.join()


class _AsyncASGI(AsyncHttpTransport):
    def __init__(self, app: Application, **settings: Any) -> None:
        super().__init__({"app": app, **settings})
        self._app = app

    async def aclose(self) -> None:
        """Nothing: there are no connections."""

    def _failure(
        self, problem: Exception, request: HttpRequest, body: Stream | None, limits: Limits
    ) -> BaseException:
        if isinstance(problem, BadEncoding | _Stalled):
            return super()._failure(problem, request, body, limits)
        return problem

    async def _open(
        self, request: HttpRequest, body: Stream | None, limits: Limits
    ) -> AsyncOpenResponse:
        call = _Call(self._app, request, body, limits)
        try:
            start = await call.next_event()
        except BaseException:
            await call.end()
            raise
        headers = Headers(
            [(str(name, "latin-1"), str(value, "latin-1")) for name, value in start["headers"]]
        )
        coding = headers.get("Content-Encoding")
        pieces = call.body()
        pieces = self._explained(
            decoded_async(pieces, coding) if coding else pieces, request, limits
        )
        return AsyncOpenResponse(
            start["status"],
            headers,
            pieces,
            request=request,
            end=lambda _: call.end(),
            limit=self._limit,
        )


class _Call:
    """One call of the application, which runs in a task of its own."""

    def __init__(
        self, app: Application, request: HttpRequest, body: Stream | None, limits: Limits
    ) -> None:
        self._limits = limits
        self._is_head = request.method == "HEAD"
        self._events: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(_AHEAD)
        self._gone = asyncio.Event()
        content: Any = request.content if body is None else body
        self._requested = _request_events(content)
        self._task = asyncio.create_task(self._run(app, scope_of(request)))

    async def _run(self, app: Application, scope: dict[str, Any]) -> None:
        try:
            await app(scope, self._receive, self._events.put)
        finally:
            with suppress(asyncio.QueueFull):
                self._events.put_nowait(None)

    async def _receive(self) -> dict[str, Any]:
        event = await anext(self._requested, None)
        if event is not None:
            return event
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def next_event(self) -> dict[str, Any]:
        """The next event of the response. What the application raised, if it has."""
        waiting = asyncio.ensure_future(self._events.get())
        try:
            seconds = self._limits.within(self._limits.read)
            done, _ = await asyncio.wait(
                {waiting, self._task}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                raise _Stalled
            event = await waiting if waiting in done or not self._events.empty() else None
        finally:
            waiting.cancel()
        if event is None:
            await self._task  # raises what the application raised
            raise RuntimeError("the application ended before its response did")
        return event

    async def body(self) -> AsyncIterator[bytes]:
        more = not self._is_head
        while more:
            event = await self.next_event()
            if event["type"] == "http.response.body":
                yield event.get("body", b"")
                more = event.get("more_body", False)

    async def end(self) -> None:
        """The client reads no more: an application that still runs hears it, and is cancelled."""
        self._gone.set()
        await asyncio.sleep(0)
        self._task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await self._task


async def _request_events(content: Any) -> AsyncIterator[dict[str, Any]]:
    if isinstance(content, Stream):
        async for piece in content:
            yield {"type": "http.request", "body": piece, "more_body": True}
        content = b""
    yield {"type": "http.request", "body": content or b"", "more_body": False}
