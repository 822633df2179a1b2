"""Deprecation, logged once for each operation: by the document and by the server.

Sources: OpenAPI 3.1.1, `deprecated` of the Operation Object and the Parameter Object; RFC 9745
(the field Deprecation); RFC 8594 (Sunset).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..messages import Headers

if TYPE_CHECKING:
    from .operation import Operation

__all__ = ["Deprecations"]


class Deprecations:
    """Logs once, to the logger `dynclient`, what of one operation is deprecated."""

    def __init__(self, operation: Operation) -> None:
        self._name = operation.name
        self._operation = operation.deprecated
        self._parameters = {p.key: p.python_name for p in operation.parameters if p.deprecated}
        self._logged: set[str] = set()

    def of_request(self, values: Mapping[str, Any]) -> None:
        """Log what the document deprecates: the operation, and the parameters that are given."""
        if self._operation:
            self._log("", "the document marks this operation as deprecated")
        for key, name in self._parameters.items():
            if key in values:
                self._log(key, f"the document marks the argument {name!r} as deprecated")

    def of_response(self, headers: Headers) -> None:
        """Log a deprecation in the fields of a response."""
        since, until = headers.get("Deprecation"), headers.get("Sunset")
        if since is not None or until is not None:
            text = "the server says that this operation is deprecated"
            if since is not None and (date := _date(since)):
                text += f", since {date}"
            if until is not None:
                text += f"; it may not be there after {until}"
            self._log("response", text)

    def _log(self, what: str, message: str) -> None:
        if what in self._logged:
            return
        self._logged.add(what)
        import logging  # dear at start, and most operations are not deprecated

        logging.getLogger("dynclient").warning("%s: %s", self._name, message)


def _date(text: str) -> str:
    """The date of a field Deprecation: seconds since 1970 behind `@` (RFC 9745, section 2.1)."""
    import datetime

    try:
        moment = datetime.datetime.fromtimestamp(int(text.removeprefix("@")), datetime.UTC)
    except (ValueError, OverflowError, OSError):
        return "" if text.lower() == "true" else text  # as drafts of the RFC had it
    return moment.date().isoformat()
