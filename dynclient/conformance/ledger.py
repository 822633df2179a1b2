"""Verdicts added up over calls, processes and machines, in a SQLite file.

    client = Client("openapi.yaml", observers=[Ledger("drift.db")])

Several processes may write to one file. Each holds what is new in memory, and adds it in one
transaction, every so many exchanges or seconds, at `flush` and at `close`.
"""

from __future__ import annotations

import atexit
import json
import sqlite3
import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from threading import Lock
from time import monotonic, time
from typing import TYPE_CHECKING, Any, Self

from ..errors import DynclientError
from ..messages import Violation
from ..observers import Event, Judged
from .codes import code_of
from .coverage import Point, documented, seen_of
from .exchanges import Exchange, http_of
from .findings import Finding, Key, Verdict
from .tally import Filter, Group, Tally

if TYPE_CHECKING:
    from ..document import Source

__all__ = ["Ledger", "LedgerError", "merge"]

#: Stamped into the file (`PRAGMA application_id`, `user_version`): no other is taken for one.
_APPLICATION = 0x64796E63
_VERSION = 1
_EVERYTHING = Filter(min_severity="info")

_TABLES = """
CREATE TABLE outcomes (name TEXT PRIMARY KEY, count INTEGER NOT NULL);
CREATE TABLE reasons (name TEXT PRIMARY KEY, count INTEGER NOT NULL);
CREATE TABLE calls (operation TEXT, status INTEGER, count INTEGER NOT NULL,
    PRIMARY KEY (operation, status));
CREATE TABLE coverage (operation TEXT, kind TEXT, name TEXT, count INTEGER NOT NULL,
    PRIMARY KEY (operation, kind, name));
CREATE TABLE findings (operation TEXT, code TEXT, place TEXT, pointer TEXT, severity TEXT,
    side TEXT, violation TEXT, engines TEXT, example TEXT, curl TEXT, sources TEXT, seen TEXT,
    count INTEGER NOT NULL, refused INTEGER NOT NULL, taken INTEGER NOT NULL,
    first REAL NOT NULL, last REAL NOT NULL, PRIMARY KEY (operation, code, place, pointer));
"""


class LedgerError(DynclientError):
    """The file is no ledger, is one of another version, or can't be used."""


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
        self._lock = Lock()
        self._seen = 0
        self._begin()
        self._connection = _opened(self.path)
        self._known = self._count()
        self._closed = False
        # What a program that forgets to close it has found is not lost.
        atexit.register(_flush_at_exit, weakref.ref(self))

    def _count(self) -> int:
        row = self._connection.execute("SELECT count(*) FROM findings").fetchone()
        return int(row[0])

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
            self._waiting += 1
            due = self._waiting >= self._batch
        if due:
            self.flush()

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
            self._waiting += 1
            due = self._waiting >= self._batch or monotonic() - self._since >= self._seconds
        if due:
            self.flush()

    def add_tally(self, tally: Tally) -> None:
        """Add what was counted elsewhere. LedgerError if the file can't be written."""
        self.flush()
        with self._lock, _written(self._connection, self.path):
            _add(self._connection, tally, Counter(), self._most)

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
                with _written(self._connection, self.path):
                    _add(self._connection, self._new, self._covered, self._most - self._known)
                self._known = self._connection.execute("SELECT count(*) FROM findings").fetchone()[
                    0
                ]
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
        return _tally(self._connection, filter_ or Filter())

    def coverage(self) -> dict[str, Counter[Point]]:
        """How often each documented point of an operation was seen, by the operation's name."""
        self.flush()
        found: dict[str, Counter[Point]] = {}
        for operation, kind, name, count in self._connection.execute("SELECT * FROM coverage"):
            found.setdefault(operation, Counter())[Point(kind, name)] = count
        return found


def merge(target: str | PathLike[str], sources: Iterable[str | PathLike[str]]) -> None:
    """Add what is in other ledgers to one, which is made where there is none.

    The order does not matter. A ledger that is merged twice counts twice. LedgerError if one is
    none: then nothing was added.
    """
    with _closing(str(target)) as into:
        read = []
        for source in sources:
            if not Path(source).exists():
                raise LedgerError(f"{source}: there is no such file")
            with _closing(str(source)) as each:
                covered = Counter(
                    {tuple(row[:3]): row[3] for row in each.execute("SELECT * FROM coverage")}
                )
                read.append((_tally(each, _EVERYTHING), covered))
        with _written(into, str(target)):
            for tally, covered in read:
                _add(into, tally, covered, 1 << 60)


@contextmanager
def _closing(path: str) -> Iterator[sqlite3.Connection]:
    connection = _opened(path)
    try:
        yield connection
    finally:
        connection.close()


def _opened(path: str) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(
            path, timeout=30, isolation_level=None, check_same_thread=False
        )
        try:
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise LedgerError(f"{path} can't be used as a ledger: {error}") from None
    return connection


def _prepare(connection: sqlite3.Connection, path: str) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("BEGIN IMMEDIATE")
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if application == 0 and tables == 0:
        for statement in filter(str.strip, _TABLES.split(";")):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id={_APPLICATION}")
        connection.execute(f"PRAGMA user_version={_VERSION}")
    elif application != _APPLICATION:
        raise LedgerError(f"{path} is a SQLite file of another program; give a new file")
    elif version != _VERSION:
        raise LedgerError(
            f"{path} is a ledger of version {version}, and this one reads version {_VERSION}; use "
            "the version of dynclient that wrote it, or give a new file"
        )
    connection.execute("COMMIT")


@contextmanager
def _written(connection: sqlite3.Connection, path: str) -> Iterator[None]:
    """One transaction: all of it, or nothing."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise LedgerError(f"{path} can't be written: {error}") from None


def _add(
    connection: sqlite3.Connection,
    tally: Tally,
    covered: Counter[tuple[str, str, str]],
    room: int,
) -> None:
    """Add a tally; of findings that are new, as many as there is room for."""
    for table, counts in (("outcomes", tally.exchanges), ("reasons", tally.reasons)):
        connection.executemany(
            f"INSERT INTO {table} VALUES (?, ?) ON CONFLICT DO UPDATE SET "  # noqa: S608
            "count = count + excluded.count",
            counts.items(),
        )
    calls = Counter(tally.statuses)
    for name, count in tally.operations.items():
        without = count - sum(n for (each, _), n in tally.statuses.items() if each == name)
        if without:
            calls[name, 0] += without
    connection.executemany(
        "INSERT INTO calls VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET "
        "count = count + excluded.count",
        [(*key, count) for key, count in calls.items()],
    )
    connection.executemany(
        "INSERT INTO coverage VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
        "count = count + excluded.count",
        [(*key, count) for key, count in covered.items()],
    )
    for group in tally.groups():
        known = connection.execute(
            "SELECT seen FROM findings WHERE operation=? AND code=? AND place=? AND pointer=?",
            group.key,
        ).fetchone()
        if known is None and room <= 0:
            continue
        room -= known is None
        for value in json.loads(known[0]) if known is not None else ():
            group.note(value)
        connection.execute(
            "INSERT INTO findings VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO UPDATE "
            "SET seen = excluded.seen, count = count + excluded.count, "
            "refused = refused + excluded.refused, "
            "taken = taken + excluded.taken, last = max(last, excluded.last), "
            "first = CASE WHEN first = 0 THEN excluded.first WHEN excluded.first = 0 THEN first "
            "ELSE min(first, excluded.first) END",
            _row(group),
        )


def _row(group: Group) -> tuple[Any, ...]:
    finding = group.finding
    return (
        *group.key,
        finding.severity,
        finding.side,
        json.dumps(finding.violation.as_dict()),
        ",".join(finding.engines),
        json.dumps(group.example),
        group.curl,
        json.dumps(group.sources),
        json.dumps(group.values),
        *(group.count, group.refused, group.taken, group.first, group.last),
    )


def _tally(connection: sqlite3.Connection, filter_: Filter) -> Tally:
    groups = []
    for row in connection.execute("SELECT * FROM findings"):
        told = json.loads(row[6])
        told.pop("remedy", None)
        finding = Finding(row[1], row[4], row[5], Violation(**told), None, tuple(row[7].split(",")))
        if filter_.takes(finding):
            example, sources = json.loads(row[8]), json.loads(row[10])
            count, refused, taken, first, last = row[12:17]
            group = Group(Key(*row[:4]), finding, example, row[9], sources=sources)
            group.count, group.refused, group.taken = count, refused, taken
            group.first, group.last = first, last
            group.values = json.loads(row[11])
            groups.append(group)
    calls = [tuple(row) for row in connection.execute("SELECT * FROM calls")]
    outcomes = Counter(dict(connection.execute("SELECT * FROM outcomes").fetchall()))
    reasons = Counter(dict(connection.execute("SELECT * FROM reasons").fetchall()))
    return Tally.restored(filter_, outcomes, calls, reasons, groups)


def _found(violation: Violation) -> Finding:
    """What a client found, classified."""
    side = "request" if violation.where.startswith("request") else "response"
    code = code_of(violation, side)  # type: ignore[arg-type]
    return Finding(code.code, code.severity, code.side, violation)


def _flush_at_exit(ledger: Callable[[], Ledger | None]) -> None:
    found = ledger()
    if found is not None:
        found.close()
