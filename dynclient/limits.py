"""How many calls of an operation are made in a while: one pace for all threads and tasks.

pyrate-limiter counts (a sliding window). It is asked, and never waits: the exchange does.
"""

from __future__ import annotations

import os
import re
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from time import monotonic, time
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, TypeAlias

from .locking import new_lock

if TYPE_CHECKING:
    from .operation import Operation, Operations

__all__ = ["Pace", "RateLimits", "RateLimitsValue", "SharedPace", "Turns", "paces_of"]

_RATE = re.compile(r"(\d{1,9})\s*/\s*(\d{0,9})\s*(second|sec|s|minute|min|m|hour|h|day|d)s?")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_EXTENSION = "x-rate-limit"


class SharedPace(Protocol):
    """Counts for processes on several machines. It may block, and goes along in a pickle."""

    def take(self, name: str, rates: Sequence[tuple[int, float]]) -> float:
        """Take a turn of an operation: 0 if it is now; else seconds to wait before asking again.

        `rates` are (how many, in how many seconds); all of them hold.
        """


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Limits by operation: `RateLimits({"create_job": "5/minute"})`.

    limits  a rate for each operation, or several, all of which hold: "5/minute, 100/day"; or
            "document" for those that the document has as `x-rate-limit`
    file    where the pace is kept, so that processes of this machine share it; None: in memory
    shared  what keeps it for several machines; see `DaskPace`
    """

    limits: Mapping[str, str] | Literal["document"]
    file: str | os.PathLike[str] | None = None
    shared: SharedPace | None = None

    def __post_init__(self) -> None:
        if self.file is not None and self.shared is not None:
            raise ValueError("RateLimits takes file= or shared=, not both")

    @classmethod
    def of(cls, value: RateLimitsValue) -> RateLimits:
        """The limits that a caller means. TypeError if it is none."""
        if isinstance(value, RateLimits):
            return value
        if value == "document" or isinstance(value, Mapping):
            return cls(value)
        raise TypeError(
            'rate_limits= takes rates by operation, {"create_job": "5/minute"}, "document", or '
            f"RateLimits(...), not {value!r}"
        )


#: What a caller may give as rate limits.
RateLimitsValue: TypeAlias = RateLimits | Mapping[str, str] | Literal["document"]


@dataclass(frozen=True, slots=True)
class _Shared:
    """The pace of one operation, which something else keeps."""

    name: str
    rates: list[tuple[int, float]]
    keeper: SharedPace

    #: Whether `take` may block.
    blocks: ClassVar[bool] = True

    def take(self) -> float:
        """As `Pace.take`."""
        return self.keeper.take(self.name, self.rates)


class Pace:
    """The pace of one operation. `clock` gives seconds, of the whole machine for one in a file."""

    def __init__(
        self,
        rates: list[tuple[int, float]],
        file: Path | None = None,
        name: str = "",
        clock: Callable[[], float] | None = None,
    ) -> None:
        from pyrate_limiter import InMemoryBucket, Rate, SQLiteBucket

        limits = [Rate(count, round(seconds * 1000)) for count, seconds in rates]
        #: Whether `take` may block.
        self.blocks = file is not None
        self._clock = clock or (monotonic if file is None else time)
        self._lock = new_lock()
        self._name = name
        self._bucket: Any
        if file is None:
            self._bucket, self._guard = InMemoryBucket(limits), None
            return
        # A lock of ours beside it: that of the library needs a version of filelock of its own.
        self._guard = file.with_name(f"{file.name}.lock").open("ab")
        table = re.sub(r"\W", "_", name)
        with self._alone():
            self._bucket = SQLiteBucket.init_from_file(limits, f"pace_{table}", str(file))
        weakref.finalize(self, _close, self._bucket.conn, self._guard)

    def take(self) -> float:
        """Take a turn: 0 if it is now; else for how many seconds to wait before asking again."""
        from pyrate_limiter import RateItem

        with self._lock, self._alone():
            now = round(self._clock() * 1000)
            item = RateItem(self._name, now)
            self._bucket.leak(now)
            if self._bucket.put(item):
                return 0.0
            # Its window includes its bounds, and ours is a clock of milliseconds.
            return float(max(1, self._bucket.waiting(item) + 1)) / 1000

    def _alone(self) -> AbstractContextManager[None]:
        from .locking import locked

        return nullcontext() if self._guard is None else locked(self._guard)


#: What a call asks for its turn.
Turns: TypeAlias = Pace | _Shared


def _close(*opened: Any) -> None:
    for each in opened:
        each.close()


def paces_of(value: RateLimits | None, operations: Operations) -> dict[str, Turns]:
    """A pace for each operation that has a limit, by its name.

    ValueError for what is no rate, or no operation.
    """
    if value is None:
        return {}
    file = None if value.file is None else Path(value.file)
    limits = _declared(operations) if value.limits == "document" else dict(value.limits)
    paces: dict[str, Turns] = {}
    for given, text in limits.items():
        if given not in operations:
            near = get_close_matches(given, list(operations), n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"rate_limits=: the document has no operation {given!r}{hint}")
        name = operations[given].name
        rates, keeper = _rates(name, text), value.shared
        paces[name] = Pace(rates, file, name) if keeper is None else _Shared(name, rates, keeper)
    return paces


def _declared(operations: Operations) -> dict[str, str]:
    found = {name: _extension(operation) for name, operation in operations.items()}
    return {name: text for name, text in found.items() if text is not None}


def _extension(operation: Operation) -> str | None:
    text = operation.node.get(_EXTENSION)
    return text if isinstance(text, str) else None


def _rates(name: str, text: str) -> list[tuple[int, float]]:
    """`5/minute, 100/day` as (how many, in how many seconds), the shortest time first."""
    rates = []
    for part in text.split(",") if isinstance(text, str) else [""]:
        match = _RATE.fullmatch(part.strip().lower())
        count, times = (int(match[1]), int(match[2] or 1)) if match else (0, 0)
        if match is None or not count or not times:
            raise ValueError(f"rate_limits=: {name}: {text!r} is no rate; give one as '5/minute'")
        rates.append((count, float(times * _SECONDS[match[3][0]])))
    return sorted(rates, key=lambda rate: rate[1])
