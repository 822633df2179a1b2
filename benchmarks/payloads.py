"""What the canned server says, and what the benchmarks send: plain data of realistic size."""

from __future__ import annotations

import json
from typing import Any

_STATUSES = ("Queued", "Running", "Completed", "Failed", "Cancelled")


def dumps(value: Any) -> bytes:
    """Compact JSON in UTF-8, as API servers write it."""
    return json.dumps(value, separators=(",", ":")).encode()


def job(number: int) -> dict[str, Any]:
    """One job as `GET /v1/jobs/{id}` tells it, about 220 bytes."""
    return {
        "id": f"d1k{number:017d}",
        "backend": "ibm_fez",
        "status": _STATUSES[number % 5],
        "created": f"2026-11-{number % 28 + 1:02d}T08:15:{number % 60:02d}.123456Z",
        "program": {"id": "sampler"},
        "user_id": f"IBMid-66{number:07d}",
        "cost": 600 + number,
        "private": number % 7 == 0,
        "tags": ["bench", f"run-{number}"],
    }


JOB = job(1)
JOB_LIST = {"jobs": [job(n) for n in range(200)], "count": 200, "limit": 200, "offset": 0}

#: The small job with two faults a validator must find: a cost that is text, an unknown status.
BROKEN_JOB = {**JOB, "cost": "much", "status": "Lost"}


def create_job_body(size: int) -> dict[str, Any]:
    """A `create_job` body of about `size` bytes: circuit text carries the weight."""
    body = {
        "program_id": "sampler",
        "backend": "ibm_fez",
        "params": {"version": 2, "shots": 4096, "pubs": [["", [], 4096]]},
        "tags": ["bench"],
        "cost": 600,
    }
    line = "cx q[0], q[1];\n"
    circuit = "OPENQASM 3.0;\n" + line * max(1, (size - len(dumps(body))) // (len(line) + 1))
    body["params"] = {"version": 2, "shots": 4096, "pubs": [[circuit, [], 4096]]}
    return body
