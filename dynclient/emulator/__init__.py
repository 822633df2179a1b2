"""An embedded Qiskit Runtime service: real state, a real queue, real circuits, on this machine.

    from dynclient import emulator

    with emulator.run() as url:              # http://127.0.0.1:PORT/api
        requests.get(f"{url}/v1/jobs", headers={"Authorization": f"Bearer {emulator.TOKEN}",
                                                "Service-CRN": emulator.CRN})

The service does what the bundled document `qiskit-runtime` declares, and judges every request by
it with openapi-core. Circuits run on Qiskit, each job in a process of its own. Importing this
package is cheap: the server is imported by `run` and `serve`, Qiskit by the processes of jobs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from os import PathLike
from typing import Unpack
from urllib.parse import urlsplit

from dynclient.errors import DynclientError

from .settings import API_KEY, CRN, TOKEN, Knobs, Settings

__all__ = ["API_KEY", "CRN", "TOKEN", "Knobs", "MissingExtra", "iam_url", "run", "serve"]

_EXTRA = ("qiskit", "qiskit_qasm3_import", "sqlalchemy", "starlette", "uvicorn")


class MissingExtra(DynclientError, ImportError):
    """The emulator's own dependencies are not installed."""


def iam_url(url: str) -> str:
    """The token endpoint that belongs to the API at `url`: same origin, `/identity/token`."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/identity/token"


@contextmanager
def run(
    port: int = 0,
    db: str | PathLike[str] | None = None,
    *,
    host: str = "127.0.0.1",
    **knobs: Unpack[Knobs],
) -> Iterator[str]:
    """Run the emulator on a background thread; yield the API's base URL, `http://HOST:PORT/api`.

    `port` 0 takes a free one. `db` is an SQLite file whose jobs survive a restart, or the URL of a
    PostgreSQL database, which several services may share; None keeps everything in a private
    file that goes with the emulator. docs/emulator.md lists the other options. Raises
    `MissingExtra`, `OSError` when the address is taken, ValueError for an option that can't be,
    and a `DynclientError` when the database can't be used.
    """
    _require_extra()
    from .server import running

    with running(Settings.of(knobs), host, port, db) as url:
        yield url


def serve(
    host: str = "127.0.0.1",
    port: int = 0,
    db: str | PathLike[str] | None = None,
    *,
    on_ready: Callable[[str], object] | None = None,
    stop: threading.Event | None = None,
    **knobs: Unpack[Knobs],
) -> None:
    """Run the emulator until SIGINT, SIGTERM or `stop`; call `on_ready(url)` once it serves.

    Prints nothing. Signals are taken over only when called from the main thread, and given back
    afterwards. The other arguments are those of `run`; Qiskit is loaded right from the start.
    """
    _require_extra()
    from .server import running, until_stopped

    with running(Settings.of(knobs, warm_up=True), host, port, db) as url:
        until_stopped(stop or threading.Event(), lambda: on_ready and on_ready(url))


def _require_extra() -> None:
    missing = [name for name in _EXTRA if find_spec(name) is None]
    if missing:
        raise MissingExtra(f"{', '.join(missing)} not found: install dynclient[emulator]")
