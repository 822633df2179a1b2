"""The detection table of docs/conformance.md: each drift, and what finds it. By hand: minutes.

python tests/conformance/detection.py --redocly node_modules/.bin/redocly --into docs/conformance.md

Run, HAR: dynclient. Schemathesis: its own run (4.32) of the operations that a drift concerns, in
its phases examples, coverage and stateful. What it finds on the clean service, run for the same
operations until one more run finds nothing new, counts as accepted, and so does what a clean run
after the drift finds; "unsure" where that never ends.
Redocly: `drift` (2.77) over the same HAR, errors only; those of the clean one as well.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from soaking import write_section

from conformance.drifts import DRIFTS, Drift, Drifting, drifting
from conformance.hunting import OPERATIONS, as_har, by_har, by_run, seeded, traffic
from dynclient import Client, emulator

_MOST_CLEAN_RUNS = 5


class Schemathesis:
    """Its command, with baselines of what it finds on the clean service."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.spec = folder / "spec.json"
        #: By the operations it is run for; None where it never finds the same twice.
        self.baselines: dict[tuple[str, ...], Path | None] = {}
        with Client("qiskit-runtime", auth={}) as client:
            self.spec.write_text(json.dumps(client.document.data))
            self.operations = {name: client.operations[name] for name in OPERATIONS}

    def _names(self, drift: Drift) -> tuple[str, ...]:
        """The operations that a drift concerns, and the one that makes jobs for them."""
        concerned = [
            name
            for name, each in self.operations.items()
            if re.fullmatch(drift.method, each.method)
            and re.fullmatch(drift.path, re.sub(r"\{[^}]*\}", "x", each.path))
        ]
        return tuple(dict.fromkeys([*concerned, "create_job"]))

    def run(self, served: Drifting, drift: Drift | None) -> bool | None:
        """Whether it finds more than on the clean one; None if that differs each time."""
        names = OPERATIONS if drift is None else self._names(drift)
        if names not in self.baselines:
            self.baselines[names] = self._settled(served, names)
        baseline = self.baselines[names]
        if baseline is None:
            return None
        if drift is None:
            return False
        for _ in range(_MOST_CLEAN_RUNS):
            if not self._once(served, drift, names, baseline):
                return False
            # The service has more jobs by now: what a clean run finds as well is not the drift's.
            if not self._once(served, None, names, baseline):
                return True
            self._once(served, None, names, baseline, update=True)
        return None

    def _settled(self, served: Drifting, names: Sequence[str]) -> Path | None:
        """A baseline to which one more run of the clean service adds nothing."""
        baseline = self.folder / f"baseline-{len(self.baselines)}.json"
        self._once(served, None, names, baseline, update=True)
        for _ in range(_MOST_CLEAN_RUNS):
            if not self._once(served, None, names, baseline):
                return baseline
            self._once(served, None, names, baseline, update=True)
        return None

    def _once(
        self,
        served: Drifting,
        drift: Drift | None,
        names: Sequence[str],
        baseline: Path,
        *,
        update: bool = False,
    ) -> bool:
        served.begin(drift)
        only = [part for name in names for part in ("--include-operation-id", name)]
        command = [
            *(sys.executable, "-m", "schemathesis.cli", "run", str(self.spec), "--url", served.url),
            *("-H", f"Authorization: Bearer {emulator.TOKEN}"),
            *("-H", f"Service-CRN: {emulator.CRN}", "--phases", "examples,coverage,stateful"),
            *("-n", "5", "--seed", "1", "--generation-deterministic", "--no-color"),
            *("--continue-on-failure", "--suppress-health-check", "all"),
            *("--baseline", str(baseline), *(["--baseline-update"] if update else [])),
            *only,
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.folder)
        if done.returncode not in (0, 1):
            raise SystemExit(done.stdout[-2000:] + done.stderr[-2000:])
        return done.returncode == 1


class Redocly:
    """Its command, over a HAR."""

    def __init__(self, program: str, folder: Path, spec: Path) -> None:
        self.program, self.folder, self.spec = program, folder, spec
        self.clean: set[str] = set()

    def run(self, served: Drifting, drift: Drift | None, job: str) -> bool:
        har = as_har(traffic(served, drift, job), self.folder / "drift.har")
        command = [
            *(self.program, "drift", str(har), "--api", str(self.spec), "--format", "json"),
            *("--server", served.url),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        found = {_told(each) for each in _findings(done.stdout)}
        if drift is None:
            self.clean = found
        return bool(found - self.clean)


def _findings(text: str) -> list[dict[str, Any]]:
    start = text.find("{")
    data = json.loads(text[start:]) if start >= 0 else {}
    found = data.get("findings") or data.get("problems") or data.get("results") or []
    return [each for each in found if str(each.get("severity", "error")) == "error"]


def _told(each: dict[str, Any]) -> str:
    text = json.dumps(
        [each.get(name) for name in ("ruleId", "rule", "code", "message", "operation")]
    )
    return re.sub(r"\d+", "N", text)


def _cell(found: bool | set[str] | None) -> str:
    if found is None:
        return "unsure"
    if isinstance(found, set):
        return ", ".join(sorted(found)) or "no"
    return "yes" if found else "no"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--redocly", help="the path of its program")
    parser.add_argument("--into", type=Path)
    given = parser.parse_args()
    rows = []
    with drifting() as served, tempfile.TemporaryDirectory() as name:
        folder, job = Path(name), seeded(served)
        schemathesis = Schemathesis(folder)
        redocly = Redocly(given.redocly, folder, schemathesis.spec) if given.redocly else None
        for drift in (None, *DRIFTS):
            cells: list[bool | set[str] | None] = [
                by_run(served, drift),
                by_har(served, drift, job, folder / "a.har"),
                schemathesis.run(served, drift),
            ]
            if redocly is not None:
                cells.append(redocly.run(served, drift, job))
            rows.append((drift.name if drift else "none", cells))
            print(rows[-1], flush=True)
        whole = schemathesis.baselines[OPERATIONS]
        accepted = "unsure" if whole is None else len(json.loads(whole.read_text())["entries"])
    text = _table(rows, accepted, None if redocly is None else len(redocly.clean))
    write_section(given.into, "detection", text)


def _table(rows: list[tuple[str, list[Any]]], accepted: int | str, alarms: int | None) -> str:
    names = ["drift", "conform run", "conform check (HAR)", "Schemathesis"]
    names += [] if alarms is None else ["Redocly drift"]
    planted = rows[1:]
    found = [sum(bool(cells[i]) for _, cells in planted) for i in range(len(names) - 1)]
    lines = [
        f"Measured on {datetime.date.today()}, {os.cpu_count()} processors, in one run.",
        "",
        f"| {' | '.join(names)} |",
        f"|{' --- |' * len(names)}",
        *(f"| {name} | {' | '.join(map(_cell, cells))} |" for name, cells in planted),
        f"| found, of {len(planted)} | {' | '.join(map(str, found))} |",
        f"| alarms on the clean one | {len(rows[0][1][0])} | {len(rows[0][1][1])} | {accepted} |"
        + ("" if alarms is None else f" {alarms} |"),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
