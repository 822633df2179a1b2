"""A service that counts what it was asked to make, and programs that are killed while they ask."""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from support import json_content
from transport.server import HangUp, Received, Server, reply

from dynclient import Client

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.1",
    "info": {"title": "things", "version": "1"},
    "paths": {
        "/things": {
            "post": {
                "operationId": "make",
                "requestBody": {
                    "content": json_content(
                        {"type": "object", "properties": {"n": {"type": "integer"}}}
                    )
                },
                "responses": {"201": {"description": "made", "content": json_content({})}},
            }
        },
        "/things/{n}": {
            "get": {
                "operationId": "look",
                "parameters": [
                    {"name": "n", "in": "path", "required": True, "schema": {"type": "integer"}}
                ],
                "responses": {
                    "200": {"description": "it", "content": json_content({})},
                    "404": {"description": "none", "content": json_content({})},
                },
            }
        },
    },
}


class Things:
    """Makes things: `made` counts how often each number was asked for."""

    def __init__(self, *, hang_up_at: frozenset[int] = frozenset(), slow: float = 0.0) -> None:
        self.made: Counter[int] = Counter()
        self.busy = self.most_busy = 0
        self.times: list[float] = []
        self._hang_up_at = hang_up_at
        self._slow = slow
        self._lock = threading.Lock()
        self._never = threading.Event()
        self.server = Server(self._answer)

    @property
    def url(self) -> str:
        return self.server.url

    def _answer(self, request: Received, _: socket.socket) -> bytes:
        number = int(json.loads(request.body)["n"] if request.body else request.target[8:])
        with self._lock:
            self.made[number] += 1
            self.times.append(time.monotonic())
            self.busy += 1
            self.most_busy = max(self.busy, self.most_busy)
        if self._slow:
            self._never.wait(self._slow)
        with self._lock:
            self.busy -= 1
        if number in self._hang_up_at:
            raise HangUp
        if request.method == "GET" and number % 2:
            return reply(b'{"none": true}', "404 Not Found")
        return reply(
            json.dumps({"made": number}).encode(), "201 Created" if request.body else "200 OK"
        )


def rows(count: int) -> list[dict[str, Any]]:
    return [{"n": n} for n in range(count)]


def main() -> None:
    """Ask a service for things, until killed: programs.py URL JOURNAL ROWS WORKERS."""
    url, journal, count, workers = sys.argv[1:]
    with Client(DOCUMENT, base_url=url) as client:
        client.map("make", rows(int(count)), journal=Path(journal), workers=int(workers))


if __name__ == "__main__":
    main()
