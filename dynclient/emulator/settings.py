"""The options of an emulator."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict

__all__ = ["API_KEY", "CRN", "TOKEN", "Knobs", "Rate", "Settings"]

#: A bearer token that every emulator accepts by default (`tokens=`); it never expires.
TOKEN = "emulator-token"  # noqa: S105 - not a secret: it opens the emulator only
#: The API key that every emulator accepts by default (`api_keys=`).
API_KEY = "emulator-api-key"
#: An instance to send as Service-CRN; any other value of that shape is an instance of its own.
CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/emulator:emulator-instance::"

_MIB = 1 << 20
_PERIODS = {"second": 1.0, "minute": 60.0, "hour": 3600.0}


class Knobs(TypedDict, total=False):
    """The options of `run` and `serve`; times are in seconds, sizes in bytes."""

    tokens: Sequence[str]
    api_keys: Sequence[str]
    crns: Sequence[str]
    token_lifetime: float
    backends: Sequence[str]
    workers: int
    job_memory: int
    job_delay: float
    queue_time: float
    noise: bool
    rate_limit: str | None
    latency: float
    fail_rate: float
    seed: int | None
    max_body: int


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests in a period of so many seconds."""

    count: int
    period: float

    @classmethod
    def of(cls, text: str) -> Rate:
        """From text such as `5/minute`; ValueError if it is none."""
        count, _, period = text.partition("/")
        if not count.isdecimal() or not int(count) or period not in _PERIODS:
            raise ValueError(f"a rate is N/second, N/minute or N/hour, not {text!r}")
        return cls(int(count), _PERIODS[period])


@dataclass(frozen=True, slots=True)
class Settings:
    """The same, checked."""

    tokens: frozenset[str] = frozenset({TOKEN})
    api_keys: frozenset[str] = frozenset({API_KEY})
    #: The instances there are; empty: every CRN is one.
    crns: frozenset[str] = frozenset()
    token_lifetime: float = 3600.0
    backends: tuple[str, ...] = ()
    #: Jobs that run at once.
    workers: int = field(default_factory=lambda: max(2, os.cpu_count() or 1))
    job_memory: int = 2048 * _MIB
    job_delay: float = 0.0
    queue_time: float = 0.0
    noise: bool = False
    rate_limit: Rate | None = None
    latency: float = 0.0
    fail_rate: float = 0.0
    seed: int | None = None
    max_body: int = 50 * _MIB
    warm_up: bool = False

    @classmethod
    def of(cls, knobs: Knobs, *, warm_up: bool = False) -> Settings:
        """From the options as a caller gives them; ValueError for one that can't be."""
        values: dict[str, Any] = {**knobs, "warm_up": warm_up}
        for name in ("tokens", "api_keys", "crns"):
            if name in values:
                values[name] = frozenset(values[name])
        if "backends" in values:
            values["backends"] = tuple(values["backends"])
        if values.get("rate_limit") is not None:
            values["rate_limit"] = Rate.of(values["rate_limit"])
        settings = cls(**values)
        settings.check()
        return settings

    def check(self) -> None:
        """Raise ValueError for a number that makes no sense."""
        for name in ("token_lifetime", "job_delay", "queue_time", "latency"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} is a number of seconds, not {getattr(self, name)!r}")
        for name in ("workers", "job_memory", "max_body"):
            if not getattr(self, name) >= 1:
                raise ValueError(f"{name} is at least 1, not {getattr(self, name)!r}")
        if not 0 <= self.fail_rate <= 1:
            raise ValueError(f"fail_rate is from 0 to 1, not {self.fail_rate!r}")
