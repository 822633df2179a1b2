"""`dynclient emulator`: the embedded Qiskit Runtime service, until it is stopped."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import click

from ..errors import DynclientError
from . import exits
from .command import Command
from .listening import address_options
from .options import Number
from .output import show, tell

__all__ = ["command"]


_SECONDS = Number(min=0)


@click.command("emulator", cls=Command)
@address_options
@click.option(
    "--db",
    metavar="FILE|URL",
    help="SQLite file, or postgresql:// URL, that keeps the jobs; default: a temporary file.",
)
@click.option("--api-key", "api_keys", multiple=True, metavar="KEY", help="API key to accept.")
@click.option(
    "--crn", "crns", multiple=True, metavar="CRN", help="Instance to offer; default: any."
)
@click.option(
    "--backend",
    "backends",
    multiple=True,
    metavar="NAME[=STATE]",
    help="Backend to offer, online, paused or offline; default: all four.",
)
@click.option("--workers", type=click.IntRange(min=1), help="Jobs that run at once.")
@click.option("--job-delay", type=_SECONDS, help="Seconds that a job stays queued at least.")
@click.option("--queue-time", type=_SECONDS, help="Seconds that a job waits on average besides.")
@click.option("--noise", is_flag=True, default=None, help="Simulate the noise of the processors.")
@click.option("--rate-limit", metavar="N/PERIOD", help="Jobs to accept, such as 5/minute.")
@click.option("--latency", type=_SECONDS, help="Seconds to add to every response.")
@click.option("--fail-rate", type=Number(0, 1), help="Part of requests that get 503.")
@click.option("--seed", type=int, help="Makes failures and waiting times repeat.")
def command(host: str, port: int, db: str | None, **knobs: Any) -> None:
    """Run the embedded Qiskit Runtime service until Ctrl-C or SIGTERM.

    Prints its base URL as the one line on stdout, once it serves. Needs the extra
    `dynclient[emulator]`.

    \b
    dynclient emulator --port 8000 --db jobs.sqlite
    dynclient emulator --backend ibm_torino=online --rate-limit 5/minute
    """
    from .. import emulator

    _check_folder(db)
    given = {name: value for name, value in knobs.items() if value not in (None, ())}
    crn = next(iter(knobs["crns"]), emulator.CRN)
    key = next(iter(knobs["api_keys"]), emulator.API_KEY)
    try:
        emulator.serve(host, port, db, on_ready=lambda url: _show_usage(url, crn, key), **given)
    except DynclientError:
        raise  # of the database or the extra; it names what is missing
    except (OSError, UnicodeError) as error:
        raise exits.Unavailable(f"the emulator can't listen on {host}:{port}: {error}") from None
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    tell("stopped")


def _check_folder(db: str | None) -> None:
    if db is not None and "://" not in db and not Path(db).absolute().parent.is_dir():
        raise click.BadParameter(
            f"there is no folder {Path(db).absolute().parent}", param_hint="--db"
        )


def _show_usage(url: str, crn: str, key: str) -> None:
    import sys

    from .. import emulator

    show(url)
    sys.stdout.flush()
    token = emulator.TOKEN
    fields = (f"Authorization: Bearer {token}", f"Service-CRN: {crn}", _VERSION)
    headers = "".join(f" \\\n    -H {shlex.quote(field)}" for field in fields)
    tell(
        f"The emulator serves. In another shell, by curl:\n\n"
        f"  curl {url}/v1/backends{headers}\n\n"
        f"or by this program:\n\n"
        f"  export DYNCLIENT_BASE_URL={url}\n"
        f"  export DYNCLIENT_AUTH_IBMCLOUDAUTH={token}\n"
        f"  export DYNCLIENT_AUTH_SERVICECRN={shlex.quote(crn)}\n"
        f"  dynclient call list_backends ibm_api_version=2025-01-01 -o table\n\n"
        f"IAM: {emulator.iam_url(url)}, API key {key}. Ctrl-C stops it."
    )


#: Without it IBM's service responds with an old list of bare names.
_VERSION = "IBM-API-Version: 2025-01-01"
