"""The parent of all jobs: a process that has loaded Qiskit once and forks for each job.

It is the forkserver of multiprocessing without one thing: that one imports the main module of
the program in every child, which runs a user's script once more unless it is guarded.

It takes orders of nine bytes on its socket, a letter and a number, one at a time, and responds to
each with eight bytes:

    F   fork; a descriptor comes with the order, the socket of the new job; responds its process
        id, or 0 if the system lets none start
    K   kill the process of that id
    S   the exit status of the process of that id, once it has ended, as `os.waitpid` gives it

When the socket closes, so when the service ends in whatever way, it kills all jobs and ends.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import socket
import struct
import sys
from contextlib import suppress

__all__ = ["NUMBER", "ORDER", "main"]

ORDER = struct.Struct("!cq")
NUMBER = struct.Struct("!q")

_PR_SET_PDEATHSIG = 1


def main(descriptor: int) -> None:
    """Serve the socket of that descriptor until it closes."""
    from . import process

    process.load_programs()
    gc.freeze()  # what is loaded now stays shared with the children
    children: set[int] = set()
    with socket.socket(fileno=descriptor) as orders:
        try:
            while _obey(orders, children):
                pass
        finally:
            for child in children:
                _kill(child)


def _obey(orders: socket.socket, children: set[int]) -> bool:
    """Carry out one order; False when there are no more, so when the service is gone."""
    try:
        data, descriptors, _, _ = socket.recv_fds(orders, ORDER.size, 1)
    except ConnectionError:
        return False
    if len(data) != ORDER.size:
        return False
    order, number = ORDER.unpack(data)
    result = 0
    if order == b"F":
        result = _fork(descriptors[0], orders)
        if result:
            children.add(result)
    elif order == b"K" and number in children:
        _kill(number)
    elif order == b"S" and number in children:
        children.discard(number)
        _, result = os.waitpid(number, 0)
    try:
        orders.sendall(NUMBER.pack(result))
    except ConnectionError:
        return False
    return True


def _kill(child: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)


def _fork(descriptor: int, orders: socket.socket) -> int:
    """The id of the new process; 0 where the system lets none start."""
    parent = os.getpid()
    try:
        child = os.fork()
    except OSError:
        os.close(descriptor)
        return 0
    if child:
        os.close(descriptor)
        return child
    try:
        orders.close()
        _die_with(parent)
        from .process import run_process

        with socket.socket(fileno=descriptor) as channel:
            run_process(channel.makefile("rb"), channel.makefile("wb"))
    finally:
        os._exit(0)


def _die_with(parent: int) -> None:
    """Ask Linux to end this process when its parent ends; elsewhere it ends with its job."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(0)
