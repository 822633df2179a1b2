"""Calling an operation until its response says what one waits for: a generator of commands."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from time import time
from typing import Any, NamedTuple, TypeAlias

from .commands import Commands, Wait
from .errors import DynclientError, StatusError, TransportError
from .messages import Response
from .retries import asked_wait, is_transient

__all__ = ["Condition", "Every", "PollTimeout", "Until", "polling"]

#: Whether the wait is over, by the data of a response; or the values of members that end it, by
#: their names: `{"status": "Completed"}`, `{"state.status": ["Completed", "Failed"]}`.
Until: TypeAlias = Callable[[Any], object] | Mapping[str, Any]
#: Seconds between two calls; or those of the first wait, and the most of the later ones.
Every: TypeAlias = float | tuple[float, float]

#: By how much a wait is longer than the one before.
_GROWTH = 1.5
#: How many calls in a row may fail, each after its retries: a service that restarts.
_MOST_FAILURES = 5


class PollTimeout(DynclientError):
    """What `poll` waits for did not come in time. What runs at the service goes on.

    `response` is the last one, None if every call failed.
    """

    def __init__(self, until: str, seconds: float, response: Response | None) -> None:
        name = "" if response is None else f"{response.operation.name}: "
        super().__init__(
            f"{name}{until} did not come within {seconds:g} seconds; "
            "what runs at the service goes on"
        )
        self.response = response

    @property
    def data(self) -> Any:
        """The data of the last response."""
        return None if self.response is None else self.response.data


def polling(
    call: Callable[[], Commands[Response]],
    until: Condition,
    every: Every,
    timeout: float | None,
    clock: Callable[[], float],
    progress: Callable[[Response], object] | None,
    statuses: Collection[int],
) -> Commands[Response]:
    """The first response that ends the wait.

    Raises PollTimeout with the last response, and what the calls raise; but not at once what may
    pass: `statuses` and broken connections.
    """
    first, most = _bounds(every)
    end = None if timeout is None else clock() + _positive("timeout", timeout)
    pause, failures = first, 0
    last: Response | None = None
    while True:
        asked = None
        try:
            last = yield from call()
        except (TransportError, StatusError) as error:
            failures += 1
            if failures > _MOST_FAILURES or not is_transient(error, statuses):
                raise
            if isinstance(error, StatusError):
                asked = asked_wait(error.response.headers, time)
        else:
            failures = 0
            if progress is not None:
                progress(last)
            if until.holds(last.data):
                return last
            asked = asked_wait(last.headers, time)
        wait = pause if asked is None else max(pause, asked)
        if end is not None:
            left = end - clock()
            if left <= 0:
                raise PollTimeout(until.name, timeout or 0.0, last)
            wait = min(wait, left)  # and one last look
        yield Wait(wait, f"until {until.name}")
        pause = min(most, pause * _GROWTH)


class Condition(NamedTuple):
    """What ends a wait, and its name for people."""

    holds: Callable[[Any], object]
    name: str

    @classmethod
    def of(cls, until: Until) -> Condition:
        """The condition that a caller means. TypeError if it is none."""
        if isinstance(until, Mapping) and until:
            wanted = {name: _values(value) for name, value in until.items()}
            listed = [
                f"{name}={' or '.join(dict.fromkeys(map(str, v)))}" for name, v in wanted.items()
            ]
            return cls(_Members(wanted), " and ".join(listed))
        if callable(until):
            return cls(until, "what until= waits for")
        raise TypeError(
            "until= takes a function of the response's data, or values by the names of members: "
            f'{{"status": "Completed"}}; not {until!r}'
        )


class _Members:
    """Whether members of an object have one of the values that end the wait."""

    def __init__(self, wanted: Mapping[str, list[Any]]) -> None:
        self._wanted = wanted

    def __call__(self, data: Any) -> bool:
        return all(_member(data, name) in values for name, values in self._wanted.items())


def _member(data: Any, path: str) -> Any:
    for name in path.split("."):
        data = data.get(name) if isinstance(data, Mapping) else None
    return data


def _values(value: Any) -> list[Any]:
    single = isinstance(value, str | bytes | Mapping) or not isinstance(value, Collection)
    return [value] if single else list(value)


def _bounds(every: Every) -> tuple[float, float]:
    if isinstance(every, tuple):
        if len(every) != 2:
            raise TypeError(f"every= takes seconds, or (the first, the most), not {every!r}")
        first, most = (_positive("every", each) for each in every)
        return first, max(first, most)
    return (_positive("every", every),) * 2


def _positive(name: str, value: float) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"{name}= is a number of seconds, not {value!r}")
    if not 0 < value < math.inf:
        raise ValueError(f"{name}= is a finite number of seconds above zero, not {value!r}")
    return float(value)
