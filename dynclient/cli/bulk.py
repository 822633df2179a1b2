"""`dynclient bulk`: one operation, called for each row of a file."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import click

from ..bulk.results import OUTCOMES
from ..client import Client
from ..messages import Timeout
from ..operation import Operation
from . import exits
from .arguments import read_value, schemas_of
from .command import Command
from .options import (
    SECONDS,
    base_url_option,
    certificate_options,
    document_options,
    open_document,
    verbose_option,
)
from .output import Masker, tell
from .sign_ins import auth_option, signed_in

__all__ = ["command"]


@click.command("bulk", cls=Command, options_metavar="[OPTIONS]")
@click.argument("operation", metavar="OP")
@click.argument("source", metavar="FILE|-")
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the results go, a line of JSON each; an interrupted run is resumed from it.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "csv"]),
    help="What FILE is; default: by its name, else JSON Lines.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 10_000),
    default=8,
    show_default=True,
    help="How many calls are under way at a time.",
)
@click.option(
    "--repeat",
    multiple=True,
    type=click.Choice(OUTCOMES),
    help="Send rows again that have this outcome in the results; may be repeated.",
)
@document_options
@base_url_option
@auth_option
@certificate_options
@click.option(
    "--timeout",
    type=SECONDS,
    metavar="SECONDS",
    default=30.0,
    show_default=True,
    help="Seconds for connecting, and for each read.",
)
@click.option(
    "--validate",
    type=click.Choice(["strict", "warn", "off"]),
    default="strict",
    show_default=True,
    help="What happens when a request or a response breaks the document.",
)
@click.option("--no-progress", is_flag=True, help="Show no progress bar, on a terminal either.")
@verbose_option
@click.pass_obj
def command(
    masker: Masker,
    /,
    operation: str,
    source: str,
    output: Path,
    form: str | None,
    workers: int,
    repeat: Sequence[Any],
    document: str,
    trust: Any,
    base_url: str | None,
    auth: tuple[str, ...],
    timeout: float,
    validate: Any,
    no_progress: bool,
) -> None:
    """Call the operation OP once for each row of FILE.

    A row is the arguments of one call by name, `body` among them: a line of JSON Lines is an object
    of them, the first line of a CSV file has their names. Empty fields of CSV are not given; the
    others are read by their types, as KEY=VALUE of `dynclient call`.

    The results have a line for each row, in the order in which they came, and are never written
    twice. Run the same command again after an interrupt, even a kill: rows with a result are not
    sent again. A row that was under way then, and that may do harm if it is sent twice, is put down
    as "unknown".

    \b
    dynclient bulk create_job jobs.jsonl -o results.jsonl
    dynclient bulk get_job_details_jid ids.csv -o details.jsonl --workers 32
    """
    with open_document(
        document,
        trust=trust,
        base_url=base_url,
        timeout=Timeout(timeout, timeout),
        validate=validate,
    ) as opened:
        client = signed_in(opened, auth, masker)
        with _rows(client, client.operations[operation], source, form) as rows:
            results = client.map(
                operation,
                rows,
                workers=workers,
                journal=output,
                repeat=repeat,
                progress=sys.stderr.isatty() and not no_progress,
            )
    tell(f"{len(results)} rows: " + ", ".join(f"{getattr(results, n)} {n}" for n in OUTCOMES))
    if results.answered < len(results):
        click.get_current_context().exit(exits.PROBLEMS)


@contextmanager
def _rows(
    client: Client, operation: Operation, source: str, form: str | None
) -> Iterator[Iterator[Mapping[str, Any]]]:
    """The rows of a file, read as they are taken."""
    is_csv = form == "csv" if form else source.endswith(".csv")
    if source == "-":
        yield _read(client, operation, sys.stdin, "stdin", is_csv)
        return
    try:
        with Path(source).open(encoding="utf-8-sig", newline="" if is_csv else None) as file:
            yield _read(client, operation, file, source, is_csv)
    except OSError as error:
        if error.filename != source:
            raise
        raise click.BadParameter(f"{source}: {error.strerror}", param_hint="FILE") from None


def _read(
    client: Client, operation: Operation, file: IO[str], name: str, is_csv: bool
) -> Iterator[Mapping[str, Any]]:
    rows = _csv_rows(client, operation, file, name) if is_csv else _json_rows(file, name)
    try:
        yield from rows
    except UnicodeDecodeError:
        raise click.BadParameter(f"{name} is not UTF-8", param_hint="FILE") from None


def _json_rows(file: IO[str], name: str) -> Iterator[Mapping[str, Any]]:
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            reason = f"{name}, line {number}, is not JSON: {error}"
            raise click.BadParameter(reason, param_hint="FILE") from None
        if not isinstance(row, dict):
            reason = f"{name}, line {number}: a row is an object with the arguments of one call"
            raise click.BadParameter(reason, param_hint="FILE")
        yield row


def _csv_rows(
    client: Client, operation: Operation, file: IO[str], name: str
) -> Iterator[Mapping[str, Any]]:
    schemas = client.complete(lambda: schemas_of(operation, operation.request_body))
    reader = csv.DictReader(file, strict=True)
    try:
        for row in reader:
            extra, missing = row.pop(None, None), [n for n, text in row.items() if text is None]
            if extra or missing:
                count = len(row) + len(extra or ()) - len(missing)
                reason = (
                    f"{name}, line {reader.line_num}: {count} fields, and the first line names "
                    f"{len(row)}"
                )
                raise click.BadParameter(reason, param_hint="FILE")
            yield {n: read_value(schemas.get(n), text) for n, text in row.items() if text != ""}
    except csv.Error as error:
        reason = f"{name}, line {reader.line_num}, is not CSV: {error}"
        raise click.BadParameter(reason, param_hint="FILE") from None
