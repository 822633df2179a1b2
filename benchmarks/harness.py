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
from time import perf_counter, thread_time
from typing import Any

__all__ = ["Effort", "Measured", "Result", "Row", "Runner", "computed", "measure", "repeated"]

#: Runs the work so many times, and returns the seconds that took.
Runner = Callable[[int], float]


@dataclass(frozen=True)
class Effort:
    """How long to try: so many seconds for each contestant of a row, so many starts of processes.

    The time is cut into slots of about `slot` seconds, a round for each: what disturbs a machine
    comes in bursts, and many short rounds lose fewer of their ratios to one than few long ones.
    """

    seconds: float = 1.2
    slot: float = 0.004
    starts: int = 15

    def rounds(self, row: Row) -> int:
        """How many rounds a row has."""
        return self.starts if row.slow else max(15, round(self.seconds / self.slot_of(row)))

    def slot_of(self, row: Row) -> float:
        """The seconds that each contestant of a row has in a round."""
        return max(self.slot, row.slot)


@dataclass(frozen=True)
class Row:
    """One comparison. The first contestant is ours; `against` names what it is compared with.

    `goal` bounds the ratio of times ours/against; with `rate` the ratio is of calls a second,
    and the goal is a lower bound. `slot` is for work that can't be timed in less, `slow` for
    work that is done once a round.
    """

    name: str
    contestants: Mapping[str, Runner]
    against: str
    goal: float | None = None
    rate: bool = False
    slot: float = 0.0
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
    failed: dict[str, str] = field(default_factory=dict)

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
            "failed": self.failed,
        }


def repeated(work: Callable[[], object], clock: Callable[[], float] = perf_counter) -> Runner:
    """A runner that calls `work` again and again."""

    def run(times: int) -> float:
        turns = range(times)
        started = clock()
        for _ in turns:
            work()
        return clock() - started

    return run


def computed(work: Callable[[], object]) -> Runner:
    """As `repeated`, by the processor time of the thread: for what waits for nobody."""
    return repeated(work, thread_time)


def measure(row: Row, effort: Effort) -> Result:
    """Time all contestants of a row; one that others can do without may fail alone."""
    result = Result(row)
    times: dict[str, int] = {}
    pauses: dict[str, int] = {}
    for name, run in row.contestants.items():
        try:
            times[name], pauses[name] = _calibrated(run, row, effort)
        except Exception as problem:
            if not name.startswith("peer: "):
                raise
            result.failed[name] = f"{type(problem).__name__}: {problem}"
    spent: dict[str, dict[int, float]] = {name: {} for name in times}
    order = list(times)
    gc.collect()
    for turn in range(effort.rounds(row)):
        random.shuffle(order)
        for name in order:
            if turn % pauses[name] == 0:
                spent[name][turn] = row.contestants[name](times[name]) / times[name]
    reference = spent[row.against]
    for name, seconds in spent.items():
        pairs = [(ours, reference[turn]) for turn, ours in seconds.items()]
        ratios = [theirs / ours if row.rate else ours / theirs for ours, theirs in pairs]
        low, _, high = quantiles(ratios, n=4)
        typical = median(seconds.values())
        result.measured[name] = Measured(typical, median(ratios), low, high)
    return result


def _calibrated(run: Runner, row: Row, effort: Effort) -> tuple[int, int]:
    """How many calls fill a slot, and in which rounds: 1 for all, 3 for every third.

    The first calls warm up whatever is made on first use. A contestant whose single call takes
    very long sits out most rounds, but never so many that fewer than fifteen are left, or five
    where a call is a whole process.
    """
    if row.slow:
        run(1)
        return 1, min(max(1, effort.starts // 5), max(1, round(run(1) / 2)))
    run(2)
    slots = run(5) / 5 / effort.slot_of(row)
    most = max(1, effort.rounds(row) // 15)
    return max(1, round(1 / slots)), min(most, max(1, round(slots / 10)))
