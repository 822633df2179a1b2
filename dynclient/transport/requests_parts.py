"""What `RequestsTransport` asks of requests and urllib3 in a single step each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..messages import Headers
from .content import Stream
from .decoding import decoded_pieces
from .failures import chain_of
from .following import IDEMPOTENT

if TYPE_CHECKING:
    import requests
    from urllib3.response import BaseHTTPResponse

__all__ = [
    "STEP",
    "arriving",
    "as_it_is",
    "fields_of",
    "hide_location",
    "may_start_anew",
    "settled",
]

STEP = 1 << 16
#: What the peer's closing of an idle connection looks like when it meets a request on its way.
_STALE = frozenset({"RemoteDisconnected", "ConnectionResetError", "ConnectionAbortedError"})


def hide_location(answer: Any, **_: Any) -> None:
    """Keep requests from preparing a redirect, which it does even when told not to follow it.

    It would read the redirect's body whole, without a bound, and raise for a Location it can't
    parse. It runs after the caller's own hooks.
    """
    if answer.is_redirect:
        answer.hidden_location = answer.headers.pop("Location")


def as_it_is(prepared: requests.PreparedRequest) -> requests.PreparedRequest:
    return prepared


def settled(session: requests.Session, url: str) -> dict[str, Any]:
    """The session's proxies and TLS settings for `url`, merged with the environment's."""
    settings = session.merge_environment_settings(url, {}, None, None, None)
    if session.verify is not True:
        # requests lets REQUESTS_CA_BUNDLE overrule even a Session's verify=False; we do not.
        settings["verify"] = session.verify
    return dict(settings)


def fields_of(answer: Any) -> Headers:
    """The fields of a `requests.Response`, repeated ones apart where its adapter kept them so."""
    raw: Any = getattr(answer.raw, "headers", None)
    return Headers(raw.iteritems() if hasattr(raw, "iteritems") else answer.headers.items())


def arriving(answer: BaseHTTPResponse) -> Iterator[bytes]:
    """The decoded body of a urllib3 response, each piece as soon as it is there."""
    # read() and stream() would wait until so many bytes have come.
    pieces = iter(lambda: answer.read1(STEP, decode_content=False), b"")
    encoding = answer.headers.get("Content-Encoding")
    return decoded_pieces(pieces, encoding) if encoding else pieces


def may_start_anew(problem: BaseException, method: str, body: Stream | None) -> bool:
    """Whether a request that met a closing connection may be sent once more.

    Only an idempotent one: nothing tells whether the peer acted on it before it went away.
    """
    causes = {type(cause).__name__ for cause in chain_of(problem)}
    if method not in IDEMPOTENT or causes.isdisjoint(_STALE):
        return False
    return body is None or body.rewind()
