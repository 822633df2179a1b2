"""The backends: what is shown of a device follows from one file, and so does its noise."""

from __future__ import annotations

from typing import Any

import pytest
from emulator_support import Api

from dynclient.emulator.devices import DEVICES

PROCESSORS = ["ibm_brisbane", "ibm_fez", "ibm_torino"]


def get(api: Api, name: str, what: str) -> dict[str, Any]:
    return dict(api("GET", f"/v1/backends/{name}/{what}", 200).json())


def test_there_are_three_processors_and_a_simulator_and_torino_is_paused(waiting: Api) -> None:
    devices = waiting("GET", "/v1/backends", 200).json()["devices"]
    assert {each["name"]: (each["qubits"], each["status"]["name"]) for each in devices} == {
        "ibm_brisbane": (127, "online"),
        "ibm_fez": (156, "online"),
        "ibm_torino": (133, "paused"),
        "simulator_statevector": (20, "online"),
    }
    assert [each["name"] for each in devices if each["is_simulator"]] == ["simulator_statevector"]


@pytest.mark.parametrize("name", PROCESSORS)
def test_the_shapes_of_a_processor_agree_with_one_another(waiting: Api, name: str) -> None:
    configuration = get(waiting, name, "configuration")
    properties = get(waiting, name, "properties")
    size = configuration["n_qubits"]
    assert (
        size == len(properties["qubits"]) == len(get(waiting, name, "defaults")["qubit_freq_est"])
    )
    two_qubit = configuration["basis_gates"][0]
    calibrated = [g["qubits"] for g in properties["gates"] if g["gate"] == two_qubit]
    assert calibrated == configuration["coupling_map"]
    assert {gate["gate"] for gate in properties["gates"]} >= set(configuration["basis_gates"])
    entry = next(d for d in waiting("GET", "/v1/backends", 200).json()["devices"]
                 if d["name"] == name)  # fmt: skip
    best = entry["performance_metrics"]["two_q_error_best"]
    errors = [
        next(p["value"] for p in gate["parameters"] if p["name"] == "gate_error")
        for gate in properties["gates"]
        if gate["gate"] == two_qubit
    ]
    assert (best["gate"], best["value"]) == (two_qubit, min(errors))


def test_a_qubit_is_calibrated_in_the_units_of_the_service(waiting: Api) -> None:
    qubit = get(waiting, "ibm_fez", "properties")["qubits"][0]
    units = {each["name"]: each["unit"] for each in qubit}
    assert units == {
        "T1": "us", "T2": "us", "readout_error": "", "prob_meas0_prep1": "",
        "prob_meas1_prep0": "", "readout_length": "ns",
    }  # fmt: skip


def test_a_simulator_has_a_configuration_and_nothing_to_calibrate(waiting: Api) -> None:
    configuration = get(waiting, "simulator_statevector", "configuration")
    assert (configuration["simulator"], configuration["coupling_map"]) == (True, None)
    assert get(waiting, "simulator_statevector", "properties") == {}
    assert get(waiting, "simulator_statevector", "defaults") == {}


def test_there_is_no_calibration_before_the_first(waiting: Api) -> None:
    path = "/v1/backends/ibm_fez/properties?updated_before="
    calibrated = DEVICES["ibm_fez"].facts["calibrated"]
    assert waiting("GET", f"{path}{calibrated}", 200).json() == {}
    assert waiting("GET", f"{path}2100-01-01T00:00:00Z", 200).json()["gates"]


def test_the_status_counts_the_jobs_that_wait(waiting: Api) -> None:
    before = get(waiting, "ibm_brisbane", "status")
    assert (before["state"], before["status"]) == (True, "active")
    waiting.submit({"pubs": []}, backend="ibm_brisbane")
    assert get(waiting, "ibm_brisbane", "status")["length_queue"] == before["length_queue"] + 1
    paused = get(waiting, "ibm_torino", "status")
    assert (paused["state"], paused["message"]) == (False, "maintenance")


@pytest.mark.parametrize("what", ["status", "configuration", "properties", "defaults"])
def test_an_unknown_backend_is_not_found(waiting: Api, what: str) -> None:
    # The document declares 200 only for these four.
    waiting("GET", f"/v1/backends/ibm_none/{what}", 404, declared=False)
