"""The file of a ledger: its tables, and how tallies are added to them and read back."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import DynclientError
from ..messages import Violation
from .findings import Finding, Key
from .tally import Filter, Group, Tally

__all__ = [
    "LedgerError",
    "add",
    "closing",
    "count_findings",
    "opened",
    "read",
    "read_coverage",
    "written",
]

#: Stamped into the file (`PRAGMA application_id`, `user_version`): no other is taken for one.
_APPLICATION = 0x64796E63
_VERSION = 1

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


@contextmanager
def closing(path: str) -> Iterator[sqlite3.Connection]:
    """`opened`, and closed at the end."""
    connection = opened(path)
    try:
        yield connection
    finally:
        connection.close()


def opened(path: str) -> sqlite3.Connection:
    """The file, made where there is none. LedgerError if it is no ledger of this version."""
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
def written(connection: sqlite3.Connection, path: str) -> Iterator[None]:
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


def add(
    connection: sqlite3.Connection,
    tally: Tally,
    covered: Counter[tuple[str, str, str]],
    room: int,
) -> None:
    """Add a tally; of findings that are new, as many as there is room for."""
    calls, without = Counter(tally.statuses), Counter(tally.operations)
    for (name, _), count in tally.statuses.items():
        without[name] -= count
    calls.update({(name, 0): count for name, count in (+without).items()})
    for table, marks, rows in (
        ("outcomes", "?, ?", tally.exchanges.items()),
        ("reasons", "?, ?", tally.reasons.items()),
        ("calls", "?, ?, ?", ((*key, count) for key, count in calls.items())),
        ("coverage", "?, ?, ?, ?", ((*key, count) for key, count in covered.items())),
    ):
        connection.executemany(
            # The names of the tables stand above.
            f"INSERT INTO {table} VALUES ({marks}) ON CONFLICT DO UPDATE SET "  # noqa: S608
            "count = count + excluded.count",
            rows,
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


def count_findings(connection: sqlite3.Connection) -> int:
    """How many there are, by code and place."""
    return int(connection.execute("SELECT count(*) FROM findings").fetchone()[0])


def read_coverage(connection: sqlite3.Connection) -> Counter[tuple[str, str, str]]:
    """How often each point was seen, by operation, kind and name."""
    rows = connection.execute("SELECT * FROM coverage")
    return Counter({tuple(row[:3]): row[3] for row in rows})


def read(connection: sqlite3.Connection, filter_: Filter) -> Tally:
    """All that was added, as far as the filter takes it."""
    groups = []
    for row in connection.execute("SELECT * FROM findings"):
        told = json.loads(row[6])
        told.pop("remedy", None)
        finding = Finding(row[1], row[4], row[5], Violation(**told), None, tuple(row[7].split(",")))
        if filter_.takes(finding):
            example, sources, values = (json.loads(row[at]) for at in (8, 10, 11))
            group = Group(Key(*row[:4]), finding, example, row[9], *row[12:])
            group.sources, group.values = sources, values
            groups.append(group)
    calls = [tuple(row) for row in connection.execute("SELECT * FROM calls")]
    outcomes = Counter(dict(connection.execute("SELECT * FROM outcomes").fetchall()))
    reasons = Counter(dict(connection.execute("SELECT * FROM reasons").fetchall()))
    return Tally.restored(filter_, outcomes, calls, reasons, groups)
