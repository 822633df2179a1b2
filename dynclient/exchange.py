"""One exchange, without I/O: a generator of commands, driven by `drive` or `drive_async`.

    arguments ─▶ plan.prepare ─▶ credentials ─▶ Send ─▶ redirects ─▶ 401, once more ─▶ Read
              ─▶ plan.parse ─▶ the validation policy ─▶ Response, or an error

What a call does is decided here and nowhere else; what one request does, in `hops.py`. Nothing here
knows a socket, a thread or an event loop.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any

from msgspec import Struct, structs

from .commands import Commands, Read, Run, Wait
from .errors import NotLoaded, RequestTimeout, StatusError, TransportError
from .hops import Conduct, deadline, hops, loaded, rewound, round_trip
from .messages import HttpRequest, HttpResponse, Response
from .remedies import give
from .retries import Failure, Pause
from .transport.content import streamed
from .verdict import verdict

if TYPE_CHECKING:
    from .auth import AuthPlan
    from .limits import Turns
    from .observers import Teller
    from .operation.request import Prepared
    from .operation.response import Begun
    from .plans import CallPlan
    from .transport import AsyncOpenResponse, OpenResponse

__all__ = [
    "Opened",
    "at_hand",
    "exchange",
    "opening",
]


class Opened(Struct):
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
    teller = None if conduct.teller is None else _teller(plan, prepared, conduct, conduct.teller)
    started = conduct.clock()
    try:
        final = yield from _final_response(plan, prepared, conduct, teller, whole=True)
        request, opened, content = final.request, final.opened, final.content or b""
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
    if final.attempts > 1:
        response = structs.replace(response, attempts=final.attempts)
    response, failure = verdict(response, plan.policy, prepared.violations, raises=plan.raises)
    if final.pause is not None and isinstance(failure, StatusError):
        failure.asks_to_wait(final.pause.seconds, plan.retries.retry_after_max)
    if teller is not None:
        teller.judged(response, failure, len(content))
    if failure is not None:
        raise failure
    return response


def opening(plan: CallPlan, prepared: Prepared, conduct: Conduct) -> Commands[Opened]:
    """A call up to the body of its response; one of 4xx or 5xx is read, and raised."""
    teller = None if conduct.teller is None else _teller(plan, prepared, conduct, conduct.teller)
    document, begun, started = plan.operation.document, None, conduct.clock()
    try:
        final = yield from _final_response(plan, prepared, conduct, teller, whole=False)
        request, opened, content = final.request, final.opened, final.content
        failed = opened.status >= 400 and plan.raises
        if failed and content is None:
            content = yield Read(opened)
        elapsed = conduct.clock() - started
        http = HttpResponse(opened.status, opened.headers, content or b"", request.url, elapsed)
        if content is not None and not failed:
            opened.unread(content)
        if failed:
            response = yield from loaded(partial(plan.parse, http, request), document, conduct)
        else:
            begin = partial(plan.begin, http, request)
            begun, response = yield from loaded(begin, document, conduct)
    except BaseException as error:
        if teller is not None:
            teller.failed(error)
        raise
    if final.attempts > 1:
        response = structs.replace(response, attempts=final.attempts)
    response, failure = verdict(response, plan.policy, prepared.violations, raises=plan.raises)
    if final.pause is not None and isinstance(failure, StatusError):
        failure.asks_to_wait(final.pause.seconds, plan.retries.retry_after_max)
    if failure is not None or begun is None:
        if teller is not None:
            teller.judged(response, failure, len(content or b""))
        raise failure or AssertionError("a status of 400 or more is raised")
    return Opened(plan, begun, request, opened, response, started, conduct, teller)


def at_hand(plan: CallPlan, prepared: Prepared) -> Commands[HttpRequest]:
    """The request with the credentials that can be had without sending another."""
    return _with_own(prepared, (yield from plan.auth.at_hand(prepared.request)))


def _teller(plan: CallPlan, prepared: Prepared, conduct: Conduct, make: type[Teller]) -> Teller:
    teller = make(conduct.observers, plan.operation.info, prepared.request, conduct.clock)
    teller.prepared(prepared.violations)
    return teller


class _Final(Struct):
    """The response that counts.

    request   as it was sent at last
    content   its body, if that has been read
    attempts  how often the request was sent
    pause     the wait that the service asks for, where it is longer than the policy allows
    """

    request: HttpRequest
    opened: Any
    content: bytes | None
    attempts: int
    pause: Pause | None


def _final_response(
    plan: CallPlan, prepared: Prepared, conduct: Conduct, teller: Teller | None, *, whole: bool
) -> Commands[_Final]:
    """Send a request until its response counts; with `whole`, its body is read."""
    auth, built, policy = plan.auth, prepared.request, plan.retries
    if built.content is not None and not isinstance(built.content, bytes):
        built = replace(built, content=streamed(built))
    end = None if built.timeout is None else deadline(built.timeout, conduct)
    conduct.budget.calls += 1
    again = None if auth.constant is not None else partial(_signed_again, auth, prepared)
    attempt, may_refuse = 0, True
    while True:
        attempt += 1
        if plan.pace is not None:
            yield from _turn(plan, plan.pace, built, end, conduct)
        error, request, content = None, built, None
        try:
            request = (
                auth.constant.apply(built)
                if auth.constant is not None
                else (yield from auth.flow(built, _sender(plan, conduct, teller, end)))
            )
            request = _with_own(prepared, request)
            request, opened = yield from hops(
                request, conduct, teller, end, plan.declares, again=again
            )
            status = opened.status
            # A 401 of another origin does not concern credentials that it was not sent.
            is_refused = status == 401 and may_refuse and not request.cross_origin
            if is_refused or (whole and status not in policy.statuses):
                content = yield Read(opened)
        except TransportError as problem:
            error, status, opened, is_refused = problem, None, None, False
            error.attempts = attempt
        if is_refused:
            may_refuse = False
            http = HttpResponse(401, opened.headers, content or b"", request.url)
            # A token may have been revoked before its time: one more try, with a fresh one.
            if auth.refused(request, http) and rewound(built):
                _tell_refused(teller)
                continue
        pause = None
        if (error is not None or status in policy.statuses) and rewound(built):
            failure = Failure(request, error, opened)
            pause = _pause(plan, failure, attempt, conduct, end)
            if pause is not None and not pause.beyond:
                if opened is not None:  # so that its connection is free
                    with suppress(TransportError):  # what breaks that is not of interest
                        yield Read(opened)
                yield _waiting(pause, status, teller)
                continue
        if error is not None:
            raise error
        if whole and content is None:
            content = yield Read(opened)
        return _Final(request, opened, content, attempt, pause)


def _sender(
    plan: CallPlan, conduct: Conduct, teller: Teller | None, end: float | None
) -> Callable[[HttpRequest], Commands[HttpResponse]]:
    """What sends the requests of handlers: again, where the policy of the call says so."""

    def send(request: HttpRequest) -> Commands[HttpResponse]:
        attempt = 0
        while True:
            attempt += 1
            response = yield from round_trip(request, conduct, teller, end)
            if response.status not in plan.retries.statuses:
                return response
            failure = Failure(request, None, response)
            pause = _pause(plan, failure, attempt, conduct, end)
            if pause is None or pause.beyond:
                return response
            yield _waiting(pause, response.status, teller)

    return send


def _turn(
    plan: CallPlan, pace: Turns, request: HttpRequest, end: float | None, conduct: Conduct
) -> Commands[None]:
    """Wait until the operation may be called again. RequestTimeout if that is not in time."""
    while seconds := (yield Run(pace.take)) if pace.blocks else pace.take():
        if end is not None and conduct.clock() + seconds >= end:
            error = RequestTimeout(
                f"its turn by rate_limits= comes in {seconds:g} seconds, after the total timeout",
                request=request,
                remedy=give(timeout={"total": ...}),
            )
            error.sent = False
            raise error
        yield Wait(seconds, f"the rate limit of {plan.operation.name}")


def _tell_refused(teller: Teller | None) -> None:
    if teller is not None:
        teller.retrying("the credentials were refused", 401, 0.0)


def _waiting(pause: Pause, status: int | None, teller: Teller | None) -> Wait:
    if teller is not None:
        teller.retrying(pause.why, status, pause.seconds)
    return Wait(pause.seconds, pause.why)


def _pause(
    plan: CallPlan, failure: Failure, attempt: int, conduct: Conduct, end: float | None
) -> Pause | None:
    """What comes before the next attempt, logged; None if there is none."""
    now = conduct.clock()
    left = inf if end is None else end - now
    asked = failure.asked_wait(conduct.wall)
    pause = plan.retries.pause(failure, attempt, asked, left, conduct.jitter)
    if pause is None or pause.beyond:
        return pause
    if not conduct.budget.takes(plan.retries, now):
        return None
    import logging  # slow to import, and most calls need no second attempt

    logging.getLogger("dynclient").warning(
        "%s: attempt %d failed (%s); the next one follows in %.2f s",
        *(failure.request.operation or plan.operation.name, attempt, pause.why, pause.seconds),
    )
    return pause


def _signed_again(
    auth: AuthPlan, prepared: Prepared, request: HttpRequest
) -> Commands[HttpRequest]:
    return _with_own(prepared, (yield from auth.signed_again(request)))


def _with_own(prepared: Prepared, request: HttpRequest) -> HttpRequest:
    """The request with the fields of the call itself, which go before the client's credentials."""
    return request.with_headers(prepared.headers) if prepared.headers else request
