"""A response for a request, from what the document says of its operation.

A request chooses by its field Prefer (RFC 7240), as users of Prism know it: `code=404`,
`example=name`, `dynamic=true` for a value that is made though there is an example.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from random import Random
from typing import Any
from zlib import crc32

from ..abnf import split_list, split_parameters
from ..errors import DocumentError
from ..media import best_match
from ..messages import Headers, HttpRequest, HttpResponse
from ..operation import Operation
from ..operation.content.entry import MediaEntry
from ..operation.declared import DeclaredResponse
from .drifts import DRIFTS, drifted
from .values import MockError, declared_examples, value_for

__all__ = ["MockService"]


class MockService:
    """Responds for the operations of a document. The same request gets the same response.

    seed    makes other values of the same schemas
    drifts  names of `DRIFTS`: responses are wrong, each in the first of these ways that it can be;
            or how many of them, which are then those that the first responses can be wrong in
    told    is given an operation and the way in which a response of it is wrong, once each
    """

    def __init__(
        self,
        operations: Mapping[str, Operation],
        *,
        seed: int = 0,
        drifts: Sequence[str] | int = (),
        told: Callable[[str, str], object] | None = None,
    ) -> None:
        self._operations = operations
        self._seed = seed
        self._drifts = tuple(DRIFTS) if isinstance(drifts, int) else tuple(drifts)
        self._most = drifts if isinstance(drifts, int) else len(drifts)
        self._told = told
        self._known: set[tuple[str, str]] = set()

    def respond(self, request: HttpRequest, operation: Operation) -> HttpResponse:
        """A response, valid but for `drifts`.

        MockError if the document leaves none, or not what was preferred.
        """
        response = self._valid(request, operation)
        for name in self._ways(operation):
            random = self._random(f"{operation.name} {name}")
            found = drifted(name, response, request, operation, random)
            if found is not None:
                self._tell(operation.name, name)
                return found
        return response

    def _ways(self, operation: Operation) -> list[str]:
        """The ways in which responses of an operation are wrong, in the order that they are tried.

        Another one is the first for each operation, so that a document is wrong in all of them.
        """
        ways = self._random(operation.name).sample(self._drifts, len(self._drifts))
        used = {name for _, name in self._known}
        return ways if len(used) < self._most else [name for name in ways if name in used]

    def _random(self, text: str) -> Random:
        return Random(self._seed + crc32(text.encode()))  # noqa: S311  it guards nothing

    def _tell(self, operation: str, name: str) -> None:
        if (operation, name) not in self._known:
            self._known.add((operation, name))
            if self._told is not None:
                self._told(operation, name)

    def _valid(self, request: HttpRequest, operation: Operation) -> HttpResponse:
        preferred = _preferred(request.headers.get("Prefer", ""))
        status, declared = _declared(operation, preferred.get("code"))
        random = self._random(f"{operation.name} {status}")
        fields = self._fields(declared, random)
        content = b""
        if declared.content and status not in (204, 205, 304):
            entry = _entry(declared, request.headers.get("Accept", "*/*"))
            kind = _sent_type(entry)
            value = _value(entry, preferred, random)
            content = _encoded(entry, value, kind)
            fields.append(("Content-Type", kind))
        if request.method == "HEAD":
            content = b""
        return HttpResponse(status, Headers(fields), content, request.url)

    def _fields(self, declared: DeclaredResponse, random: Random) -> list[tuple[str, str]]:
        """The header fields that a response must have."""
        found = []
        for header in declared.headers:
            if header.required:
                value = value_for(header.node, random)
                text = value if isinstance(value, str) else str(value).lower()
                found.append((header.name, text))
        return found


def _preferred(field: str) -> dict[str, str]:
    found = {}
    for element in split_list(field):
        name, _, value = split_parameters(element)[0].partition("=")
        found[name.strip().lower()] = value.strip().strip('"')
    return found


def _declared(operation: Operation, code: str | None) -> tuple[int, DeclaredResponse]:
    responses = operation.responses
    if code is not None:
        for key in (code, f"{code[:1]}XX", "default"):
            if key in responses and code.isdecimal():
                return int(code), responses[key]
        known = ", ".join(responses) or "none"
        raise MockError(
            f"{operation.name}: no response with {code!r} is declared; there are: {known}"
        )
    for key, declared in responses.items():
        if key[:1] == "2":
            return int(key) if key.isdecimal() else 200, declared
    for key, declared in responses.items():
        return int(key) if key.isdecimal() else 200, declared
    raise MockError(f"{operation.name}: the document declares no response")


def _entry(declared: DeclaredResponse, accept: str) -> MediaEntry:
    """The declared media type that the request likes best; JSON where it does not say."""
    entries = list(declared.content.values())
    for wanted in split_list(accept):
        kind = split_parameters(wanted)[0]
        for entry in entries:
            if kind not in ("*/*", "") and best_match([kind], entry.media_type) is not None:
                return entry
    return next((each for each in entries if each.codec.is_json), entries[0])


def _sent_type(entry: MediaEntry) -> str:
    if not entry.is_range:
        return entry.media_type
    first, _, second = entry.media_type.partition("/")
    if second == "*":
        return "application/json" if first == "*" else f"{first}/plain"
    return entry.media_type.replace("*", "x")


def _value(entry: MediaEntry, preferred: Mapping[str, str], random: Random) -> Any:
    name = preferred.get("example")
    names = [each for each, _ in entry.node.items("examples")]
    if name is not None and name not in names:
        known = ", ".join(names) or "none"
        raise MockError(f"no example {name!r} at {entry.at.pointer}; there are: {known}")
    schema = entry.schema
    dynamic = preferred.get("dynamic", "false").lower() == "true"
    if name is not None or not dynamic:
        for value in declared_examples(entry.node, name):
            if name is not None or schema is None or _is_valid(entry, value):
                return value
    if schema is None:
        return {} if entry.codec.is_json else "text"
    value = value_for(schema, random, examples=not dynamic)
    return [value] if entry.codec.cutter is not None else value


def _is_valid(entry: MediaEntry, value: Any) -> bool:
    from ..validation import ALL_FORMATS

    with suppress(ValueError, TypeError, DocumentError):
        judge = entry.judge(entry.media_type, formats=ALL_FORMATS)
        return judge is None or bool(judge.is_valid(value))
    return False


def _encoded(entry: MediaEntry, value: Any, kind: str) -> bytes:
    """The content of a value, by the codec of its media type."""
    codec = entry.codec_for(kind)
    if isinstance(value, str) and not codec.is_json:
        return value.encode()
    try:
        body = codec.encoded(entry, value, kind).sendable()
    except ValueError as error:
        raise MockError(f"a value can't be sent as {kind}: {error}") from None
    return body if isinstance(body, bytes) else b"".join(body)  # type: ignore[arg-type]
