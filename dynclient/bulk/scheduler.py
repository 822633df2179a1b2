"""A pace that all workers of a Dask cluster keep together: its scheduler counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..limits import Pace
from ..locking import new_lock

__all__ = ["DaskPace"]

_ROOM = "dynclient-pace"


class DaskPace:
    """`RateLimits(limits, shared=DaskPace(client.scheduler.address))`, for `executor=` on Dask.

    address  of the scheduler, as the workers reach it. The scheduler needs dynclient installed

    Each process that calls keeps one connection to the scheduler, and asks it before a call that
    has a limit: a millisecond or two on one machine.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._connect()

    def _connect(self) -> None:
        self._lock = new_lock()
        self._client: Any = None

    def __getstate__(self) -> dict[str, Any]:
        return {"address": self.address}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.address = state["address"]
        self._connect()

    def take(self, name: str, rates: Sequence[tuple[int, float]]) -> float:
        """Take a turn: 0 if it is now; else for how many seconds to wait before asking again."""
        with self._lock:
            if self._client is None:
                from distributed import Client

                self._client = Client(  # type: ignore[no-untyped-call]
                    self.address, set_as_default=False
                )
        seconds: float = self._client.run_on_scheduler(_take, name=name, rates=list(rates))
        return seconds


def _take(dask_scheduler: Any, name: str, rates: list[tuple[int, float]]) -> float:
    """In the scheduler."""
    paces = dask_scheduler.extensions.setdefault(_ROOM, {})
    key = name, tuple(map(tuple, rates))
    if key not in paces:
        paces[key] = Pace(rates, name=name)
    seconds: float = paces[key].take()
    return seconds
