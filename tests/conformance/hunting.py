"""What finds a drift of the emulator: a generated run, and recorded traffic."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from conformance.drifts import OTHER_CRN, Drift, Drifting
from dynclient import Client, DynclientError, emulator
from dynclient.conformance import Bounds, Exchange, Judge, Recorder, Tally, exchanges_in, run

AUTH = {"IBMCloudAuth": emulator.TOKEN, "ServiceCRN": emulator.CRN}
OTHERS = [{**AUTH, "ServiceCRN": OTHER_CRN}]
CIRCUIT = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nbit[1] c;\nh $0;\nc[0] = measure $0;\n'
SAMPLER = {"pubs": [[CIRCUIT, None, 16]], "version": 2}
#: The operations that the drifts concern, and what leads to them.
OPERATIONS = (
    *("list_jobs", "create_job", "get_job_details_jid", "delete_job_jid", "replace_job_tags"),
    *("get_backend_status", "list_backends", "get_usage", "list_tags"),
)


def client_of(served: Drifting, **settings: Any) -> Client:
    return Client("qiskit-runtime", base_url=served.url, auth=AUTH, **settings)


def seeded(served: Drifting) -> str:
    """Jobs that the drifts can show themselves on; the id of one that is done."""
    served.begin(None)
    with client_of(served) as client:
        call = {"program_id": "sampler", "backend": "ibm_fez", "tags": ["first"]}
        made = [client.call("create_job", **call, params=SAMPLER)["id"] for _ in range(5)]
        for each in made:
            client.poll("get_job_details_jid", {"id": each}, until={"status": "Completed"})
    return str(made[0])


def by_run(served: Drifting, drift: Drift | None, *, examples: int = 4) -> set[str]:
    """The codes that a generated run finds."""
    served.begin(drift)
    with client_of(served) as client:
        bounds = Bounds(examples=examples, seconds=120, unsafe=True, only=OPERATIONS)
        result = run(client, bounds, others=OTHERS)
    return {group.key.code for group in result.tally.groups()}


def traffic(served: Drifting, drift: Drift | None, job: str) -> list[Exchange]:
    """The exchanges of a client that does what users do."""
    served.begin(drift)
    found: list[Exchange] = []
    settings = {"validate": "off", "retries": 0, "observers": [Recorder(found.append)]}
    with client_of(served, **settings) as client:
        for name, arguments in (
            ("list_jobs", {"limit": 3}),
            ("get_job_details_jid", {"id": job}),
            ("list_backends", {}),
            ("get_backend_status", {"id": "ibm_fez"}),
            ("get_usage", {}),
            ("list_tags", {"type": "job", "search": "first"}),
            ("get_job_details_jid", {"id": "nothere"}),
        ):
            try:
                client.call(name, arguments)
            except DynclientError:
                continue  # what was recorded says it
    return found


def as_har(exchanges: list[Exchange], path: Path) -> Path:
    """HAR 1.2 of exchanges, as a browser writes it."""
    entries = []
    for each in exchanges:
        request, response = each.request, each.response
        if response is None:
            continue
        entries.append(
            {
                "startedDateTime": "2026-11-26T10:00:00.000Z",
                "time": 1,
                "request": {
                    "method": request.method,
                    "url": request.url,
                    "httpVersion": "HTTP/1.1",
                    "cookies": [],
                    "queryString": [],
                    "headersSize": -1,
                    "bodySize": -1,
                    "headers": [{"name": n, "value": v} for n, v in request.headers.pairs()],
                },
                "response": {
                    "status": response.status,
                    "statusText": "",
                    "httpVersion": "HTTP/1.1",
                    "cookies": [],
                    "redirectURL": "",
                    "headersSize": -1,
                    "bodySize": len(response.content),
                    "headers": [{"name": n, "value": v} for n, v in response.headers.pairs()],
                    "content": {
                        "size": len(response.content),
                        "mimeType": response.headers.get("Content-Type", ""),
                        "text": response.content.decode("utf-8", "replace"),
                    },
                },
                "cache": {},
                "timings": {"send": 0, "wait": 1, "receive": 0},
            }
        )
    log = {"version": "1.2", "creator": {"name": "test", "version": "1"}, "entries": entries}
    path.write_text(json.dumps({"log": log}))
    return path


def by_har(served: Drifting, drift: Drift | None, job: str, path: Path) -> set[str]:
    """The codes that are found in recorded traffic."""
    har = as_har(traffic(served, drift, job), path)
    judge, tally = Judge("qiskit-runtime", base_url=served.url), Tally()
    for each in exchanges_in(har):
        tally.add(judge.check_exchange(each), each)
    return {group.key.code for group in tally.groups()}
