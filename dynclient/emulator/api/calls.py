"""One request as an operation gets it, and what operations share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.responses import Response

from ..state.clock import moment
from .access import Caller
from .errors import ApiError

__all__ = ["Call", "Operation", "moment_of", "no_content"]


@dataclass(frozen=True, slots=True)
class Call:
    """One request, authenticated and judged.

    `query` holds the query parameters as the document types them, `url_query` their text as it
    came; `origin` is that of the served document; `modern` says that the caller speaks the later
    version of the API.
    """

    caller: Caller
    path: Mapping[str, str]
    query: Mapping[str, Any]
    body: Any
    accept: str
    origin: str
    url_query: str = ""
    modern: bool = False


#: What serves one operation.
Operation = Callable[[Call], Response]


def moment_of(query: Mapping[str, Any], name: str) -> str | None:
    """A moment of the query as the store keeps it; None if it isn't given."""
    value = query.get(name)
    try:
        if isinstance(value, str):  # openapi-core leaves a date-time with small t or z as it is
            value = datetime.fromisoformat(value.upper())
        return None if value is None else moment(value)
    except (ValueError, OverflowError) as error:  # the calendar's last day, in another zone
        raise ApiError(400, f"Parameter {name} in query: no moment of the calendar") from error


def no_content() -> Response:
    """204."""
    return Response(status_code=204)
