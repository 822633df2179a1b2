"""Verdicts added up over calls, processes and machines, in a SQLite file.

    client = Client("openapi.yaml", observers=[Ledger("drift.db")])

Several processes may write to one file. Each holds what is new in memory, and adds it in one
transaction, every so many exchanges or seconds, at `flush` and at `close`.
"""

from __future__ import annotations

import atexit
import weakref
from collections import Counter
from collections.abc import Callable, Iterable
from os import PathLike
from pathlib import Path
from time import monotonic, time
from typing import TYPE_CHECKING, Any, Self

from ..locking import new_lock
from ..messages import Violation
from ..observers import Event, Judged
from .codes import code_of
from .coverage import Point, documented, seen_of
from .exchanges import Exchange, http_of
from .findings import Finding, Verdict
from .ledger_file import (
    LedgerError,
    add,
    closing,
    count_findings,
    opened,
    read,
    read_coverage,
    written,
)
from .tally import Filter, Tally

if TYPE_CHECKING:
    from ..document import Source

__all__ = ["Ledger", "LedgerError", "merge"]

_EVERYTHING = Filter(min_severity="info")


class Ledger:
    """An observer, and whatever else adds verdicts up. Safe for threads; a context manager.

    path      the file; made where there is none. ":memory:" keeps it in memory
    document  judges a part of the exchanges as a whole, the requests too, and finds what of the
              document they cover; without it, what the client found in responses is counted
    base_url  where the service is, for `document`, if not at its servers
    sample    which part that is: 0.01 for one of a hundred, as that costs several times the call
    batch     after how many exchanges what is new is written, at the latest after `seconds`
    most      how many findings are kept, by code and place; later ones count by outcome alone

    LedgerError if the file is none.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        document: Source | None = None,
        base_url: str | None = None,
        sample: float = 0.01,
        batch: int = 500,
        seconds: float = 5.0,
        most: int = 10_000,
    ) -> None:
        if not 0 < sample <= 1:
            raise ValueError(f"sample={sample!r}: a part of the exchanges, above 0, 1 at most")
        self.path = str(path)
        self.sample = sample
        self._every = round(1 / sample)
        self._document, self._base_url = document, base_url
        self._judge: Any = None
        self._points: dict[str, frozenset[Point]] = {}
        self._batch, self._seconds, self._most = batch, seconds, most
        self._lock = new_lock()
        self._seen = 0
        self._begin()
        self._connection = opened(self.path)
        self._known = count_findings(self._connection)
        self._closed = False
        # What a program that forgets to close it has found is not lost.
        atexit.register(_flush_at_exit, weakref.ref(self))

    def _begin(self) -> None:
        self._new = Tally(_EVERYTHING)
        self._covered: Counter[tuple[str, str, str]] = Counter()
        self._waiting = 0
        self._since = monotonic()

    # ── adding ───────────────────────────────────────────────────────────────────────────────

    def __call__(self, event: Event) -> None:
        """Count what a client found in a response."""
        if not isinstance(event, Judged) or event.operation is None:
            return
        response = event.response
        self._seen += 1
        sampled = self._document is not None and self._seen % self._every == 0
        if not response.violations and not sampled:
            self._count_clean(event.operation.name, response.status)
            return
        exchange = Exchange(response.request, http_of(response), time() - event.seconds)
        if sampled:
            self.add(self._judged(exchange), exchange)
            return
        found = tuple(_found(each) for each in response.violations)
        counts = any(each.severity != "info" for each in found)
        self.add(Verdict(event.operation, "violation" if counts else "clean", found), exchange)

    def _count_clean(self, name: str, status: int) -> None:
        """What nearly all calls come to, and so in few steps."""
        with self._lock:
            new = self._new
            new.exchanges["clean"] += 1
            new.operations[name] += 1
            new.statuses[name, status] += 1
            due = self._one_more()
        if due:
            self.flush()

    def _one_more(self) -> bool:
        """Count one exchange more; whether it is time to write."""
        self._waiting += 1
        return self._waiting >= self._batch or monotonic() - self._since >= self._seconds

    def _judged(self, exchange: Exchange) -> Verdict:
        with self._lock:
            if self._judge is None:
                from .judge import Judge

                self._judge = Judge(self._document, base_url=self._base_url)  # type: ignore[arg-type]
        verdict: Verdict = self._judge.check_exchange(exchange)
        return verdict

    def add(self, verdict: Verdict, exchange: Exchange, operations: Any = None) -> None:
        """Count a verdict. `operations`, of the document, are needed for its coverage."""
        points = self._covers(verdict, operations)
        with self._lock:
            self._new.add(verdict, exchange)
            if verdict.operation is not None:
                name = verdict.operation.name
                self._covered.update((name, each.kind, each.name) for each in points)
            due = self._one_more()
        if due:
            self.flush()

    def add_tally(self, tally: Tally) -> None:
        """Add what was counted elsewhere. LedgerError if the file can't be written."""
        self.flush()
        with self._lock, written(self._connection, self.path):
            add(self._connection, tally, Counter(), self._most)

    def _covers(self, verdict: Verdict, operations: Any) -> Iterable[Point]:
        operations = operations or (self._judge and self._judge.operations)
        if verdict.seen is None or verdict.operation is None or operations is None:
            return ()
        name = verdict.operation.name
        if name not in self._points:
            known = name in operations
            self._points[name] = documented(operations[name]) if known else frozenset()
        return seen_of(self._points[name], verdict.seen)

    def flush(self) -> None:
        """Write what is new. LedgerError if the file can't be written; nothing is lost then."""
        with self._lock:
            if self._waiting:
                with written(self._connection, self.path):
                    add(self._connection, self._new, self._covered, self._most - self._known)
                self._known = count_findings(self._connection)
                self._begin()
            self._since = monotonic()

    def close(self) -> None:
        """Write what is new, and close the file. May be called twice."""
        if not self._closed:
            self.flush()
            self._closed = True
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ── reading ──────────────────────────────────────────────────────────────────────────────

    def tally(self, filter_: Filter | None = None) -> Tally:
        """All that was added, by every process, for a report."""
        self.flush()
        return read(self._connection, filter_ or Filter())

    def coverage(self) -> dict[str, Counter[Point]]:
        """How often each documented point of an operation was seen, by the operation's name."""
        self.flush()
        found: dict[str, Counter[Point]] = {}
        for (operation, kind, name), count in read_coverage(self._connection).items():
            found.setdefault(operation, Counter())[Point(kind, name)] = count
        return found


def merge(target: str | PathLike[str], sources: Iterable[str | PathLike[str]]) -> None:
    """Add what is in other ledgers to one, which is made where there is none.

    The order does not matter. A ledger that is merged twice counts twice. LedgerError if one is
    none: then nothing was added.
    """
    with closing(str(target)) as into:
        tallies = []
        for source in sources:
            if not Path(source).exists():
                raise LedgerError(f"{source}: there is no such file")
            with closing(str(source)) as each:
                tallies.append((read(each, _EVERYTHING), read_coverage(each)))
        with written(into, str(target)):
            for tally, covered in tallies:
                add(into, tally, covered, 1 << 60)


def _found(violation: Violation) -> Finding:
    """What a client found, classified."""
    side = "request" if violation.where.startswith("request") else "response"
    code = code_of(violation, side)  # type: ignore[arg-type]
    return Finding(code.code, code.severity, code.side, violation)


def _flush_at_exit(ledger: Callable[[], Ledger | None]) -> None:
    found = ledger()
    if found is not None:
        found.close()
