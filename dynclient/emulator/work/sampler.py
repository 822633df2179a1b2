"""The sampler: circuits in, the bits that they measure out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.primitives import StatevectorSampler
from qiskit.primitives.containers import DataBin
from qiskit.primitives.containers.sampler_pub import SamplerPub

from ..devices import MAX_SHOTS
from .aer import aer_samples, is_dynamic, noise_of
from .circuits import load_circuit, to_qasm3, without_idle_qubits
from .failures import JobFailure
from .task import PUB_ERRORS, Pub, PubResult, Task, first, limit_size, parameter_values, pub_failure

__all__ = ["DEFAULT_SHOTS", "plain", "run_pub"]

DEFAULT_SHOTS = 4096
#: Qubits that a sampler pub may measure. Qiskit's reference sampler writes down every outcome there
#: is before it draws: seconds for these, and four times as long for two more.
MAX_MEASURED_QUBITS = 18

#: Width of the points that `kerneled` returns, around -1 for a zero and 1 for a one.
_POINT_WIDTH = 0.3


def run_pub(pub: Pub) -> PubResult:
    """Sample one pub: circuit, parameter values, shots."""
    source, values, pub_shots = pub.parts(3)
    task = pub.task
    circuit = load_circuit(source, task.target.qubits)
    shots = _shots(task, pub_shots)
    _check_measured(circuit)
    active = without_idle_qubits(circuit)
    noise = noise_of(task, active)
    try:
        coerced = SamplerPub.coerce((active.circuit, parameter_values(circuit, values)), shots)
        limit_size(math.prod(coerced.shape) * shots)
        pub.ran.append(to_qasm3(active.circuit))
        if noise is not None or is_dynamic(active.circuit):
            data = aer_samples(coerced, noise, pub.rng)
        else:
            data = StatevectorSampler(seed=pub.rng).run([coerced]).result()[0].data
    except PUB_ERRORS as error:
        raise pub_failure(error) from error
    metadata: dict[str, Any] = {"circuit_metadata": circuit.metadata or {}}
    if coerced.shape:
        metadata |= {"shape": list(coerced.shape), "shots": shots}
    return _measured(task, data, pub.rng), metadata


def _shots(task: Task, pub_shots: int | None) -> int:
    twirling = task.options.get("twirling") or {}
    parts: tuple[Any, Any] = (
        twirling.get("num_randomizations"),
        twirling.get("shots_per_randomization"),
    )
    enabled = twirling.get("enable_gates") or twirling.get("enable_measure")
    counted = all(isinstance(part, int) for part in parts)
    twirled = parts[0] * parts[1] if enabled and counted else None
    asked = first(
        pub_shots, task.params.get("shots"), task.options.get("default_shots"), twirled,
        DEFAULT_SHOTS,
    )  # fmt: skip
    shots = int(asked)
    if not 1 <= shots <= MAX_SHOTS:
        raise JobFailure(f"{shots} shots were asked for; 1 to {MAX_SHOTS} are possible.")
    return shots


def _check_measured(circuit: QuantumCircuit) -> None:
    measured = {
        qubit
        for instruction in circuit.data
        if instruction.operation.name == "measure" or getattr(instruction.operation, "blocks", ())
        for qubit in instruction.qubits
    }
    if not measured:
        raise JobFailure("The circuit has no measurement.", solution="Measure some qubits.")
    if len(measured) > MAX_MEASURED_QUBITS:
        raise JobFailure(
            f"The circuit measures {len(measured)} qubits; the emulator samples "
            f"{MAX_MEASURED_QUBITS}.",
            solution="Measure fewer qubits.",
        )


def _measured(task: Task, data: DataBin, rng: np.random.Generator) -> DataBin:
    """The data at the level that `execution.meas_type` asks for: bits, or points in the plane."""
    level = (task.options.get("execution") or {}).get("meas_type", "classified")
    if level == "classified":
        return data
    if not task.params.get("support_qiskit"):
        raise JobFailure(
            f"The emulator returns {level} data in Qiskit's encoding only.",
            solution="Set support_qiskit, or ask for classified data.",
        )
    points = {name: _points(bits, rng) for name, bits in data.items()}
    if level == "avg_kerneled":
        points = {name: value.mean(axis=-2) for name, value in points.items()}
    return DataBin(**points, shape=data.shape)


def _points(bits: Any, rng: np.random.Generator) -> Any:
    """One complex number for each shot and bit, the first bit first."""
    unpacked = np.unpackbits(bits.array, axis=-1)[..., ::-1][..., : bits.num_bits]
    centers = 2.0 * unpacked - 1.0
    scatter = rng.normal(0.0, _POINT_WIDTH, (*centers.shape, 2))
    return centers + scatter[..., 0] + 1j * scatter[..., 1]


def plain(data: DataBin) -> dict[str, Any]:
    """Each register as one hexadecimal word a shot; a sweep's points follow one another."""
    return {name: _register(bits) for name, bits in data.items()}


def _register(bits: Any) -> dict[str, Any]:
    rows = bits.array.reshape(-1, bits.array.shape[-1])
    words = [hex(int.from_bytes(row.tobytes(), "big")) for row in rows]
    return {"samples": words, "num_bits": bits.num_bits}
