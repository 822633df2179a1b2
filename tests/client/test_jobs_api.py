"""The bundled document against the running emulator: each Jobs operation, under both engines."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from dynclient import Client, InvalidRequest, Options, emulator
from dynclient.cli.demonstration import BELL
from dynclient.errors import NotFound

AUTH = {"IBMCloudAuth": emulator.TOKEN, "ServiceCRN": emulator.CRN}
PARAMS = {"pubs": [[BELL, None, 64]]}
FINAL = {"Completed", "Cancelled", "Cancelled - Ran too long", "Failed"}
JOBS = (
    "list_jobs",
    "create_job",
    "get_job_details_jid",
    "delete_job_jid",
    "cancel_job_jid",
    "replace_job_tags",
    "get_job_metrics_jid",
    "get_job_results_jid",
    "get_interim_results_jid",
    "get_jog_logs_jid",
    "get_transpiled_circuits_jid",
)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with emulator.run() as url:
        yield url


@pytest.fixture(scope="module")
def waiting_url() -> Iterator[str]:
    """Where jobs stay in the queue."""
    with emulator.run(job_delay=3600) as url:
        yield url


@pytest.fixture(scope="module")
def compiled(url: str) -> Iterator[Client]:
    defaults = {"IBM-API-Version": "2025-01-01"}
    with Client("qiskit-runtime", base_url=url, auth=AUTH, defaults=defaults) as client:
        yield client


@pytest.fixture(params=["compiled", "openapi-core"])
def client(request: pytest.FixtureRequest, compiled: Client) -> Client:
    return compiled.with_options(engine=request.param)


def finished(client: Client, **more: Any) -> str:
    """The id of a job that has run."""
    body = {"program_id": "sampler", "backend": "ibm_fez", "params": PARAMS, **more}
    job_id = str(client.call("create_job", body=body)["id"])
    end = time.monotonic() + 60
    while client.call("get_job_details_jid", id=job_id)["status"] not in FINAL:
        assert time.monotonic() < end, "the job did not end"
        time.sleep(0.02)
    return job_id


@pytest.fixture(scope="module")
def job_id(compiled: Client) -> str:
    return finished(compiled, tags=["kept"])


def test_the_eleven_are_the_jobs_operations_of_the_document(compiled: Client) -> None:
    operations = compiled.operations
    assert {name for name in operations if operations[name].path.startswith("/v1/jobs")} == set(
        JOBS
    )


# ── each of them ─────────────────────────────────────────────────────────────────────────────────


def test_create_job_runs_a_bell_circuit(client: Client) -> None:
    created = client.call("create_job", program_id="sampler", backend="ibm_fez", params=PARAMS)
    assert created["backend"] == "ibm_fez"
    job_id = finished(client)
    result = client.call("get_job_results_jid", id=job_id)
    assert result


def test_list_jobs_pages_and_filters(client: Client, job_id: str) -> None:
    page = client.call("list_jobs", limit=1, tags=["kept"])
    assert [job["id"] for job in page["jobs"]] == [job_id]
    assert page["limit"] == 1


def test_get_job_details_jid_tells_the_job(client: Client, job_id: str) -> None:
    job = client.call("get_job_details_jid", id=job_id, exclude_params=True)
    assert (job["id"], job["status"], job["tags"]) == (job_id, "Completed", ["kept"])
    assert "params" not in job


def test_get_job_metrics_jid_tells_the_times(client: Client, job_id: str) -> None:
    metrics = client.call("get_job_metrics_jid", id=job_id)
    assert set(metrics["timestamps"]) == {"created", "running", "finished"}


def test_get_job_results_jid_holds_the_samples(client: Client, job_id: str) -> None:
    options = Options(accept="application/json")
    (result,) = client.call("get_job_results_jid", id=job_id, options=options)["results"]
    samples = result["data"]["c"]["samples"]
    assert len(samples) == 64
    assert set(samples) <= {"0x0", "0x3"}


def test_get_interim_results_jid_and_results_of_a_queued_job_are_nothing_yet(
    client: Client, waiting_url: str
) -> None:
    queued = client.with_options(base_url=waiting_url)
    body = {"program_id": "sampler", "backend": "ibm_fez", "params": PARAMS}
    job_id = queued.call("create_job", body=body)["id"]
    for name in ("get_interim_results_jid", "get_job_results_jid"):
        response = queued.request(name, id=job_id)
        assert (response.status, response.data) == (204, None)


def test_get_jog_logs_jid_is_text(client: Client, job_id: str) -> None:
    assert "job completed" in client.call("get_jog_logs_jid", id=job_id)


def test_get_transpiled_circuits_jid_gives_an_address(client: Client, job_id: str) -> None:
    assert client.call("get_transpiled_circuits_jid", id=job_id)["url"].startswith("http")


def test_replace_job_tags_replaces_them(client: Client) -> None:
    job_id = finished(client, tags=["old"])
    assert client.request("replace_job_tags", id=job_id, tags=["new"]).status == 204
    assert client.call("get_job_details_jid", id=job_id)["tags"] == ["new"]


def test_cancel_job_jid_cancels_a_queued_job(client: Client, waiting_url: str) -> None:
    queued = client.with_options(base_url=waiting_url)
    body = {"program_id": "sampler", "backend": "ibm_fez", "params": PARAMS}
    job_id = queued.call("create_job", body=body)["id"]
    assert queued.request("cancel_job_jid", id=job_id).status == 204
    assert queued.call("get_job_details_jid", id=job_id)["status"].startswith("Cancelled")


def test_delete_job_jid_removes_it(client: Client) -> None:
    job_id = finished(client)
    assert client.request("delete_job_jid", id=job_id).status == 204
    with pytest.raises(NotFound) as caught:
        client.call("get_job_details_jid", id=job_id)
    assert caught.value.response.violations == ()
    assert caught.value.data["errors"]


@pytest.mark.parametrize(
    ("operation", "named"),
    [
        ("create_job", {"program_id": "sampler", "backend": "ibm_fez", "params": {"pubs": "x"}}),
        ("create_job", {"backend": "ibm_fez", "params": PARAMS}),
        ("list_jobs", {"limit": "many"}),
        ("list_jobs", {"sort": "sideways"}),
        ("list_jobs", {"created_after": "yesterday"}),
        ("replace_job_tags", {"id": "x", "tags": {"not": "a list"}}),
        ("get_job_details_jid", {}),
    ],
)
def test_a_wrong_call_is_refused_by_either_engine(
    client: Client, operation: str, named: dict[str, Any]
) -> None:
    with pytest.raises(InvalidRequest):
        client.call(operation, **named)
