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
    "default_transport",
]

_ROOMS = {
    "AiohttpTransport": ".aiohttp_transport",
    "HttpxTransport": ".httpx_transport",
    "RequestsTransport": ".requests_transport",
    "SocketTransport": ".socket_transport",
}


def default_transport(**settings: Any) -> SocketTransport:
    """The transport a client uses when it is given none: `SocketTransport`, see docs/transport.md.

    `settings` are its options: timeout, pool_size, max_response_bytes, verify, cert, trust_env.
    """
    from .socket_transport import SocketTransport

    return SocketTransport(**settings)


def __getattr__(name: str) -> Any:
    """The classes, each from a module of its own that is imported when it is asked for."""
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_ROOMS[name], __name__), name)
