"""What the commands of `dynclient conform` share: options, baselines, where a report goes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ..conformance.baseline import compare, write_baseline
from ..conformance.findings import SEVERITIES
from ..conformance.report import FORMATS
from ..conformance.tally import Tally
from . import exits
from .output import show, tell

__all__ = ["accepted", "report_options", "spec_option", "write_report"]

_F = TypeVar("_F", bound=Callable[..., Any])

_FILE = click.Path(dir_okay=False, path_type=Path)

spec_option = click.option(
    "--spec", required=True, metavar="DOC", help="The document: a name, a path or a URL."
)

_OPTIONS = (
    click.option(
        "--min-severity",
        type=click.Choice(SEVERITIES),
        default="warning",
        show_default=True,
        help="Findings that are less count as none.",
    ),
    click.option("--max-findings", type=click.IntRange(0), help="How many findings are shown."),
    click.option(
        "--baseline",
        metavar="FILE",
        type=_FILE,
        help="Findings that are accepted: they are not shown, and do not count.",
    ),
    click.option(
        "--write-baseline",
        metavar="FILE",
        type=_FILE,
        help="Accept what is found now: write it as a baseline.",
    ),
    click.option(
        "--format",
        "form",
        type=click.Choice(list(FORMATS)),
        default="text",
        show_default=True,
        help="What the report is.",
    ),
    click.option(
        "-o",
        "--output",
        metavar="FILE",
        type=_FILE,
        help="Where the report goes.  [default: stdout]",
    ),
)


def report_options(command: _F) -> _F:
    """The options of whatever makes a report of findings."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def accepted(tally: Tally, baseline: Path | None, written: Path | None) -> Tally:
    """The tally without the findings of a baseline; those that are gone are told."""
    if written is not None:
        try:
            write_baseline(written, tally.groups())
        except OSError as error:
            raise exits.Unavailable(f"{written} can't be written: {error.strerror}") from None
        return tally.only(())
    if baseline is None:
        return tally
    compared = compare(baseline, tally)
    tell(f"{len(compared.new)} new findings, {len(compared.known)} known")
    for key in compared.gone:
        tell(f"gone: {key.code} {key.operation}, {key.where}")
    return tally.only(compared.new)


def write_report(report: str, output: Path | None) -> None:
    """Write a report to a file, or to stdout."""
    if output is None:
        for line in report.splitlines():
            show(line)
        return
    try:
        output.write_text(f"{report}\n", encoding="utf-8")
    except OSError as error:
        raise exits.Unavailable(f"{output} can't be written: {error.strerror}") from None
