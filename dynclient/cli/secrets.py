"""`--auth NAME=VALUE`: credentials, from where they need not be seen."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import click

from ..client import Client
from ..credentials import schemes_of
from ..environment import environment_name
from .output import Masker
from .streams import read_stdin_line

__all__ = ["credentials", "masked_environment", "variable_names"]


def credentials(given: Sequence[str]) -> dict[str, object] | None:
    """The `auth=` mapping of the options; None without any.

    The client completes it by the environment, for a bundled document (see docs/auth.md).
    """
    if not given:
        return None
    found: dict[str, object] = {}
    for number, option in enumerate(given, 1):
        name, mark, source = option.partition("=")
        if not mark or not name:
            # What stands here instead may be the secret itself.
            raise _wrong(f"option {number} is not NAME=VALUE")
        found[name] = _value(name, source)
    return found


def masked_environment(masker: Masker, auth: Mapping[str, object], client: Client) -> None:
    """Let the masker know what is secret in this run."""
    values = [
        *auth.values(),
        *map(os.environ.get, map(environment_name, schemes_of(client.document))),
    ]
    for value in (*values, os.environ.get("QISKIT_IBM_TOKEN")):
        if isinstance(value, str) and value:
            masker.add(value)


def variable_names(given: Sequence[str]) -> Callable[[str], str]:
    """The name of the variable that holds the credential for a scheme."""
    pairs = (option.partition("=") for option in given)
    named = {name: value[4:] for name, _, value in pairs if value.startswith("env:")}
    return lambda scheme: named.get(scheme) or environment_name(scheme)


def _value(name: str, source: str) -> str | None:
    if source == "none:":
        return None
    if source == "-":
        return read_stdin_line("--auth")
    if source.startswith("env:"):
        variable = source.removeprefix("env:")
        value = os.environ.get(variable)
        if not variable:
            raise _wrong(f"{name}: env: names no variable")
        if not value:
            raise _wrong(f"{name}: the environment variable {variable} is not set")
        return value
    if source.startswith("cmd:"):
        return _printed(name, source.removeprefix("cmd:"))
    if source.startswith("@"):
        try:
            return Path(source[1:]).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise _wrong(f"{name}: {source[1:]} can't be read: {reason}") from None
    return source


def _printed(name: str, command: str) -> str:
    """The first line that a command prints; what it says of an error goes to stderr itself."""
    import shlex
    import subprocess

    try:
        words = shlex.split(command)
    except ValueError as error:
        raise _wrong(f"{name}: cmd: {error}") from None
    if not words:
        raise _wrong(f"{name}: cmd: names no command")
    try:
        done = subprocess.run(words, stdout=subprocess.PIPE, check=False)  # noqa: S603  the caller's
    except OSError as error:
        raise _wrong(f"{name}: {words[0]} can't be run: {error.strerror}") from None
    if done.returncode:
        raise _wrong(f"{name}: {words[0]} ended with exit code {done.returncode}")
    line = done.stdout.decode("utf-8", "replace").partition("\n")[0].rstrip("\r")
    if not line:
        raise _wrong(f"{name}: {words[0]} printed nothing")
    return line


def _wrong(message: str) -> click.BadParameter:
    return click.BadParameter(message, param_hint="--auth")
