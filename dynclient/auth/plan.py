"""A plan: the schemes that one operation uses, and how they get onto its requests."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

from msgspec import Struct, structs

from ..commands import Commands, Once, Run
from ..messages import HttpRequest, HttpResponse
from .credential import NOTHING, Credential
from .handlers import Handler
from .schemes import SecurityScheme

__all__ = ["AuthPlan", "AuthStep", "RoundTrip"]

#: What a handler's request is sent by: commands whose value is the response, read whole.
RoundTrip: TypeAlias = Callable[[HttpRequest], Commands[HttpResponse]]


class AuthStep(Struct, frozen=True):
    """One scheme of the chosen alternative, its handler, and the scopes the operation asks for."""

    scheme: SecurityScheme
    handler: Handler
    scopes: tuple[str, ...] = ()

    def ready(self) -> Credential | None:
        """The credential if it is at hand."""
        credential = self.handler.ready(self.scheme, self.scopes)
        return None if credential is None else self._checked("ready", credential)

    def flow(self, round_trip: RoundTrip) -> Commands[Credential]:
        """Get the credential: what is at hand, else by one flow for all that wait for it."""
        credential = self.ready()
        if credential is None and self.handler.shared:
            credential = yield Once(self.handler, partial(self._acquired_if_needed, round_trip))
        elif credential is None:
            credential = yield from self._acquired(round_trip)
        return credential

    def _acquired_if_needed(self, round_trip: RoundTrip) -> Commands[Credential]:
        credential = self.ready()  # while this call waited, another may have got it
        return (yield from self._acquired(round_trip)) if credential is None else credential

    def _acquired(self, round_trip: RoundTrip) -> Commands[Credential]:
        """Drive the handler: its requests become round trips, its commands are passed on."""
        flow = self.handler.acquire(self.scheme, self.scopes)
        try:
            wanted = next(flow)
            while True:
                try:
                    if isinstance(wanted, HttpRequest):
                        result = yield from round_trip(wanted)
                    else:
                        result = yield wanted
                except Exception as error:  # noqa: BLE001  the handler may know what to do
                    wanted = flow.throw(error)
                else:
                    wanted = flow.send(result)
        except StopIteration as stop:
            return self._checked("acquire", stop.value)
        finally:
            flow.close()

    def modified(self, request: HttpRequest) -> Commands[HttpRequest]:
        """The handler's last word on the request."""
        modify = partial(self.handler.modify, request)
        changed = (yield Run(modify)) if self.handler.blocking else modify()
        if not isinstance(changed, HttpRequest):
            raise TypeError(f"{self.scheme.name}: the handler must return the HttpRequest")
        return changed

    def is_done(self, request: HttpRequest) -> bool:
        """Whether the request carries what the scheme asks for, and there is nothing to sign."""
        return not self.signs and self.scheme.is_carried_by(request)

    def _checked(self, method: str, credential: object) -> Credential:
        if isinstance(credential, Credential):
            return credential
        raise TypeError(f"{method}() of {type(self.handler).__name__} must return a Credential")

    @property
    def constant(self) -> bool:
        """Whether its credential may be merged once and nothing else is to be asked."""
        return self.handler.constant and not self.signs

    @property
    def signs(self) -> bool:
        """Whether the handler changes requests itself."""
        return self.handler.signs

    def __repr__(self) -> str:
        return f"<AuthStep {self.scheme.name} by {type(self.handler).__name__}>"


class AuthPlan(Struct, frozen=True):
    """How the requests of one operation are authenticated.

    alternative  names of the schemes in use; () for none
    reason       why this alternative, for people
    constant     the credential of every request, merged once; None if a handler must be asked
    steps        one for each scheme
    """

    alternative: tuple[str, ...]
    reason: str
    steps: tuple[AuthStep, ...] = ()
    constant: Credential | None = None

    def __post_init__(self) -> None:
        merged = None
        if all(step.constant for step in self.steps):
            merged = NOTHING
            for step in self.steps:
                merged += step.ready() or NOTHING
        structs.force_setattr(self, "constant", merged)  # whatever was given

    def flow(self, request: HttpRequest, round_trip: RoundTrip) -> Commands[HttpRequest]:
        """The request with its credentials.

        `round_trip` sends what the handlers must fetch. Raises AuthError when a credential can't be
        had, and what `round_trip` raises.
        """
        if self.constant is not None:
            return self.constant.apply(request)
        credential = NOTHING
        for step in self.steps:
            credential += yield from step.flow(round_trip)
        changed = credential.apply(request)
        for step in self.steps:
            changed = yield from step.modified(changed)
        return changed

    def signed_again(self, request: HttpRequest) -> Commands[HttpRequest]:
        """The request that a redirect within its origin led to: signatures are of the old one."""
        for step in self.steps:
            if step.signs:
                request = yield from step.modified(request)
        return request

    def at_hand(self, request: HttpRequest) -> Commands[HttpRequest]:
        """The request with the credentials that take no request to get: nothing is sent."""
        for step in self.steps:
            credential = step.ready()
            if credential is None and not step.handler.shared:
                credential = yield from step.flow(_nothing_is_sent)
            if credential is not None:
                request = yield from step.modified(credential.apply(request))
        return request

    def placed(self, base_url: str, trusts: Callable[[str], bool]) -> AuthPlan:
        """The plan for a service at a URL; `trusts` says where the document may send credentials.

        Only schemes that name URLs of their own need to know.
        """
        if all(step.scheme.type not in ("oauth2", "openIdConnect") for step in self.steps):
            return self
        steps = tuple(
            structs.replace(step, scheme=replace(step.scheme, base_url=base_url, trusts=trusts))
            for step in self.steps
        )
        return AuthPlan(self.alternative, self.reason, steps)

    def lacking(self, request: HttpRequest) -> AuthPlan:
        """The plan for a request that was prepared, and may carry credentials already."""
        steps = tuple(step for step in self.steps if not step.is_done(request))
        return AuthPlan(self.alternative, self.reason, steps)

    def refused(self, request: HttpRequest, response: HttpResponse) -> bool:
        """The server responded to `request` with 401. True if another try can help.

        Every handler is told, so that each forgets what was refused.
        """
        hopes = [
            step.handler.refused(step.scheme, step.scopes, request, response) for step in self.steps
        ]
        return any(hopes)

    def __repr__(self) -> str:
        return f"<AuthPlan {' and '.join(self.alternative) or 'no credentials'}: {self.reason}>"


def _nothing_is_sent(request: HttpRequest) -> Generator[Any, Any, HttpResponse]:
    yield from ()
    raise TypeError(f"a handler that is not shared sends no requests; this one: {request!r}")
