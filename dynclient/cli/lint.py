"""`dynclient lint`: the problems of a document."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import click

from ..client import Client
from ..document import Trust
from ..errors import DocumentError
from . import exits
from .command import Command
from .options import doc_option, one_document, open_document, output_option, trust_option
from .output import show, show_json, tell

__all__ = ["command"]


@click.command("lint", cls=Command)
@click.argument("document", metavar="DOC", required=False)
@doc_option
@trust_option
@output_option("text", "json", default="text")
@click.pass_context
def command(
    ctx: click.Context, document: str | None, doc: str | None, trust: Trust, output: str
) -> None:
    """Check DOC: a bundled name, a path or a URL.

    Checks the document by the schemas of OpenAPI, and compiles every operation of it. Exit code 1
    if there are problems, 3 if the document can't be opened at all.

    \b
    dynclient lint openapi.yaml
    dynclient lint https://api.example.com/openapi.json -o json
    """
    document = one_document(document, doc)
    if document is None:
        raise click.UsageError("Missing argument 'DOC'.")
    with _quiet_log(), open_document(document, trust=trust) as client:
        unusable = unusable_operations(client)
        problems = client.document.check()
    count = len(client.operations)
    if output == "json":
        show_json(
            {
                "document": document,
                "openapi": client.document.version,
                "operations": count,
                "problems": [problem.as_dict() for problem in problems],
            }
        )
    else:
        for problem in problems:
            show(" ".join(str(problem).split()))
    found = f"{len(problems)} problem{'' if len(problems) == 1 else 's'}"
    tell(f"{document}: OpenAPI {client.document.version}, {count} operations, {found}")
    if unusable:
        tell(f"These can't be called: {', '.join(unusable)}")
    if problems:
        ctx.exit(exits.PROBLEMS)


def unusable_operations(client: Client) -> list[str]:
    """The names of the operations that the document breaks; the others are compiled."""
    unusable = []
    for name in client.operations:
        try:
            client.compile(name)
        except DocumentError:
            unusable.append(name)
    return unusable


@contextmanager
def _quiet_log() -> Iterator[None]:
    """The document's problems are the output here, so they need not be logged as well."""
    logger = logging.getLogger("dynclient.document")
    before = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = before
