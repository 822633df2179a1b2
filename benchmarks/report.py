"""The results as a Markdown table and as a JSON file."""

from __future__ import annotations

import json
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from .harness import Result

__all__ = ["machine", "markdown", "save"]

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
        "",
        "| work | against | ratio (quartiles) | goal | | fastest peer |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for result in results:
        if result.row.goal is not None:
            sign = "≥" if result.row.rate else "≤"
            verdict = "met" if result.met else "**missed**"
            lines.append(
                f"| {result.row.name} | {result.row.against} | {_ratio(result.ours)} "
                f"| {sign} {result.row.goal:.2f} | {verdict} | {_peer(result)} |"
            )
    if growth is not None:
        verdict = "met" if growth < 1.02 else "**missed**"
        lines.append(
            "| memory after 10,000 calls | after 100 calls "
            f"| {growth:.3f} | no growth | {verdict} | |"
        )
    lines += ["", "| work | by | median | ratio (quartiles) |", "| --- | --- | --- | --- |"]
    for result in results:
        factor, unit = (1e3, "ms") if result.row.unit == "ms" else (1e6, "µs")
        for name, numbers in result.measured.items():
            time = f"{numbers.seconds * factor:,.0f} {unit}"
            lines.append(f"| {result.row.name} | {name} | {time} | {_ratio(numbers)} |")
    return "\n".join(lines) + "\n"


def _peer(result: Result) -> str:
    if result.best_peer is None:
        return ""
    name, numbers = result.best_peer
    return f"{name.removeprefix('peer: ')}: {numbers.ratio:.2f}"


def _ratio(numbers: Any) -> str:
    return f"{numbers.ratio:.2f} ({numbers.low:.2f} to {numbers.high:.2f})"


def save(path: Path, results: list[Result], growth: float | None) -> None:
    """Write everything as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = {
        "machine": machine(),
        "memory_growth": growth,
        "rows": [result.as_dict() for result in results],
    }
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
