"""Why a request is what it is: for people, as text and as a curl line. Always redacted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .auth import SecurityScheme
from .curl import curl_line
from .errors import AuthError
from .messages import HttpRequest
from .operation import UNSET
from .paging.style import PagingError, paging_of
from .plans import CallPlan
from .redaction import MASK
from .remedies import Words, in_python
from .wording import shown

__all__ = ["Explanation", "explain_call"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The parts of an explanation; `str()` lays them out.

    server     the base URL, and its source: the call, the client, a variable of the environment,
               the CRN of a service instance, or the document
    auth       the alternative of security schemes in use, and why
    refusal    the error of a call, where none of the alternatives can be met
    arguments  for each argument that is sent: its name, its place and style, its value
    request    the request, redacted
    curl       the request as a command for a POSIX shell: credentials of the schemes in use as
               `"$DYNCLIENT_AUTH_<NAME>"`, other secrets as `[redacted]`
    schemes    the security schemes in use
    pending    those of them whose token would be fetched first
    paging     how the pages of the operation follow one another, or why that can't be told; "" for
               one that does not respond in pages
    """

    operation: str
    server: str
    auth: str
    arguments: tuple[tuple[str, str, str], ...]
    request: HttpRequest
    curl: str
    refusal: AuthError | None = None
    schemes: tuple[SecurityScheme, ...] = ()
    pending: tuple[SecurityScheme, ...] = ()
    paging: str = ""

    def auth_worded(self, words: Words = in_python) -> str:
        """`auth`, with a remedy in the words of one face."""
        return self.auth if self.refusal is None else f"{self.auth}: {self.refusal.worded(words)}"

    def __str__(self) -> str:
        return self.worded()

    def worded(self, words: Words = in_python) -> str:
        """The whole explanation, with a remedy in the words of one face."""
        lines = [
            f"{self.operation}: {self.request.method} {self.request.url}",
            f"server: {self.server}",
            f"auth:   {self.auth_worded(words)}",
        ]
        if self.paging:
            lines.append(f"paging: {self.paging}")
        if self.arguments:
            lines.append("arguments:")
            width = max(len(name) for name, _, _ in self.arguments)
            lines += [f"  {name:<{width}}  {place}: {text}" for name, place, text in self.arguments]
        lines.append("headers:")
        lines += [f"  {name}: {value}" for name, value in self.request.headers.pairs()]
        content = self.request.content
        if isinstance(content, bytes):
            lines += ["body:", f"  {content.decode('utf-8', 'replace')}"]
        lines += ["curl:", f"  {self.curl}"]
        return "\n".join(lines)


def explain_call(plan: CallPlan, request: HttpRequest, given: Mapping[str, Any]) -> Explanation:
    """The explanation of a prepared request."""
    redacted = request.redacted()
    operation = plan.operation
    auth = plan.auth.reason
    if plan.auth.alternative:
        auth = f"{' and '.join(plan.auth.alternative)}; {auth}"
    pending = tuple(step.scheme for step in plan.auth.steps if step.ready() is None)
    if pending:
        auth += "; the token would be fetched first"
    schemes = tuple(step.scheme for step in plan.auth.steps)
    return Explanation(
        operation.name,
        f"{redacted.redactor.url(plan.base_url)} ({plan.server})",
        auth,
        tuple(_arguments(plan, given)),
        redacted,
        curl_line(redacted, schemes),
        plan.refusal,
        schemes,
        pending,
        _paging(plan),
    )


def _paging(plan: CallPlan) -> str:
    try:
        return str(paging_of(plan.operation, None))
    except PagingError as error:
        return error.message.partition(": ")[2] if error.speaks else ""


def _arguments(plan: CallPlan, given: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    found = []
    redactor = plan.operation.redactor
    for parameter in plan.operation.parameters:
        for name in (parameter.python_name, parameter.name):
            value = given.get(name, UNSET)
            is_null = value is None and plan.requests.takes_null(parameter)
            if is_null or (value is not UNSET and value is not None):
                secret = redactor.is_secret_field(parameter.name) or (
                    parameter.location == "header" and redactor.is_secret_header(parameter.name)
                )
                text = MASK if secret else shown(value)
                exploded = ", exploded" if parameter.explode else ""
                place = f"{parameter.location}, style {parameter.style}{exploded}"
                found.append((parameter.name, place, text))
                break
    return found
