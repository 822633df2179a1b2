"""What a tester wants the service to be like: slow, failing, or strict about how often."""

from __future__ import annotations

import asyncio
import math
import random
import threading
import time
from collections import defaultdict, deque

from ..settings import Rate, Settings
from .errors import ApiError

__all__ = ["Traffic"]


class Traffic:
    """Delays requests, fails some, refuses those that come too often."""

    def __init__(self, settings: Settings) -> None:
        self._latency = settings.latency
        self._fail_rate = settings.fail_rate
        self._rate = settings.rate_limit
        self._random = random.Random(settings.seed)  # noqa: S311 - which request fails
        self._lock = threading.Lock()
        self._made: dict[str, deque[float]] = defaultdict(deque)

    async def pass_through(self) -> None:
        """Wait, then raise 503 for one request in so many."""
        if self._latency:
            await asyncio.sleep(self._latency)
        if self._fail_rate:
            with self._lock:
                failed = self._random.random() < self._fail_rate
            if failed:
                raise ApiError(503, "The emulator fails at the rate that was asked for.")

    def count_job(self, caller: str) -> None:
        """One more job of that caller; raises 429 with Retry-After if it comes too early."""
        if self._rate is not None:
            self._count(self._rate, caller)

    def _count(self, rate: Rate, caller: str) -> None:
        now = time.monotonic()
        with self._lock:
            made = self._made[caller]
            while made and made[0] <= now - rate.period:
                made.popleft()
            if len(made) < rate.count:
                made.append(now)
                return
            wait = math.ceil(made[0] + rate.period - now)
        raise ApiError(
            429,
            f"More than {rate.count} jobs in {rate.period:g} seconds.",
            headers={"Retry-After": str(max(1, wait))},
        )
