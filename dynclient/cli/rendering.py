"""The data of an answer on stdout: as JSON, as a table, or as the bytes that came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..messages import Response
from .output import console_for, json_text, printable, show_json, tell, write_bytes

__all__ = ["show_answer", "show_table"]


def show_answer(response: Response, output: str | None) -> None:
    """Print an answer. `output` is json, table or raw; None for what suits its media type."""
    data = response.data
    if output == "json":
        show_json(_plain(data))
    elif output == "table" and isinstance(data, dict | list):
        show_table(data)
    elif output == "raw" or not response.content or not _is_json(response):
        write_bytes(response.content)
    else:
        show_json(data)


def show_table(data: Any) -> None:
    """Data as a table: a row for each item of a list, or for each member of an object.

    An object whose one list of objects is what it is about (`{"jobs": [...], "count": 2}`) is
    shown as that list.
    """
    from rich.table import Table
    from rich.text import Text

    rows = _rows(data)
    if not rows:
        tell("no rows")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    columns = list(dict.fromkeys(name for row in rows for name in row))
    for name in columns:
        table.add_column(Text(printable(name)), overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(row[name]) if name in row else "") for name in columns))
    console_for().print(table)


def _rows(data: Any) -> Sequence[Mapping[str, Any]]:
    if isinstance(data, dict):
        lists = [value for value in data.values() if _is_table(value)]
        if len(lists) != 1:
            return [{"name": name, "value": value} for name, value in data.items()]
        data = lists[0]
    return [item if isinstance(item, dict) else {"value": item} for item in data]


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _cell(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(item, str | int | float) for item in value):
        return ", ".join(_cell(item) for item in value)
    return printable(value if isinstance(value, str) else json_text(value, indent=None))


def _is_json(response: Response) -> bool:
    from ..media import kind_of, parse_media_type

    content_type = response.headers.get("Content-Type", "")
    return kind_of(parse_media_type(content_type)) == "json"


def _plain(data: Any) -> Any:
    """The data as JSON can hold it: bytes as base64."""
    if isinstance(data, bytes):
        from base64 import b64encode

        return b64encode(data).decode("ascii")
    return data
