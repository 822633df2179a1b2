"""`dynclient login` and `dynclient logout`: credentials that later commands find."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from ..auth import BrowserLogin, DeviceLogin, OAuth2, SecurityScheme
from ..auth.sign_in import forget, keep
from ..client import Client
from ..credentials import schemes_of
from .command import Command
from .options import base_url_option, document_options, open_document, verbose_option
from .output import Masker, tell
from .secrets import read_secret
from .sign_ins import store

__all__ = ["command", "logout"]

#: The flows that a command can go through, in the order in which they are tried.
_FLOWS = ("deviceAuthorization", "authorizationCode", "clientCredentials", "password")


@click.command("login", cls=Command, options_metavar="[OPTIONS]")
@click.argument("scheme", metavar="SCHEME")
@click.option("--client-id", metavar="ID", help="OAuth 2.0: the id of the client.")
@click.option(
    "--client-secret",
    metavar="SOURCE",
    help="OAuth 2.0: its secret: @FILE, env:VARIABLE, cmd:COMMAND, keyring:SERVICE/USER or -.",
)
@click.option("--flow", type=click.Choice(_FLOWS), help="OAuth 2.0: which of the document's flows.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    help="OAuth 2.0: a scope to ask for; may be repeated. Default: what the operations ask for.",
)
@click.option("--username", metavar="NAME", help="OAuth 2.0, flow password: the user.")
@click.option("--password", metavar="SOURCE", help="OAuth 2.0, flow password: from where.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="For the redirect.")
@click.option(
    "--value",
    metavar="SOURCE",
    help="The credential itself, for a scheme without tokens: an API key, user:password, a bearer "
    "token.",
)
@document_options
@base_url_option
@verbose_option
@click.pass_obj
def command(
    masker: Masker,
    /,
    scheme: str,
    document: str,
    trust: Any,
    base_url: str | None,
    value: str | None,
    scopes: Sequence[str],
    **given: Any,
) -> None:
    """Sign in once: get a credential for SCHEME and keep it for later commands.

    It is kept for the service at the base URL, in a file that only you may read, or where the
    variable DYNCLIENT_TOKENS says (keyring, or the path of a file).

    \b
    dynclient login Login --doc api.yaml --client-id my-client
    dynclient login Login --doc api.yaml --client-id ci --client-secret env:CI_SECRET
    dynclient login ApiKey --doc api.yaml --value 'cmd:pass show api'
    """
    with open_document(document, trust=trust, base_url=base_url, auth={}) as client:
        found = _scheme(client, scheme)
        if value is not None:
            secret = read_secret("--value", value)
            masker.add(secret)
            # Asked for now, so that a value of the wrong form is refused now.
            client.with_options(auth={scheme: secret}).sign_in(scheme)
            keep(store(), scheme, client.base_url, secret)
            tell(f"kept the credential for {scheme} at {client.base_url}")
            return
        if found.type not in ("oauth2", "openIdConnect"):
            raise click.UsageError(f"{scheme} has no tokens to get; give the credential by --value")
        handler = _handler(found, masker, **given)
        asked_for = scopes or None
        placed = client.with_options(auth={scheme: handler}).sign_in(scheme, scopes=asked_for)
        keep(store(), scheme, client.base_url, handler.as_data(placed))
    tell(f"signed in for {scheme} at {client.base_url}")


@click.command("logout", cls=Command, options_metavar="[OPTIONS]")
@click.argument("scheme", metavar="SCHEME")
@document_options
@base_url_option
def logout(scheme: str, document: str, trust: Any, base_url: str | None) -> None:
    """Remove what `dynclient login` has kept for SCHEME. The server is told nothing."""
    with open_document(document, trust=trust, base_url=base_url, auth={}) as client:
        _scheme(client, scheme)
        there = forget(store(), scheme, client.base_url)
    tell(f"{'removed' if there else 'nothing was kept for'} {scheme} at {client.base_url}")


def _scheme(client: Client, name: str) -> SecurityScheme:
    schemes = schemes_of(client.document)
    if name not in schemes:
        known = ", ".join(schemes) or "none"
        raise click.UsageError(f"the document has no security scheme {name!r}; it has {known}")
    return schemes[name]


def _handler(
    scheme: SecurityScheme,
    masker: Masker,
    *,
    client_id: str | None,
    client_secret: str | None,
    flow: str | None,
    username: str | None,
    password: str | None,
    port: int,
) -> OAuth2:
    if not client_id:
        raise click.UsageError(f"{scheme.name} is {scheme.type}: give --client-id")
    secret = None if client_secret is None else read_secret("--client-secret", client_secret)
    word = None if password is None else read_secret("--password", password)
    for text in (secret, word):
        if text is not None:
            masker.add(text)
    chosen = flow or _flow(scheme, has_secret=secret is not None, has_user=username is not None)
    if chosen == "deviceAuthorization":
        return DeviceLogin(client_id, secret)
    if chosen == "authorizationCode":
        return BrowserLogin(client_id, secret, port=port)
    if chosen == "password":
        return OAuth2(client_id, secret, username=username, password=word)
    if secret is None:
        raise click.UsageError(f"{scheme.name}: the flow {chosen} needs --client-secret")
    return OAuth2(client_id, secret)


def _flow(scheme: SecurityScheme, *, has_secret: bool, has_user: bool) -> str:
    """The flow that fits what was given; a provider's metadata is not asked for its flows."""
    if has_user:
        return "password"
    declared = [flow for flow in _FLOWS if flow in scheme.flows]
    if has_secret and ("clientCredentials" in declared or not declared):
        return "clientCredentials"
    with_user = [flow for flow in declared if flow != "password"]
    return with_user[0] if with_user else "authorizationCode"
