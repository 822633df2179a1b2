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

#: Where names come from: a program waits for nothing that it does not use.
_MODULES = {
    ".codes": ("CODES", "Code"),
    ".differences": ("Change", "diff"),
    ".exchanges": ("Exchange", "Recording"),
    ".findings": ("Finding", "Seen", "Verdict"),
    ".generated": ("GeneratedCase", "cases"),
    ".judge": ("Judge", "check", "check_webhook"),
    ".ledger": ("Ledger", "LedgerError", "merge"),
    ".middleware": (
        *("AsyncRecordingTransport", "RecordingASGI", "RecordingTransport", "RecordingWSGI"),
    ),
    ".recorder": ("Recorder",),
    ".repairing": ("Repair", "repair"),
    ".runs.replaying": ("Replayed", "replay"),
    ".runs.runner": ("Bounds", "RunResult", "run"),
    ".sources": ("SourceError", "exchanges_in"),
    ".tally": ("Tally",),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}

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
