"""`dynclient call`: one operation, called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from ..errors import InvalidResponse, StatusError
from ..explanation import Explanation
from ..messages import Response
from ..operation import Options
from .arguments import read_arguments, read_body
from .command import Command
from .options import SECONDS, base_url_option, document_option, open_document, output_option
from .output import Masker, show, show_json, tell
from .remedies import on_command_line
from .rendering import show_response
from .secrets import credentials, masked_environment

__all__ = ["command"]


@click.command(
    "call",
    cls=Command,
    options_metavar="[OPTIONS]",
    unknown="arguments of the operation have no dashes: {}=VALUE",
)
@click.argument("operation", metavar="OP")
@click.argument("items", nargs=-1, metavar="[KEY=VALUE | KEY:=JSON]...")
@click.option("--body", metavar="@FILE|-|TEXT", help="The whole body: a file, stdin, or JSON text.")
@click.option("--content-type", metavar="TYPE", help="Which of the declared body types to send.")
@document_option
@base_url_option
@click.option(
    "--auth",
    multiple=True,
    metavar="NAME=VALUE",
    help="Credential for a security scheme; VALUE may be @FILE, env:VARIABLE or - (a line of "
    "stdin).  [env, for bundled documents: DYNCLIENT_AUTH_<NAME>]",
)
@click.option("--header", multiple=True, metavar="'NAME: TEXT'", help="One more header field.")
@click.option(
    "--timeout",
    type=SECONDS,
    default=30.0,
    show_default=True,
    help="Seconds for connecting, and for each read.",
)
@click.option(
    "--validate",
    type=click.Choice(["strict", "warn", "off"]),
    default="strict",
    show_default=True,
    help="What happens when request or answer break the document.",
)
@click.option(
    "--engine",
    type=click.Choice(["compiled", "openapi-core"]),
    default="compiled",
    show_default=True,
    help="Who judges.",
)
@click.option("--dry-run", is_flag=True, help="Tell what would be sent, and send nothing.")
@click.option("--include", is_flag=True, help="Status and headers of the answer, on stderr.")
@output_option("json", "table", "raw")
@click.pass_obj
def command(
    masker: Masker,
    operation: str,
    items: tuple[str, ...],
    body: str | None,
    content_type: str | None,
    document: str,
    base_url: str | None,
    auth: tuple[str, ...],
    header: tuple[str, ...],
    timeout: float,
    validate: Any,
    engine: Any,
    dry_run: bool,
    include: bool,
    output: str | None,
) -> None:
    """Call the operation OP (its name, or "METHOD /path").

    KEY=VALUE is read by the type that the document gives KEY: numbers, true and false, lists as
    a,b,c or as JSON. KEY:=JSON is always JSON, KEY:=@FILE JSON from a file.

    JSON answers are printed as JSON, text and binary ones as they are; -o json makes JSON of all
    of them (binary as base64), -o raw prints the very bytes.

    \b
    dynclient call list_jobs limit=5 tags=a,b -o table
    dynclient call get_job_details_jid id=d2k4v6s5ppas73f0m1q0
    dynclient call create_job program_id=sampler backend=ibm_fez params:=@bell.json
    dynclient call replace_job_tags id=d2k4v6s5ppas73f0m1q0 --body '{"tags": []}'
    dynclient call get_instance --auth IBMCloudAuth=@token.txt --auth ServiceCRN=env:CRN
    """
    _check_stdin(body, auth)
    headers = dict(map(_header, header))
    settings = {"timeout": timeout, "validate": validate, "engine": engine}
    with open_document(document, base_url=base_url, **settings) as opened:
        given = credentials(auth, opened, document)
        masked_environment(masker, given or {}, opened)
        client = opened if given is None else opened.with_options(auth=given)
        found = client.operations[operation]
        arguments = read_arguments(found, items, content_type)
        data = read_body(found, body, content_type)
        options = Options(content_type=content_type, headers=headers or None)
        if dry_run:
            explanation = client.explain(found.name, arguments, body=data, options=options)
            _show_explanation(explanation, output, masker)
            return
        try:
            response = client.request(found.name, arguments, body=data, options=options)
        except (StatusError, InvalidResponse) as error:
            if include:
                _tell_head(error.response, masker)
            raise
    if include:
        _tell_head(response, masker)
    show_response(response, output)


def _check_stdin(body: str | None, auth: Sequence[str]) -> None:
    readers = [option for option in auth if option.partition("=")[2] == "-"]
    if len(readers) + (body == "-") > 1:
        raise click.UsageError("stdin (-) can be read for one option only")


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise click.BadParameter("give 'NAME: TEXT'", param_hint="--header")
    return name.strip(), value.strip()


def _show_explanation(explanation: Explanation, output: str | None, masker: Masker) -> None:
    if output != "json":
        show(masker(explanation.worded(on_command_line)))
        return
    request = explanation.request
    content = request.content
    show_json(
        {
            "operation": explanation.operation,
            "server": explanation.server,
            "auth": explanation.auth_worded(on_command_line),
            "arguments": [
                {"name": name, "place": place, "value": value}
                for name, place, value in explanation.arguments
            ],
            "request": {
                "method": request.method,
                "url": request.url,
                "headers": [list(pair) for pair in request.headers.pairs()],
                "body": content.decode("utf-8", "replace") if isinstance(content, bytes) else None,
            },
            "curl": explanation.curl,
        }
    )


def _tell_head(response: Response, masker: Masker) -> None:
    tell(f"HTTP {response.status} ({response.elapsed * 1000:.0f} ms)")
    for name, value in response.request.redactor.headers(response.headers.pairs()):
        tell(f"{name}: {value}", masker)
