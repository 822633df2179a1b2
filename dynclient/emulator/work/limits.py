"""Bounds on what the process of a job may take."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["cpu_seconds", "limit_memory"]

_PAGE = 4096


def limit_memory(extra: int) -> None:
    """Let this process take `extra` bytes more than it has (setrlimit); a no-op on Windows."""
    if sys.platform == "win32":
        return
    import resource

    limit = _address_space() + extra
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


@contextmanager
def cpu_seconds(seconds: int) -> Iterator[None]:
    """End this process by SIGXCPU if the block takes more than `seconds` of CPU.

    Nothing less ends what loops in compiled code. The system counts whole seconds.
    """
    if sys.platform == "win32":
        yield
        return
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    bound = int(used.ru_utime + used.ru_stime) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (bound, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _address_space() -> int:
    """Bytes of address space that this process has; Linux counts what is only reserved, too."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - one line
            return int(file.read().split()[0]) * _PAGE
    except OSError:
        return 1 << 40  # elsewhere the limit is not enforced on what is mapped: set none that bites
