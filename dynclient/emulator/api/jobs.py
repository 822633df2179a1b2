"""The Jobs operations."""

from __future__ import annotations

import json
import random
import secrets
import string
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from ..devices import Device
from ..settings import Settings
from ..state.clock import later, now_text
from ..state.database import Database
from ..state.instances import Instances
from ..state.jobs import PENDING, JobFilter, Jobs
from ..state.sessions import Sessions
from ..state.tables import JobRow
from ..work.dispatcher import Dispatcher
from ..work.run import log_line, whole_seconds
from .calls import Call, moment_of, no_content
from .errors import BACKEND_NOT_FOUND, JOB_NOT_FOUND, ApiError
from .iam import USER_ID
from .negotiation import prefers
from .signing import Signer

__all__ = ["JobOperations"]

_ID_LETTERS = string.ascii_lowercase + string.digits
#: Seconds: what a job may take that names no cost, and the most that one can name (JobCost).
_DEFAULT_COST = 10_800
_INTERIM_LIFE = timedelta(days=2)
_LINK_LIFE = 3600


class JobOperations:
    """Everything under /v1/jobs, and the download that one of them links to."""

    def __init__(
        self,
        database: Database,
        dispatcher: Dispatcher,
        settings: Settings,
        devices: Mapping[str, Device],
        signer: Signer,
    ) -> None:
        self._store = Jobs(database)
        self._sessions = Sessions(database)
        self._instances = Instances(database)
        self._worker = dispatcher
        self._settings = settings
        self._devices = devices
        self._signer = signer
        self._random = random.Random(settings.seed)  # noqa: S311 - waiting times

    def create(self, call: Call) -> Response:
        """create_job: queue a job."""
        body = call.body
        if body is None:
            raise ApiError(400, "A job needs a body: what to run, and where.")
        backend = self._backend(body["backend"])
        self._check_usage(call)
        session_id = body.get("session_id")
        if session_id is not None:
            self._check_session(call, session_id, backend)
        job_id = "".join(secrets.choice(_ID_LETTERS) for _ in range(20))
        created = now_text()
        self._store.add(
            {
                "id": job_id,
                "instance": call.caller.instance,
                "user_id": USER_ID,
                "program": body["program_id"],
                "backend": backend,
                "params": body.get("params"),
                "remote_storage": body.get("remote_storage"),
                "tags": body.get("tags", []),
                "cost": int(body.get("cost", _DEFAULT_COST)),
                "session_id": session_id,
                "runtime": body.get("runtime"),
                "calibration_id": body.get("calibration_id"),
                "log_level": body.get("log_level", "info").lower(),
                "private": body.get("private", False),
                "created": created,
                "due": later(created, self._wait()),
            }
        )
        self._worker.wake()
        receipt: dict[str, Any] = {"id": job_id, "backend": backend}
        for name in ("session_id", "calibration_id"):
            if name in body:
                receipt[name] = body[name]
        if body.get("private"):
            receipt["private"] = True
        return JSONResponse(receipt)

    def _backend(self, name: str) -> str:
        if name not in self._devices:
            raise ApiError(
                404,
                f"No such backend: {name}",
                code=BACKEND_NOT_FOUND,
                solution=f"Use one of: {', '.join(self._devices)}.",
            )
        return name

    def _check_usage(self, call: Call) -> None:
        limit = self._instances.usage_limit(call.caller.instance)
        if limit is not None and self._store.used_seconds(call.caller.instance) >= limit:
            raise ApiError(
                409,
                f"The instance has reached its usage limit of {limit} seconds.",
                solution="Raise the limit of the instance.",
            )

    def _check_session(self, call: Call, session_id: str, backend: str) -> None:
        session = self._sessions.get(session_id, call.caller.instance)
        if session is None:
            raise ApiError(404, f"No such session: {session_id}")
        state = self._sessions.lives([session])[session_id].state
        if state == "closed" or session["draining"]:
            why = "is closed" if state == "closed" else "takes no more jobs"
            raise ApiError(400, f"Session {session_id} {why}.", solution="Open another session.")
        if session["backend"] not in (None, backend):
            raise ApiError(400, f"Session {session_id} is for {session['backend']}.")

    def _wait(self) -> float:
        """Seconds that a new job stays in the queue at least."""
        wait = self._settings.job_delay
        if self._settings.queue_time:
            wait += self._random.expovariate(1 / self._settings.queue_time)
        return wait

    def list(self, call: Call) -> Response:
        """list_jobs: one page of the instance's jobs."""
        query = call.query
        where = JobFilter(
            pending=query.get("pending"),
            program=query.get("program"),
            backend=query.get("backend"),
            session_id=query.get("session_id"),
            created_after=moment_of(query, "created_after"),
            created_before=moment_of(query, "created_before"),
            tags=query.get("tags", ()),
        )
        limit, offset = query["limit"], query.get("offset", 0)
        with_params = not query["exclude_params"]
        rows, count = self._store.page(
            call.caller.instance,
            where,
            limit=limit,
            offset=offset,
            ascending=query.get("sort") == "ASC",
            params=with_params,
        )
        jobs = [_job_view(call, row, with_params=with_params) for row in rows]
        return JSONResponse({"jobs": jobs, "count": count, "limit": limit, "offset": offset})

    def details(self, call: Call) -> Response:
        """get_job_details_jid: one job, with its params unless they are excluded or private."""
        with_params = not call.query["exclude_params"]
        row = self._row(call, whole=with_params)
        return JSONResponse(_job_view(call, row, with_params=with_params))

    def cancel(self, call: Call) -> Response:
        """cancel_job_jid: stop a job that has not ended."""
        row = self._row(call)
        log = log_line("warning", "job cancelled")
        if not self._store.cancel(row["id"], "Cancelled by the user.", log):
            raise ApiError(409, f"Job {row['id']} is in a final state: nothing is left to cancel.")
        self._worker.cancelled(row["id"])
        return no_content()

    def delete(self, call: Call) -> Response:
        """delete_job_jid: remove a job that has ended."""
        row = self._row(call)
        if not self._store.delete(row["id"]):
            raise ApiError(
                400,
                f"Job {row['id']} is {row['status']}: only a job in a final state can be removed.",
                solution="Cancel it, or wait for its end.",
            )
        return no_content()

    def replace_tags(self, call: Call) -> Response:
        """replace_job_tags: set the labels; without a body there is nothing to set."""
        row = self._row(call)
        if call.body is None:
            raise ApiError(400, "The new tags are missing.")
        self._store.set_tags(row["id"], call.caller.instance, call.body["tags"])
        return no_content()

    def results(self, call: Call) -> Response:
        """get_job_results_jid: JSON text, or the message of a failed job; 204 without either."""
        row = self._row(call, whole=True)
        if row["result_read"]:
            raise ApiError(404, f"The result of private job {row['id']} has been read already.")
        if row["result"] is None:
            return no_content()
        if row["private"]:
            self._store.read_once(row["id"])
        completed = row["status"] == "Completed"
        if call.modern or (completed and prefers(call.accept, "application/json", "text/plain")):
            text = row["result"] if completed else json.dumps(row["result"])
            return Response(text, media_type="application/json")
        return PlainTextResponse(row["result"])

    def interim_results(self, call: Call) -> Response:
        """get_interim_results_jid: the pubs done so far, until two days after the end."""
        row = self._row(call, whole=True)
        so_far = row["result"] if row["status"] == "Completed" else row["interim"]
        if so_far is None or row["private"] or _ended_before(row, _INTERIM_LIFE):
            return no_content()
        return PlainTextResponse(so_far)

    def logs(self, call: Call) -> Response:
        """get_jog_logs_jid: the log of a job that has ended; there is none before."""
        row = self._row(call, whole=True)
        if row["status"] in PENDING or row["log"] is None:
            raise ApiError(404, f"Job {row['id']} has no log before its end.", code=JOB_NOT_FOUND)
        return PlainTextResponse(row["log"])

    def metrics(self, call: Call) -> Response:
        """get_job_metrics_jid: when the job changed state, and what it used."""
        row = self._row(call)
        names = ("created", "running", "finished")
        view: dict[str, Any] = {"timestamps": {n: row[n] for n in names if row[n] is not None}}
        if call.modern:
            view["usage"] = _charge(row)
        elif row["seconds"] is not None:
            billed = whole_seconds(row["seconds"])
            view["bss"] = {"seconds": billed}
            view["usage"] = {"quantum_seconds": billed, "seconds": billed}
        if row["qiskit_version"] is not None:
            view["qiskit_version"] = row["qiskit_version"]
        if row["status"] == "Queued" and not call.modern:
            view["estimated_start_time"] = max(row["due"], now_text())
        return JSONResponse(view)

    def transpiled_circuits(self, call: Call) -> Response:
        """get_transpiled_circuits_jid: a signed link, good for an hour; sampler jobs only."""
        row = self._row(call, whole=True)
        if row["program"] != "sampler" or not row["circuits"]:
            raise ApiError(404, f"Job {row['id']} has no transpiled circuits.")
        expires = str(int(time.time()) + _LINK_LIFE)
        signature = self._signer.sign(f"{row['id']} {expires}")
        place = f"{call.origin}/storage/{row['id']}/transpiled_circuits.json"
        return JSONResponse({"url": f"{place}?expires={expires}&signature={signature}"})

    async def download(self, request: Request) -> Response:
        """The file behind that link: the circuits as they ran, a list of OpenQASM 3 texts."""
        query = parse_qs(request.url.query)
        expires, signature = (query.get(name, [""])[0] for name in ("expires", "signature"))
        job_id = request.path_params["id"]
        if not self._signer.verify(f"{job_id} {expires}", signature) or int(expires) < time.time():
            raise ApiError(403, "The link is wrong or has expired.")
        row = self._store.get(job_id, whole=True)
        if row is None:
            raise ApiError(404, f"No such job: {job_id}", code=JOB_NOT_FOUND)
        return JSONResponse(row["circuits"])

    def _row(self, call: Call, *, whole: bool = False) -> JobRow:
        job_id = call.path["id"]
        row = self._store.get(job_id, call.caller.instance, whole=whole)
        if row is None:
            raise ApiError(404, f"No such job: {job_id}", code=JOB_NOT_FOUND)
        return row


def _ended_before(row: JobRow, age: timedelta) -> bool:
    finished = row["finished"]
    return finished is not None and datetime.now(UTC) - datetime.fromisoformat(finished) > age


def _charge(row: JobRow) -> dict[str, Any]:
    """Usage of the later version; it is final once the job has ended."""
    seconds = whole_seconds(row["seconds"] or 0)
    status = "pending" if row["status"] in PENDING else "complete"
    return {"qpu_charge_time_seconds": seconds, "status": status}


def _present(row: JobRow, names: Sequence[str]) -> dict[str, Any]:
    return {name: row[name] for name in names if row[name] is not None}


def _job_view(call: Call, row: JobRow, *, with_params: bool) -> dict[str, Any]:
    """A job as JobResponse shows it; keys without a value are left out."""
    status = row["status"]
    state = {"status": "Cancelled" if status.startswith("Cancelled") else status}
    reasons = ("reason", "reason_code", "reason_solution")
    view: dict[str, Any] = {
        "id": row["id"],
        "backend": row["backend"],
        "state": state | _present(row, reasons),
        "status": status,
        "program": {"id": row["program"]},
        "created": row["created"],
        "cost": row["cost"],
        "tags": row["tags"],
        "user_id": row["user_id"],
        **_present(row, ("runtime", "session_id", "remote_storage", "calibration_id")),
    }
    if call.modern:
        view["usage"] = _charge(row)
    elif row["seconds"] is not None:
        view["usage"] = {"seconds": round(row["seconds"], 6)}
    if row["private"]:
        view["private"] = True
    elif with_params and row["params"] is not None:
        view["params"] = row["params"]
    return view
