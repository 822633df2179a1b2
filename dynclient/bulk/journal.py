"""The fates of rows on record: in a file, from which a run is resumed, or in memory.

The file has one line of JSON for each row that came to its end, in the order in which they did:

    {"row": 0, "of": "9a3f…", "outcome": "answered", "status": 200, "data": {…}}

A row is claimed before its request is sent, in a second file beside it (`NAME.claims`), which goes
when the run has come to its end. A row that was claimed and has no line was under way when the
process died: nobody knows whether the service did it. Both files get each line in one write, so
that a process that is killed leaves whole lines, and at most one cut one at the end.
"""

from __future__ import annotations

import json
import os
from array import array
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any

import msgspec

from ..errors import DynclientError
from ..locking import new_lock, try_lock
from .results import OUTCOMES, Outcome, RowResult

__all__ = ["FileJournal", "Journal", "JournalError", "fingerprint"]

_NEW, _CLAIMED, *_ENDED = range(2 + len(OUTCOMES))
_STATES: Mapping[str, int] = dict(zip(OUTCOMES, _ENDED, strict=True))


class JournalError(DynclientError, ValueError):
    """The journal is not one, is in use, or belongs to other rows."""


def fingerprint(operation: str, row: Any) -> int:
    """A number for a row, 64 bits wide, so that a run is resumed with the same rows only.

    What JSON can't hold (a file, an iterator, an object of the caller's) counts by its type alone.
    """
    text = json.dumps([operation, row], sort_keys=True, default=_type_name).encode(
        "utf-8", "replace"
    )
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big")


def _type_name(value: Any) -> str:
    return str(value) if isinstance(value, Path) else type(value).__qualname__


class Journal:
    """Rows, and what became of them, in memory. Safe for threads.

    counts  rows by outcome
    """

    def __init__(self, repeat: Collection[Outcome] = ()) -> None:
        if unknown := set(repeat) - set(OUTCOMES):
            known = ", ".join(map(repr, OUTCOMES))
            raise ValueError(f"repeat={sorted(unknown)!r}: give outcomes, of {known}")
        self.counts: Counter[str] = Counter()
        self._repeated = frozenset(_STATES[each] for each in repeat)
        self._lock = new_lock()
        self._states = bytearray()
        self._marks = array("Q")
        self._ends = array("H")  # how often a row came to an end: once, unless it was sent again
        self._results: dict[int, RowResult] = {}

    def begins(self, row: int, mark: int, *, repeatable: bool) -> RowResult | bool:
        """Whether a row is to be sent: False if it came to its end in an earlier run.

        A result is that of a row whose fate is unknown since then, now on record. `repeatable`:
        whether sending it again does no harm. JournalError if it is another row than then.
        """
        with self._lock:
            self._reach(row)
            state = self._states[row]
            if state == _NEW:
                self._marks[row] = mark
                return True
            if self._marks[row] != mark:
                raise JournalError(
                    f"row {row} is not the one that the journal has: a run is resumed with the "
                    "same operation and the same rows; give another journal for others"
                )
            if state == _CLAIMED and not repeatable and _STATES["unknown"] not in self._repeated:
                lost = RowResult(row, "unknown", error="the process ended before the response came")
                self._end(lost)
                return lost
            return state == _CLAIMED or state in self._repeated

    def claim(self, row: int) -> None:
        """The request of a row is about to be sent."""
        with self._lock:
            self._begin(row)

    def end(self, result: RowResult) -> None:
        """A row came to its end."""
        with self._lock:
            self._end(result)

    def mark(self, row: int) -> int:
        """The fingerprint of a row that began."""
        return self._marks[row]

    def restore(self, row: int, mark: int, result: RowResult | None) -> None:
        """What a worker of an earlier run recorded: a row's end, or, with None, its claim."""
        with self._lock:
            self._reach(row)
            if self._states[row] in (_NEW, _CLAIMED):
                self._marks[row] = mark
                if result is not None:
                    self._end(result)
                elif self._states[row] == _NEW:
                    self._begin(row)

    def results(self) -> Iterator[RowResult]:
        """The results of all rows, of those sent again the last."""
        return (self._results[row] for row in sorted(self._results))

    def close(self, *, finished: bool) -> None:
        """Nothing more comes. `finished`: every row came to its end."""

    def _reach(self, row: int) -> None:
        missing = row + 1 - len(self._states)
        if missing > 0:
            self._states.extend(bytes(missing))
            self._marks.extend([0] * missing)
            self._ends.extend([0] * missing)

    def _begin(self, row: int) -> None:
        if self._states[row] not in (_NEW, _CLAIMED):  # repeated: it counts by its new end
            self.counts[OUTCOMES[self._states[row] - 2]] -= 1
        self._states[row] = _CLAIMED

    def _end(self, result: RowResult) -> None:
        if self._states[result.row] not in (_NEW, _CLAIMED):
            self._begin(result.row)
        self._set_end(result.row, result.outcome)
        self._record(result)

    def _set_end(self, row: int, outcome: str) -> None:
        self._states[row] = _STATES[outcome]
        self._ends[row] += 1
        self.counts[outcome] += 1

    def _record(self, result: RowResult) -> None:
        self._results[result.row] = result


class FileJournal(Journal):
    """The same in a file. One process at a time: a second one gets a JournalError."""

    def __init__(self, path: str | os.PathLike[str], repeat: Collection[Outcome] = ()) -> None:
        super().__init__(repeat)
        self.path = Path(path)
        self._claims_path = self.path.with_name(f"{self.path.name}.claims")
        self._claims = _opened(self._claims_path)
        self._file: IO[bytes] | None = None
        try:
            if not try_lock(self._claims):
                raise JournalError(f"{path} is in use: one run at a time writes to a journal")
            self._file = _opened(self.path)
            self._read()
        except BaseException:
            self._claims.close()
            if self._file is not None:
                self._file.close()
            raise

    def _read(self) -> None:
        assert self._file is not None  # noqa: S101  for mypy
        for line in _lines(self._file, self.path):
            mark, result = _ended(line, self.path)
            self._reach(result.row)
            if self._states[result.row] != _NEW:
                super()._begin(result.row)
            self._marks[result.row] = mark
            self._set_end(result.row, result.outcome)
        for line in _lines(self._claims, self._claims_path):
            row, mark, ends = _claim_of(line, self._claims_path)
            self._reach(row)
            if self._ends[row] == ends:  # claimed, and nothing came of it
                super()._begin(row)
                self._marks[row] = mark

    def _begin(self, row: int) -> None:
        super()._begin(row)
        claim = (row, self._marks[row], self._ends[row])
        _write(self._claims, b'{"row":%d,"of":"%016x","ends":%d}\n' % claim)

    def _record(self, result: RowResult) -> None:
        assert self._file is not None  # noqa: S101  for mypy
        line = {"row": result.row, "of": f"{self._marks[result.row]:016x}", **result.as_data()}
        _write(self._file, _encode(line) + b"\n")

    def results(self) -> Iterator[RowResult]:
        """The results of all rows in the order in which they came."""
        left = array("H", self._ends)
        with self.path.open("rb") as file:
            for line in file:
                _, result = _ended(line, self.path)
                left[result.row] -= 1
                if not left[result.row]:  # not an earlier end of a row that was sent again
                    yield result

    def close(self, *, finished: bool) -> None:
        assert self._file is not None  # noqa: S101  for mypy
        self._file.close()
        if finished:
            self._claims_path.unlink(missing_ok=True)
        self._claims.close()


_encode = msgspec.json.Encoder(decimal_format="number").encode


def _opened(path: Path) -> IO[bytes]:
    """A file to read and append to, for its owner only: results may be confidential."""
    try:
        number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        return os.fdopen(number, "r+b", buffering=0)  # closed with the journal
    except OSError as error:
        raise JournalError(f"{path} can't be used as a journal: {error.strerror}") from error


def _write(file: IO[bytes], line: bytes) -> None:
    written = file.write(line)
    while written < len(line):  # a disk that is full raises at the next write
        written += file.write(line[written:])


def _lines(file: IO[bytes], path: Path) -> Iterator[bytes]:
    """The whole lines of a file; what a killed process left of one at the end is cut off."""
    end = 0
    with path.open("rb") as reader:
        for line in reader:
            if not line.endswith(b"\n"):
                break
            end += len(line)
            yield line
    os.truncate(file.fileno(), end)


def _claim_of(line: bytes, path: Path) -> tuple[int, int, int]:
    try:
        found = json.loads(line)
        return int(found["row"]), int(found["of"], 16), int(found["ends"])
    except (ValueError, KeyError, TypeError):
        raise _foreign(path, line) from None


def _ended(line: bytes, path: Path) -> tuple[int, RowResult]:
    try:
        found = msgspec.json.decode(line)
        return int(found["of"], 16), RowResult.from_data(found)
    except (ValueError, KeyError, TypeError):
        raise _foreign(path, line) from None


def _foreign(path: Path, line: bytes) -> JournalError:
    start = line[:60].decode("utf-8", "replace").strip()
    return JournalError(
        f"{path} is not a journal of this package: it has a line {start!r}; give a new file"
    )
