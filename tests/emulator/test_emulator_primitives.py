"""What the circuits of a job give, in the shapes of the REST API."""

from __future__ import annotations

import base64
import io
import math
import zlib
from collections import Counter
from typing import Any

import numpy as np
import pytest
from emulator_support import BELL, Api

ROTATED = """OPENQASM 3.0;
include "stdgates.inc";
input float[64] theta;
bit[1] c;
ry(theta) $0;
c[0] = measure $0;
"""
TWO_ANGLES = """OPENQASM 3.0;
include "stdgates.inc";
input float[64] alpha;
input float[64] beta;
qubit[2] q;
ry(alpha) q[0];
ry(beta) q[1];
"""
BELL_STATE = """OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
h q[0];
cx q[0], q[1];
"""


#: A precision whose noise is below what `approx` sees.
EXACT = 1e-9


def samples(result: Any, pub: int = 0, register: str = "c") -> list[str]:
    return list(result["results"][pub]["data"][register]["samples"])


def evs(result: Any, pub: int = 0) -> Any:
    return result["results"][pub]["data"]["evs"]


def test_a_bell_circuit_gives_only_equal_bits_and_both_of_them(api: Api) -> None:
    result = api.result({"pubs": [[BELL, None, 1000]], "version": 2})
    counts = Counter(samples(result))
    assert set(counts) == {"0x0", "0x3"}
    assert sum(counts.values()) == 1000
    assert abs(counts["0x0"] - 500) < 120
    assert result["results"][0]["data"]["c"]["num_bits"] == 2
    assert result["metadata"]["version"] == 2


@pytest.mark.parametrize(
    ("pub", "params", "shots"),
    [
        ([BELL, None, 7], {"shots": 5, "options": {"default_shots": 3}}, 7),
        ([BELL], {"shots": 5, "options": {"default_shots": 3}}, 5),
        ([BELL, None, None], {"options": {"default_shots": 3}}, 3),
        (BELL, {}, 4096),
    ],
    ids=["the pub", "the input", "the options", "the default"],
)
def test_the_number_of_shots_comes_from_the_nearest_place_that_names_one(
    api: Api, pub: Any, params: dict[str, Any], shots: int
) -> None:
    assert len(samples(api.result({"pubs": [pub], **params}))) == shots


def test_a_seed_makes_samples_repeat(api: Api) -> None:
    def run(seed: int) -> list[str]:
        options = {"simulator": {"seed_simulator": seed}}
        return samples(api.result({"pubs": [[BELL, None, 64]], "options": options}))

    assert run(11) == run(11)
    assert run(11) != run(12)


@pytest.mark.parametrize("values", [[math.pi], {"theta": math.pi}, {"theta": [math.pi]}])
def test_parameter_values_come_as_an_array_or_by_name(api: Api, values: Any) -> None:
    assert set(samples(api.result({"pubs": [[ROTATED, values, 20]]}))) == {"0x1"}


def test_a_sweep_gives_the_samples_of_each_point_one_after_the_other(api: Api) -> None:
    result = api.result({"pubs": [[ROTATED, {"theta": [0.0, math.pi, 0.0]}, 2]]})
    assert samples(result) == ["0x0"] * 2 + ["0x1"] * 2 + ["0x0"] * 2
    assert result["results"][0]["metadata"]["shape"] == [3]


def test_every_classical_register_has_its_own_samples(api: Api) -> None:
    circuit = """OPENQASM 3.0;
    include "stdgates.inc";
    qubit[11] q;
    bit[10] wide;
    bit[1] flag;
    x q[9];
    x q[10];
    wide = measure q[0:9];
    flag[0] = measure q[10];
    """
    result = api.result({"pubs": [[circuit, None, 1]]})
    assert samples(result, register="wide") == ["0x200"]
    assert samples(result, register="flag") == ["0x1"]


def test_results_come_one_for_each_pub_in_order(api: Api) -> None:
    flipped = BELL.replace("h $0;", "x $0;")
    result = api.result({"pubs": [[flipped, None, 1], [BELL, None, 2], [flipped, None, 3]]})
    assert [len(samples(result, pub)) for pub in range(3)] == [1, 2, 3]
    assert samples(result, 2) == ["0x3"] * 3


@pytest.mark.parametrize(
    ("observables", "expected"),
    [
        ("ZZ", 1.0),
        ({"ZZ": 1.0, "XX": 0.5, "ZI": 9.0}, 1.5),
        (["ZZ", "XX", "ZI"], [1.0, 1.0, 0.0]),
        ([["ZZ"], [{"XX": 2.0}]], [[1.0], [2.0]]),
    ],
    ids=["text", "sum", "array", "nested array"],
)
def test_observables_come_in_each_accepted_form(api: Api, observables: Any, expected: Any) -> None:
    result = api.result({"pubs": [[BELL_STATE, observables, None, EXACT]]}, "estimator")
    assert np.asarray(evs(result)) == pytest.approx(np.asarray(expected), abs=1e-6)


def test_observables_and_parameters_broadcast_against_each_other(api: Api) -> None:
    angles = [[0.0, 0.0], [math.pi, 0.0], [math.pi, math.pi]]
    pub = [TWO_ANGLES, [["IZ"], ["ZI"]], angles, EXACT]
    result = api.result({"pubs": [pub]}, "estimator")
    assert evs(result)[0] == pytest.approx([1, -1, -1])
    assert evs(result)[1] == pytest.approx([1, 1, -1])


def test_parameters_by_name_do_not_depend_on_their_order(api: Api) -> None:
    pub = [TWO_ANGLES, "IZ", {"beta": 0.0, "alpha": math.pi}, EXACT]
    assert evs(api.result({"pubs": [pub]}, "estimator")) == pytest.approx(-1)


@pytest.mark.parametrize(
    ("precision", "params", "expected"),
    [
        (0.02, {"precision": 0.5}, 0.02),
        (None, {"precision": 0.5, "options": {"default_precision": 0.1}}, 0.5),
        (None, {"options": {"default_shots": 400, "default_precision": 0.1}}, 0.05),
        (None, {"options": {"default_precision": 0.1}}, 0.1),
        (None, {}, 1 / 64),
    ],
    ids=["the pub", "the input", "the shots", "the options", "the default"],
)
def test_the_precision_comes_from_the_nearest_place_that_names_one(
    api: Api, precision: float | None, params: dict[str, Any], expected: float
) -> None:
    options = {"seed_estimator": 5, **params.get("options", {})}
    pub = [BELL_STATE, "ZZ", None, precision]
    result = api.result({"pubs": [pub], **params, "options": options}, "estimator")
    data, metadata = result["results"][0]["data"], result["results"][0]["metadata"]
    assert data["stds"] == data["ensemble_standard_error"] == pytest.approx(expected)
    assert metadata["target_precision"] == pytest.approx(expected)
    assert data["evs"] == pytest.approx(1, abs=6 * expected)


def test_idle_qubits_of_a_large_backend_cost_nothing_and_count_as_zero(api: Api) -> None:
    circuit = 'OPENQASM 3.0; include "stdgates.inc"; qubit[127] q; x q[3]; h q[120];'

    def term(**letters: str) -> str:
        places = ["I"] * 127
        for name, letter in letters.items():
            places[126 - int(name.strip("q"))] = letter
        return "".join(places)

    observables = [
        term(q3="Z"),
        term(q120="X"),
        term(q50="Z"),
        term(q50="X"),
        {term(q3="Z", q50="Z"): 2.0, term(q3="Z", q50="Y"): 3.0},
    ]
    result = api.result({"pubs": [[circuit, observables, None, EXACT]]}, "estimator")
    assert evs(result) == pytest.approx([-1, 1, 1, 0, -2], abs=1e-6)


def test_final_measurements_do_not_disturb_the_estimator(api: Api) -> None:
    assert evs(api.result({"pubs": [[BELL, "XX", None, EXACT]]}, "estimator")) == pytest.approx(1)


def encoded(name: str, raw: bytes) -> dict[str, str]:
    text = base64.b64encode(zlib.compress(raw)).decode()
    return {"__type__": name, "__value__": text}


def test_input_and_result_can_be_in_the_encoding_of_the_qiskit_libraries(api: Api) -> None:
    from qiskit import QuantumCircuit, qpy
    from qiskit.circuit import Parameter

    circuit = QuantumCircuit(1, 1)
    circuit.ry(Parameter("a"), 0)
    circuit.measure(0, 0)
    qpy_file, npy_file = io.BytesIO(), io.BytesIO()
    qpy.dump(circuit, qpy_file)
    np.save(npy_file, np.array([[0.0], [math.pi]]))
    pub = [
        encoded("QuantumCircuit", qpy_file.getvalue()),
        encoded("ndarray", npy_file.getvalue()),
        3,
    ]
    result = api.result({"pubs": [pub], "support_qiskit": True, "version": 2})
    assert result["__type__"] == "PrimitiveResult"
    pub_result = result["__value__"]["pub_results"][0]
    assert pub_result["__type__"] == "SamplerPubResult"
    bits = pub_result["__value__"]["data"]["__value__"]["fields"]["c"]["__value__"]
    raw = zlib.decompress(base64.b64decode(bits["array"]["__value__"]))
    assert np.load(io.BytesIO(raw)).tolist() == [[[0]] * 3, [[1]] * 3]


FAILURES = {
    "a syntax error": ("sampler", ["OPENQASM 3.0;\nh $0"], "line 2"),
    "an unknown gate": ("sampler", ["OPENQASM 3.0;\nfoo $0;"], "foo"),
    "a character that starts nothing": ("sampler", ["OPENQASM 3.0;\n\\"], "line 2"),
    "too many qubits for the backend": (
        "sampler",
        ["OPENQASM 3.0; qubit[200] q; bit[1] c; c[0] = measure q[0];"],
        "needs 200 qubits, the backend has 156",
    ),
    "more active qubits than can be simulated": (
        "sampler",
        ['OPENQASM 3.0; include "stdgates.inc"; qubit[30] q; bit[1] c; h q; c[0] = measure q[0];'],
        "acts on 30 qubits",
    ),
    "more measured qubits than can be sampled": (
        "sampler",
        ['OPENQASM 3.0; include "stdgates.inc"; qubit[19] q; bit[19] c; h q; c = measure q;'],
        "measures 19 qubits",
    ),
    "an unbound parameter": ("sampler", [ROTATED], "number of parameters"),
    "a parameter that the circuit lacks": ("sampler", [ROTATED, {"phi": 1.0}], "phi"),
    "no measurement": ("sampler", [BELL_STATE], "no measurement"),
    "too many shots": ("sampler", [BELL, None, 10_000_000], "10000000 shots"),
    "no shots": ("sampler", [BELL, None, 0], "0 shots"),
    "observables of another width": ("estimator", [BELL_STATE, "ZZZ"], "act on 3 qubits"),
    "an observable that is none": ("estimator", [BELL_STATE, "AB"], ""),
    "shapes that don't broadcast": (
        "estimator",
        [TWO_ANGLES, ["ZZ", "XX"], [[0, 0], [0, 1], [1, 1]]],
        "broadcast",
    ),
    "an encoded circuit that is none": (
        "sampler",
        [{"__type__": "QuantumCircuit", "__value__": "bm90IHFweQ=="}],
        "QPY",
    ),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_pub_that_cannot_run_fails_its_job_with_a_reason_and_a_log(api: Api, name: str) -> None:
    program, pub, reason = FAILURES[name]
    job = api.run({"pubs": [pub]}, program)
    assert job["status"] == job["state"]["status"] == "Failed"
    assert reason in job["state"]["reason"]
    assert job["state"]["reason_code"] != 9500, "not a fault of the emulator"
    assert job["state"]["reason"] in api("GET", f"/v1/jobs/{job['id']}/logs", 200).text
    assert job["state"]["reason"] in api("GET", f"/v1/jobs/{job['id']}/results", 200).text


def test_the_service_goes_on_after_failed_jobs(api: Api) -> None:
    assert api.run({"pubs": [["nonsense"]]})["status"] == "Failed"
    assert api.run({"pubs": [[BELL, None, 1]]})["status"] == "Completed"


@pytest.mark.parametrize(
    ("program", "params"),
    [("executor", {"anything": 1}), ("circuit-runner", {"anything": 1})],
)
def test_a_program_that_is_not_served_fails_its_job(
    api: Api, program: str, params: dict[str, Any]
) -> None:
    job = api.run(params, program)
    assert job["status"] == "Failed"
    assert program in job["state"]["reason"]
    assert "sampler" in job["state"]["reason_solution"]


def test_a_job_without_params_fails_with_a_reason(api: Api) -> None:
    body = {"program_id": "sampler", "backend": "ibm_fez"}
    job = api.ended(api("POST", "/v1/jobs", 200, json=body).json()["id"])
    assert job["state"]["reason"] == "The job has no params."


def test_the_examples_of_the_document_run(api: Api, document: dict[str, Any]) -> None:
    content = document["paths"]["/v1/jobs"]["post"]["requestBody"]["content"]["application/json"]
    examples = {name: example["value"] for name, example in content["examples"].items()}
    for name in ("sampler", "estimator", "sampler_encoded"):
        body = {key: value for key, value in examples[name].items() if key != "session_id"}
        job_id = api("POST", "/v1/jobs", 200, json=body).json()["id"]
        assert api.ended(job_id)["status"] == "Completed", name
    job_id = api("POST", "/v1/jobs", 200, json=examples["remote_storage"]).json()["id"]
    assert "object storage" in api.ended(job_id)["state"]["reason"]
