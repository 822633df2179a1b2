"""The pytest fixture `qiskit_runtime`: a service for the tests of other projects.

pytest finds it by an entry point wherever dynclient is installed. A marker sets its options:

    @pytest.mark.qiskit_runtime(rate_limit="1/minute")
    def test_that_my_code_waits(qiskit_runtime): ...
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

__all__ = ["QiskitRuntime", "qiskit_runtime"]


class QiskitRuntime(NamedTuple):
    """Where a service is, and what it takes.

    `url` is the API's base URL, `origin` that of its host: `IAM_URL` of IBM's client.
    """

    url: str
    token: str
    api_key: str
    crn: str

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return self.url.removesuffix("/api")

    @property
    def auth(self) -> dict[str, str]:
        """For `Client(auth=...)`."""
        return {"IBMCloudAuth": self.token, "ServiceCRN": self.crn}


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line(
        "markers", "qiskit_runtime(**options): options of the service, those of emulator.run"
    )


@pytest.fixture
def qiskit_runtime(request: pytest.FixtureRequest) -> Iterator[QiskitRuntime]:
    """A Qiskit Runtime service of this test's own, as its marker `qiskit_runtime` says."""
    from dynclient import emulator

    mark = request.node.get_closest_marker("qiskit_runtime")
    options = dict(mark.kwargs) if mark else {}
    api_key = next(iter(options.get("api_keys", ())), emulator.API_KEY)
    token = next(iter(options.get("tokens", ())), emulator.TOKEN)
    crn = next(iter(options.get("crns", ())), emulator.CRN)
    with emulator.run(**options) as url:
        yield QiskitRuntime(url, token, api_key, crn)
