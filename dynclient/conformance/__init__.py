"""Does the service do what its document says? Exchanges judged after the fact, by the same judge.

findings.py   what is found in one exchange
codes.py      the stable codes of findings
judge.py      one exchange: its operation, and everything that is wrong
exchanges.py  a recorded exchange, and recordings as JSON Lines
har.py        HAR 1.2, read as a stream
cassette.py   VCR.py cassettes
sources.py    which of these a file is
tally.py      findings of many exchanges, counted
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .codes import CODES, Code
    from .differences import Change, diff
    from .exchanges import Exchange, Recording
    from .findings import Finding, Seen, Verdict
    from .generated import GeneratedCase, cases
    from .judge import Judge, check, check_webhook
    from .ledger import Ledger, LedgerError, merge
    from .middleware import (
        AsyncRecordingTransport,
        RecordingASGI,
        RecordingTransport,
        RecordingWSGI,
    )
    from .recorder import Recorder
    from .repairing import Repair, repair
    from .runs.replaying import Replayed, replay
    from .runs.runner import Bounds, RunResult, run
    from .sources import SourceError, exchanges_in
    from .tally import Tally

#: Where each name comes from: a program waits for nothing that it does not use.
_HOMES = {
    "AsyncRecordingTransport": ".middleware",
    "Bounds": ".runs.runner",
    "CODES": ".codes",
    "Code": ".codes",
    "Change": ".differences",
    "Exchange": ".exchanges",
    "Finding": ".findings",
    "GeneratedCase": ".generated",
    "Judge": ".judge",
    "Ledger": ".ledger",
    "LedgerError": ".ledger",
    "Recorder": ".recorder",
    "Recording": ".exchanges",
    "RecordingASGI": ".middleware",
    "RecordingTransport": ".middleware",
    "RecordingWSGI": ".middleware",
    "Replayed": ".runs.replaying",
    "RunResult": ".runs.runner",
    "Seen": ".findings",
    "SourceError": ".sources",
    "Repair": ".repairing",
    "Tally": ".tally",
    "Verdict": ".findings",
    "cases": ".generated",
    "check": ".judge",
    "check_webhook": ".judge",
    "diff": ".differences",
    "exchanges_in": ".sources",
    "merge": ".ledger",
    "repair": ".repairing",
    "replay": ".runs.replaying",
    "run": ".runs.runner",
}

__all__ = [
    "CODES",
    "AsyncRecordingTransport",
    "Bounds",
    "Change",
    "Code",
    "Exchange",
    "Finding",
    "GeneratedCase",
    "Judge",
    "Ledger",
    "LedgerError",
    "Recorder",
    "Recording",
    "RecordingASGI",
    "RecordingTransport",
    "RecordingWSGI",
    "Repair",
    "Replayed",
    "RunResult",
    "Seen",
    "SourceError",
    "Tally",
    "Verdict",
    "cases",
    "check",
    "check_webhook",
    "diff",
    "exchanges_in",
    "merge",
    "repair",
    "replay",
    "run",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
