"""Credentials that `dynclient login` has kept: where they are, and how commands get them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from ..auth.sign_in import sign_in_of
from ..auth.stores import TokenFile, TokenStore, usual_store
from ..client import Client
from ..credentials import schemes_of
from ..errors import DocumentError
from .output import Masker
from .secrets import credentials, masked_environment

__all__ = ["auth_option", "is_kept", "signed_in", "store"]

auth_option = click.option(
    "--auth",
    multiple=True,
    metavar="NAME=VALUE",
    help="Credential for a security scheme; VALUE may be @FILE, env:VARIABLE, 'cmd:COMMAND' (the "
    "first line it prints), keyring:SERVICE/USER, - (a line of stdin) or none: (send nothing).  "
    "[env, for bundled documents: DYNCLIENT_AUTH_<NAME>]",
)


def store() -> TokenStore:
    """Where sign-ins are kept: what DYNCLIENT_TOKENS names, else the user's own file."""
    return usual_store() or TokenFile()


def signed_in(client: Client, options: tuple[str, ...], masker: Masker) -> Client:
    """The client with the credentials of `--auth`, and what was kept for other schemes.

    AuthError if the store can't be read.
    """
    given = credentials(options)
    masked_environment(masker, given or {}, client)
    others = [name for name in schemes_of(client.document) if name not in (given or {})]
    found = {**_kept(client, others), **(given or {})}
    for value in found.values():
        if isinstance(value, str):
            masker.add(value)
    return client if given is None and not found else client.with_options(auth=found)


def is_kept(client: Client, scheme: str) -> bool:
    """Whether something was kept for a scheme of the client's document, at its service."""
    return bool(_kept(client, [scheme]))


def _kept(client: Client, schemes: Iterable[str]) -> dict[str, Any]:
    tokens = store()
    if isinstance(tokens, TokenFile) and not tokens.where.exists():
        return {}
    try:
        where = client.base_url
    except DocumentError:  # of a document without a server nothing can be kept
        return {}
    found = {name: sign_in_of(tokens, name, where) for name in schemes}
    return {name: value for name, value in found.items() if value is not None}
