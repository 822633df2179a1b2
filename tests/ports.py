"""Ports for servers that can't be asked to choose one."""

from __future__ import annotations

import random
import socket

__all__ = ["free_port"]

#: Below those that systems give to connections and to whoever asks for any (32768 and up on Linux,
#: 49152 elsewhere): one of those may be somebody else's before the server is there to take it.
_PORTS = range(20_000, 32_000)


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    while True:
        port = random.choice(_PORTS)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
