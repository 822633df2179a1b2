"""`dynclient conform check`: recorded traffic, judged by a document."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from ..conformance.codes import CODES
from ..conformance.judge import Judge
from ..conformance.ledger import Ledger
from ..conformance.report import render
from ..conformance.sources import SourceError, exchanges_in
from ..conformance.tally import Filter, Tally
from . import exits
from .command import Command
from .conform_options import accepted, report_options, spec_option, write_report
from .options import open_document, trust_option
from .output import Masker, tell

__all__ = ["command"]


@click.command("check", cls=Command, options_metavar="[OPTIONS]")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@spec_option
@trust_option
@click.option(
    "--server",
    metavar="URL",
    help="Where the service was; other hosts are counted, not blamed.  [default: the document's]",
)
@click.option(
    "--engine",
    type=click.Choice(["compiled", "openapi-core", "both"]),
    default="compiled",
    show_default=True,
    help="Which validators judge.",
)
@click.option(
    "--members", is_flag=True, help="Find properties that the document does not declare, too."
)
@click.option("--rules", metavar="CODE,...", help="Only these codes, or their names.")
@click.option(
    "--ignore-headers",
    multiple=True,
    metavar="PATTERN",
    help="Undeclared header fields that are ignored: 'x-*'; may be repeated.",
)
@click.option("--ignore-cookies", is_flag=True, help="Ignore undeclared cookies.")
@click.option(
    "--ledger",
    "ledger_file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Add what is found to a ledger, too.",
)
@click.option("--coverage", is_flag=True, help="List the operations that were not called.")
@report_options
@click.pass_obj
def command(
    masker: Masker,
    /,
    files: Sequence[str],
    spec: str,
    trust: Any,
    server: str | None,
    engine: Any,
    members: bool,
    min_severity: Any,
    rules: str | None,
    max_findings: int | None,
    baseline: Path | None,
    write_baseline: Path | None,
    ignore_headers: Sequence[str],
    ignore_cookies: bool,
    coverage: bool,
    ledger_file: Path | None,
    form: str,
    output: Path | None,
) -> None:
    """Judge the exchanges in each FILE: HAR, a cassette of VCR.py, or a recording of ours.

    Findings are grouped by code and place; `dynclient conform explain CODE` says what one means.
    The exit code is 1 if there are any.

    \b
    dynclient conform check traffic.har --spec openapi.yaml
    dynclient conform check *.har --spec openapi.yaml --server https://staging.example/v2
    dynclient conform check tests.jsonl --spec openapi.yaml --format junit -o report.xml
    """
    wanted = _rules(rules)
    with open_document(spec, trust=trust, auth={}) as client:
        judge = Judge(client, base_url=server, engine=engine, members=members)
        tally = Tally(
            Filter(
                min_severity=min_severity,
                rules=wanted,
                ignore_headers=ignore_headers,
                ignore_cookies=ignore_cookies,
            )
        )
        ledger = Ledger(ledger_file) if ledger_file is not None else None
        broken: list[SourceError] = []
        for file in files:
            try:
                for exchange in exchanges_in(file):
                    verdict = judge.check_exchange(exchange)
                    tally.add(verdict, exchange)
                    if ledger is not None:
                        ledger.add(verdict, exchange, judge.operations)
            except SourceError as error:  # what was read before counts, and so do other files
                broken.append(error)
                tell(f"Error: {error}", masker)
        if ledger is not None:
            ledger.close()
        tally = accepted(tally, baseline, write_baseline)
        report = render(tally, judge.document, judge.operations, form, most=max_findings)
        if coverage:
            missing = tally.untouched(judge.operations)
            tell("not called: " + (", ".join(missing) or "none"))
    write_report(report, output)
    if broken:
        raise broken[0]
    if tally.groups():
        click.get_current_context().exit(exits.PROBLEMS)


def _rules(text: str | None) -> frozenset[str]:
    wanted = frozenset(filter(None, (text or "").split(",")))
    known = set(CODES) | {code.name for code in CODES.values()}
    if unknown := wanted - known:
        raise click.BadParameter(
            f"no code {', '.join(sorted(unknown))}; see `dynclient conform explain`",
            param_hint="--rules",
        )
    return wanted
