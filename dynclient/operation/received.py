"""A request that somebody else made, judged as strictly as one of ours. Pure.

Sources: OpenAPI 3.1.1, sections "Parameter Object", "Request Body Object" and "Media Type Object".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote_plus, urlsplit

from ..errors import DocumentError
from ..media import best_match
from ..messages import HttpRequest, Violation
from ..unset import UNSET
from ..validation import ALL_FORMATS, Formats
from .bodies import BodyMedia
from .operation import Operation
from .response import judge_data
from .violations import violation

__all__ = ["Received", "judge_received"]

#: Header fields that every HTTP message may have, or that a client, a browser or a proxy adds.
_USUAL = frozenset(
    {
        *("accept", "accept-charset", "accept-encoding", "accept-language", "authorization"),
        *("cache-control", "connection", "content-encoding", "content-length", "content-type"),
        *("cookie", "date", "dnt", "expect", "forwarded", "from", "host", "keep-alive", "origin"),
        *("max-forwards", "pragma", "priority", "proxy-authorization", "proxy-connection"),
        *("range", "referer", "te", "trailer", "transfer-encoding", "upgrade", "user-agent"),
        *("upgrade-insecure-requests", "via", "if-match", "if-none-match", "if-modified-since"),
        *("if-unmodified-since", "if-range", "save-data", "traceparent", "tracestate"),
        *("x-requested-with", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"),
    }
)
_PREFIXES = ("sec-", ":")


class Received(NamedTuple):
    """A request as it was read.

    values      of the parameters, by `Parameter.key`
    body        its data; UNSET for none, or one that can't be decoded
    media_type  the declared one that the body was read as
    violations  all that were found
    """

    values: Mapping[str, Any]
    body: Any
    media_type: str | None
    violations: list[Violation]


def judge_received(
    operation: Operation,
    path: Mapping[str, str],
    request: HttpRequest,
    *,
    formats: Formats = ALL_FORMATS,
    credentials: frozenset[tuple[str, str]] = frozenset(),
    has_body: bool = True,
) -> Received:
    """The violations of a request of an operation, and what was read from it.

    path         the texts of the placeholders; see `Router.match`
    credentials  (place, name) of parameters that security schemes declare
    has_body     whether the body is there to be judged: a recording may lack it

    DocumentError if the document breaks what the request side needs.
    """
    query = urlsplit(request.url).query
    values = operation.read_parameters(path, query, request.headers)
    found = operation.request_plan(formats).judge_values(values)
    found += _undeclared(operation, query, request, credentials)
    body: Any = UNSET
    media_type = None
    if has_body:
        body, media_type = _read_body(operation, request, formats, found)
    return Received(values, body, media_type, operation.document.published(found))


def _read_body(
    operation: Operation, request: HttpRequest, formats: Formats, found: list[Violation]
) -> tuple[Any, str | None]:
    declared, content = operation.request_body, request.content
    at = operation.at.child("requestBody").pointer
    if not content:
        if declared is not None and declared.required and content is None:
            found.append(violation("request.body", "missing-body", "the body is missing", at))
        return UNSET, None
    if declared is None:
        reason = "there is a body, and the operation declares none"
        found.append(violation("request.body", "undeclared-body", reason, operation.at.pointer))
        return UNSET, None
    known = ", ".join(each.media_type for each in declared.media)
    content_type = request.headers.get("Content-Type")
    if content_type is None:
        reason = f"the body has no content type; declared are: {known}"
        found.append(_type_violation(at, reason))
        content_type = declared.preferred.media_type
    key = best_match([each.media_type for each in declared.media], content_type)
    media = next((each for each in declared.media if each.media_type == key), None)
    if media is None:
        reason = f"content type {content_type!r} is not declared; these are: {known}"
        found.append(_type_violation(at, reason))
        return UNSET, None
    return _decoded(media, content_type, bytes(content), formats, found), media.media_type  # type: ignore[arg-type]


def _decoded(
    media: BodyMedia, content_type: str, content: bytes, formats: Formats, found: list[Violation]
) -> Any:
    try:
        data = media.codec_for(content_type).decoder(media, content_type)(content)
    except DocumentError:
        raise
    except ValueError as error:
        reason = f"the body can't be decoded as {content_type}: {error}"
        found.append(violation("request.body", "encoding", reason, media.at.pointer))
        return UNSET
    judge = media.judge(content_type, formats=formats)
    if judge is not None:
        found += judge_data(judge, data, "request.body", "request")
    return data


def _type_violation(pointer: str, reason: str) -> Violation:
    return violation("request.header.Content-Type", "content-type", reason, pointer)


def _undeclared(
    operation: Operation,
    query: str,
    request: HttpRequest,
    credentials: frozenset[tuple[str, str]],
) -> Iterator[Violation]:
    """Parameters that the document does not have."""
    declared = {(p.location, _folded(p.location, p.name)) for p in operation.parameters}
    declared |= {(place, _folded(place, name)) for place, name in credentials}
    places = {place for place, _ in declared}
    if "querystring" not in places and not _takes_any_name(operation, "query"):
        deep = {p.name for p in operation.parameters if p.style == "deepObject"}
        names = dict.fromkeys(unquote_plus(pair.partition("=")[0]) for pair in query.split("&"))
        for name in names:
            if name and ("query", name) not in declared and name.partition("[")[0] not in deep:
                yield _stranger(operation, "query", name)
    for name in dict.fromkeys(name for name, _ in request.headers.pairs()):
        low = name.lower()
        if low not in _USUAL and not low.startswith(_PREFIXES) and ("header", low) not in declared:
            yield _stranger(operation, "header", name)
    if not _takes_any_name(operation, "cookie"):
        crumbs = [crumb.partition("=")[0].strip() for crumb in _cookies(request)]
        for name in dict.fromkeys(crumbs):
            if name and ("cookie", name) not in declared:
                yield _stranger(operation, "cookie", name)


def _cookies(request: HttpRequest) -> list[str]:
    return "; ".join(request.headers.get_list("Cookie")).split(";")


def _folded(place: str, name: str) -> str:
    return name.lower() if place == "header" else name


def _stranger(operation: Operation, place: str, name: str) -> Violation:
    reason = f"the document declares no {place} parameter {name!r} for it"
    at = operation.at.child("parameters").pointer
    return violation(f"request.{place}.{name}", "undeclared-parameter", reason, at)


def _takes_any_name(operation: Operation, place: str) -> bool:
    """Whether an exploded object takes whatever members there are."""
    return any(
        p.location == place
        and p.content_type is None
        and p.explode
        and p.style != "deepObject"
        and "object" in (p.node.types() or ())
        for p in operation.parameters
    )
