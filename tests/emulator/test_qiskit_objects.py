"""dynclient.qiskit: Qiskit's objects in, Qiskit's containers out."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from emulator_support import BELL
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.primitives import PrimitiveResult, SamplerPubResult
from qiskit.primitives.containers.bindings_array import BindingsArray
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.observables_array import ObservablesArray
from qiskit.primitives.containers.sampler_pub import SamplerPub
from qiskit.quantum_info import Pauli, SparseObservable, SparsePauliOp

from dynclient import Client, InvalidRequest, PollTimeout, emulator
from dynclient.histogram import counts_of
from dynclient.qiskit import (
    JobFailed,
    counts,
    decoded,
    encoders,
    histogram,
    plot,
    result,
    values,
)

THETA = Parameter("theta")


def bell() -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return circuit


def turned(measured: bool = False) -> QuantumCircuit:
    circuit = QuantumCircuit(1)
    circuit.ry(THETA, 0)
    if measured:
        circuit.measure_all()
    return circuit


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    auth = {"IBMCloudAuth": emulator.TOKEN, "ServiceCRN": emulator.CRN}
    with (
        emulator.run() as url,
        Client("qiskit-runtime", base_url=url, auth=auth, encoders=encoders) as opened,
    ):
        yield opened


def submitted(client: Client, program: str, pub: Any, **more: Any) -> dict[str, Any]:
    """A job whose params hold objects of Qiskit's."""
    params = {"pubs": [pub], **more}
    made = client.call("create_job", program_id=program, backend="ibm_fez", params=params)
    return dict(made)


@pytest.mark.parametrize("form", [{}, {"support_qiskit": True}], ids=["plain", "encoded"])
def test_a_circuit_goes_in_and_a_primitive_result_comes_out(
    client: Client, form: dict[str, Any]
) -> None:
    found = result(client, submitted(client, "sampler", [bell(), None, 200], **form))
    assert isinstance(found, PrimitiveResult)
    assert isinstance(found[0], SamplerPubResult)
    assert found[0].data.meas.num_shots == 200
    assert set(counts(found)) == {"00", "11"}
    assert sum(counts(found).values()) == 200


@pytest.mark.parametrize("form", [{}, {"support_qiskit": True}], ids=["plain", "encoded"])
def test_a_sweep_keeps_its_shape(client: Client, form: dict[str, Any]) -> None:
    angles = np.array([[[0.0]], [[math.pi]]])
    job = submitted(client, "sampler", [turned(measured=True), angles, 5], **form)
    bits = result(client, job["id"])[0].data.meas
    assert (bits.shape, bits.num_shots) == ((2, 1), 5)
    assert [bits[index].get_counts() for index in [(0, 0), (1, 0)]] == [{"0": 5}, {"1": 5}]


@pytest.mark.parametrize("form", [{}, {"support_qiskit": True}], ids=["plain", "encoded"])
@pytest.mark.parametrize(
    "observables",
    [
        [[SparsePauliOp("Z")], [SparsePauliOp("X")]],
        [[Pauli("Z")], [Pauli("X")]],
        [["Z"], ["X"]],
        ObservablesArray([["Z"], ["X"]]),
        [[SparseObservable("Z")], [SparseObservable("X")]],
    ],
    ids=["operators", "paulis", "texts", "array", "sparse"],
)
def test_expectation_values_have_the_shape_of_the_pub(
    client: Client, form: dict[str, Any], observables: Any
) -> None:
    angles = np.array([[0.0], [math.pi / 2], [math.pi]])
    job = submitted(client, "estimator", [turned(), observables, angles, 0.001], **form)
    evs = values(result(client, job))
    assert evs.shape == (2, 3)
    assert evs == pytest.approx(np.array([[1, 0, -1], [0, 1, 0]]), abs=0.01)


def test_bindings_and_whole_pubs_are_encoded(client: Client) -> None:
    bindings = BindingsArray({THETA: [0.0, math.pi]})
    by_name = result(client, submitted(client, "sampler", [turned(measured=True), bindings, 3]))
    assert by_name[0].data.meas.shape == (2,)
    pub = SamplerPub.coerce((turned(measured=True), [math.pi], 4))
    assert counts(result(client, submitted(client, "sampler", pub))) == {"1": 4}
    estimated = EstimatorPub.coerce((turned(), "Z", [math.pi], 0.001))
    value = values(result(client, submitted(client, "estimator", estimated)))
    assert value == pytest.approx(-1, abs=0.01)


def test_a_job_without_a_result_is_an_error_that_says_why(client: Client) -> None:
    job = submitted(client, "sampler", ["nonsense"])
    with pytest.raises(JobFailed, match="not OpenQASM 3") as caught:
        result(client, job)
    assert caught.value.job["status"] == "Failed"


def test_waiting_can_be_bounded(client: Client) -> None:
    params = {"pubs": [[BELL]]}
    job = client.call("create_job", program_id="sampler", backend="ibm_torino", params=params)
    with pytest.raises(PollTimeout) as caught:
        result(client, job, every=0.01, timeout=0.05)
    assert caught.value.data["status"] == "Queued"


def test_results_of_the_later_version_are_had_the_same_way() -> None:
    auth = {"IBMCloudAuth": emulator.TOKEN, "ServiceCRN": emulator.CRN}
    with (
        emulator.run() as url,
        Client(
            "qiskit-runtime-2026-03-15",
            base_url=url,
            auth=auth,
            defaults={"IBM-API-Version": "2026-03-15"},
            encoders=encoders,
        ) as client,
    ):
        assert set(counts(result(client, submitted(client, "sampler", [bell()])))) == {"00", "11"}


# ── decoding alone ───────────────────────────────────────────────────────────────────────────

PLAIN = {
    "results": [
        {
            "data": {
                "a": {"samples": ["0x1", "0x0"], "num_bits": 1},
                "b": {"samples": ["0x2", "0x1"], "num_bits": 2},
            },
            "metadata": {},
        }
    ],
    "metadata": {"version": 2},
}


def test_counts_join_registers_as_qiskit_does_with_and_without_it() -> None:
    assert counts(PLAIN) == counts_of(PLAIN) == {"010": 1, "101": 1}
    assert counts(json.dumps(PLAIN)) == counts_of(json.dumps(PLAIN))


@pytest.mark.parametrize("data", [{}, {"results": 3}, [], "3", {"__type__": "BitArray",
                                  "__value__": {"array": [[0]], "num_bits": 1}}])  # fmt: skip
def test_what_is_no_result_of_a_primitive_is_refused(data: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        decoded(data)


def test_counts_and_values_are_each_of_their_own_primitive() -> None:
    estimated = {"results": [{"data": {"evs": 0.5}, "metadata": {}}]}
    assert values(estimated) == pytest.approx(0.5)
    with pytest.raises(ValueError, match="see values"):
        counts(estimated)
    with pytest.raises(ValueError, match="see counts"):
        values(PLAIN)


def test_an_encoded_result_names_no_class_to_import() -> None:
    hostile = {"__type__": "_json", "__module__": "os", "__class__": "system", "__value__": "x"}
    with pytest.raises(ValueError, match="no result"):
        decoded(hostile)


def test_a_histogram_is_text_and_a_plot_is_a_picture(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    found = {"00": 3, "11": 1}
    assert [line.split()[-1] for line in histogram(found)] == ["75.0%", "25.0%"]
    plot(found, tmp_path / "counts.png")
    assert (tmp_path / "counts.png").read_bytes().startswith(b"\x89PNG")


def test_a_client_without_encoders_says_what_would_take_a_circuit() -> None:
    with (
        Client("qiskit-runtime", base_url="http://127.0.0.1:1", auth={}) as plain,
        pytest.raises(InvalidRequest, match=r"QuantumCircuit at /params/pubs/0 .*encoders="),
    ):
        plain.prepare("create_job", program_id="sampler", backend="b", params={"pubs": [bell()]})


def test_without_qiskit_the_error_says_what_to_install() -> None:
    code = "import sys; sys.modules['qiskit'] = None; import dynclient.qiskit"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "install dynclient[qiskit]" in done.stderr


def test_the_shell_shows_a_histogram(client: Client) -> None:
    job = submitted(client, "sampler", [BELL, None, 10])
    result(client, job)
    url = client.prepare("get_versions").url.removesuffix("/v1/versions")
    command = [
        sys.executable, "-m", "dynclient", "call", "--base-url", url, "get_job_results_jid",
        "--auth", f"IBMCloudAuth={emulator.TOKEN}", "--auth", f"ServiceCRN={emulator.CRN}",
        f"id={job['id']}", "-o", "histogram",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["00", "11"]
