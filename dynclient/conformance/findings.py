"""What is found in one exchange: plain values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeAlias

from ..messages import OperationInfo, Violation
from ..redaction import DEFAULT_REDACTOR, Redactor

__all__ = ["SEVERITIES", "Finding", "Key", "Outcome", "Seen", "Severity", "Side", "Verdict"]

Side: TypeAlias = Literal["request", "response", "document"]
Severity: TypeAlias = Literal["error", "warning", "info"]
#: "violation": something breaks the document. "not judged": the document can't be used for all of
#: it. "foreign": another service, which is not this document's.
Outcome: TypeAlias = Literal["clean", "violation", "not judged", "foreign"]

#: From the worst to the least.
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")

_INDEX = re.compile(r"/\d+(?=/|$)")


class Key(NamedTuple):
    """By what findings are counted together, and known in a baseline."""

    operation: str
    code: str
    where: str
    document_pointer: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One violation, classified.

    code       its stable code; see `codes.CODES`
    severity   "error", "warning" or "info"
    side       of the exchange that it is about
    violation  what is wrong, where, and which rule of the document it breaks
    refused    of a wrong request: whether the service refused it (4xx); None of anything else, and
               where there is no response
    engines    that found it: "compiled", "openapi-core"
    """

    code: str
    severity: Severity
    side: Side
    violation: Violation
    refused: bool | None = None
    engines: tuple[str, ...] = ("compiled",)

    def key(self, operation: OperationInfo | None) -> Key:
        """By what it is counted together: every item of an array is the same place."""
        violation = self.violation
        pointer = _INDEX.sub("/*", violation.pointer)
        where = f"{violation.where}{pointer}"
        name = "" if operation is None else operation.name
        return Key(name, self.code, where, violation.document_pointer)


@dataclass(frozen=True, slots=True)
class Seen:
    """What an exchange had, for coverage. It holds values: it is never stored as it is.

    declared_status       the key of the declared response: "200", "2XX", "default"; None for none
    request_media_type    the declared media types that the bodies were read as
    parameters            by `Parameter.key`
    """

    status: int | None
    declared_status: str | None
    request_media_type: str | None
    response_media_type: str | None
    parameters: Mapping[str, Any]
    request_data: Any
    response_data: Any


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one exchange.

    operation  None where the document has none for it
    outcome    the worst of it; a finding that is only "info" is no violation
    findings   all of them, worst first
    reasons    why parts were not judged: the document's problem and its place
    seen       what it had; None without an operation
    redactor   knows what of the exchange must not be shown, besides the one of its request
    """

    operation: OperationInfo | None
    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    reasons: tuple[str, ...] = ()
    seen: Seen | None = None
    redactor: Redactor = field(default=DEFAULT_REDACTOR, compare=False, repr=False)

    @property
    def is_clean(self) -> bool:
        """Whether all of it was judged, and nothing is wrong."""
        return self.outcome == "clean"
