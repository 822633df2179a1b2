"""Moments as the service stores and sends them: UTC, microseconds, Z.

Such text sorts as time does.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

__all__ = ["later", "moment", "now_text", "parsed", "seconds_between", "this_month"]


def moment(when: datetime) -> str:
    """`when` as text of fixed width."""
    return when.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def now_text() -> str:
    """The present moment, as `moment` gives it."""
    return moment(datetime.now(UTC))


def parsed(text: str) -> datetime:
    """The moment that `moment` gave."""
    return datetime.fromisoformat(text)


def later(text: str, seconds: float) -> str:
    """The moment `seconds` after that one; the last of the calendar where there is no other."""
    try:
        return moment(parsed(text) + timedelta(seconds=seconds))
    except OverflowError:
        return moment(datetime.max.replace(tzinfo=UTC))


def seconds_between(first: str, second: str) -> float:
    """Seconds from one moment to another, negative if the second comes before."""
    return (parsed(second) - parsed(first)).total_seconds()


def this_month() -> tuple[str, str]:
    """The first and the last moment of the present month."""
    first = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    following = (first + timedelta(days=32)).replace(day=1)
    return moment(first), moment(following - timedelta(microseconds=1))
