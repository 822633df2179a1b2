"""What makes the calls of a batch: threads for a Client, tasks for an AsyncClient."""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait

from ..commands import Commands
from .batch import Batch, Row, Rows, Taken

__all__ = ["run_in_tasks", "run_in_threads"]


def run_in_threads(
    batch: Batch, rows: Iterable[Row], workers: int, run: Callable[[Commands[None]], None]
) -> None:
    """Make the calls of all rows, so many at a time. `run` executes the commands of one.

    Rows are taken one by one, when a worker is free. What taking a row, or the watcher, raises ends
    it, after the calls under way. So does an interrupt (Ctrl-C).
    """
    taking = Rows(iter(rows), batch)

    def work() -> None:
        try:
            while (taken := taking.take()) is not None:
                run(batch.steps(taken))
        except BaseException:
            taking.stop()
            raise

    with ThreadPoolExecutor(workers, "dynclient-map") as pool:
        futures = []
        try:
            futures += [pool.submit(work) for _ in range(workers)]
            wait(futures)
        except BaseException:
            taking.stop()
            wait(futures)
            raise
        for future in futures:
            future.result()


async def run_in_tasks(
    batch: Batch,
    rows: Iterable[Row] | AsyncIterable[Row],
    workers: int,
    run: Callable[[Commands[None]], Awaitable[None]],
) -> None:
    """The same with tasks. `rows` may be asynchronous. What is raised ends it, and a cancellation:
    the calls under way are cancelled, and the journal keeps which rows they were.
    """
    import asyncio

    take = _taking(rows, batch)

    async def work() -> None:
        while (taken := await take()) is not None:
            await run(batch.steps(taken))

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(work())
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None


def _taking(
    rows: Iterable[Row] | AsyncIterable[Row], batch: Batch
) -> Callable[[], Awaitable[Taken | None]]:
    """A function for the next row that is to be sent, for several tasks."""
    import asyncio

    if not isinstance(rows, AsyncIterable):
        plain = Rows(iter(rows), batch)

        async def take_plain() -> Taken | None:
            return plain.take()

        return take_plain

    lock, asynchronous, number = asyncio.Lock(), aiter(rows), -1

    async def take() -> Taken | None:
        nonlocal number
        async with lock:
            async for row in asynchronous:
                number += 1
                if batch.admits(number, row):
                    return Taken(number, row)
        return None

    return take
