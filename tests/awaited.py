"""AsyncClient under the face of Client, so that the tests of the one are the tests of the other.

`pytest --client=async` puts `AwaitedClient` in the place of `Client`: every call is awaited on an
event loop in a thread of its own. Nothing of a call is done here.
"""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import Future
from functools import cached_property
from typing import Any, TypeVar

from dynclient import AsyncClient
from dynclient.ops import Ops
from dynclient.transport import AsyncOpenResponse, transport_for

_T = TypeVar("_T")


class _Loop:
    """An event loop that runs for as long as the tests do."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def begin(self, work: Coroutine[Any, Any, _T]) -> Future[_T]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)


_loop: list[_Loop] = []
_open: weakref.WeakSet[AsyncClient] = weakref.WeakSet()


def finish() -> None:
    """Close what the tests left open, so that aiohttp has nothing to complain of."""
    for client in list(_open):
        run(client.aclose())


def run(work: Coroutine[Any, Any, _T]) -> _T:
    """The value of a coroutine."""
    if not _loop:
        _loop.append(_Loop())
    return _loop[0].begin(work).result()


class _Adapted:
    """A synchronous transport of a test's, awaited."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def open(self, request: Any) -> AsyncOpenResponse:
        opened = await asyncio.to_thread(self.inner.open, request)

        async def pieces() -> AsyncIterator[bytes]:
            while piece := await asyncio.to_thread(next, opened, b""):
                yield piece

        async def end(_: bool) -> None:
            opened.close()

        status, headers, limit = opened.status, opened.headers, opened.limit
        return AsyncOpenResponse(status, headers, pieces(), request=request, end=end, limit=limit)


class _Stream:
    def __init__(self, client: AwaitedClient, opening: Any) -> None:
        self._client = client  # which would close if nobody held it
        self._opening = opening

    def __enter__(self) -> _Streamed:
        return _Streamed(run(self._opening.__aenter__()))

    def __exit__(self, *error: Any) -> None:
        run(self._opening.__aexit__(*error))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._opening, name)

    def __iter__(self) -> Any:
        return iter(self._opening)


class _Streamed:
    def __init__(self, response: Any) -> None:
        self._response = response

    def __iter__(self) -> Iterator[Any]:
        return _each(aiter(self._response))

    def iter_bytes(self) -> Iterator[bytes]:
        return _each(self._response.iter_bytes())

    def read(self) -> Any:
        return run(self._response.read())

    def save(self, path: Any) -> int:
        size: int = run(self._response.save(path))
        return size

    def close(self) -> None:
        run(self._response.aclose())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._response, name)

    def __repr__(self) -> str:
        return repr(self._response).replace("AsyncStreamed", "Streamed")


class _Pages:
    def __init__(self, client: AwaitedClient, pages: Any) -> None:
        self._client = client
        self._pages = pages

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        async def following() -> Any:
            return await anext(self._pages)

        try:
            return run(following())
        except StopAsyncIteration:
            raise StopIteration from None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pages, name)


def _each(items: AsyncIterator[_T]) -> Iterator[_T]:
    async def following() -> _T:
        return await anext(items)

    while True:
        try:
            yield run(following())
        except StopAsyncIteration:
            return


#: What sessions and clients of requests and httpx2 have.
_OF_LIBRARIES = ("prepare_request", "build_request")


class AwaitedClient:
    """An AsyncClient whose calls are awaited; made and used as a Client is."""

    def __init__(self, *source: Any, transport: Any = None, **settings: Any) -> None:
        if transport == "requests" or any(hasattr(transport, name) for name in _OF_LIBRARIES):
            transport = transport_for(transport)[0]
        if callable(getattr(transport, "open", None)):
            transport = _Adapted(transport)
        self._begin(lambda: AsyncClient(*source, transport=transport, **settings))

    def _begin(self, make: Callable[[], AsyncClient]) -> None:
        async def opened() -> AsyncClient:
            client = make()
            try:
                return await client.open()
            except BaseException:
                await client.aclose()
                raise

        client = self.__dict__["_client"] = run(opened())
        _open.add(client)
        # A Client that is not closed closes its connections when it goes; so shall this one.
        # Not waited for: the collector may run in the thread of the loop.
        weakref.finalize(self, lambda: _loop[0].begin(client.aclose()))

    def call(self, *call: Any, **named: Any) -> Any:
        return run(self._client.call(*call, **named))

    def request(self, *call: Any, **named: Any) -> Any:
        return run(self._client.request(*call, **named))

    def prepare(self, *call: Any, **named: Any) -> Any:
        return run(self._client.prepare(*call, **named))

    def explain(self, *call: Any, **named: Any) -> Any:
        return run(self._client.explain(*call, **named))

    def send(self, *call: Any, **named: Any) -> Any:
        return run(self._client.send(*call, **named))

    def complete(self, make: Callable[[], _T]) -> _T:
        return run(self._client.complete(make))

    def compile(self, operation: str) -> None:
        run(self._client.compile(operation))

    def follow(self, *call: Any, **named: Any) -> Any:
        return run(self._client.follow(*call, **named))

    def download(self, *call: Any, **named: Any) -> Any:
        return run(self._client.download(*call, **named))

    def poll(self, *call: Any, **named: Any) -> Any:
        return run(self._client.poll(*call, **named))

    def paginate(self, *call: Any, **named: Any) -> _Pages:
        return _Pages(self, self._client.paginate(*call, **named))

    def map(self, *call: Any, **named: Any) -> Any:
        return run(self._client.map(*call, **named))

    def stream(self, *call: Any, **named: Any) -> _Stream:
        return _Stream(self, self._client.stream(*call, **named))

    @cached_property
    def ops(self) -> Ops:
        return Ops(self)

    def with_options(self, **changes: Any) -> AwaitedClient:
        other = object.__new__(type(self))
        other.__dict__.update(_client=self._client.with_options(**changes), _whose=self)
        return other

    def close(self) -> None:
        run(self._client.aclose())

    def __enter__(self) -> AwaitedClient:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __getattr__(self, name: str) -> Any:
        if name == "_client":  # asked for by pickle, before there is one
            raise AttributeError(name)
        return getattr(self._client, name)

    def __repr__(self) -> str:
        return repr(self._client).replace("AsyncClient", "Client")
