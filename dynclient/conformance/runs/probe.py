"""Sends the cases of a run, and says what is wrong with what came of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from time import monotonic, time
from typing import Any

from ...auth import SecurityScheme
from ...client import Client
from ...curl import curl_line
from ...errors import ConnectError, StatusError, TransportError
from ...messages import Violation
from ..codes import CODES
from ..exchanges import Exchange, as_line, http_of
from ..findings import SEVERITIES, Finding, Key, Verdict
from ..judge import Judge
from ..tally import Tally
from .cases import Case
from .generator import TimeUp

__all__ = ["Probe", "finding"]

#: By these a service says that the input is wrong, and not that it will not serve it.
_WRONG_INPUT = frozenset({400, 405, 406, 411, 413, 414, 415, 422, 431})
#: Of a body, in bytes, what is shown of the smallest case.
_LONGEST = 100_000


class Probe:
    """Sends cases by the clients of a run, and counts what is found.

    client    with the credentials of the run
    until     when the run ends, by the monotonic clock
    told      is given each case before it is sent
    """

    def __init__(
        self,
        client: Client,
        judge: Judge,
        tally: Tally,
        schemes: Mapping[str, SecurityScheme],
        *,
        until: float,
        told: Callable[[Case], object],
    ) -> None:
        self.judge = judge
        self.tally = tally
        self.until = until
        self.sent = 0
        self._told = told
        self.signed = client.with_options(validate="off", retries=0)
        self.unsigned = self.signed.with_options(auth=dict.fromkeys(schemes))
        #: The smallest case of each finding, with its exchange.
        self.smallest: dict[Key, tuple[Case, Exchange]] = {}

    def check_time(self) -> None:
        """TimeUp when the run is over."""
        if monotonic() >= self.until:
            raise TimeUp

    def send(self, case: Case, client: Client | None = None) -> Exchange:
        """One exchange; without a response where none came. ConnectError if nobody is there."""
        self.check_time()
        self._told(case)
        self.sent += 1
        client = client or (self.signed if case.signed else self.unsigned)
        request = replace(case.request, operation=case.operation)
        at = time()
        try:
            response = client.send(request)
        except StatusError as error:
            response = error.response
        except ConnectError:
            raise
        except TransportError as error:
            return Exchange(error.request or request, None, at)
        return Exchange(response.request, http_of(response), at)

    def is_right(self, case: Case) -> bool | None:
        """Whether a request keeps to the document; None where it can't be told.

        It can't be if it leads to another operation, or the document is broken there.
        """
        verdict = self.judge.check(case.request)
        if verdict.operation is None or verdict.operation.name != case.operation:
            return None
        if verdict.outcome == "not judged":
            return None
        return not _request_errors(verdict)

    def visit(self, case: Case) -> tuple[Exchange, list[Finding]]:
        """Send a case, judge it and count it."""
        exchange = self.send(case)
        return exchange, self.count(case, exchange, self._of_run(case, exchange))

    def count(self, case: Case, exchange: Exchange, more: list[Finding]) -> list[Finding]:
        """Count an exchange with what the run found of it, besides what the judge finds."""
        verdict = self.judge.check_exchange(exchange)
        # What is wrong with the request was meant to be.
        kept = [each for each in verdict.findings if each.side != "request" or each.code == "DC301"]
        if self._is_refusal(case, exchange):
            kept = [replace(each, severity="info") for each in kept]
        found = sorted([*kept, *more], key=lambda each: SEVERITIES.index(each.severity))
        is_bad = any(each.severity != "info" and each.side != "document" for each in found)
        outcome = "violation" if is_bad else verdict.outcome
        outcome = "clean" if outcome == "violation" and not is_bad else outcome
        counted = replace(verdict, outcome=outcome, findings=tuple(found))
        self.tally.add(counted, exchange)
        for each in (each for each in found if each.severity != "info"):
            key = each.key(verdict.operation)
            known = self.smallest.get(key)
            if known is None or case.size < known[0].size:
                self.smallest[key] = case, exchange.known_to(verdict.redactor)
        return found

    @staticmethod
    def _is_refusal(case: Case, exchange: Exchange) -> bool:
        """Whether a request was refused that had to be, or that schemas alone say is right.

        Few documents declare what this takes: what such a response breaks is told, and is no
        violation.
        """
        status = exchange.status
        if not case.signed:
            return status in (401, 403)
        if case.origin == "wrong":
            return status in _WRONG_INPUT or status in (401, 403, 404)
        return case.origin == "made" and status in _WRONG_INPUT

    def settle(self) -> None:
        """Show the smallest case of each finding."""
        for group in self.tally.groups():
            if group.key in self.smallest:
                _, exchange = self.smallest[group.key]
                shown = exchange.redacted()
                group.example = as_line(shown, _LONGEST)
                group.curl = curl_line(shown.request, ())

    def _of_run(self, case: Case, exchange: Exchange) -> list[Finding]:
        """What the status says of a request that is known to be right, or wrong."""
        status = exchange.status
        if exchange.response is None:
            return [finding("DC405", "response.status", "no complete response came")]
        if status >= 500:
            return [finding("DC401", "response.status", f"the service responded with {status}")]
        is_wrong = case.origin == "wrong"
        if is_wrong and exchange.is_served:
            why = _request_errors(self.judge.check(case.request))[0]
            return [finding("DC402", why.where, f"served with {status}: {why.message}", why)]
        if not is_wrong and status in _WRONG_INPUT:
            code = "DC403" if case.origin == "example" else "DC404"
            return [finding(code, "response.status", f"the service responded with {status}")]
        return []


def _request_errors(verdict: Verdict) -> list[Violation]:
    """What makes a request a wrong one."""
    errors = (each for each in verdict.findings if each.severity == "error")
    return [each.violation for each in errors if each.side == "request"]


def finding(code: str, where: str, message: str, of: Violation | None = None) -> Finding:
    """A finding of a run; `of` is the violation that it is about."""
    known = CODES[code]
    pointer, rule = ("", "") if of is None else (of.pointer, of.document_pointer)
    violation = Violation(where, pointer, rule, known.name, message, "status")
    return Finding(known.code, known.severity, known.side, violation)


def as_failure(found: list[Finding]) -> type[AssertionError]:
    """A class for each kind of failure: Hypothesis makes each of them smaller by itself."""
    name = "_".join(sorted({each.code for each in found}))
    return _FAILURES.setdefault(name, type(f"Found_{name}", (AssertionError,), {}))


_FAILURES: dict[str, type[Any]] = {}
