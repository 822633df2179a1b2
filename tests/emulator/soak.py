"""The big figures of docs/emulator.md: many kills, a long queue, every attack. `make soak`.

python tests/emulator/soak.py --kills 200 --jobs 1000 --clients 64 --into docs/emulator.md
"""

from __future__ import annotations

import argparse
import datetime
import os
import re
import sys
import tempfile
import time
from pathlib import Path

import requests
from kills import Tally, kill_often
from load import HEADERS, Figures, under_load
from test_emulator_attacks import ATTACKS

from dynclient import emulator

_BEGIN, _END = "<!-- soak -->", "<!-- /soak -->"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--into", type=Path, help="page whose section is replaced")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tally = kill_often(Path(folder), given.kills, seed=0)
    figures = under_load(given.jobs, given.clients, given.seconds)
    text = "\n".join([*_of_kills(tally), "", *_of_load(figures), "", *_of_attacks()])
    if given.into is None:
        print(text)
        return
    page = given.into.read_text()
    load = f"a load average of {os.getloadavg()[0]:.0f}"
    head = f"Measured on {datetime.date.today()}, {os.cpu_count()} processors, {load}."
    section = f"{_BEGIN}\n{head}\n\n{text}\n{_END}"
    given.into.write_text(re.sub(f"{_BEGIN}.*?{_END}", lambda _: section, page, flags=re.DOTALL))


def _of_kills(tally: Tally) -> list[str]:
    statuses = ", ".join(f"{count} {status}" for status, count in tally.statuses.items())
    return [
        "| kills | jobs accepted | lost | doubled | begun more than once | ended as | integrity |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        f"| {tally.kills} | {len(tally.accepted)} | {tally.lost} | {tally.doubled} | {tally.again} "
        f"| {statuses} | {tally.integrity} |",
    ]


def _of_load(figures: Figures) -> list[str]:
    ratios = {name: figures.loaded[name] / figures.idle[name] for name in figures.idle}
    return [
        "| jobs queued | clients | requests | errors | p99 of the list, idle service = 1 "
        "| p99 of details | memory before | after |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        f"| {figures.jobs} | {figures.clients} | {figures.requests} | {figures.errors} "
        f"| {ratios['list']:.1f} | {ratios['details']:.1f} "
        f"| {figures.memory_before >> 20} MiB | {figures.memory_after >> 20} MiB |",
    ]


def _of_attacks() -> list[str]:
    lines = ["| attack | ended as | seconds |", "| --- | --- | --- |"]
    with emulator.run(job_memory=512 << 20) as url:
        for name, (program, pub, _) in ATTACKS.items():
            body = {"program_id": program, "backend": "ibm_fez", "params": {"pubs": [pub]}}
            made = requests.post(f"{url}/v1/jobs", json=body, headers=HEADERS, timeout=60).json()
            path = f"{url}/v1/jobs/{made['id']}?exclude_params=true"
            while (job := requests.get(path, headers=HEADERS, timeout=60).json())["status"] in (
                "Queued",
                "Running",
            ):
                time.sleep(0.05)
            lines.append(f"| {name} | {job['status']} | {job['usage']['seconds']:.1f} |")
    return lines


if __name__ == "__main__":
    sys.exit(main())
