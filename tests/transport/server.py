"""A server of a few lines that can also do everything wrong, on real sockets."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import quote


@dataclass
class Received:
    """One request as it arrived."""

    method: str
    target: str
    fields: list[tuple[str, str]]
    body: bytes
    connection: int = 0

    @property
    def headers(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.fields}


class HangUp(Exception):
    """Raised by a handler: close the connection now."""


#: Gets the request and the socket; what it returns is sent.
Handler = Callable[[Received, socket.socket], bytes]


def reply(body: bytes = b"{}", status: str = "200 OK", **fields: str) -> bytes:
    """A response with a Content-Length; `Set_Cookie="a=1"` becomes `Set-Cookie: a=1`."""
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    named.setdefault("Content-Type", "application/json")
    named.setdefault("Content-Length", str(len(body)))
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


def echo(request: Received, _: socket.socket) -> bytes:
    """What arrived, as JSON."""
    told = {
        "method": request.method,
        "target": request.target,
        "fields": request.fields,
        "body": request.body.decode("latin-1"),
        "connection": request.connection,
    }
    return reply(json.dumps(told).encode())


@dataclass
class Server:
    """Accepts on loopback, one thread a connection, until closed."""

    handler: Handler = echo
    context: ssl.SSLContext | None = None
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    open_now: int = 0
    most_open: int = 0
    host: str = "127.0.0.1"

    def __post_init__(self) -> None:
        if self.host.startswith("/"):
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind(self.host)
            self._listener.listen(128)
        else:
            family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
            self._listener = socket.create_server((self.host, 0), family=family, backlog=128)
        self._sockets: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._lock = threading.Lock()
        self._threads[0].start()

    @property
    def port(self) -> int:
        return self._listener.getsockname()[1]

    @property
    def url(self) -> str:
        if self.host.startswith("/"):
            return f"http+unix://{quote(self.host, safe='')}"
        if self.context:
            return f"https://localhost:{self.port}"
        return f"http://127.0.0.1:{self.port}"

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._sockets.append(sock)
                thread = threading.Thread(
                    target=self._serve, args=(sock, self.connections), daemon=True
                )
                self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket, number: int) -> None:
        with self._lock:
            self.open_now += 1
            self.most_open = max(self.most_open, self.open_now)
        try:
            if self.context:
                sock = self.context.wrap_socket(sock, server_side=True)
                with self._lock:
                    self._sockets.append(sock)
            stream = sock.makefile("rb")
            with stream:
                while request := _read(stream):
                    request.connection = number
                    self.received.append(request)
                    sock.sendall(self.handler(request, sock))
        except (HangUp, OSError, ValueError):
            pass
        finally:
            with self._lock:
                self.open_now -= 1
            _shut(sock)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()
        for thread in self._threads:
            thread.join(5)

    def hang_up(self) -> None:
        """Close every connection, and go on accepting new ones."""
        with self._lock:
            sockets, self._sockets = self._sockets, []
        for sock in sockets:
            _shut(sock)


def _shut(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
    with suppress(OSError):
        sock.close()


def _read(stream: object) -> Received | None:
    line = stream.readline().decode("latin-1").split()  # type: ignore[attr-defined]
    if len(line) != 3:
        return None
    fields = []
    while (text := stream.readline().decode("latin-1").strip()) != "":  # type: ignore[attr-defined]
        name, _, value = text.partition(":")
        fields.append((name, value.strip()))
    known = {name.lower(): value for name, value in fields}
    if "chunked" in known.get("transfer-encoding", ""):
        body = b""
        while size := int(stream.readline(), 16):  # type: ignore[attr-defined]
            body += stream.read(size)  # type: ignore[attr-defined]
            stream.readline()  # type: ignore[attr-defined]
        stream.readline()  # type: ignore[attr-defined]
    else:
        body = stream.read(int(known.get("content-length", "0")))  # type: ignore[attr-defined]
    return Received(line[0], line[1], fields, body)


@contextmanager
def serving(
    handler: Handler = echo, context: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> Iterator[Server]:
    """A server for as long as the block runs."""
    server = Server(handler, context, host=host)
    try:
        yield server
    finally:
        server.close()
