"""The estimator: circuits and observables in, expectation values out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.primitives import StatevectorEstimator
from qiskit.primitives.containers import DataBin
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.observables_array import ObservablesArray

from .aer import noise_of
from .circuits import IdleFree, load_circuit, to_qasm3, without_idle_qubits
from .encoding import is_encoded
from .failures import JobFailure
from .mitigation import mitigated
from .sampler import DEFAULT_SHOTS
from .task import (
    FIX_PUB,
    PUB_ERRORS,
    Pub,
    PubResult,
    Task,
    first,
    limit_size,
    parameter_values,
    pub_failure,
)

__all__ = ["plain", "run_pub"]

#: The precision that DEFAULT_SHOTS shots give for an observable of norm 1.
DEFAULT_PRECISION = 1 / math.sqrt(DEFAULT_SHOTS)


def run_pub(pub: Pub) -> PubResult:
    """Evaluate one pub: circuit, observables, parameter values, precision."""
    source, observables, values, pub_precision = pub.parts(4)
    task = pub.task
    circuit = load_circuit(source, task.target.qubits).remove_final_measurements(inplace=False)
    precision = _precision(task, pub_precision)
    active = without_idle_qubits(circuit)
    noise = noise_of(task, active)
    metadata: dict[str, Any] = {"target_precision": precision}
    try:
        projected, offsets = _projected(observables, circuit, active)
        parameters = parameter_values(circuit, values)
        coerced = EstimatorPub.coerce((active.circuit, projected, parameters), precision)
        limit_size(math.prod(coerced.shape))
        pub.ran.append(to_qasm3(active.circuit))
        if noise is None:
            evs = StatevectorEstimator(seed=pub.rng).run([coerced]).result()[0].data.evs
        else:
            evs, metadata["resilience"] = mitigated(task, coerced, active, noise, pub.rng)
            evs = evs + pub.rng.normal(0.0, precision, np.shape(evs))
        evs = evs - offsets
    except PUB_ERRORS as error:
        raise pub_failure(error) from error
    # Normal noise of this width is added to exact values, so this is what the values scatter by.
    errors = np.full(np.shape(evs), precision)
    data = DataBin(evs=evs, stds=errors, ensemble_standard_error=errors, shape=coerced.shape)
    if precision:
        metadata["shots"] = math.ceil(1 / precision**2)
    return data, {**metadata, "circuit_metadata": circuit.metadata or {}}


def _precision(task: Task, pub: float | None) -> float:
    """The standard error to aim at: the pub's, the input's, that of the default shots, ..."""
    shots = task.options.get("default_shots")
    of_shots = 1 / math.sqrt(shots) if shots else None
    asked = (pub, task.params.get("precision"), of_shots, task.options.get("default_precision"))
    return float(first(*asked, DEFAULT_PRECISION))


def _projected(
    observables: Any, circuit: QuantumCircuit, active: IdleFree
) -> tuple[ObservablesArray, Any]:
    """The observables, in any accepted form, as an array on the active qubits, and offsets.

    Qiskit takes no observable that is zero. Where all terms vanish it gets the identity instead,
    and the offset, an array of the same shape, says that 1 must be taken from the value.
    """
    if is_encoded(observables, "ObservablesArray"):
        observables = observables["__value__"]
    array = ObservablesArray.coerce(observables)
    if not array.size:
        raise JobFailure("The pub has no observables.", solution=FIX_PUB)
    if array.num_qubits != circuit.num_qubits:
        raise JobFailure(
            f"The observables act on {array.num_qubits} qubits, the circuit has "
            f"{circuit.num_qubits}.",
            solution=FIX_PUB,
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


def plain(data: DataBin) -> dict[str, Any]:
    """Numbers, or arrays of them nested as the pub's shape."""
    return {name: np.asarray(value).tolist() for name, value in data.items()}
