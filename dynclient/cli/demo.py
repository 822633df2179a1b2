"""`dynclient demo`: the embedded service, a Bell job, and all the Jobs operations."""

from __future__ import annotations

import time

import click

from . import exits
from .command import Command
from .output import console_for

__all__ = ["command"]


@click.command("demo", cls=Command)
@click.option("--plain", is_flag=True, help="No colours and no progress bar, on a terminal too.")
@click.pass_context
def command(ctx: click.Context, plain: bool) -> None:
    """See dynclient work on this machine, without an account.

    Starts the embedded service, submits a Bell circuit, waits for it and prints its counts; calls
    all eleven Jobs operations; runs an estimator in a session and plots its values; shows an
    invalid request and an invalid response being caught; and proposes an overlay for a service that
    its document does not describe any more. Needs the extra `dynclient[emulator]`.
    """
    from .demonstration import Demonstration

    started = time.monotonic()
    console = console_for(plain=plain)
    good = Demonstration(console, plain=plain).run()
    seconds = time.monotonic() - started
    console.print(
        f"Done in {seconds:.1f} s." if good else f"Something went wrong ({seconds:.1f} s)."
    )
    if not good:
        ctx.exit(exits.PROBLEMS)
