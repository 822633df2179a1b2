"""The programs that a job can name, run for real on Qiskit.

Imported by the processes of jobs only. Results have the plain JSON shape of the REST API:
hexadecimal samples for the sampler, expectation values and errors for the estimator; or Qiskit's
own encoding when the input says `support_qiskit`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np

from . import estimator, noise_learner, sampler
from .circuits import load_circuit
from .encoding import encode_pub_result
from .failures import RESULT_TOO_LARGE, JobFailure
from .task import QISKIT_VERSION, Outcome, Pub, Task

__all__ = ["PROGRAMS", "QISKIT_VERSION", "Outcome", "Task", "rehearse", "run_task"]

#: Bytes of JSON that a whole result may have.
MAX_RESULT = 100_000_000


def run_task(task: Task) -> Outcome:
    """Run the job. Raises `JobFailure` for what can't be run."""
    run = PROGRAMS.get(task.program)
    if run is None:
        raise JobFailure(
            f"The program {task.program!r} is not known to the emulator.",
            solution=f"Use one of: {', '.join(PROGRAMS)}.",
        )
    return run(task)


def rehearse() -> None:
    """Do once what is slow the first time."""
    load_circuit('OPENQASM 3.0; include "stdgates.inc"; bit[1] c; x $0; c[0] = measure $0;', 1)


def _run_pubs(program: Any, pub_type: str) -> Callable[[Task], Outcome]:
    """A primitive: its pubs are run in order, each gives one part of the result."""

    def run(task: Task) -> Outcome:
        pubs = task.params.get("pubs")
        if pubs is None:
            raise JobFailure("The job has no params.", solution="Send pubs in params.")
        encoded = bool(task.params.get("support_qiskit"))
        rng = np.random.default_rng(task.seed)
        circuits: list[str] = []
        done: list[str] = []
        size = 0
        for number, pub in enumerate(pubs, start=1):
            task.log("info", f"pub {number} of {len(pubs)} starts")
            data, metadata = program.run_pub(Pub(task, pub, rng, circuits))
            if encoded:
                shown = encode_pub_result(pub_type, data, metadata)
            else:
                shown = {"data": program.plain(data), "metadata": metadata}
            done.append(json.dumps(shown, allow_nan=False))
            size += len(done[-1])
            if size > MAX_RESULT:
                raise JobFailure(f"The result exceeds {MAX_RESULT} bytes.", code=RESULT_TOO_LARGE)
            task.after_pub(lambda: _whole(done, encoded=encoded))
        return Outcome(_whole(done, encoded=encoded), circuits)

    return run


def _whole(pubs: list[str], *, encoded: bool) -> str:
    """The JSON text of a result from those of its pubs."""
    listed = ", ".join(pubs)
    if encoded:
        value = f'{{"pub_results": [{listed}], "metadata": {{"version": 2}}}}'
        return f'{{"__type__": "PrimitiveResult", "__value__": {value}}}'
    return f'{{"results": [{listed}], "metadata": {{"version": 2}}}}'


PROGRAMS: dict[str, Callable[[Task], Outcome]] = {
    "sampler": _run_pubs(sampler, "SamplerPubResult"),
    "estimator": _run_pubs(estimator, "PubResult"),
    "noise-learner": noise_learner.run,
}
