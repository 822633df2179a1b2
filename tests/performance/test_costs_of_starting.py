"""What a process pays before its first answer: modules, counted in processes of their own.

That nothing heavy comes with a JSON document is in tests/client/test_imports.py.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import Scripted, json_answer

#: What is needed for trouble, for other transports, or to be shown, and not for a call.
FOR_LATER = {
    "asyncio",
    "concurrent.futures",
    "difflib",
    "email.message",
    "hashlib",
    "http.client",
    "logging",
    "multiprocessing",
    "platformdirs",
    "requests",
    "secrets",
    "shlex",
    "shutil",
    "ssl",
    "subprocess",
    "tempfile",
    "urllib.request",
    "urllib3",
    "yaml",
    "yaml12",
    "dynclient.auth.account",
    "dynclient.auth.iam",
    "dynclient.cli",
    "dynclient.document.swagger2",
    "dynclient.emulator",
    "dynclient.explanation",
    "dynclient.reference",
    "dynclient.transport.requests_transport",
}
#: Beside those, what is imported by the first call and not by `import dynclient`.
BY_A_CALL = {
    "jsonschema_rs",
    "socket",
    "dynclient.document.cache",
    "dynclient.transport.socket_transport",
}

#: How many modules of our own a process may load before it has an answer.
MOST_OF_OURS = 112

CALL = """
from dynclient import Client
auth = {"IBMCloudAuth": "token", "ServiceCRN": "crn"}
with Client("qiskit-runtime", base_url=URL, auth=auth) as client:
    assert client.call("list_jobs")["count"] == 0
"""


def imported(code: str, cache: Path) -> set[str]:
    """The modules of a process that has run a program."""
    program = f"{code}\nimport sys; print(' '.join(sys.modules))"
    environment = {**os.environ, "DYNCLIENT_CACHE": str(cache)}
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.fixture
def bare(tmp_path: Path) -> set[str]:
    """What this interpreter loads by itself, in this environment."""
    return imported("", tmp_path)


def test_importing_the_package_loads_what_every_call_needs_and_no_more(
    tmp_path: Path, bare: set[str]
) -> None:
    found = imported("from dynclient import Client", tmp_path) - bare
    assert found & (FOR_LATER | BY_A_CALL) == set()
    assert "dynclient.client" in found
    assert not found & {
        "dynclient.document",
        "dynclient.operation",
        "dynclient.exchange",
        "msgspec",
    }


def test_a_first_call_with_the_bundled_document_and_a_warm_cache_loads_little(
    service: Scripted, tmp_path: Path, bare: set[str]
) -> None:
    page = {"jobs": [], "count": 0, "limit": 200, "offset": 0}
    service.answers = [json_answer(page), json_answer(page)]
    code = CALL.replace("URL", repr(service.url))
    imported(code, tmp_path)  # fills the cache
    found = imported(code, tmp_path) - bare
    # jsonschema-rs imports some of email by itself.
    assert found & FOR_LATER - {"email.message"} == set()
    assert found >= BY_A_CALL
    assert sum(name.startswith("dynclient") for name in found) <= MOST_OF_OURS


def test_a_document_as_data_is_never_put_in_the_cache(tmp_path: Path) -> None:
    document = json.dumps({"openapi": "3.1.1", "info": {"title": "T", "version": "1"}, "paths": {}})
    found = imported(f"import dynclient, json; dynclient.load(json.loads({document!r}))", tmp_path)
    assert "dynclient.document.cache" not in found
    assert not list(tmp_path.iterdir())
