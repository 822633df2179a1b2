"""The Analytics operations: figures of the account, added up from the jobs that ran."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from starlette.responses import JSONResponse, Response

from ..devices import DEVICES
from ..state.clock import moment, now_text, parsed, seconds_between
from ..state.database import Database
from ..state.jobs import Jobs
from ..state.sessions import Sessions
from ..state.tables import JobRow, jobs, sessions
from ..work.run import whole_seconds
from .calls import Call, moment_of
from .instances import PLAN, account_of

__all__ = ["AnalyticsOperations"]

_DAY = timedelta(days=1)
#: Days that an interval has whose start isn't given.
_DAYS = 30


class AnalyticsOperations:
    """Everything under /v1/analytics; an account sees all of its instances."""

    def __init__(self, database: Database) -> None:
        self._jobs = Jobs(database)
        self._sessions = Sessions(database)

    def filters(self, call: Call) -> Response:
        """analytics_filters: what the account's jobs differ by."""
        rows = self._of_account(call, call.query.get("instance"))
        view: dict[str, Any] = {
            "backends": [{"name": name} for name in _distinct(rows, "backend")],
            "instances": [{"id": crn, "deleted": False} for crn in _distinct(rows, "instance")],
            "users": [{"id": user} for user in _distinct(rows, "user_id")],
            "plans": [{"name": PLAN}] if rows else [],
        }
        if call.modern:
            view["subscriptions"] = []
        return JSONResponse(view)

    def usage(self, call: Call) -> Response:
        """analytics_usage: all of it."""
        rows, _, _ = self._chosen(call)
        return JSONResponse(self._figures(rows))

    def grouped(self, call: Call) -> Response:
        """get_usage_analytics_grouped: by instance, backend, user or plan."""
        rows, _, _ = self._chosen(call)
        trait = call.query["group_by"]
        named = {"plan": PLAN, "subscription_id": None}  # the same for all
        groups = _grouped(rows, lambda row: named[trait] if trait in named else row[trait])
        data = [{"key": key, **self._figures(groups[key])} for key in sorted(groups)]
        return JSONResponse({"data": data})

    def grouped_by_date(self, call: Call) -> Response:
        """get_usage_analytics_grouped_by_date: by instance and day (UTC)."""
        rows, start, end = self._chosen(call)
        groups = _grouped(rows, lambda row: (row["created"][:10], row["instance"]))
        data = []
        for (day, instance), group in sorted(groups.items()):
            since = datetime.fromisoformat(day).replace(tzinfo=UTC)
            span = {"interval_start": moment(since), "interval_end": moment(since + _DAY)}
            data.append({"key": instance, **span, **self._figures(group)})
        return JSONResponse({"interval_start": start, "interval_end": end, "data": data})

    def _of_account(
        self, call: Call, instances: Sequence[str] | None, *more: sa.ColumnElement[bool]
    ) -> Sequence[JobRow]:
        account = account_of(call.caller.instance)
        rows = self._jobs.select(*more)
        return [
            row
            for row in rows
            if account_of(row["instance"]) == account
            and (not instances or row["instance"] in instances)
        ]

    def _chosen(self, call: Call) -> tuple[Sequence[JobRow], str, str]:
        """The jobs that the filters of the query leave, and the interval."""
        query = call.query
        end = moment_of(query, "interval_end") or now_text()
        start = moment_of(query, "interval_start") or moment(parsed(end) - _DAYS * _DAY)
        conditions = [jobs.c.created >= start, jobs.c.created <= end]
        for name in ("backend", "user_id"):
            if query.get(name):
                conditions.append(jobs.c[name].in_(query[name]))
        if (query.get("plan") and PLAN not in query["plan"]) or query.get("subscription_id"):
            conditions.append(sa.false())
        rows = self._of_account(call, query.get("instance"), *conditions)
        if query.get("simulators", True) is False:
            rows = [row for row in rows if not _on_simulator(row)]
        return rows, start, end

    def _figures(self, rows: Sequence[JobRow]) -> dict[str, float]:
        """AnalyticsUsage: times in milliseconds."""
        by_session = _grouped(
            (row for row in rows if row["session_id"]), lambda row: str(row["session_id"])
        )
        modes = self._modes(list(by_session))
        single = [_milliseconds(row) for row in rows if not row["session_id"]]
        used = {key: sum(map(_milliseconds, group)) for key, group in by_session.items()}
        waited = [
            1000 * seconds_between(row["created"], row["running"]) for row in rows if row["running"]
        ]
        of_mode = {
            mode: [ms for key, ms in used.items() if modes.get(key) == mode]
            for mode in ("batch", "dedicated")
        }
        return {
            "usage": sum(single) + sum(used.values()),
            "jobs": len(rows),
            **_summary("sessions", list(used.values())),
            **_summary("batch_sessions", of_mode["batch"]),
            **_summary("dedicated_sessions", of_mode["dedicated"]),
            **_summary("individual_jobs", single),
            "queue_time": sum(waited),
            "avg_queue_time": sum(waited) / len(waited) if waited else 0,
            "max_queue_time": max(waited, default=0),
        }

    def _modes(self, session_ids: Sequence[str]) -> Mapping[str, str]:
        rows = self._sessions.select(sessions.c.id.in_(session_ids))
        return {row["id"]: row["mode"] for row in rows}


def _on_simulator(row: JobRow) -> bool:
    device = DEVICES.get(row["backend"])
    return device is not None and device.is_simulator


def _milliseconds(row: JobRow) -> int:
    return 1000 * whole_seconds(row["seconds"] or 0)


def _summary(name: str, values: Sequence[float]) -> dict[str, float]:
    return {
        name: len(values),
        f"{name}_usage": sum(values),
        f"avg_{name}_usage": sum(values) / len(values) if values else 0,
        f"max_{name}_usage": max(values, default=0),
    }


def _distinct(rows: Iterable[JobRow], name: str) -> list[str]:
    return sorted({row[name] for row in rows})


def _grouped(rows: Iterable[JobRow], key: Callable[[JobRow], Any]) -> dict[Any, list[JobRow]]:
    groups: dict[Any, list[JobRow]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups
