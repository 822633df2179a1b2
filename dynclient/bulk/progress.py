"""A progress bar for rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sized
from contextlib import contextmanager
from typing import Any

from .results import RowResult

__all__ = ["watching"]


@contextmanager
def watching(
    progress: bool | Callable[[RowResult], object], title: str, rows: Any
) -> Iterator[Callable[[RowResult], object] | None]:
    """What is told each result: the caller's function, a progress bar on stderr, or nothing."""
    if not progress:
        yield None
        return
    if callable(progress):
        yield progress
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[counts]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        total = len(rows) if isinstance(rows, Sized) else None
        task = bar.add_task(title, total=total, counts="")
        counts: Counter[str] = Counter()

        def tell(result: RowResult) -> None:
            counts[result.outcome] += 1
            text = ", ".join(f"{count} {name}" for name, count in counts.items())
            bar.update(task, advance=1, counts=text)

        yield tell
