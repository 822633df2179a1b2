"""An OpenAPI-driven dynamic client: every operation callable by its operationId.

    from dynclient import Client

    client = Client("qiskit-runtime", auth={"IBMCloudAuth": "token", "ServiceCRN": "crn:v1:..."})
    job = client.call("create_job", program_id="sampler", backend="ibm_fez", params={...})

Requests and responses are validated against the document; no code is generated.
"""

from __future__ import annotations

from .client import Client
from .document import Document, Problem, Trust, bundled_names, load
from .errors import (
    AuthError,
    ClientStatusError,
    ConnectError,
    DocumentError,
    DynclientError,
    InvalidRequest,
    InvalidResponse,
    RequestTimeout,
    ServerStatusError,
    StatusError,
    TransportError,
    UnknownOperation,
    Violation,
)
from .messages import Headers, HttpRequest, HttpResponse, Response
from .operation import File, Operation, Options, Parameter
from .validation import Validation

__version__ = "0.1.0"

__all__ = [
    "AuthError",
    "Client",
    "ClientStatusError",
    "ConnectError",
    "Document",
    "DocumentError",
    "DynclientError",
    "File",
    "Headers",
    "HttpRequest",
    "HttpResponse",
    "InvalidRequest",
    "InvalidResponse",
    "Operation",
    "Options",
    "Parameter",
    "Problem",
    "RequestTimeout",
    "Response",
    "ServerStatusError",
    "StatusError",
    "TransportError",
    "Trust",
    "UnknownOperation",
    "Validation",
    "Violation",
    "bundled_names",
    "load",
]
