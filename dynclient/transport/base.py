"""What a way to send is: one method, and perhaps a second."""

from __future__ import annotations

import math
from typing import NoReturn, Protocol, runtime_checkable

from ..messages import HttpRequest, HttpResponse

__all__ = [
    "CLOSED",
    "DEFAULT_MAX_RESPONSE_BYTES",
    "DEFAULT_TIMEOUT",
    "Timeout",
    "Transport",
    "checked_timeout",
]

#: Seconds: one number for connecting and for each read, or the two apart.
Timeout = float | tuple[float, float]

DEFAULT_TIMEOUT = 30.0

#: 1 GiB: no API answer is this long, and no machine dies of it.
DEFAULT_MAX_RESPONSE_BYTES = 1 << 30


@runtime_checkable
class Transport(Protocol):
    """Anything that turns a request into a response.

    `send` raises a `TransportError` (or a subclass of it) when there is no whole response, and
    returns every response there is, whatever its status. It may be called by many threads.
    An object that also has `close()` is closed by the client that made it, and only by that one.

    One that also has `open(request: HttpRequest) -> OpenResponse` returns as soon as the header
    is there; `Client.stream` uses that, and without it `send`, which reads all at once.
    """

    def send(self, request: HttpRequest) -> HttpResponse:
        """Send one request and read the whole response."""
        ...


class _Closed:
    """Sends nothing. RuntimeError, as a closed httpx.Client raises it: the program is at fault."""

    def send(self, _request: HttpRequest) -> NoReturn:
        raise RuntimeError(
            "the client is closed, so nothing was sent; call within its `with` block or before "
            "close(), or make another Client"
        )

    open = send


#: What a closed client has for a transport: no call that is open has to ask whether it is.
CLOSED = _Closed()


def checked_timeout(timeout: Timeout) -> tuple[float, float]:
    """(connect, read) in seconds.

    TypeError for what is no number or pair of them, ValueError unless both are finite and above
    zero.
    """
    parts = timeout if isinstance(timeout, tuple) else (timeout, timeout)
    # True is a number to Python.
    odd = any(not isinstance(part, int | float) or isinstance(part, bool) for part in parts)
    if odd or len(parts) != 2:
        raise TypeError(f"a timeout is a number of seconds, or (connect, read), not {timeout!r}")
    connect, read = parts
    if not (0 < connect < math.inf and 0 < read < math.inf):
        raise ValueError(f"a timeout is a finite number of seconds above zero, not {timeout!r}")
    return float(connect), float(read)
