"""What the programs are given, and what is common to the primitives."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import qiskit
from qiskit import QuantumCircuit
from qiskit.exceptions import QiskitError
from qiskit.primitives.containers import DataBin

from ..devices import DEVICES, Device
from .encoding import MAX_VALUES, decode_values
from .failures import RESULT_TOO_LARGE, JobFailure

__all__ = [
    "FIX_PUB",
    "PUB_ERRORS",
    "QISKIT_VERSION",
    "Outcome",
    "Pub",
    "PubResult",
    "Task",
    "first",
    "limit_size",
    "parameter_values",
    "pub_failure",
]

#: The release part of Qiskit's version, as JobMetrics wants it.
QISKIT_VERSION = ".".join(re.findall(r"\d+", qiskit.__version__)[:3])

FIX_PUB = "Correct the pub and submit the job again."
#: What Qiskit and Aer raise for a pub that can't be run.
PUB_ERRORS = (QiskitError, ValueError, TypeError, OverflowError)

#: One pub's data and metadata.
PubResult = tuple[DataBin, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a job produced: JSON text, and the circuits as they were run (OpenQASM 3 texts)."""

    result: str
    circuits: list[str]


@dataclass(frozen=True, slots=True)
class Task:
    """One job.

    `device` is the name of its backend; `noise` says that jobs on it meet its noise unless they
    bring their own. `after_pub` is called after each pub with a function that gives the results
    so far as JSON text. `log` takes a level and a line.
    """

    program: str
    params: Mapping[str, Any]
    device: str
    noise: bool
    after_pub: Callable[[Callable[[], str]], None]
    log: Callable[[str, str], None]

    @property
    def options(self) -> Mapping[str, Any]:
        """The options of the input."""
        return self.params.get("options") or {}

    @property
    def simulator(self) -> Mapping[str, Any]:
        """The simulator options of the input."""
        return self.options.get("simulator") or {}

    @property
    def seed(self) -> int | None:
        """The seed of the random numbers, if the input gives one."""
        chosen = first(self.options.get("seed_estimator"), self.simulator.get("seed_simulator"))
        return None if chosen is None else int(chosen)

    @property
    def target(self) -> Device:
        """The device."""
        return DEVICES[self.device]


@dataclass(frozen=True, slots=True)
class Pub:
    """One pub of a task: as it came, the random numbers, and the list of circuits that ran."""

    task: Task
    value: Any
    rng: np.random.Generator
    ran: list[str]

    def parts(self, names: int) -> list[Any]:
        """Exactly `names` positions, missing ones None; a bare circuit is the first."""
        parts = self.value if isinstance(self.value, list) else [self.value]
        if not 1 <= len(parts) <= names:
            raise JobFailure(f"A pub has {len(parts)} positions, at most {names} are known.")
        return [*parts, *[None] * (names - len(parts))]


def first(*choices: Any) -> Any:
    """The first that is not None."""
    return next((choice for choice in choices if choice is not None), None)


def parameter_values(circuit: QuantumCircuit, values: Any) -> Any:
    """Values as Qiskit's BindingsArray takes them: an object by name, or an array by position."""
    if values is None or (isinstance(values, list) and not values):
        return None
    decoded = decode_values(values)
    if isinstance(decoded, dict):
        known = {parameter.name for parameter in circuit.parameters}
        unknown = sorted(set(decoded) - known)
        if unknown:
            names = ", ".join(unknown)
            raise JobFailure(f"The circuit has no parameter {names}.", solution=FIX_PUB)
        return decoded
    return None if np.size(decoded) == 0 else decoded


def limit_size(values: int) -> None:
    """Raise `JobFailure` for a pub that would produce too much."""
    if values > MAX_VALUES:
        raise JobFailure(
            f"The pub asks for {values} values; {MAX_VALUES} are possible.",
            code=RESULT_TOO_LARGE,
            solution="Split the pub.",
        )


def pub_failure(error: Exception) -> JobFailure:
    """What Qiskit raised, as the failure of the job."""
    message = error.message if isinstance(error, QiskitError) else str(error)
    return JobFailure(f"The pub can't be run: {message}", solution=FIX_PUB)
