"""What the exchange asks its driver to do: the only places where a call meets the world.

`exchange.py` is a generator of these; `drive.py` and `drive_async.py` execute them and send the
result back in. A driver raises into the generator what executing a command raised.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeAlias

from .messages import HttpRequest

__all__ = ["Close", "Command", "Commands", "Once", "Read", "Run", "Send", "Wait"]


@dataclass(frozen=True, slots=True)
class Send:
    """Open one request with the transport: one hop. The result is an opened response."""

    request: HttpRequest


@dataclass(frozen=True, slots=True)
class Read:
    """Read an opened response to its end. The result is its body: bytes."""

    opened: Any


@dataclass(frozen=True, slots=True)
class Close:
    """Close an opened response that is not read to its end."""

    opened: Any


@dataclass(frozen=True, slots=True)
class Once:
    """Run `flow()` while nobody else runs a flow of the same `owner`; the result is its value.

    The driver holds the lock of the owner, one for threads and one for each event loop. The flow
    is made after the lock was taken, so that it can look whether it is still needed.
    """

    owner: object
    flow: Callable[[], Commands]


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait for some seconds; `why` is for people."""

    seconds: float
    why: str


@dataclass(frozen=True, slots=True)
class Run:
    """Call a function that may block, such as one of the user's; the result is its value.

    The asynchronous driver awaits a coroutine function and runs any other in a thread.
    """

    function: Callable[[], Any]


Command: TypeAlias = Send | Read | Close | Once | Wait | Run

#: A generator of commands, sent their results, with a value of its own.
Commands: TypeAlias = Generator[Command, Any, Any]
