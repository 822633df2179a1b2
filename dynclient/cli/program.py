"""The program: finds the command, and turns every error into a message and an exit code."""

from __future__ import annotations

import difflib
import shlex
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from itertools import chain
from typing import Any

import click

from .. import errors
from ..environment import environment_name
from ..remedies import Remedy
from ..version import __version__
from . import exits
from .command import unknown_option
from .options import document_words, named_document
from .output import PRINTED, Masker, logged, tell
from .remedies import on_command_line
from .streams import UNWRITABLE, discard_stdout, prepare_streams

__all__ = ["program"]

_COMMANDS = {
    "ops": ".ops",
    "describe": ".describe",
    "call": ".call",
    "bulk": ".bulk",
    "login": ".login",
    "logout": ".login:logout",
    "auth": ".auth",
    "lint": ".lint",
    "conform": ".conform",
    "mock": ".mock",
    "emulator": ".emulator",
    "demo": ".demo",
}


class Program(click.Group):
    """A group whose commands are modules of this package, imported when they are asked for."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module, __package__), name or "command")
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            raise unknown_option(self, ctx, error.option_name) from None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in _COMMANDS and name[:1] != "-":
            near = difflib.get_close_matches(name, _COMMANDS, n=1)
            known = f"did you mean {near[0]}?" if near else f"there are {', '.join(_COMMANDS)}"
            raise click.UsageError(f"no command {name!r}; {known}", ctx)
        return super().resolve_command(ctx, args)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_epilog(ctx, formatter)
        with formatter.section("Exit codes"):
            for line in exits.help_text().splitlines():
                formatter.write(f"{line}\n")

    def main(  # type: ignore[override]
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **options: Any
    ) -> None:
        """Run to the end: SystemExit with the code that `exits` gives."""
        options["standalone_mode"] = False
        masker = Masker()
        try:
            prepare_streams()
            with logged(masker):
                result = super().main(args, prog_name, obj=masker, **options)
            code = result if isinstance(result, int) else 0
        except click.Abort:  # click's word for KeyboardInterrupt
            code = exits.INTERRUPTED
        except click.ClickException as error:
            _report_usage(error, masker)
            code = exits.code_of(error)
        except Exception:  # noqa: BLE001 - a bug of ours: shown in full, with a code of its own
            tell(traceback.format_exc(), masker)
            code = exits.BUG
        sys.exit(code)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except errors.DynclientError as error:
            _report(error, ctx)
            raise click.exceptions.Exit(exits.code_of(error)) from None
        except BrokenPipeError:
            discard_stdout()
            raise click.exceptions.Exit(exits.PIPE_CLOSED) from None
        except OSError as error:
            if error.errno not in UNWRITABLE:
                raise
            discard_stdout()
            reason = f"the output can't be written: {error.strerror}"
            raise exits.Unavailable(reason) from None
        return result


def _report_usage(error: click.ClickException, masker: Masker) -> None:
    if isinstance(error, click.UsageError) and error.ctx is not None:
        tell(f"{error.ctx.get_usage()}\nTry '{error.ctx.command_path} --help'.\n", masker)
    tell(f"Error: {error.format_message()}", masker)


def _report(error: errors.DynclientError, ctx: click.Context) -> None:
    tell(f"Error: {error.worded(on_command_line)}", ctx.obj)
    hint = _hint(error, named_document(ctx))
    if hint and not ctx.meta.get(PRINTED):
        tell(f"Hint: {hint}", ctx.obj)


def _hint(error: Exception, document: str | None) -> str:
    """What to do next; commands keep the `document` that the command line named."""
    match error:
        case errors.UnknownOperation():
            words = [] if document is None else [shlex.quote(document)]
            return f"`{' '.join(['dynclient ops', *words])}` lists the operations"
        case errors.InvalidRequest():
            words = [shlex.quote(error.operation)]
            words += [] if document is None else document_words(document)
            return f"`dynclient describe {' '.join(words)}` shows what it takes"
        case errors.AuthError(remedy=Remedy() as remedy) if error.missing:
            settings = chain.from_iterable(remedy.alternatives)
            names = [setting.key for setting in settings if setting.name == "auth"]
            options = [f"--auth {name}=env:{environment_name(name)}" for name in names]
            if not options:
                return ""
            return f"`{' '.join(options)}` takes variables; @FILE and - (stdin) do as well"
        case errors.ConnectError():
            return "--base-url names another service"
        case errors.StatusError():
            return "`-o json` prints the whole response" if error.response.content else ""
        case errors.InvalidResponse():
            return "`-o json` prints the response, `--validate warn` accepts it"
        case _:
            return ""


@click.group(
    cls=Program,
    epilog="`dynclient COMMAND --help` has examples.",
    context_settings={"help_option_names": ["-h", "--help"]},
    invoke_without_command=True,
)
@click.version_option(__version__, "--version", prog_name="dynclient")
@click.pass_context
def program(ctx: click.Context) -> None:
    """Call the operations of an OpenAPI document; requests and responses are validated.

    \b
    dynclient ops                        what the bundled document offers
    dynclient describe create_job        what an operation takes, with examples
    dynclient call list_jobs limit=5     call it
    dynclient demo                       see it work on this machine
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
