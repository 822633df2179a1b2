"""One exchange, without I/O: a generator of commands, driven by `drive` or `drive_async`.

    arguments ─▶ plan.prepare ─▶ credentials ─▶ Send ─▶ redirects ─▶ 401, once more ─▶ Read
              ─▶ plan.parse ─▶ the validation policy ─▶ Response, or an error

What a call does is decided here and nowhere else. Requests for tokens and for documents go through
the same `_hops`. Nothing here knows a socket, a thread or an event loop.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from .commands import Commands, Read, Send
from .document import completing, may_move, moved_away
from .errors import (
    DocumentError,
    DynclientError,
    NotLoaded,
    RequestTimeout,
    TooManyRedirects,
)
from .messages import Headers, HttpRequest, HttpResponse, Response, Timeout
from .origins import origin_of
from .remedies import give
from .transport.content import Stream, streamed
from .transport.redirects import REDIRECTS, next_request
from .verdict import verdict

if TYPE_CHECKING:
    from .auth import AuthPlan
    from .document import Document, Fetching, Trust
    from .observers import Observer, Teller
    from .operation.request import Prepared
    from .operation.response import Begun
    from .plans import CallPlan
    from .transport import AsyncOpenResponse, OpenResponse

__all__ = [
    "Conduct",
    "Opened",
    "at_hand",
    "exchange",
    "fetching",
    "loaded",
    "opening",
    "round_trip",
]

_T = TypeVar("_T")

_DOCUMENT_TYPES = "application/json, application/yaml, text/yaml, */*;q=0.5"


@dataclass(frozen=True, slots=True)
class Conduct:
    """How the exchanges of a client are conducted, whatever the operation.

    observers      get an event for every step
    trust          bounds on redirects, and on what a document may make us fetch
    document_auth  header fields for fetching documents, by origin
    timeout        of requests that have none; None for that of the transport
    clock          seconds from some start; another one in tests
    """

    trust: Trust
    observers: tuple[Observer, ...] = ()
    document_auth: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    timeout: Timeout | None = None
    clock: Callable[[], float] = perf_counter


class Opened(NamedTuple):
    """A response whose header was validated and whose body is still to be read."""

    plan: CallPlan
    begun: Begun
    request: HttpRequest
    response: OpenResponse | AsyncOpenResponse
    head: Response
    started: float
    conduct: Conduct
    teller: Teller | None


# Calls -------------------------------------------------------------------------------------------


def exchange(plan: CallPlan, prepared: Prepared, conduct: Conduct) -> Commands[Response]:
    """The whole of a call. Raises AuthError, TransportError, StatusError, InvalidResponse."""
    teller = _teller(plan, prepared, conduct) if conduct.observers else None
    started = conduct.clock()
    try:
        request, opened, content = yield from _final_response(plan, prepared, conduct, teller)
        if content is None:
            content = yield Read(opened)
        elapsed = conduct.clock() - started
        http = HttpResponse(opened.status, opened.headers, content, request.url, elapsed)
        try:
            response = plan.parse(http, request)
        except NotLoaded:
            document = plan.operation.document
            response = yield from loaded(partial(plan.parse, http, request), document, conduct)
    except BaseException as error:
        if teller is not None:
            teller.failed(error)
        raise
    response, failure = verdict(response, plan.policy, prepared.violations, raises=plan.raises)
    if teller is not None:
        teller.judged(response, failure, len(content))
    if failure is not None:
        raise failure
    return response


def opening(plan: CallPlan, prepared: Prepared, conduct: Conduct) -> Commands[Opened]:
    """A call up to the body of its response; one of 4xx or 5xx is read, and raised."""
    teller = _teller(plan, prepared, conduct) if conduct.observers else None
    document, begun, started = plan.operation.document, None, conduct.clock()
    try:
        request, opened, content = yield from _final_response(plan, prepared, conduct, teller)
        failed = opened.status >= 400 and plan.raises
        if failed and content is None:
            content = yield Read(opened)
        elapsed = conduct.clock() - started
        http = HttpResponse(opened.status, opened.headers, content or b"", request.url, elapsed)
        if failed:
            response = yield from loaded(partial(plan.parse, http, request), document, conduct)
        else:
            begin = partial(plan.begin, http, request)
            begun, response = yield from loaded(begin, document, conduct)
    except BaseException as error:
        if teller is not None:
            teller.failed(error)
        raise
    response, failure = verdict(response, plan.policy, prepared.violations, raises=plan.raises)
    if failure is not None or begun is None:
        if teller is not None:
            teller.judged(response, failure, len(content or b""))
        raise failure or AssertionError("a status of 400 or more is raised")
    return Opened(plan, begun, request, opened, response, started, conduct, teller)


def at_hand(plan: CallPlan, prepared: Prepared) -> Commands[HttpRequest]:
    """The request with the credentials that can be had without sending another."""
    request = yield from plan.auth.at_hand(prepared.request)
    return request.with_headers(prepared.headers) if prepared.headers else request


def _teller(plan: CallPlan, prepared: Prepared, conduct: Conduct) -> Teller:
    from .observers import Teller  # most clients have no observers

    teller = Teller(conduct.observers, plan.operation.info, prepared.request, conduct.clock)
    teller.prepared(prepared.violations)
    return teller


def _final_response(
    plan: CallPlan, prepared: Prepared, conduct: Conduct, teller: Teller | None
) -> Commands[tuple[HttpRequest, Any, bytes | None]]:
    """(what was sent, the response that counts, its body if that had to be read already)."""
    auth, built = plan.auth, prepared.request
    if built.content is not None and not isinstance(built.content, bytes):
        built = replace(built, content=streamed(built))
    end = None if built.timeout is None else _end(built.timeout, conduct)
    first = True
    while True:
        if auth.constant is not None:
            request = auth.constant.apply(built)
        else:
            send = partial(round_trip, conduct=conduct, teller=teller, end=end)
            request = yield from auth.flow(built, send)
        if prepared.headers:  # those of the call itself go before the client's credentials
            request = request.with_headers(prepared.headers)
        again = None if auth.constant is not None else partial(_signed_again, auth, prepared)
        request, opened = yield from _hops(
            request, conduct, teller, end, plan.declares, again=again
        )
        # A 401 of another origin does not concern credentials that it was not sent.
        if opened.status != 401 or not first or request.cross_origin:
            return request, opened, None
        body = yield Read(opened)
        http = HttpResponse(401, opened.headers, body, request.url)
        if not auth.refused(request, http) or not _rewound(built):
            return request, opened, body
        # A token may have been revoked before its time: one more try, with a fresh one.
        first = False
        if teller is not None:
            teller.retrying("the credentials were refused", 401, 0.0)


def _signed_again(
    auth: AuthPlan, prepared: Prepared, request: HttpRequest
) -> Commands[HttpRequest]:
    request = yield from auth.signed_again(request)
    return request.with_headers(prepared.headers) if prepared.headers else request


def _hops(
    request: HttpRequest,
    conduct: Conduct,
    teller: Teller | None,
    end: float | None,
    is_final: Callable[[int], bool],
    check: Callable[[str, str], None] | None = None,
    again: Callable[[HttpRequest], Commands[HttpRequest]] | None = None,
) -> Commands[tuple[HttpRequest, Any]]:
    """Send a request and follow its redirects: (the last request, its response, not read).

    `is_final`: whether a status 3xx is the response itself. `check(one URL, the next)` raises
    for a redirect that may not be followed. `again(request)` signs what is sent to the same origin.
    """
    first, left = request, conduct.trust.max_redirects
    while True:
        if end is not None:
            request = _within(request, end, conduct)
        if teller is not None:
            teller.sent(request)
        opened = yield Send(request)
        status = opened.status
        if teller is not None:
            teller.received(status, opened.headers)
        if status not in REDIRECTS or not conduct.trust.max_redirects or is_final(status):
            return request, opened
        following = next_request(request, status, opened.headers)
        if following is None:
            return request, opened
        if check is not None:
            check(request.url, following.url)
        if not left:
            raise TooManyRedirects(
                f"more than {conduct.trust.max_redirects} redirects",
                request=first,
                remedy=give(trust={"max_redirects": ...}),
            )
        yield Read(opened)  # so that its connection can be used again
        if following.content is not None and not _rewound(following):
            raise TooManyRedirects(
                f"the server redirects ({status}), and the streamed body can't be sent again; "
                "send bytes or a file that can seek",
                request=first,
            )
        if again is not None and not following.cross_origin:
            following = yield from again(following)
        request, left = following, left - 1


def _rewound(request: HttpRequest) -> bool:
    """Whether the body can be sent again; a file is back at its start then."""
    content = request.content
    return not isinstance(content, Stream) or content.rewind()


def _end(timeout: Timeout, conduct: Conduct) -> float | None:
    """When the call must have ended, by the clock; None for no bound."""
    return None if timeout.total is None else conduct.clock() + timeout.total


def _within(request: HttpRequest, end: float, conduct: Conduct) -> HttpRequest:
    """The request with what is left of the total timeout."""
    left = end - conduct.clock()
    if left <= 0:
        raise RequestTimeout(
            "the total timeout of the call has passed",
            request=request,
            remedy=give(timeout={"total": ...}),
        )
    return replace(request, timeout=replace(request.timeout or Timeout(), total=left))


# Beside a call -----------------------------------------------------------------------------------


def round_trip(
    request: HttpRequest,
    conduct: Conduct,
    teller: Teller | None = None,
    end: float | None = None,
    check: Callable[[str, str], None] | None = None,
) -> Commands[HttpResponse]:
    """Send a request that belongs to no operation, and read the response: a token, a document."""
    if teller is not None:
        teller = teller.beside(request)
    if request.timeout is None:
        request = replace(request, timeout=conduct.timeout)
    started = conduct.clock()
    request, opened = yield from _hops(request, conduct, teller, end, _never, check)
    content = yield Read(opened)
    elapsed = conduct.clock() - started
    return HttpResponse(opened.status, opened.headers, content, request.url, elapsed)


def _never(_status: int) -> bool:
    return False


def loaded(make: Callable[[], _T], document: Document, conduct: Conduct) -> Commands[_T]:
    """`make()`, called again whenever a file was fetched that a `$ref` leads to.

    DocumentError, with the place of the `$ref`, for one that can't be fetched.
    """
    return (yield from fetching(completing(document, make), conduct))


def fetching(steps: Fetching[_T], conduct: Conduct) -> Commands[_T]:
    """What a generator of URLs returns, each of them fetched."""
    try:
        url = next(steps)
        while True:
            try:
                found = yield from _fetched(url, conduct)
            except DynclientError as error:
                url = steps.throw(error)
            else:
                url = steps.send(found)
    except StopIteration as stop:
        value: _T = stop.value
        return value


def _fetched(url: str, conduct: Conduct) -> Commands[tuple[str, bytes]]:
    """A file of a document: the URL that it came from, after redirects, and its bytes.

    A redirect is refused before the other place is asked, unless `Trust` allows it. Raises
    DocumentError and TransportError.
    """

    def check(one: str, other: str) -> None:
        if not may_move(one, other, conduct.trust):
            raise moved_away(url, other)

    fields = {"Accept": _DOCUMENT_TYPES, **_document_fields(url, conduct)}
    request = HttpRequest("GET", url, Headers(fields), operation="the document")
    response = yield from round_trip(request, conduct, check=check)
    if response.status != 200:
        refused = response.status in (401, 403)
        remedy = give(document_auth={str(origin_of(url)): ...}) if refused else None
        reason = f"the server responded with {response.status}"
        raise DocumentError(reason, source=url, remedy=remedy)
    return response.url, response.content


def _document_fields(url: str, conduct: Conduct) -> Mapping[str, str]:
    """The fields that `document_auth` has for the origin of a URL."""
    origin = origin_of(url)
    for own, fields in conduct.document_auth.items():
        if origin_of(own) == origin:
            return fields
    return {}
