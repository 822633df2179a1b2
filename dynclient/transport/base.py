"""What a transport is: one method, synchronous or asynchronous."""

from __future__ import annotations

from typing import NoReturn, Protocol, runtime_checkable

from ..messages import HttpRequest
from .opened import AsyncOpenResponse, OpenResponse

__all__ = ["CLOSED", "DEFAULT_MAX_RESPONSE_BYTES", "AsyncTransport", "Transport"]

#: 1 GiB: longer than the response of any API, and no machine runs out of memory.
DEFAULT_MAX_RESPONSE_BYTES = 1 << 30


@runtime_checkable
class Transport(Protocol):
    """Anything that sends a request and opens the response. May be called by many threads.

    `open` sends one request and returns when the header of its response is there, whatever the
    status: no redirect is followed. It raises `TransportError` (or a subclass) when there is no
    response. The body is read, and bounded, by the `OpenResponse`.

    An object that also has `close()` is closed by the client that made it, and only by that one.
    """

    def open(self, request: HttpRequest) -> OpenResponse:
        """Send one request; the header of its response is there, the body still to be read."""
        ...


@runtime_checkable
class AsyncTransport(Protocol):
    """The same for `AsyncClient`. One that also has `aclose()` is closed by who made it."""

    async def open(self, request: HttpRequest) -> AsyncOpenResponse:
        """Send one request; the header of its response is there, the body still to be read."""
        ...


class _Closed:
    """Sends nothing. RuntimeError, as a closed httpx.Client raises it: the program is at fault."""

    def open(self, _request: HttpRequest) -> NoReturn:
        raise RuntimeError(
            "the client is closed, so nothing was sent; call within its `with` block or before "
            "close(), or make another Client"
        )


#: What a closed client has for a transport: no call that is open has to ask whether it is.
CLOSED = _Closed()
