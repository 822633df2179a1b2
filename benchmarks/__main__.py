"""`python -m benchmarks`: run every row, print the table, keep the numbers.

--quick         fewer and shorter rounds, no peers: under a minute
--no-peers      only dynclient and what is written by hand
--only TEXT     the rows whose name has TEXT in it
--github FILE   GitHub's OpenAPI document, for the row that opens it (default: the one of the
                corpus beside the checkout, if it is there)
--into FILE     a Markdown file whose block `bench` the tables replace
--json FILE     where the numbers go (default: benchmarks/results/latest.json)

A missed goal is told in the table and on standard error; times are too noisy to fail for them.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from .harness import Effort, Result, measure
from .peers import Running, running_peers
from .report import insert, markdown, save
from .server import running
from .starts import GITHUB_CALL, QISKIT_CALL, Starts, github_answer, qiskit_answer
from .work import rows

_QUICK = Effort(seconds=0.25, starts=5)
_HERE = Path(__file__).parent
_DOCUMENT = "corpus/github.com__api.github.com.json"
_BESIDE = _HERE.parents[1] / "shared" / _DOCUMENT
_GITHUB = _BESIDE if _BESIDE.exists() else _HERE.parent / ".corpus" / _DOCUMENT


def main() -> int:
    """Returns 0 when every row ran, whether its goal was met or not; 1 otherwise."""
    options = _options()
    alone = options.quick or options.no_peers
    answers = {"".join(QISKIT_CALL[:2]): qiskit_answer()}
    if options.github:
        answers["".join(GITHUB_CALL[:2])] = github_answer(options.github)
    with (
        tempfile.TemporaryDirectory() as folder,
        running(answers) as base,
        nullcontext([]) if alone else running_peers(base, options.github) as peers,
    ):
        starts = Starts(Path(folder))
        results, complete = _measured(options, base, starts, peers)
        memory = not options.only and Path("/proc/self/statm").exists()
        growth = starts.resident_growth(base) if memory else None
    table = markdown(results, growth)
    print(table)
    if options.into:
        insert(options.into, "bench", table)
    save(options.json, results, growth)
    return 0 if complete else 1


def _measured(
    options: argparse.Namespace, base: str, starts: Starts, peers: Sequence[Running]
) -> tuple[list[Result], bool]:
    """The results of the rows that were asked for, and whether all of them ran."""
    effort = _QUICK if options.quick else Effort()
    results: list[Result] = []
    complete = True
    for row in rows(base, starts, github=options.github, peers=peers):
        if options.only.lower() not in row.name.lower():
            continue
        try:
            result = measure(row, effort)
        except Exception as problem:  # noqa: BLE001  the other rows are still worth having
            complete = False
            _tell(f"{row.name}: failed: {problem!r}")
            continue
        results.append(result)
        verdict = {True: "met", False: "MISSED", None: ""}[result.met]
        _tell(f"{row.name}: {result.ours.ratio:.2f} {verdict}")
        for name, problem in result.failed.items():
            _tell(f"  {name} left out: {problem}")
    return results, complete


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--github", type=Path, default=_GITHUB if _GITHUB.exists() else None)
    parser.add_argument("--into", type=Path)
    parser.add_argument("--json", type=Path, default=_HERE / "results" / "latest.json")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
