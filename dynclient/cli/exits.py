"""Exit codes: the one table from kinds of error to numbers."""

from __future__ import annotations

import click

from .. import errors

__all__ = ["BUG", "INTERRUPTED", "PIPE_CLOSED", "PROBLEMS", "Unavailable", "code_of", "help_text"]

PROBLEMS = 1
BUG = 70  # EX_SOFTWARE of sysexits.h
INTERRUPTED = 130  # 128 + SIGINT, as shells count
PIPE_CLOSED = 141  # 128 + SIGPIPE


class Unavailable(click.ClickException):
    """Something that the command needs of this machine is missing."""


#: The first row that has a class of the error counts. A 4xx or 5xx whose body also breaks the
#: document has the code of its status.
_TABLE: tuple[tuple[type[BaseException], int, str], ...] = (
    (click.UsageError, 2, "usage: unknown option, operation or file, unreadable value"),
    (errors.UnknownOperation, 2, ""),
    (errors.DocumentError, 3, "the OpenAPI document can't be read or used"),
    (errors.InvalidRequest, 4, "the arguments break the document; nothing was sent"),
    (errors.AuthError, 5, "credentials are missing, or a token could not be fetched"),
    (errors.TransportError, 6, "no response: connection, TLS, timeout, size"),
    (errors.ClientStatusError, 7, "the server responded with 4xx"),
    (errors.ServerStatusError, 8, "the server responded with 5xx"),
    (errors.InvalidResponse, 9, "the response breaks the document"),
    (Unavailable, 10, "something is missing here: an extra, a free port, a writable output"),
    (errors.DynclientError, 10, ""),
    (click.ClickException, 2, ""),
)

_OTHERS = (
    (0, "done"),
    (PROBLEMS, "`lint` found problems, or `demo` failed"),
    (BUG, "a bug in dynclient; the traceback says more"),
    (INTERRUPTED, "interrupted"),
    (PIPE_CLOSED, "the reader of the output closed the pipe"),
)


def code_of(error: BaseException) -> int:
    """The exit code for an error."""
    return next((code for kind, code, _ in _TABLE if isinstance(error, kind)), BUG)


def help_text() -> str:
    """The table for people, a line each."""
    rows = {code: meaning for _, code, meaning in reversed(_TABLE) if meaning} | dict(_OTHERS)
    return "\n".join(f"{code:>5}  {rows[code]}" for code in sorted(rows))
