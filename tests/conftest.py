"""Fixtures for all tests."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import awaited
import pytest
import support
from hypothesis import settings
from support import Scripted

import dynclient

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
    parser.addoption(
        "--client",
        default="sync",
        choices=("sync", "async"),
        help="which client the tests mean by Client",
    )


def pytest_configure(config: pytest.Config) -> None:
    dynclient.Client.__init__.__kwdefaults__["engine"] = config.getoption("engine")
    if config.getoption("client") == "async":
        # Tests of Client close none, and the collector closes their connections.
        config.addinivalue_line("filterwarnings", "ignore:Unclosed:ResourceWarning")
        # Before any test module is imported: what they import as Client is this one.
        dynclient.Client = support.Client = awaited.AwaitedClient  # type: ignore[misc, assignment]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    skipped = {}
    if config.getoption("engine") != "compiled":
        skipped["compiled"] = "of the compiled engine"
    if config.getoption("client") != "sync":
        skipped["sync"] = "of the synchronous client"
    for item in items:
        for name, why in skipped.items():
            mark = item.get_closest_marker(name)
            if mark is not None:
                item.add_marker(pytest.mark.skip(reason=f"{why}: {mark.args[0]}"))


def pytest_sessionfinish() -> None:
    awaited.finish()


@pytest.fixture(scope="session", autouse=True)
def interrupts() -> None:
    """A shell ignores SIGINT in what it runs in the background; here it means Ctrl-C."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


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
