"""Jobs in the database.

Every change of state is one conditional UPDATE, so that threads, and services that share a
database, agree on who came first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from .clock import now_text, this_month
from .database import Database
from .tables import HEAVY, JobRow, jobs, tags

__all__ = ["FINAL", "PENDING", "JobFilter", "Jobs"]

#: The status words of a job, by whether it can still change (JobStatus).
PENDING = ("Queued", "Running")
FINAL = ("Completed", "Cancelled", "Cancelled - Ran too long", "Failed")

_LIGHT_COLUMNS = [column for column in jobs.c if column.name not in HEAVY]
_LISTED_COLUMNS = [*_LIGHT_COLUMNS, jobs.c.params]


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs of an instance `list_jobs` wants; None means no condition.

    `tags` must all be present. `created_after` and `created_before` are exclusive bounds, as
    `clock.moment` gives them.
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
                yield jobs.c[name] == value
        if self.pending is not None:
            yield jobs.c.status.in_(PENDING if self.pending else FINAL)
        if self.created_after is not None:
            yield jobs.c.created > self.created_after
        if self.created_before is not None:
            yield jobs.c.created < self.created_before
        for tag in self.tags:
            yield sa.exists().where(tags.c.job_id == jobs.c.id, tags.c.tag == tag)


class Jobs:
    """All jobs of all instances."""

    def __init__(self, database: Database) -> None:
        self._engine = database.engine

    def add(self, values: Mapping[str, Any]) -> None:
        """Queue a new job; `values` gives the columns that come from its request."""
        row = {**values, "status": "Queued", "attempts": 0}
        with self._engine.begin() as connection:
            connection.execute(sa.insert(jobs).values(row))
            _insert_tags(connection, row["id"], row["instance"], row["tags"])

    def get(
        self, job_id: str, instance: str | None = None, *, whole: bool = False
    ) -> JobRow | None:
        """One job, of that instance if given; `whole` adds params, results, log and circuits."""
        columns = list(jobs.c) if whole else _LIGHT_COLUMNS
        statement = sa.select(*columns).where(jobs.c.id == job_id)
        if instance is not None:
            statement = statement.where(jobs.c.instance == instance)
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
        conditions = [jobs.c.instance == instance, *where.conditions()]
        age = [jobs.c.created, jobs.c.seq]
        order = age if ascending else [column.desc() for column in age]
        columns = _LISTED_COLUMNS if params else _LIGHT_COLUMNS
        rows = sa.select(*columns).where(*conditions).order_by(*order).limit(limit).offset(offset)
        count = sa.select(sa.func.count()).select_from(jobs).where(*conditions)
        with self._engine.connect() as connection:
            total = connection.execute(count).scalar_one()
            return connection.execute(rows).mappings().all(), total

    def select(self, *conditions: sa.ColumnElement[bool]) -> Sequence[JobRow]:
        """Every job that meets the conditions, oldest first, without its heavy columns."""
        statement = sa.select(*_LIGHT_COLUMNS).where(*conditions).order_by(jobs.c.seq)
        with self._engine.connect() as connection:
            return connection.execute(statement).mappings().all()

    def queue_lengths(self) -> dict[str, int]:
        """How many jobs wait, by backend; backends without any are left out."""
        statement = (
            sa.select(jobs.c.backend, sa.func.count())
            .where(jobs.c.status == "Queued")
            .group_by(jobs.c.backend)
        )
        with self._engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(statement)}

    def used_seconds(self, instance: str) -> int:
        """Seconds charged to an instance this month: every second begun of every job counts."""
        statement = sa.select(jobs.c.seconds).where(
            jobs.c.instance == instance,
            jobs.c.seconds.is_not(None),
            jobs.c.created >= this_month()[0],
        )
        with self._engine.connect() as connection:
            return sum(-int(-row[0] // 1) for row in connection.execute(statement))

    def cancel(self, job_id: str, reason: str, log: str) -> bool:
        """Queued or Running to Cancelled; False if the job was already in a final state."""
        values = {"reason": reason, "log": log, "finished": now_text()}
        return self._change(job_id, PENDING, status="Cancelled", **values, **erasure())

    def cancel_queued_of_session(self, session_id: str, reason: str) -> None:
        """Jobs of the session that wait never run."""
        statement = (
            sa.update(jobs)
            .where(jobs.c.session_id == session_id, jobs.c.status == "Queued")
            .values(status="Cancelled", reason=reason, finished=now_text(), **erasure())
        )
        with self._engine.begin() as connection:
            connection.execute(statement)

    def set_tags(self, job_id: str, instance: str, labels: Sequence[str]) -> None:
        """Replace the labels."""
        with self._engine.begin() as connection:
            connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(tags=list(labels)))
            connection.execute(sa.delete(tags).where(tags.c.job_id == job_id))
            _insert_tags(connection, job_id, instance, labels)

    def find_tags(self, instance: str, search: str) -> list[str]:
        """The labels of an instance's jobs that contain `search`, in whatever case."""
        statement = (
            sa.select(tags.c.tag)
            .distinct()
            .where(tags.c.instance == instance, tags.c.tag.icontains(search, autoescape=True))
            .order_by(tags.c.tag)
        )
        with self._engine.connect() as connection:
            return list(connection.execute(statement).scalars())

    def read_once(self, job_id: str) -> None:
        """The result of a private job has been handed out: erase it."""
        self._change(job_id, FINAL, result=None, result_read=True)

    def delete(self, job_id: str) -> bool:
        """Remove the job and its data; False unless it is in a final state."""
        statement = sa.delete(jobs).where(jobs.c.id == job_id, jobs.c.status.in_(FINAL))
        with self._engine.begin() as connection:
            deleted = connection.execute(statement).rowcount == 1
            if deleted:
                connection.execute(sa.delete(tags).where(tags.c.job_id == job_id))
            return deleted

    def _change(self, job_id: str, from_states: Sequence[str], **values: Any) -> bool:
        statement = (
            sa.update(jobs)
            .where(jobs.c.id == job_id, jobs.c.status.in_(from_states))
            .values(**values)
        )
        with self._engine.begin() as connection:
            return connection.execute(statement).rowcount == 1


def erasure() -> dict[str, Any]:
    """The values that erase the params of a private job at its end."""
    return {"params": sa.case((jobs.c.private, sa.null()), else_=jobs.c.params)}


def _insert_tags(
    connection: sa.Connection, job_id: str, instance: str, labels: Iterable[str]
) -> None:
    rows = [{"job_id": job_id, "instance": instance, "tag": label} for label in set(labels)]
    if rows:
        connection.execute(sa.insert(tags), rows)
