"""Each job runs in a process of its own: what ends one takes nothing else with it."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from emulator_support import BELL, ENDLESS, Api, until

from dynclient import emulator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

ONE = {"pubs": [[BELL, None, 4]]}
LONG = {"pubs": [[ENDLESS]]}


def children_of(process: int) -> list[int]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            except OSError:
                continue
            if int(parent) == process:
                found.append(int(folder.name))
    return found


def job_processes(service: int) -> list[int]:
    """The processes of jobs under a service: the children of what forks them."""
    return [child for parent in children_of(service) for child in children_of(parent)]


def running(api: Api) -> str:
    job_id = api.submit(LONG)
    until(lambda: api.job(job_id)["status"] == "Running", "start")
    return job_id


def test_a_cancelled_job_leaves_no_process(api_for: Callable[[str], Api]) -> None:
    with emulator.run() as url:
        api = api_for(url)
        job_id = running(api)
        process = until(lambda: job_processes(os.getpid()), "its process")[0]
        asked = time.monotonic()
        api("POST", f"/v1/jobs/{job_id}/cancel", 204)
        until(lambda: not Path(f"/proc/{process}").exists(), "its end")
        # A second on an idle machine; the one that tests may be busy.
        assert time.monotonic() - asked < 10
        api.close()


def test_a_process_that_dies_takes_one_job_with_it(api_for: Callable[[str], Api]) -> None:
    with emulator.run(workers=2) as url:
        api = api_for(url)
        first = running(api)
        victim = until(lambda: job_processes(os.getpid()), "its process")
        second = running(api)
        os.kill(victim[0], signal.SIGKILL)
        failed = api.ended(first)
        assert failed["status"] == "Failed"
        assert "SIGKILL" in failed["state"]["reason"]
        assert api.job(second)["status"] == "Running"
        assert api.run(ONE)["status"] == "Completed"
        api("POST", f"/v1/jobs/{second}/cancel", 204)
        api.close()


def test_when_the_parent_of_the_jobs_dies_the_next_job_gets_another(
    api_for: Callable[[str], Api],
) -> None:
    with emulator.run() as url:
        api = api_for(url)
        job_id = running(api)
        child = until(lambda: job_processes(os.getpid()), "its process")[0]
        parent = int(Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[1])
        os.kill(parent, signal.SIGKILL)
        assert api.ended(job_id)["status"] == "Failed"
        assert api.run(ONE)["status"] == "Completed"
        api.close()


def test_a_job_over_its_bound_of_memory_fails_with_a_reason(
    api_for: Callable[[str], Api],
) -> None:
    wide = 'OPENQASM 3.0; include "stdgates.inc"; qubit[20] q; bit[1] c; h q; c[0] = measure q[0];'
    with emulator.run(job_memory=8 << 20) as url:
        api = api_for(url)
        job = api.run({"pubs": [[wide]]})
        assert job["status"] == "Failed"
        assert "memory" in job["state"]["reason"]
        assert job["state"]["reason_code"] == 9413
        api.close()


SERVICE = """
import sys
from dynclient import emulator
emulator.serve(db=sys.argv[1], on_ready=lambda url: print(url, flush=True))
"""


def start(db: Path) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-W", "error", "-c", SERVICE, str(db)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def test_sigterm_ends_the_service_and_what_runs_and_the_job_runs_again_later(
    tmp_path: Path, api_for: Callable[[str], Api]
) -> None:
    process, url = start(tmp_path / "jobs.sqlite")
    with process:
        api = api_for(url)
        job_id = running(api)
        worker = until(lambda: job_processes(process.pid), "its process")[0]
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert not Path(f"/proc/{worker}").exists()
        api.close()
    with emulator.run(db=tmp_path / "jobs.sqlite", job_delay=3600) as url:
        api = api_for(url)
        until(lambda: api.job(job_id)["status"] == "Running", "its second run")
        api("POST", f"/v1/jobs/{job_id}/cancel", 204)
        api.close()


def test_a_service_that_is_killed_leaves_no_process(
    tmp_path: Path, api_for: Callable[[str], Api]
) -> None:
    process, url = start(tmp_path / "jobs.sqlite")
    with process:
        api = api_for(url)
        running(api)
        family = [*children_of(process.pid), *until(lambda: job_processes(process.pid), "it")]
        process.kill()
        process.wait()
        until(lambda: not any(Path(f"/proc/{each}").exists() for each in family), "their end")
        api.close()


SCRIPT = """
import requests, time
from dynclient import emulator

print("module runs", flush=True)
with emulator.run() as url:
    headers = {"Authorization": "Bearer " + emulator.TOKEN, "Service-CRN": emulator.CRN}
    body = {"program_id": "sampler", "backend": "ibm_fez", "params": {"pubs": [[BELL]]}}
    job = requests.post(url + "/v1/jobs", json=body, headers=headers).json()["id"]
    while requests.get(f"{url}/v1/jobs/{job}/results", headers=headers).status_code == 204:
        time.sleep(0.01)
"""


def test_a_script_without_a_guard_runs_once(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(f"BELL = {BELL!r}\n{SCRIPT}")
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (0, "module runs\n"), done.stderr


def test_jobs_run_where_processes_cannot_be_forked(
    api_for: Callable[[str], Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dynclient.emulator.work.launcher._CAN_FORK", False)
    with emulator.run() as url:
        api = api_for(url)
        assert len(api.result(ONE)["results"][0]["data"]["c"]["samples"]) == 4
        job_id = running(api)
        api("POST", f"/v1/jobs/{job_id}/cancel", 204)
        assert api.job(job_id)["status"] == "Cancelled"
        api.close()


def test_several_jobs_run_at_once_but_no_more_than_there_are_workers(
    api_for: Callable[[str], Api],
) -> None:
    with emulator.run(workers=2) as url:
        api = api_for(url)
        three = [api.submit(LONG) for _ in range(3)]
        states = lambda: [api.job(each)["status"] for each in three]  # noqa: E731
        until(lambda: states() == ["Running", "Running", "Queued"], "two to run")
        api("POST", f"/v1/jobs/{three[0]}/cancel", 204)
        until(lambda: states() == ["Cancelled", "Running", "Running"], "the third to run")
        for job_id in three[1:]:
            api("POST", f"/v1/jobs/{job_id}/cancel", 204)
        assert requests.get(f"{url}/v1/versions", timeout=30).status_code == 200
        api.close()


class Broken:
    """A process that reports a bug of ours."""

    def __init__(self) -> None:
        text = json.dumps("Traceback (most recent call last):\nZeroDivisionError: division by zero")
        self.reader = io.BytesIO(f"bug {len(text)}\n{text}".encode())
        self.writer = io.BytesIO()

    def kill(self) -> None:
        pass

    def wait(self) -> None:
        pass


def test_a_bug_in_the_emulator_fails_the_job_with_the_traceback_in_its_log(
    api_for: Callable[[str], Api], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with emulator.run() as url:
        api = api_for(url)
        monkeypatch.setattr("dynclient.emulator.work.launcher.launch", Broken)
        job = api.run(ONE)
        assert job["status"] == "Failed"
        assert job["state"]["reason_code"] == 9500
        assert "Traceback" in api("GET", f"/v1/jobs/{job['id']}/logs", 200).text
        assert "ZeroDivisionError" in caplog.text
        monkeypatch.undo()
        assert api.run(ONE)["status"] == "Completed"
        api.close()
