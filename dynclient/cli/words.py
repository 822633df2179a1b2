"""The library's remedies, which are Python, in the words of the command line."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable

__all__ = ["on_command_line"]


def _auth(match: re.Match[str]) -> str:
    names = re.findall(r'"([^"]+)": ', match["entries"])
    options = [f"--auth {shlex.quote(f'{name}=VALUE')}" for name in names]
    return f"{match['verb']}: {' '.join(options)}  ("


_WORDS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"pass server_variables=\{[^{}]*\} or base_url="), "pass --base-url"),
    (re.compile(r"base_url=, or allow it by trust=Trust\(origins=\{\.\.\.\}\)"), "--base-url"),
    (re.compile(r"pass base_url="), "pass --base-url"),
    (re.compile(r"give auth= and base_url="), "give --auth and --base-url"),
    (re.compile(r"say which by Options\(content_type=\.\.\.\)"), "say which by --content-type"),
    (
        re.compile(r"need their boundary: Options\(content_type=('[^']*')\)"),
        r"need their boundary: --content-type \1",
    ),
    (re.compile(r"^auth= names ", re.MULTILINE), "--auth names "),
    (
        re.compile(r"^(?P<verb>Give|Add to what you gave): auth=\{(?P<entries>.*)\}  \(", re.M),
        _auth,
    ),
)


def on_command_line(text: str) -> str:
    """The text with each remedy as one would type it in a shell."""
    for pattern, words in _WORDS:
        text = pattern.sub(words, text)
    return text
