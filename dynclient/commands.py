"""What the exchange asks its driver to do: the only places where a call meets the world.

`exchange.py` is a generator of these; `drive.py` and `drive_async.py` execute them and send the
result back in. A driver throws what executing a command raised into the generator.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, TypeAlias, TypeVar

from msgspec import Struct

from .messages import HttpRequest

__all__ = ["Command", "Commands", "Once", "Piece", "Read", "Run", "Send", "Wait"]

_T = TypeVar("_T")


class Send(Struct, frozen=True):
    """Open one request with the transport: one hop. The result is an opened response."""

    request: HttpRequest


class Read(Struct, frozen=True):
    """Read an opened response to its end. The result is its body: bytes."""

    opened: Any


class Piece(Struct, frozen=True):
    """Read the next piece of an opened response. The result is bytes, none at the end."""

    opened: Any


class Once(Struct, frozen=True):
    """Run `flow()` while nobody else runs a flow of the same `owner`; the result is its value.

    The driver holds a lock for each owner: one for threads, one for each event loop. The flow is
    made once the lock is held, so that it can look whether it is still needed.
    """

    owner: object
    flow: Callable[[], Generator[Any, Any, Any]]


class Wait(Struct, frozen=True):
    """Wait for some seconds; `why` is for people. There is no result."""

    seconds: float
    why: str


class Run(Struct, frozen=True):
    """Call a function that may block, such as one of the user's; the result is its value.

    The asynchronous driver awaits a coroutine function and runs any other in a thread.
    """

    function: Callable[[], Any]


Command: TypeAlias = Send | Read | Piece | Once | Wait | Run

#: A generator of commands, sent their results, with a value of its own.
Commands: TypeAlias = Generator[Command, Any, _T]
