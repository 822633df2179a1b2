"""Standard streams as they may be: closed, read-only, full, or nobody's at the other end."""

from __future__ import annotations

import errno
import os
import sys
from io import TextIOWrapper

import click

from . import exits

__all__ = ["UNWRITABLE", "discard_stdout", "prepare_streams", "read_stdin", "read_stdin_line"]

#: What an OSError says where the output can't be written.
UNWRITABLE = (errno.EBADF, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def prepare_streams() -> None:
    """Make the streams fit to write to. `exits.Unavailable` where stdout is closed (`>&-`)."""
    for descriptor in range(3):  # else the next file or socket gets the number of a closed one
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # escapes for what an old encoding lacks
            stream.reconfigure(errors="backslashreplace")
    # Python sets a stream that was closed at its start to None.
    if sys.stdout is None:
        raise exits.Unavailable("the output can't be written: stdout is closed")


def discard_stdout() -> None:
    """What is still buffered must not be tried again when the interpreter ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def read_stdin(param_hint: str) -> bytes:
    """All of stdin. BadParameter if it is closed or can't be read."""
    try:
        return sys.stdin.buffer.read()
    except (OSError, AttributeError) as error:  # None, where it was closed at the start
        raise _unreadable(error, param_hint) from None


def read_stdin_line(param_hint: str) -> str:
    """One line of stdin, without its end. BadParameter if there is none that is text."""
    try:
        return sys.stdin.buffer.readline().decode().rstrip("\r\n")
    except (OSError, AttributeError, UnicodeDecodeError) as error:
        raise _unreadable(error, param_hint) from None


def _unreadable(error: Exception, param_hint: str) -> click.BadParameter:
    if isinstance(error, OSError):
        reason = error.strerror or str(error)
    else:
        reason = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else "it is closed"
    return click.BadParameter(f"stdin can't be read: {reason}", param_hint=param_hint)
