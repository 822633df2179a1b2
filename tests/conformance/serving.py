"""Servers on ports of loopback: an ASGI application, by uvicorn, and the proxy that judges."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import uvicorn

from dynclient.conformance import Judge
from dynclient.conformance.proxy import Proxy
from dynclient.conformance.proxy_judging import Judging


@contextmanager
def served(app: Any) -> Iterator[str]:
    """The application on a port of loopback: its URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@contextmanager
def mocking(*arguments: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """`dynclient mock` in a process of its own, until the end of the block: its URL."""
    command = [sys.executable, "-m", "dynclient", "mock", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip(), process
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=20)


class Proxied:
    """A proxy in a thread, and what it told."""

    def __init__(self, upstream: str, document: Any = None, **settings: Any) -> None:
        self.told: list[str] = []
        make = settings.pop("make", lambda: Judge(document, base_url=upstream))
        self.judging = Judging(make, self.told.append, **settings)
        listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        proxy = Proxy(upstream, self.judging, self.told.append)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main(proxy, listener)))
        self._thread.start()
        self._ready.wait()

    async def _main(self, proxy: Proxy, listener: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        self._serving = asyncio.ensure_future(proxy.serve(listener))
        self._ready.set()
        with suppress(asyncio.CancelledError):
            await self._serving

    def codes(self) -> list[str]:
        found = json.loads(self.judging.page("/report.json")[1])["findings"]
        return [each["code"] for each in found]

    def total(self) -> int:
        return json.loads(self.judging.page("/report.json")[1])["exchanges"]["total"]

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._serving.cancel)
        self._thread.join()
        self.judging.close()


@contextmanager
def proxied(upstream: str, *given: Any, **settings: Any) -> Iterator[Proxied]:
    proxy = Proxied(upstream, *given, **settings)
    try:
        yield proxy
    finally:
        proxy.close()
