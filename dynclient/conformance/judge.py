"""One exchange, judged: which operation it belongs to, and everything that is wrong. Pure.

    verdict = check("openapi.yaml", request, response)

Sources: OpenAPI 3.1.1, sections "Paths Object", "Server Object", "Security Requirement Object" and
those of `operation.received` and `operation.response`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from msgspec import structs

from ..client import Client
from ..credentials import schemes_of
from ..document import Node
from ..errors import DocumentError, DynclientError
from ..messages import HttpRequest, HttpResponse, OperationInfo, Violation
from ..operation import Operation, Operations
from ..operation.declared import declared_for
from ..operation.received import Received, judge_received
from ..operation.router import Match, Router
from ..redaction import Redactor
from ..unset import UNSET
from ..validation import Validation
from .codes import CODES, code_of
from .exchanges import Exchange
from .findings import SEVERITIES, Finding, Outcome, Seen, Side, Verdict

if TYPE_CHECKING:
    from ..document import Source, Trust
    from ..reference import ReferenceEngine

__all__ = ["Engine", "Judge", "check", "check_webhook"]

#: Which engines judge: "both" keeps what either finds, and says which did.
Engine = Literal["compiled", "openapi-core", "both"]

_METHODS = ("GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE", "QUERY")


class Judge:
    """Judges exchanges by one document. Made once, for any number of exchanges and threads.

    document   a bundled name, a path, a URL, a mapping; or a client, whose document is taken
    base_url   where the service is, in place of the servers that the document names
    engine     "compiled", "openapi-core" or "both"
    members    whether members that the document does not declare, or does, are looked for too
    overlays   OpenAPI Overlays to apply to the document
    """

    def __init__(
        self,
        document: Source | Client,
        *,
        base_url: str | None = None,
        engine: Engine = "compiled",
        members: bool = False,
        overlays: Sequence[Source] = (),
        trust: Trust | None = None,
    ) -> None:
        if engine not in ("compiled", "openapi-core", "both"):
            raise ValueError(f"engine={engine!r}: give 'compiled', 'openapi-core' or 'both'")
        if isinstance(document, Client):
            self._client = document
        else:
            self._client = Client(document, overlays=overlays, trust=trust, auth={})
        self.operations: Operations = self._client.operations
        self.document = self._client.document
        self._schemes = schemes_of(self.document)
        self._router = Router(self.operations, base_url)
        level: Any = "warn" if members else "off"
        self._policy = Validation(undocumented_members=level, missing_members=level)
        self._engine = engine
        self._reference: ReferenceEngine | None = None
        if engine != "compiled":
            from ..reference import ReferenceEngine

            self._reference = ReferenceEngine()
        self._credentials = frozenset(
            (str(scheme.location), scheme.parameter_name)
            for scheme in self._schemes.values()
            if scheme.parameter_name is not None
        )

    def serves(self, url: str) -> bool:
        """Whether a URL is one of the service's."""
        return self._router.serves(url)

    def check(self, request: HttpRequest, response: HttpResponse | None = None) -> Verdict:
        """The verdict on one exchange; of a request alone, on the request."""
        return self.check_exchange(Exchange(request, response))

    def check_exchange(self, exchange: Exchange) -> Verdict:
        """The verdict on a recorded exchange."""
        request = exchange.request
        try:
            match = self._router.match(request.method, request.url)
        except DocumentError as error:
            redactor = self.operations.redactor
            return Verdict(None, "not judged", reasons=(str(error),), redactor=redactor)
        if match is None:
            return self._without_operation(exchange)
        return self._judged(match, exchange)

    # ── the parts ────────────────────────────────────────────────────────────────────────────

    def _without_operation(self, exchange: Exchange) -> Verdict:
        redactor = self.operations.redactor
        if not self._router.serves(exchange.request.url):
            return Verdict(None, "foreign", redactor=redactor)
        exchange = exchange.known_to(redactor)
        request = exchange.request
        others = [m for m in _METHODS if self._router.match(m, request.url) is not None]
        path = request.redactor.url(request.url)
        if others:
            rule = "undocumented-method"
            reason = f"{request.method} is not declared for {path}; these are: {', '.join(others)}"
        else:
            rule, reason = "undocumented-path", f"the document has no path for {path}"
        violation = Violation("request.url", "", "/paths", rule, reason, "request")
        return _verdict(None, redactor, [_finding(violation, "request", exchange)], ())

    def _judged(self, match: Match, exchange: Exchange) -> Verdict:
        operation = match.operation
        exchange = exchange.known_to(operation.redactor, operation.name)
        request = exchange.request
        reasons: list[str] = []
        received = Received({}, UNSET, None, [])
        try:
            received = self._client.complete(
                lambda: judge_received(
                    operation,
                    match.arguments,
                    request,
                    credentials=self._credentials,
                    has_body=exchange.request_body == "whole",
                )
            )
        except DynclientError as error:
            reasons.append(f"the request of {operation.name}: {error}")
        ours = [*received.violations, *self._security(operation, exchange)]
        found = self._of_request(match, exchange, ours)
        data, media_type, declared = None, None, None
        response = exchange.response
        if response is not None:
            try:
                data, media_type, more = self._client.complete(
                    lambda: self._of_response(operation, exchange, response)
                )
                found += more
                entry = declared_for(operation.responses, response.status)
                declared = None if entry is None else entry.key
            except DynclientError as error:
                reasons.append(f"the response of {operation.name}: {error}")
        seen = Seen(
            None if response is None else response.status,
            declared,
            received.media_type,
            media_type,
            received.values,
            received.body,
            data,
        )
        return _verdict(operation.info, operation.redactor, found, reasons, seen)

    def _of_request(self, match: Match, exchange: Exchange, ours: list[Violation]) -> list[Finding]:
        theirs = None
        if self._reference is not None:
            # The router knows more spellings of a path than openapi-core does.
            request = replace(exchange.request, url=_spelled(match, exchange.request.url))
            theirs = self._reference.judge_request(match.operation, request, ours)
        return self._merged(ours, theirs, "request", exchange)

    def _of_response(
        self, operation: Operation, exchange: Exchange, response: HttpResponse
    ) -> tuple[Any, str | None, list[Finding]]:
        """(the data, the declared media type it was read as, what is wrong)."""
        request = exchange.request
        if exchange.response_body == "missing":
            plan = operation.response_plan(self._policy.checked)
            begun, ours = plan.begin(response.status, response.headers, self._policy)
            return None, begun.media_type, self._merged(ours, None, "response", exchange)
        parsed = operation.parse(response, request, self._policy)
        ours, theirs = list(parsed.violations), None
        if self._reference is not None:
            theirs = self._reference.judge_response(operation, request, response, ours)
        return parsed.data, parsed.media_type, self._merged(ours, theirs, "response", exchange)

    def _merged(
        self,
        ours: Sequence[Violation],
        theirs: Sequence[Violation] | None,
        side: Side,
        exchange: Exchange,
    ) -> list[Finding]:
        """What the engines found, with which of them did; `theirs` is None without the reference.

        Of the reference alone, what it found.
        """
        if theirs is None:
            return [_finding(each, side, exchange) for each in ours]
        kept = () if self._engine == "openapi-core" else ours
        here, there = ({(each.where, each.pointer) for each in found} for found in (kept, theirs))
        found = []
        for each in kept:
            both = (each.where, each.pointer) in there
            engines = ("compiled", "openapi-core") if both else ("compiled",)
            found.append(_finding(each, side, exchange, engines))
        for each in theirs:
            if (each.where, each.pointer) not in here:
                found.append(_finding(each, side, exchange, ("openapi-core",)))
        return found

    def _security(self, operation: Operation, exchange: Exchange) -> Iterable[Violation]:
        """That a service serves a request without the credentials that its document demands."""
        wanted = operation.security
        if not wanted or not exchange.is_served:
            return
        if any(self._is_met(requirement, exchange.request) for requirement in wanted):
            return
        names = " or ".join(" and ".join(each) for each in wanted)
        reason = f"the document demands {names}; the request has none of it, and was served"
        pointer = operation.at.child("security").pointer
        yield Violation(
            "request.security", "", pointer, "credential-not-enforced", reason, "request"
        )

    def _is_met(self, requirement: Mapping[str, Sequence[str]], request: HttpRequest) -> bool:
        schemes = [self._schemes.get(name) for name in requirement]
        return all(scheme is None or scheme.is_carried_by(request) for scheme in schemes)


def check(
    document: Source | Client,
    request: HttpRequest,
    response: HttpResponse | None = None,
    **settings: Any,
) -> Verdict:
    """The verdict on one exchange; `settings` are those of `Judge`, which serves many better."""
    return Judge(document, **settings).check(request, response)


def check_webhook(
    document: Source | Client,
    name: str,
    request: HttpRequest,
    response: HttpResponse | None = None,
    **settings: Any,
) -> Verdict:
    """The verdict on a request that the service sent: one of the document's webhooks.

    `name` is its key under `webhooks` (OpenAPI 3.1.1, section "OpenAPI Object"), or the JSON
    Pointer of a Path Item Object, such as that of a callback. LookupError if there is none, or it
    does not have the method.
    """
    judge = Judge(document, **settings)
    root = Node.root(judge.document)
    item = root.resolve(f"#{name}") if name.startswith("/") else root.child("webhooks", name)
    if item.value is None:
        known = ", ".join(each for each, _ in root.items("webhooks")) or "none"
        raise LookupError(f"the document has no webhook {name!r}; there are: {known}")
    node = item.follow().child(request.method.lower())
    if node.value is None:
        raise LookupError(f"the webhook {name!r} has no {request.method}")
    operation = Operation(
        node, name, request.method.upper(), "", (item,), judge.operations.redactor
    )
    return judge._judged(Match(operation, {}), Exchange(request, response))


def _spelled(match: Match, url: str) -> str:
    """A URL with the path as the document's template spells it."""
    path = match.operation.path
    for name, text in match.arguments.items():
        path = path.replace(f"{{{name}}}", text)
    parts = urlsplit(url)
    return parts._replace(path=path).geturl()


def _finding(
    violation: Violation,
    side: Side,
    exchange: Exchange,
    engines: tuple[str, ...] = ("compiled",),
) -> Finding:
    code = code_of(violation, side)
    masked = structs.replace(violation, message=exchange.request.mask()(violation.message))
    refused = None
    if code.side == "request" and exchange.response is not None and code.severity == "error":
        refused = 400 <= exchange.status < 500
    return Finding(code.code, code.severity, code.side, masked, refused, engines)


def _verdict(
    operation: OperationInfo | None,
    redactor: Redactor,
    found: list[Finding],
    reasons: Sequence[str],
    seen: Seen | None = None,
) -> Verdict:
    found = sorted(found, key=lambda each: SEVERITIES.index(each.severity))
    outcome: Outcome = "clean"
    unjudged = [each.violation.message for each in found if each.code == CODES["DC901"].code]
    if any(each.severity != "info" and each.side != "document" for each in found):
        outcome = "violation"
    elif reasons or unjudged:
        outcome = "not judged"
    return Verdict(operation, outcome, tuple(found), (*reasons, *unjudged), seen, redactor)
