"""Kill the service at random moments under load, and count what became of the jobs.

Used by the tests with a few kills, and by `make soak` with many.
"""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from ports import free_port

from dynclient import emulator
from dynclient.cli.demonstration import BELL

__all__ = ["Tally", "kill_often"]

SERVICE = """
import sys
from dynclient import emulator
emulator.serve(port=int(sys.argv[1]), db=sys.argv[2], on_ready=lambda url: print(url, flush=True))
"""
HEADERS = {"Authorization": f"Bearer {emulator.TOKEN}", "Service-CRN": emulator.CRN}
FINAL = {"Completed", "Failed", "Cancelled", "Cancelled - Ran too long"}


@dataclass
class Tally:
    """What was seen."""

    kills: int = 0
    accepted: list[str] = field(default_factory=list)
    lost: int = 0
    doubled: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    again: int = 0
    integrity: str = ""


def kill_often(folder: Path, kills: int, seed: int) -> Tally:
    """Submit jobs without a pause while the service is killed so often and started again."""
    chance = random.Random(seed)
    tally = Tally()
    db = folder / "jobs.sqlite"
    port = free_port()
    url = f"http://127.0.0.1:{port}/api/v1/jobs"
    stop = threading.Event()
    submitter = threading.Thread(target=_submit, args=(url, tally.accepted, stop))
    submitter.start()
    try:
        for _ in range(kills):
            process = _start(port, db)
            time.sleep(chance.uniform(0.05, 4.0))
            process.kill()
            process.wait()
            tally.kills += 1
        process = _start(port, db)
    finally:
        stop.set()
        submitter.join()
    try:
        _wait_for_all(url, len(tally.accepted))
        _count(url, tally)
    finally:
        process.terminate()
        process.wait()
    with sqlite3.connect(db) as connection:
        tally.integrity = connection.execute("PRAGMA integrity_check").fetchone()[0]
        begun = connection.execute("SELECT count(*) FROM jobs WHERE attempts > 1")
        tally.again = begun.fetchone()[0]
    return tally


def _start(port: int, db: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SERVICE, str(port), str(db)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("http"), "the service did not start"
    process.stdout.close()
    return process


def _submit(url: str, accepted: list[str], stop: threading.Event) -> None:
    body = {"program_id": "sampler", "backend": "ibm_fez", "params": {"pubs": [[BELL, None, 10]]}}
    while not stop.is_set():
        try:
            response = requests.post(url, json=body, headers=HEADERS, timeout=10)
        except requests.RequestException:
            time.sleep(0.05)
            continue
        if response.status_code == 200:
            accepted.append(response.json()["id"])
        time.sleep(0.05)


def _page(url: str, **query: Any) -> dict[str, Any]:
    return dict(requests.get(url, params=query, headers=HEADERS, timeout=30).json())


def _wait_for_all(url: str, jobs: int) -> None:
    deadline = time.monotonic() + 60 + jobs
    while _page(url, pending="true", limit=1)["count"]:
        assert time.monotonic() < deadline, "jobs don't end"
        time.sleep(0.2)


def _count(url: str, tally: Tally) -> None:
    seen: Counter[str] = Counter()
    offset, count = 0, 1
    while offset < count:
        page = _page(url, limit=200, offset=offset)
        count, offset = page["count"], offset + 200
        for job in page["jobs"]:
            seen[job["id"]] += 1
            tally.statuses[job["status"]] += 1
    tally.lost = sum(1 for job_id in tally.accepted if job_id not in seen)
    tally.doubled = sum(1 for times in seen.values() if times > 1)
    for job_id in tally.accepted:
        result = requests.get(f"{url}/{job_id}/results", headers=HEADERS, timeout=30)
        # A message, for a job that every service died over; else the result of its one pub.
        if result.status_code != 200 or result.text.count("samples") > 1:
            tally.lost += 1
