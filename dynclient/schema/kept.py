"""How many schemas stay compiled: a bound on memory that a whole process shares.

A compiled schema takes about 1 KB for each subschema in it. Where the schemas of a document refer
to each other in rings, each large operation compiles most of them: all operations of Microsoft
Graph would take 3 GB. What was compiled first is dropped first, and compiled again when it is used.
"""

from __future__ import annotations

from typing import Protocol
from weakref import ref

from ..locking import new_lock

__all__ = ["MOST_SCHEMAS", "Kept", "Shelf"]

#: How many subschemas stay compiled in one process: 200 MB, or every operation of most documents.
MOST_SCHEMAS = 200_000


class Kept(Protocol):
    """What can drop its compiled form, and make it again."""

    def drop(self) -> None:
        """Drop the compiled form."""


class Shelf:
    """Compiled schemas and their sizes, in the order in which they were compiled.

    It keeps nothing alive. Threads may share it.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = new_lock()
        self._sizes: dict[ref[Kept], int] = {}
        self._total = 0

    def add(self, kept: Kept, size: int) -> None:
        """Note that something was compiled; drop what is too much, the oldest first."""
        with self._lock:
            self._sizes[ref(kept)] = size
            self._total += size
            dropped = self._surplus(kept) if self._total > self._limit else []
        for each in dropped:
            each.drop()

    def _surplus(self, newest: Kept) -> list[Kept]:
        """What has to go so that a quarter of the limit is free; `newest` stays in any case.

        What is gone by itself is noticed here: a callback could come while the lock is held.
        """
        living = [(each, size) for key, size in self._sizes.items() if (each := key()) is not None]
        total = sum(size for _, size in living)
        dropped = []
        if total > self._limit:
            while living[0][0] is not newest and total > self._limit * 3 // 4:
                each, size = living.pop(0)
                dropped.append(each)
                total -= size
        self._sizes = {ref(each): size for each, size in living}
        self._total = total
        return dropped
