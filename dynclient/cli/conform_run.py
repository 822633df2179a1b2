"""`dynclient conform run`: requests made from the document, sent, and what comes judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from ..client import Client
from ..conformance.apps import app_named, base_url_in_process, transport_to
from ..conformance.ledger import Ledger
from ..conformance.report import render
from ..conformance.runs.cases import Case, in_python, save_case
from ..conformance.runs.runner import Bounds, RunResult, run
from ..conformance.tally import Filter
from . import exits
from .command import Command
from .conform_options import accepted, report_options, spec_option, write_report
from .options import SECONDS, open_document, trust_option
from .output import Masker, tell
from .secrets import credentials
from .sign_ins import auth_option, signed_in

__all__ = ["command", "service_of", "service_options"]


def service_options(command: Any) -> Any:
    """`--url` and `--app`: where the service is."""
    url = click.option("--url", metavar="URL", help="Where the service is.")
    app = click.option(
        "--app", metavar="MODULE:ATTRIBUTE", help="An ASGI or WSGI application, called in process."
    )
    return url(app(command))


@click.command("run", cls=Command, options_metavar="[OPTIONS]")
@spec_option
@trust_option
@service_options
@auth_option
@click.option(
    "--other-auth",
    multiple=True,
    metavar="NAME=VALUE",
    help="Credential of another user, who must not read what the first one creates.",
)
@click.option("--unsafe", is_flag=True, help="Call operations that may change something, too.")
@click.option("--only", multiple=True, metavar="PATTERN", help="Only these operations: 'list_*'.")
@click.option("--exclude", multiple=True, metavar="PATTERN", help="Not these operations.")
@click.option(
    "--time",
    "seconds",
    type=SECONDS,
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="For all of it.",
)
@click.option(
    "--examples",
    type=click.IntRange(1, 100_000),
    default=20,
    show_default=True,
    help="How many right and how many wrong requests are made for an operation.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Makes other requests.")
@click.option(
    "--cases",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the smallest case of each finding to a file there: for replay and pytest.",
)
@click.option(
    "--ledger",
    "ledger_file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Add what is found to a ledger, too.",
)
@report_options
@click.pass_obj
def command(
    masker: Masker,
    /,
    spec: str,
    trust: Any,
    url: str | None,
    app: str | None,
    auth: tuple[str, ...],
    other_auth: Sequence[str],
    unsafe: bool,
    only: Sequence[str],
    exclude: Sequence[str],
    seconds: float,
    examples: int,
    seed: int,
    cases: Path | None,
    ledger_file: Path | None,
    min_severity: Any,
    max_findings: int | None,
    baseline: Path | None,
    write_baseline: Path | None,
    form: str,
    output: Path | None,
) -> None:
    """Call the operations of a document with examples, right and wrong requests, and judge it all.

    Only operations that change nothing are called, unless --unsafe is given. The exit code is 1 if
    there are findings. Needs the extra `dynclient[conformance]`.

    \b
    dynclient conform run --spec openapi.yaml --url http://127.0.0.1:8000
    dynclient conform run --spec openapi.yaml --app shop:app --unsafe --cases failures
    dynclient conform run --spec openapi.yaml --url $URL --auth Key=env:KEY --only 'list_*'
    """
    bounds = Bounds(
        examples=examples, seconds=seconds, seed=seed, unsafe=unsafe, only=only, exclude=exclude
    )
    with service_of(spec, trust, url, app) as opened:
        client = signed_in(opened, auth, masker)
        another = credentials(other_auth)
        with _told(seconds) as told:
            result = run(
                client,
                bounds,
                others=[] if another is None else [another],
                filter_=Filter(min_severity=min_severity),
                told=told,
            )
        if ledger_file is not None:
            with Ledger(ledger_file) as ledger:
                ledger.add_tally(result.tally)
        _tell_rest(result, masker)
        tally = accepted(result.tally, baseline, write_baseline)
        if cases is not None:
            _write_cases(cases, result, client.base_url)
        report = render(tally, client.document, client.operations, form, most=max_findings)
    write_report(report, output)
    if tally.groups():
        click.get_current_context().exit(exits.PROBLEMS)


@contextmanager
def service_of(spec: str, trust: Any, url: str | None, app: str | None) -> Iterator[Client]:
    """A client of the service that the options name. UsageError where they name none, or two."""
    if url is not None and app is not None:
        raise click.UsageError("--url and --app exclude each other")
    settings: dict[str, Any] = {}
    if app is not None:
        try:
            settings["transport"] = transport_to(app_named(app))
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--app") from None
    with open_document(spec, trust=trust, auth={}, **settings) as client:
        where = url if app is None else base_url_in_process(client.document.servers)
        yield client if where is None else client.with_options(base_url=where)


@contextmanager
def _told(seconds: float) -> Iterator[Callable[[Case], None] | None]:
    """A bar of the time on a terminal, with what is being tried."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=seconds)

        def tell_case(case: Case) -> None:
            elapsed = bar.tasks[0].elapsed or 0.0
            bar.update(task, completed=elapsed, description=f"{case.operation} ({case.origin})")

        yield tell_case


def _tell_rest(result: RunResult, masker: Masker) -> None:
    tell(f"{result.sent} requests sent")
    for name, reason in result.skipped.items():
        tell(f"{name}: {reason}", masker)
    if result.timed_out:
        tell("the time was over before all was done; --time gives more")


def _write_cases(folder: Path, result: RunResult, base_url: str) -> None:
    """A file for each finding, and the Python line that sends its request."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, group in enumerate(result.tally.groups(), 1):
            if group.key in result.cases:
                case, exchange = result.cases[group.key]
                code = group.key.code
                name = f"{number:03}-{code}-{case.operation}".replace("/", "_").replace(" ", "_")
                path = save_case(folder, name, code, case, exchange, base_url)
                tell(f"{path}: {in_python(exchange, case.operation)}")
    except OSError as error:
        raise exits.Unavailable(f"{folder} can't be written: {error.strerror}") from None
