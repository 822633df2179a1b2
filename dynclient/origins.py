"""URLs: their origins (RFC 6454), which of them are base URLs, and how their text is encoded."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit

__all__ = [
    "DEFAULT_PORTS",
    "UNIX",
    "Origin",
    "checked_base_url",
    "encoded_path",
    "origin_of",
    "split_url",
]

#: The scheme of URLs that name a Unix socket, percent-encoded, in the place of the host.
UNIX = "http+unix"
DEFAULT_PORTS = {"http": 80, "https": 443}

_BLANK_OR_CONTROL = re.compile(r"[\0- \x7f]")
#: What stands in a path as it is (RFC 3986, section 3.3); `%` as it may begin what is encoded.
_PATH = "/?:@!$&'()*+,;=%-._~"


class Origin(NamedTuple):
    """Who is spoken to. `host` is in lower case, an IPv6 address without its brackets.

    An IPv6 zone (`fe80::1%25eth0`) is part of the host, and as in the URL, encoded. For a Unix
    socket (`http+unix://%2Frun%2Fx.sock/path`) the host is the path of the socket, the port 0.
    """

    scheme: str
    host: str
    port: int

    @property
    def netloc(self) -> str:
        """`host:port` for people and for the Host field: no default port, IPv6 in brackets.

        A zone means something on this machine only, and is left out (RFC 6874, section 4).
        A Unix socket is `localhost`, as curl has it.
        """
        if self.is_unix:
            return "localhost"
        host = f"[{self.host.partition('%')[0]}]" if ":" in self.host else self.host
        return host if DEFAULT_PORTS.get(self.scheme) == self.port else f"{host}:{self.port}"

    def __str__(self) -> str:
        """`https://host`, with the port where it is not the default one."""
        return f"{self.scheme}://{self.netloc}"

    @property
    def is_unix(self) -> bool:
        """Whether it is a Unix socket of this machine."""
        return self.scheme == UNIX

    @property
    def place(self) -> str:
        """Where it is, for messages."""
        return self.host if self.is_unix else self.netloc

    @property
    def host_and_port(self) -> tuple[str, int]:
        """What TCP sockets take."""
        host = self.host.replace("%25", "%", 1) if ":" in self.host else self.host
        return host, self.port


def origin_of(url: str) -> Origin:
    """The origin of an absolute http, https or http+unix URL.

    ValueError, which does not repeat the URL, if it is none.
    """
    if url.startswith(UNIX):
        return _unix_socket(url)
    if _BLANK_OR_CONTROL.search(split_url(url)[0]):
        # The standard library would take tabs and line breaks out, and go on.
        raise ValueError("the URL has a blank or a control character before its path")
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
    if port == 0:
        raise ValueError("the port 0 is not allowed")
    host = host if host.isascii() else _international(host)
    if any(character <= " " or character in '\x7f"<>\\^`{|}' for character in host):
        raise ValueError("the host name has a character that is not allowed in one")
    return Origin(parts.scheme, host.lower(), port or DEFAULT_PORTS[parts.scheme])


def _unix_socket(url: str) -> Origin:
    scheme, _, path = split_url(url)[0].partition("://")
    path = unquote(path)
    if scheme != UNIX or not path.startswith("/") or "\0" in path:
        raise ValueError("the URL names no Unix socket: http+unix://%2Fpath%2Fof.sock/")
    return Origin(UNIX, path, 0)


def checked_base_url(url: object) -> str:
    """The URL that paths are appended to: percent-encoded, without a slash at the end.

    TypeError unless it is a str. ValueError, which does not repeat the URL as it may hold a
    password, unless it is an absolute http or https URL without a query or fragment.
    """
    if not isinstance(url, str):
        raise TypeError(f"a base URL is a str, not {type(url).__name__}")
    try:
        if "://" not in url:
            raise ValueError("this URL is not absolute")
        origin_of(url)
        if "?" in url or "#" in url:
            raise ValueError("this URL has a query or a fragment")
        head, path = split_url(url)
        return f"{head}{encoded_path(path)}".rstrip("/")
    except ValueError as error:
        unicode = isinstance(error, UnicodeError)  # its message repeats the text
        reason = "the URL has a lone surrogate" if unicode else str(error)
    raise ValueError(f"{reason}; give an absolute http or https URL without query or fragment")


def encoded_path(text: str) -> str:
    """The text of a path, with what no path may hold percent-encoded as UTF-8."""
    return quote(text, safe=_PATH)


def _international(host: str) -> str:
    """The name in ASCII by IDNA 2008 and UTS 46, as browsers and requests encode it.

    The standard library's codec is of 2003: to it `faß.de` is `fass.de`, another host.
    """
    import idna

    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        raise ValueError("the host name is not a valid international name") from None


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
