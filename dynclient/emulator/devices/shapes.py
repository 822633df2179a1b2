"""A device as the backend operations show it: list entry, configuration, properties, defaults."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Any

from . import MAX_SHOTS, Device
from .calibration import best_pair, couplings, error_of, gate_names, length_of, qubit_value

__all__ = ["configuration", "defaults", "list_entry", "medians", "properties", "version_of"]

#: What a simulator runs on top of OpenQASM's standard gates.
_SIMULATOR_GATES = ["ccx", "cp", "cx", "cz", "h", "id", "p", "rx", "ry", "rz", "rzz", "s", "sdg",
                    "swap", "sx", "t", "tdg", "u", "x", "y", "z"]  # fmt: skip
_INSTRUCTIONS = ["delay", "measure", "reset", "if_else", "for_loop", "switch_case"]
_DEFINITIONS = {
    "id": ([], "gate id q { U(0, 0, 0) q; }"),
    "rz": (["theta"], "gate rz(theta) q { U(0, 0, theta) q; }"),
    "sx": ([], "gate sx q { sx q; }"),
    "x": ([], "gate x q { U(pi, 0, pi) q; }"),
    "cz": ([], "gate cz q0,q1 { cz q0,q1; }"),
    "ecr": ([], "gate ecr q0,q1 { ecr q0,q1; }"),
}
_UNITS = {"T1": "us", "T2": "us", "readout_length": "ns"}


def version_of(device: Device) -> str:
    """The release of the device's software."""
    return str(device.facts.get("version", "1.0.0"))


def list_entry(device: Device, queue_length: int) -> dict[str, Any]:
    """BackendDevice; `queue_length` counts the jobs that wait for it."""
    status = {"name": device.state, **({"reason": device.reason} if device.reason else {})}
    view: dict[str, Any] = {
        "name": device.name,
        "status": status,
        "is_simulator": device.is_simulator,
        "qubits": device.qubits,
        "queue_length": queue_length,
    }
    if facts := device.facts:
        error, pair = best_pair(facts)
        gate = facts["two_qubit_gate"]
        layered = median(error_of(facts, gate, row) or 1.0 for row in range(len(couplings(facts))))
        view |= {
            "clops": {"type": "hardware", "value": facts["clops"]},
            "processor_type": {**facts["processor_type"], "segment": None},
            "performance_metrics": {
                "two_q_error_best": {
                    "value": error, "gate": gate, "unit": "", "qubits": list(pair)
                },
                "two_q_error_layered": {"value": layered, "unit": ""},
            },
        }  # fmt: skip
    return view


def medians(device: Device) -> dict[str, Any]:
    """What the later version of the API adds to the performance metrics of a processor."""
    facts = device.facts
    gate = facts["two_qubit_gate"]
    pairs = median(error_of(facts, gate, row) or 1.0 for row in range(len(couplings(facts))))
    readouts = [qubit_value(facts, "readout_error", qubit) or 1.0 for qubit in range(device.qubits)]
    return {
        "two_q_error_median": {"value": pairs, "unit": ""},
        "readout_error_median": {"value": median(readouts), "unit": ""},
    }


def configuration(device: Device) -> dict[str, Any]:
    """BackendConfiguration: what never changes."""
    facts = device.facts
    shown = {
        "backend_name": device.name,
        "backend_version": version_of(device),
        "n_qubits": device.qubits,
        "local": False,
        "simulator": device.is_simulator,
        "conditional": False,
        "open_pulse": False,
        "memory": True,
        "max_shots": MAX_SHOTS,
        "max_experiments": 300,
        "n_registers": 1,
        "description": f"{device.qubits} qubit device, emulated",
        "supported_features": ["qasm3", "qobj", "parameters"],
    }
    return shown | (_processor(facts) if facts else _simulator())


def _simulator() -> dict[str, Any]:
    return {
        "basis_gates": _SIMULATOR_GATES,
        "gates": [{"name": name, "parameters": [], "qasm_def": ""} for name in _SIMULATOR_GATES],
        "coupling_map": None,
        "online_date": "2025-01-01T00:00:00Z",
        "supported_instructions": [*_SIMULATOR_GATES, *_INSTRUCTIONS],
        "dynamic_reprate_enabled": False,
    }


def _processor(facts: Mapping[str, Any]) -> dict[str, Any]:
    two_qubit = facts["two_qubit_gate"]
    basis = [two_qubit, "id", "rz", "sx", "x"]
    pairs = [list(pair) for pair in couplings(facts)]
    singles = [[qubit] for qubit in range(len(facts["coords"]))]
    gates = [
        {
            "name": name,
            "parameters": _DEFINITIONS[name][0],
            "qasm_def": _DEFINITIONS[name][1],
            "coupling_map": pairs if name == two_qubit else singles,
        }
        for name in basis
    ]
    return {
        "basis_gates": basis,
        "gates": gates,
        "coupling_map": pairs,
        "supported_instructions": [*basis, *_INSTRUCTIONS],
        "processor_type": facts["processor_type"],
        "coords": facts["coords"],
        "online_date": facts["online_since"],
        "clops_h": facts["clops"],
        "credits_required": True,
        "dt": facts["dt"],
        "dtm": facts["dt"],
        "dynamic_reprate_enabled": True,
        "rep_delay_range": facts["rep_delay_range"],
        "default_rep_delay": facts["default_rep_delay"],
        "meas_levels": [1, 2],
        "meas_map": [[qubit for (qubit,) in singles]],
        "timing_constraints": facts["timing_constraints"],
        "multi_meas_enabled": True,
        "parallel_compilation": True,
    }


def properties(device: Device) -> dict[str, Any]:
    """BackendProperties: the calibration; empty for a simulator, which has none."""
    facts = device.facts
    if not facts:
        return {}
    when = facts["calibrated"]

    def value(name: str, number: float | None, unit: str = "") -> dict[str, Any]:
        return {"date": when, "name": name, "unit": unit, "value": number}

    names = [name for name in facts["qubits"] if not name.endswith("frequency")]
    qubits = [
        [value(name, qubit_value(facts, name, qubit), _UNITS.get(name, "")) for name in names]
        for qubit in range(device.qubits)
    ]
    gates = []
    for name in [*gate_names(facts), "reset"]:
        paired = name in (facts["two_qubit_gate"], "rzz")
        places = couplings(facts) if paired else [(qubit,) for qubit in range(device.qubits)]
        for row, place in enumerate(places):
            error = error_of(facts, name, row)
            parameters = [] if error is None else [value("gate_error", error)]
            parameters.append(value("gate_length", length_of(facts, name, row), "ns"))
            label = f"{name}{'_'.join(map(str, place))}"
            gates.append(
                {"qubits": list(place), "gate": name, "parameters": parameters, "name": label}
            )
    return {
        "backend_name": device.name,
        "backend_version": version_of(device),
        "last_update_date": when,
        "qubits": qubits,
        "gates": gates,
        "general": [],
    }


def defaults(device: Device) -> dict[str, Any]:
    """BackendDefaults: frequencies in GHz, no pulses; empty for a simulator."""
    facts = device.facts
    if not facts:
        return {}
    return {
        "qubit_freq_est": facts["qubits"]["frequency"],
        "meas_freq_est": facts["qubits"]["readout_frequency"],
        "buffer": 0,
        "pulse_library": [],
        "cmd_def": [],
    }
