"""The big figures of docs/conformance.md: a HAR of 1 GB, and a week of traffic in a ledger.

python tests/conformance/soak.py --megabytes 1024 --exchanges 1000000 --into docs/conformance.md
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import tempfile
import time
from pathlib import Path

from soaking import peak, write_section

from conformance.notes import DOCUMENT
from dynclient import Client, Headers, HttpRequest, HttpResponse
from dynclient.conformance import Exchange, Judge, Ledger, Tally, exchanges_in

_URL = "https://notes.example/notes"
_NOTES = [{"id": f"n{n}", "text": "x" * 20, "stars": n % 6} for n in range(600)]


def write_har(path: Path, megabytes: int) -> int:
    """A HAR of about that size; every hundredth entry drifts. How many entries it has."""
    entries = []
    for data in (_NOTES, [{**_NOTES[0], "stars": "many"}, *_NOTES[1:]]):
        text = json.dumps(data)
        content = {"size": len(text), "mimeType": "application/json", "text": text}
        entries.append(
            json.dumps(
                {
                    "startedDateTime": "2026-11-26T10:00:00.000Z",
                    "time": 1,
                    "request": {
                        "method": "GET",
                        "url": _URL,
                        "httpVersion": "HTTP/1.1",
                        "headers": [{"name": "X-Key", "value": "k"}],
                    },
                    "response": {
                        "status": 200,
                        "headers": [{"name": "Content-Type", "value": "application/json"}],
                        "content": content,
                    },
                }
            )
        )
    count = megabytes * 2**20 // len(entries[0])
    with path.open("w") as file:
        file.write('{"log": {"version": "1.2", "creator": {"name": "test"}, "entries": [')
        for number in range(count):
            file.write(("," if number else "") + entries[number % 100 == 99])
        file.write("]}}")
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1024)
    parser.add_argument("--exchanges", type=int, default=1_000_000)
    parser.add_argument("--into", type=Path, help="page whose section is replaced")
    given = parser.parse_args()
    document = {**DOCUMENT, "servers": [{"url": "https://notes.example"}]}
    with tempfile.TemporaryDirectory() as name, Client(document) as client:
        har, file = Path(name) / "big.har", Path(name) / "week.db"
        count = write_har(har, given.megabytes)
        judge, tally, before, started = Judge(client), Tally(), peak(), time.monotonic()
        for each in exchanges_in(har):
            tally.add(judge.check_exchange(each), each)
        seconds, memory = time.monotonic() - started, peak()
        found = [group.count for group in tally.groups()]
        size = har.stat().st_size
        started = time.monotonic()
        with Ledger(file) as ledger:
            _week(judge, ledger, given.exchanges)
        week, kept = time.monotonic() - started, file.stat().st_size
    text = (
        f"Measured on {datetime.date.today()}, {os.cpu_count()} processors.\n\n"
        "| what | size | seconds | peak memory | before | found |\n"
        "| --- | --- | --- | --- | --- | --- |\n"
        f"| a HAR of {count:,} entries | {size / 2**20:,.0f} MiB | {seconds:.0f} | {memory} MiB | "
        f"{before} MiB | {', '.join(map(str, found))} |\n"
        f"| {given.exchanges:,} exchanges in a ledger | {kept / 2**10:,.0f} KiB | {week:.0f} | "
        f"{peak()} MiB | | {given.exchanges // 100:,} |"
    )
    write_section(given.into, "soak", text)


def _week(judge: Judge, ledger: Ledger, count: int) -> None:
    """Small exchanges, every hundredth with a drift; ids differ, as they do."""
    kind, key = Headers({"Content-Type": "application/json"}), Headers({"X-Key": "k"})
    for number in range(count):
        text = number if number % 100 == 99 else "milk"
        content = json.dumps({"id": f"n{number}", "text": text}).encode()
        request = HttpRequest("GET", f"{_URL}/n{number}", key, None)
        exchange = Exchange(request, HttpResponse(200, kind, content), 1e9 + number)
        ledger.add(judge.check_exchange(exchange), exchange, judge.operations)


if __name__ == "__main__":
    main()
