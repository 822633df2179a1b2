"""Secrets on the command line, from where they need not be seen: `--auth NAME=VALUE`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import click

from ..auth.stores import keyring_password
from ..client import Client
from ..credentials import schemes_of
from ..environment import environment_name
from .output import Masker
from .streams import read_stdin_line

__all__ = ["credentials", "masked_environment", "read_secret", "variable_names"]


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
        found[name] = None if source == "none:" else read_secret(f"--auth {name}", source)
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


def read_secret(option: str, source: str) -> str:
    """The text that `source` stands for: see `--auth`. BadParameter, without it, if it has none."""
    if source == "-":
        return read_stdin_line(option)
    kind, colon, rest = source.partition(":")
    if colon and kind in _SOURCES:
        return _SOURCES[kind](option, rest)
    if source.startswith("@"):
        return _in_file(option, source[1:])
    return source


def _in_file(option: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise _wrong(f"{path} can't be read: {reason}", option) from None


def _in_environment(option: str, variable: str) -> str:
    if not variable:
        raise _wrong("env: names no variable", option)
    value = os.environ.get(variable)
    if not value:
        raise _wrong(f"the environment variable {variable} is not set", option)
    return value


def _in_keyring(option: str, entry: str) -> str:
    service, _, user = entry.rpartition("/")
    if not service or not user:
        raise _wrong("give keyring:SERVICE/USER", option)
    value = keyring_password(service, user)
    if not value:
        raise _wrong(f"the keyring has nothing for {user} of {service}", option)
    return value


def _printed(option: str, command: str) -> str:
    """The first line that a command prints; what it says of an error goes to stderr itself."""
    import shlex
    import subprocess

    try:
        words = shlex.split(command)
    except ValueError as error:
        raise _wrong(f"cmd: {error}", option) from None
    if not words:
        raise _wrong("cmd: names no command", option)
    try:
        done = subprocess.run(words, stdout=subprocess.PIPE, check=False)  # noqa: S603  the caller's
    except OSError as error:
        raise _wrong(f"{words[0]} can't be run: {error.strerror}", option) from None
    if done.returncode:
        raise _wrong(f"{words[0]} ended with exit code {done.returncode}", option)
    line = done.stdout.decode("utf-8", "replace").partition("\n")[0].rstrip("\r")
    if not line:
        raise _wrong(f"{words[0]} printed nothing", option)
    return line


#: What may stand in front of a colon.
_SOURCES = {"env": _in_environment, "cmd": _printed, "keyring": _in_keyring}


def _wrong(message: str, option: str = "--auth") -> click.BadParameter:
    return click.BadParameter(message, param_hint=option)
