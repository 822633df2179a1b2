"""What `RequestsTransport` asks of requests and urllib3 in a single step each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..messages import IDEMPOTENT, Headers
from .content import Stream
from .decoding import decoded_pieces
from .failures import chain_of
from .timing import Limits

if TYPE_CHECKING:
    import requests
    from urllib3.response import BaseHTTPResponse

__all__ = [
    "LOGGERS",
    "STEP",
    "arriving",
    "as_it_is",
    "fields_of",
    "hide_location",
    "make_pool_strict",
    "may_start_anew",
    "settled",
    "timeout_for",
]

STEP = 1 << 16
#: Their lines show the target of every request.
LOGGERS = ("urllib3.connectionpool", "urllib3.connection", "urllib3.util.retry")
#: What the peer's closing of an idle connection looks like when it meets a request on its way.
_STALE = frozenset(
    {"NoResponse", "RemoteDisconnected", "ConnectionResetError", "ConnectionAbortedError"}
)


def hide_location(response: Any, **_: Any) -> None:
    """Keep requests from preparing a redirect, which it does even when told not to follow it.

    It would read the redirect's body whole, without a bound, and raise for a Location it can't
    parse. It runs after the caller's own hooks.
    """
    if response.is_redirect:
        response.hidden_location = response.headers.pop("Location")


def as_it_is(prepared: requests.PreparedRequest) -> requests.PreparedRequest:
    return prepared


def settled(session: requests.Session, url: str) -> dict[str, Any]:
    """The session's proxies and TLS settings for `url`, merged with the environment's."""
    settings = session.merge_environment_settings(url, {}, None, None, None)
    if session.verify is not True:
        # requests lets REQUESTS_CA_BUNDLE overrule even a Session's verify=False; we do not.
        settings["verify"] = session.verify
    return dict(settings)


def fields_of(response: Any) -> Headers:
    """The fields of a `requests.Response`, repeated ones apart where its adapter kept them so."""
    raw: Any = getattr(response.raw, "headers", None)
    return Headers(raw.iteritems() if hasattr(raw, "iteritems") else response.headers.items())


def arriving(response: BaseHTTPResponse) -> Iterator[bytes]:
    """The decoded body of a urllib3 response, each piece as soon as it is there."""
    # read() and stream() would wait until so many bytes have come.
    pieces = _pieces(response)
    encoding = response.headers.get("Content-Encoding")
    return decoded_pieces(pieces, encoding) if encoding else pieces


def _pieces(response: BaseHTTPResponse) -> Iterator[bytes]:
    while piece := response.read1(STEP, decode_content=False):
        yield piece
        if response.length_remaining == 0:
            return


def may_start_anew(problem: BaseException, method: str, body: Stream | None) -> bool:
    """Whether a request that met a closing connection may be sent once more.

    Only an idempotent one: nothing tells whether the peer acted on it before it went away.
    """
    causes = {type(cause).__name__ for cause in chain_of(problem)}
    if method not in IDEMPOTENT or causes.isdisjoint(_STALE):
        return False
    return body is None or body.rewind()


def timeout_for(limits: Limits) -> Any:
    """What urllib3 takes for a timeout. requests takes it as well."""
    import urllib3

    connect, read = limits.within(limits.connect), limits.within(limits.read)
    return urllib3.Timeout(connect=connect, read=read)


def make_pool_strict(
    session: requests.Session, prepared: requests.PreparedRequest, settings: dict[str, Any]
) -> None:
    """Have the pool that the Session will use refuse malformed responses, if it is urllib3's."""
    from requests.adapters import HTTPAdapter

    from .strict import made_strict

    adapter = session.get_adapter(prepared.url or "")
    if isinstance(adapter, HTTPAdapter):
        verify, cert, proxies = settings["verify"], settings["cert"], settings["proxies"]
        made_strict(adapter.get_connection_with_tls_context(prepared, verify, proxies, cert))
