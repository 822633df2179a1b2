"""Findings of many exchanges, counted by code and place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from copy import copy
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from ..curl import curl_line
from ..document.node import type_of
from ..document.pointer import lookup, split
from ..messages import Violation
from ..redaction import Redactor
from .codes import CODES
from .exchanges import Exchange, as_line
from .findings import SEVERITIES, Finding, Key, Severity, Verdict

__all__ = ["Filter", "Group", "Tally"]

_MOST_VALUES = 50
_LONGEST = 200
_WITH_VALUE = frozenset({"DC220", "DC221", "DC222"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which findings count.

    min_severity    those that are less are ignored
    rules           codes or names of codes; empty for all
    ignore_headers  patterns for undeclared header fields that are ignored: `x-*`
    ignore_cookies  whether undeclared cookies are ignored
    """

    min_severity: Severity = "warning"
    rules: frozenset[str] = frozenset()
    ignore_headers: Sequence[str] = ()
    ignore_cookies: bool = False

    def takes(self, finding: Finding) -> bool:
        """Whether a finding counts."""
        if SEVERITIES.index(finding.severity) > SEVERITIES.index(self.min_severity):
            return False
        code = CODES[finding.code]
        if self.rules and not self.rules & {code.code, code.name}:
            return False
        if code.code == "DC114" and self.ignore_cookies:
            return False
        if code.code == "DC113":
            name = finding.violation.where.removeprefix("request.header.").lower()
            return not any(fnmatchcase(name, each.lower()) for each in self.ignore_headers)
        return True


@dataclass(slots=True)
class Group:
    """Findings of one code at one place.

    count    how many exchanges have it; refused and taken count those of wrong requests
    first, last
             when, in seconds since 1970; 0 if that is unknown
    example  one exchange with it, redacted
    sources  where it was found, the first few
    values   what was seen there, the first few that differ: see `_value`
    """

    key: Key
    finding: Finding
    example: dict[str, Any]
    curl: str
    count: int = 0
    refused: int = 0
    taken: int = 0
    first: float = 0.0
    last: float = 0.0
    sources: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def note(self, value: Any) -> None:
        """Keep a value that was seen, if it is another one and there is room."""
        if value is not None and value not in self.values and len(self.values) < _MOST_VALUES:
            self.values.append(value)

    @property
    def violation(self) -> Violation:
        """What is wrong, in the words of the first finding."""
        return self.finding.violation


def _value(finding: Finding, verdict: Verdict, exchange: Exchange) -> Any:
    """What was seen, as a repair of the document needs it; None for nothing.

    Of an undeclared status or media type: both; of a wrong type: its name; of a missing property:
    the names of those that are there; of a value that is none of the enum: the value.
    """
    response, seen = exchange.response, verdict.seen
    if response is None or seen is None or finding.side != "response":
        return None
    if finding.code in ("DC201", "DC202"):
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return [response.status, kind]
    if finding.code not in _WITH_VALUE or finding.violation.where != "response.body":
        return None
    try:
        value = lookup(seen.response_data, split(finding.violation.pointer))
    except (KeyError, ValueError):
        return None
    if finding.code == "DC221":
        return sorted(value) if isinstance(value, dict) else None
    if finding.code == "DC220":
        return type_of(value)
    text = value if isinstance(value, str) else ""
    is_secret = exchange.request.mask()(text) != text or len(text) > _LONGEST
    return None if isinstance(value, list | dict) or is_secret else value


class Tally:
    """Counts exchanges by outcome, calls by operation, and findings by code and place."""

    def __init__(self, filter_: Filter | None = None) -> None:
        self._filter = filter_ or Filter()
        self.exchanges: Counter[str] = Counter()
        self.operations: Counter[str] = Counter()
        self.statuses: Counter[tuple[str, int]] = Counter()
        self.reasons: Counter[str] = Counter()
        self._groups: dict[Key, Group] = {}

    @classmethod
    def restored(
        cls,
        filter_: Filter,
        exchanges: Counter[str],
        calls: Iterable[tuple[str, int, int]],
        reasons: Counter[str],
        groups: Iterable[Group],
    ) -> Tally:
        """A tally from its parts; `calls` are (operation, status, count), status 0 for none."""
        tally = cls(filter_)
        tally.exchanges, tally.reasons = exchanges, reasons
        for name, status, count in calls:
            tally.operations[name] += count
            if status:
                tally.statuses[name, status] += count
        tally._groups = {group.key: group for group in groups}
        return tally

    def add(self, verdict: Verdict, exchange: Exchange) -> None:
        """Count a verdict."""
        found = [each for each in verdict.findings if self._filter.takes(each)]
        outcome = verdict.outcome
        if outcome == "violation" and not any(each.side != "document" for each in found):
            outcome = "clean"  # what was found does not count
        self.exchanges[outcome] += 1
        self.reasons.update(verdict.reasons)
        if verdict.operation is not None:
            self.operations[verdict.operation.name] += 1
            if exchange.response is not None:
                self.statuses[verdict.operation.name, exchange.response.status] += 1
        once = {each.key(verdict.operation): each for each in reversed(found)}
        for key, finding in once.items():
            self._count(key, finding, exchange, verdict.redactor)
        for finding in found:
            self._groups[finding.key(verdict.operation)].note(_value(finding, verdict, exchange))

    def _count(self, key: Key, finding: Finding, exchange: Exchange, redactor: Redactor) -> None:
        group = self._groups.get(key)
        if group is None:
            shown = exchange.known_to(redactor).redacted()
            group = Group(key, finding, as_line(shown, 10_000), curl_line(shown.request, ()))
            self._groups[key] = group
        group.count += 1
        group.refused += finding.refused is True
        group.taken += finding.refused is False
        if exchange.at:
            group.first = min(group.first or exchange.at, exchange.at)
            group.last = max(group.last, exchange.at)
        if exchange.source and len(group.sources) < 3:
            group.sources.append(exchange.source)

    def only(self, groups: Iterable[Group]) -> Tally:
        """The same with no other findings than these."""
        other = copy(self)
        other._groups = {group.key: group for group in groups}
        return other

    def groups(self) -> list[Group]:
        """The findings, the worst and most frequent first."""
        return sorted(
            self._groups.values(),
            key=lambda each: (SEVERITIES.index(each.finding.severity), -each.count, each.key),
        )

    @property
    def total(self) -> int:
        """How many exchanges were counted."""
        return self.exchanges.total()

    def counted(self) -> str:
        """How many exchanges were counted, by outcome: `3 exchanges (2 clean, 1 violation)`."""
        parts = [f"{count} {name}" for name, count in sorted(self.exchanges.items())]
        return f"{self.total} exchanges ({', '.join(parts) or 'none'})"

    def called(self, operations: Collection[str]) -> str:
        """How many of the operations were called: `3 of 5 operations were called`."""
        called = len(operations) - len(self.untouched(operations))
        return f"{called} of {len(operations)} operations were called"

    def untouched(self, operations: Iterable[str]) -> list[str]:
        """The operations that no exchange called."""
        return [name for name in operations if not self.operations[name]]
