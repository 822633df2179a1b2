"""Handlers: how a scheme gets its credential, and the few that come with the package."""

# ruff: noqa: ARG002 - every handler is given the scheme and the scopes, few need both
from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Generator, Iterable
from typing import Any, TypeAlias

from ..commands import Command, Run
from ..errors import AuthError
from ..messages import HttpRequest, HttpResponse
from .credential import NOTHING, Credential
from .plain import PlainValue, plain_credential, user_and_password
from .schemes import SecurityScheme

__all__ = [
    "SENDS_NOTHING",
    "APIKeyHeader",
    "AuthValue",
    "BearerToken",
    "FixedHandler",
    "Handler",
    "handler_for",
]


class Handler:
    """Gets and keeps the credential of a security scheme. Subclass and override what you need.

    A handler does no I/O itself: what it must fetch it yields as requests, so that one object
    serves synchronous and asynchronous clients, and many threads.

    constant  True promises that `ready` always returns the same credential, and lets the client
              put it on every request once and for all
    shared    whether one `acquire` serves all calls that wait for it: one runs at a time, and the
              others then ask `ready`. False for what is asked anew for each call; such a handler
              yields no requests
    blocking  whether `modify` may block (or is a coroutine function): an asynchronous client then
              calls it in a thread (or awaits it)
    """

    constant: bool = False
    shared: bool = True
    blocking: bool = False

    @property
    def signs(self) -> bool:
        """Whether `modify` does anything."""
        return type(self).modify is not Handler.modify

    def grants(self, scopes: tuple[str, ...]) -> bool:
        """Whether what it gives has these scopes. True where only the server can tell.

        Of alternatives that are met, the first is used whose scopes are all granted.
        """
        return True

    def ready(self, scheme: SecurityScheme, scopes: tuple[str, ...]) -> Credential | None:
        """The credential, if it is at hand; None if something must be fetched."""
        return None

    def acquire(
        self, scheme: SecurityScheme, scopes: tuple[str, ...]
    ) -> Generator[HttpRequest | Command, Any, Credential]:
        """Fetch the credential: yield requests, be sent their responses (HttpResponse), return it.

        A `Run(function)` may be yielded too, for what blocks; its value is sent back. What sending
        raises is raised at the `yield`. `scopes` are those the operation asks for (OAuth 2.0,
        RFC 6749, section 3.3). Raise `AuthError` when the credential can't be had.
        """
        yield from ()
        return NOTHING

    def refused(
        self,
        scheme: SecurityScheme,
        scopes: tuple[str, ...],
        request: HttpRequest,
        response: HttpResponse,
    ) -> bool:
        """The response to `request` was 401: forget the credential that it carries.

        True if another try can help, with what `ready` or `acquire` give then. A credential that
        is kept, and is not the one on `request`, was renewed in the meantime: keep it.
        """
        return False

    def modify(self, request: HttpRequest) -> HttpRequest:
        """The last word on the whole request, for handlers that sign it."""
        return request

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


#: What `auth={"scheme": …}` takes; functions may be async for an asynchronous client. None means
#: that nothing is sent for the scheme.
AuthValue: TypeAlias = (
    PlainValue
    | Callable[[], PlainValue | Awaitable[PlainValue]]
    | Callable[[HttpRequest], HttpRequest | Awaitable[HttpRequest]]
    | Handler
    | None
)


class FixedHandler(Handler):
    """The same credential at every call."""

    constant = True

    def __init__(self, credential: Credential) -> None:
        self._credential = credential

    def ready(self, scheme: SecurityScheme, scopes: tuple[str, ...]) -> Credential:
        return self._credential


class APIKeyHeader(Handler):
    """An apiKey scheme whose value begins with a word of its own.

    OpenAPI sends the value of an apiKey as it is. IBM's services expect `apikey KEY` in
    `Authorization`, others `Token KEY`: `auth={"IBMCloudAPIKey": APIKeyHeader("KEY")}`.
    """

    constant = True

    def __init__(self, key: str, *, prefix: str = "apikey ") -> None:
        self._key = key
        self._prefix = prefix

    def ready(self, scheme: SecurityScheme, scopes: tuple[str, ...]) -> Credential:
        if scheme.type != "apiKey":
            raise AuthError(
                f"APIKeyHeader needs a scheme of type apiKey; {scheme.name} is {scheme.type}"
            )
        if not isinstance(self._key, str) or not self._key:
            raise AuthError(f"{scheme.name}: the key given to APIKeyHeader is empty or not a str")
        return plain_credential(scheme, self._prefix + self._key)


class BearerToken(FixedHandler):
    """An access token got elsewhere, whose scopes are known.

    `auth={"Login": BearerToken(token, scopes=["jobs:read"])}` leads each operation to an
    alternative that these scopes meet, where it has one.
    """

    def __init__(self, token: str, *, scopes: Iterable[str] = ()) -> None:
        if not isinstance(token, str) or not token:
            raise AuthError("BearerToken takes a token that is not empty")
        if isinstance(scopes, str):
            raise AuthError("BearerToken takes scopes as a list of str")
        super().__init__(Credential(headers=(("Authorization", f"Bearer {token}"),)))
        self._scopes = frozenset(scopes)

    def grants(self, scopes: tuple[str, ...]) -> bool:
        return self._scopes.issuperset(scopes)


class _AskingHandler(Handler):
    """A function without arguments, called for a plain value at every request."""

    shared = False

    def __init__(self, function: Callable[[], object]) -> None:
        self._function = function

    def acquire(
        self, scheme: SecurityScheme, scopes: tuple[str, ...]
    ) -> Generator[HttpRequest | Command, Any, Credential]:
        return plain_credential(scheme, (yield Run(self._function)))

    def refused(
        self,
        scheme: SecurityScheme,
        scopes: tuple[str, ...],
        request: HttpRequest,
        response: HttpResponse,
    ) -> bool:
        # Whoever gave a function has more than one value to give.
        return True


class _SigningHandler(Handler):
    """A function that gets the whole request and returns the one to send."""

    blocking = True

    def __init__(self, function: Callable[[HttpRequest], HttpRequest]) -> None:
        # On the object: whoever runs it sees the function itself, and whether it is async.
        self.modify = function  # type: ignore[assignment, method-assign]

    def ready(self, scheme: SecurityScheme, scopes: tuple[str, ...]) -> Credential:
        return NOTHING

    def modify(self, request: HttpRequest) -> HttpRequest:
        raise NotImplementedError


#: What None means: the service asks for less than its document.
SENDS_NOTHING = FixedHandler(NOTHING)


def handler_for(scheme: SecurityScheme, value: object) -> Handler:
    """The handler that an entry of `auth=` means under a scheme.

    Raises `AuthError` for a value of the wrong shape, without showing it.
    """
    if value is None:
        return SENDS_NOTHING
    if isinstance(value, Handler):
        return value
    if isinstance(value, type) and issubclass(value, Handler):
        raise AuthError(f"{scheme.name}: give an object, {value.__name__}(...), not the class")
    if callable(value):
        return _for_callable(scheme, value)
    if scheme.http_scheme == "digest":
        from .digest import DigestAuth

        return DigestAuth(*user_and_password(scheme, value))
    return FixedHandler(plain_credential(scheme, value))


def _for_callable(scheme: SecurityScheme, function: Callable[..., Any]) -> Handler:
    if _accepts(function, 0):
        return _AskingHandler(function)
    if _accepts(function, 1):
        return _SigningHandler(function)
    raise AuthError(
        f"{scheme.name}: give a function without arguments that returns the value, or one that "
        f"takes the HttpRequest and returns it; this one takes something else"
    )


def _accepts(function: Callable[..., Any], count: int) -> bool:
    try:
        inspect.signature(function).bind(*[None] * count)
    except (TypeError, ValueError):
        return False
    return True
