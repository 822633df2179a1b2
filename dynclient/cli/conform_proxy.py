"""`dynclient conform proxy`: forwards all traffic to a service, and judges it beside the way."""

from __future__ import annotations

import asyncio
import signal
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from ..conformance.exchanges import Recording
from ..conformance.judge import Judge
from ..conformance.ledger import Ledger
from ..conformance.proxy import OWN_PATH, Proxy
from ..conformance.proxy_judging import Judging
from ..conformance.tally import Filter
from ..origins import checked_base_url
from . import exits
from .command import Command
from .conform_options import accepted, report_options, spec_option, write_report
from .listening import address_options, listening
from .options import open_document, trust_option
from .output import Masker, show, tell

__all__ = ["command"]

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("proxy", cls=Command, options_metavar="[OPTIONS]")
@spec_option
@trust_option
@click.option("--upstream", required=True, metavar="URL", help="Where the service is.")
@address_options
@click.option(
    "--ledger",
    "ledger_file",
    metavar="FILE",
    type=_FILE,
    help="Add what is found to a ledger, too.",
)
@click.option(
    "--record", metavar="FILE", type=_FILE, help="Write the exchanges to a recording, redacted."
)
@report_options
@click.pass_obj
def command(
    masker: Masker,
    /,
    spec: str,
    trust: Any,
    upstream: str,
    host: str,
    port: int,
    ledger_file: Path | None,
    record: Path | None,
    min_severity: Any,
    max_findings: int | None,
    baseline: Path | None,
    write_baseline: Path | None,
    form: str,
    output: Path | None,
) -> None:
    """Forward everything to a service until Ctrl-C or SIGTERM, then report what broke DOC.

    Prints its URL as the first line on stdout. The report so far is at /.well-known/dynclient/ of
    the proxy. The exit code is 1 if there are findings.

    \b
    dynclient conform proxy --spec openapi.yaml --upstream http://127.0.0.1:8000 --port 9000
    """
    try:
        base_url = checked_base_url(upstream)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--upstream") from None

    def make() -> Judge:
        return Judge(open_document(spec, trust=trust, auth={}), base_url=base_url)

    def told(message: str) -> None:
        tell(message, masker)

    listener = listening(host, port)
    judging = Judging(
        make,
        told,
        file=Path(spec) if Path(spec).is_file() else None,
        filter_=Filter(min_severity=min_severity),
        ledger=None if ledger_file is None else Ledger(ledger_file),
        recording=None if record is None else Recording(record),
    )
    url = f"http://{host}:{listener.getsockname()[1]}"
    show(url)
    tell(f"forwarding to {base_url}; the report is at {url}{OWN_PATH}/; Ctrl-C ends it")
    asyncio.run(_serve(Proxy(base_url, judging, told), listener))
    tally = accepted(judging.close(), baseline, write_baseline)
    if judging.dropped:
        tell(f"{judging.dropped} exchanges came faster than they could be judged")
    report = judging.report(form, max_findings, tally)
    write_report(report, output)
    if tally.groups():
        click.get_current_context().exit(exits.PROBLEMS)


async def _serve(proxy: Proxy, listener: socket.socket) -> None:
    """Until SIGINT or SIGTERM."""
    serving = asyncio.ensure_future(proxy.serve(listener))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows: Ctrl-C cancels the run
            loop.add_signal_handler(number, serving.cancel)
    with suppress(asyncio.CancelledError):
        await serving
