"""Values and names in the words of messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["BOUNDS", "SIZES", "listed", "shown"]

_SHOWN_CHARACTERS = 60
_SHOWN_NAMES = 6

#: What a value must be, by the keyword that bounds it; the bound follows.
BOUNDS = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "above",
    "exclusiveMaximum": "below",
}
#: What a value has some number of, by the name of the keyword behind its `min` or `max`.
SIZES = {"Length": "characters", "Items": "items", "Properties": "properties"}


def shown(value: Any) -> str:
    """A value in a few words: scalars as JSON writes them, objects by their keys."""
    if isinstance(value, str):
        text = value if len(value) <= _SHOWN_CHARACTERS else f"{value[:_SHOWN_CHARACTERS]}…"
        return repr(text)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return f"an object with {listed(map(str, value))}" if value else "an empty object"
    if isinstance(value, list | tuple):
        return f"an array of {len(value)}" if value else "an empty array"
    text = str(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


def listed(values: Iterable[str]) -> str:
    """Names, the first of many, as a list in a sentence."""
    names = list(values)
    more = f" and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else ""
    return ", ".join(names[:_SHOWN_NAMES]) + more
