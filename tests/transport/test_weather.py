"""Bad weather: each fault, for both clients, for GET and POST; the table of docs/resilience.md.

What a caller gets, how often the service was asked, that nothing hangs or leaks, that the client is
usable afterwards, and that nothing is submitted twice that was not safe to.
"""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support import one_operation

from dynclient import AsyncClient, Client, DynclientError, Retries, SocketTransport, Timeout, Trust
from dynclient.transport import AiohttpTransport
from transport.certificates import settings
from transport.server import HangUp, Received, Server, reply

PAGE = Path(__file__).parents[2] / "docs" / "resilience.md"
BEGIN, END = "<!-- weather -->", "<!-- /weather -->"
#: No fault may take longer than this: the timeouts below, twice, and what a busy machine adds.
PATIENCE = 20.0
ANY = {"200": {"description": "it", "content": {"application/json": {"schema": {}}}}}
DOCUMENT = one_operation(responses=ANY)
DOCUMENT["paths"]["/thing"]["post"] = {"operationId": "make", "responses": ANY}


def hang_up(_: Received, sock: socket.socket) -> bytes:
    """Close without a word, by RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raise HangUp


def sends(content: bytes, pause: float = 0.0) -> Callable[[Received, socket.socket], bytes]:
    """Send this and close; or a byte after the other."""

    def answer(_: Received, sock: socket.socket) -> bytes:
        if not pause:
            sock.sendall(content)
            raise HangUp
        for byte in content:
            sock.sendall(bytes([byte]))
            time.sleep(pause)
        raise HangUp

    return answer


def stall(_: Received, sock: socket.socket) -> bytes:
    """Nothing, until the other side gives up."""
    sock.settimeout(PATIENCE)
    sock.recv(1)
    raise HangUp


def redirect(request: Received, _: socket.socket) -> bytes:
    return reply(b"", "307 Temporary Redirect", Location=f"{request.target}x")


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
BOMB = gzip.compress(bytes(50_000_000))


class Fault(NamedTuple):
    """A fault, and what a caller sees: the error, and how often GET and POST were sent."""

    name: str
    answer: Callable[[Received, socket.socket], bytes]
    error: str
    get: int
    post: int
    tls: str = ""


FAULTS = [
    Fault("the connection is refused", hang_up, "ConnectError", 0, 0),
    Fault("reset before a response", hang_up, "ConnectionBroken", 2, 1),
    Fault("cut off in the header", sends(HEAD[:30]), "ConnectionBroken", 2, 1),
    Fault(
        "cut off in the body",
        sends(HEAD + b"Content-Length: 9\r\n\r\n[1"),
        "ConnectionBroken",
        2,
        1,
    ),
    Fault(
        "cut off in a chunk",
        sends(HEAD + b"Transfer-Encoding: chunked\r\n\r\n9\r\n[1"),
        "ConnectionBroken",
        2,
        1,
    ),
    Fault("no response at all", stall, "RequestTimeout", 2, 1),
    Fault("a response that drips", sends(HEAD * 9, pause=0.05), "RequestTimeout", 1, 1),
    Fault("garbage", sends(b"\x00\x01 hello\r\n\r\n"), "ConnectionBroken", 2, 1),
    Fault(
        "two lengths",
        sends(HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
        "ConnectionBroken",
        2,
        1,
    ),
    Fault(
        "a gzip bomb",
        lambda *_: reply(BOMB, Content_Encoding="gzip"),
        "ResponseTooLarge",
        1,
        1,
    ),
    Fault("redirects without end", redirect, "TooManyRedirects", 4, 4),
    Fault("TLS: another name", hang_up, "TLSError", 0, 0, "wrong"),
    Fault("TLS: expired", hang_up, "TLSError", 0, 0, "expired"),
]


class Seen(NamedTuple):
    error: str
    sent: int
    usable: bool


def seen(fault: Fault, kind: str, operation: str, certificates: Path) -> Seen:
    """What a call of the operation comes to, and whether the next one works."""
    context = settings(certificates, fault.tls) if fault.tls else None
    server = Server(fault.answer, context)
    url = server.url
    if fault.error == "ConnectError":
        server.close()
    # Small, so that the sums stay small; the total ends what drips.
    given: dict[str, Any] = {
        "base_url": url,
        "timeout": Timeout(connect=2, read=0.5, total=8 if fault.answer is not stall else None),
        "retries": Retries(attempts=2, backoff=0.01),
        "trust": Trust(max_redirects=3, max_response_bytes=1_000_000),
    }
    if "drips" in fault.name:
        given["timeout"] = Timeout(connect=2, read=5, total=1)
    options = {"max_response_bytes": 1_000_000, "verify": str(certificates / "ca.pem")}
    started = time.monotonic()
    run = _awaited if kind == "async" else _called
    error, sent, usable = run(server, operation, given, options)
    assert time.monotonic() - started < PATIENCE
    if fault.error != "ConnectError":
        deadline = time.monotonic() + 5
        while server.open_now and time.monotonic() < deadline:
            time.sleep(0.01)
        assert server.open_now == 0, "a connection was left open"
        server.close()
    return Seen(error, sent, usable)


def _recover(server: Server) -> int:
    """The weather clears; how many requests came until then."""
    count = len(server.received)
    server.handler = lambda *_: reply(b"{}")
    server.context = None
    return count


def _called(server: Server, operation: str, given: Any, options: Any) -> tuple[str, int, bool]:
    with SocketTransport(**options) as transport:
        client = Client(DOCUMENT, transport=transport, **given)
        error = _name(lambda: client.call(operation))
        count = _recover(server)
        if error in ("ConnectError", "TLSError"):
            return error, count, True
        return error, count, client.call(operation) == {}


def _name(call: Callable[[], Any]) -> str:
    try:
        call()
    except DynclientError as error:
        return type(error).__name__
    return "none"


def _awaited(server: Server, operation: str, given: Any, options: Any) -> tuple[str, int, bool]:
    async def work() -> tuple[str, int, bool]:
        error = "none"
        async with (
            AiohttpTransport(**options) as transport,
            AsyncClient(DOCUMENT, transport=transport, **given) as client,
        ):
            try:
                await client.call(operation)
            except DynclientError as problem:
                error = type(problem).__name__
            count = _recover(server)
            usable = error in ("ConnectError", "TLSError") or await client.call(operation) == {}
        assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []
        return error, count, usable

    return asyncio.run(work())


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_bad_weather(fault: Fault, kind: str, certificates: Path) -> None:
    threads = threading.active_count()
    for operation, sent in (("op", fault.get), ("make", fault.post)):
        found = seen(fault, kind, operation, certificates)
        assert (found.error, found.usable) == (fault.error, True)
        # aiohttp sends a GET again by itself where a new connection ends before a response.
        if kind == "async" and operation == "op":
            assert sent <= found.sent <= 2 * sent
        else:
            assert found.sent == sent
    deadline = time.monotonic() + 5
    while threading.active_count() > threads and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() <= threads


def table() -> str:
    """The table of the page: what a caller sees, with two attempts allowed."""
    rows = ["| what happens | the caller sees | GET | POST |", "| --- | --- | --- | --- |"]
    for fault in FAULTS:
        cells = (_words(fault, fault.get, "GET"), _words(fault, fault.post, "POST"))
        rows.append(f"| {fault.name} | `{fault.error}` | {cells[0]} | {cells[1]} |")
    return "\n".join(rows)


def _words(fault: Fault, sent: int, method: str) -> str:
    if fault.error == "ConnectError":
        return "tried again"
    if fault.error == "TLSError":
        return "raised at once"
    return "sent again" if sent == 2 else "raised at once"


def test_the_page_has_the_table() -> None:
    text = PAGE.read_text()
    assert text.partition(BEGIN)[2].partition(END)[0].strip() == table()
