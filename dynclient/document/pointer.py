"""JSON Pointer (RFC 6901), as text and as tokens."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["append", "join", "lookup", "split"]


def _escape(token: str) -> str:
    return token.replace("~", "~0").replace("/", "~1")


def append(pointer: str, *tokens: str | int) -> str:
    """`pointer` with the tokens appended, each escaped."""
    for token in tokens:
        text = str(token)
        pointer = f"{pointer}/{_escape(text) if '/' in text or '~' in text else text}"
    return pointer


def join(tokens: Iterable[str | int]) -> str:
    """The pointer made of these tokens; `""` for none."""
    return append("", *tokens)


def split(pointer: str) -> list[str]:
    """The tokens of a pointer, unescaped. ValueError if it does not start with `/`."""
    if not pointer:
        return []
    if not pointer.startswith("/"):
        raise ValueError(f"a JSON Pointer starts with '/', not {pointer[:1]!r}")
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer[1:].split("/")]


def lookup(value: Any, tokens: Iterable[str]) -> Any:
    """The value the tokens lead to. KeyError with the first token that leads nowhere."""
    for token in tokens:
        if isinstance(value, dict):
            value = value[token]
        elif isinstance(value, list) and token.isascii() and token.isdigit():
            index = int(token)
            if index >= len(value) or (index and token.startswith("0")):
                raise KeyError(token)
            value = value[index]
        else:
            raise KeyError(token)
    return value
