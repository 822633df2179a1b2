"""What `dynclient login` keeps in a store, and the handler that other processes make of it.

A sign-in belongs to a scheme at a service: whatever document names that scheme there, its tokens go
to that service, and its refresh token to the endpoint that gave it.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from ..commands import Command
from ..errors import AuthError
from ..messages import HttpRequest
from .endpoints import Endpoints
from .handlers import AuthValue
from .oauth2 import OAuth2
from .schemes import SecurityScheme
from .stores import Entry, TokenStore
from .tokens import Token, origin_and_path

__all__ = ["SignedIn", "forget", "keep", "kept_tokens", "sign_in_of"]


def _name(scheme: str, base_url: str) -> str:
    return f"sign-in {scheme} at {origin_and_path(base_url)}"


class SignedIn(OAuth2):
    """The tokens of a user who has signed in before, renewed as long as the server allows it."""

    def __init__(self, entry: Entry, store: TokenStore, name: str) -> None:
        super().__init__(
            entry["client_id"],
            entry["client_secret"],
            scopes=entry["scopes"],
            token_url=entry["token_url"],
            client_auth=entry["client_auth"],
            store=store,
        )
        self._name = name
        self._begins = entry["flow"] == "clientCredentials"

    def store_name(self, scheme: SecurityScheme) -> str:  # noqa: ARG002  it is of one scheme
        return f"{self._name}, tokens"

    def _granted(
        self, scheme: SecurityScheme, endpoints: Endpoints, wanted: Sequence[str]
    ) -> Generator[HttpRequest | Command, Any, Token]:
        if not self._begins:
            raise AuthError(
                f"{scheme.name}: the sign-in has ended; run: dynclient login {scheme.name}",
                code="signed_out",
            )
        return (yield from super()._granted(scheme, endpoints, wanted))


def sign_in_of(store: TokenStore, scheme: str, base_url: str) -> AuthValue:
    """What was kept for a scheme at a service: a handler, or a value; None if nothing was."""
    name = _name(scheme, base_url)
    entry = store.read(name)
    if entry is None:
        return None
    try:
        return str(entry["value"]) if "value" in entry else SignedIn(entry, store, name)
    except (KeyError, TypeError):
        raise AuthError(
            f"what is kept for {scheme} is of another version; run: dynclient login {scheme}"
        ) from None


def kept_tokens(store: TokenStore, scheme: str, base_url: str) -> list[Token]:
    """The tokens that are kept for a scheme at a service, to tell until when they count."""
    entry = store.read(f"{_name(scheme, base_url)}, tokens") or {}
    return [Token.of(each) for each in entry.get("tokens", ())]


def keep(
    store: TokenStore, scheme: str, base_url: str, value: str | tuple[Entry, Sequence[Token]]
) -> None:
    """Keep a credential as it is, or the settings of a client and the tokens that it has got."""
    name = _name(scheme, base_url)
    if isinstance(value, str):
        store.write(name, {"value": value})
        store.write(f"{name}, tokens", None)
        return
    settings, tokens = value
    store.write(name, settings)
    store.write(f"{name}, tokens", {"tokens": [token.as_data() for token in tokens]})


def forget(store: TokenStore, scheme: str, base_url: str) -> bool:
    """Remove what is kept; whether there was anything."""
    name = _name(scheme, base_url)
    found = store.read(name) is not None
    store.write(name, None)
    store.write(f"{name}, tokens", None)
    return found
