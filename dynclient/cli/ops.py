"""`dynclient ops`: the operations of a document."""

from __future__ import annotations

from collections.abc import Sequence

import click

from ..document import Trust
from ..operation import Operation
from ..settings import usual_document
from .command import Command
from .options import doc_option, one_document, open_document, output_option, trust_option
from .output import show_json, tell
from .rendering import show_records

__all__ = ["command"]

_COLUMNS = ("name", "method", "path", "summary")


@click.command("ops", cls=Command)
@click.argument("document", metavar="[DOC]", required=False)
@doc_option
@trust_option
@click.option("--tag", metavar="TAG", help="Only the operations with this tag.")
@output_option("table", "json", default="table")
def command(
    document: str | None, doc: str | None, trust: Trust, tag: str | None, output: str
) -> None:
    """List the operations of DOC: a bundled name, a path or a URL.

    DOC is the bundled qiskit-runtime, or what DYNCLIENT_DOC names, unless it is given.

    \b
    dynclient ops
    dynclient ops --tag Jobs
    dynclient ops openapi.yaml -o json | jq -r '.[].name'
    """
    document = one_document(document, doc) or usual_document()
    with open_document(document, trust=trust) as client:
        operations = list(client.operations.values())
    if tag is not None:
        _check_tag(tag, operations)
        operations = [o for o in operations if tag.lower() in map(str.lower, o.tags)]
    if output == "json":
        show_json([_row(operation) for operation in operations])
    else:
        show_records(_COLUMNS, list(map(_cells, operations)), _narrow)
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


def _narrow(cells: Sequence[str]) -> str:
    name, method, path, summary = cells
    return f"{name}: {method} {path}" + (f"\n    {summary}" if summary else "")


def _cells(operation: Operation) -> tuple[str, str, str, str]:
    summary = " ".join(operation.summary.split())
    if operation.deprecated:
        summary = f"{summary} (deprecated)".strip()
    return operation.name, operation.method, operation.path, summary
