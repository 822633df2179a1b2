"""Results as text: counts and their histogram, expectation values and their curve."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["counts_of", "curve", "histogram"]

_BAR_CHARACTERS = 40


def counts_of(result: Any, pub: int = 0) -> dict[str, int]:
    """How often each bit string came up in one circuit of a sampler's plain JSON result.

    `result` is the data or the JSON text of it. Bits are written with the last one first, and
    those of a later register before those of an earlier one, as Qiskit does. ValueError for
    anything but a sampler's plain result.
    """
    try:
        data = json.loads(result) if isinstance(result, str) else result
        registers = list(data["results"][pub]["data"].values())
        words = [
            [f"{int(sample, 16):0{register['num_bits']}b}" for sample in register["samples"]]
            for register in reversed(registers)
        ]
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise ValueError("this is not a plain result of a sampler job") from error
    counts = Counter("".join(shot) for shot in zip(*words, strict=True))
    return dict(sorted(counts.items()))


def histogram(counts: Mapping[str, int], bar: str = "█") -> list[str]:
    """A line for each bit string: its bar, its count and its share."""
    total, highest = sum(counts.values()), max(counts.values(), default=1)
    return [
        f"  {bits}  {bar * max(1, round(count * _BAR_CHARACTERS / highest)):<{_BAR_CHARACTERS}}"
        f"  {count:>5}  {count / total:6.1%}"
        for bits, count in counts.items()
    ]


def curve(labels: Sequence[str], values: Sequence[float], mark: str = "●") -> list[str]:
    """A line for each value from -1 to 1: its label, a mark at its place, the value."""
    width = max((len(label) for label in labels), default=0)
    lines = []
    for label, value in zip(labels, values, strict=True):
        place = round((min(max(value, -1), 1) + 1) / 2 * _BAR_CHARACTERS)
        axis = list(" " * (_BAR_CHARACTERS + 1))
        axis[_BAR_CHARACTERS // 2] = "|"
        axis[place] = mark
        lines.append(f"  {label:>{width}}  {''.join(axis)}  {value:6.2f}")
    return lines
