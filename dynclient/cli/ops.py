"""`dynclient ops`: the operations of a document."""

from __future__ import annotations

import click

from ..operation import Operation
from ..settings import usual_document
from .options import doc_option, one_document, open_document, output_option
from .output import console_for, printable, show_json, tell

__all__ = ["command"]


@click.command("ops")
@click.argument("document", metavar="[DOC]", required=False)
@doc_option
@click.option("--tag", metavar="TAG", help="Only the operations with this tag.")
@output_option("table", "json", default="table")
def command(document: str | None, doc: str | None, tag: str | None, output: str) -> None:
    """List the operations of DOC: a bundled name, a path or a URL.

    DOC is the bundled qiskit-runtime, or what DYNCLIENT_DOC names, unless it is given.

    \b
    dynclient ops
    dynclient ops --tag Jobs
    dynclient ops openapi.yaml -o json | jq -r '.[].name'
    """
    document = one_document(document, doc) or usual_document()
    with open_document(document) as client:
        operations = list(client.operations.values())
    if tag is not None:
        _check_tag(tag, operations)
        operations = [o for o in operations if tag.lower() in map(str.lower, o.tags)]
    if output == "json":
        show_json([_row(operation) for operation in operations])
    else:
        _show_table(operations)
        title = client.document.title or document
        tell(f"{len(operations)} operations of {title}")


def _check_tag(tag: str, operations: list[Operation]) -> None:
    known = {name.lower(): name for operation in operations for name in operation.tags}
    if tag.lower() not in known:
        names = ", ".join(known.values())
        has = f"the document has {names}" if names else "the document has none"
        raise click.BadParameter(f"no operation has the tag {tag!r}; {has}", param_hint="--tag")


def _row(operation: Operation) -> dict[str, object]:
    return {
        "name": operation.name,
        "method": operation.method,
        "path": operation.path,
        "summary": operation.summary,
        "tags": list(operation.tags),
        "deprecated": operation.deprecated,
    }


def _show_table(operations: list[Operation]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("name", overflow="fold", style="cyan")
    table.add_column("method")
    table.add_column("path", overflow="fold")
    table.add_column("summary", overflow="fold")
    for operation in operations:
        summary = " ".join(operation.summary.split())
        if operation.deprecated:
            summary = f"{summary} (deprecated)".strip()
        cells = (operation.name, operation.method, operation.path, summary)
        table.add_row(*(Text(printable(cell)) for cell in cells))
    console_for().print(table)
