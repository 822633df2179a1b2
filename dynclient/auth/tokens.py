"""What the handlers share that exchange something for a token and keep it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from ..errors import AuthError
from .credential import Credential

__all__ = ["FORM", "Token", "check_endpoint", "json_object", "margin_of", "origin_and_path"]

#: The content type of token requests (RFC 6749, section 4).
FORM = "application/x-www-form-urlencoded"


@dataclass(slots=True, repr=False)
class Token:
    """A token that was given; `refused` is set once, so that no thread forgets a newer one for it.

    access_token   goes into the header Authorization (RFC 6750, section 2.1)
    refresh_at     when it is to be replaced, by the clock of its handler
    ends_at        when it ends; inf where the server does not say
    scopes         those that it was asked for or given for
    refresh_token  what it may be replaced by (RFC 6749, section 6)
    token_type     the word before it: Bearer, or DPoP (RFC 9449, section 7.1)
    """

    access_token: str
    refresh_at: float
    ends_at: float = math.inf
    scopes: frozenset[str] = frozenset()
    refresh_token: str | None = None
    token_type: str = "Bearer"  # noqa: S105  a word, no token
    refused: bool = False
    credential: Credential = field(init=False)

    def __post_init__(self) -> None:
        value = f"{self.token_type} {self.access_token}"
        self.credential = Credential(headers=(("Authorization", value),))

    def is_good(self, now: float) -> bool:
        """Whether it can be used."""
        return not self.refused and now < self.refresh_at

    def as_data(self) -> dict[str, Any]:
        """What JSON can hold of it."""
        return {
            "access_token": self.access_token,
            "refresh_at": _finite(self.refresh_at),
            "ends_at": _finite(self.ends_at),
            "scopes": sorted(self.scopes),
            "refresh_token": self.refresh_token,
            "token_type": self.token_type,
        }

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Token:
        """The token of `as_data`. AuthError, KeyError or TypeError if it is not of that form."""
        refresh_at, ends_at = (
            math.inf if data[name] is None else float(data[name])
            for name in ("refresh_at", "ends_at")
        )
        return cls(
            data["access_token"],
            refresh_at,
            ends_at,
            frozenset(data["scopes"]),
            data["refresh_token"],
            data["token_type"],
        )


def _finite(time: float) -> float | None:
    """JSON has no infinity."""
    return None if math.isinf(time) else time


def margin_of(life: float, early: float | None) -> float:
    """How long before its end a token is replaced, in seconds.

    `early` if that is given, else a fifth of its life, at least 60 s; never more than half of it.
    """
    wanted = max(life / 5, 60.0) if early is None else max(early, 0.0)
    return min(wanted, life / 2)


def json_object(content: bytes) -> dict[str, Any] | None:
    """The object that a body is the JSON text of; None if it is none."""
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def origin_and_path(url: str) -> str:
    """A URL without who calls there, and without query and fragment."""
    scheme, slashes, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    path = path.partition("?")[0].partition("#")[0]
    return f"{scheme}{slashes}{authority.rpartition('@')[2]}{slash}{path}"


def check_endpoint(url: object, name: str, secret: str) -> None:
    """AuthError if a secret should not go to a URL: `name` says which it is, as in "the url"."""
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
    except ValueError:
        parts = None
    if parts is None or parts.scheme not in ("https", "http") or not parts.hostname:
        raise AuthError(f"{name} is not an http address")
    if parts.username is not None or parts.password is not None:
        raise AuthError(f"{name} contains a user name or password; leave it out")
    if parts.scheme == "http" and not _stays_near(parts.hostname):
        raise AuthError(
            f"{secret} would travel to {parts.hostname} unencrypted: use https "
            f"(http is for this machine, names without a dot, .localhost and .test)"
        )


def _stays_near(host: str) -> bool:
    """Whether a host is this machine, a neighbour without a dot, or a test name (RFC 6761)."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".test"))
