"""The big figure of docs/bulk.md: a million rows through `client.map`. `make soak`.

python tests/bulk/soak.py --rows 1000000 --into docs/bulk.md
"""

from __future__ import annotations

import argparse
import datetime
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from soaking import peak, write_section

from dynclient import Client
from dynclient.transport import MockTransport

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.1",
    "info": {"title": "things", "version": "1"},
    "servers": [{"url": "http://things.test"}],
    "paths": {
        "/things/{n}": {
            "post": {
                "operationId": "make",
                "parameters": [
                    {"name": "n", "in": "path", "required": True, "schema": {"type": "integer"}}
                ],
                "responses": {
                    "200": {"description": "it", "content": {"application/json": {"schema": {}}}}
                },
            }
        }
    },
}


def rows(count: int) -> Iterator[dict[str, int]]:
    for n in range(count):
        yield {"n": n}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--into", type=Path, help="page whose section is replaced")
    given = parser.parse_args()
    answer = MockTransport.response({"made": True})
    transport = MockTransport(lambda _: answer)
    transport.requests = _Nothing()  # type: ignore[assignment]
    with tempfile.TemporaryDirectory() as folder, Client(DOCUMENT, transport=transport) as client:
        journal = Path(folder) / "run.jsonl"
        client.map("make", rows(100), journal=Path(folder) / "first.jsonl")
        before, started = peak(), time.monotonic()
        results = client.map("make", rows(given.rows), journal=journal)
        seconds, size = time.monotonic() - started, journal.stat().st_size
        again = time.monotonic()
        client.map("make", rows(given.rows), journal=journal)
        resumed = time.monotonic() - again
        found = len({_row(line) for line in journal.open("rb")})
    load = os.getloadavg()[0]
    text = (
        f"Measured on {datetime.date.today()}, {os.cpu_count()} processors, a load average of "
        f"{load:.0f}; the service is a function, so that this is what `map` itself costs.\n\n"
        "| rows | answered | lines on record | peak memory | before | seconds | seconds to find "
        "that all is done | journal |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- |\n"
        f"| {given.rows:,} | {results.answered:,} | {found:,} | {peak()} MiB | {before} MiB | "
        f"{seconds:.0f} | {resumed:.0f} | {size / 2**20:.0f} MiB |"
    )
    write_section(given.into, "soak", text)


class _Nothing(list[Any]):
    """Keeps no request: a million of them would be what is measured."""

    def append(self, _: Any) -> None:
        pass


def _row(line: bytes) -> int:
    return int(line[7 : line.index(b",")])


if __name__ == "__main__":
    main()
