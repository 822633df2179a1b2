"""Fixtures for every room."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings
from support import Scripted

from dynclient import Client

# Two runs of the tests say the same; HYPOTHESIS_PROFILE=explore looks at other values each time.
settings.register_profile("repeatable", derandomize=True)
settings.register_profile("explore")
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--engine",
        default="compiled",
        choices=("compiled", "openapi-core"),
        help="the validation engine of every client that names none",
    )


def pytest_configure(config: pytest.Config) -> None:
    Client.__init__.__kwdefaults__["engine"] = config.getoption("engine")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("engine") == "compiled":
        return
    for item in items:
        mark = item.get_closest_marker("compiled")
        if mark is not None:
            item.add_marker(pytest.mark.skip(reason=f"of the compiled engine: {mark.args[0]}"))


@pytest.fixture(scope="session", autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A document cache of the tests' own, for the programs they start as well."""
    patch = pytest.MonkeyPatch()
    patch.setenv("DYNCLIENT_CACHE", str(tmp_path_factory.mktemp("cache")))
    yield
    patch.undo()


@pytest.fixture
def service() -> Iterator[Scripted]:
    """A scripted service on loopback: it records what reaches it."""
    scripted = Scripted()
    try:
        yield scripted
    finally:
        scripted.server.close()
