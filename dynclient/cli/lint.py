"""`dynclient lint`: what is wrong with a document."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import click

from ..client import Client
from ..document import Problem
from ..errors import DocumentError
from . import exits
from .command import Command
from .options import doc_option, one_document, open_document, output_option
from .output import show, show_json, tell

__all__ = ["command"]


@click.command("lint", cls=Command)
@click.argument("document", metavar="DOC", required=False)
@doc_option
@output_option("text", "json", default="text")
@click.pass_context
def command(ctx: click.Context, document: str | None, doc: str | None, output: str) -> None:
    """Tell what is wrong with DOC: a bundled name, a path or a URL.

    Checks the document by the schemas of OpenAPI, and compiles every operation of it. Exit code 1
    if there are problems, 3 if the document can't be opened at all.

    \b
    dynclient lint openapi.yaml
    dynclient lint https://api.example.com/openapi.json -o json
    """
    document = one_document(document, doc)
    if document is None:
        raise click.UsageError("Missing argument 'DOC'.")
    with _quiet_log(), open_document(document) as client:
        problems = find_problems(client)
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
            show(_line(problem))
    found = f"{len(problems)} problem{'' if len(problems) == 1 else 's'}"
    tell(f"{document}: OpenAPI {client.document.version}, {count} operations, {found}")
    if problems:
        ctx.exit(exits.PROBLEMS)


def find_problems(client: Client) -> list[Problem]:
    """Everything wrong with the document of a client, each once, by place."""
    document = client.document
    found = document.check()
    for name, operation in client.operations.items():
        try:
            operation.compile()
        except DocumentError as error:
            source = error.source if error.source != document.uri else None
            pointer = error.pointer if error.pointer is not None else operation.at.pointer
            message = f"{error.problem} [{name} can't be called]"
            found.append(Problem(pointer, message, "unusable-operation", source or ""))
    found += document.problems
    return list({(p.source, p.pointer, p.message): p for p in found}.values())


def _line(problem: Problem) -> str:
    return " ".join(str(problem).split())


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
