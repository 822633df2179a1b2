"""`dynclient conform repair`: an overlay that makes the document agree with what was seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..conformance.ledger import Ledger
from ..conformance.repairing import repair
from .command import Command
from .conform_options import spec_option, write_report
from .options import open_document, trust_option
from .output import tell

__all__ = ["command"]


@click.command("repair", cls=Command, options_metavar="[OPTIONS]")
@click.argument("path", metavar="LEDGER", type=click.Path(exists=True, dir_okay=False))
@spec_option
@trust_option
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the overlay goes, as YAML.  [default: stdout]",
)
def command(path: str, spec: str, trust: Any, output: Path | None) -> None:
    """Propose an OpenAPI Overlay for what the responses in LEDGER have that DOC does not.

    Each action says which finding it is for and in how many exchanges that was seen. Read them: the
    service may be wrong, and not the document. `--overlay FILE` applies it.

    \b
    dynclient conform repair drift.db --spec openapi.yaml -o seen.yaml
    dynclient conform check traffic.har --spec openapi.yaml --overlay seen.yaml
    """
    import yaml

    with open_document(spec, trust=trust, auth={}) as client, Ledger(path) as ledger:
        found = repair(ledger.tally(), client.document)
    for group, reason in found.left:
        tell(f"not repaired: {group.key.code} {group.key.operation}, {group.key.where}: {reason}")
    if found.overlay is None:
        tell("there is nothing to repair")
        return
    text = yaml.safe_dump(found.overlay, sort_keys=False, allow_unicode=True, width=100)
    write_report(text.rstrip("\n"), output)
