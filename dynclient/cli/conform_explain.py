"""`dynclient conform explain`: what a code means."""

from __future__ import annotations

from importlib.resources import files

import click

from ..conformance.codes import CODES
from .command import Command
from .output import show

__all__ = ["command"]


@click.command("explain", cls=Command)
@click.argument("code", required=False)
@click.option("--schema", is_flag=True, help="Print the JSON Schema of reports with --format json.")
def command(code: str | None, schema: bool) -> None:
    """Say what CODE means, by its number or its name; without it, all of them."""
    if schema:
        show(files("dynclient.conformance").joinpath("report.schema.json").read_text("utf-8"))
        return
    names = {each.name: each for each in CODES.values()}
    found = list(CODES.values())
    if code is not None:
        one = CODES.get(code.upper()) or names.get(code.lower())
        if one is None:
            raise click.UsageError(f"no code {code!r}; there are {', '.join(CODES)}")
        found = [one]
    for each in found:
        show(f"{each.code} {each.name} ({each.side}, {each.severity})")
        show(f"  {each.meaning}")
