"""What goes to stdout and to stderr, and how."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import click
from msgspec import structs

from ..messages import Response
from ..redaction import MASK

if TYPE_CHECKING:
    from rich.console import Console

__all__ = [
    "LOGGER",
    "PRINTED",
    "Masker",
    "console_for",
    "is_terminal",
    "json_text",
    "logged",
    "printable",
    "show",
    "show_json",
    "tell",
    "write_bytes",
]

#: Cells are not cut where nobody looks at them on a screen.
_PIPE_WIDTH = 400
_SHORTEST_SECRET = 4
# What could steer a terminal or hide text in it, but for tab and line feed: controls, line and
# paragraph separators, marks of direction, invisible format characters, lone surrogates.
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff"
    "\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


class Masker:
    """Knows the secrets that were given to this run, and masks them in what is printed.

    The errors of the library hold none of them. This is for the texts of others: a server that
    repeats a token in its error message.
    """

    def __init__(self) -> None:
        self._secrets: set[str] = set()

    def add(self, secret: str) -> None:
        """Mask this text from now on; of `user:password` and `apikey KEY` the second part too."""
        parts = {secret, re.split(r"[:\s]", secret, maxsplit=1)[-1]}
        self._secrets |= {part for part in parts if len(part) >= _SHORTEST_SECRET}

    def __call__(self, text: str) -> str:
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, MASK)
        return text

    def response(self, response: Response) -> Response:
        """The response with the secrets taken out of its body."""
        content = response.content
        for secret in sorted(self._secrets, key=len, reverse=True):
            content = content.replace(secret.encode(errors="surrogateescape"), MASK.encode())
        return structs.replace(response, data=self._data(response.data), content=content)

    def _data(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {self(key): self._data(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._data(item) for item in value]
        return self(value) if isinstance(value, str) else value


LOGGER = "dynclient"
#: In the `meta` of a context: the response of a failed call is on stdout already.
PRINTED = "dynclient.printed"


@contextmanager
def logged(masker: Masker) -> Iterator[None]:
    """What the library logs goes to stderr, as every other message."""
    logger = logging.getLogger(LOGGER)
    handler = _Handler(masker)
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.WARNING)  # until -v says more
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)


class _Handler(logging.Handler):
    def __init__(self, masker: Masker) -> None:
        super().__init__()
        self._masker = masker

    def emit(self, record: logging.LogRecord) -> None:
        head = f"{record.levelname.capitalize()}: " if record.levelno >= logging.WARNING else ""
        tell(head + record.getMessage(), self._masker)


def printable(text: str) -> str:
    """The text with control characters shown as escapes, so that none reaches a terminal."""
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def show(text: str, **style: Any) -> None:
    """A line of data for stdout; `style` is that of `click.style`, for terminals only."""
    click.echo(click.style(printable(text), **style) if style else printable(text))


def tell(text: str, masker: Masker | None = None) -> None:
    """A line for stderr; ignored where that can't be written, as there is no other place."""
    text = printable(text)
    with suppress(OSError):
        click.echo(masker(text) if masker is not None else text, err=True)


def is_terminal() -> bool:
    """Whether stdout is one."""
    return sys.stdout.isatty()


def write_bytes(content: bytes) -> None:
    """Bytes for stdout, as they are."""
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def json_text(value: Any, *, indent: int | None = 2) -> str:
    """The value as JSON text that can be written in UTF-8."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate, which JSON can only escape
        return json.dumps(value, indent=indent)
    return text


def show_json(value: Any) -> None:
    """A value as JSON on stdout; on a terminal in colour, and with escapes for what steers it."""
    text = json_text(value)
    if not is_terminal():
        write_bytes(f"{text}\n".encode())
        return
    # Such a character stands in a string only, where JSON has escapes for it.
    text = _CONTROL.sub(lambda match: json.dumps(match[0])[1:-1], text)
    if "NO_COLOR" in os.environ:
        click.echo(text)
        return
    from rich.highlighter import JSONHighlighter
    from rich.text import Text

    console_for().print(JSONHighlighter()(Text(text)), soft_wrap=True)


def console_for(*, plain: bool = False) -> Console:
    """A console on stdout; wide, and without colour or control codes, when that is no terminal."""
    from rich.console import Console

    class OurConsole(Console):
        def on_broken_pipe(self) -> None:
            """Let the program deal with it, as with any other output."""
            raise BrokenPipeError

    if is_terminal() and not plain:
        return OurConsole()
    width = None if is_terminal() else _PIPE_WIDTH
    return OurConsole(
        force_terminal=False, no_color=True, color_system=None, highlight=False, width=width
    )
