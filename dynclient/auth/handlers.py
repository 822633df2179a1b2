"""Handlers: how a scheme gets its credential, and the few that come with the package."""

# ruff: noqa: ARG002 - every handler is given the scheme and the scopes, few need both
from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Generator
from typing import Any, Self, TypeAlias

from ..errors import AuthError
from ..messages import HttpRequest, HttpResponse
from .credential import NOTHING, Credential
from .plain import PlainValue, plain_credential
from .schemes import SecurityScheme

__all__ = ["APIKeyHeader", "AuthValue", "FixedHandler", "Handler", "handler_for"]


class Handler:
    """Gets and keeps the credential of a security scheme. Subclass and override what you need.

    A handler does no I/O itself: what it must fetch it yields as requests, so that one handler
    serves the synchronous and the asynchronous client. One object may serve many threads;
    the client runs one `acquire` at a time.

    constant    True promises that `ready` always returns the same credential, and lets the
                client put it on every request once and for all
    """

    constant: bool = False
    #: Held by a synchronous driver while it fetches, so that one thread fetches for all.
    acquire_lock: threading.Lock

    def __new__(cls, *_args: Any, **_kwargs: Any) -> Self:
        # Here and not in __init__: a subclass need not call ours.
        handler = super().__new__(cls)
        object.__setattr__(handler, "acquire_lock", threading.Lock())
        return handler

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "acquire_lock"}

    def ready(self, scheme: SecurityScheme, scopes: tuple[str, ...]) -> Credential | None:
        """The credential, if it is at hand; None if something must be fetched."""
        return None

    def acquire(
        self, scheme: SecurityScheme, scopes: tuple[str, ...]
    ) -> Generator[HttpRequest, HttpResponse, Credential]:
        """Fetch the credential: yield requests, be sent their responses, return it.

        `scopes` are those the operation asks for (OAuth 2.0, RFC 6749, section 3.3). Raise
        `AuthError` when the credential can't be had.
        """
        yield from ()
        return NOTHING

    def refused(self, scheme: SecurityScheme, scopes: tuple[str, ...]) -> bool:
        """The server answered 401: forget what is kept. True if trying again can help."""
        return False

    def modify(self, request: HttpRequest) -> HttpRequest:
        """The last word on the whole request, for handlers that sign it."""
        return request

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


#: What `auth={"scheme": …}` takes.
AuthValue: TypeAlias = (
    PlainValue | Callable[[], PlainValue] | Callable[[HttpRequest], HttpRequest] | Handler
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
                f"{scheme.name} is not an apiKey but {scheme.type}: APIKeyHeader no use"
            )
        if not isinstance(self._key, str) or not self._key:
            raise AuthError(f"{scheme.name}: the key given to APIKeyHeader is empty or not a text")
        return plain_credential(scheme, self._prefix + self._key)


class _AskingHandler(Handler):
    """A function without arguments, asked for a plain value at every call."""

    def __init__(self, function: Callable[[], object]) -> None:
        self._function = function

    def ready(self, scheme: SecurityScheme, scopes: tuple[str, ...]) -> Credential:
        return plain_credential(scheme, self._function())

    def refused(self, scheme: SecurityScheme, scopes: tuple[str, ...]) -> bool:
        # Whoever gave a function has more than one answer to give.
        return True


class _SigningHandler(Handler):
    """A function that gets the whole request and returns the one to send."""

    def __init__(self, function: Callable[[HttpRequest], HttpRequest]) -> None:
        self._function = function

    def ready(self, scheme: SecurityScheme, scopes: tuple[str, ...]) -> Credential:
        return NOTHING

    def modify(self, request: HttpRequest) -> HttpRequest:
        return self._function(request)


def handler_for(scheme: SecurityScheme, value: object) -> Handler:
    """The handler that an entry of `auth=` means under a scheme.

    Raises `AuthError` for a value of the wrong shape, without showing it.
    """
    if isinstance(value, Handler):
        return value
    if isinstance(value, type) and issubclass(value, Handler):
        raise AuthError(f"{scheme.name}: give an object, {value.__name__}(...), not the class")
    if callable(value):
        return _for_callable(scheme, value)
    return FixedHandler(plain_credential(scheme, value))


def _for_callable(scheme: SecurityScheme, function: Callable[..., Any]) -> Handler:
    if inspect.iscoroutinefunction(function):
        raise AuthError(
            f"{scheme.name}: an async function can't be asked here; give a Handler, whose "
            f"acquire() yields the requests that a token takes"
        )
    if _accepts(function, 0):
        return _AskingHandler(function)
    if _accepts(function, 1):
        return _SigningHandler(function)
    raise AuthError(
        f"{scheme.name}: a function takes nothing and returns the value, or takes the "
        f"HttpRequest and returns it; this one takes something else (wrap it in a lambda)"
    )


def _accepts(function: Callable[..., Any], count: int) -> bool:
    try:
        inspect.signature(function).bind(*[None] * count)
    except (TypeError, ValueError):
        return False
    return True
