"""Starts the process of a job, and can kill it: the service's side of `zygote`."""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from typing import BinaryIO, Protocol, cast

from .zygote import NUMBER, ORDER

__all__ = ["JobProcess", "launch", "warm_up"]

#: Libraries that would start threads of their own: the processes of jobs are what runs at once.
_ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "QISKIT_PARALLEL": "FALSE",
}
_CAN_FORK = hasattr(os, "fork") and hasattr(socket, "recv_fds")


class JobProcess(Protocol):
    """A process that waits for the frame of its task."""

    reader: BinaryIO
    writer: BinaryIO

    def kill(self) -> None:
        """End it at once; harmless if it has ended."""

    def wait(self) -> str | None:
        """Wait for its end and release it: what ended it from outside, None if nothing did."""


def launch() -> JobProcess:
    """A new process for one job. Raises OSError if none can be started."""
    if not _CAN_FORK:
        return _Spawned()
    channel, far = socket.socketpair()
    with far:
        try:
            number = _zygote.order(b"F", descriptor=far.fileno())
            if not number:
                raise OSError("the system lets no more processes start")
        except BaseException:
            channel.close()
            raise
    return _Forked(channel, number)


def warm_up() -> None:
    """Begin to load Qiskit, in the background."""
    if _CAN_FORK:
        _zygote.start()


def _command(entry: str, *arguments: str) -> list[str]:
    """Python with this process's search path, whatever set it."""
    code = (
        "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
        f"from dynclient.emulator.work.{entry} import main; main(*map(int, sys.argv[2:]))"
    )
    return [sys.executable, "-c", code, json.dumps(sys.path), *arguments]


class _Zygote:
    """The one parent of jobs of this process: started by the first job, ends with the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._orders: socket.socket | None = None

    def start(self) -> None:
        """Start it if it doesn't run."""
        with self._lock:
            self._ensure()

    def order(self, order: bytes, number: int = 0, descriptor: int | None = None) -> int:
        """Give an order, wait for its response. Raises ConnectionError if the zygote is dead."""
        with self._lock:
            orders = self._ensure() if order == b"F" else self._orders
            if orders is None:
                raise ConnectionError("the parent of the jobs is gone")
            try:
                descriptors = [] if descriptor is None else [descriptor]
                socket.send_fds(orders, [ORDER.pack(order, number)], descriptors)
                response = orders.recv(NUMBER.size, socket.MSG_WAITALL)
                if len(response) != NUMBER.size:
                    raise ConnectionResetError("the parent of the jobs has ended")
            except OSError:
                self._drop()
                raise
            return int(NUMBER.unpack(response)[0])

    def _ensure(self) -> socket.socket:
        if self._process is not None and self._process.poll() is not None:
            self._drop()
        if self._orders is None:
            orders, far = socket.socketpair()
            with far:
                self._process = subprocess.Popen(  # noqa: S603 - our own command
                    _command("zygote", str(far.fileno())),
                    pass_fds=[far.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    env={**os.environ, **_ONE_THREAD},
                    start_new_session=True,  # Ctrl-C is for the service, which then decides
                )
            self._orders = orders
        return self._orders

    def _drop(self) -> None:
        if self._orders is not None:
            self._orders.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._orders = self._process = None

    def close(self) -> None:
        """End it, and all jobs with it."""
        with self._lock:
            self._drop()

    def forget(self) -> None:
        """In a fork of this process: the zygote belongs to the other."""
        self._lock = threading.Lock()
        if self._orders is not None:
            self._orders.close()
        if self._process is not None:
            self._process.returncode = 0
        self._orders = self._process = None


_zygote = _Zygote()
if _CAN_FORK:
    atexit.register(_zygote.close)
    os.register_at_fork(after_in_child=_zygote.forget)


class _Forked:
    """A child of the zygote."""

    def __init__(self, channel: socket.socket, number: int) -> None:
        self._channel = channel
        self._number = number
        self.reader = cast(BinaryIO, channel.makefile("rb"))
        self.writer = cast(BinaryIO, channel.makefile("wb"))

    def kill(self) -> None:
        try:
            _zygote.order(b"K", self._number)
        except OSError:
            return  # its children died with the zygote

    def wait(self) -> str | None:
        for file in (self.reader, self.writer, self._channel):
            try:
                file.close()
            except OSError:
                continue  # what was not sent to a dead process
        try:
            status = _zygote.order(b"S", self._number)
        except OSError:
            return "the end of its parent process"
        return _signal_name(os.WTERMSIG(status)) if os.WIFSIGNALED(status) else None


class _Spawned:
    """A process of its own from the start, where there is no fork; it loads Qiskit each time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            _command("process"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **_ONE_THREAD},
        )
        self.reader = cast(BinaryIO, self._process.stdout)
        self.writer = cast(BinaryIO, self._process.stdin)

    def kill(self) -> None:
        self._process.kill()

    def wait(self) -> str | None:
        for file in (self.reader, self.writer):
            try:
                file.close()
            except OSError:
                continue
        code = self._process.wait()
        return _signal_name(-code) if code < 0 else None


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
