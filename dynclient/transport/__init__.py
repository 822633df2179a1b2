"""Ways to send an `HttpRequest`. Importing this package imports no HTTP library."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from .base import AsyncTransport, Transport
from .opened import AsyncOpenResponse, OpenResponse

if TYPE_CHECKING:
    from .aiohttp_transport import AiohttpTransport
    from .httpx_transport import HttpxTransport
    from .requests_transport import RequestsTransport
    from .socket_transport import SocketTransport

__all__ = [
    "AiohttpTransport",
    "AsyncOpenResponse",
    "AsyncTransport",
    "HttpxTransport",
    "OpenResponse",
    "RequestsTransport",
    "SocketTransport",
    "Transport",
    "transport_for",
]

_ROOMS = {
    "AiohttpTransport": ".aiohttp_transport",
    "HttpxTransport": ".httpx_transport",
    "RequestsTransport": ".requests_transport",
    "SocketTransport": ".socket_transport",
}


def transport_for(
    given: Any, *, asynchronous: bool = False, **settings: Any
) -> tuple[Any, Any | None]:
    """The transport for what a client was given; and the same again if the client is to close it.

    given         None for the usual one; "requests"; a `requests.Session`, an `httpx2.Client` or,
                  asynchronous, an `httpx2.AsyncClient` or `aiohttp.ClientSession`; an object with
                  `open`, which for an asynchronous client is an async function
    settings      options of a transport that is made here

    TypeError for what can't send.
    """
    kind = _kind_of(given, asynchronous)
    if kind is not None:
        made = __getattr__(kind)(*_arguments(given), **settings)
        return made, made
    opens = getattr(given, "open", None)
    if callable(opens) and inspect.iscoroutinefunction(opens) == asynchronous:
        return given, None
    wanted = (
        "an httpx2.AsyncClient, an aiohttp.ClientSession, or an object with "
        "`async open(HttpRequest) -> AsyncOpenResponse`"
        if asynchronous
        else "a requests.Session, an httpx2.Client, the name 'requests', or an object with "
        "`open(HttpRequest) -> OpenResponse`"
    )
    raise TypeError(f"transport= takes {wanted}, not {given!r}")


def _kind_of(given: Any, asynchronous: bool) -> str | None:
    """The name of our transport over what was given; told without importing its library."""
    if given is None:
        return "AiohttpTransport" if asynchronous else "SocketTransport"
    room = type(given).__module__.partition(".")[0]
    if asynchronous:
        if room == "aiohttp":
            return "AiohttpTransport"
        return "HttpxTransport" if room == "httpx2" and hasattr(given, "aclose") else None
    if given == "requests" or hasattr(given, "prepare_request"):
        return "RequestsTransport"
    return "HttpxTransport" if room == "httpx2" and not hasattr(given, "aclose") else None


def _arguments(given: Any) -> tuple[Any, ...]:
    return () if given is None or isinstance(given, str) else (given,)


def __getattr__(name: str) -> Any:
    """The classes, each from a module of its own that is imported when it is asked for."""
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_ROOMS[name], __name__), name)
