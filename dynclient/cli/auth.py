"""`dynclient auth status`: what is there to authenticate with, and what is missing."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import click

from ..auth import AuthPlan, Handler
from ..auth.sign_in import SignedIn, kept_tokens
from ..client import Client
from ..credentials import schemes_of
from ..environment import environment_name
from ..errors import AuthError
from .command import Command
from .options import base_url_option, document_options, open_document, output_option
from .output import Masker, show, show_json
from .sign_ins import auth_option, is_kept, signed_in, store

__all__ = ["command"]


@click.group("auth")
def command() -> None:
    """What there is to authenticate with."""


@command.command("status", cls=Command, options_metavar="[OPTIONS]")
@document_options
@base_url_option
@auth_option
@output_option("json")
@click.pass_obj
def status(
    masker: Masker,
    /,
    document: str,
    trust: Any,
    base_url: str | None,
    auth: tuple[str, ...],
    output: str | None,
) -> None:
    """Per security scheme what is there, and until when; per operation which alternative is used.

    Nothing is sent, and no secret is shown.
    """
    with open_document(document, trust=trust, base_url=base_url) as opened:
        client = signed_in(opened, auth, masker)
        plans = {name: _plan(client, name) for name in client.operations}
        operations = [_operation(name, plan) for name, plan in plans.items()]
        used = {
            step.scheme.name: step.handler
            for plan in plans.values()
            if isinstance(plan, AuthPlan)
            for step in plan.steps
        }
        given = {option.partition("=")[0] for option in auth}
        schemes = [
            {"scheme": name, "type": scheme.type, **_source(client, name, given, used)}
            for name, scheme in schemes_of(client.document).items()
        ]
    if output == "json":
        show_json({"schemes": schemes, "operations": operations})
        return
    for each in schemes:
        until = f", until {each['until']}" if each["until"] else ""
        show(f"{each['scheme']} ({each['type']}): {each['source'] or 'nothing'}{until}")
    show("")
    for found in operations:
        if found["missing"] is None:
            show(f"{found['operation']}: {' and '.join(found['uses']) or 'no credentials'}")
        else:
            show(f"{found['operation']}: missing {', '.join(found['missing']) or found['error']}")


def _source(
    client: Client, name: str, given: set[str], used: Mapping[str, Handler]
) -> dict[str, Any]:
    """Where the credential of a scheme comes from, and when it ends."""
    handler = used.get(name)
    until = None
    if name in given:
        source = "--auth"
    elif isinstance(handler, SignedIn):
        tokens = kept_tokens(store(), name, client.base_url)
        renewed = any(token.refresh_token for token in tokens)
        source = "signed in, renewed by a refresh token" if renewed else "signed in"
        ends = max((token.ends_at for token in tokens), default=0.0)
        until = None if math.isinf(ends) else _time(ends)
    elif is_kept(client, name):
        source = "kept by login"
    elif handler is None:
        source = None
    elif os.environ.get(environment_name(name)):
        source = environment_name(name)
    else:
        source = f"{type(handler).__name__}, found on this machine"
    return {"source": source, "until": until}


def _plan(client: Client, name: str) -> AuthPlan | AuthError:
    try:
        return client.auth_plan(name)
    except AuthError as error:
        return error


def _operation(name: str, plan: AuthPlan | AuthError) -> dict[str, Any]:
    if isinstance(plan, AuthPlan):
        return {"operation": name, "uses": list(plan.alternative), "missing": None, "error": None}
    problem = str(plan.args[0]).partition("\n")[0]
    return {"operation": name, "uses": None, "missing": list(plan.missing), "error": problem}


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
