"""Takes jobs from the queue, runs each in a process of its own, ends those that are to end."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy.exc import SQLAlchemyError

from ..devices import Device
from ..settings import Settings
from ..state.clock import parsed
from ..state.database import Database
from ..state.jobs import Jobs
from ..state.queue import LEASE, Queue
from ..state.sessions import Sessions
from . import launcher
from .run import Run

__all__ = ["Dispatcher"]

_log = logging.getLogger(__name__)

#: Seconds between two looks at the jobs that run, and at the database for what others changed.
_TICK = 0.1
_OTHERS = 0.5
#: Seconds after which what the database refused is tried again.
_RETRY = 1.0

SESSION_OVER = "The session ended before the job started."


class Dispatcher:
    """Works on the queue of `database` from `start` to `stop`, on a thread of its own.

    A job that is running when `stop` is called is killed and queued again, so that it runs once
    the database is opened the next time, or on another service that shares it.
    """

    def __init__(
        self, database: Database, settings: Settings, devices: Mapping[str, Device]
    ) -> None:
        self._owner = uuid.uuid4().hex
        self._shared = database.shared
        self._queue = Queue(database, self._owner)
        self._jobs = Jobs(database)
        self._sessions = Sessions(database)
        self._settings = settings
        self._online = [device.name for device in devices.values() if device.state == "online"]
        self._runs: dict[str, Run] = {}
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._next_sign = self._next_check = 0.0
        self._thread = threading.Thread(target=self._loop, name="emulator-jobs", daemon=True)

    def start(self) -> None:
        """Begin with what is in the queue. Raises SQLAlchemyError if the database refuses."""
        self._give_sign()
        if self._settings.warm_up:
            launcher.warm_up()
        self._thread.start()

    def stop(self) -> None:
        """Kill what runs, queue it again, end the thread."""
        self._stopping.set()
        self._wake.set()
        self._thread.join()
        for run in list(self._runs.values()):
            run.end("stopping")
        for run in list(self._runs.values()):
            run.join()
        try:
            self._queue.sign_off()
        except SQLAlchemyError:
            _log.exception("what ran could not be queued again; the next start does it")

    def wake(self) -> None:
        """The queue has changed."""
        self._wake.set()

    def cancelled(self, job_id: str) -> None:
        """The job was cancelled: end it if it runs here."""
        run = self._runs.get(job_id)
        if run is not None:
            run.end("cancelled")

    def _loop(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                wait = self._round()
            except SQLAlchemyError as error:
                _log.warning("the database refuses: %s", str(error).partition("\n")[0])
                wait = _RETRY
            self._wake.wait(wait)

    def _round(self) -> float | None:
        """Look at everything once; how many seconds nothing can have changed, None for ever."""
        now = time.monotonic()
        if self._shared and now >= self._next_sign:
            self._give_sign()
        for run in list(self._runs.values()):
            if run.over:
                del self._runs[run.job_id]
            elif run.seconds > run.budget:
                run.end("too long")
        if self._runs and now >= self._next_check:
            self._next_check = now + _OTHERS
            mine = self._queue.still_mine(list(self._runs))
            for job_id in self._runs.keys() - mine:
                self._runs[job_id].end("cancelled")
        self._begin_jobs()
        if self._runs:
            return _TICK
        due = self._queue.next_due(self._online)
        if due is not None:
            left = (parsed(due) - datetime.now(UTC)).total_seconds()
            return min(max(left, _TICK), 1.0)
        return 1.0 if self._shared else None

    def _give_sign(self) -> None:
        self._queue.give_sign()
        self._queue.recover()
        self._next_sign = time.monotonic() + LEASE / 6

    def _begin_jobs(self) -> None:
        free = self._settings.workers - len(self._runs)
        if free <= 0:
            return
        reserved, busy = self._look_at_sessions()
        for row in self._queue.candidates(self._online, reserved, busy, free):
            session = row["session_id"]
            if session in busy:
                continue
            job = self._queue.begin(row["id"])
            if job is None:
                continue
            if session is not None and session in reserved.values():
                busy.add(session)
            self._runs[job["id"]] = run = Run(self._queue, job, self._settings, self._wake)
            run.start()

    def _look_at_sessions(self) -> tuple[dict[str, str], set[str]]:
        """Which session each backend is reserved for, and the dedicated ones that run a job.

        What has ended by its limits is closed, and its jobs that wait with it.
        """
        rows = self._sessions.unfinished()
        lives = self._sessions.lives(rows)
        reserved: dict[str, str] = {}
        busy: set[str] = set()
        for row in rows:
            life = lives[row["id"]]
            if life.state == "closed":
                self._sessions.settle(row["id"], life)
                self._jobs.cancel_queued_of_session(row["id"], SESSION_OVER)
            elif row["mode"] == "dedicated":
                if life.state == "active" and life.backend is not None:
                    reserved.setdefault(life.backend, row["id"])
                if life.busy:
                    busy.add(row["id"])
        return reserved, busy
