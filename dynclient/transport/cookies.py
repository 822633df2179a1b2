"""Cookies that servers set, kept apart by origin.

RFC 6265 shares cookies between the ports of a host and, with `Domain`, between hosts. Here a
cookie goes back to the scheme, host and port that set it, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from ..locking import new_lock
from ..origins import origin_of, split_url

if TYPE_CHECKING:
    from email.message import Message
    from http.cookiejar import CookieJar

    from ..origins import Origin

__all__ = ["Cookies"]


#: Bounds on what servers make us keep: origins, and cookies of one (RFC 6265 asks for 50).
_ORIGINS = 64
_COOKIES = 180


class _Response:
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
        self._lock = new_lock()

    def __bool__(self) -> bool:
        return bool(self._jars)

    def copied(self) -> Cookies:
        """The same cookies behind new locks: after a fork the old ones may never be released."""
        from http.cookiejar import CookieJar

        twin = Cookies()
        for origin, jar in list(self._jars.items()):
            twin._jars[origin] = CookieJar()
            for cookie in jar:
                twin._jars[origin].set_cookie(cookie)
        return twin

    def header(self, url: str, own: str | None) -> str | None:
        """The Cookie field for `url`: the caller's `own`, then stored ones of other names."""
        origin = origin_of(url)
        jar = self._jars.get(origin)
        if jar is None:
            return own
        from urllib.request import Request

        probe = Request(_plain(url, origin))  # noqa: S310  read by the cookie policy, not opened
        jar.add_cookie_header(probe)
        stored = probe.get_header("Cookie")
        if not own or not stored:
            return own or stored
        names = {pair.partition("=")[0].strip() for pair in own.split(";")}
        extra = [pair for pair in stored.split("; ") if pair.partition("=")[0] not in names]
        return "; ".join([own, *extra])

    def store(self, url: str, set_cookies: list[str]) -> None:
        """Keep what the `Set-Cookie` fields of a response from `url` ask for."""
        # Here, as the module takes longer to import than everything else a plain call needs.
        from http.cookiejar import CookieJar
        from urllib.request import Request

        origin = origin_of(url)
        with self._lock:
            jar = self._jars.setdefault(origin, CookieJar())
            if len(self._jars) > _ORIGINS:
                del self._jars[next(iter(self._jars))]
        request = Request(_plain(url, origin))  # noqa: S310
        for field in set_cookies:
            # One by one: of several, the standard library deletes first and sets then.
            # The two protocols are duck-typed there and nominal in its stubs.
            jar.extract_cookies(_Response([field]), request)  # type: ignore[arg-type]
        surplus = len(jar) - _COOKIES
        if surplus > 0:
            with self._lock:
                for cookie in list(jar)[:surplus]:
                    with suppress(KeyError):
                        jar.clear(cookie.domain, cookie.path, cookie.name)


def _plain(url: str, origin: Origin) -> str:
    """The URL without a user and password: to the standard library they are part of the host."""
    return f"{origin.scheme}://{origin.netloc}{split_url(url)[1]}"
