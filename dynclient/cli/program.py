"""The program: finds the command, and turns every error into a message and an exit code."""

from __future__ import annotations

import errno
import os
import shlex
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper
from typing import Any

import click

from .. import __version__, errors
from ..environment import environment_name
from . import exits
from .options import document_words, named_document
from .output import Masker, tell
from .remedies import on_command_line

__all__ = ["program"]

_DISK_FAULTS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
_COMMANDS = ("ops", "describe", "call", "lint", "emulator", "demo")


class Program(click.Group):
    """A group whose commands are modules of this package, imported when they are asked for."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f".{cmd_name}", __package__).command
        return command

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
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):  # escapes for what an old encoding lacks
                stream.reconfigure(errors="backslashreplace")
        masker = Masker()
        try:
            result = super().main(args, prog_name, obj=masker, **options)
            code = result if isinstance(result, int) else 0
        except click.Abort:  # click's word for KeyboardInterrupt
            code = exits.INTERRUPTED
        except click.ClickException as error:
            _report_usage(error, masker)
            code = exits.code_of(error)
        except Exception:  # noqa: BLE001 - our own fault: told in full, with a code of its own
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
            _give_up_stdout()
            raise click.exceptions.Exit(exits.PIPE_CLOSED) from None
        except OSError as error:
            if error.errno not in _DISK_FAULTS:
                raise
            _give_up_stdout()
            reason = f"the output can't be written: {error.strerror}"
            raise exits.Unavailable(reason) from None
        return result


def _give_up_stdout() -> None:
    """What is still buffered must not be tried again when the interpreter ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _report_usage(error: click.ClickException, masker: Masker) -> None:
    if isinstance(error, click.UsageError) and error.ctx is not None:
        tell(f"{error.ctx.get_usage()}\nTry '{error.ctx.command_path} --help'.\n", masker)
    tell(f"Error: {error.format_message()}", masker)


def _report(error: errors.DynclientError, ctx: click.Context) -> None:
    tell(f"Error: {error.worded(on_command_line)}", ctx.obj)
    if hint := _hint(error, named_document(ctx)):
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
            return f"`dynclient describe {' '.join(words)}` tells what it takes"
        case errors.AuthError() if error.missing:
            options = " ".join(
                f"--auth {name}=env:{environment_name(name)}" for name in error.missing
            )
            return f"on the command line: {options} (or @FILE, or - for stdin)"
        case errors.ConnectError():
            return "--base-url names another service"
        case errors.InvalidResponse() if not isinstance(error, errors.StatusError):
            return "`--validate warn` prints the answer nevertheless"
        case _:
            return ""


@click.group(
    cls=Program,
    epilog="`dynclient COMMAND --help` has examples.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, "--version", prog_name="dynclient")
def program() -> None:
    """Call the operations of an OpenAPI document; requests and answers are validated.

    \b
    dynclient ops                        what the bundled document offers
    dynclient describe create_job        what an operation takes, with examples
    dynclient call list_jobs limit=5     call it
    dynclient demo                       see all of it work, on this machine
    """
