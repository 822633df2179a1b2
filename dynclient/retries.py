"""When a request is sent again, and after how long. Pure: the exchange sends and waits.

Sources: RFC 9110, sections 9.2.2 (idempotent methods), 10.2.3 (Retry-After) and 15.6.4; RFC 6585,
section 4 (429); the fields RateLimit and RateLimit-Policy of draft-ietf-httpapi-ratelimit-headers;
Idempotency-Key of draft-ietf-httpapi-idempotency-key-header.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeAlias

from .errors import (
    ConnectError,
    ConnectionBroken,
    DynclientError,
    RequestTimeout,
    StatusError,
    TransportError,
)
from .messages import IDEMPOTENT, Headers, HttpRequest

__all__ = [
    "IDEMPOTENCY_KEY",
    "NO_RETRIES",
    "RETRIES",
    "Budget",
    "Failure",
    "Pause",
    "Retries",
    "RetriesValue",
    "asked_wait",
    "is_transient",
]

#: For how long calls and retries count for the budget, in seconds.
_WINDOW = 60.0
IDEMPOTENCY_KEY = "Idempotency-Key"
#: Just these: a class of its own, such as that for a closed client, is not transient.
_TRANSIENT = frozenset({ConnectError, ConnectionBroken, RequestTimeout})


@dataclass(frozen=True, slots=True)
class Retries:
    """When a request that failed is sent again.

    attempts         how often it is sent at most; 1 for no retries
    statuses         of responses after which it is sent again
    methods          that may be sent twice. Others are sent again only if nothing was sent, after
                     429 with Retry-After, or with a header field Idempotency-Key
    backoff          seconds before the second attempt; doubled for each one that follows. The
                     wait is a random part of it
    backoff_max      its bound
    retry_after_max  the longest wait, in seconds, that a response may ask for (Retry-After,
                     RateLimit); one that asks for more is raised at once
    budget           retries per call at most, over a minute: 0.1 is one for ten calls
    budget_floor     retries in a minute that are allowed whatever the budget says

    TypeError or ValueError for what is no such number.
    """

    attempts: int = 3
    statuses: Collection[int] = frozenset({408, 429, 502, 503, 504})
    methods: Collection[str] = IDEMPOTENT
    backoff: float = 0.5
    backoff_max: float = 30.0
    retry_after_max: float = 60.0
    budget: float = 0.1
    budget_floor: int = 10

    def __post_init__(self) -> None:
        for name in ("attempts", "budget_floor"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool):
                raise TypeError(f"Retries({name}=): a whole number, not {value!r}")
        for name in ("backoff", "backoff_max", "retry_after_max", "budget"):
            value = getattr(self, name)
            if not isinstance(value, int | float) or isinstance(value, bool):
                raise TypeError(f"Retries({name}=): a number, not {value!r}")
            if not 0 <= value < math.inf:
                raise ValueError(f"Retries({name}={value!r}): a finite number, 0 or above")
        if self.attempts < 1 or self.budget_floor < 0:
            raise ValueError("Retries(): attempts is 1 or above, budget_floor 0 or above")
        if isinstance(self.methods, str):
            raise TypeError("Retries(methods=): a collection of methods")
        object.__setattr__(self, "methods", frozenset(each.upper() for each in self.methods))
        object.__setattr__(self, "statuses", frozenset(self.statuses))

    @classmethod
    def of(cls, value: RetriesValue) -> Retries:
        """The policy that a caller means: a number is how often a request is sent again."""
        if isinstance(value, Retries):
            return value
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError(f"retries= takes a number or Retries(...), not {value!r}")
        if value < 0:
            raise ValueError(f"retries={value}: 0 or above")
        return cls(attempts=value + 1)

    def pause(
        self,
        failure: Failure,
        attempt: int,
        asked: float | None,
        left: float,
        jitter: Callable[[], float],
    ) -> Pause | None:
        """What comes before the next attempt; None if there is none.

        attempt  which failed, from 1
        asked    for how many seconds the response asks to wait, if it does
        left     how many seconds are left for the call
        jitter   a random number from 0 to 1
        """
        if attempt >= self.attempts or not self._concerns(failure, asked):
            return None
        if asked is not None and asked > self.retry_after_max:
            return Pause(asked, failure.why, beyond=True)
        backoff = min(self.backoff_max, self.backoff * 2.0 ** min(attempt - 1, 60)) * jitter()
        # Those who were asked to wait equally long should not all come at the same moment.
        seconds = backoff if asked is None else asked + min(backoff, asked)
        return Pause(seconds, failure.why) if seconds < left else None

    def _concerns(self, failure: Failure, asked: float | None) -> bool:
        """Whether it is a failure after which the request may be sent again."""
        request, error = failure.request, failure.error
        safe = request.method in self.methods or IDEMPOTENCY_KEY in request.headers
        if error is not None:
            return type(error) in _TRANSIENT and (safe or not error.sent)
        if failure.status not in self.statuses:
            return False
        return safe or (failure.status == 429 and asked is not None)


#: What a caller may give as retries.
RetriesValue: TypeAlias = Retries | int

#: What a client does that was told nothing.
RETRIES = Retries()
NO_RETRIES = Retries(attempts=1)


class Pause(NamedTuple):
    """What comes before the next attempt.

    why     what failed, for people
    beyond  the service asks for a longer wait than the policy allows: there is no next attempt
    """

    seconds: float
    why: str
    beyond: bool = False


class Failure(NamedTuple):
    """What became of an attempt: an error, or a response."""

    request: HttpRequest
    error: TransportError | None
    response: HasHeader | None

    @property
    def status(self) -> int | None:
        """Of the response, if there is one."""
        return None if self.response is None else self.response.status

    @property
    def why(self) -> str:
        """For people."""
        return type(self.error).__name__ if self.response is None else f"status {self.status}"

    def asked_wait(self, wall: Callable[[], float]) -> float | None:
        """As `asked_wait`, of the response."""
        return None if self.response is None else asked_wait(self.response.headers, wall)


class HasHeader(Protocol):
    """A response, of which the header is there."""

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Headers: ...


def is_transient(error: DynclientError, statuses: Collection[int]) -> bool:
    """Whether a call that failed may well succeed a little later."""
    return type(error) in _TRANSIENT or (
        isinstance(error, StatusError) and error.status in statuses
    )


def asked_wait(headers: Headers, wall: Callable[[], float]) -> float | None:
    """For how many seconds a response asks to wait; None if it does not.

    `wall` gives seconds since 1970.
    """
    text = headers.get("Retry-After")
    if text is not None and (seconds := _retry_after(text.strip(), headers, wall)) is not None:
        return seconds
    field = headers.get("RateLimit")
    return None if field is None else _until_reset(field)


def _retry_after(text: str, headers: Headers, wall: Callable[[], float]) -> float | None:
    """RFC 9110, section 10.2.3: seconds, or a date."""
    if text.isascii() and text.isdigit():
        return float(text[:18])
    moment = _date(text)
    if moment is None:
        return None
    # By the clock that wrote it, where the response tells it: ours may be off.
    sent = _date(headers.get("Date", ""))
    return max(0.0, moment - (wall() if sent is None else sent))


def _date(text: str) -> float | None:
    """Seconds since 1970 of an HTTP date; None if it is none."""
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _until_reset(field: str) -> float | None:
    """Seconds until there is quota again, by RateLimit: the longest of its items without any.

    None where there is quota, and for a field that is malformed, which must not fail a call.
    """
    waits = []
    for item in field.split(","):
        pairs = [part.partition("=") for part in item.split(";")[1:]]
        parameters = {name.strip(): value.strip() for name, _, value in pairs}
        left, seconds = parameters.get("r", ""), parameters.get("t", "")
        if left.isdecimal() and seconds.isdecimal() and not int(left[:18]):
            waits.append(float(seconds[:18]))
    return max(waits, default=None)


class Budget:
    """Counts the calls and the retries of a client, so that retries stay a part of its calls.

    A service that fails for everybody must not get three times its usual load for it.
    """

    __slots__ = ("_retries", "_since", "calls")

    def __init__(self) -> None:
        #: Added to by every call; threads may lose one, which is no harm.
        self.calls = 0
        self._since: float | None = None
        self._retries: deque[float] = deque()

    def takes(self, policy: Retries, now: float) -> bool:
        """Whether one more retry is allowed now; it is counted."""
        if self._since is None:
            self._since = now
        elapsed = now - self._since
        if elapsed > _WINDOW:  # as if they had come evenly
            self.calls = round(self.calls * _WINDOW / elapsed)
            self._since = now - _WINDOW
        retries = self._retries
        while retries and retries[0] <= now - _WINDOW:
            retries.popleft()
        if len(retries) >= max(policy.budget_floor, policy.budget * self.calls):
            return False
        retries.append(now)
        return True
