"""Noise of the emulated devices, what mitigates it, and circuits that decide: all on Qiskit Aer."""

from __future__ import annotations

import base64
import io
import json
import math
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from emulator_support import BELL, Api

from dynclient import emulator
from dynclient.emulator.devices import DEVICES
from dynclient.emulator.devices.calibration import couplings, error_of

aer_noise = pytest.importorskip("qiskit_aer.noise")

NOISY = {"simulator": {"noise_model": {"device": "ibm_fez"}, "seed_simulator": 1}}
PREPARED = """OPENQASM 3.0;
include "stdgates.inc";
bit[1] c;
x $4;
c[0] = measure $4;
"""
#: Eighty gates that are the identity without noise, and then a pair of equal bits.
WORN = 'OPENQASM 3.0; include "stdgates.inc"; h $4; cx $4, $5; ' + "cx $4, $5; " * 80


def test_a_gate_of_the_model_errs_as_often_as_the_properties_say() -> None:
    from qiskit.quantum_info import average_gate_fidelity

    from dynclient.emulator.work.noise import DeviceNoise

    facts = DEVICES["ibm_fez"].facts
    row = couplings(facts).index((4, 5))
    model = DeviceNoise(facts, [4, 5]).model()
    errors = model._local_quantum_errors
    for gate, qubits, expected in [
        ("cz", (0, 1), error_of(facts, "cz", row)),
        ("sx", (0,), error_of(facts, "sx", 4)),
    ]:
        channel = errors[gate][qubits].to_quantumchannel()
        assert 1 - average_gate_fidelity(channel) == pytest.approx(expected)


def test_a_measurement_errs_as_often_as_the_properties_say(api: Api) -> None:
    params = {"pubs": [[PREPARED, None, 20_000]], "options": NOISY}
    samples = api.result(params)["results"][0]["data"]["c"]["samples"]
    qubits = api("GET", "/v1/backends/ibm_fez/properties", 200).json()["qubits"]
    flips = next(value["value"] for value in qubits[4] if value["name"] == "prob_meas0_prep1")
    wrong = samples.count("0x0") / len(samples)
    assert wrong == pytest.approx(flips, abs=5 * math.sqrt(flips / len(samples)) + 0.001)


def test_circuits_are_ideal_unless_noise_is_asked_for(api: Api) -> None:
    samples = api.result({"pubs": [[BELL, None, 2000]]})["results"][0]["data"]["c"]["samples"]
    assert set(samples) == {"0x0", "0x3"}
    noisy = api.result({"pubs": [[BELL, None, 2000]], "options": NOISY})
    assert {"0x1", "0x2"} & set(noisy["results"][0]["data"]["c"]["samples"])


def test_a_service_can_be_noisy_for_all_jobs_on_processors(
    api_for: Callable[[str], Api],
) -> None:
    with emulator.run(noise=True) as url:
        api = api_for(url)
        params = {"pubs": [[PREPARED, None, 2000]], "options": {"simulator": {"seed_simulator": 1}}}
        seen = {
            backend: set(api.result(params, backend=backend)["results"][0]["data"]["c"]["samples"])
            for backend in ("ibm_fez", "simulator_statevector")
        }
        api.close()
    assert seen == {"ibm_fez": {"0x0", "0x1"}, "simulator_statevector": {"0x1"}}


def values(api: Api, **params: Any) -> float:
    whole = {"pubs": [[WORN, "ZZIIII", None, 0.001]], "options": NOISY, **params}
    return float(api.result(whole, "estimator")["results"][0]["data"]["evs"])


def test_mitigation_brings_values_nearer_to_the_ideal(api: Api) -> None:
    none = values(api, resilience_level=0)
    measure = values(api, resilience_level=1)
    zne = values(api, resilience_level=2)
    pec = values(api, resilience_level=1, options={**NOISY, "resilience": {"pec_mitigation": True}})
    assert none < measure < zne < 1.01
    assert measure < pec
    assert pec == pytest.approx(1, abs=0.005)
    assert zne == pytest.approx(1, abs=0.05)


def test_each_extrapolation_finds_the_value_without_noise() -> None:
    from dynclient.emulator.work.mitigation import extrapolate

    factors = [1.0, 2.0, 3.0]
    decaying = np.array([[math.exp(-0.3 * f), -2 * math.exp(-0.1 * f)] for f in factors])
    assert extrapolate(factors, decaying, ["exponential"]) == pytest.approx([1, -2])
    bent = np.array([[1 - 0.1 * f, 1 - 0.2 * f**2] for f in factors])
    assert extrapolate(factors, bent, ["linear"])[0] == pytest.approx(1)
    assert extrapolate(factors, bent, ["polynomial_degree_2"])[1] == pytest.approx(1)
    crossing = np.array([0.1, 0.0, -0.1])
    assert extrapolate(factors, crossing, ["exponential", "linear"]) == pytest.approx(0.2)
    assert extrapolate([1.0], np.array([0.7]), ["linear"]) == pytest.approx(0.7)


def encoded(model: Any) -> dict[str, Any]:
    """As the official client encodes it."""

    def default(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            file = io.BytesIO()
            np.save(file, value, allow_pickle=False)
            text = base64.b64encode(zlib.compress(file.getvalue())).decode()
            return {"__type__": "ndarray", "__value__": text}
        if isinstance(value, complex):
            return {"__type__": "complex", "__value__": [value.real, value.imag]}
        raise TypeError(type(value))

    return {"__type__": "NoiseModel",
            "__value__": json.loads(json.dumps(model.to_dict(), default=default))}  # fmt: skip


def test_a_noise_model_of_ones_own_is_taken(api: Api) -> None:
    model = aer_noise.NoiseModel()
    model.add_all_qubit_quantum_error(aer_noise.pauli_error([("X", 1.0)]), "x")
    flipped = 'OPENQASM 3.0; include "stdgates.inc"; bit[1] c; x $0; c[0] = measure $0;'
    options = {"simulator": {"noise_model": encoded(model)}}
    params = {"pubs": [[flipped, None, 5]], "options": options}
    assert api.result(params)["results"][0]["data"]["c"]["samples"] == ["0x0"] * 5


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ({"device": "ibm_none"}, "no noise model of 'ibm_none'"),
        ({"device": "simulator_statevector"}, "no noise model"),
        ({"errors": []}, "no noise model of None"),
        ({"__type__": "NoiseModel", "__value__": {"errors": 3}}, "can't be read"),
    ],
)
def test_a_noise_model_that_is_none_fails_the_job(api: Api, model: Any, reason: str) -> None:
    options = {"simulator": {"noise_model": model}}
    job = api.run({"pubs": [[BELL]], "options": options})
    assert job["status"] == "Failed"
    assert reason in job["state"]["reason"]


def test_without_aer_a_job_that_needs_it_says_what_to_install(
    api_for: Callable[[str], Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    from dynclient.emulator.work import aer
    from dynclient.emulator.work.failures import JobFailure

    monkeypatch.setattr(aer, "find_spec", lambda _name: None)
    with pytest.raises(JobFailure, match="needs Qiskit Aer") as caught:
        aer._require("Noise")
    assert "dynclient[aer]" in str(caught.value.solution)


# ── circuits that measure, reset or decide before their end ──────────────────────────────────

TELEPORTED = """OPENQASM 3.0;
include "stdgates.inc";
bit[2] m;
bit[1] out;
x $0;
h $1;
cx $1, $2;
cx $0, $1;
h $0;
m[0] = measure $0;
m[1] = measure $1;
if (m[1]) { x $2; }
if (m[0]) { z $2; }
out[0] = measure $2;
"""


def test_a_circuit_decides_by_what_it_measured(api: Api) -> None:
    data = api.result({"pubs": [[TELEPORTED, None, 200]]})["results"][0]["data"]
    assert data["out"]["samples"] == ["0x1"] * 200
    assert set(data["m"]["samples"]) == {"0x0", "0x1", "0x2", "0x3"}


def test_a_qubit_is_reset_and_used_again(api: Api) -> None:
    circuit = """OPENQASM 3.0;
    include "stdgates.inc";
    bit[2] c;
    x $7;
    c[0] = measure $7;
    reset $7;
    c[1] = measure $7;
    """
    samples = api.result({"pubs": [[circuit, None, 9]]})["results"][0]["data"]["c"]["samples"]
    assert samples == ["0x1"] * 9


def test_a_loop_is_run_as_often_as_it_says(api: Api) -> None:
    circuit = """OPENQASM 3.0;
    include "stdgates.inc";
    bit[1] c;
    for int i in [0:2] { x $0; }
    c[0] = measure $0;
    """
    samples = api.result({"pubs": [[circuit, None, 4]]})["results"][0]["data"]["c"]["samples"]
    assert samples == ["0x1"] * 4


# ── what else changes a result ───────────────────────────────────────────────────────────────


def test_twirling_names_the_shots_where_nothing_else_does(api: Api) -> None:
    twirling = {"enable_gates": True, "num_randomizations": 4, "shots_per_randomization": 3}
    params: dict[str, Any] = {"pubs": [[BELL]], "options": {"twirling": twirling}}
    assert len(api.result(params)["results"][0]["data"]["c"]["samples"]) == 12
    params["options"]["default_shots"] = 5
    assert len(api.result(params)["results"][0]["data"]["c"]["samples"]) == 5


def test_points_in_the_plane_lie_around_their_bits(api: Api) -> None:
    options = {"execution": {"meas_type": "kerneled"}}
    params = {"pubs": [[PREPARED, None, 500]], "options": options, "support_qiskit": True}
    pub = api.result(params)["__value__"]["pub_results"][0]["__value__"]
    field = pub["data"]["__value__"]["fields"]["c"]
    raw = zlib.decompress(base64.b64decode(field["__value__"]))
    points = np.load(io.BytesIO(raw))
    assert points.shape == (500, 1)
    assert points.mean() == pytest.approx(1, abs=0.1)
    plain = api.run({"pubs": [[PREPARED]], "options": options})
    assert "support_qiskit" in plain["state"]["reason_solution"]


def test_the_noise_learner_finds_the_layers_and_the_rates_of_the_device(api: Api) -> None:
    circuit = 'OPENQASM 3.0; include "stdgates.inc"; cz $0, $1; cz $2, $3; x $0; cz $0, $1;'
    result = api.result({"circuits": [circuit], "options": {}}, "noise-learner")
    layers = {tuple(layer["qubits"]): layer for layer in result["data"]}
    assert set(layers) == {(0, 1, 2, 3), (0, 1)}
    pair = layers[0, 1]
    facts = DEVICES["ibm_fez"].facts
    infidelity = error_of(facts, "cz", couplings(facts).index((0, 1)))
    assert infidelity is not None
    # What is left of any Pauli word: each anticommutes with eight of the fifteen generators.
    kept = math.exp(-2 * 8 * pair["rates"][0])
    assert len(set(pair["generators"])) == 15
    assert 1 - kept == pytest.approx(infidelity * 4 / 3)


def test_a_simulator_has_no_noise_to_learn(api: Api) -> None:
    job = api.run({"circuits": [BELL]}, "noise-learner", backend="simulator_statevector")
    assert "no noise to learn" in job["state"]["reason"]
