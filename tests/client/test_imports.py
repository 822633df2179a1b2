"""What a program pays for: nothing is imported that a call does not use."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support import Scripted, answering, json_answer, one_operation, parameter

UNUSED = {
    "click",
    "h11",
    "http.client",
    "httpx",
    "httpx2",
    "jsonschema",
    "oauthlib",
    "openapi_core",
    "openapi_spec_validator",
    "qiskit",
    "requests",
    "rich",
    "sqlalchemy",
    "starlette",
    "urllib.request",
    "urllib3",
    "uvicorn",
    "yaml",
}

IMPORT = "import dynclient"
CALL = """
from dynclient import Client, InvalidRequest
with Client(SOURCE, base_url=URL) as client:
    assert client.call("op", n=1) == {"ok": True}
    assert client.operations["op"].signature
    try:
        client.call("op", n="one")
    except InvalidRequest as error:
        assert "must be of type integer" in str(error)
    else:
        raise AssertionError
"""


def imported(code: str) -> set[str]:
    """The names in `sys.modules` after a program has run."""
    program = f"{code}\nimport sys; print(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.fixture
def source(tmp_path: Path) -> Path:
    schema = {"type": "object", "required": ["ok"]}
    document = one_operation(
        parameters=[parameter("query", {"type": "integer"}, "n")], responses=answering(schema)
    )
    file = tmp_path / "api.json"
    file.write_text(json.dumps(document))
    return file


def test_importing_the_package_imports_nothing_heavy() -> None:
    assert UNUSED & imported(IMPORT) == set()


def test_a_call_with_a_json_document_imports_nothing_heavy(service: Scripted, source: Path) -> None:
    service.answers.append(json_answer({"ok": True}))
    code = CALL.replace("SOURCE", repr(str(source))).replace("URL", repr(service.url))
    assert UNUSED & imported(code) == set()
    assert len(service.received) == 1


def test_a_yaml_document_costs_at_most_a_yaml_parser(tmp_path: Path) -> None:
    file = tmp_path / "api.yaml"
    file.write_text("openapi: 3.1.1\ninfo: {title: T, version: '1'}\npaths: {}\n")
    code = f"import dynclient\ndynclient.load({str(file)!r})"
    assert UNUSED & imported(code) <= {"yaml"}
