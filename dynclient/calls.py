"""What a client works out once for each operation, and what a response comes to.

Shared by every kind of client: nothing here sends anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from .auth import AuthPlan
from .detail import detail_of
from .errors import (
    AuthError,
    DocumentError,
    InvalidResponse,
    NotLoaded,
    StatusError,
    status_error_class,
)
from .messages import HttpRequest, HttpResponse, Response, Violation
from .operation import Operation, Options, Prepared
from .operation.request import RequestPlan
from .operation.response import ResponsePlan
from .validation import Validation

if TYPE_CHECKING:
    from .reference import ReferenceEngine

__all__ = ["CallPlan", "settle"]


@dataclass(frozen=True, slots=True)
class CallPlan:
    """One operation as one client calls it: all that does not depend on the arguments.

    reference  judges in place of the compiled validators, where the client was told so
    refusal    why the operation can't be authenticated; raised once the arguments are right
    supplied   keys of the parameters that the credentials fill in
    timeout    seconds, for calls that name none, over a transport of the caller's
    """

    operation: Operation
    policy: Validation
    base_url: str
    defaults: Mapping[str, Any] | None
    auth: AuthPlan
    requests: RequestPlan
    responses: ResponsePlan
    reference: ReferenceEngine | None = None
    refusal: AuthError | None = None
    supplied: frozenset[str] = frozenset()
    timeout: float | tuple[float, float] | None = None

    def prepare(
        self,
        arguments: Mapping[str, Any] | None,
        named: Mapping[str, Any],
        body: Any,
        options: Options,
    ) -> Prepared:
        """The request without credentials; InvalidRequest if the arguments break the document."""
        if self.timeout is not None and options.timeout is None:
            options = replace(options, timeout=self.timeout)
        return self.requests.build(
            arguments,
            named,
            body,
            base_url=self.base_url,
            defaults=self.defaults,
            options=options,
            policy=self.policy,
            supplied=self.supplied,
            second=None if self.reference is None else partial(self._judge_again, self.reference),
        )

    def _judge_again(
        self, reference: ReferenceEngine, request: HttpRequest, ours: list[Violation]
    ) -> list[Violation]:
        formats = self.policy.formats != "off"
        return reference.judge_request(
            self.operation, request, ours, self.supplied, formats=formats
        )

    def parse(self, http: HttpResponse, request: HttpRequest) -> Response:
        """The response with everything that was found; see `settle`."""
        response = self.responses.parse(self.operation, http, request, self.policy)
        if self.reference is None or not self.policy.judges_responses:
            return response
        ours, formats = response.violations, self.policy.formats != "off"
        try:
            found = self.reference.judge_response(
                self.operation, request, http, ours, formats=formats
            )
        except NotLoaded:
            raise
        except DocumentError as error:
            # The response must not be lost: that it can't be judged is a violation beside it.
            broken = Violation(
                "response.body",
                "",
                error.pointer or "",
                "document",
                error.problem,
                "body",
                error.remedy,
            )
            found = [*ours, broken]
        return replace(response, violations=tuple(found))


def settle(
    response: Response, policy: Validation, told_before: tuple[Violation, ...] = ()
) -> Response:
    """The response if it is good enough; raises StatusError or InvalidResponse if it is not.

    A 4xx or 5xx that breaks the document as well raises an error that is both. What the policy
    lets pass is logged once and stays in `violations`.
    """
    errors: tuple[Violation, ...] = ()
    if response.violations or told_before:
        response = replace(response, violations=_masked(response))
        errors, told = policy.split(response.violations)
        response = replace(response, violations=(*told_before, *errors, *told))
        if told_before or told:
            listed = "; ".join(str(violation) for violation in (*told_before, *told))
            _warn("%s: %s", response.operation.name, listed)
    if response.status >= 400:
        kind = status_error_class(response.status)
        detail = detail_of(response.data, response.request.masked)
        if errors:
            raise _invalid(kind)(response.operation.name, response, errors, detail)
        raise kind(response.operation.name, response, detail)
    if errors:
        raise InvalidResponse(response.operation.name, response, errors)
    return response


def _masked(response: Response) -> tuple[Violation, ...]:
    """The violations, without the credentials that a server may have put in its answer."""
    mask = response.request.masked
    return tuple(replace(each, message=mask(each.message)) for each in response.violations)


def _warn(message: str, *values: str) -> None:
    import logging  # dear at start, and most programs that use us never log

    logging.getLogger("dynclient").warning(message, *values)


class _InvalidStatus(InvalidResponse, StatusError):
    """An error answer that breaks the document: caught by its status, and as InvalidResponse."""

    def __init__(
        self, operation: str, response: Response, violations: tuple[Violation, ...], detail: str
    ) -> None:
        StatusError.__init__(self, operation, response, detail)
        self.args = (f"{self.args[0]}; the response breaks the document",)
        self.violations = tuple(violations)

    def __reduce__(self) -> tuple[Any, ...]:
        kind = status_error_class(self.status)
        return _revive, (kind, self.args, self.__dict__)


_INVALID_KINDS: dict[type[StatusError], Any] = {}


def _invalid(kind: type[StatusError]) -> Any:
    """The class of an error answer of this kind that breaks the document; made once."""
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
