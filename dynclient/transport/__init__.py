"""Ways to send an `HttpRequest`. Importing this package imports no HTTP library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .base import Transport

if TYPE_CHECKING:
    from .requests_transport import RequestsTransport

__all__ = ["RequestsTransport", "Transport"]

_ROOMS = {"RequestsTransport": ".requests_transport"}


def __getattr__(name: str) -> Any:
    """The classes, each from a module of its own that is imported when it is asked for."""
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_ROOMS[name], __name__), name)
