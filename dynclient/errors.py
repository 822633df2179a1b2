"""Every error that dynclient raises, on one page.

    DynclientError
    ├─ DocumentError          unreadable, not OpenAPI, a $ref that leads nowhere
    │  └─ NotLoaded           a $ref to a file that must be fetched first
    ├─ UnknownOperation       also a LookupError; nearest names
    ├─ InvalidRequest         also a ValueError; every violation; nothing was sent
    ├─ AuthError              no alternative can be met, or a token could not be had
    ├─ TransportError         the request was built, the exchange failed
    │  ├─ ConnectError        no connection: refused, unknown host, proxy
    │  ├─ TLSError            the peer's certificate, or TLS itself
    │  ├─ RequestTimeout      connect or read took longer than allowed
    │  ├─ ConnectionBroken    the peer ended the exchange in the middle
    │  ├─ ResponseTooLarge    more bytes than the policy allows
    │  └─ TooManyRedirects    a chain of redirects without an end
    ├─ InvalidResponse        the server broke the document: .violations, .response
    └─ StatusError            4xx and 5xx: .status, .data, .response
       ├─ ClientStatusError   BadRequest, Unauthorized, Forbidden, NotFound, Conflict, …
       └─ ServerStatusError   InternalServerError, BadGateway, ServiceUnavailable, …

No message, repr or attribute shown in a traceback holds a secret value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from .messages import HttpRequest, Response, Violation

__all__ = [
    "AuthError",
    "BadGateway",
    "BadRequest",
    "ClientStatusError",
    "Conflict",
    "ConnectError",
    "ConnectionBroken",
    "DocumentError",
    "DynclientError",
    "Forbidden",
    "GatewayTimeout",
    "Gone",
    "InternalServerError",
    "InvalidRequest",
    "InvalidResponse",
    "MethodNotAllowed",
    "NotAcceptable",
    "NotFound",
    "NotLoaded",
    "PayloadTooLarge",
    "PreconditionFailed",
    "RequestTimeout",
    "ResponseTooLarge",
    "ServerStatusError",
    "ServiceUnavailable",
    "StatusError",
    "TLSError",
    "TooManyRedirects",
    "TooManyRequests",
    "TransportError",
    "Unauthorized",
    "UnknownOperation",
    "UnprocessableContent",
    "UnsupportedMediaType",
    "Violation",
]


def masked(violation: Violation) -> Violation:
    """The same violation of a secret value, told without the value."""
    return replace(violation, message=f"[redacted] does not keep to {violation.rule}")


class DynclientError(Exception):
    """The root of every error that dynclient raises on purpose."""

    def __reduce__(self) -> tuple[Any, ...]:
        # As it is, not by calling it again: the message in `args` is not what it was made from.
        return _revive, (type(self), self.args, self.__dict__)


def _revive(kind: type[DynclientError], args: tuple[Any, ...], state: dict[str, Any]) -> Any:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(state)
    return error


class DocumentError(DynclientError):
    """The OpenAPI document can't be read or used.

    `source` names the document (path or URL), `pointer` is the JSON Pointer to the fault,
    `line` and `column` count from 1 where the text itself is broken. Each is None if unknown.
    """

    def __init__(
        self,
        message: str,
        *,
        source: str | None = None,
        pointer: str | None = None,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        place = source or ""
        if line is not None:
            place += f", line {line}, column {column}" if column else f", line {line}"
        if pointer is not None:
            place += f" at {pointer or 'the root'}"
        super().__init__(f"{place.lstrip(', ')}: {message}" if place else message)
        self.problem = message
        self.source = source
        self.pointer = pointer
        self.line = line
        self.column = column


class NotLoaded(DocumentError):
    """A `$ref` leads to a file that must be fetched first: `uri`.

    A client fetches it and goes on. Without one, `document.add(uri, content)` takes what was
    fetched elsewhere.
    """

    def __init__(self, uri: str, *, source: str | None, pointer: str | None) -> None:
        super().__init__(
            f"$ref to {uri!r}, which is not loaded: open the document with a Client, or fetch it "
            "and give it to document.add(uri, content)",
            source=source,
            pointer=pointer,
        )
        self.uri = uri


class UnknownOperation(DynclientError, LookupError):
    """The document has no operation of that name. `nearest` holds the closest names."""

    def __init__(self, name: str, nearest: Sequence[str] = (), *, title: str = "") -> None:
        hint = f"; did you mean {' or '.join(nearest)}?" if nearest else ""
        owner = f"{title} has" if title else "the document has"
        super().__init__(f"{owner} no operation {name!r}{hint}")
        self.name = name
        self.nearest = tuple(nearest)


def _listed(head: str, violations: Sequence[Violation]) -> str:
    lines = "".join(f"\n  - {violation}" for violation in violations)
    return f"{head}:{lines}"


class InvalidRequest(DynclientError, ValueError):
    """The arguments break the document. Nothing was sent; `violations` names every fault."""

    def __init__(self, operation: str, violations: Sequence[Violation]) -> None:
        super().__init__(_listed(f"{operation}: nothing was sent", violations))
        self.operation = operation
        self.violations = tuple(violations)


class AuthError(DynclientError):
    """A request could not be authenticated.

    `missing` names the security schemes for which no credential was given; `code` is the token
    service's own error code when an exchange failed.
    """

    def __init__(
        self,
        message: str,
        *,
        operation: str | None = None,
        missing: Sequence[str] = (),
        code: str | None = None,
    ) -> None:
        super().__init__(f"{operation}: {message}" if operation else message)
        self.operation = operation
        self.missing = tuple(missing)
        self.code = code


class TransportError(DynclientError):
    """The request was built, and the exchange failed. `request` is kept, redacted."""

    def __init__(self, message: str, *, request: HttpRequest) -> None:
        self.request = request.redacted()
        name = f"{request.operation}: " if request.operation else ""
        super().__init__(f"{name}{request.method} {self.request.url}: {message}")


class ConnectError(TransportError):
    """No connection could be made."""


class TLSError(TransportError):
    """TLS failed: an untrusted or wrong certificate, or no common protocol."""


class RequestTimeout(TransportError):
    """Connecting, or waiting for the next bytes, took longer than the timeout."""


class ConnectionBroken(TransportError):
    """The peer closed or broke the connection before the answer was complete."""


class ResponseTooLarge(TransportError):
    """The answer has more bytes, once decoded, than the policy allows."""


class TooManyRedirects(TransportError):
    """The redirects did not come to an end, or one could not be followed safely."""


class InvalidResponse(DynclientError):
    """The server's answer breaks the document. `response` holds all of it, as far as it parses."""

    def __init__(self, operation: str, response: Response, violations: Sequence[Violation]) -> None:
        head = f"{operation}: the answer ({response.status}) breaks the document"
        super().__init__(_listed(head, violations))
        self.operation = operation
        self.response = response
        self.violations = tuple(violations)

    @property
    def data(self) -> Any:
        """The parsed body, so that nothing is lost."""
        return self.response.data


class StatusError(DynclientError):
    """The server answered with 4xx or 5xx.

    `status` is the code, `data` the body parsed by the error's schema, `response` the whole
    answer (`response.violations` tells whether the error itself keeps to the document).
    """

    def __init__(self, operation: str, response: Response, detail: str = "") -> None:
        said = f": {detail}" if detail else ""
        super().__init__(f"{operation}: the server answered {response.status}{said}")
        self.operation = operation
        self.response = response
        self.status = response.status

    @property
    def data(self) -> Any:
        """The parsed error body; None when there was none."""
        return self.response.data


class ClientStatusError(StatusError):
    """Any 4xx status."""


class BadRequest(ClientStatusError):
    """400"""


class Unauthorized(ClientStatusError):
    """401"""


class Forbidden(ClientStatusError):
    """403"""


class NotFound(ClientStatusError):
    """404"""


class MethodNotAllowed(ClientStatusError):
    """405"""


class NotAcceptable(ClientStatusError):
    """406"""


class Conflict(ClientStatusError):
    """409"""


class Gone(ClientStatusError):
    """410"""


class PreconditionFailed(ClientStatusError):
    """412"""


class PayloadTooLarge(ClientStatusError):
    """413"""


class UnsupportedMediaType(ClientStatusError):
    """415"""


class UnprocessableContent(ClientStatusError):
    """422"""


class TooManyRequests(ClientStatusError):
    """429"""


class ServerStatusError(StatusError):
    """Any 5xx status."""


class InternalServerError(ServerStatusError):
    """500"""


class BadGateway(ServerStatusError):
    """502"""


class ServiceUnavailable(ServerStatusError):
    """503"""


class GatewayTimeout(ServerStatusError):
    """504"""


#: The class raised for a status; others fall back to their family.
STATUS_ERRORS: dict[int, type[StatusError]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    405: MethodNotAllowed,
    406: NotAcceptable,
    409: Conflict,
    410: Gone,
    412: PreconditionFailed,
    413: PayloadTooLarge,
    415: UnsupportedMediaType,
    422: UnprocessableContent,
    429: TooManyRequests,
    500: InternalServerError,
    502: BadGateway,
    503: ServiceUnavailable,
    504: GatewayTimeout,
}


def status_error_class(status: int) -> type[StatusError]:
    """The error class for an HTTP status of 400 or more."""
    family = ServerStatusError if status >= 500 else ClientStatusError
    return STATUS_ERRORS.get(status, family)
