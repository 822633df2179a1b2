"""Origins: scheme, host and port (RFC 6454), and the parts of a URL a transport needs."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

__all__ = ["DEFAULT_PORTS", "Origin", "origin_of", "split_url"]

DEFAULT_PORTS = {"http": 80, "https": 443}


class Origin(NamedTuple):
    """Who is spoken to. `host` is in lower case, an IPv6 address without its brackets."""

    scheme: str
    host: str
    port: int

    @property
    def netloc(self) -> str:
        """`host:port` for people and for the Host field: no default port, IPv6 in brackets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if DEFAULT_PORTS.get(self.scheme) == self.port else f"{host}:{self.port}"


def origin_of(url: str) -> Origin:
    """The origin of an absolute http or https URL. ValueError, not repeating the URL, if none."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        # The standard library's message repeats the URL, and with it any secret in its query.
        raise ValueError("the URL has no valid host and port") from None
    if parts.scheme not in DEFAULT_PORTS:
        raise ValueError(f"the scheme {parts.scheme!r} is neither http nor https")
    if not host:
        raise ValueError("the URL names no host")
    try:
        host = host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        raise ValueError("the host name is not a valid international name") from None
    if any(character <= " " or character in '\x7f"<>\\^`{|}' for character in host):
        raise ValueError("the host name has a character that no host name has")
    return Origin(parts.scheme, host.lower(), port or DEFAULT_PORTS[parts.scheme])


def split_url(url: str) -> tuple[str, str]:
    """(everything before the path, request target): `http://h:1/a?b#c` is `http://h:1`, `/a?b`.

    Cheap, as it runs for every call: only finds the two cuts, checks nothing.
    """
    start = url.find("://") + 3
    slash = url.find("/", start)
    mark = url.find("?", start)
    fragment = url.find("#", start)
    if fragment >= 0:
        url = url[:fragment]
        slash, mark = url.find("/", start), url.find("?", start)
    if slash < 0 or 0 <= mark < slash:
        return (url, "/") if mark < 0 else (url[:mark], "/" + url[mark:])
    return url[:slash], url[slash:]
