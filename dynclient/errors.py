"""Every error of a document and a call; those of other tasks stand where they are raised.

    DynclientError
    ├─ DocumentError          unreadable, not OpenAPI, a $ref that leads nowhere
    │  └─ Unavailable         a $ref leads to a file at a URL that can't be fetched
    │     └─ NotLoaded        … that is not loaded yet
    ├─ UnknownOperation       also a LookupError; nearest names
    ├─ InvalidRequest         also a ValueError; every violation; nothing was sent
    ├─ AuthError              no alternative can be met, or a token could not be fetched
    ├─ TransportError         the request was built, the exchange failed
    │  ├─ ConnectError        no connection: refused, unknown host, proxy
    │  ├─ TLSError            the peer's certificate, or TLS itself
    │  ├─ RequestTimeout      connecting, a read or the whole took longer than allowed
    │  ├─ ConnectionBroken    the peer ended the exchange in the middle
    │  ├─ ResponseTooLarge    more bytes than the policy allows
    │  └─ TooManyRedirects    a chain that is too long, or a redirect that is not safe
    ├─ InvalidResponse        the server broke the document: .violations, .response
    └─ StatusError            4xx and 5xx: .status, .data, .problem, .response
       ├─ ClientStatusError   BadRequest, Unauthorized, Forbidden, NotFound, Conflict, …
       └─ ServerStatusError   InternalServerError, BadGateway, ServiceUnavailable, …

No message, repr or attribute shown in a traceback holds a secret value.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .messages import HttpRequest, Response, Violation
from .redaction import DEFAULT_REDACTOR
from .remedies import Remedy, Words, give, in_python

if TYPE_CHECKING:
    from .detail import ProblemDetails

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
    "Unavailable",
    "UnknownOperation",
    "UnprocessableContent",
    "UnsupportedMediaType",
    "Violation",
]


class DynclientError(Exception):
    """The root of every error that dynclient raises on purpose.

    `remedy` is what to do about it, as data; None where the message is enough.
    """

    remedy: Remedy | None = None

    def __init__(self, message: str = "", *, remedy: Remedy | None = None) -> None:
        super().__init__(message)
        self.remedy = remedy

    @property
    def message(self) -> str:
        """What went wrong, without the remedy."""
        return str(self.args[0]) if self.args else ""

    def worded(self, words: Words = in_python) -> str:
        """The whole message, with its remedy as Python or the shell words it."""
        message = self.message
        if self.remedy is None:
            return message
        text = words(self.remedy)
        if "\n" in message:  # a list, after which the remedy has a line of its own
            return f"{message}\n{text[:1].upper()}{text[1:]}"
        return f"{message}; {text}"

    def __str__(self) -> str:
        return self.worded()

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

    `problem` is what is wrong. `source` names the document (path or URL), `pointer` is the JSON
    Pointer to the problem, `line` and `column` count from 1 where the text itself is broken. Each
    is None if unknown.
    """

    def __init__(
        self,
        message: str,
        *,
        source: str | None = None,
        pointer: str | None = None,
        line: int | None = None,
        column: int | None = None,
        remedy: Remedy | None = None,
    ) -> None:
        place = DEFAULT_REDACTOR.url(source or "")
        if line is not None:
            place += f", line {line}, column {column}" if column else f", line {line}"
        if pointer is not None:
            place += f" at {pointer or 'the root'}"
        whole = f"{place.lstrip(', ')}: {message}" if place else message
        super().__init__(whole, remedy=remedy)
        self.problem = message
        self.source = source
        self.pointer = pointer
        self.line = line
        self.column = column


class Unavailable(DocumentError):
    """A `$ref` leads to a file at a URL, `uri`, that can't be fetched.

    `source` and `pointer` are the place of the `$ref`.
    """

    def __init__(
        self,
        uri: str,
        reason: str,
        *,
        source: str | None = None,
        pointer: str | None = None,
        remedy: Remedy | None = None,
    ) -> None:
        whole = f"$ref to {DEFAULT_REDACTOR.url(uri)!r} {reason}"
        super().__init__(whole, source=source, pointer=pointer, remedy=remedy)
        self.uri = uri


class NotLoaded(Unavailable):
    """A `$ref` leads to a file at a URL that is not loaded yet.

    Compiling fetches nothing: a client does, and compiles again.
    """

    def __init__(self, uri: str, *, source: str | None = None, pointer: str | None = None) -> None:
        remedy = "open the document with a Client, or add it: document.add(uri, content)"
        super().__init__(uri, f"is not loaded; {remedy}", source=source, pointer=pointer)


class UnknownOperation(DynclientError, LookupError):
    """The document has no operation of that name. `nearest` holds the closest names."""

    def __init__(self, name: str, nearest: Sequence[str] = (), *, title: str = "") -> None:
        hint = f"; did you mean {' or '.join(nearest)}?" if nearest else ""
        owner = f"{title} has" if title else "the document has"
        super().__init__(f"{owner} no operation {name!r}{hint}")
        self.name = name
        self.nearest = tuple(nearest)


class _ListsViolations(DynclientError):
    """An error whose message ends with its violations, a line each."""

    violations: tuple[Violation, ...] = ()

    def worded(self, words: Words = in_python) -> str:
        listed = "".join(f"\n  - {violation.worded(words)}" for violation in self.violations)
        return f"{self.message}:{listed}"


class InvalidRequest(_ListsViolations, ValueError):
    """The arguments break the document; nothing was sent. `violations` holds every violation."""

    def __init__(self, operation: str, violations: Sequence[Violation]) -> None:
        super().__init__(f"{operation}: nothing was sent")
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
        remedy: Remedy | None = None,
    ) -> None:
        super().__init__(f"{operation}: {message}" if operation else message, remedy=remedy)
        self.operation = operation
        self.missing = tuple(missing)
        self.code = code


class TransportError(DynclientError):
    """The request was built, and the exchange failed. `request` is kept, redacted.

    `sent` is whether the peer may have got any of it, `attempts` how often it was tried.
    """

    sent = True
    attempts = 1

    def __init__(self, message: str, *, request: HttpRequest, remedy: Remedy | None = None) -> None:
        self.request = request.redacted()
        name = f"{request.operation}: " if request.operation else ""
        super().__init__(f"{name}{request.method} {self.request.url}: {message}", remedy=remedy)


class ConnectError(TransportError):
    """No connection could be made."""

    sent = False


class TLSError(TransportError):
    """TLS failed: an untrusted or wrong certificate, or no common protocol."""


class RequestTimeout(TransportError):
    """Connecting, waiting for the next bytes, or the whole call took longer than the timeout."""


class ConnectionBroken(TransportError):
    """The peer closed or broke the connection before the response was complete."""


class ResponseTooLarge(TransportError):
    """The response has more bytes, once decoded, than the policy allows."""


class TooManyRedirects(TransportError):
    """Too many redirects, or one that could not be followed safely."""


class InvalidResponse(_ListsViolations):
    """The response breaks the document. `response` holds all of it, as far as it parses."""

    def __init__(self, operation: str, response: Response, violations: Sequence[Violation]) -> None:
        super().__init__(f"{operation}: the response ({response.status}) breaks the document")
        self.operation = operation
        self.response = response
        self.violations = tuple(violations)

    @property
    def data(self) -> Any:
        """The parsed body, so that nothing is lost."""
        return self.response.data


class StatusError(DynclientError):
    """The server responded with 4xx or 5xx.

    `status` is the code, `data` the body parsed by the error's schema, `problem` its problem
    details, `response` the whole response (`response.violations` lists how the error itself breaks
    the document).
    """

    def __init__(self, operation: str, response: Response, detail: str = "") -> None:
        end = f": {detail}" if detail else ""
        super().__init__(f"{operation}: the server responded with {response.status}{end}")
        self.operation = operation
        self.response = response
        self.status = response.status

    def asks_to_wait(self, seconds: float, most: float) -> None:
        """Say that the request was not sent again, as the server asks for a longer wait."""
        asked = f"it asks to wait {seconds:g} seconds, and at most {most:g} are waited"
        self.args = (f"{self.args[0]}; {asked}",)
        self.remedy = give(retries={"retry_after_max": ...})

    @property
    def data(self) -> Any:
        """The parsed error body; None when there was none."""
        return self.response.data

    @property
    def problem(self) -> ProblemDetails | None:
        """The title, detail and type of a body of `application/problem+json` (RFC 9457)."""
        from .detail import MEDIA_TYPE, ProblemDetails

        content_type = self.response.headers.get("Content-Type", "")
        if content_type.partition(";")[0].strip().lower() != MEDIA_TYPE:
            return None
        return ProblemDetails.of(self.response.data, self.response.request.mask())


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
