"""A service in process: an application that is named, under a client."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

__all__ = ["app_named", "base_url_in_process", "transport_to"]


def app_named(name: str) -> Any:
    """The application that `MODULE:ATTRIBUTE` names. ValueError, with a reason, if none is."""
    module, colon, attribute = name.partition(":")
    if not colon:
        raise ValueError(f"{name}: give MODULE:ATTRIBUTE")
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"{name}: {error}") from None


def transport_to(app: Any, *, asynchronous: bool = False) -> Any:
    """A transport that calls an ASGI or WSGI application."""
    from ..transport import ASGITransport, WSGITransport

    call = app if inspect.isfunction(app) else type(app).__call__
    is_asgi = asynchronous or inspect.iscoroutinefunction(call)
    return (ASGITransport if is_asgi else WSGITransport)(app)


def base_url_in_process(servers: Sequence[Mapping[str, Any]]) -> str | None:
    """A base URL for a document whose server is relative; None where it names one."""
    first = str(servers[0].get("url", "/")) if servers else "/"
    return None if "://" in first else f"http://testserver{first.rstrip('/')}"
