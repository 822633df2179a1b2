"""The big figure of docs/streaming.md: a file of 1 GB, up and down, broken off. `make soak`.

python tests/client/soak.py --megabytes 1024 --into docs/streaming.md
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import os
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from soaking import peak, write_section
from support import one_operation

from dynclient import Client, Retries

_BLOCK = bytes(range(256)) * 4096  # 1 MiB


class Handler(BaseHTTPRequestHandler):
    """Serves a big body by ranges and breaks off three times; counts what it is sent."""

    size = 0
    breaks: list[int]
    received = 0

    def do_GET(self) -> None:
        start = int((self.headers.get("Range") or "bytes=0-")[6:-1])
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{self.size - 1}/{self.size}")
        self.send_header("ETag", '"big"')
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(self.size - start))
        self.end_headers()
        stop = self.breaks.pop(0) if self.breaks else self.size
        while start < stop:
            offset = start % len(_BLOCK)
            piece = _BLOCK[offset : offset + min(len(_BLOCK), stop - start)]
            self.wfile.write(piece)
            start += len(piece)
        self.close_connection = True

    def do_PUT(self) -> None:
        left = int(self.headers["Content-Length"])
        while left:
            left -= len(self.rfile.read(min(left, 1 << 20)))
        type(self).received = int(self.headers["Content-Length"])
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1024)
    parser.add_argument("--into", type=Path, help="page whose section is replaced")
    given = parser.parse_args()
    size = given.megabytes * 2**20
    Handler.size, Handler.breaks = size, [size // 4, size // 2, size - 1]
    binary: dict[str, Any] = {"application/octet-stream": {}}
    document = one_operation(responses={"200": {"description": "", "content": binary}})
    document["paths"]["/thing"]["put"] = {
        "operationId": "put",
        "requestBody": {"content": binary},
        "responses": {"204": {"description": ""}},
    }
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        with (
            tempfile.TemporaryDirectory() as folder,
            Client(document, base_url=url, retries=Retries(attempts=9, backoff=0)) as client,
        ):
            path, before, started = Path(folder) / "big.bin", peak(), time.monotonic()
            client.download("op", to=path)
            down = time.monotonic() - started
            is_whole = _digest(path) == _expected(size)
            started = time.monotonic()
            with path.open("rb") as file, client.stream("put", body=file) as response:
                response.read()
            up = time.monotonic() - started
        server.shutdown()
    text = (
        f"Measured on {datetime.date.today()}, {os.cpu_count()} processors; the server is a thread "
        "of the same process.\n\n"
        "| MiB | breaks | digest as it should be | seconds down | bytes received | seconds up | "
        "peak memory | before |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n"
        f"| {given.megabytes:,} | {3 - len(Handler.breaks)} | {'yes' if is_whole else 'NO'} | "
        f"{down:.1f} | {Handler.received:,} | {up:.1f} | {peak()} MiB | {before} MiB |"
    )
    write_section(given.into, "soak", text)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _expected(size: int) -> str:
    digest = hashlib.sha256()
    for _ in range(size // len(_BLOCK)):
        digest.update(_BLOCK)
    return digest.hexdigest()


if __name__ == "__main__":
    main()
