"""The rows of one `map`, a call each, whichever client makes them.

Nothing here knows a thread or an event loop: `workers.py` and `executors.py` do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol, Self, TypeAlias

from ..commands import Commands, Send
from ..errors import DocumentError, DynclientError, UnknownOperation
from ..locking import new_lock
from ..messages import Response
from .journal import Journal, fingerprint
from .results import RowResult

__all__ = ["Batch", "Call", "Row", "Rows", "Taken", "Watcher", "row_steps"]

#: A row: the arguments of one call by name, `body` among them.
Row: TypeAlias = Mapping[str, Any]
#: Makes the generator of commands for the call of one row.
Call: TypeAlias = Callable[[Row], Commands[Response]]
#: Is told each result as it comes.
Watcher: TypeAlias = Callable[[RowResult], object]


class Record(Protocol):
    """Where the fates of rows are put."""

    def claim(self, row: int) -> None: ...

    def end(self, result: RowResult) -> None: ...


class Taken(NamedTuple):
    """A row that is to be sent."""

    number: int
    row: Row


class Batch:
    """The rows of one operation and what becomes of them. Safe for threads.

    repeatable  whether a request of the operation does no harm a second time
    watcher     gets the results as they come, one at a time
    """

    def __init__(
        self,
        operation: str,
        call: Call,
        journal: Journal,
        *,
        repeatable: bool,
        watcher: Watcher | None = None,
    ) -> None:
        self.operation = operation
        self.journal = journal
        self.repeatable = repeatable
        self._call = call
        self._watcher = watcher
        self._telling = new_lock()

    def admits(self, number: int, row: Row) -> bool:
        """Whether a row is to be sent: it is not if its fate is on record already.

        TypeError if it is no mapping, JournalError if it is not the row of the journal.
        """
        if not isinstance(row, Mapping):
            raise TypeError(
                f"row {number} is a {type(row).__name__}: a row is a mapping from the names of "
                "arguments to their values"
            )
        mark = fingerprint(self.operation, row)
        admitted = self.journal.begins(number, mark, repeatable=self.repeatable)
        if isinstance(admitted, RowResult):
            self._tell(admitted)
            return False
        return admitted

    def steps(self, taken: Taken) -> Commands[None]:
        """The call of a row."""
        return row_steps(self._call, self, taken, repeatable=self.repeatable)

    def claim(self, row: int) -> None:
        """The request of a row is about to be sent."""
        self.journal.claim(row)

    def end(self, result: RowResult) -> None:
        """Put a result on record, and tell the watcher."""
        self.journal.end(result)
        self._tell(result)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.journal.close(finished=kind is None)

    def _tell(self, result: RowResult) -> None:
        if self._watcher is not None:
            with self._telling:
                self._watcher(result)


def row_steps(call: Call, record: Record, taken: Taken, *, repeatable: bool) -> Commands[None]:
    """The call of a row: claimed before anything is sent, its result put on record.

    Raises what would end the calls of all other rows as well.
    """
    number, row = taken
    try:
        response = yield from _claiming(call(row), record, number)
    except (DocumentError, UnknownOperation):
        raise
    except DynclientError as error:
        record.end(RowResult.failed(number, error, repeatable=repeatable))
    else:
        record.end(RowResult.of(number, response))


def _claiming(flow: Commands[Response], record: Record, number: int) -> Commands[Response]:
    """The commands of a call; its row is claimed just before the first request is sent.

    Not earlier: a row that waits for its turn, or for a token, when the process is killed, was
    certainly not sent.
    """
    claimed = False
    try:
        command = next(flow)
        while True:
            if not claimed and type(command) is Send:
                record.claim(number)
                claimed = True
            try:
                result = yield command
            except BaseException as error:  # noqa: BLE001  it is the generator's to handle
                command = flow.throw(error)
            else:
                command = flow.send(result)
    except StopIteration as stop:
        response: Response = stop.value
        return response


class Rows:
    """Numbered rows that are to be sent, taken by any number of threads."""

    def __init__(self, rows: Iterator[Row], batch: Batch) -> None:
        self._rows = enumerate(rows)
        self._batch = batch
        self._lock = new_lock()
        self._stopped = False

    def take(self) -> Taken | None:
        """The next row that is to be sent; None when there is none, or after `stop`."""
        with self._lock:
            if not self._stopped:
                for number, row in self._rows:
                    if self._batch.admits(number, row):
                        return Taken(number, row)
        return None

    def stop(self) -> None:
        """Give no more rows."""
        self._stopped = True
