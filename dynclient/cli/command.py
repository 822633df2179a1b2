"""The class of every command: near names for an option that it does not have."""

from __future__ import annotations

import difflib
from typing import Any

import click

__all__ = ["Command", "unknown_option"]

#: Of the ratio of difflib: `--limit` is not near `--timeout`, and `--validat` is near `--validate`.
_NEAR = 0.7


class Command(click.Command):
    """A command that names the nearest option where one is not known.

    unknown  added to the message then; `{}` stands for the option without its dashes
    """

    def __init__(self, *args: Any, unknown: str = "", **options: Any) -> None:
        super().__init__(*args, **options)
        self._unknown = unknown

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            raise unknown_option(self, ctx, error.option_name, self._unknown) from None


def unknown_option(
    command: click.Command, ctx: click.Context, name: str, more: str = ""
) -> click.UsageError:
    """The error for an option that a command does not have."""
    bare = name.lstrip("-")
    known = {
        option.lstrip("-"): option
        for parameter in command.get_params(ctx)
        if isinstance(parameter, click.Option)
        for option in (*parameter.opts, *parameter.secondary_opts)
    }
    near = difflib.get_close_matches(bare, known, n=1, cutoff=_NEAR)
    near += [each for each in known if bare and bare in each.split("-") and each not in near]
    if near:
        hint = f"; did you mean {' or '.join(known[each] for each in near)}?"
    else:
        is_word = more and name.startswith("--")
        hint = f"; {more.format(bare.replace('-', '_'))}" if is_word else ""
    return click.UsageError(f"no option {name}{hint}", ctx)
