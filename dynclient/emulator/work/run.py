"""One job on its way from Running to its end, beside the process that works on it."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from math import ceil
from typing import Any, Literal

from sqlalchemy.exc import SQLAlchemyError

from ..settings import Settings
from ..state.clock import now_text
from ..state.queue import Queue
from ..state.tables import JobRow
from . import launcher
from .failures import INTERNAL, INVALID_INPUT, OUT_OF_MEMORY, RAN_TOO_LONG
from .frames import read_frame, write_frame

__all__ = ["LOG_LEVELS", "Run", "log_line", "whole_seconds"]

_log = logging.getLogger(__name__)

#: Seconds after which what the database refused is tried again.
_RETRY = 0.5

#: LogLevel of the document, from the least to the most detailed.
LOG_LEVELS = ("critical", "error", "warning", "info", "debug")

Ending = Literal["cancelled", "too long", "stopping"]


def log_line(level: str, message: str) -> str:
    """One line of a job's log."""
    return f"{now_text()} {level.upper()}: {message}\n"


def whole_seconds(seconds: float) -> int:
    """Time as it is billed: every second begun counts."""
    return ceil(seconds)


class Run:
    """Runs `job` in a process; `done` is set whenever it has ended."""

    def __init__(
        self, queue: Queue, job: JobRow, settings: Settings, done: threading.Event
    ) -> None:
        self.job_id: str = job["id"]
        self.budget = float(job["cost"])
        #: Whether it has ended and what it left is stored.
        self.over = False
        self._queue = queue
        self._job = job
        self._settings = settings
        self._done = done
        self._started = time.monotonic()
        self._lines: list[str] = []
        self._shown = LOG_LEVELS[: LOG_LEVELS.index(job["log_level"]) + 1]
        self._lock = threading.Lock()
        self._ending: Ending | None = None
        self._process: launcher.JobProcess | None = None
        self._received: dict[str, bytes] = {}
        self._thread = threading.Thread(
            target=self._run, name=f"emulator-job-{self.job_id}", daemon=True
        )

    def start(self) -> None:
        """Begin, on a thread of its own."""
        self._thread.start()

    def join(self) -> None:
        """Wait for the end."""
        self._thread.join()

    def end(self, why: Ending) -> None:
        """Kill the process, for that reason; the first reason counts."""
        self._ending = self._ending or why
        with self._lock:
            if self._process is not None:
                self._process.kill()

    @property
    def seconds(self) -> float:
        """For how long it has run."""
        return time.monotonic() - self._started

    def _run(self) -> None:
        try:
            self._write("info", f"{self._job['program']} job starts on {self._job['backend']}")
            if self._job["remote_storage"] is not None:
                reason = "The emulator has no access to object storage."
                self._fail(reason, INVALID_INPUT, "Send params inline.")
            else:
                self._conclude(self._work())
        finally:
            self.over = True
            self._done.set()

    def _work(self) -> str | None:
        """Let a process do it; what ended the process from outside, if anything did."""
        with self._lock:
            if self._ending is not None:
                return None
            try:
                self._process = process = launcher.launch()
            except OSError as error:
                return f"{error}"
        # The first job waits until Qiskit is loaded; that is not charged.
        self._started = time.monotonic()
        try:
            write_frame(process.writer, "task", json.dumps(self._task()).encode())
            while (frame := read_frame(process.reader)) is not None:
                self._take(*frame)
        except OSError as error:
            _log.debug("the process of job %s does not listen: %s", self.job_id, error)
        with self._lock:
            self._process = None
        return process.wait()

    def _task(self) -> dict[str, Any]:
        job = self._job
        return {
            "program": job["program"],
            "params": job["params"],
            "device": job["backend"],
            "private": job["private"],
            "noise": self._settings.noise,
            "memory": self._settings.job_memory,
        }

    def _take(self, kind: str, payload: bytes) -> None:
        if kind == "log":
            self._write(*json.loads(payload))
        elif kind == "interim":
            if self._job["private"]:
                return  # shown once, at the end
            text = payload.decode()
            self._stored(lambda: self._queue.note_interim(self.job_id, text))
        else:
            self._received[kind] = payload
            if kind == "version":  # the first that a process sends
                self._stored(lambda: self._queue.note_attempt(self.job_id))

    def _conclude(self, killer: str | None) -> None:
        received = self._received
        if "result" in received:
            self._complete()
        elif "failure" in received:
            self._fail(*json.loads(received["failure"]))
        elif "bug" in received:
            text = json.loads(received["bug"])
            _log.error("job %s failed by a bug in the emulator\n%s", self.job_id, text)
            self._write("critical", text)
            last = text.strip().rpartition("\n")[2]
            self._fail(f"A bug in the emulator: {last}.", INTERNAL, "See the log of the job.")
        elif self._ending == "too long":
            self._end(
                "Cancelled - Ran too long",
                reason=f"The job used up its budget of {self._job['cost']} seconds.",
                reason_code=RAN_TOO_LONG,
                reason_solution="Ask for a larger cost, or submit fewer pubs.",
            )
        elif self._ending == "cancelled":
            self._write("warning", "job cancelled while it ran")
            self._stored(self._note_stopped)
        elif self._ending != "stopping":
            self._died(killer)

    def _complete(self) -> None:
        self._write("info", "job completed")
        circuits = json.loads(self._received["circuits"])
        self._end(
            "Completed",
            result=self._received["result"].decode(),
            circuits=None if self._job["private"] else circuits,
            qiskit_version=json.loads(self._received["version"]),
        )

    def _died(self, killer: str | None) -> None:
        if killer == "SIGXCPU":
            reason = "The circuit takes too long to read."
            self._fail(reason, INVALID_INPUT, "Use a smaller circuit.")
        elif killer == "SIGABRT":
            # What Rust and C++ do when there is no memory left.
            reason = f"The process of the job aborted, most likely for want of memory ({killer})."
            self._fail(reason, OUT_OF_MEMORY, "Split the job, or use fewer qubits.")
        else:
            reason = f"The process of the job ended unexpectedly ({killer or 'no result'})."
            self._fail(reason, INTERNAL, "Submit the job again.")

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
        values |= {"seconds": self.seconds, "log": "".join(self._lines)}

        def finish() -> None:
            if not self._queue.finish(self.job_id, status, **values):
                self._note_stopped()

        self._stored(finish)

    def _note_stopped(self) -> None:
        self._queue.note_stopped(self.job_id, seconds=self.seconds, log="".join(self._lines))

    def _stored(self, store: Callable[[], None]) -> None:
        """Store something, as soon as the database takes it; not if the service ends before."""
        while True:
            try:
                store()
            except SQLAlchemyError as error:
                reason = str(error).partition("\n")[0]
                _log.warning("what job %s left can't be stored yet: %s", self.job_id, reason)
            else:
                return
            if self._ending == "stopping":
                return
            time.sleep(_RETRY)

    def _write(self, level: str, message: str) -> None:
        if level in self._shown:
            self._lines.append(log_line(level, message))
