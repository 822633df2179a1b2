"""What a tally says: for people, for programs, for a pull request, for a build server."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

from ..document import Document
from ..messages import OperationInfo
from ..operation import Operations
from .codes import CODES
from .report_html import page
from .report_sarif import sarif
from .tally import Group, Tally

__all__ = ["FORMATS", "render"]

#: What XML 1.0 has no way to write (section 2.2).
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(
    tally: Tally, document: Document, operations: Operations, form: str, *, most: int | None = None
) -> str:
    """The report in one of `FORMATS`, with so many findings at most."""
    return FORMATS[form](tally, document, operations, most)


def _text(tally: Tally, document: Document, operations: Operations, most: int | None) -> str:
    lines = [f"{document.title}: {tally.counted()}"]
    groups = tally.groups()
    for group in groups[:most]:
        lines += ["", *_finding_lines(group)]
    if most is not None and len(groups) > most:
        lines += ["", f"… and {len(groups) - most} more findings"]
    if tally.reasons:
        lines += ["", "Not judged:"]
        lines += [f"  {count} times: {reason}" for reason, count in tally.reasons.most_common(10)]
    lines += ["", f"{tally.called(operations)}."]
    return "\n".join(lines)


def _finding_lines(group: Group) -> list[str]:
    code, violation = CODES[group.key.code], group.violation
    where = group.key.operation or f"{group.example['request']['method']} (no operation)"
    head = f"{code.severity} {code.code} {code.name}, {group.count} times: {where}"
    lines = [head, f"  {group.key.where}: {violation.message}"]
    if violation.document_pointer:
        lines.append(f"  by the document at {violation.document_pointer}")
    if code.side == "request" and group.refused + group.taken:
        lines.append(f"  the service refused {group.refused} of these, and took {group.taken}")
    if group.sources:
        lines.append(f"  in {'; '.join(group.sources)}")
    lines.append(f"  {group.curl}")
    return lines


def _json(tally: Tally, document: Document, operations: Operations, most: int | None) -> str:
    found = {
        "dynclient": "conformance/1",
        "document": {"title": document.title, "openapi": document.version},
        "exchanges": {"total": tally.total, **tally.exchanges},
        "operations": {name: tally.operations[name] for name in operations},
        "findings": [_as_data(group) for group in tally.groups()[:most]],
        "not_judged": dict(tally.reasons),
    }
    return json.dumps(found, indent=2, ensure_ascii=False)


def _as_data(group: Group) -> dict[str, Any]:
    code, violation = CODES[group.key.code], group.violation
    return {
        "code": code.code,
        "name": code.name,
        "severity": group.finding.severity,
        "side": code.side,
        "operation": group.key.operation or None,
        "where": group.key.where,
        "document_pointer": group.key.document_pointer,
        "rule": violation.rule,
        "message": violation.message,
        "engines": list(group.finding.engines),
        "count": group.count,
        "refused": group.refused,
        "taken": group.taken,
        "first": _moment(group.first),
        "last": _moment(group.last),
        "sources": group.sources,
        "curl": group.curl,
        "example": group.example,
    }


def _moment(at: float) -> str | None:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds") if at else None


def _markdown(tally: Tally, document: Document, operations: Operations, most: int | None) -> str:
    groups = tally.groups()
    lines = [
        f"### {document.title}: " + (f"{len(groups)} findings" if groups else "no findings"),
        "",
        f"{tally.counted()}; {tally.called(operations)}.",
    ]
    if groups:
        lines += ["", "| code | operation | where | what | times |"]
        lines.append("| --- | --- | --- | --- | ---: |")
    for group in groups[:most]:
        cells = (
            f"{group.key.code} {CODES[group.key.code].name}",
            group.key.operation or "none",
            f"`{group.key.where}`",
            group.violation.message,
            str(group.count),
        )
        lines.append("| " + " | ".join(map(_cell, cells)) + " |")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


def _junit(tally: Tally, document: Document, operations: Operations, most: int | None) -> str:
    """A test case for each operation; one for what belongs to none."""
    by_operation: dict[str, list[Group]] = {name: [] for name in operations}
    for group in tally.groups()[:most]:
        by_operation.setdefault(group.key.operation or "no operation", []).append(group)
    suite = ElementTree.Element("testsuite", name=_xml(document.title))
    failures = skipped = 0
    for name, groups in by_operation.items():
        info = operations[name].info if name in operations else None
        case = ElementTree.SubElement(suite, "testcase", classname=_class(info), name=_xml(name))
        for group in groups:
            failure = ElementTree.SubElement(
                case, "failure", type=group.key.code, message=_xml(group.violation.message)
            )
            failure.text = _xml("\n".join(_finding_lines(group)))
        failures += bool(groups)
        if info is not None and not tally.operations[name]:
            ElementTree.SubElement(case, "skipped", message="it was not called")
            skipped += 1
    suite.attrib |= {
        "tests": str(len(by_operation)),
        "failures": str(failures),
        "errors": "0",
        "skipped": str(skipped),
    }
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True)


def _class(info: OperationInfo | None) -> str:
    return "" if info is None else _xml(f"{info.method} {info.path}")


def _xml(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)


#: A function for each format of a report.
FORMATS: Mapping[str, Callable[[Tally, Document, Operations, int | None], str]] = {
    "text": _text,
    "json": _json,
    "markdown": _markdown,
    "junit": _junit,
    "sarif": sarif,
    "html": page,
}
