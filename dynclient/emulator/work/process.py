"""The process of one job: reads its task, runs it, sends what comes of it, ends.

Frames that it sends: `log` (level and text), `interim` (a result so far), `result`, `circuits`,
`failure`, `bug`; the last four end the job, `circuits` comes before `result`.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from .failures import OUT_OF_MEMORY, JobFailure
from .frames import read_frame, write_frame
from .limits import limit_memory

__all__ = ["load_programs", "main", "run_process"]

#: Seconds between two interim results, which grow with every pub.
_INTERIM_PERIOD = 1.0


def main() -> None:
    """Run the one job that comes on standard input."""
    output = sys.stdout.buffer
    sys.stdout = sys.stderr
    run_process(sys.stdin.buffer, output)


def load_programs() -> None:
    """Import Qiskit, and run what it otherwise loads at the first circuit."""
    from . import programs

    programs.rehearse()


def run_process(reader: BinaryIO, writer: BinaryIO) -> None:
    """Serve one job over those files; returns when it has ended."""
    frame = read_frame(reader)
    if frame is None:
        return
    task = json.loads(frame[1])

    def send(kind: str, value: Any) -> None:
        write_frame(writer, kind, json.dumps(value).encode())

    limit_memory(task["memory"])
    try:
        _run(task, writer, send)
    except JobFailure as failure:
        send("failure", [failure.reason, failure.code, failure.solution])
    except BaseException as error:  # noqa: BLE001 - a bug of ours, or a panic in Rust, which is
        # no Exception: it is not what a job does wrong.
        if isinstance(error, MemoryError) or "start new thread" in str(error):
            reason = f"The job needs more than its {task['memory'] >> 20} MiB of memory."
            send("failure", [reason, OUT_OF_MEMORY, "Split the job, or use fewer qubits."])
        else:
            send("bug", traceback.format_exc())


def _run(task: Mapping[str, Any], writer: BinaryIO, send: Callable[[str, Any], None]) -> None:
    from .programs import QISKIT_VERSION, Task, run_task

    interim = _Interim(writer)

    def log(level: str, text: str) -> None:
        send("log", [level, text])

    send("version", QISKIT_VERSION)
    work = Task(
        program=task["program"],
        params=task["params"] or {},
        device=task["device"],
        noise=task["noise"],
        after_pub=interim.ready,
        log=log,
    )
    try:
        outcome = run_task(work)
    except BaseException:
        interim.send()
        raise
    send("circuits", outcome.circuits)
    write_frame(writer, "result", outcome.result.encode())


class _Interim:
    """Sends results so far: now and then while the job runs, and once more when it fails."""

    def __init__(self, writer: BinaryIO) -> None:
        self._writer = writer
        self._next = 0.0
        self._results: Callable[[], str] | None = None

    def ready(self, results: Callable[[], str]) -> None:
        """There is more."""
        self._results = results
        if time.monotonic() >= self._next:
            self.send()
            self._next = time.monotonic() + _INTERIM_PERIOD

    def send(self) -> None:
        """Send what has not been sent."""
        if self._results is not None:
            write_frame(self._writer, "interim", self._results().encode())
            self._results = None
