"""A run: which cases are sent, in which order, and for how long.

First the examples of the document; then requests that are made, right ones and wrong ones; then
what takes several calls. An operation that may change something is called only if that is asked
for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from random import Random
from time import monotonic
from typing import Any
from zlib import crc32

from ...auth import SecurityScheme
from ...client import Client
from ...credentials import schemes_of
from ...errors import DynclientError
from ...messages import HttpRequest
from ...operation import Operation
from ..exchanges import Exchange
from ..findings import Key
from ..judge import Judge
from ..tally import Filter, Tally
from .cases import Case, Origin
from .generator import Generator, TimeUp, exercise
from .made import examples_of, made_for
from .probe import Probe, as_failure, finding
from .sequences import Pool, check_pages, live, resources_of

__all__ = ["Bounds", "RunResult", "run"]

#: Methods that change nothing (RFC 9110, section 9.2.1; QUERY by its draft).
SAFE = frozenset({"GET", "HEAD", "OPTIONS", "QUERY"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a run may do.

    examples  how many requests are made of each kind for an operation; more where a failure is
              made smaller
    seconds   for all of it
    seed      other requests
    unsafe    call operations that may change something, too
    only, exclude
              names of operations, or patterns: `list_*`
    """

    examples: int = 20
    seconds: float = 60.0
    seed: int = 0
    unsafe: bool = False
    only: Sequence[str] = ()
    exclude: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.examples < 1 or self.seconds <= 0:
            raise ValueError("a run makes 1 example or more, and takes more than 0 seconds")

    def takes(self, operation: Operation) -> bool:
        """Whether an operation is called."""
        name = operation.name
        if self.only and not any(fnmatchcase(name, each) for each in self.only):
            return False
        if any(fnmatchcase(name, each) for each in self.exclude):
            return False
        return self.unsafe or operation.method.upper() in SAFE


@dataclass(slots=True)
class RunResult:
    """What a run came to.

    tally      the findings, and how often each operation was called
    cases      the smallest case of each finding, with its exchange
    sent       how many requests
    skipped    why an operation was not called, or not by made requests
    timed_out  whether the time was over before all was done
    """

    tally: Tally
    cases: Mapping[Key, tuple[Case, Exchange]]
    sent: int
    skipped: dict[str, str] = field(default_factory=dict)
    timed_out: bool = False


def run(
    client: Client,
    bounds: Bounds | None = None,
    *,
    others: Sequence[Mapping[Any, Any]] = (),
    filter_: Filter | None = None,
    told: Callable[[Case], object] | None = None,
) -> RunResult:
    """Call the operations of a client's document, and judge what comes.

    client  with the service's `base_url`, and with credentials; sent are requests as they were
            made: neither validated nor sent again
    others  the `auth=` of other users, who must not read what the client's user creates
    told    is given each case before it is sent

    ConnectError if the service is not there; DynclientError without Schemathesis, and if no
    operation is left to call.
    """
    return _Run(client, bounds or Bounds(), others, filter_, told or (lambda _: None)).all()


class _Run:
    def __init__(
        self,
        client: Client,
        bounds: Bounds,
        others: Sequence[Mapping[Any, Any]],
        filter_: Filter | None,
        told: Callable[[Case], object],
    ) -> None:
        self.bounds = bounds
        base_url = client.base_url
        judge = Judge(client, base_url=base_url)
        self.schemes: Mapping[str, SecurityScheme] = schemes_of(client.document)
        until = monotonic() + bounds.seconds
        self.probe = Probe(client, judge, Tally(filter_), self.schemes, until=until, told=told)
        self.others = [self.probe.signed.with_options(auth=auth) for auth in others]
        self.generator = Generator(client.document, base_url)
        self.pool = Pool()
        self.skipped: dict[str, str] = {}
        self.right: dict[str, HttpRequest] = {}
        self.all_operations: Mapping[str, Operation] = client.operations
        self.operations = {
            name: each for name, each in client.operations.items() if bounds.takes(each)
        }
        if not self.operations:
            raise DynclientError(
                "no operation is left to call; by default only those that change nothing are"
            )

    def all(self) -> RunResult:
        """Everything, or what the time allows."""
        timed_out = False
        try:
            for step in (self._examples, self._lives, self._made, self._credentials, self._pages):
                for operation in self._in_order():
                    step(operation)
        except TimeUp:
            timed_out = True
        self.probe.settle()
        probe = self.probe
        return RunResult(probe.tally, probe.smallest, probe.sent, self.skipped, timed_out)

    def _in_order(self) -> Iterator[Operation]:
        """Those that change nothing first, collections before their objects; DELETE last."""
        order = {"POST": 1, "PUT": 2, "PATCH": 3, "DELETE": 4}
        yield from sorted(
            self.operations.values(),
            key=lambda each: (order.get(each.method.upper(), 0), each.path.count("{")),
        )

    # ── requests by themselves ───────────────────────────────────────────────────────────────

    def _examples(self, operation: Operation) -> None:
        known = self.pool.known_for(operation)
        client = self.probe.unsigned
        for request in examples_of(client, operation, known):
            self._try(operation, request, "example")
        if operation.name not in self.right:
            random = Random(self.bounds.seed + crc32(operation.name.encode()))  # noqa: S311
            made = made_for(client, operation, known, random)
            if made is not None:
                self._try(operation, made, "made")

    def _try(self, operation: Operation, request: HttpRequest, origin: Origin) -> None:
        case = Case(operation.name, request, origin)
        if self.probe.is_right(case) is not True:
            return
        exchange, _ = self.probe.visit(case)
        self.pool.learn(operation, exchange)
        if exchange.is_served:
            self.right.setdefault(operation.name, request)

    def _made(self, operation: Operation) -> None:
        try:
            self._generated(operation, "made")
            if not self._generated(operation, "wrong"):
                self.skipped.setdefault(operation.name, "nothing of it can be made wrong")
        except LookupError as error:
            self.skipped[operation.name] = str(error)

    def _generated(self, operation: Operation, origin: Origin) -> bool:
        """Whether a request of this kind could be made. LookupError as of `Generator.strategy`."""
        wrong, known = origin == "wrong", self.pool.known_for(operation)
        strategy = self.generator.strategy(operation, wrong=wrong, known=known)
        is_sent = False

        def visit(request: HttpRequest) -> None:
            nonlocal is_sent
            self.probe.check_time()
            case = Case(operation.name, request, origin)
            if self.probe.is_right(case) is (not wrong):
                is_sent = True
                exchange, found = self.probe.visit(case)
                self.pool.learn(operation, exchange)
                if bad := [each for each in found if each.severity != "info"]:
                    raise as_failure(bad)  # Hypothesis makes it smaller

        exercise(strategy, visit, examples=self.bounds.examples, seed=self.bounds.seed)
        return is_sent

    # ── credentials ──────────────────────────────────────────────────────────────────────────

    def _credentials(self, operation: Operation) -> None:
        """A request that was served, without credentials, and with those of nobody."""
        request = self.right.get(operation.name)
        wanted = operation.security
        if request is None or not wanted or any(not each for each in wanted):
            return
        case = Case(operation.name, request, "sequence", signed=False)
        self.probe.visit(case)
        nobodys = {
            name: "nobody:none" if scheme.http_scheme in ("basic", "digest") else "nobodys-own"
            for name, scheme in self.schemes.items()
            if scheme.type != "mutualTLS"
        }
        with suppress(DynclientError):
            client = self.probe.signed.with_options(auth=nobodys)
            exchange = self.probe.send(case, client)
            message = "credentials that are nobody's were taken"
            more = [finding("DC302", "request.security", message)] if exchange.is_served else []
            self.probe.count(case, exchange, more)

    # ── several calls ────────────────────────────────────────────────────────────────────────

    def _lives(self, operation: Operation) -> None:
        if not self.bounds.unsafe:
            return
        for resource in resources_of(self.all_operations):
            delete = resource.delete
            may_delete = delete is None or delete.name in self.operations
            request = self.right.get(operation.name)
            if resource.create is operation and may_delete and request is not None:
                live(self.probe, self.pool, resource, request, self.others)

    def _pages(self, operation: Operation) -> None:
        if operation.method.upper() == "GET" and operation.name in self.right:
            check_pages(self.probe, operation)
