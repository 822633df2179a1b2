"""Values as HTML, for notebooks: every text is escaped, and nothing runs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

__all__ = ["code", "heading", "table", "tree"]

_MOST_ROWS = 50
_MOST_COLUMNS = 8
_MOST_CHARACTERS = 20_000


def heading(text: str, more: str = "") -> str:
    """A line in bold, and what follows it."""
    return f"<p><strong>{escape(text)}</strong> {escape(more)}</p>"


def code(text: str) -> str:
    """Text as it is."""
    shown = text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}…"
    return f"<pre>{escape(shown)}</pre>"


def table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table with a row of names."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def tree(data: Any) -> str:
    """Plain data: an array of objects as a table, all else as JSON text."""
    if not isinstance(data, list) or not data or not all(isinstance(x, Mapping) for x in data):
        return code(data if isinstance(data, str) else _json(data))
    names = list(dict.fromkeys(name for row in data[:_MOST_ROWS] for name in row))
    shown = names[:_MOST_COLUMNS]
    rows = [[_cell(row.get(name, "")) for name in shown] for row in data[:_MOST_ROWS]]
    left = [
        f"{len(each) - most} more {what}"
        for each, most, what in ((data, _MOST_ROWS, "rows"), (names, _MOST_COLUMNS, "columns"))
        if len(each) > most
    ]
    return table(shown, rows) + (f"<p>… {' and '.join(left)}</p>" if left else "")


def _cell(value: Any) -> str:
    text = value if isinstance(value, str) else _json(value, indent=None)
    return text if len(text) <= 200 else f"{text[:200]}…"


def _json(value: Any, indent: int | None = 2) -> str:
    return json.dumps(value, indent=indent, ensure_ascii=False, default=repr)
