"""What a response comes to: the response itself, or the error that the call raises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import structs

from . import errors as kinds
from .errors import DynclientError, InvalidResponse, StatusError
from .messages import Response, Violation

if TYPE_CHECKING:
    from .validation import Validation

__all__ = ["verdict"]

#: The class raised for a status; others have the class of their family.
_BY_STATUS: dict[int, type[StatusError]] = {
    400: kinds.BadRequest,
    401: kinds.Unauthorized,
    403: kinds.Forbidden,
    404: kinds.NotFound,
    405: kinds.MethodNotAllowed,
    406: kinds.NotAcceptable,
    409: kinds.Conflict,
    410: kinds.Gone,
    412: kinds.PreconditionFailed,
    413: kinds.PayloadTooLarge,
    415: kinds.UnsupportedMediaType,
    422: kinds.UnprocessableContent,
    429: kinds.TooManyRequests,
    500: kinds.InternalServerError,
    502: kinds.BadGateway,
    503: kinds.ServiceUnavailable,
    504: kinds.GatewayTimeout,
}


def verdict(
    response: Response,
    policy: Validation,
    warned_before: tuple[Violation, ...] = (),
    *,
    raises: bool = True,
) -> tuple[Response, DynclientError | None]:
    """The response with the violations that the policy keeps, and the error to raise for it.

    `warned_before` are the violations of the request that the policy let pass. Those of the
    response that it lets pass are logged once and stay in `violations`. `raises` is whether 4xx
    and 5xx are errors; one that breaks the document as well is an error of both classes.
    """
    if response.status < 400 and not response.violations and not warned_before:
        return response, None
    errors: tuple[Violation, ...] = ()
    if response.violations or warned_before:
        masked = _masked(response)
        errors, warned = policy.split(masked)
        response = structs.replace(response, violations=(*warned_before, *errors, *warned))
        if warned_before or warned:
            listed = "; ".join(map(str, (*warned_before, *warned)))
            _warn("%s: %s", response.operation.name, listed)
    if response.status >= 400 and raises:
        kind = _status_error(response.status)
        from .detail import challenge_of, detail_of

        mask = response.request.mask()
        challenges = response.headers.get("WWW-Authenticate", "")
        details = (detail_of(response.data, mask), challenge_of(challenges, mask))
        detail = "; ".join(filter(None, details))
        if errors:
            return response, _invalid(kind)(response.operation.name, response, errors, detail)
        return response, kind(response.operation.name, response, detail)
    if errors:
        return response, InvalidResponse(response.operation.name, response, errors)
    return response, None


def _status_error(status: int) -> type[StatusError]:
    family = kinds.ServerStatusError if status >= 500 else kinds.ClientStatusError
    return _BY_STATUS.get(status, family)


def _masked(response: Response) -> tuple[Violation, ...]:
    """The violations, without the credentials that a server may have put in its response."""
    mask = response.request.mask()
    return tuple(structs.replace(each, message=mask(each.message)) for each in response.violations)


def _warn(message: str, *values: str) -> None:
    import logging  # slow to import, and most programs that use us never log

    logging.getLogger("dynclient").warning(message, *values)


class _InvalidStatus(InvalidResponse, StatusError):
    """An error response that breaks the document: caught by its status, and as InvalidResponse."""

    def __init__(
        self, operation: str, response: Response, violations: tuple[Violation, ...], detail: str
    ) -> None:
        StatusError.__init__(self, operation, response, detail)
        self.args = (f"{self.args[0]}; the response breaks the document",)
        self.violations = tuple(violations)

    def __reduce__(self) -> tuple[Any, ...]:
        kind = _status_error(self.status)
        return _revive, (kind, self.args, self.__dict__)


_INVALID_KINDS: dict[type[StatusError], Any] = {}


def _invalid(kind: type[StatusError]) -> Any:
    """The class of an error response of this kind that breaks the document; made once."""
    if kind not in _INVALID_KINDS:
        _INVALID_KINDS[kind] = type(
            kind.__name__, (_InvalidStatus, kind), {"__doc__": kind.__doc__}
        )
    return _INVALID_KINDS[kind]


def _revive(kind: type[StatusError], args: Any, state: dict[str, Any]) -> StatusError:
    error: StatusError = _invalid(kind).__new__(_invalid(kind))
    error.args = args
    error.__dict__.update(state)
    return error
