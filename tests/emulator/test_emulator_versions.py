"""The later version of the API: what a request names by its date, judged by its own document."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from emulator_support import BELL, until

from dynclient import Client, emulator
from dynclient.errors import NotFound

MODERN = {"IBM-API-Version": "2026-03-15"}
PARAMS = {"pubs": [[BELL, None, 4]]}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with emulator.run() as address:
        yield address


@pytest.fixture(scope="module", params=["compiled", "openapi-core"])
def client(url: str, request: pytest.FixtureRequest) -> Iterator[Client]:
    with Client(
        "qiskit-runtime-2026-03-15",
        base_url=url,
        auth={"IBMCloudAuth": emulator.TOKEN, "ServiceCRN": emulator.CRN},
        defaults=MODERN,
        engine=request.param,
    ) as opened:
        yield opened


def headers(version: str | None) -> dict[str, str]:
    found = {"Authorization": f"Bearer {emulator.TOKEN}", "Service-CRN": emulator.CRN}
    return found if version is None else {**found, "IBM-API-Version": version}


def test_a_job_of_the_later_version_is_charged_by_the_processor(client: Client) -> None:
    made = client.call(
        "create_job", program_id="sampler", backend="ibm_fez", params=PARAMS, calibration_id="c1"
    )
    assert made["calibration_id"] == "c1"
    job = until(
        lambda: (shown := client.call("get_job", id=made["id"]))["status"] == "Completed" and shown,
        "its end",
    )
    assert job["usage"]["status"] == "complete"
    assert job["usage"]["qpu_charge_time_seconds"] >= 1
    metrics = client.call("get_job_metrics_jid", id=job["id"])
    assert metrics["usage"] == job["usage"]
    assert "bss" not in metrics
    assert client.call("get_job_results_jid", id=job["id"])["results"]
    assert client.call("list_jobs")["jobs"]
    client.call("delete_job", id=job["id"])


def test_the_message_of_a_failed_job_is_json_text(client: Client) -> None:
    made = client.call(
        "create_job", program_id="sampler", backend="ibm_fez", params={"pubs": [["nonsense"]]}
    )
    until(lambda: client.call("get_job", id=made["id"])["status"] == "Failed", "its end")
    assert "OpenQASM" in client.call("get_job_results_jid", id=made["id"])


def test_the_other_operations_of_the_later_version_keep_to_it(client: Client) -> None:
    session = client.call("create_session", mode="batch", backend="ibm_fez")["id"]
    client.call("update_session", id=session, accepting_jobs=False)
    assert client.call("get_session", id=session)["state"] == "closed"
    assert "ibm_fez" in client.call("get_instance")["backends"]
    client.call("replace_instance_configuration", instance_limit=None)
    assert client.call("get_account", id="emulator")["plans"][0]["subscription_name"]
    assert client.call("analytics_filters")["subscriptions"] == []
    grouped = client.call("get_usage_analytics_grouped", group_by="subscription_id")["data"]
    assert [group["key"] for group in grouped] in ([None], [])
    for workload in client.call("find_instance_workloads", limit=50)["workloads"]:
        assert workload["usage"]["status"] in {"pending", "complete"}
    devices = client.call("list_backends")["devices"]
    fez = next(device for device in devices if device["name"] == "ibm_fez")
    assert 0 < fez["performance_metrics"]["readout_error_median"]["value"] < 0.1


def test_an_unknown_job_is_not_found_in_the_later_version(client: Client) -> None:
    with pytest.raises(NotFound):
        client.call("get_job", id="nothing")


@pytest.mark.parametrize(
    ("version", "modern"),
    [(None, False), ("2025-01-01", False), ("2025-05-01", False), ("2026-03-15", True),
     ("2026-04-15", True)],
)  # fmt: skip
def test_the_newest_document_that_is_not_newer_than_the_request_holds(
    url: str, version: str | None, modern: bool
) -> None:
    found = requests.get(f"{url}/v1/versions", headers=headers(version), timeout=30).json()
    assert isinstance(found["versions"][0], dict) == modern
    gone = requests.get(f"{url}/v1/jobs/x/interim_results", headers=headers(version), timeout=30)
    assert gone.status_code == 404
    assert ("is gone from version" in gone.text) == modern


def test_log_levels_may_be_in_capitals(url: str) -> None:
    body = {"program_id": "sampler", "backend": "ibm_torino", "params": PARAMS}
    statuses = [
        requests.post(
            f"{url}/v1/jobs",
            headers=headers(version),
            json={**body, "log_level": level},
            timeout=30,
        ).status_code
        for version in ("2025-05-01", "2026-04-15")
        for level in ("warning", "WARNING", "LOUD")
    ]
    assert statuses == [200, 200, 400, 200, 200, 400]
