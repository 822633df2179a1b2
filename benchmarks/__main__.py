"""`python -m benchmarks`: run every row, print the table, keep the numbers.

--quick         fewer and shorter rounds, no peers: under a minute
--no-peers      only dynclient and what is written by hand
--only TEXT     the rows whose name has TEXT in it
--github FILE   GitHub's OpenAPI document, for the row that opens it
--markdown FILE where the table goes as well, besides standard output
--json FILE     where the numbers go (default: benchmarks/results/latest.json)
"""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext
from pathlib import Path

from .harness import Effort, measure
from .peers import running_peers
from .report import markdown, save
from .server import running
from .starts import resident_growth
from .work import rows

_QUICK = Effort(rounds=12, slot=0.015, starts=5)


def main() -> int:
    """Returns 0 when every row ran and every goal is met, 1 otherwise."""
    options = _options()
    effort = _QUICK if options.quick else Effort()
    results = []
    failed: list[str] = []
    alone = options.quick or options.no_peers
    with running() as base, nullcontext([]) if alone else running_peers(base) as peers:
        for row in rows(base, github=options.github, peers=peers):
            if options.only.lower() not in row.name.lower():
                continue
            try:
                result = measure(row, effort)
            except Exception as problem:  # noqa: BLE001  the other rows are still worth having
                failed.append(row.name)
                print(f"{row.name}: failed: {problem!r}", file=sys.stderr, flush=True)
                continue
            results.append(result)
            numbers = result.ours
            verdict = {True: "met", False: "missed", None: ""}[result.met]
            print(f"{row.name}: {numbers.ratio:.2f} {verdict}", file=sys.stderr, flush=True)
        memory = not options.only and Path("/proc/self/statm").exists()
        growth = resident_growth(base) if memory else None
    table = markdown(results, growth)
    print(table)
    if options.markdown:
        options.markdown.write_text(table, encoding="utf-8")
    save(options.json, results, growth)
    return 0 if not failed and all(result.met is not False for result in results) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--github", type=Path)
    parser.add_argument("--markdown", type=Path)
    default = Path(__file__).parent / "results" / "latest.json"
    parser.add_argument("--json", type=Path, default=default)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
