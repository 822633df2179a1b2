"""A plan: the schemes that one operation uses, and how they get onto its requests."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TypeAlias

from ..messages import HttpRequest, HttpResponse
from .credential import NOTHING, Credential
from .handlers import Handler
from .schemes import SecurityScheme

__all__ = ["AuthPlan", "AuthStep", "Send"]

#: Sends one request and returns its response; the client's transport.
Send: TypeAlias = Callable[[HttpRequest], HttpResponse]


@dataclass(frozen=True, slots=True, repr=False)
class AuthStep:
    """One scheme of the chosen alternative, its handler, and the scopes the operation asks for."""

    scheme: SecurityScheme
    handler: Handler
    scopes: tuple[str, ...] = ()

    def ready(self) -> Credential | None:
        """The credential if it needs no I/O."""
        credential = self.handler.ready(self.scheme, self.scopes)
        if credential is not None and not isinstance(credential, Credential):
            raise TypeError(f"ready() of {type(self.handler).__name__} must return a Credential")
        return credential

    def fetch(self) -> Generator[HttpRequest, HttpResponse, Credential]:
        """Yields the requests it takes to get the credential."""
        credential = yield from self.handler.acquire(self.scheme, self.scopes)
        if not isinstance(credential, Credential):
            raise TypeError(f"acquire() of {type(self.handler).__name__} must return a Credential")
        return credential

    def get(self, send: Send) -> Credential:
        """The credential, fetched if need be, by one thread at a time for one handler."""
        credential = self.ready()
        if credential is not None:
            return credential
        with self.handler.acquire_lock:
            # While this thread waited, another may have fetched it.
            credential = self.ready()
            return _drive(self.fetch(), send) if credential is None else credential

    @property
    def constant(self) -> bool:
        """Whether its credential may be merged once and nothing else is to be asked."""
        return self.handler.constant and type(self.handler).modify is Handler.modify

    def __repr__(self) -> str:
        return f"<AuthStep {self.scheme.name} by {type(self.handler).__name__}>"


@dataclass(frozen=True, slots=True, repr=False)
class AuthPlan:
    """How the requests of one operation are authenticated.

    alternative  names of the schemes in use; () for none
    reason       why this alternative, for people
    constant     the credential of every request, merged once; None if a handler must be asked
    steps        what there is to do; an asynchronous driver locks by `step.handler`
    """

    alternative: tuple[str, ...]
    reason: str
    steps: tuple[AuthStep, ...] = ()
    constant: Credential | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if all(step.constant for step in self.steps):
            merged = NOTHING
            for step in self.steps:
                merged += step.ready() or NOTHING
            object.__setattr__(self, "constant", merged)

    def authenticate(self, request: HttpRequest, send: Send) -> HttpRequest:
        """The request with its credentials; `send` fetches tokens where that is needed.

        Safe to call from many threads: one handler has one fetch under way at a time. Raises
        `AuthError` when a token can't be had, and whatever `send` raises.
        """
        if self.constant is not None:
            return self.constant.apply(request)
        credential = NOTHING
        for step in self.steps:
            credential += step.get(send)
        return self._finished(request, credential)

    def flow(self, request: HttpRequest) -> Generator[HttpRequest, HttpResponse, HttpRequest]:
        """The same without I/O: yields token requests, is sent their responses.

        Locking is the driver's job: without it, two flows may fetch one token twice.
        """
        if self.constant is not None:
            return self.constant.apply(request)
        credential = NOTHING
        for step in self.steps:
            ready = step.ready()
            credential += (yield from step.fetch()) if ready is None else ready
        return self._finished(request, credential)

    def refused(self) -> bool:
        """The server answered 401. True if trying once more, with fresh credentials, can help."""
        answers = [step.handler.refused(step.scheme, step.scopes) for step in self.steps]
        return any(answers)

    def _finished(self, request: HttpRequest, credential: Credential) -> HttpRequest:
        changed = credential.apply(request)
        for step in self.steps:
            changed = step.handler.modify(changed)
            if not isinstance(changed, HttpRequest):
                raise TypeError(f"{step.scheme.name}: the handler must return the HttpRequest")
        return changed

    def __repr__(self) -> str:
        return f"<AuthPlan {' and '.join(self.alternative) or 'no credentials'}: {self.reason}>"


def _drive(flow: Generator[HttpRequest, HttpResponse, Credential], send: Send) -> Credential:
    """Run a flow to its end with `send`."""
    try:
        request = next(flow)
        while True:
            request = flow.send(send(request))
    except StopIteration as stop:
        credential: Credential = stop.value
        return credential
    finally:
        flow.close()
