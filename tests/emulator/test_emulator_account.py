"""Instances, accounts, tags, workloads, analytics: figures that follow from the jobs that ran."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from emulator_support import BELL, Api

from dynclient import emulator
from dynclient.emulator.state.clock import now_text
from dynclient.emulator.state.database import open_database
from dynclient.emulator.state.jobs import Jobs

ONE = {"pubs": [[BELL, None, 4]]}
ELSEWHERE = "crn:v1:bluemix:public:quantum-computing:us-east:a/emulator:elsewhere::"
STRANGER = "crn:v1:bluemix:public:quantum-computing:us-east:a/stranger:theirs::"


@pytest.fixture(scope="module")
def used(api_for: Callable[[str], Api]) -> Iterator[Api]:
    """A service on which two single jobs and a batch of one ran, and a fourth job waits."""
    with emulator.run() as url:
        api = api_for(url)
        api.run(ONE, tags=["calibration-1"])
        api.run({"pubs": [["nonsense"]]}, tags=["calibration-2", "night"])
        batch = api("POST", "/v1/sessions", 200, json={"mode": "batch"}).json()["id"]
        api.run(ONE, session_id=batch, backend="ibm_brisbane", tags=["batched"])
        api("DELETE", f"/v1/sessions/{batch}/close", 204)
        api.submit(ONE, backend="ibm_torino")
        other = api.other(ELSEWHERE)
        other.run(ONE, backend="simulator_statevector")
        other.close()
        stranger = api.other(STRANGER)
        stranger.run(ONE)
        stranger.close()
        yield api
        api.close()


def get(api: Api, path: str) -> Any:
    return api("GET", path, 200).json()


def jobs_of(api: Api) -> list[dict[str, Any]]:
    return list(get(api, "/v1/jobs")["jobs"])


def charged(jobs: list[dict[str, Any]]) -> int:
    return sum(math.ceil(job["usage"]["seconds"]) for job in jobs if "usage" in job)


# ── instances and accounts ───────────────────────────────────────────────────────────────────


def test_usage_counts_every_second_begun_of_the_instances_jobs(used: Api) -> None:
    usage = get(used, "/v1/instances/usage")
    assert usage["usage_consumed_seconds"] == charged(jobs_of(used)) >= 3
    assert usage["instance_id"] == emulator.CRN
    assert usage["usage_period"]["start_time"] < usage["usage_period"]["end_time"]
    assert "usage_limit_reached" not in usage


def test_a_limit_is_kept_shown_and_held(used: Api) -> None:
    assert get(used, "/v1/instances/configuration") == {}
    path = "/v1/instances/configuration"
    seconds = charged(jobs_of(used))
    used("PUT", path, 409, json={"instance_limit": seconds - 1})
    used("PUT", path, 204, json={"instance_limit": seconds})
    assert get(used, path) == {"instance_limit": seconds}
    usage = get(used, "/v1/instances/usage")
    assert (usage["usage_limit_seconds"], usage["usage_limit_reached"]) == (seconds, True)
    body = {"program_id": "sampler", "backend": "ibm_fez", "params": ONE}
    used("POST", "/v1/jobs", 409, json=body)
    used("PUT", path, 204, json={"instance_limit": None})
    assert get(used, path) == {}
    used("PUT", path, 400)


def test_an_instance_can_be_described(used: Api) -> None:
    assert get(used, "/v1/instance") == {"qctrl_enabled": False}


def test_an_account_shows_its_plan_to_those_of_the_account(used: Api) -> None:
    plan = get(used, "/v1/accounts/emulator")["plans"][0]
    assert "ibm_fez" in plan["backends"]
    assert get(used, f"/v1/accounts/emulator?plan_id={plan['plan_id']}")["plans"] == [plan]
    assert get(used, "/v1/accounts/emulator?plan_id=other")["plans"] == []
    used("GET", "/v1/accounts/stranger", 404)


# ── tags ─────────────────────────────────────────────────────────────────────────────────────


def test_tags_in_use_are_found_by_a_part_in_any_case(used: Api) -> None:
    found = get(used, "/v1/tags?type=job&search=CALI")["tags"]
    assert found == ["calibration-1", "calibration-2"]
    assert get(used, "/v1/tags?type=job&search=no%25e")["tags"] == []
    used("GET", "/v1/tags?type=job&search=ab", 400, declared=False)
    other = used.other(ELSEWHERE)
    assert get(other, "/v1/tags?type=job&search=cali")["tags"] == []
    other.close()


def test_tags_that_were_replaced_are_found_no_more(waiting: Api) -> None:
    job_id = waiting.submit(ONE, tags=["before"])
    waiting("PUT", f"/v1/jobs/{job_id}/tags", 204, json={"tags": ["afterwards"]})
    assert get(waiting, "/v1/tags?type=job&search=before")["tags"] == []
    assert get(waiting, "/v1/tags?type=job&search=after")["tags"] == ["afterwards"]


# ── workloads ────────────────────────────────────────────────────────────────────────────────


def found(api: Api, query: str = "") -> list[dict[str, Any]]:
    return list(get(api, f"/v1/workloads?{query}")["workloads"])


def test_jobs_of_a_session_are_one_workload_with_it(used: Api) -> None:
    workloads = found(used)
    assert [(each["mode"], each["status"]) for each in workloads] == [
        ("job", "completed"), ("job", "failed"), ("batch", "completed"), ("job", "pending"),
    ]  # fmt: skip
    batch = workloads[2]
    assert (batch["backend"], batch["tags"]) == ("ibm_brisbane", ["batched"])
    in_batch = [job for job in jobs_of(used) if "session_id" in job]
    assert (batch["usage_seconds"], batch["accepting_jobs"]) == (charged(in_batch), False)
    assert workloads[0]["accepting_jobs"] is None
    assert workloads[3]["usage_seconds"] is None


def test_filters_of_workloads_leave_out_what_does_not_match(used: Api) -> None:
    everything = found(used)
    ids = [each["id"] for each in everything]
    expected = {
        "mode=batch": [2],
        "status=failed&status=pending": [1, 3],
        "backend=ibm_torino": [3],
        "tags=night": [1],
        "tags=night&tags=batched": [],
        "search=calib": [0, 1],
        f"search={ids[0][:12]}": [0],
        "user=me&sort=-createdAt": [3, 2, 1, 0],
        f"created_after={everything[1]['created']}": [2, 3],
        f"created_before={everything[1]['created']}": [0],
    }
    shown = {query: [ids.index(e["id"]) for e in found(used, query)] for query in expected}
    assert shown == expected


@pytest.mark.parametrize("sort", ["createdAt", "-createdAt"])
def test_pages_lead_to_the_next_and_back(used: Api, sort: str) -> None:
    whole = [each["id"] for each in found(used, f"sort={sort}")]
    seen: list[str] = []
    page = get(used, f"/v1/workloads?limit=3&sort={sort}")
    assert "previous" not in page
    assert page["total_count"] == len(whole) == 4
    seen += [each["id"] for each in page["workloads"]]
    follow = page["next"]["href"].removeprefix(used.url)
    last = get(used, follow)
    seen += [each["id"] for each in last["workloads"]]
    assert seen == whole
    assert "next" not in last
    back = get(used, last["previous"]["href"].removeprefix(used.url))
    assert [each["id"] for each in back["workloads"]] == whole[:3]
    assert "previous" not in back


def test_a_cursor_that_no_page_gave_is_refused(used: Api) -> None:
    used("GET", "/v1/workloads?next=nonsense", 400, declared=False)


# ── analytics ────────────────────────────────────────────────────────────────────────────────


def test_filters_of_analytics_name_what_the_account_used(used: Api) -> None:
    filters = get(used, "/v1/analytics/filters")
    assert [each["name"] for each in filters["backends"]] == [
        "ibm_brisbane", "ibm_fez", "ibm_torino", "simulator_statevector",
    ]  # fmt: skip
    assert {each["id"] for each in filters["instances"]} == {emulator.CRN, ELSEWHERE}
    one = get(used, f"/v1/analytics/filters?instance={ELSEWHERE}")
    assert [each["name"] for each in one["backends"]] == ["simulator_statevector"]


def test_usage_adds_up_what_ran_by_kind(used: Api) -> None:
    usage = get(used, "/v1/analytics/usage")
    other = used.other(ELSEWHERE)
    jobs = [*jobs_of(used), *jobs_of(other)]
    other.close()
    single = [job for job in jobs if "session_id" not in job]
    in_batch = [job for job in jobs if "session_id" in job]
    assert (usage["jobs"], usage["usage"]) == (5, 1000 * charged(jobs))
    assert (usage["individual_jobs"], usage["individual_jobs_usage"]) == (4, 1000 * charged(single))
    assert (usage["sessions"], usage["batch_sessions"], usage["dedicated_sessions"]) == (1, 1, 0)
    assert usage["batch_sessions_usage"] == usage["max_sessions_usage"] == 1000 * charged(in_batch)
    assert 0 < usage["avg_queue_time"] <= usage["max_queue_time"] <= usage["queue_time"]


@pytest.mark.parametrize(
    ("query", "jobs"),
    [
        (f"instance={ELSEWHERE}", 1),
        ("backend=ibm_fez&backend=ibm_brisbane", 3),
        ("simulators=false", 4),
        ("plan=other", 0),
        ("user_id=nobody", 0),
        ("interval_end=2020-01-01T00:00:00Z", 0),
    ],
)
def test_usage_can_be_filtered(used: Api, query: str, jobs: int) -> None:
    assert get(used, f"/v1/analytics/usage?{query}")["jobs"] == jobs


def test_usage_can_be_grouped(used: Api) -> None:
    groups = get(used, "/v1/analytics/usage_grouped?group_by=backend")["data"]
    assert {group["key"]: group["jobs"] for group in groups} == {
        "ibm_brisbane": 1, "ibm_fez": 2, "ibm_torino": 1, "simulator_statevector": 1,
    }  # fmt: skip
    plans = get(used, "/v1/analytics/usage_grouped?group_by=plan")["data"]
    assert [group["jobs"] for group in plans] == [5]


def test_usage_can_be_grouped_by_day(used: Api) -> None:
    path = "/v1/analytics/usage_grouped_by_date?group_by=instance"
    dated = get(used, path)
    assert {item["key"] for item in dated["data"]} == {emulator.CRN, ELSEWHERE}
    assert sum(item["jobs"] for item in dated["data"]) == 5
    for item in dated["data"]:
        assert item["interval_start"] <= dated["interval_end"]
        assert item["interval_start"][:10] in {job["created"][:10] for job in jobs_of(used)}


def test_usage_of_former_months_counts_no_more(tmp_path: Path) -> None:
    with open_database(tmp_path / "jobs.sqlite") as database:
        store = Jobs(database)
        for job_id, created in (("old", "2020-01-31T00:00:00.000000Z"), ("new", now_text())):
            store.add(
                {"id": job_id, "instance": "i", "user_id": "u", "program": "sampler",
                 "backend": "b", "tags": [], "cost": 1, "log_level": "info", "private": False,
                 "created": created, "due": created, "seconds": 1.5}
            )  # fmt: skip
        assert store.used_seconds("i") == 2
