"""`dynclient call`: one operation, called."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import click

from ..client import Client
from ..curl import curl_line
from ..errors import InvalidResponse, StatusError
from ..explanation import Explanation
from ..jsontext import JsonTextError, decode
from ..messages import Response, Timeout
from ..operation import Operation, Options
from .arguments import read_arguments, read_body, read_parts
from .command import Command
from .options import (
    SECONDS,
    base_url_option,
    certificate_options,
    document_options,
    open_document,
    output_option,
    verbose_option,
)
from .output import PRINTED, Masker, json_text, show, show_json, tell
from .remedies import on_command_line
from .rendering import show_response
from .secrets import variable_names
from .sign_ins import auth_option, signed_in

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
@click.option(
    "--part",
    "parts",
    multiple=True,
    metavar="@FILE|-|TEXT",
    help="The next part of a multipart body whose parts have positions.",
)
@click.option("--content-type", metavar="TYPE", help="Which of the declared body types to send.")
@click.option(
    "--deep-object",
    type=click.Choice(["repeat", "brackets", "indices"]),
    help="What stands for arrays and objects in a deepObject: a[b]=1, a[b][]=1 or a[b][0]=1.",
)
@document_options
@base_url_option
@click.option(
    "--server-variable",
    "server_variables",
    multiple=True,
    metavar="NAME=VALUE",
    help="Value for a variable of the document's server.",
)
@auth_option
@certificate_options
@click.option("--header", multiple=True, metavar="'NAME: TEXT'", help="One more header field.")
@click.option(
    "--timeout",
    type=SECONDS,
    metavar="SECONDS",
    default=30.0,
    show_default=True,
    help="Seconds for connecting, and for each read.",
)
@click.option(
    "--max-time",
    type=SECONDS,
    metavar="SECONDS",
    help="Seconds for the whole call, all calls of --until included.",
)
@click.option(
    "--retries",
    type=click.IntRange(0, 100),
    help="How often a request that failed is sent again, if that is safe; default: 2.",
)
@click.option(
    "--validate",
    type=click.Choice(["strict", "warn", "off"]),
    default="strict",
    show_default=True,
    help="What happens when the request or the response breaks the document.",
)
@click.option(
    "--engine",
    type=click.Choice(["compiled", "openapi-core"]),
    default="compiled",
    show_default=True,
    help="Which validators judge.",
)
@click.option(
    "--all",
    "all_pages",
    is_flag=True,
    help="Print the items of all pages, a line of JSON each, as they come.",
)
@click.option("--max-items", type=click.IntRange(0), help="How many items --all prints at most.")
@click.option(
    "--by",
    type=click.Choice(["offset", "page", "token", "next", "link"]),
    help="How the pages of --all follow one another, where the document does not say.",
)
@click.option(
    "--until",
    multiple=True,
    metavar="NAME=VALUE[,VALUE]...",
    help="Call until this member of the response has one of these values: status=Completed,Failed.",
)
@click.option(
    "--every", type=SECONDS, metavar="SECONDS", help="Seconds between two calls of --until."
)
@click.option("--dry-run", is_flag=True, help="Show what would be sent, and send nothing.")
@click.option("--curl", is_flag=True, help="Print the call as a curl line on stderr.")
@click.option(
    "--show-secrets", is_flag=True, help="Show credentials in what --dry-run and --curl print."
)
@click.option("--include", is_flag=True, help="Print status and headers on stderr, and any body.")
@verbose_option
@output_option("json", "table", "raw", "histogram")
@click.pass_obj
def command(masker: Masker, /, **given: Any) -> None:
    """Call the operation OP (its name, or "METHOD /path").

    KEY=VALUE is read by the type that the document gives KEY: numbers, true and false, lists as
    a,b,c or as JSON. KEY:=JSON is always JSON, KEY:=@FILE JSON from a file.

    JSON responses are printed as JSON, text and binary ones as they are; -o json makes JSON of all
    of them (binary as base64), -o raw prints the very bytes. With -o or --include, the body of a
    failed call is printed as well.

    \b
    dynclient call list_jobs limit=5 tags=a,b -o table
    dynclient call get_job_details_jid id=d2k4v6s5ppas73f0m1q0
    dynclient call create_job program_id=sampler backend=ibm_fez params:=@bell.json
    dynclient call replace_job_tags id=d2k4v6s5ppas73f0m1q0 --body '{"tags": []}'
    dynclient call get_job_details_jid id=d2k4v6s5ppas73f0m1q0 --until status=Completed,Failed
    dynclient call list_jobs --all --max-items 500
    dynclient call get_instance --auth IBMCloudAuth=@token.txt --auth ServiceCRN=env:CRN
    """
    _Call(masker=masker, **given).run()


@dataclass(frozen=True, kw_only=True)
class _Call:
    """One run of the command; the fields are its options."""

    masker: Masker
    operation: str
    items: Sequence[str]
    body: str | None
    parts: Sequence[str]
    content_type: str | None
    deep_object: Any
    document: str
    trust: Any
    base_url: str | None
    server_variables: Sequence[str]
    auth: tuple[str, ...]
    header: Sequence[str]
    timeout: float
    max_time: float | None
    retries: int | None
    validate: Any
    engine: Any
    all_pages: bool
    max_items: int | None
    by: Any
    until: Sequence[str]
    every: float | None
    dry_run: bool
    curl: bool
    show_secrets: bool
    include: bool
    output: str | None

    def run(self) -> None:
        """Call, or explain, and print. Raises what a call raises, its response printed."""
        self._check_stdin()
        with open_document(
            self.document,
            trust=self.trust,
            base_url=self.base_url,
            server_variables=dict(_pairs(self.server_variables, "--server-variable")) or None,
            timeout=Timeout(self.timeout, self.timeout, None if self.until else self.max_time),
            validate=self.validate,
            engine=self.engine,
            retries=self.retries,
        ) as opened:
            client = signed_in(opened, self.auth, self.masker)
            found = client.operations[self.operation]
            arguments = client.complete(
                lambda: read_arguments(found, self.items, self.content_type)
            )
            body = client.complete(lambda: self._body(found))
            call = _Prepared(client, found.name, arguments, body, self._options())
            if self.dry_run or self.curl:
                explanation = self._explanation(call)
                if self.dry_run:
                    self._show(explanation)
                    return
                tell(explanation.curl, None if self.show_secrets else self.masker)
            if self.all_pages:
                self._print_items(call)
                return
            response = self._response(call)
        self._print(response, failed=False)

    def _print_items(self, call: _Prepared) -> None:
        pages = call(partial(call.client.paginate, by=self.by, max_items=self.max_items))
        try:
            for item in pages:
                show(json_text(item, indent=None))
        except (StatusError, InvalidResponse) as error:
            self._print(error.response, failed=True)
            raise

    def _check_stdin(self) -> None:
        if (self.max_items is not None or self.by) and not self.all_pages:
            raise click.UsageError("--max-items and --by go with --all")
        if self.all_pages and (self.until or self.output or self.include):
            raise click.UsageError("--all prints items: it goes without --until, -o and --include")
        if self.every is not None and not self.until:
            raise click.UsageError("--every goes with --until")
        readers = [option for option in self.auth if option.partition("=")[2] == "-"]
        if len(readers) + [self.body, *self.parts].count("-") > 1:
            raise click.UsageError("stdin (-) can be read for one option only")

    def _body(self, operation: Operation) -> Any:
        if not self.parts:
            return read_body(operation, self.body, self.content_type)
        if self.body is not None:
            raise click.UsageError("give --body or --part, not both")
        return read_parts(operation, self.parts, self.content_type)

    def _options(self) -> Options:
        headers = dict(map(_header, self.header))
        return Options(
            content_type=self.content_type,
            headers=headers or None,
            deep_object=self.deep_object,
        )

    def _response(self, call: _Prepared) -> Response:
        try:
            response: Response = self._polled(call) if self.until else call(call.client.request)
        except (StatusError, InvalidResponse) as error:
            self._print(error.response, failed=True)
            raise
        return response

    def _polled(self, call: _Prepared) -> Response:
        """The response in which the members of `--until` have their values."""
        last: list[Response] = []

        def keep(response: Response) -> None:
            last[:] = [response]

        call(
            partial(
                call.client.poll,
                until={name: _wanted(text) for name, text in _pairs(self.until, "--until")},
                every=self.every or (1.0, 30.0),
                timeout=self.max_time,
                progress=keep,
            )
        )
        return last[0]

    def _print(self, response: Response, *, failed: bool) -> None:
        if self.include:
            tell(f"HTTP {response.status} ({response.elapsed * 1000:.0f} ms)")
            for name, value in response.request.redactor.headers(response.headers.pairs()):
                tell(f"{name}: {value}", self.masker)
        if failed and self.output != "raw":  # errors repeat what was sent
            response = self.masker.response(response)
        if not failed or self.include or self.output is not None:
            click.get_current_context().meta[PRINTED] = True
            show_response(response, self.output)

    def _explanation(self, call: _Prepared) -> Explanation:
        explanation: Explanation = call(call.client.explain)
        request, schemes = explanation.request, explanation.schemes
        if self.show_secrets:
            request, schemes = call(call.client.prepare), explanation.pending
        file = self.body[1:] if self.body is not None and self.body[:1] == "@" else "BODY"
        curl = curl_line(request, schemes, variable_names(self.auth), file)
        return replace(explanation, request=request, curl=curl)

    def _show(self, explanation: Explanation) -> None:
        masker = (lambda text: text) if self.show_secrets else self.masker
        if self.output == "json":
            show_json(_as_data(explanation, masker))
        else:
            show(masker(explanation.worded(on_command_line)))


@dataclass(frozen=True)
class _Prepared:
    """What the methods of a client that call, prepare and explain are given."""

    client: Client
    name: str
    arguments: Mapping[str, Any]
    body: Any
    options: Options

    def __call__(self, method: Callable[..., Any]) -> Any:
        return method(self.name, self.arguments, body=self.body, options=self.options)


def _pairs(given: Sequence[str], option: str) -> list[tuple[str, str]]:
    pairs = [text.partition("=") for text in given]
    if not all(name and mark for name, mark, _ in pairs):
        raise click.BadParameter("give NAME=VALUE", param_hint=option)
    return [(name, value) for name, _, value in pairs]


def _wanted(text: str) -> list[Any]:
    """The values that a member may have: each text, and what it means as JSON (3, true, null)."""
    values: list[Any] = []
    for each in text.split(","):
        values.append(each)
        with suppress(JsonTextError):
            values.append(decode(each.encode()))
    return values


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise click.BadParameter("give 'NAME: TEXT'", param_hint="--header")
    return name.strip(), value.strip()


def _as_data(explanation: Explanation, masker: Callable[[str], str]) -> dict[str, Any]:
    request = explanation.request
    content = request.content
    body = content.decode("utf-8", "replace") if isinstance(content, bytes) else None
    return {
        "operation": explanation.operation,
        "server": explanation.server,
        "auth": masker(explanation.auth_worded(on_command_line)),
        "arguments": [
            {"name": name, "place": place, "value": masker(value)}
            for name, place, value in explanation.arguments
        ],
        "request": {
            "method": request.method,
            "url": masker(request.url),
            "headers": [[name, masker(value)] for name, value in request.headers.pairs()],
            "body": None if body is None else masker(body),
        },
        "curl": masker(explanation.curl),
    }
