"""An asynchronous transport behind the face of a synchronous one: both have the same tests."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from dynclient.messages import HttpRequest
from dynclient.transport import AsyncOpenResponse

_T = TypeVar("_T")


class Blocking:
    """Runs the transport in an event loop of a thread of its own."""

    def __init__(self, transport: Any) -> None:
        self.inner = transport
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def wait(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(60)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def open(self, request: HttpRequest) -> BlockingResponse:
        return BlockingResponse(self, self.wait(self.inner.open(request)))

    def send(self, request: HttpRequest) -> Any:
        return self.wait(self.inner.send(request))

    def close(self) -> None:
        self.wait(self.inner.aclose())

    def __enter__(self) -> Blocking:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        given = getattr(self.inner, "_given", None)
        if given is not None:
            self.wait(given.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)


class BlockingResponse:
    def __init__(self, owner: Blocking, inner: AsyncOpenResponse) -> None:
        self._owner = owner
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def __iter__(self) -> BlockingResponse:
        return self

    def __next__(self) -> bytes:
        piece = self._owner.wait(anext(self.inner, None))
        if piece is None:
            raise StopIteration
        return piece

    def read(self) -> bytes:
        return self._owner.wait(self.inner.read())

    def close(self) -> None:
        self._owner.wait(self.inner.aclose())

    def __enter__(self) -> BlockingResponse:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
