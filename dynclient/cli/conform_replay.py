"""`dynclient conform replay` and `conform pytest`: cases of a run once more, and as tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from ..conformance.runs.cases import CaseError
from ..conformance.runs.replaying import as_test, replay
from . import exits
from .command import Command
from .conform_options import spec_option, write_report
from .conform_run import service_of, service_options
from .options import trust_option
from .output import Masker, show
from .sign_ins import auth_option, signed_in

__all__ = ["as_pytest", "command"]


@click.command("replay", cls=Command, options_metavar="[OPTIONS]")
@click.argument("files", nargs=-1, required=True, metavar="CASE...")
@spec_option
@trust_option
@service_options
@auth_option
@click.pass_obj
def command(
    masker: Masker,
    /,
    files: Sequence[str],
    spec: str,
    trust: Any,
    url: str | None,
    app: str | None,
    auth: tuple[str, ...],
) -> None:
    """Send each CASE of a run once more, and say whether it shows the same again.

    The exit code is 1 if one shows anything.

    \b
    dynclient conform replay failures/*.json --spec openapi.yaml --url http://127.0.0.1:8000
    """
    try:
        with service_of(spec, trust, url, app) as opened:
            done = replay(signed_in(opened, auth, masker), *files)
    except CaseError as error:
        raise click.UsageError(str(error)) from None
    for each in done:
        if each.found:
            what = "; ".join(f"{found.code} {found.violation.message}" for found in each.found)
            show(f"{each.path}: {masker(what)}")
        else:
            show(f"{each.path}: {each.code} is gone")
    if any(each.found for each in done):
        click.get_current_context().exit(exits.PROBLEMS)


@click.command("pytest", cls=Command, options_metavar="[OPTIONS]")
@click.argument("case", metavar="CASE")
@spec_option
@click.option("--url", required=True, metavar="URL", help="Where the service is, in the test.")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the test goes.  [default: stdout]",
)
def as_pytest(case: str, spec: str, url: str, output: Path | None) -> None:
    """Write the CASE of a run as a test of its own for pytest.

    Its credentials come from the environment, DYNCLIENT_AUTH_<NAME>; CONFORMANCE_URL names another
    service.

    \b
    dynclient conform pytest failures/001-DC402-list_tags.json --spec openapi.yaml \\
        --url http://127.0.0.1:8000 -o test_list_tags.py
    """
    try:
        text = as_test(case, spec, url)
    except CaseError as error:
        raise click.UsageError(str(error)) from None
    write_report(text.rstrip("\n"), output)
