"""Loads Qiskit's compiled part where it is safe to.

Qiskit's extension module (2.6, Linux) crashes the process when the thread that loaded it has ended
and another thread uses it. Workers end with their emulator, so it has to be loaded elsewhere
first: mapping the file, which takes a millisecond, is enough; the import can then wait for the
first job.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from importlib.machinery import PathFinder
from importlib.util import find_spec

__all__ = ["pin_qiskit"]

_EXTENSION = "qiskit._accelerate"
_lock = threading.Lock()
_pinned = False


def pin_qiskit() -> None:
    """Map Qiskit's extension module on a thread that lives as long as the process.

    That is the main thread when it calls this. For any other caller one daemon thread is started
    that does nothing ever after; there is at most one in a process.
    """
    global _pinned  # noqa: PLW0603 - a process maps the file once
    with _lock:
        if _pinned or _EXTENSION in sys.modules:
            return
        _pinned = True
    if threading.current_thread() is threading.main_thread():
        _map_extension()
        return
    mapped = threading.Event()
    keeper = threading.Thread(target=_keep, args=(mapped,), name="qiskit-keeper", daemon=True)
    keeper.start()
    mapped.wait()


def _keep(mapped: threading.Event) -> None:
    try:
        _map_extension()
    finally:
        mapped.set()
    threading.Event().wait()


def _map_extension() -> None:
    package = find_spec("qiskit")
    locations = package.submodule_search_locations if package else None
    # PathFinder, since find_spec of a submodule would import the package.
    extension = PathFinder.find_spec(_EXTENSION, locations)
    if extension is not None and extension.origin is not None:
        ctypes.CDLL(extension.origin)
