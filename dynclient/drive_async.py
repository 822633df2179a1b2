"""Runs an exchange with an asynchronous transport. Decides nothing: see `exchange.py`."""

from __future__ import annotations

import asyncio
import inspect
import weakref
from typing import TYPE_CHECKING, Any, TypeVar

from .commands import Command, Commands, Once, Piece, Read, Run, Send

if TYPE_CHECKING:
    from .transport import AsyncOpenResponse, AsyncTransport

__all__ = ["drive_async"]

_T = TypeVar("_T")

#: The lock of each owner of a flow, by event loop: a lock belongs to the loop it was made in.
_locks: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[int, asyncio.Lock]]
_locks = weakref.WeakKeyDictionary()


async def drive_async(flow: Commands[_T], transport: AsyncTransport) -> _T:
    """As `drive`, with await; cancelling the task is raised in the generator like any error."""
    opened: AsyncOpenResponse | None = None
    try:
        command = flow.send(None)
        while True:
            try:
                kind = type(command)
                result: Any
                if kind is Send:
                    result = opened = await transport.open(command.request)  # type: ignore[union-attr]
                elif kind is Read:
                    result = await command.opened.read()  # type: ignore[union-attr]
                else:
                    result = await _execute(command, transport)
            except BaseException as error:  # noqa: BLE001  it is the generator's to handle
                command = flow.throw(error)
            else:
                command = flow.send(result)
    except StopIteration as stop:
        value: _T = stop.value
        return value
    except BaseException:
        if opened is not None:
            await opened.aclose()
        raise


async def _execute(command: Command, transport: AsyncTransport) -> Any:
    if isinstance(command, Piece):
        return await anext(command.opened, b"")
    if isinstance(command, Once):
        async with _lock_of(command.owner):
            return await drive_async(command.flow(), transport)
    if isinstance(command, Run):
        function = command.function
        if inspect.iscoroutinefunction(getattr(function, "func", function)):
            return await function()
        value = await asyncio.to_thread(function)
        return await value if inspect.isawaitable(value) else value
    await asyncio.sleep(command.seconds)  # type: ignore[union-attr]
    return None


def _lock_of(owner: object) -> asyncio.Lock:
    locks = _locks.setdefault(asyncio.get_running_loop(), {})
    lock = locks.get(id(owner))
    if lock is None:
        lock = locks[id(owner)] = asyncio.Lock()
        weakref.finalize(owner, locks.pop, id(owner), None)
    return lock
