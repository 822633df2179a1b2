"""Whole processes: from the start of the interpreter to the first answer."""

from __future__ import annotations

import subprocess
import sys
from time import perf_counter

from .harness import Runner

__all__ = ["BARE", "BARE_WITH_FILE", "CLIENT", "program", "resident_growth"]

BARE = """
import requests, sys
session = requests.Session()
session.get(sys.argv[1] + "/v1/jobs/" + "a" * 20).json()
"""

BARE_WITH_FILE = """
import requests, sys, json
with open(sys.argv[2], "rb") as file:
    json.load(file)
session = requests.Session()
session.get(sys.argv[1] + "/v1/jobs/" + "a" * 20).json()
"""

#: Arguments: base URL, document, operation, its arguments as JSON.
CLIENT = """
import json, sys
from dynclient import Client
client = Client(sys.argv[2], base_url=sys.argv[1], validate="warn",
                auth={"IBMCloudAuth": "t", "ServiceCRN": "c"} if "qiskit" in sys.argv[2] else None)
client.call(sys.argv[3], json.loads(sys.argv[4]))
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


def program(source: str, *arguments: str) -> Runner:
    """A runner that starts a fresh interpreter for each call."""
    command = [sys.executable, "-c", source, *arguments]

    def run(times: int) -> float:
        started = perf_counter()
        for _ in range(times):
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return perf_counter() - started

    return run


def resident_growth(base: str) -> float:
    """Resident memory after 10,000 calls against after 100, in a process of its own (Linux)."""
    command = [sys.executable, "-c", _GROWTH, base]
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    before, after = map(int, run.stdout.split())
    return after / before
