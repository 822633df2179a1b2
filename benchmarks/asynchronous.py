"""Rows about AsyncClient: calls that wait side by side on one event loop."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from time import perf_counter
from typing import Any

import aiohttp
import httpx2

from dynclient import AsyncClient

from .documents import jobs_document
from .harness import Row, Runner
from .payloads import JOB

__all__ = ["asynchronous_rows"]

_ID = str(JOB["id"])
_PATH = f"/v1/jobs/{_ID}"
_IN_FLIGHT = 64


def asynchronous_rows(base: str) -> Iterator[Row]:
    """GET of one job, 64 and one at a time, against the bare get of httpx2 and of aiohttp."""
    loop = asyncio.new_event_loop()
    clients = loop.run_until_complete(_clients(base))
    bare = "bare httpx2.AsyncClient"
    try:
        for count, goal in ((_IN_FLIGHT, 0.20), (1, 0.45)):
            name = f"GET of one job, {count} in flight" if count > 1 else "GET of one job, awaited"
            works = {
                "AsyncClient.call": _ours(clients[0]),
                bare: _httpx2(clients[1], base + _PATH),
                "floor: aiohttp": _aiohttp(clients[2], base + _PATH),
            }
            contestants = {key: _runner(loop, work, count) for key, work in works.items()}
            yield Row(name, contestants, bare, goal, slot=0.05 if count > 1 else 0.0)
    finally:
        loop.run_until_complete(_closed(*clients))
        loop.close()


async def _clients(base: str) -> tuple[AsyncClient, httpx2.AsyncClient, aiohttp.ClientSession]:
    return (
        AsyncClient(jobs_document(), base_url=base),
        httpx2.AsyncClient(),
        aiohttp.ClientSession(),
    )


async def _closed(
    ours: AsyncClient, theirs: httpx2.AsyncClient, floor: aiohttp.ClientSession
) -> None:
    await ours.aclose()
    await theirs.aclose()
    await floor.close()


def _ours(client: AsyncClient) -> Callable[[], Awaitable[Any]]:
    return lambda: client.call("get_job", id=_ID)


def _httpx2(client: httpx2.AsyncClient, url: str) -> Callable[[], Awaitable[Any]]:
    async def get() -> Any:
        return (await client.get(url)).json()

    return get


def _aiohttp(session: aiohttp.ClientSession, url: str) -> Callable[[], Awaitable[Any]]:
    async def get() -> Any:
        async with session.get(url) as response:
            return json.loads(await response.read())

    return get


def _runner(
    loop: asyncio.AbstractEventLoop, work: Callable[[], Awaitable[Any]], in_flight: int
) -> Runner:
    """Runs the work so many times, `in_flight` at once."""

    async def several(times: int) -> None:
        for _ in range(times):
            await work()

    async def spread(times: int) -> None:
        share = max(1, times // in_flight)
        await asyncio.gather(*(several(share) for _ in range(in_flight)))

    def run(times: int) -> float:
        started = perf_counter()
        loop.run_until_complete(spread(times))
        # As if exactly `times` calls had been made.
        made = max(1, times // in_flight) * in_flight
        return (perf_counter() - started) * times / made

    return run
