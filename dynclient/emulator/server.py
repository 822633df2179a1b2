"""uvicorn on a thread: from settings to a URL that serves, and back to nothing."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from .api.app import API_ROOT
from .api.service import build_service
from .devices import choose
from .settings import Settings
from .state.database import open_database
from .work.dispatcher import Dispatcher

__all__ = ["running", "until_stopped"]

#: Seconds that open requests get to finish when the emulator stops.
_GRACE = 2
#: Requests that are worked on at once.
_THREADS = 8


@contextmanager
def running(
    settings: Settings, host: str, port: int, db: str | PathLike[str] | None
) -> Iterator[str]:
    """A whole emulator; yields the API's base URL. Everything it opened is closed at the end."""
    devices = choose(settings.backends)
    with ExitStack() as stack:
        listener = stack.enter_context(_listen(host, port))
        if db is None:
            folder = TemporaryDirectory(prefix="dynclient-emulator-")
            db = Path(stack.enter_context(folder)) / "jobs.sqlite"
        database = stack.enter_context(open_database(db))
        threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="emulator-request")
        stack.callback(threads.shutdown)
        dispatcher = Dispatcher(database, settings, devices)
        origin = _origin(host, listener)
        app = build_service(settings, origin, database, dispatcher, devices, threads)
        dispatcher.start()
        stack.callback(dispatcher.stop)
        stack.enter_context(_serving(app, listener))
        yield f"{origin}{API_ROOT}"


def until_stopped(stop: threading.Event, ready: Callable[[], object]) -> None:
    """Call `ready`, then wait for `stop`, SIGINT or SIGTERM (signals only in the main thread)."""

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    with ExitStack() as stack:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                stack.callback(signal.signal, number, signal.signal(number, on_signal))
        ready()
        stop.wait()


def _listen(host: str, port: int) -> socket.socket:
    # Not socket.create_server: it leaves the protocol open, and asyncio turns Nagle's algorithm
    # off (40 ms a request) only where the protocol is known to be TCP.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def _origin(host: str, listener: socket.socket) -> str:
    """Where a client on this machine reaches the listener."""
    name = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104
    shown = f"[{name}]" if ":" in name else name
    return f"http://{shown}:{listener.getsockname()[1]}"


class _Server(uvicorn.Server):
    """A server that signals when it serves."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.serving = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.serving.set()


@contextmanager
def _serving(app: ASGIApp, listener: socket.socket) -> Iterator[None]:
    config = uvicorn.Config(
        app,
        loop="asyncio",
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE,
    )
    server = _Server(config)
    thread = threading.Thread(
        target=server.run, args=([listener],), name="emulator-server", daemon=True
    )
    thread.start()
    try:
        while not server.serving.wait(timeout=0.1):
            if not thread.is_alive():
                raise RuntimeError("the emulator's server ended before it served")
        yield
    finally:
        server.should_exit = True
        thread.join()
