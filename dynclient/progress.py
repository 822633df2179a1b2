"""Progress bars on stderr, for rows and for bytes; rich is imported when one is shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sized
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .bulk.results import RowResult

__all__ = ["counting", "watching"]


@contextmanager
def watching(
    progress: bool | Callable[[RowResult], object], title: str, rows: Any
) -> Iterator[Callable[[RowResult], object] | None]:
    """What is told each result: the caller's function, a bar of rows, or nothing."""
    if not progress or callable(progress):
        yield progress or None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn

    counted = TextColumn("{task.fields[counts]}")
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), counted)
    with _bar(*columns) as bar:
        total = len(rows) if isinstance(rows, Sized) else None
        task = bar.add_task(title, total=total, counts="")
        counts: Counter[str] = Counter()

        def tell(result: RowResult) -> None:
            counts[result.outcome] += 1
            text = ", ".join(f"{count} {name}" for name, count in counts.items())
            bar.update(task, advance=1, counts=text)

        yield tell


@contextmanager
def counting(
    progress: bool | Callable[[int, int | None], object], title: str
) -> Iterator[Callable[[int, int | None], object] | None]:
    """What is told how many bytes are there: the caller's function, a bar, or nothing."""
    if not progress or callable(progress):
        yield progress or None
        return
    from rich.progress import BarColumn, DownloadColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with _bar(*columns) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _bar(*columns: Any) -> Any:
    from rich.console import Console
    from rich.progress import Progress, TextColumn

    return Progress(TextColumn("{task.description}"), *columns, console=Console(stderr=True))
