"""Which credentials a client uses, and when it says that it has none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dynclient import AuthError, Client, InvalidRequest

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


def test_wrong_arguments_are_told_before_missing_credentials() -> None:
    client = Client("qiskit-runtime")
    with pytest.raises(InvalidRequest, match="limt"):
        client.call("list_jobs", limt=1)
    with pytest.raises(AuthError):
        client.call("list_jobs", limit=1)


def test_with_no_credentials_the_documents_first_choice_is_what_is_missing() -> None:
    with pytest.raises(AuthError) as caught:
        Client("qiskit-runtime").call("list_jobs")
    assert caught.value.missing == ("IBMCloudAuth", "ServiceCRN")


def test_with_some_credentials_what_completes_them_is_missing() -> None:
    client = Client("qiskit-runtime", auth={"ServiceCRN": CRN})
    with pytest.raises(AuthError) as caught:
        client.call("list_jobs")
    assert caught.value.missing == ("IBMCloudAuth",)


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
