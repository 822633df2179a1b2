"""SARIF 2.1.0: findings as code scanners tell them, with their places in the document.

Source: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from ..document import Document
from ..document.places import Places, text_of
from ..operation import Operations
from ..version import __version__
from .codes import CODES
from .tally import Group, Tally

__all__ = ["sarif"]

#: Section 3.27.10.
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}


def sarif(tally: Tally, document: Document, operations: Operations, most: int | None) -> str:  # noqa: ARG001  as every format
    """One run, a rule for each code that occurs, a result for each finding."""
    groups = tally.groups()[:most]
    used = sorted({group.key.code for group in groups})
    files = _Files(document)
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "dynclient",
                        "semanticVersion": __version__,
                        "informationUri": "https://spec.openapis.org/oas/latest.html",
                        "rules": [_rule(code) for code in used],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(group, used, files) for group in groups],
            }
        ],
    }
    return json.dumps(log, indent=2, ensure_ascii=False)


def _rule(code: str) -> dict[str, Any]:
    known = CODES[code]
    return {
        "id": code,
        "name": "".join(part.capitalize() for part in known.name.split("-")),
        "shortDescription": {"text": known.meaning},
        "defaultConfiguration": {"level": _LEVELS[known.severity]},
    }


def _result(group: Group, rules: list[str], files: _Files) -> dict[str, Any]:
    key = group.key
    operation = key.operation or "no operation"
    return {
        "ruleId": key.code,
        "ruleIndex": rules.index(key.code),
        "level": _LEVELS[group.finding.severity],
        "message": {"text": f"{operation}, {key.where}: {group.violation.message}"},
        "locations": [files.location(key.document_pointer, operation)],
        "occurrenceCount": max(1, group.count),
        # Section 3.27.17: what tells a result from others, whatever its place in the file.
        "partialFingerprints": {"key/v1": sha256("\0".join(key).encode()).hexdigest()},
    }


class _Files:
    """The document, and the files that it refers to, by URI."""

    def __init__(self, document: Document) -> None:
        self._own = document.uri
        self._places: dict[str, Places] = {}

    def location(self, pointer: str, operation: str) -> dict[str, Any]:
        """Where a rule stands; a document that was given as data has no file."""
        other, mark, rest = pointer.partition("#")
        uri, inside = (other, rest) if mark else (self._own, pointer)
        found: dict[str, Any] = {
            "logicalLocations": [{"fullyQualifiedName": inside or "/", "name": operation}]
        }
        if not uri.startswith(("file:", "http:", "https:")):
            return found
        place: dict[str, Any] = {"artifactLocation": {"uri": uri}}
        if uri not in self._places:
            self._places[uri] = Places(text_of(uri))
        region = self._places[uri].of(inside)
        if region is not None:
            place["region"] = {"startLine": region.line, "startColumn": region.column}
        return {"physicalLocation": place, **found}
