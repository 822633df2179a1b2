"""The queue: which job runs next, and whose it is while it runs.

A service owns the jobs that it runs. Services that share a database each give a sign of life;
the jobs of one that has given none for `LEASE` seconds are queued again by the others.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from .clock import later, now_text
from .database import Database
from .jobs import erasure
from .tables import JobRow, jobs, services

__all__ = ["LEASE", "MAX_ATTEMPTS", "Queue"]

#: Seconds without a sign of life after which a service is taken for dead.
LEASE = 30.0

#: How many times a job is begun before it is held to be what ends the service.
MAX_ATTEMPTS = 20

_REASON = f"The service ended {MAX_ATTEMPTS} times while this job ran."
_EVERY_SERVICE_DIED = {
    "reason": _REASON,
    "result": f"Error: {_REASON}\n",
    "log": f"{_REASON}\n",
    "reason_code": 9500,
    "reason_solution": "Look at the memory of the machine, and at the log of the service.",
}


class Queue:
    """The jobs that wait, seen by the service `owner`."""

    def __init__(self, database: Database, owner: str) -> None:
        self._engine = database.engine
        self._shared = database.shared
        self._owner = owner

    def recover(self) -> None:
        """Queue again what services ran that are no more, in the place that it had."""
        with self._engine.begin() as connection:
            orphaned = jobs.c.status == "Running"
            if self._shared:
                alive = sa.select(services.c.id).where(services.c.seen > later(now_text(), -LEASE))
                orphaned &= jobs.c.owner.not_in(alive)
            spent = jobs.c.attempts >= MAX_ATTEMPTS
            connection.execute(
                sa.update(jobs)
                .where(orphaned, spent)
                .values(status="Failed", finished=now_text(), **_EVERY_SERVICE_DIED, **erasure())
            )
            connection.execute(
                sa.update(jobs)
                .where(orphaned, sa.not_(spent))
                .values(status="Queued", owner=None, running=None, interim=None)
            )

    def give_sign(self) -> None:
        """Say that this service is alive."""
        with self._engine.begin() as connection:
            mine = services.c.id == self._owner
            changed = connection.execute(
                sa.update(services).where(mine).values(seen=now_text())
            ).rowcount
            if not changed:
                connection.execute(sa.insert(services).values(id=self._owner, seen=now_text()))

    def sign_off(self) -> None:
        """This service ends: what it still owns is queued again, as if never begun."""
        with self._engine.begin() as connection:
            connection.execute(
                sa.update(jobs)
                .where(jobs.c.status == "Running", jobs.c.owner == self._owner)
                .values(
                    status="Queued", owner=None, running=None, interim=None,
                    attempts=sa.case((jobs.c.attempts > 0, jobs.c.attempts - 1), else_=0),
                )
            )  # fmt: skip
            connection.execute(sa.delete(services).where(services.c.id == self._owner))

    def candidates(
        self,
        backends: Collection[str],
        reserved: Mapping[str, str],
        busy: Collection[str],
        limit: int,
    ) -> Sequence[JobRow]:
        """The jobs that have waited longest and may start now.

        `reserved` says for which session a backend works alone, `busy` which sessions take no
        second job.
        """
        conditions = [
            jobs.c.status == "Queued",
            jobs.c.backend.in_(backends),
            jobs.c.due <= now_text(),
        ]
        conditions += [
            sa.or_(jobs.c.backend != backend, jobs.c.session_id == session)
            for backend, session in reserved.items()
        ]
        if busy:
            conditions.append(sa.or_(jobs.c.session_id.is_(None), jobs.c.session_id.not_in(busy)))
        statement = (
            sa.select(jobs.c.id, jobs.c.backend, jobs.c.session_id)
            .where(*conditions)
            .order_by(jobs.c.seq)
            .limit(limit)
        )
        with self._engine.connect() as connection:
            return connection.execute(statement).mappings().all()

    def next_due(self, backends: Collection[str]) -> str | None:
        """The moment at which the first waiting job may start; None if none waits."""
        statement = sa.select(sa.func.min(jobs.c.due)).where(
            jobs.c.status == "Queued", jobs.c.backend.in_(backends)
        )
        with self._engine.connect() as connection:
            return connection.execute(statement).scalar_one()  # type: ignore[no-any-return]

    def begin(self, job_id: str) -> JobRow | None:
        """Queued to Running, owned by this service; None if another was quicker."""
        statement = (
            sa.update(jobs)
            .where(jobs.c.id == job_id, jobs.c.status == "Queued")
            .values(status="Running", running=now_text(), owner=self._owner)
        )
        with self._engine.begin() as connection:
            if connection.execute(statement).rowcount != 1:
                return None
            whole = sa.select(jobs).where(jobs.c.id == job_id)
            return connection.execute(whole).mappings().one()

    def note_attempt(self, job_id: str) -> None:
        """The process of the job has begun to work: from now on it may be what ends the service."""
        self._change(job_id, "Running", attempts=jobs.c.attempts + 1)

    def finish(self, job_id: str, status: str, **values: Any) -> bool:
        """Running to the final `status`, with the columns it leaves.

        False if it was cancelled, or is no longer this service's.
        """
        return self._change(
            job_id, "Running", status=status, finished=now_text(), **values, **erasure()
        )

    def note_interim(self, job_id: str, text: str) -> None:
        """Results so far, of a job that runs."""
        self._change(job_id, "Running", interim=text)

    def note_stopped(self, job_id: str, **values: Any) -> None:
        """What a job left behind that was cancelled while it ran: seconds used and log."""
        self._change(job_id, "Cancelled", **values)

    def still_mine(self, job_ids: Collection[str]) -> set[str]:
        """Those of `job_ids` that run and belong to this service."""
        statement = sa.select(jobs.c.id).where(
            jobs.c.id.in_(job_ids), jobs.c.status == "Running", jobs.c.owner == self._owner
        )
        with self._engine.connect() as connection:
            return set(connection.execute(statement).scalars())

    def _change(self, job_id: str, from_state: str, **values: Any) -> bool:
        statement = (
            sa.update(jobs)
            .where(jobs.c.id == job_id, jobs.c.status == from_state, jobs.c.owner == self._owner)
            .values(**values)
        )
        with self._engine.begin() as connection:
            return connection.execute(statement).rowcount == 1
