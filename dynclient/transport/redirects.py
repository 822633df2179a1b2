"""Which redirects are followed, and what may travel along (RFC 9110, section 15.4).

What was meant for one origin stays there: across a change of scheme, host or port no header goes
that the caller or the document put on the request, no query parameter that the request's redactor
calls secret, and no text that is one. HTTP libraries drop `Authorization` alone, and would carry a
`Service-CRN` or a `PRIVATE-TOKEN` to anyone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import unquote_plus, urldefrag, urljoin, urlsplit, urlunsplit

from ..errors import TooManyRedirects
from ..messages import Headers, HttpRequest
from ..origins import UNIX, Origin, origin_of, split_url
from ..redaction import NOT_SHOWN

__all__ = ["REDIRECTS", "next_request"]

_NOT_ASCII = re.compile(rb"[\x80-\xff]")

REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: Methods that keep their meaning whatever the status says (RFC 9110, 9.2.1; QUERY: RFC 10008).
_SAFE = frozenset({"GET", "HEAD", "QUERY"})
_OF_THE_BODY = frozenset(
    {"content-type", "content-length", "content-encoding", "content-language", "transfer-encoding"}
)
#: What goes along to another origin. All else was meant for the first one (RFC 9110, 15.4).
_EVERYWHERE = _OF_THE_BODY | {"accept", "accept-encoding", "accept-language", "user-agent"}


def next_request(request: HttpRequest, status: int, headers: Headers) -> HttpRequest | None:
    """The request that a 3xx asks for; None if the response is final.

    GET, HEAD and QUERY follow every redirect, 303 turns any method but HEAD into GET, 307 and 308
    keep method and body. A 301 or 302 to another method is final: whether POST becomes GET is not
    agreed on, and a `create` that turns into a `list` is worse than a response that says 302.
    `cross_origin` is set once another origin was named, and stays.
    TooManyRedirects: https to http, another scheme, or a body or an address with secrets to
    another origin.
    """
    if status not in REDIRECTS:
        return None
    locations = set(headers.get_list("Location"))
    if not any(locations) or (request.method not in _SAFE and status in {301, 302}):
        return None
    if len(locations) > 1:
        raise TooManyRedirects(
            f"the server redirects ({status}) to two places at once", request=request
        )
    url, here, there = _target(request, locations.pop())
    fields = request.headers.pairs()
    method, content = request.method, request.content
    if status == 303 and method != "HEAD":
        method, content = "GET", None
        fields = tuple(pair for pair in fields if pair[0].lower() not in _OF_THE_BODY)
    secrets = request.secrets()
    following = replace(
        request,
        method=method,
        url=url,
        headers=Headers(fields),
        content=content,
        redactor=request.redactor.hiding(*(secret for secret in secrets if secret in url)),
    )
    return following if here == there else _away(following, request, secrets, status, there)


def _away(
    following: HttpRequest, request: HttpRequest, secrets: Iterable[str], status: int, there: Origin
) -> HttpRequest:
    """What may go to another origin of the request that a redirect asks for."""
    if following.content is not None and _holds_secrets(request):
        raise TooManyRedirects(
            f"the server redirects ({status}) a body that holds secrets to another origin, "
            f"{there.netloc}; if that is the right server, use it as the base URL",
            request=request,
        )
    url = _without_echoed_secrets(following.url, request, secrets)
    if _repeats(url, secrets):
        raise TooManyRedirects(
            f"the server redirects ({status}) to another origin, {there.netloc}, by an "
            "address that repeats a secret of the request",
            request=request,
        )
    kept = [pair for pair in following.headers.pairs() if _goes_everywhere(pair[0], request)]
    return replace(following, url=url, headers=Headers(kept), cross_origin=True)


def _target(request: HttpRequest, location: str) -> tuple[str, Origin, Origin]:
    here = origin_of(request.url)
    try:
        # Field values arrive as Latin-1; servers that write other letters mean UTF-8.
        location = _text_of(location.encode("latin-1"))
        parts = urlsplit(urldefrag(_joined(request.url, location)).url)
        netloc = parts.netloc.rpartition("@")[2]  # no user or password of the server
        url = _ascii(urlunsplit(parts._replace(netloc=netloc)))
        there = origin_of(url)
    except ValueError as problem:
        reason = str(problem) if "URL" in str(problem) or "scheme" in str(problem) else "not a URL"
    else:
        if there.is_unix and here != there:
            raise TooManyRedirects("refused to follow a redirect to a Unix socket", request=request)
        if here.scheme == "https" and there.scheme == "http":
            raise TooManyRedirects(
                f"refused to follow a redirect from https to http ({there.netloc}): "
                "what was protected would travel in the clear",
                request=request,
            )
        if here == there:
            url = _with_our_user(url, request.url)
        return url, here, there
    raise TooManyRedirects(f"the redirect can't be followed: {reason}", request=request)


def _joined(url: str, location: str) -> str:
    """The location resolved (RFC 3986, section 5): the standard library joins no http+unix URL."""
    if not url.startswith(f"{UNIX}:") or urlsplit(location).scheme:
        return urljoin(url, location)
    return f"{UNIX}:" + urljoin(url.removeprefix(f"{UNIX}:"), location)


def _text_of(octets: bytes) -> str:
    """A Location as text: what is not UTF-8 keeps its octets, percent-encoded."""
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return _NOT_ASCII.sub(lambda octet: b"%%%02X" % octet[0][0], octets).decode("ascii")


def _with_our_user(url: str, ours: str) -> str:
    """The URL with the user and password of the caller's: it is still the same origin."""
    user, at, _ = split_url(ours)[0].partition("://")[2].rpartition("@")
    scheme, slashes, rest = url.partition("://")
    return f"{scheme}{slashes}{user}{at}{rest}"


def _ascii(url: str) -> str:
    """The URL with what may not stand in one percent-encoded, and nothing else touched."""
    from urllib.parse import quote

    head, slashes, rest = url.partition("://")
    authority = rest.partition("/")[0].partition("?")[0]
    return f"{head}{slashes}{authority}" + quote(
        rest[len(authority) :], safe="!#$%&'()*+,/:;=?@[]~"
    )


def _goes_everywhere(name: str, request: HttpRequest) -> bool:
    return name.lower() in _EVERYWHERE and not request.redactor.is_secret_header(name)


def _without_echoed_secrets(url: str, request: HttpRequest, secrets: Iterable[str]) -> str:
    """The URL without the secret query parameters that were ours.

    A secret-looking parameter that we did not send is the server's own (the signature of a
    download link), and the redirect is nothing without it.
    """
    is_secret = request.redactor.is_secret_field
    ours = {item.partition("=")[0] for item in urlsplit(request.url).query.split("&")}
    names = {name for name in map(_named, ours) if is_secret(name)}
    head, mark, query = url.partition("?")
    kept = [
        item
        for item in query.split("&")
        if _named(item.partition("=")[0]) not in names and not _repeats(item, secrets)
    ]
    return f"{head}?{'&'.join(kept)}" if mark and any(kept) else head


def _named(text: str) -> str:
    return unquote_plus(text).lower()


def _repeats(text: str, secrets: Iterable[str]) -> bool:
    return any(secret in text or secret in unquote_plus(text) for secret in secrets)


def _holds_secrets(request: HttpRequest) -> bool:
    """Whether a body holds any, or can't be cleared of some: JSON that can't be read."""
    content, kind = request.content, request.headers.get("Content-Type", "")
    if not isinstance(content, bytes):
        return False
    if "json" in kind and request.redactor.json(content).startswith(NOT_SHOWN):
        return True
    return request.redactor.holds_secrets(content, kind, whole=request.is_secret_content)
