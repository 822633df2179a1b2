"""How long one send or receive of a connection may take."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator

import pytest

from dynclient.transport import sockets
from dynclient.transport.sockets import TIMED_OUT, Connection


@pytest.fixture(params=["the system's", "Python's"])
def pair(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[list]:
    """A connection and its peer; the bound on a wait is the system's, or Python's."""
    if request.param == "Python's":
        monkeypatch.setattr(sockets, "_IS_POSIX", False)
    elif sys.platform == "win32":
        pytest.skip("Windows has its own form of SO_RCVTIMEO")
    one, other = socket.socketpair()
    yield [Connection(one), other]
    one.close()
    other.close()


@pytest.mark.parametrize("seconds", [1e-9, 1e-6, 0.02, 0.999_999_9, 1.02])
def test_what_takes_longer_is_told(pair, seconds):
    connection, _ = pair
    connection.set_timeout(seconds)
    with pytest.raises(TIMED_OUT):
        connection.receive(1)


def test_a_send_that_nobody_reads_is_told(pair):
    connection, _ = pair
    connection.set_timeout(0.02)
    with pytest.raises(TIMED_OUT):
        connection.send(b"x" * 50_000_000)


@pytest.mark.parametrize("seconds", [30, 3e9])
def test_what_comes_in_time_is_received(pair, seconds):
    connection, peer = pair
    for bound in (0.02, 0, seconds):  # one after the other, as an upload sets them
        connection.set_timeout(bound)
    peer.sendall(b"here")
    assert connection.receive(10) == b"here"
    connection.send(b"there")
    assert peer.recv(10) == b"there"
