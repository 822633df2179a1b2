"""`python -m fuzz [TARGET ...] --seconds 60`: throw examples at targets, until the time is over.

Without a target each gets its share. A finding is printed with the smallest example that shows it,
and the seed by which `--seed` finds it again.
"""

from __future__ import annotations

import argparse
import logging
import random
import sys
import time
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

TARGETS = sorted(
    path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_")
)
_ROUND = 500


def main() -> int:
    """The exit code: 1 for a finding."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=float, default=60, help="in all; 60")
    parser.add_argument("--seed", type=int, help="of the first round; else one by chance")
    options = parser.parse_args()
    unknown = set(options.targets) - set(TARGETS)
    if unknown:
        parser.error(f"no target {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    targets = options.targets or TARGETS
    # What is logged of odd documents and values is no finding.
    logging.getLogger("dynclient").addHandler(logging.NullHandler())
    logging.getLogger("dynclient").propagate = False
    for name in targets:
        run(name, options.seconds / len(targets), options.seed)
    return 0


def run(name: str, seconds: float, first: int | None = None) -> int:
    """Throw examples at a target for so long; how many. Raises what `check` raised."""
    target = import_module(f"fuzz.{name}")
    number = random.randrange(1 << 32) if first is None else first
    ends = time.monotonic() + seconds
    count = 0
    while True:
        print(f"{name}: {count} examples, seed {number}", file=sys.stderr, flush=True)
        count += _round(target, number, ends)
        if time.monotonic() >= ends:
            print(f"{name}: {count} examples, nothing found")
            return count
        number += 1


def _round(target: ModuleType, number: int, ends: float) -> int:
    count = 0

    def check(**example: Any) -> None:
        nonlocal count
        if time.monotonic() < ends or not count:
            count += 1
            target.check(**example)

    quiet = settings(
        max_examples=_ROUND,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    quiet(seed(number)(given(**target.ARGUMENTS)(check)))()
    return count


if __name__ == "__main__":
    sys.exit(main())
