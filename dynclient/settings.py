"""What a client is given, checked: its transport and its base URL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from .redaction import DEFAULT_REDACTOR
from .transport import Transport, default_transport

__all__ = ["Timeout", "checked_base_url", "transport_for"]

#: Seconds: one number for connecting and for each read, or the two apart.
Timeout: TypeAlias = float | tuple[float, float]


def transport_for(
    given: Any, timeout: Timeout | None, settings: Mapping[str, Any]
) -> tuple[Transport, bool]:
    """The transport for what a caller gave, and whether it is the client's own to close.

    Raises TypeError for what can't send.
    """
    own: dict[str, Any] = {} if timeout is None else {"timeout": timeout}
    if given is None:
        limit = settings["trust"].max_response_bytes
        return default_transport(max_response_bytes=limit, **own), True
    if hasattr(given, "prepare_request"):
        from .transport import RequestsTransport

        return RequestsTransport(given, **own), True
    if not callable(getattr(given, "send", None)):
        raise TypeError(
            f"transport= takes an object with send(HttpRequest) -> HttpResponse, or a "
            f"requests.Session, not {type(given).__name__}"
        )
    return given, False


def checked_base_url(url: str | None) -> str | None:
    """The base URL without a trailing slash. ValueError, or TypeError, for what is none."""
    if url is None:
        return None
    if not isinstance(url, str):
        raise TypeError(f"base_url= is a URL, not {type(url).__name__}")
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise ValueError(f"base_url= is no URL: {error}") from None
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise ValueError(
            f"base_url={DEFAULT_REDACTOR.url(url)!r}: give an absolute http or https URL without "
            "query or fragment"
        )
    return url.rstrip("/")
