"""The loopback server that the benchmarks talk to: canned bytes, its own process, no framework.

An `asyncio.Protocol` that reads just enough HTTP/1.1 to find where a request ends, and answers
with bytes made before the first request came. It answers in a few tens of microseconds, less than
any client here needs, so what is measured is the client.

Run as `python -m benchmarks.server`: reads further answers as one line of JSON (a text by request
path), prints its port on one line, serves until stdin closes.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from .payloads import BROKEN_JOB, JOB, JOB_LIST, dumps

_HEAD_END = b"\r\n\r\n"


def answer(body: bytes, status: str = "200 OK") -> bytes:
    """A whole HTTP/1.1 response with a JSON body, keep-alive."""
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        "Server: canned\r\nDate: Sun, 22 Nov 2026 12:00:00 GMT\r\nX-Request-Id: 7f3a\r\n\r\n"
    )
    return head.encode() + body


_CREATED = answer(dumps({"id": JOB["id"], "backend": JOB["backend"]}))
_JOB = answer(dumps(JOB))
_JOBS = answer(dumps(JOB_LIST))
_BROKEN = answer(dumps(BROKEN_JOB))
_MISSING = answer(b'{"errors":[]}', "404 Not Found")

#: Whole answers by request path, for documents that are not ours.
_others: dict[bytes, bytes] = {}


def route(head: bytes) -> bytes:
    """The canned answer for a request, by its method and the first letters of its path."""
    if head.startswith(b"POST /v1/jobs"):
        return _CREATED
    if head.startswith(b"GET /v1/jobs/"):
        return _JOB
    if head.startswith(b"GET /v1/jobs"):
        return _JOBS
    if head.startswith(b"GET /broken/"):
        return _BROKEN
    path = head.split(b" ", 2)[1].partition(b"?")[0]
    return _others.get(path, _MISSING)


class _Canned(asyncio.Protocol):
    """One connection. Bodies are skipped by their Content-Length; chunked ones are not used."""

    def __init__(self) -> None:
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        self._buffer = self._buffer + data if self._buffer else data
        while True:
            end = self._buffer.find(_HEAD_END)
            if end < 0:
                return
            head = self._buffer[:end]
            size = end + 4 + _content_length(head)
            if len(self._buffer) < size:
                return
            self._buffer = self._buffer[size:]
            self._transport.write(route(head))


def _content_length(head: bytes) -> int:
    if not head.startswith((b"POST", b"PUT", b"PATCH")):
        return 0
    at = head.lower().find(b"content-length:")
    return int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    told = await loop.run_in_executor(None, sys.stdin.readline)
    for path, body in json.loads(told).items():
        _others[path.encode()] = answer(body.encode())
    server = await loop.create_server(_Canned, "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


@contextmanager
def running(others: Mapping[str, str] | None = None) -> Iterator[str]:
    """Start the server in its own process; its base URL, without a slash at the end.

    `others` are further JSON texts to answer with, by request path.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(dict(others or {})) + "\n")
    process.stdin.flush()
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait(10)


if __name__ == "__main__":
    asyncio.run(_serve())
