"""Which credentials a client uses, and when it says that it has none."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from support import Scripted, one_operation, parameter

from dynclient import AuthError, Client, InvalidRequest, Options

CRN = "crn:v1:bluemix:public:quantum-computing:eu-de:a/acc:inst::"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of its own: no account of whoever runs the tests is ever read."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("QISKIT_IBM_TOKEN", "QISKIT_IBM_INSTANCE", "QISKIT_IBM_CHANNEL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def save_account(home: Path) -> None:
    file = home / ".qiskit" / "qiskit-ibm.json"
    file.parent.mkdir()
    account = {"channel": "ibm_quantum_platform", "token": "saved-key", "instance": CRN}
    file.write_text(json.dumps({"default-ibm-quantum-platform": account}))


def test_wrong_arguments_are_reported_before_missing_credentials() -> None:
    client = Client("qiskit-runtime")
    with pytest.raises(InvalidRequest, match="limt"):
        client.call("list_jobs", limt=1)
    with pytest.raises(AuthError):
        client.call("list_jobs", limit=1)


def test_none_calls_a_service_that_asks_for_less_than_its_document(service: Scripted) -> None:
    schemes = {"Key": {"type": "apiKey", "in": "header", "name": "X-Key"}}
    components = {"securitySchemes": schemes}
    for more in ({}, {"parameters": [parameter("header", {}, "X-Key", required=True)]}):
        document = one_operation(security=[{"Key": []}], components=components, **more)
        client = service.client(document, auth={"Key": None})
        client.call("op")
        assert "nothing is sent for it" in client.explain("op").auth
        assert client.call("op", options=Options(auth={"Key": None})) == {}
        assert "x-key" not in service.received[-1].headers


def test_with_no_credentials_the_documents_first_choice_is_what_is_missing() -> None:
    with pytest.raises(AuthError) as caught:
        Client("qiskit-runtime").call("list_jobs")
    assert caught.value.missing == ("IBMCloudAuth", "ServiceCRN")


def test_with_some_credentials_what_completes_them_is_missing() -> None:
    client = Client("qiskit-runtime", auth={"ServiceCRN": CRN})
    with pytest.raises(AuthError) as caught:
        client.call("list_jobs")
    assert caught.value.missing == ("IBMCloudAuth",)


EU, US = "https://eu-de.quantum.cloud.ibm.com/api", "https://quantum.cloud.ibm.com/api"
EAST = CRN.replace("eu-de", "us-east")


@pytest.mark.parametrize("operation", ["list_jobs", "get_versions"])
@pytest.mark.parametrize(
    ("crn", "url"),
    [
        (CRN, EU),
        (EAST, US),
        (CRN.replace("eu-de", "x.evil.test/"), US),
        ("no crn", US),
    ],
)
def test_a_call_goes_to_the_region_of_its_crn(operation: str, crn: str, url: str) -> None:
    auth = {"IBMCloudAuth": "token", "ServiceCRN": crn}
    client = Client("qiskit-runtime", auth=auth)
    assert client.prepare(operation).url.startswith(f"{url}/v1/")
    one_call = Client("qiskit-runtime").prepare(operation, options=Options(auth=auth))
    assert one_call.url.startswith(f"{url}/v1/")
    elsewhere = client.with_options(base_url="https://x.test")
    assert elsewhere.prepare(operation).url.startswith("https://x.test/v1/")


def test_the_region_of_the_environments_crn_counts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DYNCLIENT_AUTH_IBMCLOUDAUTH", "token")
    monkeypatch.setenv("DYNCLIENT_AUTH_SERVICECRN", CRN)
    explanation = Client("qiskit-runtime").explain("list_jobs")
    assert explanation.server == f"{EU} (the region of ServiceCRN)"


def test_a_crn_alone_is_completed_by_the_key_of_the_saved_account(home: Path) -> None:
    save_account(home)
    client = Client("qiskit-runtime", auth={"ServiceCRN": EAST})
    explanation = client.explain("list_jobs")
    assert explanation.request.url == f"{US}/v1/jobs"
    assert [scheme.name for scheme in explanation.pending] == ["IBMCloudAuth"]
    assert client.prepare("list_jobs").headers["Service-CRN"] == EAST


def test_a_crn_alone_is_completed_by_the_environment_before_the_account(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_account(home)
    monkeypatch.setenv("DYNCLIENT_AUTH_IBMCLOUDAUTH", "from-the-environment")
    request = Client("qiskit-runtime", auth={"ServiceCRN": EAST}).prepare("list_jobs")
    assert request.headers["Authorization"] == "Bearer from-the-environment"


def test_the_saved_key_goes_to_no_server_of_the_callers(home: Path) -> None:
    save_account(home)
    client = Client("qiskit-runtime", auth={"ServiceCRN": EAST}, base_url="https://x.test")
    with pytest.raises(AuthError) as caught:
        client.call("list_jobs")
    assert caught.value.missing == ("IBMCloudAuth",)


def test_credentials_that_meet_an_alternative_are_not_completed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DYNCLIENT_AUTH_IBMCLOUDAUTH", "from-the-environment")
    monkeypatch.setenv("DYNCLIENT_AUTH_SERVICECRN", CRN)
    client = Client("qiskit-runtime", auth={"external-service-token": "mine"})
    request = client.prepare("list_jobs")
    assert "Authorization" not in request.headers
    assert request.headers["external-service-token"] == "mine"


def test_no_credentials_at_all_is_a_choice(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_account(home)
    monkeypatch.setenv("DYNCLIENT_AUTH_IBMCLOUDAUTH", "from-the-environment")
    with pytest.raises(AuthError):
        Client("qiskit-runtime", auth={}).call("list_jobs")


def test_an_explanation_says_what_names_the_server(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def server(client: Client, **options: Any) -> str:
        return client.explain("list_jobs", options=Options(**options)).server

    auth = {"IBMCloudAuth": "token", "ServiceCRN": "no crn"}
    client = Client("qiskit-runtime", auth=auth)
    assert server(client) == f"{US} (the document's server)"
    assert server(client, server="https://y.test") == "https://y.test (the call's server)"
    given = client.with_options(base_url="https://x.test/")
    assert server(given) == "https://x.test (the client's base URL)"
    monkeypatch.setenv("DYNCLIENT_BASE_URL", "https://e.test")
    from_environment = given.with_options(base_url=None)
    assert server(from_environment) == "https://e.test (DYNCLIENT_BASE_URL)"
    assert server(from_environment.with_options(timeout=1)) == "https://e.test (DYNCLIENT_BASE_URL)"
    assert server(given.with_options(timeout=1)) == "https://x.test (the client's base URL)"
    assert server(pickle.loads(pickle.dumps(from_environment))).endswith("(DYNCLIENT_BASE_URL)")
    monkeypatch.delenv("DYNCLIENT_BASE_URL")
    save_account(home)
    where = f"the region of the account's instance, from {home}/.qiskit/qiskit-ibm.json"
    assert server(Client("qiskit-runtime")).startswith(f"{EU} ({where}, account ")


def test_the_saved_account_says_where_and_as_whom(home: Path) -> None:
    save_account(home)
    request = Client("qiskit-runtime").prepare("list_jobs")
    assert request.url == "https://eu-de.quantum.cloud.ibm.com/api/v1/jobs"
    assert request.headers["Service-CRN"] == CRN
    assert "saved-key" not in repr(request.headers.pairs())


def test_the_saved_account_is_never_used_for_another_server(home: Path) -> None:
    save_account(home)
    client = Client("qiskit-runtime", base_url="http://127.0.0.1:1/api")
    assert "Service-CRN" not in client.prepare("list_jobs").headers


def test_the_environment_gives_credentials_to_the_bundled_document(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DYNCLIENT_AUTH_IBMCLOUDAUTH", "from-environment")
    monkeypatch.setenv("DYNCLIENT_AUTH_SERVICECRN", CRN)
    client = Client("qiskit-runtime", base_url="http://127.0.0.1:1/api")
    assert client.prepare("list_jobs").headers["Authorization"] == "Bearer from-environment"


def test_another_document_that_names_the_same_schemes_gets_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_account(home)
    monkeypatch.setenv("DYNCLIENT_AUTH_IBMCLOUDAUTH", "from-environment")
    bundled = Client("qiskit-runtime").document.data
    copy: dict[str, Any] = {**bundled, "servers": [{"url": "https://evil.test"}]}
    request = Client(copy).prepare("list_jobs")
    assert not {"Authorization", "Service-CRN"} & set(request.headers)


def test_empty_auth_means_no_credentials_at_all(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_account(home)
    monkeypatch.setenv("DYNCLIENT_AUTH_IBMCLOUDAUTH", "from-environment")
    request = Client("qiskit-runtime", auth={}).prepare("list_jobs")
    assert not {"Authorization", "Service-CRN"} & set(request.headers)
