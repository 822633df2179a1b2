"""Ways to send an `HttpRequest`. Importing this package imports no HTTP library."""

from __future__ import annotations

from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any

from .base import AsyncTransport, Transport
from .opened import AsyncOpenResponse, OpenResponse

if TYPE_CHECKING:
    from .aiohttp_transport import AiohttpTransport
    from .asgi_transport import ASGITransport
    from .httpx_transport import HttpxTransport
    from .mock_transport import MockTransport
    from .requests_transport import RequestsTransport
    from .socket_transport import SocketTransport
    from .wsgi_transport import WSGITransport

__all__ = [
    "ASGITransport",
    "AiohttpTransport",
    "AsyncOpenResponse",
    "AsyncTransport",
    "HttpxTransport",
    "MockTransport",
    "OpenResponse",
    "RequestsTransport",
    "SocketTransport",
    "Transport",
    "WSGITransport",
    "may_have_certificate",
    "transport_for",
]

_ROOMS = {
    "ASGITransport": ".asgi_transport",
    "AiohttpTransport": ".aiohttp_transport",
    "HttpxTransport": ".httpx_transport",
    "MockTransport": ".mock_transport",
    "RequestsTransport": ".requests_transport",
    "SocketTransport": ".socket_transport",
    "WSGITransport": ".wsgi_transport",
}


def transport_for(
    given: Any, *, asynchronous: bool = False, **settings: Any
) -> tuple[Any, Any | None]:
    """The transport for what a client was given; and the same again if the client is to close it.

    given         None for the usual one, "requests", a session or client of requests, aiohttp or
                  httpx2, or a transport
    asynchronous  for AsyncClient
    settings      options of a transport that is made here

    TypeError for what can't send.
    """
    made = _made(given, asynchronous, settings)
    if made is not None:
        return made, made
    transport = given.for_async() if asynchronous and hasattr(given, "for_async") else given
    opens = getattr(transport, "open", None)
    if not callable(opens):
        others = (
            "an aiohttp.ClientSession or an httpx2.AsyncClient"
            if asynchronous
            else "a requests.Session, an httpx2.Client or the name 'requests'"
        )
        raise TypeError(
            "transport= takes an object with open(HttpRequest) -> OpenResponse, "
            f"{others}, not {given!r}"
        )
    if iscoroutinefunction(opens) is not asynchronous:
        kind, method = ("AsyncClient", "async open") if asynchronous else ("Client", "open")
        raise TypeError(f"{kind} needs a transport with `{method}`, not {type(given).__name__}")
    return transport, None


def may_have_certificate(given: Any) -> bool:
    """Whether a transport, as a client was given it, may show a client certificate.

    True where that can't be told: for a session of the caller's, or a transport of another's.
    """
    if given is None or given == "requests":
        return False
    known: bool = getattr(given, "has_certificate", True)
    return known


def _made(given: Any, asynchronous: bool, settings: dict[str, Any]) -> Any:
    """The transport that is made for it; None if it should be one itself.

    Told by what it has, as no HTTP library is imported to look at its classes.
    """
    if given is None and not asynchronous:
        from .socket_transport import SocketTransport

        return SocketTransport(**settings)
    if hasattr(given, "ws_connect") or (given is None and asynchronous):
        from .aiohttp_transport import AiohttpTransport

        return AiohttpTransport(given, **settings)
    if hasattr(given, "build_request"):
        from .httpx_transport import HttpxTransport

        transport = HttpxTransport(given, **settings)
        return transport if iscoroutinefunction(transport.open) is asynchronous else None
    if not asynchronous and (given == "requests" or hasattr(given, "prepare_request")):
        from .requests_transport import RequestsTransport

        if given == "requests":
            # Through `Session.send`, so that what replaces it (mocks, tracers) counts.
            return RequestsTransport(through_session=True, **settings)
        return RequestsTransport(given, **settings)
    return None


def __getattr__(name: str) -> Any:
    """The classes, each from a module of its own that is imported when it is asked for."""
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_ROOMS[name], __name__), name)
