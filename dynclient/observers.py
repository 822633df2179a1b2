"""Observers: functions that get an event for every step of a call.

    client = Client("qiskit-runtime", observers=[LoggingObserver(), count_statuses])

An observer takes one event and returns nothing. It is called by the thread or task that makes the
call, between its steps: what takes long belongs elsewhere. An observer that raises does not end the
call; its error is logged with the logger `dynclient`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import NamedTuple, TypeAlias

from .messages import Headers, HttpRequest, OperationInfo, Response, Violation

__all__ = [
    "Event",
    "Failed",
    "Judged",
    "LoggingObserver",
    "Observer",
    "Prepared",
    "Received",
    "Retrying",
    "Sent",
    "Teller",
]


# Named tuples, and each with all of its fields: several are made for every call of a client that is
# observed, and a frozen dataclass takes four times as long to make.


class Prepared(NamedTuple):
    """The arguments were valid and the request is built; credentials are still to come.

    `violations` are those that the validation policy lets pass. All events have

    call       a number that all events of one call share, and no other call of the process has
    operation  what is called; None for a request that a call needs besides its own, such as one
               for a token
    request    the request in question. It may hold credentials: its repr does not, and
               `request.redacted()` has none
    attempt    counts from 1
    """

    call: int
    operation: OperationInfo | None
    request: HttpRequest
    attempt: int
    violations: tuple[Violation, ...]


class Sent(NamedTuple):
    """A request is about to be sent: one hop, so that a redirect that is followed is another.

    `hop` counts the requests of the call itself, from 1.
    """

    call: int
    operation: OperationInfo | None
    request: HttpRequest
    attempt: int
    hop: int


class Received(NamedTuple):
    """The header of a response is there, `seconds` after its request was sent."""

    call: int
    operation: OperationInfo | None
    request: HttpRequest
    attempt: int
    status: int
    headers: Headers
    seconds: float


class Retrying(NamedTuple):
    """The call is tried once more, in `seconds`; `why` is for people."""

    call: int
    operation: OperationInfo | None
    request: HttpRequest
    attempt: int
    why: str
    status: int | None
    seconds: float


class Judged(NamedTuple):
    """The response was read and validated.

    response    the whole response; its `violations` are all that were found. Of a stream, its data
                and content are what was last read, or nothing
    error       what the call raises for it (StatusError, InvalidResponse), or None
    seconds     from the first request to the end of the body
    size        of the decoded body, in bytes
    """

    call: int
    operation: OperationInfo | None
    request: HttpRequest
    attempt: int
    response: Response
    error: Exception | None
    seconds: float
    size: int


class Failed(NamedTuple):
    """The call raises `error` without a response that could be validated."""

    call: int
    operation: OperationInfo | None
    request: HttpRequest
    attempt: int
    error: BaseException
    seconds: float


Event: TypeAlias = Prepared | Sent | Received | Retrying | Judged | Failed
Observer: TypeAlias = Callable[[Event], object]


_calls = count(1)


class Teller:
    """Makes the events of one call and hands them to its observers."""

    __slots__ = (
        *("_clock", "_hop", "_observers", "_sent_at", "_started"),
        *("attempt", "call", "operation", "request"),
    )

    def __init__(
        self,
        observers: Sequence[Observer],
        operation: OperationInfo | None,
        request: HttpRequest,
        clock: Callable[[], float],
        call: int | None = None,
    ) -> None:
        self._observers = observers
        self._clock = clock
        self._started = self._sent_at = clock()
        self.operation = operation
        self.request = request
        self.attempt = 1
        self._hop = 0
        self.call = next(_calls) if call is None else call

    def beside(self, request: HttpRequest) -> Teller:
        """For a request that this call needs besides its own."""
        return Teller(self._observers, None, request, self._clock, self.call)

    def prepared(self, violations: tuple[Violation, ...]) -> None:
        """The call begins."""
        self._tell(Prepared(self.call, self.operation, self.request, self.attempt, violations))

    def sent(self, request: HttpRequest) -> None:
        """A hop begins."""
        self.request = request
        self._hop += 1
        self._tell(Sent(self.call, self.operation, request, self.attempt, self._hop))
        self._sent_at = self._clock()

    def received(self, status: int, headers: Headers) -> None:
        """The header of its response is there."""
        seconds = self._clock() - self._sent_at
        common = (self.call, self.operation, self.request, self.attempt)
        self._tell(Received(*common, status, headers, seconds))

    def retrying(self, why: str, status: int | None, seconds: float) -> None:
        """Another attempt follows."""
        common = (self.call, self.operation, self.request, self.attempt)
        self._tell(Retrying(*common, why, status, seconds))
        self.attempt += 1

    def judged(self, response: Response, error: Exception | None, size: int) -> None:
        """The call has a response; `size` is that of its body, in bytes."""
        seconds = self._clock() - self._started
        common = (self.call, self.operation, self.request, self.attempt)
        self._tell(Judged(*common, response, error, seconds, size))

    def failed(self, error: BaseException) -> None:
        """The call has none."""
        seconds = self._clock() - self._started
        common = (self.call, self.operation, self.request, self.attempt)
        self._tell(Failed(*common, error, seconds))

    def _tell(self, event: Event) -> None:
        for observer in self._observers:
            try:
                observer(event)
            except Exception:
                import logging

                logging.getLogger("dynclient").exception("the observer %r failed", observer)


class LoggingObserver:
    """Logs calls with the logger `dynclient`: a line each at INFO, requests and headers at DEBUG.

    Credentials are masked. What a call raises is in its line, at the same level.
    """

    def __init__(self) -> None:
        import logging  # slow to import, and most programs that use us never log

        self._log = logging.getLogger("dynclient")

    def __call__(self, event: Event) -> None:
        if isinstance(event, Judged):
            self._judged(event)
        elif isinstance(event, Failed):
            name, milliseconds = _name(event), event.seconds * 1000
            self._log.info("%s: %s after %.0f ms", name, type(event.error).__name__, milliseconds)
        elif isinstance(event, Sent):
            request = event.request
            line = f"{request.method} {request.redactor.url(request.url)}"
            self._debug(event, "sent", line, request.headers)
        elif isinstance(event, Received):
            self._debug(event, "received", str(event.status), event.headers)
        elif isinstance(event, Retrying):
            self._log.debug("%s: attempt %d: %s", _name(event), event.attempt, event.why)

    def _judged(self, event: Judged) -> None:
        response = event.response
        count = len(response.violations)
        broken = f", {count} violation{'s'[: count != 1]}" if count else ""
        attempts = f", attempt {event.attempt}" if event.attempt > 1 else ""
        self._log.info(
            "%s: %d in %.0f ms, %d bytes%s%s",
            *(_name(event), response.status, event.seconds * 1000, event.size, attempts, broken),
        )

    def _debug(self, event: Sent | Received, verb: str, line: str, headers: Headers) -> None:
        import logging

        if self._log.isEnabledFor(logging.DEBUG):
            fields = event.request.redactor.headers(headers.pairs())
            mask = event.request.mask()
            shown = "".join(f"\n  {name}: {mask(value)}" for name, value in fields)
            self._log.debug("%s: %s: %s%s", _name(event), verb, line, shown)


def _name(event: Event) -> str:
    if event.operation is not None:
        return event.operation.name
    return event.request.operation or event.request.method
