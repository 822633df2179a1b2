"""The pytest plugin: tests that fail where the service breaks its document."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from conformance.shop import SHOP

ROOT = Path(__file__).parents[2]

APP = """
import json

ORDERS = {"/v1/orders/1": {"id": 1, "state": "open"}, "/v1/orders/2": {"id": 2, "state": "lost"}}


def wsgi(environ, start_response):
    data = ORDERS.get(environ["PATH_INFO"])
    status = "404 Not Found" if data is None else "200 OK"
    start_response(status, [("Content-Type", "application/json")] if data else [])
    return [json.dumps(data).encode()] if data else []


async def asgi(scope, receive, send):
    data = ORDERS.get(scope["path"])
    fields = [(b"content-type", b"application/json")] if data else []
    status = 404 if data is None else 200
    await send({"type": "http.response.start", "status": status, "headers": fields})
    body = json.dumps(data).encode() if data else b""
    await send({"type": "http.response.body", "body": body})
"""

TESTS = """
import pytest
from dynclient import NotFound


def test_good(conformance_client):
    assert conformance_client.call("getOrder", id=1)["state"] == "open"


def test_drift(conformance_client):
    conformance_client.call("getOrder", id=2)


def test_refused(conformance_client):
    with pytest.raises(NotFound):
        conformance_client.call("getOrder", id="none")
"""

ASYNC = """
import asyncio


def test_async(async_conformance_client):
    async def work():
        async with async_conformance_client() as client:
            return await client.call("getOrder", id=2)

    assert asyncio.run(work())["id"] == 2
"""

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs pytest in a process of its own, on tests of a project of its own."""
    document = {**SHOP, "servers": [{"url": "http://testserver/v1"}]}
    (tmp_path / "shop.json").write_text(json.dumps(document))
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "test_shop.py").write_text(TESTS)

    def start(*arguments: str, spec: bool = True) -> subprocess.CompletedProcess[str]:
        plugins = ["-p", "no:dynclient_conformance", "-p", "dynclient.conformance.plugin"]
        given = ["--conformance-spec=shop.json"] if spec else []
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *plugins, *given]
        known = os.pathsep.join([str(ROOT), str(tmp_path), os.environ.get("PYTHONPATH", "")])
        return subprocess.run(
            [*command, *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": known},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return start


WSGI = "--conformance-app=app:wsgi"


def test_a_violation_fails_the_test_that_caused_it(run: Run) -> None:
    done = run(WSGI)
    assert done.returncode == 1
    assert "3 passed, 1 error" in done.stdout
    assert "ERROR test_shop.py::test_drift" in done.stdout
    assert "the service breaks its document:" in done.stdout
    assert "DC222 response.body at /state: 'lost' is not one of 'open', 'sent'" in done.stdout
    assert " OpenAPI conformance " in done.stdout
    assert "1 of 4 operations were called." in done.stdout


@pytest.mark.parametrize("app", ["wsgi", "asgi"])
def test_an_application_is_called_in_process(run: Run, app: str) -> None:
    done = run(f"--conformance-app=app:{app}", "-k", "good or refused")
    assert done.returncode == 0, done.stdout


def test_a_document_without_a_server_will_do(run: Run, tmp_path: Path) -> None:
    (tmp_path / "shop.json").write_text(json.dumps({**SHOP, "servers": [{"url": "/v1"}]}))
    assert run(WSGI, "-k", "good").returncode == 0


def test_asynchronous_tests(run: Run, tmp_path: Path) -> None:
    (tmp_path / "test_shop.py").write_text(ASYNC)
    done = run("--conformance-app=app:asgi")
    assert done.returncode == 1
    assert "1 passed, 1 error" in done.stdout
    assert "DC222" in done.stdout


@pytest.mark.parametrize("workers", [(), pytest.param(("-n", "2"), marks=pytest.mark.long)])
def test_reports_are_written_and_workers_added_up(
    run: Run, tmp_path: Path, workers: tuple[str, ...]
) -> None:
    done = run(WSGI, *workers, "--conformance-report=found.json")
    assert done.returncode == 1
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["exchanges"] == {"total": 3, "clean": 1, "violation": 2}
    assert {each["code"]: each["count"] for each in found["findings"]} == {"DC111": 1, "DC222": 1}
    assert found["operations"]["getOrder"] == 3
    run(WSGI, *workers, "--conformance-report=found.xml")
    assert ElementTree.parse(tmp_path / "found.xml").getroot().attrib["failures"] == "1"


@pytest.mark.long
def test_a_run_that_calls_too_little_fails(run: Run) -> None:
    done = run(WSGI, "-k", "good", "--conformance-fail-under=25")
    assert done.returncode == 0
    done = run(WSGI, "-k", "good", "--conformance-fail-under=26")
    assert done.returncode == 1
    assert "25 % of the operations were called, and --conformance-fail-under is 26" in done.stdout


def test_a_baseline_accepts_what_is_known(run: Run, tmp_path: Path) -> None:
    pointer = "/paths/~1orders~1{id}/get/responses/200/content/application~1json/schema"
    finding = {
        "operation": "getOrder",
        "code": "DC222",
        "where": "response.body/state",
        "document_pointer": f"{pointer}/properties/state/enum",
    }
    known = {"dynclient": "baseline/1", "findings": [finding]}
    (tmp_path / "known.json").write_text(json.dumps(known))
    done = run(WSGI, "--conformance-baseline=known.json")
    assert (done.returncode, "3 passed" in done.stdout) == (0, True)


@pytest.mark.long
@pytest.mark.parametrize(
    ("options", "spec", "message"),
    [
        (["--conformance-url=http://x"], False, "--conformance-url needs --conformance-spec"),
        ([WSGI, "--conformance-url=http://x"], True, "give --conformance-url or --conformance-app"),
        (["--conformance-fail-under=101"], True, "a percentage, 0 to 100"),
        (["--conformance-app=app"], True, "give MODULE:ATTRIBUTE"),
        (["--conformance-app=app:none"], True, "has no attribute 'none'"),
        ([], False, "the fixture needs --conformance-spec=DOC"),
    ],
)
def test_options_that_do_not_go_together(
    run: Run, options: list[str], spec: bool, message: str
) -> None:
    done = run(*options, "-k", "good", spec=spec)
    assert done.returncode != 0
    assert message in done.stdout + done.stderr


def test_it_imports_nothing_before_its_use() -> None:
    code = (
        "import sys, pytest; before = set(sys.modules); import dynclient.conformance.plugin; "
        "print(sorted(n for n in set(sys.modules) - before if n.startswith('dynclient')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(
        [
            "dynclient",
            "dynclient.conformance",
            "dynclient.conformance.plugin",
            "dynclient.version",
        ]
    )
