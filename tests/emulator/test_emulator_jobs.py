"""The life of jobs: queue, list, cancel, delete, tags, privacy, logs, metrics."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
from emulator_support import BELL, ENDLESS, Api, until

from dynclient import emulator

ONE = {"pubs": [[BELL, None, 4]]}
ELSEWHERE = "crn:v1:bluemix:public:quantum-computing:us-east:a/emulator:another-instance::"


def listed(api: Api, query: str = "") -> dict[str, Any]:
    return dict(api("GET", f"/v1/jobs?{query}", 200).json())


def ids(page: dict[str, Any]) -> list[str]:
    return [job["id"] for job in page["jobs"]]


def test_a_job_goes_from_creation_to_completed_with_its_request_kept(api: Api) -> None:
    session = api("POST", "/v1/sessions", 200, json={"mode": "batch"}).json()["id"]
    request = {"tags": ["demo"], "cost": 600, "session_id": session, "runtime": "name:tag"}
    body = {"program_id": "sampler", "backend": "ibm_brisbane", "params": ONE, **request}
    created = api("POST", "/v1/jobs", 200, json=body).json()
    assert created == {"id": created["id"], "backend": "ibm_brisbane", "session_id": session}
    assert re.fullmatch("[a-z0-9]{20}", created["id"])
    job = api.ended(created["id"])
    assert job["status"] == "Completed"
    assert job["state"] == {"status": "Completed"}
    assert job["program"] == {"id": "sampler"}
    assert job["params"] == ONE
    assert job["usage"]["seconds"] > 0
    assert {name: job[name] for name in request} == request


def test_params_are_left_out_of_a_job_when_asked(api: Api) -> None:
    job_id = api.run(ONE)["id"]
    assert "params" not in api("GET", f"/v1/jobs/{job_id}?exclude_params=true", 200).json()


def test_metrics_tell_when_the_job_changed_state_and_what_it_used(api: Api) -> None:
    job = api.run(ONE)
    metrics = api("GET", f"/v1/jobs/{job['id']}/metrics", 200).json()
    moments = [datetime.fromisoformat(metrics["timestamps"][n]) for n in ("created", "running")]
    moments.append(datetime.fromisoformat(metrics["timestamps"]["finished"]))
    assert moments == sorted(moments)
    assert metrics["timestamps"]["created"] == job["created"]
    billed = math.ceil(job["usage"]["seconds"])
    assert metrics["bss"] == {"seconds": billed}
    assert metrics["usage"] == {"quantum_seconds": billed, "seconds": billed}
    assert re.fullmatch(r"\d+(\.\d+)*", metrics["qiskit_version"])


def test_metrics_of_a_queued_job_have_only_its_creation(waiting: Api) -> None:
    job_id = waiting.submit(ONE)
    metrics = waiting("GET", f"/v1/jobs/{job_id}/metrics", 200).json()
    assert metrics["timestamps"] == {"created": waiting.job(job_id)["created"]}
    assert metrics["estimated_start_time"] > metrics["timestamps"]["created"]


def test_there_is_no_log_before_the_end_and_one_after(waiting: Api, api: Api) -> None:
    waiting("GET", f"/v1/jobs/{waiting.submit(ONE)}/logs", 404)
    log = api("GET", f"/v1/jobs/{api.run(ONE)['id']}/logs", 200)
    assert log.headers["Content-Type"].startswith("text/plain")
    assert "INFO: job completed" in log.text


def test_the_log_level_decides_what_is_logged(api: Api) -> None:
    quiet = api.run(ONE, log_level="warning")
    # openapi-core counts an empty text as no body at all
    assert api("GET", f"/v1/jobs/{quiet['id']}/logs", 200, declared=False).text == ""
    failed = api.run({"pubs": [["nonsense"]]}, log_level="critical")
    assert "CRITICAL" in api("GET", f"/v1/jobs/{failed['id']}/logs", 200).text


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (None, "text/plain"),
        ("*/*", "text/plain"),
        ("text/plain, application/json", "text/plain"),
        ("text/plain;q=0.5, application/json", "application/json"),
        ("application/json", "application/json"),
    ],
)
def test_results_are_text_unless_json_is_asked_for(
    api: Api, accept: str | None, content_type: str
) -> None:
    path = f"/v1/jobs/{api.run(ONE)['id']}/results"
    response = api("GET", path, 200, headers={"Accept": accept})
    assert response.headers["Content-Type"].partition(";")[0] == content_type
    assert len(response.json()["results"]) == 1


def test_a_queued_job_has_no_results_yet(waiting: Api) -> None:
    job_id = waiting.submit(ONE)
    assert waiting.job(job_id)["state"] == {"status": "Queued"}
    assert waiting("GET", f"/v1/jobs/{job_id}/results", 204).content == b""
    assert waiting("GET", f"/v1/jobs/{job_id}/interim_results", 204).content == b""


def test_interim_results_hold_the_pubs_done_before_a_failure(api: Api) -> None:
    job = api.run({"pubs": [[BELL, None, 3], [BELL, None, 2], ["nonsense"]]})
    assert job["status"] == "Failed"
    interim = api("GET", f"/v1/jobs/{job['id']}/interim_results", 200).json()
    assert [len(pub["data"]["c"]["samples"]) for pub in interim["results"]] == [3, 2]


def test_the_transpiled_circuits_of_a_sampler_job_can_be_downloaded(api: Api) -> None:
    job_id = api.run(ONE)["id"]
    url = api("GET", f"/v1/jobs/{job_id}/transpiled_circuits", 200).json()["url"]
    circuits = requests.get(url, timeout=30).json()
    assert len(circuits) == 1
    assert "cx $0, $1;" in circuits[0]
    assert requests.get(url[:-3] + "xyz", timeout=30).status_code == 403
    assert requests.get(url.partition("?")[0], timeout=30).status_code == 403


def test_an_estimator_job_has_no_transpiled_circuits(api: Api) -> None:
    job = api.run({"pubs": [[BELL, "ZZ"]]}, "estimator")
    api("GET", f"/v1/jobs/{job['id']}/transpiled_circuits", 404)


def test_a_queued_job_can_be_cancelled_once(waiting: Api) -> None:
    job_id = waiting.submit(ONE)
    assert waiting("POST", f"/v1/jobs/{job_id}/cancel", 204).content == b""
    job = waiting.job(job_id)
    assert job["status"] == job["state"]["status"] == "Cancelled"
    waiting("POST", f"/v1/jobs/{job_id}/cancel", 409)
    waiting("GET", f"/v1/jobs/{job_id}/results", 204)
    assert "cancelled" in waiting("GET", f"/v1/jobs/{job_id}/logs", 200).text


def test_a_running_job_ends_when_it_is_cancelled(api: Api) -> None:
    job_id = api.submit({"pubs": [[ENDLESS]]})
    until(lambda: api.job(job_id)["status"] == "Running", "start")
    assert listed(api, "pending=true")["count"] == 1
    api("POST", f"/v1/jobs/{job_id}/cancel", 204)
    assert api.job(job_id)["status"] == "Cancelled"
    log = f"/v1/jobs/{job_id}/logs"
    until(lambda: "while it ran" in api("GET", log, 200).text, "the process to end")
    assert api.run(ONE)["status"] == "Completed"
    assert api.job(job_id)["status"] == "Cancelled"


def test_a_completed_job_cannot_be_cancelled(api: Api) -> None:
    api("POST", f"/v1/jobs/{api.run(ONE)['id']}/cancel", 409)


def test_a_job_that_uses_up_its_budget_is_cancelled_for_running_too_long(api: Api) -> None:
    job = api.run({"pubs": [[ENDLESS]]}, cost=1)
    assert job["status"] == "Cancelled - Ran too long"
    assert job["state"]["status"] == "Cancelled"
    assert job["state"]["reason_code"] == 1305


def test_only_a_job_in_a_final_state_can_be_deleted(waiting: Api) -> None:
    job_id = waiting.submit(ONE)
    waiting("DELETE", f"/v1/jobs/{job_id}", 400)
    waiting("POST", f"/v1/jobs/{job_id}/cancel", 204)
    assert waiting("DELETE", f"/v1/jobs/{job_id}", 204).content == b""
    error = waiting("GET", f"/v1/jobs/{job_id}", 404).json()["errors"][0]
    assert error["code"] == 1291
    waiting("DELETE", f"/v1/jobs/{job_id}", 404)


def test_tags_are_replaced_and_an_empty_list_clears_them(waiting: Api) -> None:
    job_id = waiting.submit(ONE, tags=["old"])
    path = f"/v1/jobs/{job_id}/tags"
    assert waiting("PUT", path, 204, json={"tags": ["new", "newer"]}).content == b""
    assert waiting.job(job_id)["tags"] == ["new", "newer"]
    waiting("PUT", path, 204, json={"tags": []})
    assert waiting.job(job_id)["tags"] == []
    waiting("PUT", path, 400, json={"tags": ["x"] * 9}, declared=False)
    waiting("PUT", path, 400, declared=False)


@pytest.mark.parametrize("operation", ["", "/results", "/logs", "/metrics", "/interim_results"])
def test_an_unknown_job_is_not_found(api: Api, operation: str) -> None:
    error = api("GET", f"/v1/jobs/nothing{operation}", 404).json()["errors"][0]
    assert error["code"] == 1291


def test_a_private_job_never_shows_its_params_and_is_read_once(api: Api) -> None:
    body = {"program_id": "sampler", "backend": "ibm_fez", "params": ONE, "private": True}
    created = api("POST", "/v1/jobs", 200, json=body).json()
    assert created["private"] is True
    job = api.ended(created["id"])
    assert job["private"] is True
    assert "params" not in job
    mine = [j for j in listed(api, "exclude_params=false")["jobs"] if j["id"] == job["id"]]
    assert "params" not in mine[0]
    api("GET", f"/v1/jobs/{job['id']}/interim_results", 204)
    api("GET", f"/v1/jobs/{job['id']}/transpiled_circuits", 404)
    assert api("GET", f"/v1/jobs/{job['id']}/results", 200).json()["results"]
    api("GET", f"/v1/jobs/{job['id']}/results", 404)


def test_a_private_job_shows_no_params_while_it_waits(waiting: Api) -> None:
    assert "params" not in waiting.job(waiting.submit(ONE, private=True))


def test_jobs_belong_to_the_instance_that_created_them(waiting: Api) -> None:
    other = waiting.other(ELSEWHERE)
    job_id = waiting.submit(ONE, tags=["mine"])
    other("GET", f"/v1/jobs/{job_id}", 404)
    other("POST", f"/v1/jobs/{job_id}/cancel", 404)
    other("DELETE", f"/v1/jobs/{job_id}", 404)
    assert listed(other)["count"] == 0
    assert waiting.job(job_id)["status"] == "Queued"
    other.close()


def test_a_page_counts_all_matches_and_starts_at_the_offset(waiting: Api) -> None:
    tag = {"tags": ["paging"]}
    made = [waiting.submit(ONE, **tag) for _ in range(5)]
    first = listed(waiting, "tags=paging&limit=2&sort=ASC")
    assert (ids(first), first["count"], first["limit"], first["offset"]) == (made[:2], 5, 2, 0)
    last = listed(waiting, "tags=paging&limit=2&offset=4&sort=ASC")
    assert (ids(last), last["count"], last["offset"]) == (made[4:], 5, 4)
    assert ids(listed(waiting, "tags=paging&offset=9")) == []
    newest_first = listed(waiting, "tags=paging")
    assert (ids(newest_first), newest_first["limit"]) == (made[::-1], 200)
    assert ids(listed(waiting, "tags=paging&sort=DESC")) == made[::-1]


def test_the_list_shows_params_only_when_asked(waiting: Api) -> None:
    waiting.submit(ONE, tags=["with params"])
    assert "params" not in listed(waiting, "tags=with+params")["jobs"][0]
    shown = listed(waiting, "tags=with+params&exclude_params=false")["jobs"][0]
    assert shown["params"] == ONE


def test_filters_leave_out_what_does_not_match(waiting: Api) -> None:
    session = waiting("POST", "/v1/sessions", 200, json={"mode": "batch"}).json()["id"]
    here = {"tags": ["filters", "a"], "session_id": session}
    there = {"tags": ["filters", "b"], "backend": "ibm_brisbane"}
    first = waiting.submit(ONE, **here)
    second = waiting.submit({"pubs": [[BELL, "ZZ"]]}, "estimator", **there)
    waiting("POST", f"/v1/jobs/{first}/cancel", 204)
    between = quote(waiting.job(second)["created"])
    expected = {
        "": [second, first],
        "program=sampler": [first],
        "backend=ibm_brisbane": [second],
        f"session_id={session}": [first],
        "tags=a": [first],
        "tags=a&tags=b": [],
        "pending=true": [second],
        "pending=false": [first],
        f"created_before={between}": [first],
        f"created_after={between}": [],
        f"created_after={quote(waiting.job(first)['created'])}": [second],
        "program=sampler&backend=ibm_brisbane": [],
    }
    found = {query: ids(listed(waiting, f"tags=filters&{query}")) for query in expected}
    assert found == expected


def test_moments_in_filters_may_have_any_offset(waiting: Api) -> None:
    job_id = waiting.submit(ONE, tags=["offsets"])
    created = datetime.fromisoformat(waiting.job(job_id)["created"])
    assert created.tzinfo is not None
    for early in ("2000-01-01T00:00:00+09:00", "2000-01-01t00:00:00.5z"):
        query = f"tags=offsets&created_after={quote(early)}"
        assert ids(listed(waiting, query)) == [job_id]


def test_jobs_for_a_paused_backend_stay_queued_and_are_counted(api: Api) -> None:
    job_id = api.submit(ONE, backend="ibm_torino")
    assert api.run(ONE)["status"] == "Completed"
    assert api.job(job_id)["status"] == "Queued"
    devices = {d["name"]: d for d in api("GET", "/v1/backends", 200).json()["devices"]}
    assert devices["ibm_torino"]["status"] == {"name": "paused", "reason": "maintenance"}
    assert devices["ibm_torino"]["queue_length"] == 1
    assert devices["ibm_fez"]["queue_length"] == 0
    assert any(device["is_simulator"] for device in devices.values())
    api("POST", f"/v1/jobs/{job_id}/cancel", 204)


def test_jobs_start_in_the_order_they_came_one_after_another_on_one_worker(
    api_for: Callable[[str], Api],
) -> None:
    with emulator.run(workers=1) as url:
        api = api_for(url)
        made = [api.submit(ONE) for _ in range(3)]
        for job_id in made:
            api.ended(job_id)
        stamps = [api("GET", f"/v1/jobs/{i}/metrics", 200).json()["timestamps"] for i in made]
        api.close()
    assert stamps[0]["finished"] <= stamps[1]["running"]
    assert stamps[1]["finished"] <= stamps[2]["running"]


def test_jobs_survive_a_restart_and_a_job_that_was_running_runs_again(
    tmp_path: Path, api_for: Callable[[str], Api]
) -> None:
    db = tmp_path / "jobs.sqlite"
    with emulator.run(db=db) as url:
        api = api_for(url)
        done = api.run(ONE)
        interrupted = api.submit({"pubs": [[BELL, None, 50_000]] * 40})
        behind = api.submit(ONE)
        until(lambda: api.job(interrupted)["status"] == "Running", "start")
        api.close()
    with emulator.run(db=str(db)) as url:
        api = api_for(url)
        assert api.job(done["id"]) == done
        assert api.ended(interrupted)["status"] == "Completed"
        assert api.ended(behind)["status"] == "Completed"
        api.close()
