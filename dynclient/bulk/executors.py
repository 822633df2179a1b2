"""Chunks of rows in any `concurrent.futures.Executor`: processes, or the workers of an engine.

The journal stays with the caller. Each chunk has a file of its own in `NAME.parts` beside it, which
the workers must be able to reach; see `parts.py` for what it is for.
"""

from __future__ import annotations

import pickle
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

from ..commands import Commands
from ..drive import drive
from ..locking import new_lock
from ..messages import Response
from ..unset import UNSET
from .batch import Batch, Row, Rows, Taken, row_steps
from .journal import FileJournal
from .parts import Part, TakenOver
from .results import RowResult

if TYPE_CHECKING:
    from ..operation import Options

__all__ = ["run_in_executor"]

#: How often a row is given to the executor before it counts as one that can't be run there.
_MOST_TRIES = 5


class _Common(NamedTuple):
    """What all chunks have in common; `client` is pickled."""

    client: bytes
    operation: str
    options: Options | None
    repeatable: bool


class Chunk(NamedTuple):
    """Rows for one task; `part` is the path of the chunk's record."""

    common: _Common
    rows: tuple[Taken, ...]
    part: str


def run_in_executor(
    batch: Batch,
    rows: Iterable[Row],
    executor: Executor,
    client: Any,
    options: Options | None,
    *,
    workers: int,
    chunk: int,
) -> None:
    """Make the calls of all rows in an executor, `workers` chunks of `chunk` rows at a time.

    A row whose task the executor lost is sent again only if it was certainly not sent, or does no
    harm a second time. ValueError without a journal in a file, TypeError for a client that can't
    be pickled.
    """
    journal = batch.journal
    if not isinstance(journal, FileJournal):
        raise ValueError(  # noqa: TRY004  a value that is missing
            "executor= needs journal=, a path that the workers can reach: engines run lost tasks "
            "again, and only what is on record keeps a row from being sent twice"
        )
    common = _Common(_pickled(client), batch.operation, options, batch.repeatable)
    folder = journal.path.with_name(f"{journal.path.name}.parts")
    folder.mkdir(exist_ok=True)
    for path in sorted(folder.glob("*.part")):
        _restore(journal, path)
    running = _Running(batch, journal, executor, common, folder)
    try:
        running.all(Rows(iter(rows), batch), workers, chunk)
    finally:
        running.settle()
    folder.rmdir()


def _restore(journal: FileJournal, path: Path) -> None:
    """Take over what a worker of an earlier run, which was killed, recorded."""
    part = Part(path)
    for row, result in part.results.items():
        journal.restore(row, part.marks[row], result)
    for row in part.lost:
        journal.restore(row, part.marks[row], None)
    part.remove()


def _pickled(client: Any) -> bytes:
    try:
        return pickle.dumps(client)
    except Exception as error:  # whatever an object in it raises
        raise TypeError(
            f"executor= needs a client that can be pickled, as workers open it again: {error}"
        ) from error


class _Running:
    """The chunks under way."""

    def __init__(
        self, batch: Batch, journal: FileJournal, executor: Executor, common: _Common, folder: Path
    ) -> None:
        self._batch = batch
        self._journal = journal
        self._executor = executor
        self._common = common
        self._folder = folder
        self._again: deque[Taken] = deque()
        self._tries: Counter[int] = Counter()
        self._futures: dict[Future[Exception | None], Chunk] = {}

    def all(self, rows: Rows, workers: int, size: int) -> None:
        """Run all rows, `workers` chunks of `size` rows at a time."""
        while True:
            while len(self._futures) < workers:
                taken = tuple(islice(self._waiting(rows), size))
                if not taken:
                    break
                self._submit(taken)
            if not self._futures:
                return
            done, _ = wait(self._futures, return_when=FIRST_COMPLETED)
            for future in done:
                self._ended(future, self._futures.pop(future))

    def _waiting(self, rows: Rows) -> Iterator[Taken]:
        """Rows of tasks that the executor lost, then those that were not begun."""
        while self._again:
            yield self._again.popleft()
        while (taken := rows.take()) is not None:
            yield taken

    def _submit(self, taken: tuple[Taken, ...]) -> None:
        path = self._folder / f"{uuid4().hex}.part"
        Part.create(path, {number: self._journal.mark(number) for number, _ in taken})
        self._tries.update(number for number, _ in taken)
        chunk = Chunk(self._common, taken, str(path))
        self._futures[self._executor.submit(run_chunk, chunk)] = chunk

    def _ended(self, future: Future[Exception | None], chunk: Chunk) -> None:
        """Put on record what a chunk came to; raises what would end all other calls too."""
        lost = CancelledError() if future.cancelled() else future.exception()
        error = None if lost is not None else future.result()
        part = Part(chunk.part)  # nobody runs it any more, or finds now that it must not
        for taken in chunk.rows:
            self._row_ended(part, taken, str(lost or "the task ended early"))
        part.remove()
        if error is not None:
            raise error

    def _row_ended(self, part: Part, taken: Taken, why: str) -> None:
        number = taken.number
        if (result := part.results.get(number)) is not None:
            self._batch.end(result)
        elif number in part.lost and not self._common.repeatable:
            text = f"the worker ended before the response came: {why}"
            self._batch.end(RowResult(number, "unknown", error=text))
        elif self._tries[number] < _MOST_TRIES:
            self._again.append(taken)
            return
        else:
            text = f"the executor lost it {_MOST_TRIES} times before it was sent: {why}"
            self._batch.end(RowResult(number, "failed", error=text))
        del self._tries[number]

    def settle(self) -> None:
        """Wait for the chunks under way, when an error or an interrupt ended the run."""
        for future in self._futures:
            future.cancel()
        wait(self._futures)
        for chunk in self._futures.values():
            _restore(self._journal, Path(chunk.part))
        self._futures.clear()


# In the worker -----------------------------------------------------------------------------------


def run_chunk(chunk: Chunk) -> Exception | None:
    """Make the calls of a chunk; what became of each row stands in its record.

    The value is what a call raised that concerns all rows: returned, as what is raised here is
    taken for the engine's own trouble.
    """
    part, common = Part(chunk.part), chunk.common
    try:
        client = _client(common.client)
        call = partial(_call, client._calling, common)
        for taken in chunk.rows:
            number = taken.number
            if number in part.results or (number in part.lost and not common.repeatable):
                continue
            drive(row_steps(call, part, taken, repeatable=common.repeatable), client._transport)
    except TakenOver:
        pass  # the other run has all that is known here
    except Exception as error:  # noqa: BLE001  raised where the caller is
        return error
    finally:
        part.close()
    return None


def _call(calling: Any, common: _Common, row: Row) -> Commands[Response]:
    flow: Commands[Response] = calling.requesting(common.operation, row, UNSET, common.options, {})
    return flow


_opening = new_lock()


def _client(pickled: bytes) -> Any:
    """A worker's client: opened once, with one pool of connections and one set of tokens."""
    with _opening:
        return _opened(pickled)


@lru_cache(maxsize=4)
def _opened(pickled: bytes) -> Any:
    return pickle.loads(pickled)  # noqa: S301  made by `_pickled`
