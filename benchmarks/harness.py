"""How things are timed: in turns, many times, and told as ratios.

Every contestant of a row runs in every round, in an order that changes, so that whatever else
the machine does meets all of them. A ratio is taken within each round; what is reported is the
median of those ratios, with the quartiles as its spread. Absolute times are for orientation.
"""

from __future__ import annotations

import gc
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median, quantiles
from time import perf_counter
from typing import Any

__all__ = ["Effort", "Measured", "Result", "Row", "measure"]

#: Runs the work so many times, and returns the seconds that took.
Runner = Callable[[int], float]


@dataclass(frozen=True)
class Effort:
    """How long to try: `rounds` of slots of about `slot` seconds; `starts` for process rows."""

    rounds: int = 40
    slot: float = 0.03
    starts: int = 15


@dataclass(frozen=True)
class Row:
    """One comparison. The first contestant is ours; `against` names what it is compared with.

    `goal` bounds the ratio of times ours/against; with `rate` the ratio is of calls a second,
    and the goal is a lower bound.
    """

    name: str
    contestants: Mapping[str, Runner]
    against: str
    goal: float | None = None
    rate: bool = False
    unit: str = "µs"
    slow: bool = False


@dataclass(frozen=True)
class Measured:
    """Of one contestant: median seconds a call, and quartiles of its ratio to the reference."""

    seconds: float
    ratio: float
    low: float
    high: float


@dataclass
class Result:
    """A row with its numbers."""

    row: Row
    measured: dict[str, Measured] = field(default_factory=dict)

    @property
    def ours(self) -> Measured:
        """The numbers of the first contestant."""
        return next(iter(self.measured.values()))

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None without one."""
        if self.row.goal is None:
            return None
        ratio = self.ours.ratio
        return ratio >= self.row.goal if self.row.rate else ratio <= self.row.goal

    @property
    def best_peer(self) -> tuple[str, Measured] | None:
        """The fastest other client, None where there is none."""
        peers = [(name, m) for name, m in self.measured.items() if name.startswith("peer: ")]
        return min(peers, key=lambda peer: peer[1].seconds, default=None)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for the result file."""
        return {
            "row": self.row.name,
            "against": self.row.against,
            "goal": self.row.goal,
            "met": self.met,
            "contestants": {name: vars(numbers) for name, numbers in self.measured.items()},
        }


def repeated(work: Callable[[], object]) -> Runner:
    """A runner that calls `work` again and again."""

    def run(times: int) -> float:
        turns = range(times)
        started = perf_counter()
        for _ in turns:
            work()
        return perf_counter() - started

    return run


def measure(row: Row, effort: Effort) -> Result:
    """Time all contestants of a row."""
    rounds = effort.starts if row.slow else effort.rounds
    times = {name: _calibrated(run, row, effort) for name, run in row.contestants.items()}
    spent: dict[str, list[float]] = {name: [] for name in times}
    order = list(times)
    gc.collect()
    for _ in range(rounds):
        random.shuffle(order)
        for name in order:
            spent[name].append(row.contestants[name](times[name]) / times[name])
    result = Result(row)
    for name in row.contestants:
        pairs = zip(spent[name], spent[row.against], strict=True)
        ratios = [theirs / ours if row.rate else ours / theirs for ours, theirs in pairs]
        low, _, high = quantiles(ratios, n=4)
        result.measured[name] = Measured(median(spent[name]), median(ratios), low, high)
    return result


def _calibrated(run: Runner, row: Row, effort: Effort) -> int:
    """How many calls fill a slot; the first ones warm up whatever is made on first use."""
    if row.slow:
        run(1)
        return 1
    run(5)
    return max(1, round(effort.slot / (run(10) / 10)))
