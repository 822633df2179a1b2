"""`dynclient conform`: does a service do what its document says?"""

from __future__ import annotations

from importlib import import_module

import click

from .command import unknown_option

__all__ = ["command"]

_COMMANDS = {
    "check": ".conform_check",
    "run": ".conform_run",
    "proxy": ".conform_proxy",
    "replay": ".conform_replay",
    "pytest": ".conform_replay:as_pytest",
    "report": ".conform_report",
    "merge": ".conform_merge",
    "repair": ".conform_repair",
    "diff": ".conform_diff",
    "explain": ".conform_explain",
}


class _Group(click.Group):
    """A group whose commands are modules of this package, imported when they are asked for."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        found: click.Command = getattr(import_module(module, __package__), name or "command")
        return found

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            raise unknown_option(self, ctx, error.option_name) from None


@click.command("conform", cls=_Group)
def command() -> None:
    """Check that a service and its document agree.

    \b
    dynclient conform check traffic.har --spec openapi.yaml
    dynclient conform explain DC301
    """
