"""Remedies of errors as one would type them in a shell."""

from __future__ import annotations

import shlex
from collections.abc import Callable

from ..remedies import ENVIRONMENT, Remedy, Setting, in_python, sentence

__all__ = ["on_command_line"]


def on_command_line(remedy: Remedy) -> str:
    """The remedy as options of `dynclient call`; in Python's words where no option does it."""
    phrases = list(filter(None, map(_phrase, remedy.alternatives)))
    return sentence(phrases) if phrases else f"in Python, {in_python(remedy)}"


def _phrase(settings: tuple[Setting, ...]) -> tuple[str, str] | None:
    """A verb and what follows it; None for settings that the command line does not have."""
    words = [_word(setting) for setting in settings]
    if None in words:
        return None
    verb = "set" if settings[0].name == ENVIRONMENT else "pass"
    return verb, " ".join(word for word in words if word is not None)


def _word(setting: Setting) -> str | None:
    word = _WORDS.get((setting.name, setting.key)) or _WORDS.get((setting.name, "*"))
    return word(setting) if word is not None else None


def _option(option: str, example: str) -> Callable[[Setting], str]:
    return lambda setting: f"{option} {shlex.quote(setting.value or example)}"


def _entry(option: str) -> Callable[[Setting], str]:
    return lambda setting: (
        f"{option} {shlex.quote(f'{setting.key}={setting.value or _PLACEHOLDER}')}"
    )


_PLACEHOLDER = "VALUE"
#: Setting and key, `*` for any, to the words.
_WORDS: dict[tuple[str, str], Callable[[Setting], str]] = {
    ("auth", "*"): _entry("--auth"),
    ("base_url", ""): _option("--base-url", "URL"),
    ("file", "content_type"): lambda setting: f"'KEY=@FILE;type={setting.value or _PLACEHOLDER}'",
    ("options", "content_type"): _option("--content-type", "TYPE"),
    ("options", "deep_object"): _option("--deep-object", "WAY"),
    ("retries", ""): _option("--retries", "NUMBER"),
    ("server_variables", "*"): _entry("--server-variable"),
    ("timeout", ""): _option("--timeout", "SECONDS"),
    ("timeout", "total"): _option("--max-time", "SECONDS"),
    ("transport", "cert"): _option("--cert", "FILE"),
    ("trust", "*"): _entry("--trust"),
    (ENVIRONMENT, "*"): lambda setting: setting.key,
}
