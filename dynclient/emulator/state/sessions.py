"""Sessions: what the database holds, and what follows from it and from the jobs that ran.

A session is open until its first job starts, active as long as it goes before other work,
inactive when it lost that priority by idling, and closed in the end (SessionState). Only what a
caller did is stored; every stage and its moment is derived from that, from the limits and from
the jobs, so a session never needs a clock of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from .clock import later, now_text, seconds_between
from .database import Database
from .jobs import PENDING
from .tables import JobRow, jobs, sessions

__all__ = ["Life", "Sessions", "life_of"]


@dataclass(frozen=True, slots=True)
class Life:
    """The stages of one session up to a moment: `history` holds (state, since when)."""

    history: Sequence[tuple[str, str]]
    reason: str | None
    last_job_started: str | None
    last_job_completed: str | None
    backend: str | None
    busy: bool

    @property
    def state(self) -> str:
        """The present stage."""
        return self.history[-1][0]

    def since(self, state: str) -> str | None:
        """When the session entered that stage first; None if it never did."""
        return next((moment for name, moment in self.history if name == state), None)


def life_of(session: JobRow, its_jobs: Collection[JobRow], now: str) -> Life:
    """What has become of a session by `now`, given all of its jobs."""
    worked = sorted((job for job in its_jobs if job["running"]), key=lambda job: job["running"])
    waiting = any(job["status"] in PENDING for job in its_jobs)
    backend = worked[0]["backend"] if worked else None
    history = [("open", session["created"]), *_priority(session, worked, now)]
    end, reason = _end(session, worked, history, waiting=waiting)
    if end is not None and end <= now:
        history = [(state, at) for state, at in history if at <= end]
        history.append(("closed", end))
    else:
        reason = {"active": "A job started.", "inactive": "The session idled."}.get(history[-1][0])
    finished = [job["finished"] for job in worked if job["finished"]]
    return Life(
        history,
        reason,
        worked[-1]["running"] if worked else None,
        max(finished, default=None),
        backend,
        any(job["status"] == "Running" for job in its_jobs),
    )


def _priority(session: JobRow, worked: Sequence[JobRow], now: str) -> list[tuple[str, str]]:
    """The turns of active and inactive: idling for longer than interactive_ttl costs priority."""
    turns: list[tuple[str, str]] = []
    busy_until: str | None = None
    for job in worked:
        if busy_until is not None and busy_until < job["running"]:
            idle = later(busy_until, session["interactive_ttl"])
            if idle < job["running"]:
                turns.append(("inactive", idle))
        if not turns or turns[-1][0] == "inactive":
            turns.append(("active", job["running"]))
        ends = job["finished"] or now
        busy_until = max(busy_until or ends, ends)
    if busy_until is not None and (idle := later(busy_until, session["interactive_ttl"])) <= now:
        turns.append(("inactive", idle))
    return turns


def _end(
    session: JobRow,
    worked: Sequence[JobRow],
    history: Sequence[tuple[str, str]],
    *,
    waiting: bool,
) -> tuple[str | None, str | None]:
    """When and why the session ends, if that is known."""
    ends = [(later(session["created"], session["max_ttl"]), "The session reached its max_ttl.")]
    if session["closed"]:
        ends.append((session["closed"], session["closed_reason"]))
    if session["draining"] and not waiting:
        done = max([session["draining"], *(job["finished"] for job in worked)])
        ends.append((done, "The session took no more jobs and had none left."))
    if spent := _active_end(session, history):
        ends.append((spent, "The session reached its active_ttl."))
    return min(ends, key=lambda end: end[0])


def _active_end(session: JobRow, history: Sequence[tuple[str, str]]) -> str | None:
    """The moment at which the time of being active is used up."""
    left = float(session["active_ttl"])
    for index, (state, since) in enumerate(history):
        if state != "active":
            continue
        if index + 1 == len(history):
            return later(since, left)
        lasted = seconds_between(since, history[index + 1][1])
        if lasted >= left:
            return later(since, left)
        left -= lasted
    return None


class Sessions:
    """All sessions of all instances."""

    def __init__(self, database: Database) -> None:
        self._engine = database.engine

    def add(self, values: Mapping[str, Any]) -> None:
        """Open a session."""
        with self._engine.begin() as connection:
            connection.execute(sa.insert(sessions).values(values))

    def get(self, session_id: str, instance: str) -> JobRow | None:
        """One session of that instance."""
        rows = self.select(sessions.c.id == session_id, sessions.c.instance == instance)
        return rows[0] if rows else None

    def select(self, *conditions: sa.ColumnElement[bool]) -> Sequence[JobRow]:
        """Every session that meets the conditions, oldest first."""
        statement = sa.select(sessions).where(*conditions).order_by(sessions.c.seq)
        with self._engine.connect() as connection:
            return connection.execute(statement).mappings().all()

    def jobs_of(self, session_ids: Sequence[str]) -> dict[str, list[JobRow]]:
        """The jobs of each of those sessions: what `life_of`, usage and lists need of them."""
        columns = ("session_id", "backend", "status", "running", "finished", "seconds", "tags")
        statement = (
            sa.select(*(jobs.c[name] for name in columns))
            .where(jobs.c.session_id.in_(session_ids))
            .order_by(jobs.c.seq)
        )
        found: dict[str, list[JobRow]] = {session_id: [] for session_id in session_ids}
        with self._engine.connect() as connection:
            for row in connection.execute(statement).mappings():
                found[row["session_id"]].append(row)
        return found

    def lives(self, rows: Sequence[JobRow]) -> dict[str, Life]:
        """What has become of each of those sessions, by id."""
        now = now_text()
        its_jobs = self.jobs_of([row["id"] for row in rows])
        return {row["id"]: life_of(row, its_jobs[row["id"]], now) for row in rows}

    def drain(self, session_id: str, *, accepting: bool) -> None:
        """Take no more jobs, or take them again."""
        self._set(session_id, draining=None if accepting else now_text())

    def close(self, session_id: str, reason: str) -> None:
        """End the session now; one that has ended stays as it is."""
        self._set(session_id, closed=now_text(), closed_reason=reason)

    def settle(self, session_id: str, life: Life) -> None:
        """Write down an end that came by a limit."""
        self._set(session_id, closed=life.since("closed"), closed_reason=life.reason)

    def unfinished(self) -> Sequence[JobRow]:
        """Sessions that nobody closed; some of them may have ended by their limits."""
        return self.select(sessions.c.closed.is_(None))

    def _set(self, session_id: str, **values: Any) -> None:
        statement = (
            sa.update(sessions)
            .where(sessions.c.id == session_id, sessions.c.closed.is_(None))
            .values(**values)
        )
        with self._engine.begin() as connection:
            connection.execute(statement)
