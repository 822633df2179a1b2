"""Which proxy the environment names for an origin, by the rules of requests."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

__all__ = ["environment_proxy"]

_VARIABLES = ("http_proxy", "https_proxy", "all_proxy")


def environment_proxy(start: str) -> str | None:
    """The URL of the proxy for what begins with `start`; None to connect directly.

    HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY count, and the system's settings on Windows and
    macOS.
    """
    if sys.platform not in {"win32", "darwin"}:
        # Elsewhere proxies are in variables alone; without any, requests need not be asked.
        names: Mapping[str, str] = os.environ
        if not any(names.get(n) or names.get(n.upper()) for n in _VARIABLES):
            return None
    from requests.utils import get_environ_proxies, select_proxy

    return select_proxy(start, get_environ_proxies(start)) or None
