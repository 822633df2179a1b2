"""What is known to be wrong, and accepted: findings by code and place, in a file of JSON.

{"dynclient": "baseline/1", "findings": [{"operation": "listOrders", "code": "DC222", …}]}
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import NamedTuple

from ..errors import DynclientError
from .findings import Key
from .tally import Group, Tally

__all__ = ["BaselineError", "Compared", "compare", "read_baseline", "write_baseline"]

_FORMAT = "baseline/1"


class BaselineError(DynclientError):
    """The file is no baseline."""


class Compared(NamedTuple):
    """The findings of a tally, beside a baseline.

    new    those that it does not have
    known  those that it has
    gone   what it has, and nobody found any more
    """

    new: list[Group]
    known: list[Group]
    gone: list[Key]


def write_baseline(path: str | PathLike[str], groups: Iterable[Group]) -> None:
    """Accept findings from now on. OSError if the file can't be written."""
    found = [group.key._asdict() for group in groups]
    text = json.dumps({"dynclient": _FORMAT, "findings": found}, indent=2, ensure_ascii=False)
    Path(path).write_text(f"{text}\n", encoding="utf-8")


def compare(path: str | PathLike[str], tally: Tally) -> Compared:
    """The findings of a tally, beside those of a baseline. BaselineError if the file is none."""
    accepted = read_baseline(path)
    groups = tally.groups()
    return Compared(
        [group for group in groups if group.key not in accepted],
        [group for group in groups if group.key in accepted],
        sorted(accepted - {group.key for group in groups}),
    )


def read_baseline(path: str | PathLike[str]) -> frozenset[Key]:
    """The findings that a baseline accepts. BaselineError if the file is none."""
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
        if found["dynclient"] != _FORMAT:
            raise ValueError(f"it is of version {found['dynclient']!r}")
        return frozenset(Key(**each) for each in found["findings"])
    except OSError as error:
        raise BaselineError(f"{path} can't be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise BaselineError(
            f"{path} is no baseline of findings ({type(error).__name__}: {error}); write one by "
            "--write-baseline"
        ) from None
