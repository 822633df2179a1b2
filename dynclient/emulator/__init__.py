"""An embedded Qiskit Runtime service: real state, real queue, real circuits, one process.

    from dynclient import emulator

    with emulator.run() as url:              # http://127.0.0.1:PORT/api
        requests.get(f"{url}/v1/jobs", headers={"Authorization": f"Bearer {emulator.TOKEN}",
                                                "Service-CRN": emulator.CRN})

The service answers as the bundled document `qiskit-runtime` says, and judges every request by it
with openapi-core. Circuits run on Qiskit's reference primitives. Importing this package is cheap:
the server is imported by `run` and `serve`, Qiskit by the first job.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from os import PathLike
from urllib.parse import urlsplit

from dynclient.errors import DynclientError

__all__ = ["API_KEY", "CRN", "TOKEN", "MissingExtra", "iam_url", "run", "serve"]

#: A bearer token that every emulator accepts unless `tokens=` says otherwise; it never expires.
TOKEN = "emulator-token"  # noqa: S105 - not a secret: it opens the emulator only
#: The API key that every emulator accepts unless `api_keys=` says otherwise.
API_KEY = "emulator-api-key"
#: An instance to send as Service-CRN; any other value of that shape is an instance of its own.
CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/emulator:emulator-instance::"

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
    tokens: Sequence[str] = (TOKEN,),
    api_keys: Sequence[str] = (API_KEY,),
    token_lifetime: float = 3600.0,
    job_delay: float = 0.0,
) -> Iterator[str]:
    """Run the emulator on a background thread; yield the API's base URL, `http://HOST:PORT/api`.

    `port` 0 takes a free one. `db` is an SQLite file whose jobs survive a restart; None keeps
    everything in a private file that goes with the emulator. `tokens` and `api_keys` are what
    it accepts besides the tokens it issues itself, which live `token_lifetime` seconds. A job
    stays Queued for at least `job_delay` seconds. Raises `MissingExtra`, or `OSError` when the
    address is taken.
    """
    _require_extra()
    from .server import running
    from .settings import Settings

    settings = Settings(
        tokens=frozenset(tokens),
        api_keys=frozenset(api_keys),
        token_lifetime=token_lifetime,
        job_delay=job_delay,
    )
    with running(settings, host, port, db) as url:
        yield url


def serve(
    host: str = "127.0.0.1",
    port: int = 0,
    db: str | PathLike[str] | None = None,
    *,
    tokens: Sequence[str] = (TOKEN,),
    api_keys: Sequence[str] = (API_KEY,),
    token_lifetime: float = 3600.0,
    job_delay: float = 0.0,
    on_ready: Callable[[str], object] | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Run the emulator until SIGINT, SIGTERM or `stop`; call `on_ready(url)` once it answers.

    Prints nothing. Signals are taken over only when called from the main thread, and given back
    afterwards. The other arguments are those of `run`; Qiskit is loaded right after `on_ready`.
    """
    _require_extra()
    from .server import running, until_stopped
    from .settings import Settings

    settings = Settings(
        tokens=frozenset(tokens),
        api_keys=frozenset(api_keys),
        token_lifetime=token_lifetime,
        job_delay=job_delay,
        warm_up=True,
    )
    with running(settings, host, port, db) as url:
        until_stopped(stop or threading.Event(), lambda: on_ready and on_ready(url))


def _require_extra() -> None:
    missing = [name for name in _EXTRA if find_spec(name) is None]
    if missing:
        raise MissingExtra(f"{', '.join(missing)} not found: install dynclient[emulator]")
