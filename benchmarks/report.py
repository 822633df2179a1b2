"""The results as Markdown tables and as a JSON file."""

from __future__ import annotations

import json
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from .harness import Result

__all__ = ["insert", "machine", "markdown", "save"]

_LIBRARIES = ("requests", "urllib3", "jsonschema-rs", "msgspec")


def machine() -> str:
    """One line about where this was measured."""
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"{platform.python_implementation()} {platform.python_version()}, {libraries}; loopback"
    )


def markdown(results: list[Result], growth: float | None) -> str:
    """The table of goals, and below it every contestant of every row."""
    lines = [
        f"Measured on {machine()}.",
        "A ratio is the median of many rounds; in brackets its quartiles.",
        "",
        "| work | against | ratio | goal | | fastest peer |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for result in results:
        if result.row.goal is not None:
            sign = "≥" if result.row.rate else "≤"
            lines.append(
                f"| {result.row.name} | {result.row.against} | {_ratio(result.ours)} "
                f"| {sign} {result.row.goal:.2f} | {_verdict(result.met)} | {_peer(result)} |"
            )
    if growth is not None:
        lines.append(
            "| memory after 10,000 calls | after 100 calls "
            f"| {growth:.3f} | no growth | {_verdict(growth < 1.02)} | |"
        )
    lines += ["", "Everybody in every row, by the same measure:", ""]
    lines += ["| work | by | ratio |", "| --- | --- | --- |"]
    for result in results:
        lines += [
            f"| {result.row.name} | {name} | {_ratio(numbers)} |"
            for name, numbers in result.measured.items()
        ]
        lines += [f"| {result.row.name} | {name} | failed |" for name in result.failed]
    return "\n".join(lines) + "\n"


def insert(path: Path, block: str, text: str) -> None:
    """Replace a generated block of a Markdown file. ValueError if the file has none so called."""
    first, last = f"<!-- {block}: generated -->", f"<!-- end of {block} -->"
    whole = path.read_text(encoding="utf-8")
    before, begin, rest = whole.partition(first)
    _, end, after = rest.partition(last)
    if not begin or not end:
        raise ValueError(f"{path} has no block between {first} and {last}")
    path.write_text(f"{before}{begin}\n{text}{end}{after}", encoding="utf-8")


def _verdict(met: bool | None) -> str:
    return "met" if met else "**missed**"


def _peer(result: Result) -> str:
    if result.best_peer is None:
        return ""
    name, numbers = result.best_peer
    return f"{name.removeprefix('peer: ')}: {_number(numbers.ratio)}"


def _ratio(numbers: Any) -> str:
    return f"{_number(numbers.ratio)} ({_number(numbers.low)} to {_number(numbers.high)})"


def _number(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < 9.995 else f"{ratio:.1f}"


def save(path: Path, results: list[Result], growth: float | None) -> None:
    """Write everything as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = {
        "machine": machine(),
        "memory_growth": growth,
        "rows": [result.as_dict() for result in results],
    }
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
