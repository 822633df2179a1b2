"""One emulator for each module, spoken to over its socket with plain requests.

Every answer is held against the document by openapi-core, unless a test says that the document
does not declare its status.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from openapi_core import OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse

from dynclient import emulator
from dynclient.cli.demonstration import BELL

__all__ = ["BELL", "DEADLINE", "ENDLESS", "FINAL", "Api", "until"]

DEADLINE = 30.0
FINAL = {"Completed", "Cancelled", "Cancelled - Ran too long", "Failed"}

#: Runs for minutes: each gate turns a state of twenty qubits.
ENDLESS = (
    'OPENQASM 3.0; include "stdgates.inc"; qubit[20] q; bit[1] c; '
    "gate turn a { "
    + "rx(0.1) a; ry(0.1) a; " * 250
    + "} "
    + "turn q; " * 50
    + "c[0] = measure q[0];"
)


def until(condition: Callable[[], Any], what: str) -> Any:
    """The first true value of `condition`; fails after the deadline."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.01)
    pytest.fail(f"not within {DEADLINE} s: {what}")


class Api:
    """A caller with a token and an instance."""

    def __init__(self, url: str, judge: OpenAPI, crn: str = emulator.CRN) -> None:
        self.url = url
        self._judge = judge
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {emulator.TOKEN}"
        self._session.headers["Service-CRN"] = crn

    def close(self) -> None:
        self._session.close()

    def other(self, crn: str) -> Api:
        return Api(self.url, self._judge, crn)

    def __call__(
        self, method: str, path: str, status: int, *, declared: bool = True, **options: Any
    ) -> requests.Response:
        """Send a request; the answer must have that status, and keep to the document."""
        response = self._session.request(method, self.url + path, timeout=DEADLINE, **options)
        assert response.status_code == status, response.text
        if declared:
            self._judge.validate_response(
                RequestsOpenAPIRequest(response.request), RequestsOpenAPIResponse(response)
            )
        if status >= 400:
            body = response.json()
            assert body["trace"]
            for error in body["errors"]:
                assert set(error) == {"code", "message", "solution", "more_info"}
        return response

    def submit(self, params: dict[str, Any], program: str = "sampler", **more: Any) -> str:
        """Create a job; its id."""
        body = {"program_id": program, "backend": "ibm_fez", "params": params, **more}
        return str(self("POST", "/v1/jobs", 200, json=body).json()["id"])

    def job(self, job_id: str) -> dict[str, Any]:
        return dict(self("GET", f"/v1/jobs/{job_id}", 200).json())

    def ended(self, job_id: str) -> dict[str, Any]:
        """The job, once it is in a final state."""

        def final() -> dict[str, Any] | None:
            job = self.job(job_id)
            return job if job["status"] in FINAL else None

        return until(final, f"end of job {job_id}")

    def run(self, params: dict[str, Any], program: str = "sampler", **more: Any) -> dict[str, Any]:
        """Create a job, wait for its end."""
        return self.ended(self.submit(params, program, **more))

    def result(self, params: dict[str, Any], program: str = "sampler", **more: Any) -> Any:
        """Run a job that must complete; its result as plain data."""
        job = self.run(params, program, **more)
        assert job["status"] == "Completed", job
        return self("GET", f"/v1/jobs/{job['id']}/results", 200).json()
