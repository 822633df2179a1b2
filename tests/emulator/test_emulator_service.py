"""The service around the jobs: credentials, tokens, judging, errors, start and stop."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from emulator_support import BELL, Api, until

from dynclient import emulator

GRANT = "urn:ibm:params:oauth:grant-type:apikey"
GOOD_JOB = {"program_id": "sampler", "backend": "ibm_fez", "params": {"pubs": [[BELL]]}}


def exchange(url: str, **form: str) -> requests.Response:
    return requests.post(emulator.iam_url(url), data=form, timeout=30)


def test_the_iam_url_has_the_origin_of_the_api() -> None:
    assert emulator.iam_url("http://127.0.0.1:8000/api") == "http://127.0.0.1:8000/identity/token"


def test_an_api_key_is_exchanged_for_a_token_that_works(api: Api) -> None:
    answer = exchange(api.url, grant_type=GRANT, apikey=emulator.API_KEY)
    assert answer.status_code == 200
    token = answer.json()
    assert token["token_type"] == "Bearer"
    assert token["expires_in"] == 3600
    assert token["access_token"].count(".") == 2
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    api("GET", "/v1/jobs", 200, headers=headers)


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"grant_type": GRANT, "apikey": "wrong"}, "BXNIM0415E"),
        ({"grant_type": GRANT, "apikey": ""}, "BXNIM0109E"),
        ({"grant_type": GRANT}, "BXNIM0109E"),
        ({"grant_type": "password", "apikey": emulator.API_KEY}, "BXNIM0109E"),
    ],
)
def test_a_bad_exchange_is_refused_in_the_shape_of_the_token_service(
    api: Api, form: dict[str, str], code: str
) -> None:
    answer = exchange(api.url, **form)
    assert answer.status_code == 400
    assert answer.json()["errorCode"] == code
    assert answer.json()["errorMessage"]
    assert answer.json()["context"]["requestId"]


def test_an_exchange_must_be_a_form_and_a_post(api: Api) -> None:
    url = emulator.iam_url(api.url)
    form = {"grant_type": GRANT, "apikey": emulator.API_KEY}
    assert requests.post(url, json=form, timeout=30).status_code == 400
    assert requests.get(url, timeout=30).status_code == 405


def test_an_issued_token_expires(api_for: Callable[[str], Api]) -> None:
    with emulator.run(token_lifetime=0.3) as url:
        api = api_for(url)
        token = exchange(url, grant_type=GRANT, apikey=emulator.API_KEY).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}

        def status() -> int:
            return requests.get(
                f"{url}/v1/jobs", headers={**headers, "Service-CRN": emulator.CRN}, timeout=30
            ).status_code

        assert status() == 200
        until(lambda: status() == 401, "the token to expire")
        api("GET", "/v1/jobs", 200)
        api.close()


def test_the_accepted_credentials_can_be_chosen(api_for: Callable[[str], Api]) -> None:
    with emulator.run(tokens=["mine"], api_keys=["my key"]) as url:
        api = api_for(url)
        api("GET", "/v1/jobs", 401)
        api("GET", "/v1/jobs", 200, headers={"Authorization": "Bearer mine"})
        assert exchange(url, grant_type=GRANT, apikey=emulator.API_KEY).status_code == 400
        assert exchange(url, grant_type=GRANT, apikey="my key").status_code == 200
        api.close()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Authorization": f"apikey {emulator.API_KEY}"}, 200),
        ({"Authorization": f"bearer {emulator.TOKEN}"}, 200),
        ({"Authorization": None}, 401),
        ({"Service-CRN": None}, 401),
        ({"Authorization": None, "Service-CRN": None}, 401),
        ({"Authorization": "Bearer unknown"}, 401),
        ({"Authorization": "Bearer a.b.c"}, 401),
        ({"Authorization": "apikey unknown"}, 401),
        ({"Authorization": "Basic dTpw"}, 401),
        ({"Authorization": None, "Backend-Authentication": emulator.TOKEN}, 200),
        ({"Authorization": None, "external-service-token": "unknown"}, 401),
        ({"Service-CRN": "not-a-crn"}, 403),
    ],
)
def test_the_security_alternatives_of_the_document_are_demanded(
    waiting: Api, headers: dict[str, str | None], status: int
) -> None:
    response = waiting("GET", "/v1/jobs", status, headers=headers)
    assert ("WWW-Authenticate" in response.headers) == (status == 401)


def test_credentials_are_judged_before_anything_else(waiting: Api) -> None:
    waiting("GET", "/v1/jobs?limit=9999", 401, headers={"Authorization": "Bearer unknown"})


def test_versions_are_open_to_everyone(api: Api) -> None:
    nobody = {"Authorization": None, "Service-CRN": None}
    assert "2025-01-01" in api("GET", "/v1/versions", 200, headers=nobody).json()["versions"]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=many", "limit"),
        ("offset=-1", "offset"),
        ("pending=perhaps", "pending"),
        ("sort=UP", "sort"),
        ("created_after=yesterday", "created_after"),
        ("created_before=9999-12-31T23:59:59-09:00", "created_before"),
        ("created_before=2025-06-31T00:00:00Z", "created_before"),
        ("&".join(f"tags={n}" for n in range(9)), "tags"),
    ],
)
def test_a_query_that_breaks_the_document_is_refused(waiting: Api, query: str, named: str) -> None:
    errors = waiting("GET", f"/v1/jobs?{query}", 400).json()["errors"]
    assert [named in error["message"] for error in errors] == [True]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"program_id": None}, "program_id"),
        ({"backend": ...}, "backend"),
        ({"cost": 10_801}, "cost"),
        ({"tags": ["x" * 87]}, "tags"),
        ({"log_level": "loud"}, "log_level"),
        ({"params": {}}, "pubs"),
        ({"params": {"pubs": [3]}}, "pubs/0"),
        ({"params": {"pubs": [], "extra": 1}}, "extra"),
        ({"program_id": "estimator"}, "pubs/0"),
        ({"remote_storage": {}}, "remote_storage"),
    ],
)
def test_a_body_that_breaks_the_document_is_refused_and_no_job_made(
    waiting: Api, change: dict[str, Any], named: str
) -> None:
    before = waiting("GET", "/v1/jobs", 200).json()["count"]
    body = {name: value for name, value in {**GOOD_JOB, **change}.items() if value is not ...}
    errors = waiting("POST", "/v1/jobs", 400, json=body).json()["errors"]
    assert any(named in error["message"] for error in errors)
    assert waiting("GET", "/v1/jobs", 200).json()["count"] == before


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (b"{", "application/json"),
        (b"\xff", "application/json"),
        (b"", "application/json"),
        (b"null", "application/json"),
        (b'{"program_id": "x", "backend": "ibm_fez", "params": {"n": NaN}}', "application/json"),
        (b'{"program_id": "x", "backend": "ibm_fez", "tags": ["\\ud800"]}', "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"program_id": "x", "backend": "ibm_fez", "params": {"n": 1e400}}', "application/json"),
        (b"program_id=sampler", "application/x-www-form-urlencoded"),
    ],
)
def test_a_body_that_is_not_json_is_refused(waiting: Api, data: bytes, content_type: str) -> None:
    waiting("POST", "/v1/jobs", 400, data=data, headers={"Content-Type": content_type})


def test_a_job_for_an_unknown_backend_is_refused(api: Api) -> None:
    error = api("POST", "/v1/jobs", 404, json={**GOOD_JOB, "backend": "ibm_none"}).json()
    assert "ibm_none" in error["errors"][0]["message"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/nothing", 404),
        ("GET", "/v1/jobs/", 404),
        ("GET", "/", 404),
        ("PATCH", "/v1/jobs", 405),
        ("HEAD", "/v1/jobs", 405),
        ("DELETE", "/v1/versions", 405),
    ],
)
def test_paths_and_methods_outside_the_document_are_refused(
    waiting: Api, method: str, path: str, status: int
) -> None:
    if method == "HEAD":
        headers = {"Authorization": f"Bearer {emulator.TOKEN}"}
        answer = requests.head(waiting.url + path, headers=headers, timeout=30)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")
    else:
        waiting(method, path, status, declared=False)


ROOT = Path(__file__).parents[2]
_ROW = re.compile(r"^\| `(\w+)` \| [^|]+ \| `([^`]+)::(\w+)` \|$", re.MULTILINE)


def test_the_page_names_a_test_for_every_operation(document: dict[str, Any]) -> None:
    rows = _ROW.findall((ROOT / "docs" / "emulator.md").read_text())
    operations = [
        operation["operationId"]
        for item in document["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict)
    ]
    assert sorted(name for name, _, _ in rows) == sorted(operations)
    for _, file, test in rows:
        assert f"def {test}(" in (ROOT / file).read_text()


def test_many_callers_at_once_get_their_own_answers(api: Api) -> None:
    made: list[str] = []

    def submit() -> None:
        caller = api.other(emulator.CRN)
        made.extend(caller.submit({"pubs": [[BELL, None, 2]]}) for _ in range(3))
        caller.close()

    threads = [threading.Thread(target=submit) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 15
    assert {api.ended(job_id)["status"] for job_id in made} == {"Completed"}


def test_stopping_leaves_no_thread_and_no_listener_behind() -> None:
    before = set(threading.enumerate())
    with emulator.run() as url:
        session = requests.Session()
        assert session.get(f"{url}/v1/versions", timeout=30).status_code == 200
        port = int(url.rpartition(":")[2].partition("/")[0])
    session.close()
    assert set(threading.enumerate()) <= before
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_two_emulators_run_side_by_side_and_share_nothing(api_for: Callable[[str], Api]) -> None:
    with emulator.run(job_delay=3600) as first, emulator.run() as second:
        one, two = api_for(first), api_for(second)
        job_id = one.submit({"pubs": []})
        two("GET", f"/v1/jobs/{job_id}", 404)
        one.close()
        two.close()


def test_a_taken_port_is_an_error_of_the_caller() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"), emulator.run(port=taken.getsockname()[1]):
            pass


def test_serve_calls_back_with_the_url_and_ends_when_told() -> None:
    stop, ready, urls = threading.Event(), threading.Event(), []

    def on_ready(url: str) -> None:
        urls.append(url)
        ready.set()

    thread = threading.Thread(
        target=emulator.serve, kwargs={"on_ready": on_ready, "stop": stop}, daemon=True
    )
    thread.start()
    assert ready.wait(30)
    assert requests.get(f"{urls[0]}/v1/versions", timeout=30).status_code == 200
    stop.set()
    thread.join(30)
    assert not thread.is_alive()


SERVE = """
import sys
from dynclient import emulator
assert not {"qiskit", "starlette", "sqlalchemy"} & set(sys.modules)
emulator.serve(on_ready=lambda url: print(url, flush=True))
print("stopped", flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="signals are those of POSIX")
def test_serve_ends_in_order_on_a_signal_and_imports_nothing_before() -> None:
    command = [sys.executable, "-W", "error", "-c", SERVE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert requests.get(f"{url}/v1/versions", timeout=30).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == "stopped\n"
        assert process.wait(30) == 0


FROM_THREADS = """
import threading, time, requests
from dynclient import emulator
BELL = 'OPENQASM 3.0; include "stdgates.inc"; bit[1] c; h $0; c[0] = measure $0;'

def once():
    with emulator.run() as url:
        headers = {"Authorization": "Bearer " + emulator.TOKEN, "Service-CRN": emulator.CRN}
        body = {"program_id": "sampler", "backend": "ibm_fez", "params": {"pubs": [[BELL]]}}
        job = requests.post(url + "/v1/jobs", json=body, headers=headers).json()["id"]
        while requests.get(f"{url}/v1/jobs/{job}/results", headers=headers).status_code == 204:
            time.sleep(0.01)

for _ in range(3):
    thread = threading.Thread(target=once)
    thread.start()
    thread.join()
print("well", flush=True)
"""


def test_emulators_may_come_and_go_on_threads_that_end() -> None:
    command = [sys.executable, "-X", "faulthandler", "-c", FROM_THREADS]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "well\n"), done.stderr


def test_a_missing_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dynclient.emulator.find_spec", lambda name: None)
    with (
        pytest.raises(emulator.MissingExtra, match=r"install dynclient\[emulator\]"),
        emulator.run(),
    ):
        pass
