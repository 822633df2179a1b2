"""Where jobs live: one SQLite file, through SQLAlchemy Core.

Every change of state is one conditional UPDATE, so that the service and the worker, which run on
different threads, agree on who came first. Times are UTC, stored as fixed-width ISO text, which
sorts as time does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

__all__ = ["FINAL", "PENDING", "JobFilter", "JobRow", "Store", "moment", "now_text"]

#: The status words of a job, by whether it can still change (JobStatus).
PENDING = ("Queued", "Running")
FINAL = ("Completed", "Cancelled", "Cancelled - Ran too long", "Failed")

#: One row of the jobs table, by column name.
JobRow = sa.RowMapping

_metadata = sa.MetaData()
_jobs = sa.Table(
    "jobs",
    _metadata,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("id", sa.String, nullable=False, unique=True),
    sa.Column("instance", sa.String, nullable=False, index=True),
    sa.Column("user_id", sa.String, nullable=False),
    sa.Column("program", sa.String, nullable=False),
    sa.Column("backend", sa.String, nullable=False),
    sa.Column("params", sa.JSON(none_as_null=True)),
    sa.Column("remote_storage", sa.JSON(none_as_null=True)),
    sa.Column("tags", sa.JSON, nullable=False),
    sa.Column("cost", sa.Integer, nullable=False),
    sa.Column("session_id", sa.String),
    sa.Column("runtime", sa.String),
    sa.Column("log_level", sa.String, nullable=False),
    sa.Column("private", sa.Boolean, nullable=False),
    sa.Column("status", sa.String, nullable=False, index=True),
    sa.Column("reason", sa.String),
    sa.Column("reason_code", sa.Integer),
    sa.Column("reason_solution", sa.String),
    sa.Column("created", sa.String, nullable=False),
    sa.Column("running", sa.String),
    sa.Column("finished", sa.String),
    sa.Column("seconds", sa.Float),
    sa.Column("qiskit_version", sa.String),
    sa.Column("result", sa.Text),
    sa.Column("result_read", sa.Boolean, nullable=False, default=False),
    sa.Column("interim", sa.Text),
    sa.Column("log", sa.Text),
    sa.Column("circuits", sa.JSON(none_as_null=True)),
    sqlite_autoincrement=True,
)
# What a list needs; the rest can be megabytes a job.
_HEAVY = {"params", "result", "interim", "log", "circuits"}
_LIGHT_COLUMNS = [column for column in _jobs.c if column.name not in _HEAVY]
_LISTED_COLUMNS = [*_LIGHT_COLUMNS, _jobs.c.params]


def moment(when: datetime) -> str:
    """`when` as the store and the API write it: UTC, microseconds, Z."""
    return when.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def now_text() -> str:
    """The present moment, as `moment` writes it."""
    return moment(datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs of an instance `list_jobs` wants; None means no condition.

    `tags` must all be present. `created_after` and `created_before` are exclusive bounds, as
    `moment` writes them.
    """

    pending: bool | None = None
    program: str | None = None
    backend: str | None = None
    session_id: str | None = None
    created_after: str | None = None
    created_before: str | None = None
    tags: Sequence[str] = ()

    def conditions(self) -> Iterable[sa.ColumnElement[bool]]:
        """The same as SQL conditions."""
        for name in ("program", "backend", "session_id"):
            if (value := getattr(self, name)) is not None:
                yield _jobs.c[name] == value
        if self.pending is not None:
            yield _jobs.c.status.in_(PENDING if self.pending else FINAL)
        if self.created_after is not None:
            yield _jobs.c.created > self.created_after
        if self.created_before is not None:
            yield _jobs.c.created < self.created_before
        for tag in self.tags:
            each = sa.func.json_each(_jobs.c.tags).table_valued("value")
            yield sa.exists(sa.select(each.c.value).where(each.c.value == tag))


class Store:
    """All jobs of all instances, in the SQLite file at `path`."""

    def __init__(self, path: Path) -> None:
        self._engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": 30})
        sa.event.listen(self._engine, "connect", _configure)
        _metadata.create_all(self._engine)
        self._requeue()

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def _requeue(self) -> None:
        """Jobs that ran when the process ended start again, before those queued after them."""
        with self._engine.begin() as connection:
            statement = sa.update(_jobs).where(_jobs.c.status == "Running")
            connection.execute(statement.values(status="Queued", running=None, interim=None))

    def add(self, values: Mapping[str, Any]) -> None:
        """Queue a new job; `values` gives the columns that come from its request."""
        row = {**values, "status": "Queued", "created": now_text()}
        with self._engine.begin() as connection:
            connection.execute(sa.insert(_jobs).values(row))

    def get(
        self, job_id: str, instance: str | None = None, *, whole: bool = False
    ) -> JobRow | None:
        """One job, of that instance if given; `whole` adds params, results, log and circuits."""
        columns = list(_jobs.c) if whole else _LIGHT_COLUMNS
        statement = sa.select(*columns).where(_jobs.c.id == job_id)
        if instance is not None:
            statement = statement.where(_jobs.c.instance == instance)
        with self._engine.connect() as connection:
            return connection.execute(statement).mappings().one_or_none()

    def page(
        self,
        instance: str,
        where: JobFilter,
        *,
        limit: int,
        offset: int,
        ascending: bool,
        params: bool,
    ) -> tuple[Sequence[JobRow], int]:
        """One page of matching jobs by age, and how many match in total."""
        conditions = [_jobs.c.instance == instance, *where.conditions()]
        age = [_jobs.c.created, _jobs.c.seq]
        order = age if ascending else [column.desc() for column in age]
        columns = _LISTED_COLUMNS if params else _LIGHT_COLUMNS
        rows = sa.select(*columns).where(*conditions).order_by(*order).limit(limit).offset(offset)
        count = sa.select(sa.func.count()).select_from(_jobs).where(*conditions)
        with self._engine.connect() as connection:
            total = connection.execute(count).scalar_one()
            return connection.execute(rows).mappings().all(), total

    def queue_lengths(self) -> dict[str, int]:
        """How many jobs wait, by backend; backends without any are left out."""
        statement = (
            sa.select(_jobs.c.backend, sa.func.count())
            .where(_jobs.c.status == "Queued")
            .group_by(_jobs.c.backend)
        )
        with self._engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(statement)}

    def next_queued(self, backends: Sequence[str]) -> JobRow | None:
        """The job that has waited longest for one of `backends`."""
        statement = (
            sa.select(*_LIGHT_COLUMNS)
            .where(_jobs.c.status == "Queued", _jobs.c.backend.in_(backends))
            .order_by(_jobs.c.seq)
            .limit(1)
        )
        with self._engine.connect() as connection:
            return connection.execute(statement).mappings().one_or_none()

    def begin(self, job_id: str) -> JobRow | None:
        """Queued to Running; the whole job, or None if it is no longer queued."""
        started = self._change(job_id, ("Queued",), status="Running", running=now_text())
        return self.get(job_id, whole=True) if started else None

    def finish(self, job_id: str, status: str, **values: Any) -> bool:
        """Running to the final `status`, with the columns it leaves; False if it was cancelled.

        The params of a private job are erased with it.
        """
        return self._change(
            job_id, ("Running",), status=status, finished=now_text(), **values, **_erasure()
        )

    def cancel(self, job_id: str, reason: str, log: str) -> bool:
        """Queued or Running to Cancelled; False if the job was already in a final state."""
        values = {"reason": reason, "log": log, "finished": now_text()}
        return self._change(job_id, PENDING, status="Cancelled", **values, **_erasure())

    def note_stopped(self, job_id: str, **values: Any) -> None:
        """What a job left behind that was cancelled while it ran: seconds used and log."""
        self._change(job_id, ("Cancelled",), **values)

    def note_interim(self, job_id: str, text: str) -> None:
        """Results so far, of a job that runs."""
        self._change(job_id, ("Running",), interim=text)

    def set_tags(self, job_id: str, tags: Sequence[str]) -> None:
        """Replace the labels."""
        self._change(job_id, (*PENDING, *FINAL), tags=list(tags))

    def read_once(self, job_id: str) -> None:
        """The result of a private job has been handed out: erase it."""
        self._change(job_id, FINAL, result=None, result_read=True)

    def delete(self, job_id: str) -> bool:
        """Remove the job and its data; False unless it is in a final state."""
        statement = sa.delete(_jobs).where(_jobs.c.id == job_id, _jobs.c.status.in_(FINAL))
        with self._engine.begin() as connection:
            return connection.execute(statement).rowcount == 1

    def is_running(self, job_id: str) -> bool:
        """Whether the job still runs, that is, wasn't cancelled."""
        row = self.get(job_id)
        return row is not None and row["status"] == "Running"

    def _change(self, job_id: str, from_states: Sequence[str], **values: Any) -> bool:
        statement = (
            sa.update(_jobs)
            .where(_jobs.c.id == job_id, _jobs.c.status.in_(from_states))
            .values(**values)
        )
        with self._engine.begin() as connection:
            return connection.execute(statement).rowcount == 1


def _erasure() -> dict[str, Any]:
    return {"params": sa.case((_jobs.c.private, sa.null()), else_=_jobs.c.params)}


def _configure(connection: Any, _record: object) -> None:
    # Write-ahead logging lets the service read while the worker writes; NORMAL then survives a
    # crash of the process without a disk flush for each change (sqlite.org/wal.html).
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL"):
        connection.execute(f"PRAGMA {pragma}").close()


def due_in(row: JobRow, delay: float) -> float:
    """Seconds until a queued job may start, which is `delay` seconds after its creation."""
    due = datetime.fromisoformat(row["created"]) + timedelta(seconds=delay)
    return (due - datetime.now(UTC)).total_seconds()
