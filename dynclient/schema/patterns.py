"""Patterns as validators get them: spelled for their engine, which judges them in bounded time.

What is no regular expression of ECMA-262, or too large, is a problem of the document and ignored.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from .ecma import PatternError, translated

__all__ = ["PatternError", "matcher", "options", "spelled"]

_MOST_BYTES = 32 * 1024 * 1024


@lru_cache(maxsize=4096)
def spelled(pattern: str) -> str:
    """The pattern for the validator. PatternError if it is none, or can't be judged."""
    text = translated(pattern)
    try:
        _validator(text)
    except ValueError:
        raise PatternError(
            "the engine does not take it: it is too large, or names a property that Unicode lacks"
        ) from None
    return text


@lru_cache(maxsize=1024)
def matcher(pattern: str) -> Callable[[str], bool]:
    """Whether a text matches a pattern somewhere, by the same engine. PatternError as above."""
    check: Callable[[str], bool] = _validator(spelled(pattern)).is_valid
    return check


@lru_cache(maxsize=1)
def options() -> Any:
    """What bounds the engine: the size of one pattern, compiled; it bounds its steps by itself."""
    import jsonschema_rs

    return jsonschema_rs.FancyRegexOptions(size_limit=_MOST_BYTES)


def _validator(text: str) -> Any:
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator(
        {"pattern": text}, offline=True, pattern_options=options()
    )
