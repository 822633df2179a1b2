"""Locks between threads."""

from __future__ import annotations

import os
import threading

import pytest

from dynclient.locking import new_lock


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_lock_that_another_thread_holds_is_free_in_a_child() -> None:
    lock, free = new_lock(), new_lock()
    held, go = threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            held.set()
            go.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(30)
    child = os.fork()
    if not child:
        os._exit(0 if lock.acquire(timeout=10) and free.acquire(timeout=10) else 1)
    _, outcome = os.waitpid(child, 0)
    assert lock.locked()
    go.set()
    holder.join(30)
    assert os.waitstatus_to_exitcode(outcome) == 0
    assert not lock.locked()
