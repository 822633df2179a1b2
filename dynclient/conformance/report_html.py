"""A report as one page of HTML: it needs no network, and works from a file.

Every text is escaped. The script only shows and hides what is on the page; without it all is shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from html import escape
from importlib.resources import files
from typing import Any

from ..document import Document
from ..document.pointer import lookup, split
from ..html import code, table
from ..operation import Operations
from .codes import CODES
from .findings import SEVERITIES
from .tally import Group, Tally

__all__ = ["page"]

#: Of an excerpt of the document, in characters.
_LONGEST_EXCERPT = 4000
_CLASSES = ("2XX", "3XX", "4XX", "5XX")


def page(tally: Tally, document: Document, operations: Operations, most: int | None) -> str:
    """Summary, coverage, and every finding with its exchange and the excerpt of the document."""
    groups = tally.groups()[:most]
    template = files(__package__).joinpath("report.html").read_text(encoding="utf-8")
    parts = {
        "title": escape(f"{document.title}: conformance"),
        "heading": escape(document.title),
        "summary": escape(f"{tally.counted()}; {len(groups)} findings."),
        "severities": "".join(_checkbox(name, groups) for name in SEVERITIES),
        "findings": "".join(_operations(groups, document)) or "<p>Nothing was found.</p>",
        "coverage": _coverage(tally, operations),
        "reasons": _reasons(tally),
    }
    for name, text in parts.items():
        template = template.replace(f"<!--{name}-->", text.replace("<!--", "&lt;!--"))
    return template


def _checkbox(severity: str, groups: list[Group]) -> str:
    count = sum(group.finding.severity == severity for group in groups)
    return (
        f'<label><input type="checkbox" name="severity" value="{severity}" checked> '
        f"{severity} ({count})</label>"
    )


def _operations(groups: list[Group], document: Document) -> Iterable[str]:
    """The findings, by operation."""
    by_operation: dict[str, list[Group]] = {}
    for group in groups:
        by_operation.setdefault(group.key.operation or "no operation", []).append(group)
    for name, found in by_operation.items():
        yield f'<section class="operation"><h3>{escape(name)}</h3>'
        yield from (_finding(group, document) for group in found)
        yield "</section>"


def _finding(group: Group, document: Document) -> str:
    known, violation = CODES[group.key.code], group.violation
    severity = group.finding.severity
    head = f"{known.code} {known.name}"
    rows = [
        ("what is wrong", violation.message),
        ("where", group.key.where),
        ("what the code means", known.meaning),
        ("how often", _times(group)),
        ("rule of the document", violation.document_pointer or "none"),
        ("found in", "; ".join(group.sources) or "calls"),
    ]
    cells = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(text)}</td></tr>'
        for name, text in rows
    )
    return (
        f'<details class="finding {severity}" data-severity="{severity}"><summary>'
        f'<span class="severity">{severity}</span> <strong>{escape(head)}</strong> '
        f"<span>{escape(group.key.where)}: {escape(violation.message)}</span> "
        f'<span class="count">{group.count}</span></summary>'
        f"<table>{cells}</table>"
        f"{_exchange(group.example)}{_excerpt(document, violation.document_pointer)}"
        f'<h4>curl</h4><div class="curl">{code(group.curl)}'
        '<button type="button" class="copy">Copy</button></div></details>'
    )


def _times(group: Group) -> str:
    times = f"{group.count} exchanges"
    if group.refused or group.taken:
        times += f"; the service refused {group.refused} and took {group.taken}"
    return times


def _exchange(example: Mapping[str, Any]) -> str:
    asked, answered = example["request"], example["response"]
    request = _message(f"{asked['method']} {asked['url']}", asked)
    response = "no response"
    if answered is not None:
        response = _message(f"HTTP {answered['status']}", answered)
    return f"<h4>Request</h4>{code(request)}<h4>Response</h4>{code(response)}"


def _message(first: str, message: Mapping[str, Any]) -> str:
    lines = [first, *(f"{name}: {value}" for name, value in message["headers"])]
    body = message["body"]
    if body is not None:
        text = body.get("text")
        if text is None:
            text = "[not recorded]" if body.get("missing") else f"[base64] {body.get('base64')}"
        lines += ["", _pretty(text)]
    return "\n".join(lines)


def _pretty(text: str) -> str:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def _excerpt(document: Document, pointer: str) -> str:
    if not pointer or "#" in pointer:
        return ""
    try:
        found = lookup(document.published_data, split(pointer))
    except (KeyError, ValueError):
        return ""
    text = json.dumps(found, indent=2, ensure_ascii=False, default=str)
    if len(text) > _LONGEST_EXCERPT:
        text = f"{text[:_LONGEST_EXCERPT]}…"
    return f"<h4>In the document, {escape(pointer)}</h4>{code(text)}"


def _coverage(tally: Tally, operations: Operations) -> str:
    """Operation by class of status: how often each was seen."""
    rows = []
    for name in operations:
        by_class = dict.fromkeys(_CLASSES, 0)
        for (operation, status), count in tally.statuses.items():
            if operation == name and f"{status // 100}XX" in by_class:
                by_class[f"{status // 100}XX"] += count
        rows.append([name, str(tally.operations[name]), *(str(n or "") for n in by_class.values())])
    told = f"<p>{tally.called(operations)}.</p>"
    return told + table(["operation", "calls", *_CLASSES], rows)


def _reasons(tally: Tally) -> str:
    if not tally.reasons:
        return ""
    rows = [[str(count), reason] for reason, count in tally.reasons.most_common(50)]
    return f"<h2>Not judged</h2>{table(['times', 'why'], rows)}"
