"""The queue: one thread that runs jobs in the order they came."""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable
from math import ceil
from typing import Any

from .backends import BACKENDS, online_names
from .failures import INTERNAL, RAN_TOO_LONG, JobCancelled, JobFailure, RanTooLong
from .store import JobRow, Store, due_in, now_text

__all__ = ["LOG_LEVELS", "Worker", "log_line", "whole_seconds"]

#: Seconds between two writings of interim results, which grow with every pub.
_INTERIM_PERIOD = 1.0

_log = logging.getLogger(__name__)

#: LogLevel of the document, from the least to the most detailed.
LOG_LEVELS = ("critical", "error", "warning", "info", "debug")


def log_line(level: str, message: str) -> str:
    """One line of a job's log."""
    return f"{now_text()} {level.upper()}: {message}\n"


def whole_seconds(seconds: float) -> int:
    """Time as it is billed: every second begun counts."""
    return ceil(seconds)


class Worker:
    """Runs the queued jobs of `store` on a thread of its own, from `start` to `stop`.

    `delay` is how long a job waits at least, in seconds. `warm_up` loads Qiskit before the
    first job. A job that is running when `stop` is called ends after its present pub and starts
    again when the store is opened the next time.
    """

    def __init__(self, store: Store, *, delay: float = 0.0, warm_up: bool = False) -> None:
        self._store = store
        self._delay = delay
        self._warm_up = warm_up
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="emulator-worker", daemon=True)

    def start(self) -> None:
        """Begin with what is in the queue."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; waits for the present pub."""
        self._stopping.set()
        self._wake.set()
        self._thread.join()

    def wake(self) -> None:
        """The queue has changed."""
        self._wake.set()

    def _loop(self) -> None:
        if self._warm_up:
            from . import primitives  # noqa: F401 - loads Qiskit
        while not self._stopping.is_set():
            self._wake.clear()
            row = self._store.next_queued(online_names())
            wait = due_in(row, self._delay) if row is not None else None
            if row is None or (wait is not None and wait > 0):
                self._wake.wait(wait)
                continue
            job = self._store.begin(row["id"])
            if job is not None:
                _Run(self._store, job, self._stopping).run()


class _Run:
    """One job on its way from Running to its end."""

    def __init__(self, store: Store, job: JobRow, stopping: threading.Event) -> None:
        self._store = store
        self._job = job
        self._stopping = stopping
        self._started = time.monotonic()
        self._lines: list[str] = []
        self._results: Callable[[], str] | None = None
        self._next_interim = 0.0
        self._shown = LOG_LEVELS[: LOG_LEVELS.index(job["log_level"]) + 1]

    def run(self) -> None:
        """Run the job and record how it ended, whatever happens."""
        try:
            self._execute()
        except JobFailure as failure:
            self._fail(failure.reason, failure.code, failure.solution)
        except RanTooLong:
            self._end(
                "Cancelled - Ran too long",
                reason=f"The job used up its budget of {self._job['cost']} seconds.",
                reason_code=RAN_TOO_LONG,
                reason_solution="Ask for a larger cost, or submit fewer pubs.",
            )
        except JobCancelled:
            self._write("warning", "job cancelled while it ran")
            self._note_stopped()
        except BaseException as error:  # noqa: BLE001 - a bug of ours, or a panic in Rust, which
            # is no Exception, must not end the queue; no other thread interrupts this one.
            _log.exception("job %s failed by a fault of the emulator", self._job["id"])
            self._write("critical", traceback.format_exc())
            self._fail(f"Fault of the emulator: {error!r}.", INTERNAL, "See the log of the job.")

    def _execute(self) -> None:
        from .primitives import QISKIT_VERSION, Task, run_task

        job = self._job
        self._write("info", f"{job['program']} job starts on {job['backend']}")
        if job["remote_storage"] is not None:
            raise JobFailure(
                "The emulator has no access to object storage.", solution="Send params inline."
            )
        task = Task(
            program=job["program"],
            params=job["params"] or {},
            qubits=BACKENDS[job["backend"]].qubits,
            after_pub=self._after_pub,
            log=self._write,
        )
        outcome = run_task(task)
        self._write("info", "job completed")
        self._end(
            "Completed",
            result=outcome.result,
            circuits=None if job["private"] else outcome.circuits,
            qiskit_version=QISKIT_VERSION,
        )

    def _after_pub(self, results: Callable[[], str]) -> None:
        self._results = results
        if self._stopping.is_set() or not self._store.is_running(self._job["id"]):
            raise JobCancelled
        if self._elapsed() > self._job["cost"]:
            raise RanTooLong
        if time.monotonic() >= self._next_interim:
            self._note_interim()

    def _note_interim(self) -> None:
        """Show the results so far; those of a private job are never shown twice."""
        if self._results is not None and not self._job["private"]:
            self._store.note_interim(self._job["id"], self._results())
        self._next_interim = time.monotonic() + _INTERIM_PERIOD

    def _fail(self, reason: str, code: int, solution: str | None) -> None:
        self._write("critical", reason)
        self._end(
            "Failed",
            reason=reason,
            reason_code=code,
            reason_solution=solution,
            result=f"Error: {reason}\n",
        )

    def _end(self, status: str, **values: Any) -> None:
        self._note_interim()
        values |= {"seconds": self._elapsed(), "log": "".join(self._lines)}
        if not self._store.finish(self._job["id"], status, **values):
            self._note_stopped()

    def _note_stopped(self) -> None:
        # Does nothing for a job that a stopping emulator leaves Running: it will be queued again.
        self._store.note_stopped(self._job["id"], seconds=self._elapsed(), log="".join(self._lines))

    def _elapsed(self) -> float:
        return time.monotonic() - self._started

    def _write(self, level: str, message: str) -> None:
        if level in self._shown:
            self._lines.append(log_line(level, message))
