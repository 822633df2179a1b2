"""One request of a run: where it comes from, and the file that it is kept in."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Literal, TypeAlias

from ...errors import DynclientError
from ...messages import Headers, HttpRequest
from ...redaction import MASK
from ..exchanges import Exchange, as_line, from_line

__all__ = ["Case", "CaseError", "Origin", "in_python", "load_case", "save_case"]

#: "example": of the document. "made": right, by the schemas. "wrong": on purpose. "sequence": a
#: step of several.
Origin: TypeAlias = Literal["example", "made", "wrong", "sequence"]

FORMAT = "case/1"


class CaseError(DynclientError):
    """A file holds no case that can be repeated."""


@dataclass(frozen=True, slots=True)
class Case:
    """A request as it goes to the wire, without credentials.

    operation  its name in the document
    signed     whether the client's credentials go with it
    """

    operation: str
    request: HttpRequest
    origin: Origin
    signed: bool = True

    @property
    def size(self) -> int:
        """By what the smaller of two cases is told: characters on the wire."""
        content = self.request.content
        body = len(content) if isinstance(content, bytes) else 0
        fields = sum(len(name) + len(value) for name, value in self.request.headers.pairs())
        return len(self.request.url) + fields + body


def save_case(
    folder: Path, name: str, code: str, case: Case, exchange: Exchange, base_url: str
) -> Path:
    """Write a case and what it came to, redacted, to a file of its own.

    `base_url` is where the service was: the case may be repeated at another place.
    """
    path = folder / f"{name}.json"
    found = {
        "dynclient": FORMAT,
        "code": code,
        "operation": case.operation,
        "origin": case.origin,
        "base_url": base_url,
        "exchange": as_line(exchange.redacted(), 100_000),
    }
    path.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def load_case(given: str | PathLike[str], base_url: str | None = None) -> tuple[Case, str]:
    """The case of a file, for a service at a base URL, and the code that it showed.

    CaseError for another file.
    """
    path = Path(given)
    try:
        found = json.loads(path.read_bytes())
        if not isinstance(found, dict) or found.get("dynclient") != FORMAT:
            raise CaseError(f'{path} is no case: "dynclient" is not "{FORMAT}"')
        exchange = from_line(found["exchange"])
        origin: Origin = found["origin"]
        request = _repeatable(exchange.request, path)
        there = str(found["base_url"])
        if base_url is not None and request.url.startswith(there):
            request = replace(request, url=base_url + request.url.removeprefix(there))
        case = Case(str(found["operation"]), request, origin)
    except OSError as error:
        raise CaseError(f"{path} can't be read: {error.strerror}") from None
    except (ValueError, KeyError) as error:
        raise CaseError(f"{path} is no case: {error}") from None
    return case, str(found["code"])


def _repeatable(request: HttpRequest, path: Path) -> HttpRequest:
    """The request without what was masked: the client's own credentials go in its place."""
    kept = [(name, value) for name, value in request.headers.pairs() if MASK not in value]
    content = request.content
    if MASK in request.url or (isinstance(content, bytes) and MASK.encode() in content):
        raise CaseError(f"{path}: a value of the request was masked, so it can't be repeated")
    return HttpRequest(request.method, request.url, Headers(kept), content)


def in_python(exchange: Exchange, operation: str) -> str:
    """A line of Python that sends the request of an exchange again, redacted."""
    request = exchange.redacted().request
    fields = [pair for pair in request.headers.pairs() if MASK not in pair[1]]
    more = f", {request.content!r}" if isinstance(request.content, bytes) else ""
    return (
        f"client.send(HttpRequest({request.method!r}, {request.url!r}, Headers({fields!r}){more}, "
        f"operation={operation!r}))"
    )
