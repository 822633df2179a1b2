"""Runs an exchange with a synchronous transport. Decides nothing: see `exchange.py`."""

from __future__ import annotations

import inspect
import time
import weakref
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, TypeVar

from .commands import Command, Commands, Once, Piece, Read, Run, Send
from .locking import new_lock

if TYPE_CHECKING:
    from .transport import OpenResponse, Transport

__all__ = ["drive"]

_T = TypeVar("_T")

#: The lock of each owner of a flow, by its id; it goes when the owner goes.
_locks: dict[int, AbstractContextManager[object]] = {}
_guard = new_lock()


def drive(flow: Commands[_T], transport: Transport) -> _T:
    """Run a generator of commands to its end; its value.

    Raises what the generator raises. A response that it opened and did not come to return is
    closed then, so that no connection is left behind.
    """
    opened: OpenResponse | None = None
    advance = flow.send
    try:
        command = advance(None)
        while True:
            try:
                kind = type(command)
                result: Any
                if kind is Send:
                    result = opened = transport.open(command.request)  # type: ignore[union-attr]
                elif kind is Read:
                    result = command.opened.read()  # type: ignore[union-attr]
                else:
                    result = _execute(command, transport)
            except BaseException as error:  # noqa: BLE001  it is the generator's to handle
                command = flow.throw(error)
            else:
                command = advance(result)
    except StopIteration as stop:
        value: _T = stop.value
        return value
    except BaseException:
        if opened is not None:
            opened.close()
        raise


def _execute(command: Command, transport: Transport) -> Any:
    """What a call rarely needs."""
    if isinstance(command, Piece):
        return next(command.opened, b"")
    if isinstance(command, Once):
        with _lock_of(command.owner):
            return drive(command.flow(), transport)
    if isinstance(command, Run):
        value = command.function()
        if inspect.iscoroutine(value):
            value.close()
            raise TypeError(
                f"{_name(command.function)} is an async function, which a Client can't await: "
                "give a plain function, or use AsyncClient"
            )
        return value
    time.sleep(command.seconds)  # type: ignore[union-attr]
    return None


def _name(function: Any) -> str:
    function = getattr(function, "func", function)
    return str(getattr(function, "__qualname__", function))


def _lock_of(owner: object) -> AbstractContextManager[object]:
    lock = _locks.get(id(owner))
    if lock is None:
        with _guard:
            lock = _locks.get(id(owner))
            if lock is None:
                lock = _locks[id(owner)] = new_lock()
                weakref.finalize(owner, _locks.pop, id(owner), None)
    return lock
