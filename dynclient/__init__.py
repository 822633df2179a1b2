"""An OpenAPI-driven dynamic client: every operation callable by its operationId.

    from dynclient import Client

    client = Client("qiskit-runtime", auth={"IBMCloudAuth": "token", "ServiceCRN": "crn:v1:..."})
    job = client.call("create_job", program_id="sampler", backend="ibm_fez", params={...})

Requests and responses are validated against the document; no code is generated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .version import __version__

if TYPE_CHECKING:
    from .async_client import AsyncClient
    from .auth import APIKeyHeader, BrowserLogin, DeviceLogin, DigestAuth, IAMAuth, OAuth2
    from .bulk.results import Results, RowResult
    from .client import Client
    from .document import Document, Problem, Trust, bundled_names, load
    from .downloading import DownloadError
    from .errors import (
        AuthError,
        BadRequest,
        ClientStatusError,
        Conflict,
        ConnectError,
        ConnectionBroken,
        DocumentError,
        DynclientError,
        Forbidden,
        InvalidRequest,
        InvalidResponse,
        NotFound,
        NotLoaded,
        RequestTimeout,
        ResponseTooLarge,
        ServerStatusError,
        StatusError,
        TLSError,
        TooManyRedirects,
        TooManyRequests,
        TransportError,
        Unauthorized,
        Unavailable,
        UnknownOperation,
    )
    from .limits import RateLimits
    from .links import LinkError
    from .messages import Headers, HttpRequest, HttpResponse, Response, Timeout, Violation
    from .observers import LoggingObserver
    from .operation import UNSET, File, Operation, Options, Parameter
    from .operation.content.codec import Codec
    from .operation.only import Only
    from .otel import OpenTelemetryObserver
    from .paging.style import Paging, PagingError
    from .polling import PollTimeout
    from .remedies import Remedy
    from .retries import Retries
    from .transport import (
        AiohttpTransport,
        ASGITransport,
        HttpxTransport,
        MockTransport,
        RequestsTransport,
        SocketTransport,
        WSGITransport,
    )
    from .validation import Validation

#: Where each name comes from: a program waits for nothing that it does not use.
_HOMES = {
    "APIKeyHeader": ".auth",
    "ASGITransport": ".transport",
    "AiohttpTransport": ".transport",
    "AsyncClient": ".async_client",
    "AuthError": ".errors",
    "BadRequest": ".errors",
    "BrowserLogin": ".auth",
    "Client": ".client",
    "ClientStatusError": ".errors",
    "Codec": ".operation.content.codec",
    "Conflict": ".errors",
    "ConnectError": ".errors",
    "ConnectionBroken": ".errors",
    "DeviceLogin": ".auth",
    "DigestAuth": ".auth",
    "Document": ".document",
    "DocumentError": ".errors",
    "DownloadError": ".downloading",
    "DynclientError": ".errors",
    "File": ".operation",
    "Forbidden": ".errors",
    "Headers": ".messages",
    "HttpRequest": ".messages",
    "HttpResponse": ".messages",
    "HttpxTransport": ".transport",
    "IAMAuth": ".auth",
    "InvalidRequest": ".errors",
    "InvalidResponse": ".errors",
    "LinkError": ".links",
    "LoggingObserver": ".observers",
    "MockTransport": ".transport",
    "NotFound": ".errors",
    "NotLoaded": ".errors",
    "OAuth2": ".auth",
    "Only": ".operation.only",
    "OpenTelemetryObserver": ".otel",
    "Operation": ".operation",
    "Options": ".operation",
    "Paging": ".paging.style",
    "PagingError": ".paging.style",
    "Parameter": ".operation",
    "PollTimeout": ".polling",
    "Problem": ".document",
    "RateLimits": ".limits",
    "Remedy": ".remedies",
    "RequestTimeout": ".errors",
    "RequestsTransport": ".transport",
    "Response": ".messages",
    "Results": ".bulk.results",
    "Retries": ".retries",
    "RowResult": ".bulk.results",
    "ResponseTooLarge": ".errors",
    "ServerStatusError": ".errors",
    "SocketTransport": ".transport",
    "StatusError": ".errors",
    "TLSError": ".errors",
    "Timeout": ".messages",
    "TooManyRedirects": ".errors",
    "TooManyRequests": ".errors",
    "TransportError": ".errors",
    "Trust": ".document",
    "UNSET": ".operation",
    "Unauthorized": ".errors",
    "Unavailable": ".errors",
    "UnknownOperation": ".errors",
    "Validation": ".validation",
    "Violation": ".messages",
    "WSGITransport": ".transport",
    "bundled_names": ".document",
    "load": ".document",
}

__all__ = [
    "UNSET",
    "APIKeyHeader",
    "ASGITransport",
    "AiohttpTransport",
    "AsyncClient",
    "AuthError",
    "BadRequest",
    "BrowserLogin",
    "Client",
    "ClientStatusError",
    "Codec",
    "Conflict",
    "ConnectError",
    "ConnectionBroken",
    "DeviceLogin",
    "DigestAuth",
    "Document",
    "DocumentError",
    "DownloadError",
    "DynclientError",
    "File",
    "Forbidden",
    "Headers",
    "HttpRequest",
    "HttpResponse",
    "HttpxTransport",
    "IAMAuth",
    "InvalidRequest",
    "InvalidResponse",
    "LinkError",
    "LoggingObserver",
    "MockTransport",
    "NotFound",
    "NotLoaded",
    "OAuth2",
    "Only",
    "OpenTelemetryObserver",
    "Operation",
    "Options",
    "Paging",
    "PagingError",
    "Parameter",
    "PollTimeout",
    "Problem",
    "RateLimits",
    "Remedy",
    "RequestTimeout",
    "RequestsTransport",
    "Response",
    "ResponseTooLarge",
    "Results",
    "Retries",
    "RowResult",
    "ServerStatusError",
    "SocketTransport",
    "StatusError",
    "TLSError",
    "Timeout",
    "TooManyRedirects",
    "TooManyRequests",
    "TransportError",
    "Trust",
    "Unauthorized",
    "Unavailable",
    "UnknownOperation",
    "Validation",
    "Violation",
    "WSGITransport",
    "__version__",
    "bundled_names",
    "load",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
