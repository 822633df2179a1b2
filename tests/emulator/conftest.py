"""Fixtures of the emulator's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from emulator_support import Api
from openapi_core import Config, OpenAPI

from dynclient import emulator
from dynclient.emulator.document import load_document, served_document


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    return load_document()


@pytest.fixture(scope="session")
def api_for(document: dict[str, Any]) -> Callable[[str], Api]:
    """Makes the caller for an emulator at a URL."""

    def make(url: str) -> Api:
        served = served_document(document, url)
        judge = OpenAPI.from_dict(served, config=Config(spec_validator_cls=None))
        return Api(url, judge)

    return make


@pytest.fixture(scope="module")
def api(api_for: Callable[[str], Api]) -> Iterator[Api]:
    """An emulator that runs jobs at once."""
    with emulator.run() as url:
        caller = api_for(url)
        yield caller
        caller.close()


@pytest.fixture(scope="module")
def waiting(api_for: Callable[[str], Api]) -> Iterator[Api]:
    """An emulator whose jobs stay in the queue for longer than any test lasts."""
    with emulator.run(job_delay=3600) as url:
        caller = api_for(url)
        yield caller
        caller.close()
