"""The Sessions operations."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse, Response

from ..devices import Device
from ..state.clock import now_text, seconds_between
from ..state.database import Database
from ..state.jobs import Jobs
from ..state.sessions import Life, Sessions
from ..state.tables import JobRow
from ..work.dispatcher import SESSION_OVER, Dispatcher
from .calls import Call, no_content
from .errors import BACKEND_NOT_FOUND, ApiError
from .iam import USER_ID

__all__ = ["SessionOperations"]

#: Seconds: how long a session lasts that names no limit (the document's default), and how long it
#: may idle between two jobs.
MAX_TTL = 28_800
INTERACTIVE_TTL = 60


class SessionOperations:
    """Everything under /v1/sessions."""

    def __init__(
        self, database: Database, dispatcher: Dispatcher, devices: Mapping[str, Device]
    ) -> None:
        self._sessions = Sessions(database)
        self._jobs = Jobs(database)
        self._dispatcher = dispatcher
        self._devices = devices

    def create(self, call: Call) -> Response:
        """create_session: open one."""
        body = call.body
        if body is None:
            raise ApiError(400, "A session needs a mode.")
        backend = body.get("backend", body.get("backend_name"))
        if backend is not None and backend not in self._devices:
            raise ApiError(400, f"No such backend: {backend}", code=BACKEND_NOT_FOUND)
        max_ttl = int(body.get("max_ttl", MAX_TTL))
        active_ttl = int(body.get("active_ttl", max_ttl))
        interactive_ttl = int(body.get("interactive_ttl", min(INTERACTIVE_TTL, active_ttl)))
        if active_ttl > max_ttl:
            raise ApiError(400, "active_ttl must not be more than max_ttl.")
        if interactive_ttl > active_ttl:
            raise ApiError(400, "interactive_ttl must not be more than active_ttl.")
        session_id = str(uuid.uuid4())
        self._sessions.add(
            {
                "id": session_id,
                "instance": call.caller.instance,
                "user_id": USER_ID,
                "mode": body["mode"],
                "backend": backend,
                "created": now_text(),
                "max_ttl": max_ttl,
                "active_ttl": active_ttl,
                "interactive_ttl": interactive_ttl,
            }
        )
        return self._shown(self._row(call, session_id))

    def details(self, call: Call) -> Response:
        """get_session_information: its stage, limits and history."""
        return self._shown(self._row(call))

    def update(self, call: Call) -> Response:
        """update_session_state: take no more jobs, or take them again."""
        row = self._row(call)
        if call.body is not None:  # the body is optional: without one nothing changes
            self._sessions.drain(row["id"], accepting=call.body["accepting_jobs"])
            self._dispatcher.wake()
        return no_content()

    def close(self, call: Call) -> Response:
        """delete_session_close: end it; jobs that wait never run, jobs that run finish."""
        row = self._row(call)
        self._sessions.close(row["id"], "The session was closed.")
        self._jobs.cancel_queued_of_session(row["id"], SESSION_OVER)
        self._dispatcher.wake()
        return no_content()

    def _row(self, call: Call, session_id: str | None = None) -> JobRow:
        wanted = session_id or call.path["id"]
        row = self._sessions.get(wanted, call.caller.instance)
        if row is None:
            raise ApiError(404, f"No such session: {wanted}")
        return row

    def _shown(self, row: JobRow) -> Response:
        return JSONResponse(session_view(row, self._sessions.lives([row])[row["id"]]))


def session_view(row: JobRow, life: Life) -> dict[str, Any]:
    """A session as JobSession shows it; keys without a value are left out."""
    closed = life.since("closed")
    view: dict[str, Any] = {
        "id": row["id"],
        "backend_name": life.backend,
        "started_at": row["created"],
        "max_ttl": row["max_ttl"],
        "active_ttl": row["active_ttl"],
        "interactive_ttl": row["interactive_ttl"],
        "state": life.state,
        "accepting_jobs": closed is None and row["draining"] is None,
        "mode": row["mode"],
        "timestamps": [{"status": state, "timestamp": at} for state, at in life.history],
        "user_id": row["user_id"],
        "elapsed_time": None if closed is None else seconds_between(row["created"], closed),
    }
    more = {
        "activated_at": life.since("active"),
        "closed_at": closed,
        "last_job_started": life.last_job_started,
        "last_job_completed": life.last_job_completed,
        "state_reason": life.reason,
    }
    return view | {name: value for name, value in more.items() if value is not None}
