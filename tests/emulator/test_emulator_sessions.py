"""Sessions: their stages follow from what callers did, from the limits and from the jobs."""

from __future__ import annotations

from typing import Any

import pytest
from emulator_support import BELL, ENDLESS, Api, until

from dynclient.emulator.state.sessions import life_of

ONE = {"pubs": [[BELL, None, 4]]}


def opened(api: Api, **wish: Any) -> str:
    body = {"mode": "batch", "backend": "ibm_fez", **wish}
    return str(api("POST", "/v1/sessions", 200, json=body).json()["id"])


def session(api: Api, session_id: str) -> dict[str, Any]:
    return dict(api("GET", f"/v1/sessions/{session_id}", 200).json())


def test_a_new_session_is_open_and_says_its_limits(waiting: Api) -> None:
    session_id = opened(waiting, mode="dedicated", max_ttl=3600)
    shown = session(waiting, session_id)
    assert (shown["state"], shown["accepting_jobs"], shown["mode"]) == ("open", True, "dedicated")
    assert (shown["max_ttl"], shown["backend_name"]) == (3600, None)
    assert shown["elapsed_time"] is None
    assert [each["status"] for each in shown["timestamps"]] == ["open"]


def test_a_job_makes_its_session_active_and_its_backend_known(api: Api) -> None:
    session_id = opened(api)
    job = api.run(ONE, session_id=session_id)
    assert job["session_id"] == session_id
    shown = session(api, session_id)
    assert (shown["state"], shown["backend_name"]) == ("active", "ibm_fez")
    assert shown["last_job_completed"] >= shown["last_job_started"] == shown["activated_at"]


def test_a_session_that_takes_no_more_jobs_ends_when_it_has_none_left(api: Api) -> None:
    session_id = opened(api)
    api.run(ONE, session_id=session_id)
    assert api("PATCH", f"/v1/sessions/{session_id}", 204, json={"accepting_jobs": False})
    shown = session(api, session_id)
    assert (shown["state"], shown["accepting_jobs"]) == ("closed", False)
    assert shown["elapsed_time"] > 0
    body = {"program_id": "sampler", "backend": "ibm_fez", "params": ONE}
    refused = api("POST", "/v1/jobs", 400, json={**body, "session_id": session_id})
    assert "is closed" in refused.json()["errors"][0]["message"]


def test_a_session_that_still_has_jobs_may_take_them_again(waiting: Api) -> None:
    session_id = opened(waiting)
    waiting.submit(ONE, session_id=session_id)
    waiting("PATCH", f"/v1/sessions/{session_id}", 204, json={"accepting_jobs": False})
    assert session(waiting, session_id)["state"] == "open"
    waiting("PATCH", f"/v1/sessions/{session_id}", 204, json={"accepting_jobs": True})
    assert waiting.submit(ONE, session_id=session_id)


def test_jobs_that_wait_in_a_session_never_run_once_it_is_closed(waiting: Api) -> None:
    session_id = opened(waiting)
    job_id = waiting.submit(ONE, session_id=session_id)
    waiting("DELETE", f"/v1/sessions/{session_id}/close", 204)
    job = waiting.job(job_id)
    assert job["status"] == "Cancelled"
    assert "session ended" in job["state"]["reason"]
    assert session(waiting, session_id)["state"] == "closed"


def test_a_running_job_finishes_after_its_session_was_closed(api: Api) -> None:
    session_id = opened(api)
    job_id = api.submit({"pubs": [[BELL, None, 100_000]] * 5}, session_id=session_id)
    until(lambda: api.job(job_id)["status"] == "Running", "start")
    api("DELETE", f"/v1/sessions/{session_id}/close", 204)
    assert api.ended(job_id)["status"] == "Completed"


def test_a_session_ends_at_its_longest_time_and_its_jobs_with_it(api: Api) -> None:
    session_id = opened(api, backend="ibm_torino", max_ttl=1)
    job_id = api.submit(ONE, backend="ibm_torino", session_id=session_id)
    closed = until(
        lambda: (shown := session(api, session_id))["state"] == "closed" and shown, "its end"
    )
    assert closed["elapsed_time"] == 1
    assert "max_ttl" in closed["state_reason"]
    api.run(ONE)  # whoever works on the queue sees to sessions
    assert api.ended(job_id)["status"] == "Cancelled"


def test_an_active_dedicated_session_keeps_its_backend_for_itself(api: Api) -> None:
    backend = {"backend": "ibm_brisbane"}
    session_id = opened(api, mode="dedicated", **backend)
    api.run(ONE, session_id=session_id, **backend)
    outside = api.submit(ONE, **backend)
    inside = [api.submit(ONE, session_id=session_id, **backend) for _ in range(2)]
    for job_id in inside:
        assert api.ended(job_id)["status"] == "Completed"
    assert api.job(outside)["status"] == "Queued"
    api("DELETE", f"/v1/sessions/{session_id}/close", 204)
    assert api.ended(outside)["status"] == "Completed"


def test_jobs_of_a_batch_run_side_by_side(api: Api) -> None:
    session_id = opened(api)
    both = [api.submit({"pubs": [[ENDLESS]]}, session_id=session_id) for _ in range(2)]
    until(lambda: all(api.job(each)["status"] == "Running" for each in both), "both to run")
    for job_id in both:
        api("POST", f"/v1/jobs/{job_id}/cancel", 204)


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"backend": "ibm_none"}, "ibm_none"),
        ({"interactive_ttl": 30, "active_ttl": 20}, "interactive_ttl"),
        ({"interactive_ttl": 1, "active_ttl": 20, "max_ttl": 10}, "active_ttl"),
        ({"mode": "lonely"}, "mode"),
    ],
)
def test_a_wish_that_cannot_be_met_is_refused(waiting: Api, wish: Any, words: str) -> None:
    body = {"mode": "batch", "backend": "ibm_fez", **wish}
    errors = waiting("POST", "/v1/sessions", 400, json=body).json()["errors"]
    assert any(words in error["message"] for error in errors)


def test_a_job_needs_a_session_of_its_instance_and_backend(waiting: Api) -> None:
    body = {"program_id": "sampler", "params": ONE, "session_id": opened(waiting)}
    waiting("POST", "/v1/jobs", 400, json={**body, "backend": "ibm_brisbane"})
    other = waiting.other("crn:v1:bluemix:public:quantum-computing:us-east:a/b:c::")
    other("POST", "/v1/jobs", 404, json={**body, "backend": "ibm_fez"})
    other("GET", f"/v1/sessions/{body['session_id']}", 404)
    other.close()


# ── the stages, with the clock in hand ───────────────────────────────────────────────────────


def at(second: float) -> str:
    return f"2026-01-01T00:{int(second) // 60:02}:{int(second) % 60:02}.000000Z"


def stages(now: float, jobs: list[tuple[float, float | None]], **limits: Any) -> Any:
    row = {"created": at(0), "max_ttl": 1000, "active_ttl": 1000, "interactive_ttl": 60,
           "draining": None, "closed": None, "closed_reason": None, **limits}  # fmt: skip
    ran = [
        {"running": at(start), "finished": None if end is None else at(end), "backend": "b",
         "status": "Running" if end is None else "Completed"}
        for start, end in jobs
    ]  # fmt: skip
    return list(life_of(row, ran, at(now)).history)  # type: ignore[arg-type]


def test_a_session_loses_its_priority_by_idling_and_gets_it_back_with_the_next_job() -> None:
    assert stages(200, [(10, 20), (150, None)]) == [
        ("open", at(0)), ("active", at(10)), ("inactive", at(80)), ("active", at(150)),
    ]  # fmt: skip
    assert stages(79, [(10, 20)])[-1] == ("active", at(10))
    assert stages(80, [(10, 20)])[-1] == ("inactive", at(80))


def test_jobs_side_by_side_count_until_the_last_of_them_ends() -> None:
    assert stages(100, [(10, 50), (20, 30)])[-1] == ("active", at(10))


def test_a_session_ends_when_it_was_active_for_long_enough() -> None:
    history = stages(300, [(10, 20), (200, None)], active_ttl=90)
    assert history[-1] == ("closed", at(220)), "70 s from the first job, 20 from the second"


def test_a_session_without_work_ends_when_it_takes_none() -> None:
    assert stages(50, [(10, 20)], draining=at(15))[-1] == ("closed", at(20))
    assert stages(50, [], draining=at(15))[-1] == ("closed", at(15))
