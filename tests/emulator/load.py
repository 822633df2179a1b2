"""Many clients poll a service with a long queue: how much longer its responses take.

And how much memory it takes meanwhile.

Used by a test with little load, and by `make soak` with much.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import requests

from dynclient import emulator
from dynclient.cli.demonstration import BELL

__all__ = ["Figures", "under_load"]

SERVICE = """
import sys
from dynclient import emulator
emulator.serve(job_delay=86400, on_ready=lambda url: print(url, flush=True))
"""
HEADERS = {"Authorization": f"Bearer {emulator.TOKEN}", "Service-CRN": emulator.CRN}
BODY = {"program_id": "sampler", "backend": "ibm_fez", "params": {"pubs": [[BELL]]}}


@dataclass
class Figures:
    """Times in seconds, memory in bytes; `idle` and `loaded` are the 99th percentiles."""

    jobs: int
    clients: int
    requests: int
    errors: int
    idle: dict[str, float]
    loaded: dict[str, float]
    memory_before: int
    memory_after: int


def under_load(jobs: int, clients: int, seconds: float) -> Figures:
    """Queue so many jobs, then let clients ask for the list and a job, each once a second."""
    with subprocess.Popen([sys.executable, "-c", SERVICE], stdout=subprocess.PIPE, text=True) as it:
        try:
            assert it.stdout is not None
            url = f"{it.stdout.readline().strip()}/v1/jobs"
            first = requests.post(url, json=BODY, headers=HEADERS, timeout=60).json()["id"]
            paths = {"list": f"{url}?limit=10", "details": f"{url}/{first}"}
            idle = _polled(paths, 1, seconds / 4, pause=0.02)
            before = _memory(it.pid)
            with requests.Session() as session:
                for _ in range(jobs - 1):
                    session.post(url, json=BODY, headers=HEADERS, timeout=60).raise_for_status()
            loaded = _polled(paths, clients, seconds, pause=1.0)
            after = _memory(it.pid)
        finally:
            it.terminate()
    return Figures(
        jobs,
        clients,
        sum(len(times) for times in loaded.times.values()),
        idle.errors + loaded.errors,
        idle.percentiles(),
        loaded.percentiles(),
        before,
        after,
    )


class _Polls:
    """What clients measured."""

    def __init__(self, names: list[str]) -> None:
        self.times: dict[str, list[float]] = {name: [] for name in names}
        self.errors = 0

    def percentiles(self) -> dict[str, float]:
        return {name: statistics.quantiles(all_, n=100)[98] for name, all_ in self.times.items()}


def _polled(paths: dict[str, str], clients: int, seconds: float, pause: float) -> _Polls:
    polls = _Polls(list(paths))
    end = time.monotonic() + seconds

    def client(number: int) -> None:
        time.sleep(pause * number / clients)
        with requests.Session() as session:
            session.headers.update(HEADERS)
            while time.monotonic() < end:
                for name, path in paths.items():
                    started = time.monotonic()
                    response = session.get(path, timeout=60)
                    polls.times[name].append(time.monotonic() - started)
                    polls.errors += response.status_code != 200
                time.sleep(pause)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return polls


def _memory(process: int) -> int:
    """Resident bytes."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * 4096
    except OSError:
        return 0
