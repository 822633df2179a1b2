"""Recorded traffic, whatever wrote it down."""

from __future__ import annotations

import json
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import Any

from ..errors import DynclientError
from .exchanges import Exchange, from_line

__all__ = ["SourceError", "exchanges_in"]


_NOTHING = (
    "{} has no exchange: give HAR (log.entries), a cassette of VCR.py (interactions) or JSON Lines "
    '({{"dynclient": "exchange/1", …}})'
)


class SourceError(DynclientError):
    """Recorded traffic can't be read, or breaks off; what was read before was judged."""


def exchanges_in(path: str | PathLike[str]) -> Iterator[Exchange]:
    """The exchanges of a file: HAR, a cassette of VCR.py, or JSON Lines; see `exchanges`.

    Which it is, is told by its content. SourceError where it can't be read on.
    """
    file = Path(path)
    try:
        yield from _read(file)
    except OSError as error:
        raise SourceError(f"{file} can't be read: {error.strerror}") from None
    except ValueError as error:
        raise SourceError(str(error)) from None


def _read(file: Path) -> Iterator[Exchange]:
    with file.open("rb") as opened:
        start = opened.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        raise ValueError(f"{file} is empty")
    if not start.startswith(b"{"):
        yield from _cassette(file, _yaml(file))
    elif b'"dynclient"' in start.split(b"\n", 1)[0]:
        yield from _lines(file)
    elif b'"interactions"' in start and b'"log"' not in start:
        yield from _cassette(file, _json(file))
    else:
        from .har import read_har

        try:
            yield from _some(read_har(file), file)
        except ImportError:
            raise ValueError(
                f"{file}: reading HAR needs ijson: pip install 'dynclient[conformance]'"
            ) from None


def _some(exchanges: Iterator[Exchange], file: Path) -> Iterator[Exchange]:
    """The exchanges; ValueError if there is not one."""
    empty = True
    for each in exchanges:
        empty = False
        yield each
    if empty:
        raise ValueError(_NOTHING.format(file))


def _lines(file: Path) -> Iterator[Exchange]:
    with file.open(encoding="utf-8", errors="surrogateescape") as opened:
        for number, line in enumerate(opened, 1):
            if not line.strip():
                continue
            source = f"{file.name}, line {number}"
            try:
                yield from_line(json.loads(line), source)
            except ValueError as error:
                raise ValueError(f"{file}, line {number}: {error}") from None


def _cassette(file: Path, data: Any) -> Iterator[Exchange]:
    from .cassette import read_cassette

    if not isinstance(data, dict) or not isinstance(data.get("interactions"), list):
        raise ValueError(_NOTHING.format(file))  # noqa: TRY004  the file is wrong
    return read_cassette(data, file.name)


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_bytes())
    except ValueError as error:
        raise ValueError(f"{file} is not JSON: {error}") from None


def _yaml(file: Path) -> Any:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        with file.open("rb") as opened:
            return yaml.load(opened, loader)  # noqa: S506  one of the safe loaders
    except yaml.YAMLError as error:
        raise ValueError(f"{file} is not YAML: {error}") from None
