"""What a tester can ask of the service: slowness, failures, limits, other devices and keys."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
import requests
from emulator_support import BELL, Api, until

from dynclient import emulator
from dynclient.emulator.fixtures import QiskitRuntime

ONE = {"pubs": [[BELL, None, 4]]}
BODY = {"program_id": "sampler", "backend": "ibm_fez", "params": {"pubs": []}}
HEADERS = {"Authorization": f"Bearer {emulator.TOKEN}", "Service-CRN": emulator.CRN}
MINE = "crn:v1:bluemix:public:quantum-computing:us-east:a/emulator:mine::"


def post(url: str, **more: Any) -> requests.Response:
    return requests.post(f"{url}/v1/jobs", json={**BODY, **more}, headers=HEADERS, timeout=30)


def test_a_rate_limit_refuses_what_comes_too_often_and_says_how_long_to_wait() -> None:
    with emulator.run(rate_limit="2/hour", job_delay=3600) as url:
        responses = [post(url) for _ in range(3)]
        assert [each.status_code for each in responses] == [200, 200, 429]
        assert 3500 < int(responses[2].headers["Retry-After"]) <= 3600
        assert requests.get(f"{url}/v1/jobs", headers=HEADERS, timeout=30).status_code == 200
        other = {**HEADERS, "Service-CRN": MINE}
        assert requests.post(f"{url}/v1/jobs", json=BODY, headers=other, timeout=30).ok


def test_a_rate_limit_is_over_after_its_period() -> None:
    with emulator.run(rate_limit="1/second", job_delay=3600) as url:
        assert post(url).status_code == 200
        until(lambda: post(url).status_code == 200, "the second to pass")


def test_latency_makes_every_response_take_longer() -> None:
    with emulator.run(latency=0.3) as url:
        started = time.monotonic()
        requests.get(f"{url}/v1/versions", timeout=30)
        assert time.monotonic() - started >= 0.3


def test_failures_come_at_their_rate_and_repeat_with_a_seed() -> None:
    def statuses() -> list[int]:
        with emulator.run(fail_rate=0.5, seed=4) as url:
            return [requests.get(f"{url}/v1/versions", timeout=30).status_code for _ in range(30)]

    first = statuses()
    assert set(first) == {200, 503}
    assert statuses() == first


def test_a_request_that_fails_at_random_has_done_nothing() -> None:
    with emulator.run(fail_rate=1.0) as url:
        response = post(url)
        assert response.status_code == 503
        assert "at the rate" in response.json()["errors"][0]["message"]


def test_jobs_wait_differently_long_in_a_queue_and_the_metrics_say_until_when(
    api_for: Callable[[str], Api],
) -> None:
    with emulator.run(queue_time=1000, seed=1) as url:
        api = api_for(url)
        waits = []
        for _ in range(5):
            job_id = api.submit(ONE)
            metrics = api("GET", f"/v1/jobs/{job_id}/metrics", 200).json()
            moments = (metrics["timestamps"]["created"], metrics["estimated_start_time"])
            created, start = map(datetime.fromisoformat, moments)
            waits.append((start - created).total_seconds())
        api.close()
    assert len({round(wait) for wait in waits}) > 1
    assert 0 < sum(waits) / 5 < 5000


def test_backends_can_be_chosen_and_their_states(api_for: Callable[[str], Api]) -> None:
    with emulator.run(backends=["ibm_torino=online", "ibm_fez=offline"]) as url:
        api = api_for(url)
        devices = api("GET", "/v1/backends", 200).json()["devices"]
        states = {each["name"]: each["status"]["name"] for each in devices}
        assert states == {"ibm_torino": "online", "ibm_fez": "offline"}
        assert api.run(ONE, backend="ibm_torino")["status"] == "Completed"
        api("POST", "/v1/jobs", 404, json={**BODY, "backend": "ibm_brisbane"})
        api.close()


def test_instances_can_be_chosen(api_for: Callable[[str], Api]) -> None:
    with emulator.run(crns=[MINE]) as url:
        api = api_for(url)
        api("GET", "/v1/jobs", 403)
        mine = api.other(MINE)
        mine("GET", "/v1/jobs", 200)
        api.close()
        mine.close()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"rate_limit": "often"}, "a rate is N/second"),
        ({"rate_limit": "0/minute"}, "a rate is N/second"),
        ({"backends": ["ibm_none"]}, "there is no device 'ibm_none'"),
        ({"backends": ["ibm_fez=asleep"]}, "'asleep'"),
        ({"fail_rate": 2}, "fail_rate is from 0 to 1"),
        ({"latency": -1}, "latency is a number of seconds"),
        ({"workers": 0}, "workers is at least 1"),
    ],
)
def test_an_option_that_cannot_be_is_refused(options: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words), emulator.run(**options):
        pass


def test_the_command_takes_the_same_options(tmp_path: Path) -> None:
    command = [
        sys.executable, "-m", "dynclient", "emulator", "--rate-limit", "1/hour", "--crn", MINE,
        "--backend", "ibm_torino=online", "--api-key", "my key", "--job-delay", "3600",
        "--db", str(tmp_path / "jobs.sqlite"),
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as it:
        assert it.stdout is not None
        url = it.stdout.readline().strip()
        headers = {**HEADERS, "Service-CRN": MINE}
        body = {**BODY, "backend": "ibm_torino"}
        statuses = [
            requests.post(f"{url}/v1/jobs", json=body, headers=headers, timeout=30).status_code
            for _ in range(2)
        ]
        assert statuses == [200, 429]
        form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": "my key"}
        assert requests.post(emulator.iam_url(url), data=form, timeout=30).status_code == 200
        it.terminate()
        _, told = it.communicate(timeout=30)
    assert it.returncode == 0
    assert "my key" in told
    assert MINE in told


@pytest.mark.parametrize("option", [["--rate-limit", "often"], ["--backend", "ibm_none"]])
def test_the_command_refuses_an_option_that_cannot_be(option: list[str]) -> None:
    command = [sys.executable, "-m", "dynclient", "emulator", *option]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


# ── the fixture ──────────────────────────────────────────────────────────────────────────────

pytest_plugins = ["pytester"]

SUITE = """
import pytest
from dynclient import Client

def test_the_default(qiskit_runtime):
    with Client("qiskit-runtime", base_url=qiskit_runtime.url, auth=qiskit_runtime.auth) as client:
        assert len(client.call("list_backends")["devices"]) == 4

@pytest.mark.qiskit_runtime(backends=["ibm_torino=online"], api_keys=["key"])
def test_options(qiskit_runtime):
    assert qiskit_runtime.api_key == "key"
    with Client("qiskit-runtime", base_url=qiskit_runtime.url, auth=qiskit_runtime.auth) as client:
        assert [d["name"] for d in client.call("list_backends")["devices"]] == ["ibm_torino"]
"""


def test_the_fixture_is_there_for_the_tests_of_others(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(SUITE)
    # An environment that was installed before the entry point came needs to be led to it.
    installed = "qiskit_runtime" in entry_points(group="pytest11").names
    lead = [] if installed else ["-p", "dynclient.emulator.fixtures"]
    result = pytester.runpytest_subprocess("-q", "--strict-markers", *lead)
    result.assert_outcomes(passed=2)


def test_the_fixture_says_where_the_service_is() -> None:
    where = QiskitRuntime("http://127.0.0.1:1/api", "t", "k", "c")
    assert where.origin == "http://127.0.0.1:1"
    assert where.auth == {"IBMCloudAuth": "t", "ServiceCRN": "c"}


def test_the_fixture_has_an_entry_point() -> None:
    import tomllib

    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    points = project["project"]["entry-points"]["pytest11"]
    assert points["qiskit_runtime"] == "dynclient.emulator.fixtures"
