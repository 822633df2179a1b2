"""Connections to one origin: opened when needed, kept while idle, never more than a number."""

from __future__ import annotations

import os
import select
import socket
import struct
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from .timing import Limits

if TYPE_CHECKING:
    import ssl

    from ..origins import Origin

__all__ = [
    "TIMED_OUT",
    "ConnectTimeoutError",
    "Connection",
    "NewConnectionError",
    "PoolIsBusy",
    "SocketPool",
]

#: What a send or a receive raises that took too long: Python's own, and the system's.
TIMED_OUT = (TimeoutError, BlockingIOError)

#: Whether the system can bound a wait, by a `struct timeval` of two longs.
_IS_POSIX = os.name == "posix"
_MOST_SECONDS = (1 << 31) - 1


class NewConnectionError(Exception):
    """No connection; the OSError is its cause."""


class ConnectTimeoutError(Exception):
    """Connecting, or the TLS handshake, took longer than the connect timeout."""


class PoolIsBusy(Exception):
    """No connection became free in time."""


class Connection:
    """One open socket. `used` tells whether it has carried an exchange before."""

    __slots__ = ("_poll", "_timeout", "receive", "send", "socket", "used")

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        # Bound once: looked up for every call otherwise.
        self.send: Callable[[bytes], None] = sock.sendall
        self.receive: Callable[[int], bytes] = sock.recv
        self.used = False
        self._timeout: float | None = None
        self._poll: select.poll | None = None
        if hasattr(select, "poll"):
            self._poll = select.poll()
            self._poll.register(sock, select.POLLIN)

    def set_timeout(self, seconds: float) -> None:
        """How long each send and each receive may take: one of TIMED_OUT is raised then."""
        if seconds != self._timeout:
            self._bound(seconds)
            self._timeout = seconds

    def _bound(self, seconds: float) -> None:
        if not seconds or not _IS_POSIX:
            self.socket.settimeout(seconds)
            return
        # By the system: with a timeout of Python's each send and receive is two system calls, and
        # other threads may run at either of them.
        self.socket.settimeout(None)
        microseconds = int(min(seconds, _MOST_SECONDS) * 1_000_000) or 1  # 0 would mean no bound
        interval = struct.pack("ll", *divmod(microseconds, 1_000_000))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, interval)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, interval)

    def is_stale(self) -> bool:
        """Whether the peer has closed an idle connection, or sent what nobody asked for."""
        if self._poll is not None:
            return bool(self._poll.poll(0))
        return bool(select.select([self.socket], [], [], 0)[0])

    def send_beside(self, data: bytes, limits: Limits, received: Callable[[bytes], bool]) -> bool:
        """Send while listening: `received` gets what comes, and returns whether to go on.

        Returns whether all was sent. A peer may refuse a body before it has read it, and then
        neither reads on nor closes. Each wait may be as long as `limits.read`.
        """
        left = memoryview(data)
        listening = True
        self.set_timeout(0)
        while left:
            came = self._at_once(self.socket.recv, 1 << 16) if listening else None
            if came == b"":
                listening = False  # it will send no more, and may read on all the same
            elif came and not received(came):
                return False
            sent = self._at_once(self.socket.send, left[: 1 << 18])
            if sent is None:
                self._wait(limits.within(limits.read), listening)
            else:
                left = left[sent:]
        return True

    def _at_once(self, step: Callable[[Any], Any], argument: Any) -> Any:
        """The result of a step; None if it had to wait."""
        try:
            return step(argument)
        except BlockingIOError:
            return None

    def _wait(self, seconds: float, listening: bool) -> None:
        """Until the socket can be written, or read if `listening`. TimeoutError after `seconds`."""
        if self._poll is None:
            reading = [self.socket] if listening else []
            ready = any(select.select(reading, [self.socket], [], seconds))
        else:
            poll = select.poll()
            poll.register(self.socket, select.POLLOUT | (select.POLLIN if listening else 0))
            ready = bool(poll.poll(seconds * 1000))
        if not ready:
            raise TimeoutError

    def close(self) -> None:
        """Close the socket; never raises."""
        with suppress(OSError):
            self.socket.close()


class TlsConnection(Connection):
    """A connection through TLS, whose faults at the end of the stream are those of a socket.

    An end without TLS's own goodbye may be anybody's doing: it ends no body that has no length
    (RFC 9112, section 9.8), and is a broken connection like any other.
    """

    __slots__ = ("_tls",)

    def __init__(self, sock: ssl.SSLSocket) -> None:
        super().__init__(sock)
        self._tls = sock
        self.send = self._send
        self.receive = self._receive

    def _bound(self, seconds: float) -> None:
        self.socket.settimeout(seconds)  # `ssl` waits for the socket by itself

    def _send(self, data: bytes) -> None:
        try:
            self._tls.sendall(data)
        except OSError as problem:
            raise _without_goodbye(problem) from None

    def _receive(self, size: int) -> bytes:
        try:
            return self._tls.recv(size)
        except OSError as problem:
            raise _without_goodbye(problem) from None

    def _at_once(self, step: Callable[[Any], Any], argument: Any) -> Any:
        import ssl

        try:
            return step(argument)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        except OSError as problem:
            raise _without_goodbye(problem) from None


def _without_goodbye(problem: OSError) -> OSError:
    """A ConnectionError for the ends of the stream that `ssl` has its own classes for."""
    if type(problem).__name__ in {"SSLEOFError", "SSLZeroReturnError"}:
        return BrokenPipeError()
    return problem


class SocketPool:
    """The connections to one origin, `size` at most, the last one used given out first."""

    def __init__(
        self, origin: Origin, size: int, context: Callable[[], ssl.SSLContext] | None
    ) -> None:
        """`context` makes the TLS settings, and is None for plain http."""
        self.origin = origin
        self._context = context
        self._idle: deque[Connection] = deque()
        # One token for each connection there may be: a semaphore that is written in C.
        self._permits: SimpleQueue[None] = SimpleQueue()
        for _ in range(size):
            self._permits.put(None)
        self._closed = False

    def take(self, limits: Limits) -> Connection:
        """A connection for one exchange, set to the read timeout.

        The connect timeout is for each of waiting for a free connection and connecting.
        Raises PoolIsBusy, NewConnectionError, ConnectTimeoutError, ssl.SSLError and OSError.
        """
        try:
            self._permits.get(timeout=limits.within(limits.connect))
        except Empty:
            raise PoolIsBusy from None
        try:
            connection = self._kept()
            if connection is None:
                connection = self._connected(limits)
            connection.set_timeout(limits.within(limits.read))
        except BaseException:
            self._permits.put(None)
            raise
        return connection

    def renewed(self, old: Connection, limits: Limits) -> Connection:
        """A new connection in the place of `old`, which is closed: no thread comes in between.

        Raises what `take` raises; `old` is then still to be given back.
        """
        old.close()
        connection = self._connected(limits)
        connection.set_timeout(limits.within(limits.read))
        return connection

    def _kept(self) -> Connection | None:
        """The idle connection that was used last and is still open."""
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return None
            if not connection.is_stale():
                return connection
            connection.close()

    def give_back(self, connection: Connection, *, reusable: bool) -> None:
        """Return what `take` gave, to be used again or to be closed."""
        if reusable and not self._closed:
            connection.used = True
            self._idle.append(connection)
        else:
            connection.close()
        self._permits.put(None)
        if self._closed:
            self.close()

    def close(self) -> None:
        """Close idle connections now, and busy ones as they come back."""
        self._closed = True
        while True:
            try:
                self._idle.pop().close()
            except IndexError:
                return

    def _connected(self, limits: Limits) -> Connection:
        try:
            sock = self._socket(limits)
        except TimeoutError as problem:
            raise ConnectTimeoutError from problem
        except (OSError, UnicodeError) as problem:
            raise NewConnectionError from problem
        try:
            if self._context is None:
                return Connection(sock)
            sock.settimeout(limits.within(limits.connect))
            return TlsConnection(
                self._context().wrap_socket(
                    sock,
                    # No certificate names the root of the domain name system.
                    server_hostname=self.origin.host_and_port[0].rstrip("."),
                    suppress_ragged_eofs=False,
                )
            )
        except TimeoutError as problem:
            sock.close()
            raise ConnectTimeoutError from problem
        except BaseException:
            sock.close()
            raise

    def _socket(self, limits: Limits) -> socket.socket:
        """To the first address that takes it; the error of the last one, if none does."""
        if self.origin.is_unix:
            return _connected_to(socket.AF_UNIX, self.origin.host, limits)
        failure: OSError | None = None
        places = socket.getaddrinfo(*self.origin.host_and_port, type=socket.SOCK_STREAM)
        for family, _, _, _, address in places:
            try:
                sock = _connected_to(family, address, limits)
            except OSError as problem:
                failure = problem
            else:
                # Small messages must not wait for one another's acknowledgement.
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return sock
        raise failure or OSError("the name has no address")


def _connected_to(family: int, address: Any, limits: Limits) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(limits.within(limits.connect))
        sock.connect(address)
    except BaseException:
        sock.close()
        raise
    return sock
