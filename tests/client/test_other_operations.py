"""What the embedded service answers beside jobs, called and judged by both engines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dynclient import Client, emulator
from dynclient.errors import NotFound


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with emulator.run() as address:
        yield address


@pytest.fixture(scope="module", params=["compiled", "openapi-core"])
def client(url: str, request: pytest.FixtureRequest) -> Iterator[Client]:
    auth = {"IBMCloudAuth": emulator.TOKEN, "ServiceCRN": emulator.CRN}
    with Client("qiskit-runtime", base_url=url, auth=auth, engine=request.param) as opened:
        yield opened


def test_list_backends_tells_what_jobs_can_run_on(client: Client) -> None:
    names = [device["name"] for device in client.call("list_backends")["devices"]]
    assert "ibm_fez" in names


def test_get_versions_needs_no_credentials(client: Client) -> None:
    anonymous = client.with_options(auth={})
    assert anonymous.call("get_versions")["versions"]


def test_what_is_not_there_is_said_in_the_documents_own_error_model(client: Client) -> None:
    with pytest.raises(NotFound, match="No such session: s") as caught:
        client.call("get_session_information", id="s")
    assert caught.value.response.violations == ()


@pytest.mark.parametrize("name", ["ibm_brisbane", "ibm_fez", "simulator_statevector"])
def test_a_backend_is_described(client: Client, name: str) -> None:
    configuration = client.call("get_backend_configuration", id=name)
    assert configuration["backend_name"] == name
    properties = client.call("get_backend_properties", id=name)
    assert len(properties.get("qubits", ())) in (0, configuration["n_qubits"])
    defaults = client.call("get_backend_defaults", id=name)
    assert bool(defaults) == bool(properties)
    assert client.call("get_backend_status", id=name)["state"] is True


def test_a_session_is_opened_stopped_and_closed(client: Client) -> None:
    session = client.call("create_session", mode="dedicated", backend="ibm_fez")["id"]
    client.call("update_session_state", id=session, accepting_jobs=False)
    shown = client.call("get_session_information", id=session)
    assert (shown["state"], shown["accepting_jobs"]) == ("closed", False)
    assert client.call("delete_session_close", id=session) is None


def test_an_instance_and_its_account_are_described(client: Client) -> None:
    assert client.call("get_instance") == {"qctrl_enabled": False}
    client.call("replace_instance_data", instance_limit=3600)
    assert client.call("get_instance_configuration") == {"instance_limit": 3600}
    assert client.call("get_usage")["usage_limit_seconds"] == 3600
    account = emulator.CRN.split(":")[6].removeprefix("a/")
    assert client.call("get_account_config", id=account)["plans"]


def test_work_is_listed_and_added_up(client: Client) -> None:
    client.call(
        "create_job",
        program_id="sampler",
        backend="ibm_torino",
        params={"pubs": []},
        tags=["other operations"],
    )
    assert client.call("list_tags", type="job", search="other")["tags"] == ["other operations"]
    page = client.call("find_instance_workloads", limit=1, status=["pending"], sort="-createdAt")
    assert page["workloads"][0]["tags"] == ["other operations"]
    assert {"name": "ibm_torino"} in client.call("analytics_filters")["backends"]
    usage = client.call("analytics_usage", backend=["ibm_torino"])
    grouped = client.call("get_usage_analytics_grouped", group_by="backend")["data"]
    assert {group["key"]: group["jobs"] for group in grouped}["ibm_torino"] == usage["jobs"] >= 1
    dated = client.call("get_usage_analytics_grouped_by_date", group_by="instance")["data"]
    assert dated[0]["key"] == emulator.CRN
