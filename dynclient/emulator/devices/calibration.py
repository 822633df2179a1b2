"""What a device's file of facts says about each qubit and gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["best_pair", "couplings", "error_of", "gate_names", "length_of", "qubit_value"]


def couplings(facts: Mapping[str, Any]) -> list[tuple[int, int]]:
    """The directed pairs of qubits that the two-qubit gate is calibrated for."""
    return [(first, second) for first, second in facts["couplings"]]


def gate_names(facts: Mapping[str, Any]) -> list[str]:
    """Every gate that was calibrated, with `measure` and `reset` left out."""
    return [name for name in facts["gates"] if name != "reset"]


def error_of(facts: Mapping[str, Any], gate: str, place: int) -> float | None:
    """The probability of an error of `gate`; `place` is a qubit, or a row of the couplings."""
    return _at(_gate(facts, gate).get("error"), place)


def length_of(facts: Mapping[str, Any], gate: str, place: int) -> float:
    """How long `gate` takes at that place, in nanoseconds."""
    return _at(_gate(facts, gate)["length"], place) or 0.0


def qubit_value(facts: Mapping[str, Any], name: str, qubit: int) -> float | None:
    """One calibrated value of a qubit, in the unit that `properties` names."""
    return _at(facts["qubits"][name], qubit)


def best_pair(facts: Mapping[str, Any]) -> tuple[float, tuple[int, int]]:
    """The lowest error of a two-qubit gate, and its pair of qubits."""
    pairs = couplings(facts)
    gate = facts["two_qubit_gate"]
    errors = [(error_of(facts, gate, row) or 1.0, pair) for row, pair in enumerate(pairs)]
    return min(errors)


def _gate(facts: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    entry: Mapping[str, Any] = facts["gates"][name]
    return facts["gates"][entry["as"]] if "as" in entry else entry


def _at(values: float | Sequence[float] | None, place: int) -> float | None:
    return values[place] if isinstance(values, list) else values  # type: ignore[return-value]
