"""What people do with IBM's own client, step by step, against the service at a URL.

Run by the interpreter of an environment of its own that has qiskit-ibm-runtime, never by ours:

    python official_script.py http://127.0.0.1:PORT/api API_KEY CRN

Prints one line a step, `ok` or `FAILED` and what it was; ends with 1 if any failed. Only the
client's own settings lead it to the service: `url_resolver`, and three addresses of IBM Cloud in
the environment.
"""

from __future__ import annotations

import logging
import os
import sys
import traceback
import warnings
from collections.abc import Callable
from typing import Any

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

URL, API_KEY, CRN = sys.argv[1:4]
ORIGIN = URL.removesuffix("/api")
os.environ["IAM_URL"] = ORIGIN
os.environ["GLOBAL_SEARCH_URL"] = f"{ORIGIN}/cloud/search"
os.environ["GLOBAL_CATALOG_URL"] = f"{ORIGIN}/cloud/catalog"

import numpy as np  # noqa: E402
from qiskit import QuantumCircuit, transpile  # noqa: E402
from qiskit.circuit import Parameter  # noqa: E402
from qiskit.quantum_info import SparsePauliOp  # noqa: E402
from qiskit_ibm_runtime import (  # noqa: E402
    Batch,
    EstimatorV2,
    QiskitRuntimeService,
    SamplerV2,
    Session,
)
from qiskit_ibm_runtime.noise_learner import NoiseLearner  # noqa: E402

STEPS: list[tuple[str, Callable[[], Any]]] = []
HAS: dict[str, Any] = {}


def step(function: Callable[[], Any]) -> Callable[[], Any]:
    STEPS.append((function.__name__.replace("_", " "), function))
    return function


def bell(measured: bool = True) -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    if measured:
        circuit.measure_all()
    return circuit


def turned() -> QuantumCircuit:
    circuit = QuantumCircuit(1)
    circuit.ry(Parameter("angle"), 0)
    return circuit


def isa(circuit: QuantumCircuit) -> QuantumCircuit:
    return transpile(circuit, HAS["backend"], optimization_level=0, seed_transpiler=1)


def counts(job: Any) -> dict[str, int]:
    found = job.result()[0].data.meas.get_counts()
    assert set(found) <= {"00", "11"}, found
    return dict(found)


def opened(key: str, crn: str) -> QiskitRuntimeService:
    return QiskitRuntimeService(
        channel="ibm_quantum_platform",
        token=key,
        instance=crn,
        url=ORIGIN,
        url_resolver=lambda *_: f"{URL}/v1",
    )


def refused(action: Callable[[], Any], *words: str) -> None:
    """The action raises an error that has one of the words."""
    message = None
    try:
        action()
    except Exception as error:  # noqa: BLE001 - the client has many classes
        message = str(error).lower()
    assert message is not None, "it was not refused"
    assert any(word in message for word in words), message


# ── the account and the backends ─────────────────────────────────────────────────────────────


@step
def open_the_service_by_api_key_and_instance() -> None:
    HAS["service"] = opened(API_KEY, CRN)


@step
def list_instances() -> None:
    assert [each["crn"] for each in HAS["service"].instances()] == [CRN]


@step
def name_the_active_instance_and_account() -> None:
    assert HAS["service"].active_instance() == CRN
    assert HAS["service"].active_account()["token"] == API_KEY


@step
def list_backends() -> None:
    names = {backend.name for backend in HAS["service"].backends()}
    assert names == {"ibm_brisbane", "ibm_fez", "ibm_torino", "simulator_statevector"}


@step
def list_backends_by_size() -> None:
    found = HAS["service"].backends(min_num_qubits=150)
    assert [backend.name for backend in found] == ["ibm_fez"]


@step
def list_operational_backends() -> None:
    found = HAS["service"].backends(operational=True, simulator=False)
    assert {backend.name for backend in found} == {"ibm_brisbane", "ibm_fez"}


@step
def find_the_least_busy_backend() -> None:
    assert HAS["service"].least_busy(simulator=False).name in {"ibm_brisbane", "ibm_fez"}


@step
def open_a_backend() -> None:
    HAS["backend"] = HAS["service"].backend("ibm_fez")
    assert HAS["backend"].num_qubits == 156


@step
def read_its_status() -> None:
    status = HAS["backend"].status()
    assert status.operational
    assert status.pending_jobs == 0


@step
def see_that_another_is_paused() -> None:
    assert not HAS["service"].backend("ibm_torino").status().operational


@step
def read_its_configuration() -> None:
    configuration = HAS["backend"].configuration()
    assert (configuration.n_qubits, configuration.simulator) == (156, False)


@step
def read_its_properties() -> None:
    properties = HAS["backend"].properties()
    assert 0 < properties.t1(0) < 1e-3
    assert 0 < properties.gate_error("cz", [0, 1]) < 0.1
    assert 0 < properties.readout_error(5) < 0.2


@step
def read_its_target() -> None:
    target = HAS["backend"].target
    assert {"cz", "rz", "sx", "x", "measure"} <= set(target.operation_names)
    assert target["cz"][(0, 1)].error > 0


@step
def ask_for_a_backend_that_is_not_there() -> None:
    refused(lambda: HAS["service"].backend("ibm_none"), "ibm_none", "no backend")


@step
def transpile_for_it() -> None:
    HAS["bell"] = isa(bell())
    assert HAS["bell"].num_qubits == 156


# ── jobs ─────────────────────────────────────────────────────────────────────────────────────


@step
def run_a_sampler_job() -> None:
    HAS["job"] = SamplerV2(mode=HAS["backend"]).run([HAS["bell"]], shots=100)
    assert sum(counts(HAS["job"]).values()) == 100


@step
def read_the_status_of_a_job() -> None:
    assert HAS["job"].status() == "DONE"
    assert HAS["job"].done()
    assert HAS["job"].in_final_state()


@step
def read_the_metrics_of_a_job() -> None:
    metrics = HAS["job"].metrics()
    assert set(metrics["timestamps"]) == {"created", "running", "finished"}


@step
def read_the_usage_of_a_job() -> None:
    assert HAS["job"].usage() >= 1


@step
def read_the_estimate_of_a_job() -> None:
    assert set(HAS["job"].usage_estimation) == {"quantum_seconds"}


@step
def read_the_log_of_a_job() -> None:
    assert isinstance(HAS["job"].logs(), str)


@step
def read_what_a_job_knows_of_itself() -> None:
    job = HAS["job"]
    assert job.backend().name == "ibm_fez"
    assert (job.primitive_id, job.private) == ("sampler", False)
    assert job.creation_date is not None


@step
def get_a_job_by_its_id() -> None:
    again = HAS["service"].job(HAS["job"].job_id())
    assert counts(again) == counts(HAS["job"])


@step
def read_the_inputs_of_a_job() -> None:
    inputs = HAS["service"].job(HAS["job"].job_id()).inputs
    assert inputs["pubs"][0][0].num_qubits == 156


@step
def run_several_pubs() -> None:
    result = SamplerV2(mode=HAS["backend"]).run([(HAS["bell"], None, n) for n in (3, 5)]).result()
    assert [pub.data.meas.num_shots for pub in result] == [3, 5]


@step
def run_a_parametrised_sampler_job() -> None:
    circuit = turned()
    circuit.measure_all()
    values = np.linspace(0, np.pi, 3).reshape(3, 1)
    data = SamplerV2(mode=HAS["backend"]).run([(isa(circuit), values, 10)]).result()[0].data
    assert data.meas.shape == (3,)
    assert data.meas[0].get_counts() == {"0": 10}
    assert data.meas[2].get_counts() == {"1": 10}


@step
def run_a_job_with_a_seed_twice() -> None:
    sampler = SamplerV2(mode=HAS["backend"])
    sampler.options.simulator.seed_simulator = 7
    first, second = (counts(sampler.run([HAS["bell"]], shots=50)) for _ in range(2))
    assert first == second


@step
def set_every_option_of_the_sampler() -> None:
    sampler = SamplerV2(mode=HAS["backend"])
    options = sampler.options
    options.default_shots = 32
    options.max_execution_time = 300
    options.dynamical_decoupling.enable = True
    options.dynamical_decoupling.sequence_type = "XY4"
    options.dynamical_decoupling.extra_slack_distribution = "edges"
    options.dynamical_decoupling.scheduling_method = "asap"
    options.dynamical_decoupling.skip_reset_qubits = True
    options.twirling.enable_gates = True
    options.twirling.enable_measure = True
    options.twirling.num_randomizations = "auto"
    options.twirling.shots_per_randomization = "auto"
    options.twirling.strategy = "active-circuit"
    options.execution.init_qubits = True
    options.execution.rep_delay = 0.0002
    options.execution.meas_type = "classified"
    options.simulator.seed_simulator = 1
    options.environment.log_level = "DEBUG"
    options.environment.job_tags = ["every option"]
    options.experimental = {"anything": 1}
    job = sampler.run([HAS["bell"]])
    assert sum(counts(job).values()) == 32
    assert job.tags == ["every option"]
    assert "DEBUG" in job.logs() or "INFO" in job.logs()


@step
def get_points_in_the_plane() -> None:
    sampler = SamplerV2(mode=HAS["backend"])
    sampler.options.execution.meas_type = "kerneled"
    data = sampler.run([HAS["bell"]], shots=6).result()[0].data
    assert (data.meas.shape, data.meas.dtype) == ((6, 2), np.complex128)
    sampler.options.execution.meas_type = "avg_kerneled"
    assert sampler.run([HAS["bell"]], shots=6).result()[0].data.meas.shape == (2,)


@step
def run_an_estimator_job() -> None:
    circuit = isa(bell(measured=False))
    observables = [SparsePauliOp(word).apply_layout(circuit.layout) for word in ("ZZ", "XX", "ZI")]
    result = EstimatorV2(mode=HAS["backend"]).run([(circuit, observables)], precision=0.01).result()
    assert np.allclose(result[0].data.evs, [1, 1, 0], atol=0.1)
    assert np.allclose(result[0].data.stds, 0.01)


@step
def broadcast_observables_against_parameters() -> None:
    circuit = isa(turned())
    observables = [[SparsePauliOp(word).apply_layout(circuit.layout)] for word in "ZX"]
    values = np.array([[0.0], [np.pi / 2], [np.pi]])
    data = EstimatorV2(mode=HAS["backend"]).run([(circuit, observables, values)]).result()[0].data
    assert data.evs.shape == (2, 3)
    assert np.allclose(data.evs, [[1, 0, -1], [0, 1, 0]], atol=0.2)


@step
def set_every_option_of_the_estimator() -> None:
    estimator = EstimatorV2(mode=HAS["backend"])
    options = estimator.options
    options.default_precision = 0.05
    options.default_shots = 400
    options.resilience_level = 2
    options.seed_estimator = 5
    options.max_execution_time = 300
    options.dynamical_decoupling.enable = True
    options.twirling.enable_gates = True
    options.twirling.num_randomizations = 4
    options.twirling.shots_per_randomization = 100
    options.resilience.measure_mitigation = True
    options.resilience.measure_noise_learning.num_randomizations = 4
    options.resilience.measure_noise_learning.shots_per_randomization = 16
    options.resilience.zne_mitigation = True
    options.resilience.zne.amplifier = "gate_folding"
    options.resilience.zne.noise_factors = (1, 2, 3)
    options.resilience.zne.extrapolator = ("exponential", "linear")
    options.resilience.zne.extrapolated_noise_factors = (0,)
    options.resilience.pec.max_overhead = 100
    options.resilience.pec.noise_gain = "auto"
    options.resilience.layer_noise_learning.max_layers_to_learn = 2
    options.resilience.layer_noise_learning.layer_pair_depths = (0, 1)
    options.execution.init_qubits = True
    options.environment.job_tags = ["every option too"]
    circuit = isa(bell(measured=False))
    observable = SparsePauliOp("ZZ").apply_layout(circuit.layout)
    data = estimator.run([(circuit, observable)]).result()[0].data
    assert abs(data.evs - 1) < 0.4


@step
def run_a_private_job() -> None:
    sampler = SamplerV2(mode=HAS["backend"])
    sampler.options.environment.private = True
    job = sampler.run([HAS["bell"]], shots=4)
    assert sum(counts(job).values()) == 4
    assert HAS["service"].job(job.job_id()).private


@step
def learn_the_noise() -> None:
    learner = NoiseLearner(HAS["backend"])
    learner.options.max_layers_to_learn = 2
    result = learner.run([isa(bell(measured=False))]).result()
    layer = result.data[0]
    assert layer.error.num_qubits == len(layer.qubits) == 2
    assert layer.error.rates.sum() > 0


@step
def estimate_with_the_noise_that_was_learned() -> None:
    learned = NoiseLearner(HAS["backend"]).run([isa(bell(measured=False))]).result()
    estimator = EstimatorV2(mode=HAS["backend"])
    estimator.options.resilience.layer_noise_model = learned
    circuit = isa(bell(measured=False))
    observable = SparsePauliOp("ZZ").apply_layout(circuit.layout)
    assert abs(estimator.run([(circuit, observable)]).result()[0].data.evs - 1) < 0.2


# ── sessions and batches ─────────────────────────────────────────────────────────────────────


@step
def run_a_sampler_in_a_session() -> None:
    with Session(backend=HAS["backend"], max_time=600) as session:
        HAS["session"] = session
        job = SamplerV2(mode=session).run([HAS["bell"]], shots=5)
        assert sum(counts(job).values()) == 5
        assert job.session_id == session.session_id


@step
def find_the_session_closed_after_the_block() -> None:
    details = HAS["session"].details()
    assert (details["state"], details["accepting_jobs"]) == ("closed", False)
    assert HAS["session"].status() == "Closed"


@step
def read_the_limits_of_a_session() -> None:
    assert HAS["session"].details()["max_time"] == 600


@step
def read_the_usage_of_a_session() -> None:
    assert HAS["session"].usage() > 0


@step
def run_a_sampler_and_an_estimator_in_one_session() -> None:
    with Session(backend=HAS["backend"]) as session:
        sampled = SamplerV2(mode=session).run([HAS["bell"]], shots=5)
        circuit = isa(bell(measured=False))
        observable = SparsePauliOp("ZZ").apply_layout(circuit.layout)
        estimated = EstimatorV2(mode=session).run([(circuit, observable)])
        assert sum(counts(sampled).values()) == 5
        assert abs(estimated.result()[0].data.evs - 1) < 0.2


@step
def see_a_session_in_progress() -> None:
    session = Session(backend=HAS["backend"])
    assert session.status() == "Pending"
    SamplerV2(mode=session).run([HAS["bell"]], shots=5).result()
    assert session.status() == "In progress, accepting new jobs"
    session.cancel()
    assert session.status() == "Closed"


@step
def open_a_session_again_by_its_id() -> None:
    session = Session(backend=HAS["backend"])
    SamplerV2(mode=session).run([HAS["bell"]], shots=5).result()
    again = Session.from_id(session.session_id, HAS["service"])
    assert again.session_id == session.session_id
    again.close()


@step
def be_refused_a_job_in_a_closed_session() -> None:
    session = Session(backend=HAS["backend"])
    session.close()
    refused(lambda: SamplerV2(mode=session).run([HAS["bell"]]), "closed")


@step
def run_a_batch() -> None:
    with Batch(backend=HAS["backend"]) as batch:
        jobs = [SamplerV2(mode=batch).run([HAS["bell"]], shots=n) for n in (4, 6)]
    assert [sum(counts(job).values()) for job in jobs] == [4, 6]
    assert batch.details()["mode"] == "batch"


@step
def run_an_estimator_in_a_batch() -> None:
    circuit = isa(bell(measured=False))
    observable = SparsePauliOp("XX").apply_layout(circuit.layout)
    with Batch(backend=HAS["backend"]) as batch:
        job = EstimatorV2(mode=batch).run([(circuit, observable)])
    assert abs(job.result()[0].data.evs - 1) < 0.2


@step
def list_the_jobs_of_a_session() -> None:
    found = HAS["service"].jobs(session_id=HAS["session"].session_id)
    assert len(found) == 1


# ── lists, tags, cancels, deletes, failures ──────────────────────────────────────────────────


@step
def list_jobs() -> None:
    assert len(HAS["service"].jobs(limit=5)) == 5


@step
def list_jobs_by_page_and_order() -> None:
    oldest = HAS["service"].jobs(limit=1, descending=False)[0]
    assert oldest.job_id() == HAS["job"].job_id()
    assert HAS["service"].jobs(limit=1, skip=1, descending=False)[0].job_id() != oldest.job_id()


@step
def list_jobs_by_program_and_backend() -> None:
    found = HAS["service"].jobs(program_id="noise-learner", backend_name="ibm_fez", limit=None)
    assert len(found) == 2


@step
def list_jobs_by_tag() -> None:
    assert len(HAS["service"].jobs(job_tags=["every option"])) == 1


@step
def list_jobs_by_date() -> None:
    created = HAS["job"].creation_date
    after = HAS["service"].jobs(created_after=created, limit=None)
    assert HAS["job"].job_id() not in {job.job_id() for job in after}
    assert HAS["service"].jobs(created_before=created) == []


@step
def change_the_tags_of_a_job() -> None:
    HAS["job"].update_tags(["renamed"])
    assert [job.job_id() for job in HAS["service"].jobs(job_tags=["renamed"])] == [
        HAS["job"].job_id()
    ]


@step
def list_pending_jobs_and_cancel_one() -> None:
    paused = HAS["service"].backend("ibm_torino")
    circuit = transpile(bell(), paused, optimization_level=0, seed_transpiler=1)
    job = SamplerV2(mode=paused).run([circuit])
    assert job.status() == "QUEUED"
    assert [each.job_id() for each in HAS["service"].jobs(pending=True)] == [job.job_id()]
    job.cancel()
    assert job.status() == "CANCELLED"
    assert job.cancelled()
    HAS["cancelled"] = job


@step
def be_told_that_a_cancelled_job_has_no_result() -> None:
    refused(HAS["cancelled"].result, "cancelled")


@step
def be_told_why_a_job_failed() -> None:
    wide = QuantumCircuit(25)
    wide.h(range(25))
    wide.measure_all()
    job = SamplerV2(mode=HAS["backend"]).run([isa(wide)])
    refused(job.result, "25 qubits")
    assert job.status() == "ERROR"
    assert "25 qubits" in job.error_message()


@step
def delete_a_job() -> None:
    HAS["service"].delete_job(HAS["cancelled"].job_id())
    refused(lambda: HAS["service"].job(HAS["cancelled"].job_id()), "not found", "404")


@step
def read_the_usage_of_the_instance() -> None:
    usage = HAS["service"].usage()
    assert usage["usage_consumed_seconds"] >= 20
    assert usage["instance_id"] == CRN


@step
def be_refused_with_a_wrong_key() -> None:
    refused(lambda: opened("wrong", CRN), "token")


@step
def be_refused_another_instance() -> None:
    other = "crn:v1:bluemix:public:quantum-computing:us-east:a/x:y::"
    refused(lambda: opened(API_KEY, other), "does not have access")


def main() -> int:
    failed = 0
    for number, (name, function) in enumerate(STEPS, start=1):
        try:
            function()
        except Exception:  # noqa: BLE001 - told, and the other steps go on
            failed += 1
            print(f"{number:2} FAILED {name}\n{traceback.format_exc()}", flush=True)
        else:
            print(f"{number:2} ok     {name}", flush=True)
    print(f"{len(STEPS) - failed} of {len(STEPS)} steps", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
