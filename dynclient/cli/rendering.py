"""The data of a response on stdout: as JSON, as a table, or as the bytes that came."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from ..histogram import counts_of, histogram
from ..media import charset_of
from ..messages import Response
from ..operation.content.registry import CODECS
from .output import (
    console_for,
    is_terminal,
    json_text,
    printable,
    show,
    show_json,
    tell,
    write_bytes,
)

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

__all__ = ["show_data", "show_records", "show_response"]


def show_response(response: Response, output: str | None) -> None:
    """Print a response. `output` is json, table, raw or histogram; None: what suits its type."""
    data = response.data
    if output == "json":
        show_json(_plain(data))
    elif output == "table" and isinstance(data, dict | list):
        show_data(data)
    elif output == "histogram":
        _show_histogram(data)
    elif output == "raw" or not response.content or not (_is_json(response) or is_terminal()):
        write_bytes(response.content)
    elif _is_json(response):
        show_json(data)
    else:
        _show_on_terminal(response)


def _show_histogram(data: Any) -> None:
    """The counts of a sampler's result, a line for each bit string."""
    try:
        lines = histogram(counts_of(data))
    except ValueError as error:
        raise click.UsageError(f"-o histogram: {error}") from None
    show("\n".join(lines))


def _show_on_terminal(response: Response) -> None:
    """Text with escapes for what steers a terminal; of anything else, how to get it."""
    content_type = response.headers.get("Content-Type", "")
    try:
        text = response.content.decode(charset_of(content_type))
    except (LookupError, UnicodeError):
        text = "\0"
    if "\0" in text:
        size, kind = len(response.content), content_type or "unknown type"
        tell(f"{size} bytes of {kind}: redirect the output, or pass -o raw or -o json (base64)")
    else:
        show(text.removesuffix("\n"))


def show_data(data: Any) -> None:
    """Data as a table: a row for each item of a list, or for each member of an object.

    An object whose one list of objects is what it is about (`{"jobs": [...], "count": 2}`) is
    shown as that list.
    """
    rows = _rows(data)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    if not rows:
        tell("no rows")
    else:
        cells = [[_cell(row[name]) if name in row else "" for name in columns] for row in rows]
        show_records(columns, cells)


def show_records(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    narrow: Callable[[Sequence[str]], str] | None = None,
) -> None:
    """Rows as a table; where a terminal is too narrow for it, some lines for each row.

    `narrow` gives these lines; by default there is one for each column. No word is cut, since
    names and identifiers are there to be copied.
    """
    console = console_for()
    table = _table(columns, rows)
    if not console.is_terminal or _fits(console, table):
        console.print(table)
        return
    width = max(map(len, columns))
    for number, row in enumerate(rows):
        if narrow is not None:
            show(narrow(row))
            continue
        if number:
            show("")
        for name, cell in zip(columns, row, strict=True):
            if cell:
                show(f"{name:<{width}}  {cell}")


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, *cells in zip(columns, *rows, strict=True):
        words = (word for cell in (name, *cells) for word in printable(cell).split())
        longest = max(map(cell_len, words), default=0)
        table.add_column(Text(printable(name)), overflow="fold", min_width=longest)
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    return table


def _fits(console: Console, table: Table) -> bool:
    from rich.measure import Measurement

    options = console.options.update(max_width=1_000_000)
    return Measurement.get(console, options, table).minimum <= console.width


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
    return CODECS.find(response.headers.get("Content-Type", "")).is_json


def _plain(data: Any) -> Any:
    """The data as JSON can hold it: bytes as base64."""
    if isinstance(data, bytes):
        from base64 import b64encode

        return b64encode(data).decode("ascii")
    return data
