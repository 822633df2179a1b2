"""`dynclient conform report`: what a ledger says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..conformance.coverage import documented
from ..conformance.findings import SEVERITIES
from ..conformance.ledger import Ledger
from ..conformance.report import FORMATS, render
from ..conformance.tally import Filter
from . import exits
from .command import Command
from .conform_check import write_report
from .options import open_document, trust_option
from .output import tell

__all__ = ["command"]


@click.command("report", cls=Command, options_metavar="[OPTIONS]")
@click.argument("path", metavar="LEDGER", type=click.Path(exists=True, dir_okay=False))
@click.option("--spec", required=True, metavar="DOC", help="The document: a name, a path or a URL.")
@trust_option
@click.option(
    "--min-severity",
    type=click.Choice(SEVERITIES),
    default="warning",
    show_default=True,
    help="Findings that are less count as none.",
)
@click.option("--max-findings", type=click.IntRange(0), help="How many findings are shown.")
@click.option("--coverage", is_flag=True, help="List what the document has and nobody saw.")
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
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
    path: str,
    spec: str,
    trust: Any,
    min_severity: Any,
    max_findings: int | None,
    coverage: bool,
    form: str,
    output: Path | None,
) -> None:
    """Say what is in LEDGER. The exit code is 1 if there are findings.

    \b
    dynclient conform report drift.db --spec openapi.yaml --format markdown
    """
    with open_document(spec, trust=trust, auth={}) as client, Ledger(path) as ledger:
        tally = ledger.tally(Filter(min_severity=min_severity))
        report = render(tally, client.document, client.operations, form, most=max_findings)
        if coverage:
            seen = ledger.coverage()
            for name, operation in client.operations.items():
                points = documented(operation)
                missing = sorted(points - seen.get(name, {}).keys())
                tell(f"{name}: {len(points) - len(missing)} of {len(points)} seen")
                for point in missing:
                    tell(f"  not seen: {point.kind} {point.name}")
    write_report(report, output)
    if tally.groups():
        click.get_current_context().exit(exits.PROBLEMS)
