"""The noise of an emulated device, for Aer, made of the same facts as its properties.

A gate's error is a depolarizing channel whose average infidelity is the `gate_error` of the
properties; a measurement flips by `prob_meas0_prep1` and
`prob_meas1_prep0`. A gate that the device doesn't offer gets the error of the one that it would be
made of: single-qubit gates that of sx, two-qubit gates that of the coupling, or the median
coupling where the pair has none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from statistics import median
from typing import Any

from qiskit.circuit.library import get_standard_gate_name_mapping
from qiskit_aer.noise import NoiseModel, ReadoutError, depolarizing_error

from ..devices.calibration import couplings, error_of, qubit_value

__all__ = ["DeviceNoise"]

_GATES = get_standard_gate_name_mapping()
_ONE_QUBIT = sorted(n for n, g in _GATES.items() if g.num_qubits == 1 and g.name not in
                    ("rz", "measure", "reset", "delay", "barrier", "global_phase"))  # fmt: skip
_TWO_QUBIT = sorted(name for name, gate in _GATES.items() if gate.num_qubits == 2)


@dataclass(frozen=True, slots=True)
class DeviceNoise:
    """The noise that a circuit meets whose qubit i is qubit `places[i]` of the device."""

    facts: Mapping[str, Any]
    places: Sequence[int]

    def model(self, *, gain: float = 1.0, readout: bool = True) -> NoiseModel:
        """The noise model; `gain` multiplies the gates' errors, `readout` adds measurement."""
        model = NoiseModel()
        for qubit, place in enumerate(self.places):
            error = error_of(self.facts, "sx", place) or 0.0
            model.add_quantum_error(_depolarizing(error * gain, 1), _ONE_QUBIT, [qubit])
            if readout:
                zero, one = self.flips(qubit)
                model.add_readout_error(ReadoutError([[1 - zero, zero], [one, 1 - one]]), [qubit])
        pairs = self._pair_errors()
        usual = median(pairs.values())
        for first, second in permutations(range(len(self.places)), 2):
            pair = self.places[first], self.places[second]
            error = pairs.get(pair, pairs.get(pair[::-1], usual))
            model.add_quantum_error(_depolarizing(error * gain, 2), _TWO_QUBIT, [first, second])
        return model

    def flips(self, qubit: int) -> tuple[float, float]:
        """The probabilities of reading 1 from state 0, and 0 from state 1."""
        place = self.places[qubit]
        names = ("prob_meas1_prep0", "prob_meas0_prep1")
        zero, one = (qubit_value(self.facts, name, place) or 0.0 for name in names)
        return zero, one

    def _pair_errors(self) -> dict[tuple[int, int], float]:
        gate = self.facts["two_qubit_gate"]
        return {
            pair: error_of(self.facts, gate, row) or 0.0
            for row, pair in enumerate(couplings(self.facts))
        }


def _depolarizing(infidelity: float, qubits: int) -> Any:
    """The channel whose average gate infidelity is that; at most wholly depolarizing."""
    dimension = 2**qubits
    parameter = infidelity * dimension / (dimension - 1)
    return depolarizing_error(min(parameter, 1.0), qubits)
