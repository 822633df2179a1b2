"""A proxy that forwards everything, and judges beside the way.

client ─▶ Requests ─▶ service          nothing waits for a verdict: exchanges go into a queue,
client ◀──────────── service           and one thread judges what it finds there
             └▶ Responses ─▶ queue ─▶ Judging ─▶ tally, ledger, recording, the page
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

from ..messages import Headers, HttpRequest
from ..transport.tls import Tls
from .passing import Passing
from .proxy_judging import Judging
from .proxy_messages import ProxyError, Requests, Responses, Underway

__all__ = ["OWN_PATH", "Proxy"]

#: What the proxy answers itself: the report of what it has found.
OWN_PATH = "/.well-known/dynclient"
_CHUNK = 1 << 16
_CONNECT = 30.0  # seconds
#: Of a body, in bytes, what is kept for the judge.
_LIMIT = 1 << 20


class Proxy:
    """Forwards what comes to an upstream; `told` is given what people should know.

    upstream  the origin, or base URL, of the service. Paths are forwarded as they are
    """

    def __init__(self, upstream: str, judging: Judging, told: Callable[[str], object]) -> None:
        parts = urlsplit(upstream)
        self._origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._authority = parts.netloc.rpartition("@")[2]
        settings = {"verify": True, "cert": None, "trust_env": True}
        self._tls: ssl.SSLContext | None = Tls(settings)() if parts.scheme == "https" else None
        self._judging = judging
        self.told = told
        self._is_down = False
        self._running: set[asyncio.Task[None]] = set()

    async def serve(self, listener: socket.socket) -> None:
        """Serve until cancelled."""
        server = await asyncio.start_server(self._connected, sock=listener)
        try:
            async with server:
                await server.serve_forever()
        finally:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._connection(reader, writer))
        self._running.add(task)  # asyncio itself would forget it once the client has gone
        task.add_done_callback(self._running.discard)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Connection(self, reader, writer)
        try:
            await connection.run()
        except OSError:
            pass  # either side went away: so does the connection
        finally:
            await connection.close()

    # For a connection ────────────────────────────────────────────────────────────────────────────

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to the upstream. OSError, told once, if there is none."""
        try:
            opened = await asyncio.wait_for(
                asyncio.open_connection(self._host, self._port, ssl=self._tls), _CONNECT
            )
        except (OSError, TimeoutError) as error:
            if not self._is_down:
                self.told(f"{self._origin} can't be reached: {error or type(error).__name__}")
            self._is_down = True
            raise OSError(f"{self._origin} can't be reached") from None
        self._is_down = False
        return opened

    def requests(self) -> Requests:
        """What looks at the requests of a connection."""
        return Requests(
            self._authority,
            lambda target: target.partition("?")[0].rstrip("/").startswith(OWN_PATH),
            lambda: Passing(self._judging.take, _LIMIT),
        )

    def ended(self, underway: Underway) -> None:
        """A whole exchange has passed."""
        target = underway.target
        url = target if "://" in target else f"{self._origin}{target}"
        underway.passing.end(HttpRequest(underway.method, url, Headers(underway.headers)))

    def own_page(self, target: str) -> tuple[str, bytes]:
        """(content type, body) of a page of the proxy's own."""
        return self._judging.page(target.partition("?")[0].rstrip("/").removeprefix(OWN_PATH))


class _Connection:
    """One connection of a client, and the one to the upstream that goes with it."""

    def __init__(
        self, proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._proxy = proxy
        self._reader, self._writer = reader, writer
        self._up: asyncio.StreamWriter | None = None
        self._back: asyncio.Task[None] | None = None
        self._requests = proxy.requests()
        self._responses = Responses(proxy.ended)
        #: Set while a request to upgrade waits for its response.
        self._decided = asyncio.Event()
        self._responses.upgrade_refused = self._decided.set

    async def run(self) -> None:
        """Forward until either side is done."""
        while data := await self._reader.read(_CHUNK):
            while data:
                if self._responses.is_tunnel:
                    await self._send_on(data)
                    break
                data = await self._forward(data)
        if self._back is None or not (self._responses.waiting or self._responses.is_tunnel):
            return
        # The client has said all, and still listens.
        if self._up is not None and self._up.can_write_eof():
            self._up.write_eof()
        await self._back

    async def _forward(self, data: bytes) -> bytes:
        """Send on what came; what is left after a request to upgrade is returned."""
        try:
            out, begun, rest = self._requests.feed(data)
        except ProxyError as error:
            await self._refuse(400, str(error))
            raise ConnectionAbortedError from None
        for each in begun:
            if each.own:
                await self._answer(each.target)
                raise ConnectionAbortedError
            self._responses.waiting.append(each)
        if out:
            await self._send_on(out)
        if begun and begun[-1].upgrades:
            await self._decided.wait()
            self._decided.clear()
        return rest

    async def _send_on(self, data: bytes) -> None:
        if self._up is None:
            try:
                reader, self._up = await self._proxy.open()
            except OSError as error:
                await self._refuse(502, str(error))
                raise
            self._back = asyncio.create_task(self._pump(reader))
        self._up.write(data)
        await self._up.drain()

    async def _pump(self, reader: asyncio.StreamReader) -> None:
        """The way back: every byte as it is."""
        is_readable = True
        while data := await reader.read(_CHUNK):
            if is_readable:  # first, so that whoever has a response finds it in the report
                try:
                    self._responses.feed(data)
                except ProxyError as error:
                    is_readable = False
                    self._proxy.told(str(error))  # it is forwarded all the same
            self._writer.write(data)
            if self._responses.is_tunnel:
                self._decided.set()
            await self._writer.drain()
        self._responses.end()
        self._decided.set()
        self._writer.close()

    async def _answer(self, target: str) -> None:
        kind, body = await asyncio.to_thread(self._proxy.own_page, target)
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nCache-Control: no-store"
        self._write(head, body)
        await self._writer.drain()

    async def _refuse(self, status: int, message: str) -> None:
        text = {400: "Bad Request", 502: "Bad Gateway"}[status]
        body = f"dynclient proxy: {message}\n".encode()
        self._write(f"HTTP/1.1 {status} {text}\r\nContent-Type: text/plain", body)
        await self._writer.drain()

    def _write(self, head: str, body: bytes) -> None:
        """A response of the proxy's own, after which the connection ends."""
        more = f"Content-Length: {len(body)}\r\nConnection: close"
        self._writer.write(f"{head}\r\n{more}\r\n\r\n".encode("latin-1") + body)

    async def close(self) -> None:
        """Both sides."""
        if self._back is not None and not self._back.done():
            self._back.cancel()
            with suppress(asyncio.CancelledError, OSError):
                await self._back
        for writer in (self._up, self._writer):
            if writer is not None:
                writer.close()
                with suppress(OSError, ssl.SSLError):
                    await writer.wait_closed()
