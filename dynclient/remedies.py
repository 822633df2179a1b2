"""What to do about an error, as data; Python and the shell each put it in their own words.

    raise DocumentError("the server '/v1' is relative", remedy=give(base_url=...))
    give(auth={"Key": ...})                                   auth={"Key": ...}, or --auth Key=VALUE
    give(options={"content_type": "image/png"})               Options(content_type="image/png")
    give(server_variables={"region": ...}).otherwise(base_url=...)

`...` stands for a value that only the caller knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple, TypeAlias

from msgspec import Struct

__all__ = ["ENVIRONMENT", "Remedy", "Setting", "Words", "give", "in_python", "sentence"]

ENVIRONMENT = "environment"

#: A value is a text, or what `str()` makes the text of; a mapping holds entries or fields.
Given: TypeAlias = object | Mapping[str, object]


class Setting(NamedTuple):
    """One thing to pass.

    name   auth, base_url, encoders, file, options, retries, server_variables, timeout, trust,
           validate, transport; or environment, whose entries are variables of the process
    key    which entry or field of it; "" where it has none
    value  None for one that only the caller knows
    """

    name: str
    key: str = ""
    value: str | None = None


class Remedy(Struct, frozen=True):
    """What mends an error: all settings of one of the `alternatives`; `str()` is for Python."""

    alternatives: tuple[tuple[Setting, ...], ...]

    def otherwise(self, **settings: Given) -> Remedy:
        """This, or else these settings."""
        return Remedy((*self.alternatives, _settings(settings)))

    def __str__(self) -> str:
        return in_python(self)


#: Puts a remedy in the words of one face, as the end of a sentence.
Words: TypeAlias = Callable[[Remedy], str]


def give(**settings: Given) -> Remedy:
    """The remedy of passing all of these settings; a mapping gives entries or fields of one."""
    return Remedy((_settings(settings),))


def _settings(given: Mapping[str, Given]) -> tuple[Setting, ...]:
    found: list[Setting] = []
    for name, value in given.items():
        entries = value.items() if isinstance(value, Mapping) else [("", value)]
        found += [Setting(name, key, None if each is ... else str(each)) for key, each in entries]
    return tuple(found)


#: The objects whose fields these settings are; the entries of any other are those of a mapping.
_OBJECTS = {
    "file": "File",
    "options": "Options",
    "retries": "retries=Retries",
    "timeout": "timeout=Timeout",
    "transport": "transport=SocketTransport",
    "trust": "trust=Trust",
    "validate": "validate=Validation",
}
_SETS = ("origins", "folders")


def in_python(remedy: Remedy) -> str:
    """The remedy as arguments of Python calls: `pass auth={"Key": ...} or base_url=...`."""
    return sentence(map(_phrase, remedy.alternatives))


def sentence(phrases: Iterable[tuple[str, str]]) -> str:
    """The alternatives, each a verb and what follows it, as the end of a sentence."""
    result = ""
    before = ""
    for verb, text in phrases:
        result += f"{' or ' if result else ''}{'' if verb == before else f'{verb} '}{text}"
        before = verb
    return result


def _phrase(settings: tuple[Setting, ...]) -> tuple[str, str]:
    if settings[0].name == ENVIRONMENT:
        return "set", " and ".join(setting.key for setting in settings)
    groups = groupby(settings, attrgetter("name"))
    return "pass", " and ".join(_argument(name, list(group)) for name, group in groups)


def _argument(name: str, settings: list[Setting]) -> str:
    import json  # for errors only

    if not settings[0].key:
        return f"{name}={_source(settings[0])}"
    if name in _OBJECTS:
        return f"{_OBJECTS[name]}({', '.join(f'{s.key}={_source(s)}' for s in settings)})"
    return f"{name}={{{', '.join(f'{json.dumps(s.key)}: {_source(s)}' for s in settings)}}}"


def _source(setting: Setting) -> str:
    import json

    text = "..." if setting.value is None else json.dumps(setting.value, ensure_ascii=False)
    return f"{{{text}}}" if setting.key in _SETS else text
