"""What the demo shows, step by step."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from .. import Client, InvalidRequest, InvalidResponse, PollTimeout, Response, emulator
from ..auth import IAMAuth
from ..conformance.exchanges import Exchange
from ..conformance.judge import Judge
from ..conformance.recorder import Recorder
from ..conformance.repairing import repair
from ..conformance.tally import Tally
from ..histogram import counts_of, curve, histogram
from .output import json_text, printable
from .wrong_server import responding

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["BELL", "Demonstration"]

BELL = """OPENQASM 3.0;
include "stdgates.inc";
bit[2] c;
h $0;
cx $0, $1;
c[0] = measure $0;
c[1] = measure $1;
"""

TURN = """OPENQASM 3.0;
include "stdgates.inc";
input float theta;
ry(theta) $0;
"""

_SHOTS = 1024
#: By how much a value may miss, with the shots that the service takes where none are named.
_TOLERANCE = 0.2
#: Seconds that a job stays in the queue, so that there is something to wait for and to cancel.
_QUEUE_SECONDS = 1.0
_PATIENCE_SECONDS = 120.0
_STEPS = ("Queued", "Running", "Completed")
_SHORT_CHARACTERS = 70
#: Columns of a terminal from which the requests are shown too.
_WIDE = 120


class Demonstration:
    """Runs the demo on a console; `run` returns whether everything went as expected."""

    def __init__(self, console: Console, *, plain: bool) -> None:
        self._console = console
        self._progress = console.is_terminal and not plain
        self._calls: list[Response] = []

    def run(self) -> bool:
        """All of it. DynclientError if the service fails."""
        with emulator.run(job_delay=_QUEUE_SECONDS) as url:
            self._print(f"The embedded service runs at {url}.")
            # An API key is exchanged for a token at the service's own IAM endpoint.
            key = IAMAuth(emulator.API_KEY, url=emulator.iam_url(url))
            auth = {"IBMCloudAuth": key, "ServiceCRN": emulator.CRN}
            with Client("qiskit-runtime", base_url=url, auth=auth) as client:
                return all(
                    [
                        self._bell(client),
                        self._session(client),
                        self._invalid_request(client),
                        self._invalid_response(client),
                        self._drift(client),
                    ]
                )

    # ── the job ──────────────────────────────────────────────────────────────────────────────

    def _bell(self, client: Client) -> bool:
        self._heading("A Bell circuit on the sampler")
        params = {"pubs": [[BELL, None, _SHOTS]], "version": 2}
        job = client.call("create_job", program_id="sampler", backend="ibm_fez", params=params)
        self._print(f"job {job['id']} on {job['backend']}, {_SHOTS} shots")
        status = self._wait(client, job["id"])
        if status != "Completed":
            self._print(f"the job ended as {status}")
            return False
        counts = counts_of(client.call("get_job_results_jid", id=job["id"]))
        for line in histogram(counts, self._bar()):
            self._print(line)
        self._walk(client, job["id"])
        return self._show_calls() and sum(counts.values()) == _SHOTS

    def _wait(self, client: Client, job_id: str) -> str:
        """The status in which the job ended."""
        if not self._progress:
            return self._watch(client, job_id, lambda status: self._print(f"  {status}"))
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description:<10}"), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self._console) as progress:
            task = progress.add_task("Queued", total=len(_STEPS))

            def advance(status: str) -> None:
                done = _STEPS.index(status) + 1 if status in _STEPS else len(_STEPS)
                progress.update(task, description=status, completed=done)

            return self._watch(client, job_id, advance)

    def _watch(self, client: Client, job_id: str, report: Any) -> str:
        """Ask until the job is over or patience ends; reports each status once."""
        seen = [""]

        def tell(response: Response) -> None:
            if (status := str(response.data["status"])) != seen[-1]:
                seen.append(status)
                report(status)

        try:
            client.poll(
                "get_job_details_jid",
                {"id": job_id},
                until=lambda job: job["status"] not in ("Queued", "Running"),
                every=0.05,
                timeout=_PATIENCE_SECONDS,
                progress=tell,
            )
        except PollTimeout:
            return f"{seen[-1]}, and that for {_PATIENCE_SECONDS:.0f} s"
        return seen[-1]

    def _session(self, client: Client) -> bool:
        """An estimator job in a session: one observable over a turn of a qubit."""
        self._heading("The estimator in a session")
        session = client.call("create_session", mode="dedicated", backend="ibm_fez")["id"]
        angles = [math.pi * step / 4 for step in range(9)]
        job = client.call(
            "create_job",
            program_id="estimator",
            backend="ibm_fez",
            session_id=session,
            params={"pubs": [[TURN, "Z", [[angle] for angle in angles]]], "version": 2},
        )
        self._print(f"session {session}, job {job['id']}: Z over the angle, in quarters of pi")
        if self._wait(client, job["id"]) != "Completed":
            return False
        result = json.loads(client.call("get_job_results_jid", id=job["id"]))  # it comes as text
        values = result["results"][0]["data"]["evs"]
        for line in curve([str(step) for step in range(9)], values, self._bar("●", "o")):
            self._print(line)
        client.call("delete_session_close", id=session)
        closed = client.call("get_session_information", id=session)
        self._print(f"the session is {closed['state']} after {closed['elapsed_time']:.1f} s")
        right = (abs(v - math.cos(a)) < _TOLERANCE for v, a in zip(values, angles, strict=True))
        return all(right) and bool(closed["state"] == "closed")

    # ── the eleven operations ────────────────────────────────────────────────────────────────

    def _walk(self, client: Client, job_id: str) -> None:
        self._heading("The eleven Jobs operations")
        other = self._call(
            client,
            "create_job",
            program_id="sampler",
            backend="ibm_fez",
            tags=["second"],
            params={"pubs": [[BELL]], "version": 2},
        )["id"]
        self._call(client, "cancel_job_jid", id=other)  # while it is in the queue
        jobs = client.paginate("list_jobs", {"limit": 10})
        for _ in jobs:
            pass
        self._calls += [jobs.response] if jobs.response is not None else []
        self._call(client, "get_job_details_jid", id=other)
        self._call(client, "get_job_results_jid", id=job_id)
        self._call(client, "get_interim_results_jid", id=job_id)
        self._call(client, "get_jog_logs_jid", id=job_id)
        self._call(client, "get_job_metrics_jid", id=job_id)
        self._call(client, "get_transpiled_circuits_jid", id=job_id)
        self._call(client, "replace_job_tags", id=job_id, tags=["bell", "demo"])
        self._call(client, "delete_job_jid", id=other)

    def _call(self, client: Client, operation: str, **arguments: Any) -> Any:
        response = client.request(operation, **arguments)
        self._calls.append(response)
        return response.data

    def _show_calls(self) -> bool:
        names = [response.operation.name for response in self._calls]
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("operation", no_wrap=True, min_width=max(map(len, names)))
        is_wide = self._console.width >= _WIDE
        if is_wide:
            table.add_column("request", no_wrap=True)
        table.add_column("status", no_wrap=True, min_width=6, justify="right")
        table.add_column("ms", no_wrap=True, min_width=3, justify="right")
        table.add_column("response", no_wrap=True)
        for response in self._calls:
            operation = response.operation
            request = [f"{operation.method} {operation.path}"] if is_wide else []
            elapsed = f"{response.elapsed * 1000:.0f}"
            cells = (operation.name, *request, str(response.status), elapsed, _short(response))
            table.add_row(*(Text(cell, overflow="ellipsis") for cell in cells))
        self._console.print(table)
        return len(set(names)) == 11

    # ── what is caught ───────────────────────────────────────────────────────────────────────

    def _invalid_request(self, client: Client) -> bool:
        self._heading("An invalid request: refused before anything is sent")
        try:
            client.call(
                "create_job",
                program_id="sampler",
                bakend="ibm_fez",
                log_level="loud",
                params={"pubs": [[BELL, None, "many"]], "version": 2},
            )
        except InvalidRequest as error:
            self._print(str(error))
            return True
        return False

    def _drift(self, client: Client) -> bool:
        """A service that has changed: what the document says otherwise, and how to mend that."""
        self._heading("Drift: what a service does that its document does not say")
        found: list[Exchange] = []
        auth = {"IBMCloudAuth": "anything", "ServiceCRN": emulator.CRN}
        drifted = {"id": "d2k4v6s5ppas73f0m1q0", "backend": "ibm_fez", "status": "Paused"}
        with responding(json.dumps(drifted).encode()) as url:
            watched = client.with_options(
                base_url=url, auth=auth, validate="off", observers=[Recorder(found.append)]
            )
            for _ in range(3):
                watched.call("get_job_details_jid", id="x")
        judge, tally = Judge(client, base_url=url), Tally()
        for exchange in found:
            tally.add(judge.check_exchange(exchange), exchange)
        for group in tally.groups():
            self._print(f"{group.key.code} in {group.count} exchanges: {group.violation.message}")
        overlay = repair(tally, client.document).overlay
        if overlay is None:
            return False
        self._print("An overlay that makes the document agree, if the service is right:")
        for action in overlay["actions"]:
            change = "remove" if action.get("remove") else f"add {json_text(action['update'])}"
            self._print(f"  {change} at {action['target']}")
        return True

    def _invalid_response(self, client: Client) -> bool:
        self._heading("An invalid response: a server that breaks the document")
        broken = {"id": "d2k4v6s5ppas73f0m1q0", "status": "Perhaps", "cost": "a lot"}
        # Another server gets other credentials: tokens are for those who issued them.
        auth = {"IBMCloudAuth": "anything", "ServiceCRN": emulator.CRN}
        with responding(json.dumps(broken).encode()) as url:
            try:
                client.with_options(base_url=url, auth=auth).call("get_job_details_jid", id="x")
            except InvalidResponse as error:
                self._print(str(error))
                return True
        return False

    # ── printing ─────────────────────────────────────────────────────────────────────────────

    def _print(self, text: str) -> None:
        self._console.print(Text(printable(text)), soft_wrap=True)

    def _heading(self, text: str) -> None:
        self._console.print(f"\n{text}", style="bold", markup=False, highlight=False)

    def _bar(self, mark: str = "█", plain: str = "#") -> str:
        """The mark, or the plain one where the console has no encoding for it."""
        encoding = self._console.encoding.lower().replace("-", "")
        return mark if encoding.startswith("utf") else plain


def _short(response: Response) -> str:
    data = response.data
    if data is None:
        return "no body, as declared"
    text = data if isinstance(data, str) else json_text(data, indent=None)
    text = printable(" ".join(text.split()))
    return text if len(text) <= _SHORT_CHARACTERS else f"{text[: _SHORT_CHARACTERS - 1]}…"
