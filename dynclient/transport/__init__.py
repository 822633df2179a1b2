"""Ways to send an `HttpRequest`. Importing this package imports no HTTP library."""

from __future__ import annotations

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

    given     None for the usual one, "requests", a `requests.Session`, or an object with `open`
    settings  options of a transport that is made here

    TypeError for what can't send.
    """
    made: Any = None
    if given is None and not asynchronous:
        from .socket_transport import SocketTransport

        made = SocketTransport(**settings)
    elif given == "requests" or hasattr(given, "prepare_request"):
        from .requests_transport import RequestsTransport

        made = RequestsTransport(None if given == "requests" else given, **settings)
    if made is not None:
        return made, made
    if not callable(getattr(given, "open", None)):
        raise TypeError(
            "transport= takes an object with open(HttpRequest) -> OpenResponse, or a "
            f"requests.Session, or the name 'requests', not {given!r}"
        )
    return given, None


def __getattr__(name: str) -> Any:
    """The classes, each from a module of its own that is imported when it is asked for."""
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_ROOMS[name], __name__), name)
