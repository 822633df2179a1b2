"""From what the libraries raise to our errors, each with what to do about it.

Read by class name: requests, urllib3, http.client, ssl and socket each have their own tree, wrap
one another, and one must not be imported to name its errors. Their texts are not repeated, as
some hold the URL with its query, and a header value that can't be sent is printed whole.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ..errors import ConnectError, ConnectionBroken, RequestTimeout, TLSError, TransportError
from ..messages import HttpRequest
from ..origins import Origin, origin_of
from ..remedies import Remedy, give
from .timing import Limits

__all__ = ["chain_of", "explained"]


class _Failure(NamedTuple):
    chain: tuple[BaseException, ...]
    origin: Origin
    limits: Limits

    @property
    def cause(self) -> str:
        """The class of the innermost error, which says the most."""
        return type(self.chain[-1]).__name__

    def first(self, kind: type[BaseException]) -> BaseException | None:
        return next((error for error in self.chain if isinstance(error, kind)), None)

    @property
    def reason(self) -> str:
        """The system's own words for an OSError (`Connection refused`), else the class name."""
        for error in reversed(self.chain):
            if isinstance(error, OSError) and isinstance(error.errno, int) and error.errno > 0:
                return os.strerror(error.errno)
        return self.cause


def explained(problem: BaseException, request: HttpRequest, limits: Limits) -> TransportError:
    """The TransportError for `problem`: to be raised outside of the `except` that caught it."""
    chain = tuple(chain_of(problem))
    kinds = [cls for error in chain for cls in type(error).__mro__]
    names = {cls.__name__ for cls in kinds} | {f"{cls.__module__}.{cls.__name__}" for cls in kinds}
    if type(problem) is OSError and problem.errno is None:
        names = {"FileNotFoundError"}  # what requests raises for a CA bundle that is not there
    try:
        origin = origin_of(request.url)
    except ValueError as fault:
        return TransportError(f"the URL can't be used: {fault}", request=request)
    failure = _Failure(chain, origin, limits)
    if limits.are_over() and not names.isdisjoint(_TIMEOUTS):
        return RequestTimeout(_out_of_time(failure), request=request, remedy=_MORE_TIME)
    for known, kind, message in _TABLE:
        if not names.isdisjoint(known):
            error = kind(message(failure), request=request, remedy=_REMEDIES.get(message))
            if message in _UNSENT:
                error.sent = False
            return error
    return TransportError(f"the exchange failed ({failure.cause})", request=request)


def chain_of(problem: BaseException, seen: set[int] | None = None) -> Iterator[BaseException]:
    """The error and the errors inside it, outermost first."""
    seen = set() if seen is None else seen
    if id(problem) in seen or len(seen) > 20:
        return
    seen.add(id(problem))
    yield problem
    inner = [*problem.args, getattr(problem, "reason", None), problem.__cause__]
    for error in inner:
        if isinstance(error, BaseException):
            yield from chain_of(error, seen)


def _proxy(failure: _Failure) -> str:
    return (
        f"the proxy did not connect us to {failure.origin.place} ({failure.reason}); check "
        "HTTP_PROXY, HTTPS_PROXY and NO_PROXY"
    )


def _unknown_host(failure: _Failure) -> str:
    host = failure.origin.host
    return f"the host name {host!r} is unknown; check the base URL, and the network's DNS"


def _tls(failure: _Failure) -> str:
    import ssl

    where = failure.origin.place
    if failure.first(ssl.SSLCertVerificationError) is not None:
        # aiohttp has a class of its own, without the attributes.
        reasons = [getattr(error, "verify_message", None) for error in failure.chain]
        reason = next(filter(None, reasons), failure.cause)
        return f"the certificate of {where} is not trusted ({reason})"
    fault = failure.first(ssl.SSLError)
    said = getattr(fault, "reason", None) or failure.cause
    hint = "; does the server speak plain http there?" if "WRONG_VERSION" in str(said) else ""
    return f"TLS with {where} failed ({said}){hint}"


def _ca_bundle(failure: _Failure) -> str:
    return f"the CA bundle or client certificate can't be read ({failure.reason})"


def _address(origin: Origin) -> str:
    return origin.host if origin.is_unix else f"{origin.host} port {origin.port}"


def _refused(failure: _Failure) -> str:
    return (
        f"no connection to {_address(failure.origin)}: {failure.reason}; "
        "is the server up, and is this its address?"
    )


def _connect_timeout(failure: _Failure) -> str:
    seconds = f"{failure.limits.connect:g}"
    return (
        f"no connection to {failure.origin.place} within {seconds} seconds (the connect timeout); "
        "is the server reachable from here?"
    )


def _connect_or_wait(failure: _Failure) -> str:
    return f"{_connect_timeout(failure)} Or are more calls under way than connections (pool_size)?"


def _read_timeout(failure: _Failure) -> str:
    seconds = f"{failure.limits.read:g}"
    return f"{failure.origin.place} sent nothing for {seconds} seconds (the read timeout)"


def _out_of_time(failure: _Failure) -> str:
    return f"the call took longer than {failure.limits.total:g} seconds (the total timeout)"


def _slow_header(failure: _Failure) -> str:
    seconds = f"{failure.limits.read:g}"
    return (
        f"{failure.origin.place} did not finish the header of its response in {seconds} seconds "
        "(the read timeout)"
    )


def _no_free_connection(failure: _Failure) -> str:
    return (
        f"no connection of the pool became free within {failure.limits.connect:g} seconds (the "
        "connect timeout); use a larger pool_size, or fewer threads"
    )


def _closed(_: _Failure) -> str:
    return "the transport was closed"


def _broken(failure: _Failure) -> str:
    return (
        f"{failure.origin.place} broke the connection before its response was complete "
        f"({failure.cause})"
    )


def _garbled(failure: _Failure) -> str:
    return f"{failure.origin.place} did not respond in HTTP ({failure.cause})"


def _undecodable(_: _Failure) -> str:
    return "the body is not what its Content-Encoding says"


def _unsendable(_: _Failure) -> str:
    return "the request can't be written: a header or the URL has a character that may not be there"


def _not_ascii(_: _Failure) -> str:
    return "aiohttp can't send a header that is not ASCII: encode its value, or use Client"


def _malformed(failure: _Failure) -> str:
    if any("SOCKS" in str(error) for error in failure.chain):
        return "the environment names a SOCKS proxy, which needs `pip install requests[socks]`"
    return f"the URL can't be used ({failure.cause})"


_READ_TIMEOUTS = frozenset(
    {"BlockingIOError", "ReadTimeout", "ReadTimeoutError", "TimeoutError", "WriteTimeout"}
)
_PROXIES = frozenset(
    {
        *("ProxyError", "InvalidProxyURL", "ProxySchemeUnknown"),
        *("ClientProxyConnectionError", "ClientHttpProxyError"),
    }
)
#: Whatever a wait was for: once the total has passed, the total is what ended it.
_TIMEOUTS = frozenset(
    {
        *("OutOfTime", "SlowHeader", *_READ_TIMEOUTS),
        *(
            "ConnectTimeout",
            "ConnectTimeoutError",
            "ConnectionTimeoutError",
            "EmptyPoolError",
            "PoolIsBusy",
        ),
    }
)

_MORE_TIME = give(timeout={"total": ...})
#: What to do about the errors of a row, where settings of the client's own help.
_REMEDIES: dict[Callable[[_Failure], str], Remedy] = {
    _tls: give(environment={"REQUESTS_CA_BUNDLE": ...}).otherwise(transport={"verify": ...}),
    _ca_bundle: give(environment={"REQUESTS_CA_BUNDLE": ...}).otherwise(transport={"verify": ...}),
    _read_timeout: give(timeout=...),
    _slow_header: give(timeout=...),
}

#: Timeouts of what comes before a request is written.
_UNSENT = frozenset({_connect_timeout, _connect_or_wait, _no_free_connection})

#: The first row with a class name in the chain decides; the more telling ones come first.
_TABLE: tuple[tuple[frozenset[str], type[TransportError], Callable[[_Failure], str]], ...] = (
    (_PROXIES, ConnectError, _proxy),
    (frozenset({"gaierror", "NameResolutionError"}), ConnectError, _unknown_host),
    (frozenset({"ConnectTimeout"}), RequestTimeout, _connect_timeout),
    (frozenset({"ConnectionTimeoutError"}), RequestTimeout, _connect_or_wait),
    (
        frozenset({"EmptyPoolError", "PoolIsBusy", "PoolTimeout"}),
        RequestTimeout,
        _no_free_connection,
    ),
    (frozenset({"ClosedPoolError"}), TransportError, _closed),
    (frozenset({"NewConnectionError", "ConnectionRefusedError"}), ConnectError, _refused),
    (frozenset({"ConnectTimeoutError"}), RequestTimeout, _connect_timeout),
    (frozenset({"SlowHeader"}), RequestTimeout, _slow_header),
    (_READ_TIMEOUTS, RequestTimeout, _read_timeout),
    (frozenset({"SSLError", "CertificateError"}), TLSError, _tls),
    (frozenset({"ClientPayloadError"}), ConnectionBroken, _broken),
    (
        frozenset({"ClientResponseError", "BadHttpMessage", "urllib3.exceptions.InvalidHeader"}),
        ConnectionBroken,
        _garbled,
    ),
    (frozenset({"UnsendableField"}), TransportError, _not_ascii),
    (
        frozenset({"InvalidHeader", "UnicodeEncodeError", "LocalProtocolError"}),
        TransportError,
        _unsendable,
    ),
    (
        frozenset(
            {
                "InvalidURL",
                "InvalidSchema",
                "MissingSchema",
                "LocationValueError",
                "UnsupportedProtocol",
            }
        ),
        TransportError,
        _malformed,
    ),
    (frozenset({"DecodeError", "ContentDecodingError"}), TransportError, _undecodable),
    (frozenset({"ClientConnectorError", "ConnectError"}), ConnectError, _refused),
    (
        frozenset(
            {
                "ClientOSError",
                "ServerDisconnectedError",
                "RemoteDisconnected",
                "ConnectionError",
                "IncompleteRead",
            }
        ),
        ConnectionBroken,
        _broken,
    ),
    (
        frozenset({"BadStatusLine", "LineTooLong", "UnknownProtocol", "BadMessage"}),
        ConnectionBroken,
        _garbled,
    ),
    (
        frozenset({"ProtocolError", "ChunkedEncodingError", "HTTPException"}),
        ConnectionBroken,
        _broken,
    ),
    (frozenset({"FileNotFoundError", "PermissionError"}), TLSError, _ca_bundle),
    (frozenset({"OSError"}), ConnectError, _refused),
    (frozenset({"ValueError"}), TransportError, _unsendable),
)
