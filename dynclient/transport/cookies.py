"""Cookies that servers set, kept apart by origin.

RFC 6265 shares cookies between the ports of a host and, with `Domain`, between hosts. Here a
cookie goes back to the scheme, host and port that set it, and nowhere else.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

from .origin import origin_of

if TYPE_CHECKING:
    from email.message import Message
    from http.cookiejar import CookieJar

    from .origin import Origin

__all__ = ["Cookies"]


class _Answer:
    """The one method that `http.cookiejar` asks a response for."""

    def __init__(self, set_cookies: Iterable[str]) -> None:
        from email.message import Message

        self._message = Message()
        for value in set_cookies:
            self._message["Set-Cookie"] = value

    def info(self) -> Message:
        return self._message


class Cookies:
    """One `http.cookiejar.CookieJar` for each origin that ever set a cookie. Thread-safe."""

    def __init__(self) -> None:
        self._jars: dict[Origin, CookieJar] = {}
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        return bool(self._jars)

    def header(self, url: str, own: str | None) -> str | None:
        """The Cookie field for `url`: the caller's `own`, then stored ones of other names."""
        jar = self._jars.get(origin_of(url))
        if jar is None:
            return own
        from urllib.request import Request

        probe = Request(url)  # noqa: S310  only the cookie policy reads it, nothing is opened
        jar.add_cookie_header(probe)
        stored = probe.get_header("Cookie")
        if not own or not stored:
            return own or stored
        names = {pair.partition("=")[0].strip() for pair in own.split(";")}
        extra = [pair for pair in stored.split("; ") if pair.partition("=")[0] not in names]
        return "; ".join([own, *extra])

    def store(self, url: str, set_cookies: list[str]) -> None:
        """Keep what the `Set-Cookie` fields of an answer from `url` say."""
        # Here, as the module takes longer to import than everything else a plain call needs.
        from http.cookiejar import CookieJar
        from urllib.request import Request

        with self._lock:
            jar = self._jars.setdefault(origin_of(url), CookieJar())
        # The two protocols are duck-typed in the standard library and nominal in its stubs.
        jar.extract_cookies(_Answer(set_cookies), Request(url))  # type: ignore[arg-type]  # noqa: S310
