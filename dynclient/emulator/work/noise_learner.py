"""The noise learner: the layers of two-qubit gates of circuits, and the noise of each.

An emulated device's noise is known, so nothing is measured: a depolarizing gate error as a
Pauli-Lindblad channel with equal rates on the fifteen Pauli words of its pair.
"""

from __future__ import annotations

import base64
import io
import json
import math
import zlib
from collections.abc import Iterator
from itertools import product
from typing import Any

from qiskit import QuantumCircuit, qpy
from qiskit.converters import circuit_to_dag

from ..devices.calibration import couplings, error_of
from .circuits import load_circuit
from .encoding import encode_array, encoded
from .failures import JobFailure
from .task import Outcome, Task

__all__ = ["run"]

_WORDS = ["".join(pair) for pair in product("IXYZ", repeat=2)][1:]
_RESULT_MODULE = "qiskit_ibm_runtime.utils.noise_learner_result"
_PAULI_MODULE = "qiskit.quantum_info.operators.symplectic.pauli_list"
_DEFAULT_LAYERS = 4

#: Pairs of qubits, with the gate on each.
_Layer = tuple[tuple[str, int, int], ...]


def run(task: Task) -> Outcome:
    """Learn the layers of all circuits, each once."""
    sources = task.params.get("circuits")
    if sources is None:
        raise JobFailure("The job has no params.", solution="Send circuits in params.")
    if not task.target.facts:
        raise JobFailure(f"{task.device} has no noise to learn.", solution="Use a processor.")
    limit = task.options.get("max_layers_to_learn", _DEFAULT_LAYERS)
    counts: dict[_Layer, int] = {}
    for source in sources:
        for layer in _layers(load_circuit(source, task.target.qubits)):
            counts[layer] = counts.get(layer, 0) + 1
    layers = sorted(counts, key=lambda layer: -counts[layer])[:limit]
    task.log("info", f"{len(layers)} layers learned")
    learned = [_learned(task, layer) for layer in layers]
    metadata = {"backend": task.device, "input_options": dict(task.options)}
    if task.options.get("support_qiskit"):
        data = [_encoded(*each) for each in learned]
    else:
        data = [{"qubits": q, "generators": g, "rates": r} for _, q, g, r in learned]
    return Outcome(json.dumps({"data": data, "metadata": metadata}, allow_nan=False), [])


def _layers(circuit: QuantumCircuit) -> Iterator[_Layer]:
    """The two-qubit gates that run side by side, moment by moment."""
    for moment in circuit_to_dag(circuit).layers():
        gates = [
            (node.op.name, *(circuit.find_bit(qubit).index for qubit in node.qargs))
            for node in moment["graph"].op_nodes()
            if len(node.qargs) == 2 and node.op.name != "barrier"
        ]
        if gates:
            yield tuple(sorted(gates))


_Learned = tuple[QuantumCircuit, list[int], list[str], list[float]]


def _learned(task: Task, layer: _Layer) -> _Learned:
    """The layer on its own qubits, those qubits, and its channel's generators and rates."""
    facts = task.target.facts
    rows = {pair: row for row, pair in enumerate(couplings(facts))}
    qubits = sorted({qubit for _, *pair in layer for qubit in pair})
    circuit = QuantumCircuit(len(qubits))
    generators: list[str] = []
    rates: list[float] = []
    for name, first, second in layer:
        row = rows.get((first, second), rows.get((second, first)))
        if row is None:
            raise JobFailure(f"{task.device} has no connection between {first} and {second}.")
        pair = [qubits.index(first), qubits.index(second)]
        getattr(circuit, name, circuit.cz)(*pair)
        infidelity = error_of(facts, facts["two_qubit_gate"], row) or 0.0
        # The depolarizing parameter, kept below 1: at 1 nothing is left and rates have no end.
        depolarizing = min(infidelity * 4 / 3, 1 - 1e-6)
        for word in _WORDS:
            letters = ["I"] * len(qubits)
            letters[pair[0]], letters[pair[1]] = word[0], word[1]
            generators.append("".join(reversed(letters)))
            rates.append(-math.log1p(-depolarizing) / 16)
    return circuit, qubits, generators, rates


def _encoded(
    circuit: QuantumCircuit, qubits: list[int], generators: list[str], rates: list[float]
) -> dict[str, Any]:
    file = io.BytesIO()
    qpy.dump(circuit, file, version=min(qpy.QPY_VERSION, 14))
    text = base64.b64encode(zlib.compress(file.getvalue())).decode("ascii")
    paulis = {"__type__": "settings", "__module__": _PAULI_MODULE, "__class__": "PauliList",
              "__value__": {"data": generators}}  # fmt: skip
    error = _instance("PauliLindbladError", generators=paulis, rates=encode_array(rates))
    return _instance(
        "LayerError", circuit=encoded("QuantumCircuit", text), qubits=qubits, error=error
    )


def _instance(name: str, **values: Any) -> dict[str, Any]:
    return {"__type__": "_json", "__module__": _RESULT_MODULE, "__class__": name,
            "__value__": values}  # fmt: skip
