"""Token exchange (RFC 8693): one token for another, of another audience or for somebody else."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from hashlib import sha256
from typing import Any

from ..commands import Command, Run
from ..errors import AuthError
from ..messages import HttpRequest
from .endpoints import Endpoints
from .oauth2 import OAuth2, scope_of
from .schemes import SecurityScheme
from .tokens import Token

__all__ = ["TokenExchange"]

_GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
#: Section 3.
_TYPES = "urn:ietf:params:oauth:token-type:"


class TokenExchange(OAuth2):
    """Exchanges a token that the caller has for one that the service takes.

    subject_token       the token, or a function that returns it (a file that is renewed, say)
    subject_token_type  access_token, refresh_token, id_token, saml1, saml2, jwt, or a URI
    actor_token         that of the party that acts for the subject; with a type of its own
    audience, resource  where the new token is to be used
    client_id, client_secret  of the client; "" if the server wants none
    settings            those of `OAuth2`, but for the user's name and password

    The token URL is that of any flow of the scheme, or `token_url`. AuthError as of `OAuth2`.
    """

    _can_begin = True

    def __init__(
        self,
        client_id: str,
        client_secret: str | None = None,
        *,
        subject_token: str | Callable[[], str],
        subject_token_type: str = "access_token",  # noqa: S107  a type, no token
        actor_token: str | Callable[[], str] | None = None,
        actor_token_type: str = "access_token",  # noqa: S107  a type, no token
        audience: str | None = None,
        resource: str | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(client_id, client_secret, **settings)
        if self._user:
            raise AuthError("TokenExchange takes no password: the subject has a token already")
        for name, value in (("subject_token", subject_token), ("actor_token", actor_token)):
            optional = name == "actor_token" and value is None
            if not optional and not callable(value) and not (isinstance(value, str) and value):
                raise AuthError(f"TokenExchange takes {name} as a str or a function")
        self._subject = subject_token, _type_uri(subject_token_type)
        self._actor = actor_token, _type_uri(actor_token_type)
        self._target = {"audience": audience, "resource": resource}

    @property
    def _flow(self) -> str:
        return "tokenExchange"

    def _endpoints(
        self, scheme: SecurityScheme
    ) -> Generator[HttpRequest | Command, Any, Endpoints]:
        # OpenAPI has no name for this flow: any of the scheme's names the token endpoint.
        return (yield from self._endpoints_of(scheme, next(iter(scheme.flows), self._flow)))

    def _granted(
        self, scheme: SecurityScheme, endpoints: Endpoints, wanted: Sequence[str]
    ) -> Generator[HttpRequest | Command, Any, Token]:
        form = {name: value for name, value in self._target.items() if value is not None}
        for name, (given, kind) in (("subject", self._subject), ("actor", self._actor)):
            if given is None:
                continue
            token = (yield Run(given)) if callable(given) else given
            if not isinstance(token, str) or not token:
                raise AuthError(f"{scheme.name}: the function for {name}_token gave no token")
            form |= {f"{name}_token": token, f"{name}_token_type": kind}
        form |= {"requested_token_type": f"{_TYPES}access_token", **scope_of(wanted)}
        return (yield from self._exchanged(endpoints.token, endpoints, _GRANT, form, wanted))

    def store_name(self, scheme: SecurityScheme) -> str:
        """Tokens of another subject, or for another audience, are others."""
        subject = self._subject[0]
        told = "" if callable(subject) else subject
        whose = sha256(f"{told} {self._target}".encode()).hexdigest()[:32]
        return f"{super().store_name(scheme)}, subject {whose}"


def _type_uri(kind: str) -> str:
    return kind if ":" in kind else f"{_TYPES}{kind}"
