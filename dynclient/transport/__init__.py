"""Ways to send an `HttpRequest`. Importing this package imports no HTTP library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .base import Transport

if TYPE_CHECKING:
    from .lean import LeanTransport
    from .opened import OpenResponse
    from .requests_transport import RequestsTransport

__all__ = ["LeanTransport", "OpenResponse", "RequestsTransport", "Transport", "default_transport"]

_ROOMS = {
    "LeanTransport": ".lean",
    "OpenResponse": ".opened",
    "RequestsTransport": ".requests_transport",
}


def default_transport(**settings: Any) -> LeanTransport:
    """The transport a client uses when it is given none: `LeanTransport`, see docs/transport.md.

    `settings` are its options: timeout, pool_size, max_response_bytes, verify, cert,
    max_redirects, trust_env.
    """
    from .lean import LeanTransport

    return LeanTransport(**settings)


def __getattr__(name: str) -> Any:
    """The classes, each from a module of its own that is imported when it is asked for."""
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_ROOMS[name], __name__), name)
