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
