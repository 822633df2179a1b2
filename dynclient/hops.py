"""One request and its redirects, and the requests that a call needs besides its own.

Requests for tokens and for documents go through the same `hops` as those of operations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from time import perf_counter, time
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct, field, structs

from .commands import Commands, Read, Send
from .document import completing, may_move, moved_away
from .errors import DocumentError, DynclientError, RequestTimeout, TooManyRedirects
from .messages import Headers, HttpRequest, HttpResponse, Timeout
from .origins import origin_of
from .remedies import give
from .retries import Budget
from .transport.content import Stream
from .transport.redirects import REDIRECTS, next_request

if TYPE_CHECKING:
    from .document import Document, Fetching, Trust
    from .observers import Observer, Teller

__all__ = ["Conduct", "deadline", "fetching", "hops", "loaded", "rewound", "round_trip"]

_T = TypeVar("_T")

_DOCUMENT_TYPES = "application/json, application/yaml, text/yaml, */*;q=0.5"


def _jitter() -> float:
    from random import random  # slow to import, and most calls need no second attempt

    return random()  # noqa: S311  no secret


class Conduct(Struct, frozen=True):
    """How the exchanges of a client are conducted, whatever the operation.

    observers      get an event for every step
    trust          bounds on redirects, and on what a document may make us fetch
    document_auth  header fields for fetching documents, by origin
    timeout        of requests that have none; None for that of the transport
    budget         of retries
    clock          seconds from some start; another one in tests
    wall           seconds since 1970; another one in tests
    jitter         a random number from 0 to 1; another one in tests
    teller         what makes the events of a call; None without observers
    """

    trust: Trust
    observers: tuple[Observer, ...] = ()
    document_auth: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    timeout: Timeout | None = None
    budget: Budget = field(default_factory=Budget)
    clock: Callable[[], float] = perf_counter
    wall: Callable[[], float] = time
    jitter: Callable[[], float] = _jitter
    teller: type[Teller] | None = None

    def __post_init__(self) -> None:
        structs.force_setattr(self, "teller", None)  # whatever was given
        if self.observers:
            from .observers import Teller  # most clients have no observers

            structs.force_setattr(self, "teller", Teller)


def hops(
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
        if following.content is not None and not rewound(following):
            raise TooManyRedirects(
                f"the server redirects ({status}), and the streamed body can't be sent again; "
                "send bytes or a file that can seek",
                request=first,
            )
        if again is not None and not following.cross_origin:
            following = yield from again(following)
        request, left = following, left - 1


def rewound(request: HttpRequest) -> bool:
    """Whether the body can be sent again; a file is back at its start then."""
    content = request.content
    return not isinstance(content, Stream) or content.rewind()


def deadline(timeout: Timeout, conduct: Conduct) -> float | None:
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
    request, opened = yield from hops(request, conduct, teller, end, _never, check)
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
