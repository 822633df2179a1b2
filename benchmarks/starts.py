"""Whole processes: from the start of the interpreter to the first answer.

Every process of a row starts under the same conditions: all modules compiled before (what pip
installs is; a checkout, or an environment with PYTHONDONTWRITEBYTECODE, would be compiled again at
each start), and dynclient's cache of parsed documents filled. Both live in a folder of the run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from time import perf_counter
from typing import Any

from .harness import Runner

__all__ = ["GITHUB_CALL", "QISKIT_CALL", "Starts", "github_answer", "qiskit_answer"]

#: Path of the request, operation and arguments of the calls in other people's documents.
QISKIT_CALL = ("/qiskit", "/v1/jobs", "list_jobs", {})
GITHUB_CALL = ("/github", "/repos/o/r", "repos/get", {"owner": "o", "repo": "r"})

#: Arguments: the URL; a file to be read as JSON first, or nothing.
_BARE = """
import requests, sys
if sys.argv[2]:
    import json
    with open(sys.argv[2], "rb") as file:
        json.load(file)
session = requests.Session()
session.get(sys.argv[1]).json()
"""

#: Arguments: base URL, document, operation, its arguments and credentials as JSON.
_CLIENT = """
import json, sys
from dynclient import Client
arguments, auth = json.loads(sys.argv[4])
client = Client(sys.argv[2], base_url=sys.argv[1], auth=auth)
client.call(sys.argv[3], arguments)
"""

_GROWTH = """
import sys
from benchmarks.documents import jobs_document
from dynclient import Client

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1])

client = Client(jobs_document(), base_url=sys.argv[1])
def calls(number):
    for _ in range(number):
        client.call("get_job", id="d1k00000000000000001")
calls(100)
before = resident()
calls(9900)
print(before, resident())
"""


class Starts:
    """Starts interpreters; `folder` holds what they keep from one start to the next."""

    def __init__(self, folder: Path) -> None:
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")
        environment["DYNCLIENT_CACHE"] = str(folder / "cache")
        self.environment: Mapping[str, str] = environment

    def bare(self, url: str, file: str = "") -> Runner:
        """requests, imported and used once, after a file was read as JSON if one is named."""
        return self.program(sys.executable, "-c", _BARE, url, file)

    def client(
        self, base: str, document: str, call: tuple[str, str, str, Any], auth: Any = None
    ) -> Runner:
        """dynclient, imported and used once."""
        prefix, _, operation, arguments = call
        told = json.dumps([arguments, auth])
        return self.program(sys.executable, "-c", _CLIENT, base + prefix, document, operation, told)

    def program(self, *command: str) -> Runner:
        """A runner that starts a fresh process for each call."""

        def run(times: int) -> float:
            started = perf_counter()
            for _ in range(times):
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=self.environment)
            return perf_counter() - started

        return run

    def beyond(self, code: str) -> Runner:
        """A fresh process that runs `code`, less one that runs nothing, in processor seconds."""

        def run(times: int) -> float:
            return sum(self._used(code) - self._used("") for _ in range(times))

        return run

    def _used(self, code: str) -> float:
        before = getrusage(RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", code], check=True, env=self.environment)
        after = getrusage(RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def resident_growth(self, base: str) -> float:
        """Resident memory after 10,000 calls against after 100, in a process of its own (Linux)."""
        command = [sys.executable, "-c", _GROWTH, base]
        run = subprocess.run(
            command, check=True, capture_output=True, text=True, env=self.environment
        )
        before, after = map(int, run.stdout.split())
        return after / before


def qiskit_answer() -> str:
    """The jobs that the bundled document gives as an example, which keep to its schema."""
    import dynclient

    operation = dynclient.load("qiskit-runtime").data["paths"][QISKIT_CALL[1]]["get"]
    content = operation["responses"]["200"]["content"]["application/json"]
    return json.dumps(content["examples"]["page"]["value"])


def github_answer(file: Path) -> str:
    """The repository that GitHub's document gives as an example, made to keep to its schema."""
    examples = json.loads(file.read_bytes())["components"]["examples"]
    # The example lacks a property that the schema requires.
    return json.dumps({**examples["full-repository"]["value"], "has_discussions": True})
