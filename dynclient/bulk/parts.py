"""What a worker of an executor records of its chunk: which rows it claimed, and how they ended.

An engine such as Dask may run a task again though its first run did all of its work: its worker
died before the result was fetched, or is only thought to be dead. So a chunk has a file, on a file
system that all workers share. Who runs the chunk owns the file; another run takes it over, and the
first owner, should it still live, finds at its next row that it owns the file no longer, and stops.
A row is claimed in it before it is sent, so it is never sent by both.

The lines: `rows` with the chunk's rows and their fingerprints, `owner` for each run, `claim` with
the number of a row, `end` with its result.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from ..locking import locked
from .results import RowResult

__all__ = ["Part", "TakenOver"]


class TakenOver(Exception):
    """Another worker owns the chunk now; nothing of it is to be sent here."""


class Part:
    """The record of one chunk, owned by whoever opened it last.

    marks    the fingerprints of the chunk's rows
    results  of rows that came to their end, in an earlier run too
    lost     rows that an earlier run claimed, and of which nothing is known
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._file = self.path.open("r+b", buffering=0)
        self.marks: dict[int, int] = {}
        self.results: dict[int, RowResult] = {}
        self.lost: set[int] = set()
        try:
            with locked(self._file):
                self._read()
                self._append(b"owner")
        except BaseException:
            self._file.close()
            raise

    @staticmethod
    def create(path: Path, marks: Mapping[int, int]) -> None:
        """A new record, of a chunk that nobody has begun."""
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(b"rows %s\n" % json.dumps(list(marks.items())).encode())

    def _read(self) -> None:
        content = self._file.readall()
        self._size = content.rfind(b"\n") + 1
        self._file.truncate(self._size)  # what a killed worker left of a line
        self._file.seek(self._size)
        for line in content[: self._size].splitlines():
            word, _, value = line.partition(b" ")
            if word == b"rows":
                self.marks = dict(json.loads(value))
            elif word == b"claim":
                self.lost.add(int(value))
            elif word == b"end":
                result = RowResult.from_data(msgspec.json.decode(value))
                self.results[result.row] = result
        self.lost -= self.results.keys()

    def _append(self, line: bytes) -> None:
        self._file.write(line + b"\n")
        self._size += len(line) + 1

    def claim(self, row: int) -> None:
        """The request of a row is about to be sent. TakenOver if it must not be."""
        self._record(b"claim %d" % row)

    def end(self, result: RowResult) -> None:
        """A row came to its end. TakenOver if another run has told its fate by now."""
        self._record(b"end " + _encode(result.as_data()))
        self.results[result.row] = result
        self.lost.discard(result.row)

    def _record(self, line: bytes) -> None:
        with locked(self._file):
            if os.fstat(self._file.fileno()).st_size != self._size:
                raise TakenOver("another worker runs this chunk")
            self._append(line)

    def close(self) -> None:
        """Give the file up; it stays for the next owner."""
        self._file.close()

    def remove(self) -> None:
        """All that it says is on record elsewhere."""
        self.close()
        self.path.unlink(missing_ok=True)


_encode = msgspec.json.Encoder(decimal_format="number").encode
