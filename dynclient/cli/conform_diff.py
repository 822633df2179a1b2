"""`dynclient conform diff`: two versions of a document."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from ..conformance.differences import Change, diff
from ..conformance.ledger import Ledger
from . import exits
from .command import Command
from .conform_options import write_report
from .options import open_document, trust_option

__all__ = ["command"]


@click.command("diff", cls=Command, options_metavar="[OPTIONS]")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@trust_option
@click.option(
    "--fail-on",
    type=click.Choice(["breaking", "callers", "servers", "any"]),
    help="The exit code is 1 if there is a change of this kind.",
)
@click.option(
    "--ledger",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    help="Say which of the operations are in use, by a ledger.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="What the report is.",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the report goes.  [default: stdout]",
)
def command(
    old: str,
    new: str,
    trust: Any,
    fail_on: str | None,
    ledger: str | None,
    form: str,
    output: Path | None,
) -> None:
    """Say which changes from OLD to NEW break callers, and which break servers.

    \b
    dynclient conform diff v1.yaml v2.yaml --fail-on breaking
    dynclient conform diff v1.yaml v2.yaml --ledger drift.db --format markdown
    """
    with (
        open_document(old, trust=trust, auth={}) as before,
        open_document(new, trust=trust, auth={}) as after,
    ):
        changes = diff(before, after)
    calls = _calls(ledger)
    write_report(_FORMATS[form](changes, calls), output)
    if any(_counts(change, fail_on) for change in changes):
        click.get_current_context().exit(exits.PROBLEMS)


def _calls(ledger: str | None) -> dict[str, int] | None:
    """How often each operation was called; None without a ledger."""
    if ledger is None:
        return None
    with Ledger(ledger) as opened:
        return dict(opened.tally().operations)


def _counts(change: Change, fail_on: str | None) -> bool:
    match fail_on:
        case None:
            return False
        case "any":
            return True
        case "breaking":
            return change.breaks != "none"
        case _:
            return change.breaks in (fail_on, "both")


def _text(changes: list[Change], calls: dict[str, int] | None) -> str:
    lines = [_summary(changes)]
    for change in changes:
        used = "" if calls is None else f", called {calls.get(change.operation, 0)} times"
        name = change.operation or "the document"
        lines.append(f"{_whom(change)}: {change.rule}: {name}{used}")
        place = f"{change.where}: " if change.where else ""
        lines.append(f"  {place}{change.message}")
    return "\n".join(lines)


def _markdown(changes: list[Change], calls: dict[str, int] | None) -> str:
    lines = [f"### {_summary(changes)}", ""]
    names = ["breaks", "rule", "operation", "where", "what", *(() if calls is None else ("calls",))]
    lines += [f"| {' | '.join(names)} |", f"|{' --- |' * len(names)}"]
    for change in changes:
        cells = [change.breaks, change.rule, change.operation, change.where, change.message]
        if calls is not None:
            cells.append(str(calls.get(change.operation, 0)))
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def _json(changes: list[Change], calls: dict[str, int] | None) -> str:
    found = []
    for change in changes:
        used = {} if calls is None else {"calls": calls.get(change.operation, 0)}
        found.append({**asdict(change), **used})
    return json.dumps({"dynclient": "diff/1", "changes": found}, indent=2, ensure_ascii=False)


_FORMATS = {"text": _text, "markdown": _markdown, "json": _json}


def _summary(changes: list[Change]) -> str:
    callers = sum(change.breaks in ("callers", "both") for change in changes)
    servers = sum(change.breaks in ("servers", "both") for change in changes)
    count = f"{len(changes)} change{'s'[: len(changes) != 1]}"
    return f"{count}; {callers} break callers, {servers} break servers"


def _whom(change: Change) -> str:
    words = {"both": "breaks callers and servers", "none": "breaks nobody"}
    return words.get(change.breaks, f"breaks {change.breaks}")
