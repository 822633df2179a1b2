"""`dynclient conform report`: what a ledger says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..conformance.coverage import documented
from ..conformance.ledger import Ledger
from ..conformance.report import render
from ..conformance.tally import Filter
from . import exits
from .command import Command
from .conform_options import accepted, report_options, spec_option, write_report
from .options import open_document, trust_option
from .output import tell

__all__ = ["command"]


@click.command("report", cls=Command, options_metavar="[OPTIONS]")
@click.argument("path", metavar="LEDGER", type=click.Path(exists=True, dir_okay=False))
@spec_option
@trust_option
@click.option("--coverage", is_flag=True, help="List what the document has and nobody saw.")
@report_options
def command(
    path: str,
    spec: str,
    trust: Any,
    min_severity: Any,
    max_findings: int | None,
    baseline: Path | None,
    write_baseline: Path | None,
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
        tally = accepted(tally, baseline, write_baseline)
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
