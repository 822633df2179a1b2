"""Who reads a response and who refuses it: our parser, and those that others wrote.

`python -m tests.transport.judges` writes the table of docs/transport.md.
"""

from __future__ import annotations

import http.client
import io
import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import h11

from dynclient.errors import ConnectionBroken
from dynclient.messages import HttpRequest
from dynclient.transport import AiohttpTransport, RequestsTransport, SocketTransport
from dynclient.transport.incoming import BadMessage, Incoming, Incomplete, NoResponse
from dynclient.transport.strict import _StrictResponse

from .blocking import Blocking
from .quirks import QUIRKS, REFUSES
from .server import HangUp, Server, serving

FAULTS = (NoResponse, Incomplete, BadMessage)
PAGE = Path(__file__).parents[2] / "docs" / "transport.md"
_BEGIN, _END = "<!-- judges -->\n", "<!-- /judges -->\n"


class Reading(NamedTuple):
    """What a parser made of the bytes: the fields that travel with the body are not compared."""

    status: int
    fields: list[tuple[str, str]]
    body: bytes
    reusable: bool


def pieces(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(at % (len(data) + 1) for at in cuts)})
    return [data[a:b] for a, b in itertools.pairwise(edges)]


def by_us(data: bytes, method: str = "GET", cuts: Iterable[int] = ()) -> Reading:
    """By `Incoming`, after which the peer closes. Raises one of FAULTS."""
    incoming = Incoming(method)
    body = bytearray()
    for piece in pieces(data, cuts):
        incoming.feed(piece)
        body += incoming.take()
    reusable = incoming.is_complete and incoming.reusable
    incoming.end()
    return Reading(incoming.status, incoming.fields, bytes(body), reusable)


def by_h11(data: bytes, method: str = "GET") -> Reading:
    """By h11. Raises h11.RemoteProtocolError."""
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method=method, target="/", headers=[("Host", "h")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(data)
    connection.receive_data(b"")
    status, fields, body = 0, [], bytearray()
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Response):
            status = event.status_code
            fields = [
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in event.headers.raw_items()
            ]
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage):
            return Reading(status, fields, bytes(body), connection.their_state is h11.DONE)
        elif isinstance(event, h11.ConnectionClosed) or event in (h11.NEED_DATA, h11.PAUSED):
            raise h11.RemoteProtocolError("no whole response")


def by_http_client(data: bytes, method: str = "GET") -> Reading:
    """By http.client. Raises http.client.HTTPException and ValueError."""

    class Sock:
        def makefile(self, *_: object) -> io.BytesIO:
            return io.BytesIO(data)

    response = http.client.HTTPResponse(Sock(), method=method)  # type: ignore[arg-type]
    response.begin()
    body = response.read()
    return Reading(response.status, response.getheaders(), body, not response.will_close)


class _Raw(io.RawIOBase):
    """A socket that has one piece at a time."""

    def __init__(self, waiting: list[bytes]) -> None:
        self._waiting = waiting

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._waiting.pop(0) if self._waiting else b""
        size = min(len(piece), len(buffer))
        buffer[:size] = piece[:size]
        if piece[size:]:
            self._waiting.insert(0, piece[size:])
        return size


def by_strict(data: bytes, method: str = "GET", cuts: Iterable[int] = ()) -> Reading:
    """By what reads for `RequestsTransport`. Raises FAULTS and http.client.HTTPException."""
    waiting = [piece for piece in pieces(data, cuts) if piece]

    class Sock:
        def makefile(self, *_: object) -> io.BufferedReader:
            return io.BufferedReader(_Raw(waiting))

    response = _StrictResponse(Sock(), method=method)
    response.begin()
    body = b"".join(iter(lambda: response.read1(1 << 16), b""))
    if response.length:
        raise http.client.IncompleteRead(body, response.length)
    return Reading(response.status, response.getheaders(), body, not response.will_close)


REFUSALS = (h11.RemoteProtocolError, http.client.HTTPException, ValueError, OverflowError)


def _parsed(read: Any) -> list[bytes | str]:
    """The outcome for each quirk, "" where it is not a parser's to judge."""
    outcomes: list[bytes | str] = []
    for quirk in QUIRKS.values():
        if b"Content-Encoding" in quirk.sent:
            outcomes.append("")
            continue
        try:
            outcomes.append(read(quirk.sent).body)
        except REFUSALS:
            outcomes.append(REFUSES)
    return outcomes


def quirky() -> Any:
    """A server that answers `/3` with the fourth quirk, in one piece, and hangs up."""
    sent = [quirk.sent for quirk in QUIRKS.values()]

    def handler(request: Any, sock: Any) -> bytes:
        sock.sendall(sent[int(request.target[1:])])
        raise HangUp

    return serving(handler)


KINDS: dict[str, Any] = {
    "SocketTransport": lambda: SocketTransport(timeout=5),
    "RequestsTransport": lambda: RequestsTransport(timeout=5),
    "AiohttpTransport": lambda: Blocking(AiohttpTransport(timeout=5)),
}


def sent_by(transport: Any, server: Server) -> list[bytes | str]:
    """What a transport makes of each quirk."""
    outcomes: list[bytes | str] = []
    for number in range(len(QUIRKS)):
        try:
            request = HttpRequest("GET", f"{server.url}/{number}")
            outcomes.append(transport.send(request).content)
        except ConnectionBroken:
            outcomes.append(REFUSES)
    return outcomes


def verdicts() -> dict[str, list[bytes | str]]:
    """By judge: a body or REFUSES for each quirk."""
    found: dict[str, list[bytes | str]] = {}
    with quirky() as server:
        for name, make in KINDS.items():
            with make() as transport:
                found[name] = sent_by(transport, server)
    found["h11"] = _parsed(by_h11)
    found["http.client"] = _parsed(by_http_client)
    found["curl 7.88"] = [quirk.curl for quirk in QUIRKS.values()]
    return found


def table(found: dict[str, list[bytes | str]]) -> str:
    """The verdicts as a table: a row for each quirk on which the judges do not agree."""
    lines = ["| response | " + " | ".join(found) + " |", "| --- |" + " --- |" * len(found)]
    agreed = {"reads": 0, "refuses": 0}
    for number, name in enumerate(QUIRKS):
        row = [verdicts[number] for verdicts in found.values()]
        told = set(row) - {""}
        if len(told) == 1:
            agreed["refuses" if told == {REFUSES} else "reads"] += 1
            continue
        read = told - {REFUSES}
        usual = max(sorted(read), key=row.count)
        cells = [_cell(body, usual) for body in row]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + (
        f"\n\nAll read {agreed['reads']} more alike, and all refuse {agreed['refuses']}.\n"
    )


def _cell(body: bytes | str, usual: bytes | str) -> str:
    if body in {"", REFUSES}:
        return str(body)
    return "reads" if body == usual else f"reads {len(body)} bytes"


def written() -> str:
    """The table as the page has it."""
    return PAGE.read_text("utf-8").partition(_BEGIN)[2].partition(_END)[0]


def write(text: str) -> None:
    before, begin, rest = PAGE.read_text("utf-8").partition(_BEGIN)
    PAGE.write_text(f"{before}{begin}{text}{_END}{rest.partition(_END)[2]}", "utf-8")


if __name__ == "__main__":
    write(table(verdicts()))
