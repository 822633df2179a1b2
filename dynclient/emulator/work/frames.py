"""Messages between the service and the process of a job.

A message is a line with its kind and length, then that many bytes.
"""

from __future__ import annotations

from typing import BinaryIO

__all__ = ["read_frame", "write_frame"]

_LONGEST_HEAD = 100


def write_frame(file: BinaryIO, kind: str, payload: bytes = b"") -> None:
    """Send one message; OSError if nobody reads."""
    file.write(f"{kind} {len(payload)}\n".encode("ascii"))
    file.write(payload)
    file.flush()


def read_frame(file: BinaryIO) -> tuple[str, bytes] | None:
    """The next message; None at the end of the stream, or where a message is cut off there."""
    head = file.readline(_LONGEST_HEAD)
    if not head.endswith(b"\n"):
        return None
    kind, length = head.split()
    payload = file.read(int(length))
    return (kind.decode("ascii"), payload) if len(payload) == int(length) else None
