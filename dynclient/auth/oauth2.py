"""OAuth 2.0 (RFC 6749): an access token for the client itself, or for a user's name and password.

By oauthlib, which does no I/O. The document says where tokens are given, and which scopes an
operation needs.
"""

# ruff: noqa: ARG002 - every handler is given the scheme and the scopes, few need both
from __future__ import annotations

import logging
import time
from base64 import b64encode
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlencode, urlsplit

from ..commands import Command
from ..errors import AuthError
from ..messages import Headers, HttpRequest, HttpResponse
from ..redaction import DEFAULT_REDACTOR
from .credential import Credential
from .endpoints import ClientAuth, Endpoints, Metadata, endpoints_of
from .handlers import Handler
from .responses import token_response
from .schemes import SecurityScheme
from .stores import TokenStore, kept, recalled
from .tokens import FORM, Token, check_endpoint, margin_of, origin_and_path

if TYPE_CHECKING:
    from .dpop import DPoP

__all__ = ["OAuth2", "scope_of"]

_log = logging.getLogger("dynclient.auth")
_REDACTOR = DEFAULT_REDACTOR.extended(fields=["username", "code", "subject_token", "actor_token"])


class OAuth2(Handler):
    """Gets access tokens for a scheme of type oauth2 or openIdConnect, keeps and renews them.

    client_id, client_secret  of the client; without a secret only the id is sent
    username, password        the grant is then "password" (section 4.3), else "client_credentials"
                              (section 4.4)
    refresh_token             one that was given before: it is used first (section 6)
    scopes                    in place of those that the operation asks for
    token_url                 in place of what the document says
    client_auth               "basic", the default, or "body": how the secret is sent
    parameters                further members of every token request, such as `audience`
    early                     how long before its end a token is replaced, in seconds; by default a
                              fifth of its life, at least 60 s, never more than half of it
    store                     where tokens outlive the process: `TokenFile()`, `KeyringTokens()`
    dpop                      a `DPoP`: tokens are bound to its key (RFC 9449)
    clock                     the time in seconds

    A token serves every operation whose scopes it was asked for. Its life counts from before the
    request for it, by this machine's clock alone; without `expires_in` it is kept until refused.
    A refresh token that the server replaces is replaced (rotation). Only https is spoken to, or
    this machine. Raises AuthError for what can't be used.
    """

    def __init__(
        self,
        client_id: str,
        client_secret: str | None = None,
        *,
        username: str | None = None,
        password: str | None = None,
        refresh_token: str | None = None,
        scopes: Sequence[str] | None = None,
        token_url: str | None = None,
        client_auth: ClientAuth | None = None,
        parameters: Mapping[str, str] | None = None,
        early: float | None = None,
        store: TokenStore | None = None,
        dpop: DPoP | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        _check(client_id, client_secret, username, password, refresh_token)
        if client_auth not in (None, "basic", "body"):
            raise AuthError("OAuth2 takes client_auth='basic' or 'body'")
        if isinstance(scopes, str):
            raise AuthError("OAuth2 takes scopes as a list of str")
        if token_url is not None:
            check_endpoint(token_url, "the token_url given to OAuth2", "the client's secret")
        self._client = client_id, client_secret
        user = {"username": username, "password": password}
        self._user = {name: value for name, value in user.items() if value is not None}
        self._refresh_token = refresh_token
        self._scopes = None if scopes is None else tuple(scopes)
        self._token_url = token_url
        self._client_auth = client_auth
        self._parameters = dict(parameters or {})
        self._early = early
        self._store = store
        self._dpop = dpop
        self._clock = clock
        self._tokens: dict[tuple[str, str], tuple[Token, ...]] = {}
        self._metadata: Metadata = {}
        self._found: dict[tuple[str, str], Endpoints] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_tokens": {}}  # tokens are not for a pickle to carry

    @property
    def signs(self) -> bool:
        """Whether every request has a proof of its own."""
        return self._dpop is not None

    def grants(self, scopes: tuple[str, ...]) -> bool:
        """Whether its tokens have these scopes: all have, unless it was given `scopes`."""
        return self._scopes is None or set(scopes) <= set(self._scopes)

    def ready(self, scheme: SecurityScheme, scopes: tuple[str, ...]) -> Credential | None:
        """The credential of a token that has these scopes and is not about to end."""
        wanted, now = self._wanted(scopes), self._clock()
        for token in self._tokens.get(_key(scheme), ()):
            if token.scopes.issuperset(wanted) and token.is_good(now):
                return token.credential
        return None

    def acquire(
        self, scheme: SecurityScheme, scopes: tuple[str, ...]
    ) -> Generator[HttpRequest | Command, Any, Credential]:
        """Renew the token, else get a new one. AuthError with the server's `error` as `code`."""
        key, wanted, name = _key(scheme), self._wanted(scopes), self.store_name(scheme)
        known = self._tokens.get(key, ())
        self._tokens[key] = yield from recalled(self._store, name, known)
        if (credential := self.ready(scheme, scopes)) is not None:
            return credential
        endpoints = self._found[key] = yield from self._endpoints(scheme)
        held = self._tokens[key]
        old = next((t for t in held if t.scopes.issuperset(wanted) and t.refresh_token), None)
        refresh_token = self._refresh_token if old is None else old.refresh_token
        token = None
        if refresh_token is not None:
            token = yield from self._refreshed(endpoints, refresh_token, wanted)
        if token is None:
            token = yield from self._granted(scheme, endpoints, wanted)
        now = self._clock()
        others = (each for each in self._tokens.get(key, ()) if each is not old)
        useful = (each for each in others if each.is_good(now) or each.refresh_token)
        self._tokens[key] = (token, *useful)
        yield from kept(self._store, name, self._tokens[key])
        return token.credential

    def as_data(self, scheme: SecurityScheme) -> tuple[dict[str, Any], tuple[Token, ...]]:
        """What another process needs to go on with the tokens of a scheme, and these tokens.

        Only after `acquire`, which finds the endpoints.
        """
        endpoints = self._found[_key(scheme)]
        tokens = self._tokens[_key(scheme)]
        settings = {
            "client_id": self._client[0],
            "client_secret": self._client[1],
            "scopes": sorted(frozenset().union(*(token.scopes for token in tokens))),
            "token_url": endpoints.refresh,
            "client_auth": endpoints.client_auth,
            "flow": self._flow,
        }
        return settings, tokens

    def store_name(self, scheme: SecurityScheme) -> str:
        """What a store calls the tokens of this client, and user, at a service."""
        bound = f", key {self._dpop.thumbprint}" if self._dpop is not None else ""
        who = "".join(f", user {user}" for user in [self._user.get("username")] if user)
        where = origin_and_path(scheme.base_url)
        return f"{scheme.name} at {where}, client {self._client[0]}, {self._flow}{who}{bound}"

    def refused(
        self,
        scheme: SecurityScheme,
        scopes: tuple[str, ...],
        request: HttpRequest,
        response: HttpResponse,
    ) -> bool:
        """Forget the refused token. True: another may be accepted."""
        if self._dpop is not None and self._dpop.learns(request, response):
            return True  # it was the proof that was refused, for want of a nonce
        for token in self._tokens.get(_key(scheme), ()):
            if token.credential.is_on(request):
                token.refused = True
        return True

    def _wanted(self, scopes: tuple[str, ...]) -> tuple[str, ...]:
        return scopes if self._scopes is None else self._scopes

    @property
    def _flow(self) -> str:
        """The name that the flow has in the document."""
        return "password" if self._user else "clientCredentials"

    def _endpoints(
        self, scheme: SecurityScheme
    ) -> Generator[HttpRequest | Command, Any, Endpoints]:
        flow = self._flow
        if flow not in scheme.flows and not self._can_begin:
            flow = next(iter(scheme.flows), flow)  # that which gave the refresh token
        return (yield from self._endpoints_of(scheme, flow))

    def _endpoints_of(
        self, scheme: SecurityScheme, flow: str
    ) -> Generator[HttpRequest | Command, Any, Endpoints]:
        """What the caller gave, else what the document says of a flow."""
        if self._token_url is not None:
            found = Endpoints(self._token_url, self._token_url)
        else:
            found = yield from endpoints_of(scheme, flow, self._metadata)
        return found if self._client_auth is None else found._replace(client_auth=self._client_auth)

    @property
    def _can_begin(self) -> bool:
        """Whether a token can be had without a refresh token."""
        return bool(self._user) or self._client[1] is not None

    def _granted(
        self, scheme: SecurityScheme, endpoints: Endpoints, wanted: Sequence[str]
    ) -> Generator[HttpRequest | Command, Any, Token]:
        if not self._can_begin:
            raise AuthError(f"{scheme.name}: the refresh token has ended; give OAuth2 another")
        grant = "password" if self._user else "client_credentials"
        form = {**self._user, **scope_of(wanted)}
        return (yield from self._exchanged(endpoints.token, endpoints, grant, form, wanted))

    def _refreshed(
        self, endpoints: Endpoints, refresh_token: str, wanted: Sequence[str]
    ) -> Generator[HttpRequest | Command, Any, Token | None]:
        """The token renewed; None where the refresh token has ended."""
        form = {"refresh_token": refresh_token}
        token = None
        try:
            token = yield from self._exchanged(
                endpoints.refresh, endpoints, "refresh_token", form, wanted
            )
        except AuthError as error:
            if error.code != "invalid_grant":
                raise
        if refresh_token == self._refresh_token:
            self._refresh_token = None
        if token is None or token.refresh_token is not None:
            return token
        return replace(token, refresh_token=refresh_token)

    def _exchanged(
        self,
        url: str,
        endpoints: Endpoints,
        grant: str,
        form: Mapping[str, str],
        wanted: Sequence[str],
    ) -> Generator[HttpRequest | Command, Any, Token]:
        started = self._clock()
        request = self._request(url, endpoints.client_auth, grant, form)
        response = yield (request if self._dpop is None else self._dpop.proved(request))
        if self._dpop is not None and self._dpop.learns(request, response):
            response = yield self._dpop.proved(request)
        kind = "Bearer" if self._dpop is None else "DPoP"
        data = token_response(request, response, kind)
        life = data.get("expires_in")
        end = refresh_at = float("inf")
        if life is not None:
            seconds = max(float(life), 0.0)
            end = started + seconds
            refresh_at = end - margin_of(seconds, self._early)
        granted = data.get("scope") or ()
        _log.debug("%s gave an access token, grant %s", urlsplit(url).netloc, grant)
        # Section 4.4.3: for the client itself there is nothing to refresh.
        refresh = None if grant == "client_credentials" else data.get("refresh_token")
        scopes = frozenset([*wanted, *granted])
        return Token(data["access_token"], refresh_at, end, scopes, refresh, kind)

    def modify(self, request: HttpRequest) -> HttpRequest:
        """The request with a proof for its token, where tokens are bound to a key."""
        return request if self._dpop is None else self._dpop.proved(request)

    def _request(
        self, url: str, client_auth: ClientAuth, grant: str, form: Mapping[str, str]
    ) -> HttpRequest:
        # Here, not above: oauthlib costs 60 ms to import, and most clients never need it.
        from oauthlib.oauth2.rfc6749.parameters import prepare_token_request

        client_id, secret = self._client
        headers = {"Content-Type": FORM, "Accept": "application/json"}
        in_body = secret is None or client_auth == "body"
        if secret is not None and not in_body:
            pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
            headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        members = {**self._parameters, **form}
        if grant:
            body = prepare_token_request(
                grant,
                include_client_id=in_body,
                client_id=client_id,
                client_secret=secret if in_body else None,
                **members,
            )
        else:  # RFC 8628, section 3.1: what asks for a device code is no token request
            known = {"client_secret": secret} if in_body and secret is not None else {}
            body = urlencode({"client_id": client_id, **known, **members})
        return HttpRequest(
            "POST",
            url,
            Headers(headers),
            body.encode("ascii"),
            operation="OAuth 2.0 token request",
            redactor=_REDACTOR,
        )


def _key(scheme: SecurityScheme) -> tuple[str, str]:
    return scheme.name, scheme.base_url


def scope_of(wanted: Sequence[str]) -> dict[str, str]:
    """The parameter for scopes; none where no scope is wanted (RFC 6749, section 3.3)."""
    return {"scope": " ".join(wanted)} if wanted else {}


def _check(client_id: str, *others: str | None) -> None:
    names = ("client_secret", "username", "password", "refresh_token")
    for name, value in (("client_id", client_id), *zip(names, others, strict=True)):
        if value is None and name != "client_id":
            continue
        if not isinstance(value, str) or not value:
            raise AuthError(f"OAuth2 takes {name} as a str that is not empty")
    if (others[1] is None) != (others[2] is None):
        raise AuthError("OAuth2 takes username and password together")
