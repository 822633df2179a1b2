"""find_instance_workloads: jobs, sessions and batches in one list, page by page."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

import sqlalchemy as sa
from starlette.responses import JSONResponse, Response

from ..state.database import Database
from ..state.jobs import Jobs
from ..state.sessions import Life, Sessions
from ..state.tables import JobRow, jobs, sessions
from ..work.run import whole_seconds
from .calls import Call, moment_of
from .errors import ApiError

__all__ = ["WorkloadOperations"]

_STATUS = {
    "Queued": "pending",
    "Running": "in_progress",
    "Completed": "completed",
    "Failed": "failed",
    "Cancelled": "canceled",
    "Cancelled - Ran too long": "canceled",
}
_PAGE = 10

_Workload = dict[str, Any]


class WorkloadOperations:
    """Everything under /v1/workloads."""

    def __init__(self, database: Database) -> None:
        self._jobs = Jobs(database)
        self._sessions = Sessions(database)

    def find(self, call: Call) -> Response:
        """One page of what matches; a cursor names the workload at the edge of a page."""
        query = call.query
        found = [each for each in self._all(call) if _matches(each, call)]
        found.sort(key=_place, reverse=query.get("sort") == "-createdAt")
        limit = int(query.get("limit", _PAGE))
        start = _start(found, query, limit)
        page = found[start : start + limit]
        if call.modern:
            page = [each | {"usage": _usage(each["usage_seconds"])} for each in page]
        view: dict[str, Any] = {
            "workloads": page,
            "total_count": len(found),
            "limit": limit,
        }
        if start > 0:
            view["previous"] = _link(call, "previous", page[0] if page else found[-1])
        if start + limit < len(found):
            view["next"] = _link(call, "next", page[-1])
        return JSONResponse(view)

    def _all(self, call: Call) -> list[_Workload]:
        instance = call.caller.instance
        single = self._jobs.select(jobs.c.instance == instance, *_created(call, jobs))
        opened = self._sessions.select(sessions.c.instance == instance, *_created(call, sessions))
        lives = self._sessions.lives(opened)
        of_session = self._sessions.jobs_of([row["id"] for row in opened])
        return [
            *(_job_workload(row) for row in single if row["session_id"] is None),
            *(_session_workload(row, lives[row["id"]], of_session[row["id"]]) for row in opened),
        ]


def _created(call: Call, table: sa.Table) -> list[sa.ColumnElement[bool]]:
    after = moment_of(call.query, "created_after")
    before = moment_of(call.query, "created_before")
    conditions = []
    if after is not None:
        conditions.append(table.c.created > after)
    if before is not None:
        conditions.append(table.c.created < before)
    return conditions


def _job_workload(row: JobRow) -> _Workload:
    view = {
        "id": row["id"],
        "created": row["created"],
        "backend": row["backend"],
        "instance": row["instance"],
        "user_id": row["user_id"],
        "accepting_jobs": None,
        "mode": "job",
        "status": _STATUS[row["status"]],
        "tags": row["tags"],
        "usage_seconds": _charged([row]) if row["finished"] else None,
    }
    if row["finished"]:
        view["ended"] = row["finished"]
    if row["reason"]:
        view["status_reason"] = row["reason"]
    return view


def _session_workload(row: JobRow, life: Life, its_jobs: Sequence[JobRow]) -> _Workload:
    closed = life.since("closed")
    working = "in_progress" if life.state in ("active", "inactive") else "pending"
    ended = "completed" if life.last_job_started else "canceled"
    view = {
        "id": row["id"],
        "created": row["created"],
        "backend": life.backend or row["backend"] or "",
        "instance": row["instance"],
        "user_id": row["user_id"],
        "accepting_jobs": closed is None and row["draining"] is None,
        "mode": "batch" if row["mode"] == "batch" else "session",
        "status": working if closed is None else ended,
        "tags": sorted({tag for job in its_jobs for tag in job["tags"]}),
        "usage_seconds": None if closed is None else _charged(its_jobs),
    }
    return view if closed is None else view | {"ended": closed}


def _usage(seconds: int | None) -> dict[str, Any]:
    status = "pending" if seconds is None else "complete"
    return {"qpu_charge_time_seconds": seconds or 0, "status": status}


def _charged(rows: Sequence[JobRow]) -> int:
    return sum(whole_seconds(row["seconds"]) for row in rows if row["seconds"] is not None)


def _matches(workload: _Workload, call: Call) -> bool:
    query = call.query
    text = query.get("search")
    return (
        query.get("backend", workload["backend"]) == workload["backend"]
        and query.get("mode", workload["mode"]) == workload["mode"]
        and workload["status"] in (query.get("status") or [workload["status"]])
        and set(query.get("tags") or ()) <= set(workload["tags"])
        and (text is None or any(text in each for each in [workload["id"], *workload["tags"]]))
    )


@dataclass(frozen=True, slots=True, order=True)
class _Place:
    """Where a workload stands in the list."""

    created: str
    id: str


def _place(workload: _Workload) -> _Place:
    return _Place(workload["created"], workload["id"])


def _start(found: Sequence[_Workload], query: Any, limit: int) -> int:
    """The index at which the page starts that the cursor of the query asks for."""
    descending = query.get("sort") == "-createdAt"
    if (cursor := query.get("next")) is not None:
        edge = _read(cursor)
        return sum(1 for each in found if _before(_place(each), edge, descending) or
                   _place(each) == edge)  # fmt: skip
    if (cursor := query.get("previous")) is not None:
        edge = _read(cursor)
        return max(0, sum(1 for each in found if _before(_place(each), edge, descending)) - limit)
    return 0


def _before(one: _Place, other: _Place, descending: bool) -> bool:
    return one > other if descending else one < other


def _link(call: Call, name: str, edge: _Workload) -> dict[str, str]:
    kept = [(n, v) for n, v in parse_qsl(call.url_query) if n not in ("next", "previous")]
    place = _place(edge)
    cursor = base64.urlsafe_b64encode(json.dumps([place.created, place.id]).encode()).decode()
    return {"href": f"{call.origin}/api/v1/workloads?{urlencode([*kept, (name, cursor)])}"}


def _read(cursor: str) -> _Place:
    try:
        created, workload_id = json.loads(base64.urlsafe_b64decode(cursor))
        return _Place(str(created), str(workload_id))
    except (ValueError, TypeError) as error:
        raise ApiError(400, "The cursor is none that a page links to.") from error
