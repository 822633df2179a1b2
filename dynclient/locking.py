"""Locks: between threads, and on files between processes.

One on a file ends when the process that holds it does.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any
from weakref import WeakSet

__all__ = ["locked", "new_lock", "try_lock"]

_locks: WeakSet[threading.Lock] = WeakSet()


def new_lock() -> threading.Lock:
    """A lock for threads, which is free in a child after a fork.

    Whichever thread of the parent held it is not there to release it.
    """
    lock = threading.Lock()
    _locks.add(lock)
    return lock


def _release_all() -> None:
    for lock in list(_locks):
        if lock.locked():
            lock.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_release_all)

#: Where the one byte stands that is locked on Windows: a locked byte can't be read there.
_UNREAD = 1 << 40

if os.name == "nt":

    def _lock(file: IO[Any], *, wait: bool) -> bool:
        import msvcrt

        position = file.tell()
        file.seek(_UNREAD)
        mode = msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK  # type: ignore[attr-defined]
        try:
            msvcrt.locking(file.fileno(), mode, 1)  # type: ignore[attr-defined]
        except OSError:
            if wait:
                raise
            return False
        finally:
            file.seek(position)
        return True

    def _unlock(file: IO[Any]) -> None:
        import msvcrt

        position = file.tell()
        file.seek(_UNREAD)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined]
        file.seek(position)

else:

    def _lock(file: IO[Any], *, wait: bool) -> bool:
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        return True

    def _unlock(file: IO[Any]) -> None:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_UN)


def try_lock(file: IO[Any]) -> bool:
    """Lock an open file until it is closed; False if another process, or another opening, has it.

    OSError where the file system has no locks.
    """
    return _lock(file, wait=False)


@contextmanager
def locked(file: IO[Any]) -> Iterator[None]:
    """Hold the lock of an open file for a block; waits for it. OSError as for `try_lock`."""
    _lock(file, wait=True)
    try:
        yield
    finally:
        _unlock(file)
