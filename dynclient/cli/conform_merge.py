"""`dynclient conform merge`: ledgers of several processes or machines, in one."""

from __future__ import annotations

from collections.abc import Sequence

import click

from ..conformance.ledger import merge
from .command import Command

__all__ = ["command"]


@click.command("merge", cls=Command)
@click.argument("target", metavar="LEDGER")
@click.argument("sources", nargs=-1, required=True, metavar="OTHER...")
def command(target: str, sources: Sequence[str]) -> None:
    """Add what is in each OTHER to LEDGER, which is made where there is none.

    A ledger that is merged twice counts twice.

    \b
    dynclient conform merge all.db monday.db tuesday.db
    """
    merge(target, sources)
