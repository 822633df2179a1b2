"""Qiskit Aer, for what the reference primitives can't: noise, and circuits that decide."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any

import numpy as np
from qiskit import QuantumCircuit, transpile
from qiskit.primitives.containers import DataBin
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub

from ..devices import DEVICES
from .circuits import IdleFree
from .encoding import decode_deeply, is_encoded
from .failures import JobFailure
from .task import Task

__all__ = ["Noise", "aer_expectations", "aer_samples", "is_dynamic", "noise_of", "readout_factors"]

#: Qubits up to which a density matrix gives exact values; trajectories are averaged above.
_EXACT_QUBITS = 9
_TRAJECTORIES = 2000

#: A noise model on the qubits of the reduced circuit, for a gain of the gates' errors.
Noise = Callable[[float, bool], Any]


def is_dynamic(circuit: QuantumCircuit) -> bool:
    """Whether a circuit measures, resets or decides before its end."""
    measured: set[Any] = set()
    for instruction in circuit.data:
        name = instruction.operation.name
        if getattr(instruction.operation, "blocks", None) or name == "reset":
            return True
        if name != "barrier" and measured.intersection(instruction.qubits):
            return True
        if name == "measure":
            measured.update(instruction.qubits)
    return False


def noise_of(task: Task, active: IdleFree) -> Noise | None:
    """The noise that the input or the service asks for; None for none.

    `simulator.noise_model` is `{"device": NAME}` for that of an emulated device, or a NoiseModel
    of Aer's in Qiskit's encoding. The functions give it for the qubits of `active`.
    """
    asked = task.simulator.get("noise_model")
    device = task.target
    if not asked and not (task.noise and device.facts):
        return None
    _require("Noise")
    if asked and is_encoded(asked, "NoiseModel"):
        return _given(asked["__value__"], active)
    name = asked.get("device") if asked else device.name
    from .noise import DeviceNoise

    if name not in DEVICES or not DEVICES[name].facts:
        raise JobFailure(
            f"There is no noise model of {name!r}.",
            solution='Send {"device": NAME} with the name of an emulated processor, '
            "or an encoded NoiseModel.",
        )
    if max(active.keep) >= DEVICES[name].qubits:
        raise JobFailure(f"{name} has {DEVICES[name].qubits} qubits, the circuit uses more.")
    noise = DeviceNoise(DEVICES[name].facts, active.keep)
    return lambda gain, readout: noise.model(gain=gain, readout=readout)


def _given(value: Any, active: IdleFree) -> Noise:
    from qiskit_aer.noise import NoiseModel

    if active.keep != list(range(active.original_qubits)):
        raise JobFailure(
            "A noise model of your own needs a circuit without idle qubits.",
            solution="Reduce the circuit, or use the noise of the device.",
        )
    try:
        model = NoiseModel.from_dict(decode_deeply(value))
    except Exception as error:
        raise JobFailure(f"The noise model can't be read: {error}.") from error
    return lambda _gain, _readout: model


def _require(what: str) -> None:
    if find_spec("qiskit_aer") is None:
        raise JobFailure(
            f"{what} needs Qiskit Aer, which the emulator was started without.",
            solution="Install dynclient[aer] where the emulator runs.",
        )


def aer_samples(pub: SamplerPub, noise: Noise | None, rng: np.random.Generator) -> DataBin:
    """The bits that a pub measures."""
    _require("A circuit that measures, resets or decides before its end")
    from qiskit_aer.primitives import SamplerV2

    backend_options = {"noise_model": noise(1.0, True)} if noise else {}
    runner = SamplerV2(seed=_seed(rng), options={"backend_options": backend_options})
    pub = SamplerPub(_native(pub.circuit), pub.parameter_values, pub.shots)
    data: DataBin = runner.run([pub]).result()[0].data
    return data


def aer_expectations(pub: EstimatorPub, noise: Noise, gain: float, rng: np.random.Generator) -> Any:
    """The expectation values of a pub under noise, without the scatter of sampling."""
    from qiskit_aer.primitives import EstimatorV2

    exact = pub.circuit.num_qubits <= _EXACT_QUBITS
    options = {
        "default_precision": 0.0,
        "backend_options": {
            "noise_model": noise(gain, False),
            "method": "density_matrix" if exact else "statevector",
        },
        "run_options": {"seed_simulator": _seed(rng), "shots": 1 if exact else _TRAJECTORIES},
    }
    ready = EstimatorPub(_native(pub.circuit), pub.observables, pub.parameter_values, 0.0)
    return np.asarray(EstimatorV2(options=options).run([ready]).result()[0].data.evs)


def _native(circuit: QuantumCircuit) -> QuantumCircuit:
    """The circuit in instructions that Aer knows, gates that it knows left as they are."""
    from qiskit_aer import AerSimulator

    return transpile(circuit, backend=AerSimulator(), optimization_level=0)


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31))


def readout_factors(task: Task, active: IdleFree) -> Mapping[int, float]:
    """By how much reading errors shrink what is read off each qubit, as if they were symmetric."""
    from .noise import DeviceNoise

    asked = task.simulator.get("noise_model")
    name = asked["device"] if asked else task.device
    noise = DeviceNoise(DEVICES[name].facts, active.keep)
    return {qubit: 1 - sum(noise.flips(qubit)) for qubit in range(len(active.keep))}
