"""Handlers that are not given by the name of a scheme: by its type, or by an installed package.

A package names a factory in its entry points, which gets a `SecurityScheme` and returns a
`Handler`, or None for a scheme that it does not serve:

    [project.entry-points."dynclient.auth"]
    "http:hmac" = "acme_auth:handler"      # the type, or type and HTTP scheme
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from msgspec import Struct

from ..errors import AuthError
from .handlers import Handler
from .schemes import SecurityScheme

__all__ = ["OfType", "installed_handler"]

GROUP = "dynclient.auth"


class OfType(Struct, frozen=True):
    """A key of `auth=` for all schemes of a type: `auth={OfType("oauth2"): OAuth2(id, secret)}`.

    type         apiKey, http, mutualTLS, oauth2 or openIdConnect
    http_scheme  of http: bearer, basic, digest, …; None for all

    A credential by the name of a scheme goes before one by its type.
    """

    type: str
    http_scheme: str | None = None

    def matches(self, scheme: SecurityScheme) -> bool:
        """Whether a scheme is of this type."""
        wanted = self.http_scheme
        return scheme.type == self.type and (wanted is None or scheme.http_scheme == wanted.lower())

    def found_in(self, schemes: Iterable[SecurityScheme]) -> list[str]:
        """The names of the schemes of this type. AuthError if there are none."""
        known = list(schemes)
        names = [scheme.name for scheme in known if self.matches(scheme)]
        if not names:
            types = ", ".join(sorted({_kind(each) for each in known})) or "none"
            raise AuthError(f"the document has no security scheme of {self}; it has {types}")
        return names

    def __str__(self) -> str:
        more = f", scheme {self.http_scheme}" if self.http_scheme else ""
        return f"type {self.type}{more}"


def installed_handler(scheme: SecurityScheme) -> Handler | None:
    """The handler that an installed package has for a scheme. AuthError if it fails."""
    for kind in (_kind(scheme), scheme.type):
        for point in _points():
            if point.name == kind and (handler := _made(point, scheme)) is not None:
                return handler
    return None


def _kind(scheme: SecurityScheme) -> str:
    return f"{scheme.type}:{scheme.http_scheme}" if scheme.http_scheme else scheme.type


@lru_cache(maxsize=1)
def _points() -> tuple[Any, ...]:
    """Looked up once a process: every installed package has to be asked."""
    from importlib.metadata import entry_points

    return tuple(entry_points(group=GROUP))


def _made(point: Any, scheme: SecurityScheme) -> Handler | None:
    owner = point.dist.name if point.dist is not None else point.value
    try:
        handler = point.load()(scheme)
    except Exception as error:
        raise AuthError(
            f"{scheme.name}: the handler for {point.name!r} of the package {owner} can't be made: "
            f"{type(error).__name__}: {error}"
        ) from error
    if handler is not None and not isinstance(handler, Handler):
        raise AuthError(
            f"{scheme.name}: the package {owner} gives {type(handler).__name__} for "
            f"{point.name!r}, which is no Handler"
        )
    return handler
