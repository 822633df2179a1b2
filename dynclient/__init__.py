"""An OpenAPI-driven dynamic client: every operation callable by its operationId.

    from dynclient import Client

    client = Client("qiskit-runtime", auth={"IBMCloudAuth": "token", "ServiceCRN": "crn:v1:..."})
    job = client.call("create_job", program_id="sampler", backend="ibm_fez", params={...})

Requests and responses are validated against the document; no code is generated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .client import Client
from .document import Document, Problem, Trust, bundled_names, load
from .errors import (
    AuthError,
    BadRequest,
    ClientStatusError,
    Conflict,
    ConnectError,
    DocumentError,
    DynclientError,
    Forbidden,
    InvalidRequest,
    InvalidResponse,
    NotFound,
    NotLoaded,
    RequestTimeout,
    ServerStatusError,
    StatusError,
    TooManyRequests,
    TransportError,
    Unauthorized,
    Unavailable,
    UnknownOperation,
)
from .messages import Headers, HttpRequest, HttpResponse, Response, Timeout, Violation
from .operation import UNSET, File, Operation, Options, Parameter
from .remedies import Remedy
from .validation import Validation
from .version import __version__

if TYPE_CHECKING:
    from .async_client import AsyncClient
    from .auth import IAMAuth
    from .observers import LoggingObserver
    from .operation.content.codec import Codec
    from .operation.only import Only
    from .otel import OpenTelemetryObserver
    from .transport import RequestsTransport, SocketTransport

#: What most programs don't need is imported when it is asked for.
_LAZY = {
    "AsyncClient": ".async_client",
    "IAMAuth": ".auth",
    "LoggingObserver": ".observers",
    "Codec": ".operation.content.codec",
    "Only": ".operation.only",
    "OpenTelemetryObserver": ".otel",
    "RequestsTransport": ".transport",
    "SocketTransport": ".transport",
}

__all__ = [
    "UNSET",
    "AsyncClient",
    "AuthError",
    "BadRequest",
    "Client",
    "ClientStatusError",
    "Codec",
    "Conflict",
    "ConnectError",
    "Document",
    "DocumentError",
    "DynclientError",
    "File",
    "Forbidden",
    "Headers",
    "HttpRequest",
    "HttpResponse",
    "IAMAuth",
    "InvalidRequest",
    "InvalidResponse",
    "LoggingObserver",
    "NotFound",
    "NotLoaded",
    "Only",
    "OpenTelemetryObserver",
    "Operation",
    "Options",
    "Parameter",
    "Problem",
    "Remedy",
    "RequestTimeout",
    "RequestsTransport",
    "Response",
    "ServerStatusError",
    "SocketTransport",
    "StatusError",
    "Timeout",
    "TooManyRequests",
    "TransportError",
    "Trust",
    "Unauthorized",
    "Unavailable",
    "UnknownOperation",
    "Validation",
    "Violation",
    "__version__",
    "bundled_names",
    "load",
]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_LAZY[name], __name__), name)
