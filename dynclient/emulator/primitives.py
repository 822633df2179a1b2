"""The two primitives, run for real on Qiskit's reference implementations.

Imported by the worker when the first job runs, since it imports Qiskit. Results have the plain
JSON shape of the REST API: hexadecimal samples for the sampler, expectation values and errors for
the estimator; or Qiskit's own encoding when the input says `support_qiskit`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import qiskit
from qiskit import QuantumCircuit
from qiskit.exceptions import QiskitError
from qiskit.primitives import StatevectorEstimator, StatevectorSampler
from qiskit.primitives.containers import DataBin
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.observables_array import ObservablesArray
from qiskit.primitives.containers.sampler_pub import SamplerPub

from .backends import MAX_SHOTS
from .circuits import IdleFree, load_circuit, to_qasm3, without_idle_qubits
from .encoding import decode_values, encode_pub_result
from .failures import RESULT_TOO_LARGE, JobFailure

__all__ = ["QISKIT_VERSION", "Outcome", "Task", "run_task"]

#: The release part of Qiskit's version, as JobMetrics wants it.
QISKIT_VERSION = ".".join(re.findall(r"\d+", qiskit.__version__)[:3])

DEFAULT_SHOTS = 4096
#: The precision that DEFAULT_SHOTS shots give for an observable of norm 1.
DEFAULT_PRECISION = 1 / math.sqrt(DEFAULT_SHOTS)
#: Qubits that a sampler pub may measure. Qiskit's reference sampler writes down every outcome there
#: is before it draws: seconds for these, and four times as long for two more.
MAX_MEASURED_QUBITS = 18
#: Samples, or expectation values, that one pub may produce.
MAX_VALUES = 5_000_000
#: Bytes of JSON that a whole result may have.
MAX_RESULT = 200_000_000

_FIX_PUB = "Correct the pub and submit the job again."
#: What Qiskit raises for a pub that can't be run.
_PUB_FAULTS = (QiskitError, ValueError, TypeError, OverflowError)

#: One pub's data and metadata.
_PubResult = tuple[DataBin, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a job produced: JSON text, and the circuits as they were run (OpenQASM 3 texts)."""

    result: str
    circuits: list[str]


@dataclass(frozen=True, slots=True)
class Task:
    """One job for `run_task`.

    `qubits` is the size of the backend. `after_pub` is called after each pub with a function
    that gives the results so far as JSON text; it may raise to stop the job. `log` takes a level
    and a line.
    """

    program: str
    params: Mapping[str, Any]
    qubits: int
    after_pub: Callable[[Callable[[], str]], None]
    log: Callable[[str, str], None]


def run_task(task: Task) -> Outcome:
    """Run every pub in order. Raises `JobFailure` for what can't be run."""
    if task.program not in _RUNNERS:
        raise JobFailure(
            f"The program {task.program!r} is not known to the emulator.",
            solution=f"Use one of: {', '.join(_RUNNERS)}.",
        )
    pubs = task.params.get("pubs")
    if pubs is None:
        raise JobFailure("The job has no params.", solution="Send pubs in params.")
    run_pub, pub_type, plain = _RUNNERS[task.program]
    encoded = bool(task.params.get("support_qiskit"))
    options = task.params.get("options") or {}
    rng = np.random.default_rng(_seed(options))
    circuits: list[str] = []
    done: list[str] = []
    size = 0
    for number, pub in enumerate(pubs, start=1):
        task.log("info", f"pub {number} of {len(pubs)} starts")
        data, metadata = run_pub(task, options, pub, rng, circuits)
        if encoded:
            shown = encode_pub_result(pub_type, data, metadata)
        else:
            shown = {"data": plain(data), "metadata": metadata}
        done.append(json.dumps(shown, allow_nan=False))
        size += len(done[-1])
        if size > MAX_RESULT:
            raise JobFailure(f"The result exceeds {MAX_RESULT} bytes.", code=RESULT_TOO_LARGE)
        task.after_pub(lambda: _whole(done, encoded=encoded))
    return Outcome(_whole(done, encoded=encoded), circuits)


def _whole(pubs: list[str], *, encoded: bool) -> str:
    """The JSON text of a result from those of its pubs."""
    listed = ", ".join(pubs)
    if encoded:
        value = f'{{"pub_results": [{listed}], "metadata": {{"version": 2}}}}'
        return f'{{"__type__": "PrimitiveResult", "__value__": {value}}}'
    return f'{{"results": [{listed}], "metadata": {{"version": 2}}}}'


def _seed(options: Mapping[str, Any]) -> int | None:
    simulator: Mapping[str, Any] = options.get("simulator") or {}
    seeds = (options.get("seed_estimator"), simulator.get("seed_simulator"))
    return next((seed for seed in seeds if seed is not None), None)


def _first(*choices: Any) -> Any:
    return next((choice for choice in choices if choice is not None), None)


def _parts(pub: Any, names: int) -> list[Any]:
    """A pub as exactly `names` positions, missing ones None; a bare circuit is the first."""
    parts = pub if isinstance(pub, list) else [pub]
    if not 1 <= len(parts) <= names:
        raise JobFailure(f"A pub has {len(parts)} positions, at most {names} are known.")
    return [*parts, *[None] * (names - len(parts))]


def _parameter_values(circuit: QuantumCircuit, values: Any) -> Any:
    """Values as Qiskit's BindingsArray takes them: an object by name, or an array by position."""
    if values is None or (isinstance(values, list) and not values):
        return None
    decoded = decode_values(values)
    if isinstance(decoded, dict):
        known = {parameter.name for parameter in circuit.parameters}
        unknown = sorted(set(decoded) - known)
        if unknown:
            names = ", ".join(unknown)
            raise JobFailure(f"The circuit has no parameter {names}.", solution=_FIX_PUB)
        return decoded
    return None if np.size(decoded) == 0 else decoded


def _run_sampler_pub(
    task: Task, options: Mapping[str, Any], pub: Any, rng: np.random.Generator, ran: list[str]
) -> _PubResult:
    source, values, pub_shots = _parts(pub, 3)
    circuit = load_circuit(source, task.qubits)
    shots = _first(pub_shots, task.params.get("shots"), options.get("default_shots"), DEFAULT_SHOTS)
    shots = int(shots)
    if not 1 <= shots <= MAX_SHOTS:
        raise JobFailure(f"{shots} shots were asked for; 1 to {MAX_SHOTS} are possible.")
    _check_measured(circuit)
    active = without_idle_qubits(circuit).circuit
    try:
        coerced = SamplerPub.coerce((active, _parameter_values(circuit, values)), shots)
        _limit_size(math.prod(coerced.shape) * shots)
        ran.append(to_qasm3(active))
        data = StatevectorSampler(seed=rng).run([coerced]).result()[0].data
    except _PUB_FAULTS as error:
        raise _pub_failure(error) from error
    metadata: dict[str, Any] = {"circuit_metadata": circuit.metadata or {}}
    if coerced.shape:
        metadata |= {"shape": list(coerced.shape), "shots": shots}
    return data, metadata


def _check_measured(circuit: QuantumCircuit) -> None:
    measures = [each for each in circuit.data if each.operation.name == "measure"]
    measured = len({qubit for each in measures for qubit in each.qubits})
    if not measured:
        raise JobFailure("The circuit has no measurement.", solution="Measure some qubits.")
    if measured > MAX_MEASURED_QUBITS:
        raise JobFailure(
            f"The circuit measures {measured} qubits; the emulator samples {MAX_MEASURED_QUBITS}.",
            solution="Measure fewer qubits.",
        )


def _run_estimator_pub(
    task: Task, options: Mapping[str, Any], pub: Any, rng: np.random.Generator, ran: list[str]
) -> _PubResult:
    source, observables, values, pub_precision = _parts(pub, 4)
    circuit = load_circuit(source, task.qubits).remove_final_measurements(inplace=False)
    precision = _precision(task.params, options, pub_precision)
    active = without_idle_qubits(circuit)
    try:
        projected, offsets = _projected(observables, circuit, active)
        parameters = _parameter_values(circuit, values)
        coerced = EstimatorPub.coerce((active.circuit, projected, parameters), precision)
        _limit_size(math.prod(coerced.shape))
        ran.append(to_qasm3(active.circuit))
        evs = StatevectorEstimator(seed=rng).run([coerced]).result()[0].data.evs - offsets
    except _PUB_FAULTS as error:
        raise _pub_failure(error) from error
    # The reference estimator adds normal noise of this width to exact values, so this is what
    # the values scatter by.
    errors = np.full(np.shape(evs), precision)
    data = DataBin(evs=evs, stds=errors, ensemble_standard_error=errors, shape=coerced.shape)
    metadata: dict[str, Any] = {"target_precision": precision}
    if precision:
        metadata["shots"] = math.ceil(1 / precision**2)
    return data, {**metadata, "circuit_metadata": circuit.metadata or {}}


def _precision(params: Mapping[str, Any], options: Mapping[str, Any], pub: float | None) -> float:
    """The standard error to aim at: the pub's, the input's, that of the default shots, ..."""
    shots = options.get("default_shots")
    of_shots = 1 / math.sqrt(shots) if shots else None
    chosen = (pub, params.get("precision"), of_shots, options.get("default_precision"))
    return float(_first(*chosen, DEFAULT_PRECISION))


def _projected(
    observables: Any, circuit: QuantumCircuit, active: IdleFree
) -> tuple[ObservablesArray, Any]:
    """The observables, in any accepted form, as an array on the active qubits, and offsets.

    Qiskit takes no observable that is zero. Where all terms vanish it gets the identity instead,
    and the offset, an array of the same shape, says that 1 must be taken from the value.
    """
    array = ObservablesArray.coerce(observables)
    if not array.size:
        raise JobFailure("The pub has no observables.", solution=_FIX_PUB)
    if array.num_qubits != circuit.num_qubits:
        raise JobFailure(
            f"The observables act on {array.num_qubits} qubits, the circuit has "
            f"{circuit.num_qubits}.",
            solution=_FIX_PUB,
        )
    if len(active.keep) == active.original_qubits:
        return array, 0.0
    terms = np.empty(array.shape, dtype=object)
    offsets = np.zeros(array.shape)
    identity = {"I" * len(active.keep): 1.0}
    for index in np.ndindex(array.shape):
        projected = active.project(array[index])
        terms[index] = projected or identity
        offsets[index] = 0.0 if projected else 1.0
    return ObservablesArray(terms), offsets


def _limit_size(values: int) -> None:
    if values > MAX_VALUES:
        raise JobFailure(
            f"The pub asks for {values} values; {MAX_VALUES} are possible.",
            code=RESULT_TOO_LARGE,
            solution="Split the pub.",
        )


def _pub_failure(error: Exception) -> JobFailure:
    message = error.message if isinstance(error, QiskitError) else str(error)
    return JobFailure(f"The pub can't be run: {message}", solution=_FIX_PUB)


def _plain_samples(data: DataBin) -> dict[str, Any]:
    """Each register as one hexadecimal word a shot; a sweep's points follow one another."""
    return {name: _register(bits) for name, bits in data.items()}


def _register(bits: Any) -> dict[str, Any]:
    rows = bits.array.reshape(-1, bits.array.shape[-1])
    words = [hex(int.from_bytes(row.tobytes(), "big")) for row in rows]
    return {"samples": words, "num_bits": bits.num_bits}


def _plain_values(data: DataBin) -> dict[str, Any]:
    """Numbers, or arrays of them nested as the pub's shape."""
    return {name: np.asarray(value).tolist() for name, value in data.items()}


_RUNNERS = {
    "sampler": (_run_sampler_pub, "SamplerPubResult", _plain_samples),
    "estimator": (_run_estimator_pub, "PubResult", _plain_values),
}
