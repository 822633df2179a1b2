"""`dynclient emulator`: the embedded Qiskit Runtime service, until it is stopped."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from . import exits
from .command import Command
from .output import show, tell

__all__ = ["command"]


@click.command("emulator", cls=Command)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default=True,
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--db",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="SQLite file that keeps the jobs; default: in memory.",
)
def command(host: str, port: int, db: Path | None) -> None:
    """Run the embedded Qiskit Runtime service until Ctrl-C or SIGTERM.

    Prints its base URL as the one line on stdout, once it serves. Needs the extra
    `dynclient[emulator]`.

    \b
    dynclient emulator --port 8000 --db jobs.sqlite
    """
    from .. import emulator

    if db is not None and not db.absolute().parent.is_dir():
        raise click.BadParameter(f"there is no folder {db.absolute().parent}", param_hint="--db")
    try:
        emulator.serve(host, port, db, on_ready=_show_usage)
    except (OSError, UnicodeError) as error:
        # OSError: the address; SQLAlchemy is not imported before the extra is known to be there.
        raise exits.Unavailable(f"the emulator can't listen on {host}:{port}: {error}") from None
    except Exception as error:
        if db is None or type(error).__module__.partition(".")[0] != "sqlalchemy":
            raise
        raise exits.Unavailable(f"{db} can't be used as a database: {_reason(error)}") from None
    tell("stopped")


def _show_usage(url: str) -> None:
    import sys

    from .. import emulator

    show(url)
    sys.stdout.flush()
    token, crn = emulator.TOKEN, shlex.quote(emulator.CRN)
    fields = (f"Authorization: Bearer {token}", f"Service-CRN: {emulator.CRN}", _VERSION)
    headers = "".join(f" \\\n    -H {shlex.quote(field)}" for field in fields)
    tell(
        f"The emulator serves. In another shell, by curl:\n\n"
        f"  curl {url}/v1/backends{headers}\n\n"
        f"or by this program:\n\n"
        f"  export DYNCLIENT_BASE_URL={url}\n"
        f"  export DYNCLIENT_AUTH_IBMCLOUDAUTH={token}\n"
        f"  export DYNCLIENT_AUTH_SERVICECRN={crn}\n"
        f"  dynclient call list_backends ibm_api_version=2025-01-01 -o table\n\n"
        f"IAM: {emulator.iam_url(url)}, API key {emulator.API_KEY}. Ctrl-C stops it."
    )


#: Without it the service responds with an old list of bare names.
_VERSION = "IBM-API-Version: 2025-01-01"


def _reason(error: BaseException) -> str:
    return str(getattr(error, "orig", None) or error).partition("\n")[0]
