"""A picture of counts (extra `plot`)."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike

__all__ = ["plot"]


def plot(counts: Mapping[str, int], to: str | PathLike[str]) -> None:
    """Write a bar chart of counts to a file, in the format that its name ends with.

    ImportError without matplotlib, which the extra `plot` brings.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(f"{error}: install dynclient[plot]") from error

    figure = Figure(figsize=(max(4, 0.5 * len(counts)), 3), layout="constrained")
    axes = figure.add_subplot()
    axes.bar(list(counts), list(counts.values()))
    axes.set_ylabel("shots")
    axes.tick_params(axis="x", rotation=60 if len(counts) > 8 else 0)
    figure.savefig(to)
