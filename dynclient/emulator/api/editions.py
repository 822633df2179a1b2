"""The versions of the API: which document a request is judged by, and what goes by another name.

A request names a version by its date, in `IBM-API-Version`. It is judged by the newest bundled
document that is not newer; without the field, with an earlier date, or with what is no date, by the
oldest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..document import METHODS, load_document
from .judge import Judge

__all__ = ["MODERN", "VERSIONS", "Edition", "editions"]

#: The date from which the later document holds.
MODERN = "2026-03-15"

#: What get_versions names: the dates whose behaviour this is.
VERSIONS = ("2025-01-01", "2025-05-01", MODERN, "2026-04-15")

#: The bundled documents, the oldest first, each with the date from which it holds.
_DOCUMENTS = (("", "qiskit-runtime"), (MODERN, "qiskit-runtime-2026-03-15"))

#: Operations of the later document by the names that they had.
_EARLIER_NAMES = {
    "get_job": "get_job_details_jid",
    "delete_job": "delete_job_jid",
    "get_session": "get_session_information",
    "update_session": "update_session_state",
    "replace_instance_configuration": "replace_instance_data",
    "get_account": "get_account_config",
}


@dataclass(frozen=True, slots=True)
class Edition:
    """One document from a date on; `operations` has the earlier name for path and method."""

    since: str
    judge: Judge
    operations: Mapping[tuple[str, str], str]
    open_to_all: frozenset[str]

    @property
    def modern(self) -> bool:
        """Whether it is the later one."""
        return self.since >= MODERN


def editions(base_url: str) -> Sequence[Edition]:
    """Every document as the service at `base_url` serves it, the oldest first."""
    return [_edition(since, load_document(name), base_url) for since, name in _DOCUMENTS]


def _edition(since: str, document: dict[str, Any], base_url: str) -> Edition:
    operations: dict[tuple[str, str], str] = {}
    open_to_all = set()
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                name = item[method]["operationId"]
                name = _EARLIER_NAMES.get(name, name)
                operations[path, method.upper()] = name
                if not item[method].get("security", document.get("security")):
                    open_to_all.add(name)
    return Edition(since, Judge(document, base_url), operations, frozenset(open_to_all))
