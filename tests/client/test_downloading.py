"""`client.download`: a body into a file, resumed where it broke off, verified."""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import FileResponse
from starlette.routing import Route
from support import one_operation
from transport.server import Received, Server

from dynclient import Client, DownloadError, NotFound, Retries
from dynclient.errors import ConnectionBroken

BINARY = {"200": {"description": "it", "content": {"application/octet-stream": {}}}}
DOCUMENT = one_operation(path="/file", responses={**BINARY, "404": {"description": "none"}})
WHOLE = bytes(range(256)) * 400


class Files:
    """Serves `WHOLE`, by ranges, and breaks off after so many bytes of each response."""

    def __init__(self, *breaks: int, **fields: str) -> None:
        self.breaks = list(breaks)
        self.fields = {"ETag": '"one"', **fields}
        self.asked: list[tuple[str | None, str | None]] = []
        self.content = WHOLE
        self.server = Server(self._answer)

    def _answer(self, request: Received, connection: Any) -> bytes:
        wanted, condition = request.headers.get("range"), request.headers.get("if-range")
        self.asked.append((wanted, condition))
        assert request.headers["accept-encoding"] == "identity"
        content, status, start = self.content, "200 OK", 0
        fields = {name: value for name, value in self.fields.items() if value}
        if wanted is not None and condition == self.fields["ETag"]:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            status = "206 Partial Content"
            fields["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        body = content[start:]
        fields |= {"Content-Length": str(len(body)), "Content-Type": "application/octet-stream"}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        sent = f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body
        if self.breaks:
            end = self.breaks.pop(0) + len(sent) - len(body)
            connection.sendall(sent[:end])
            connection.shutdown(2)
            return b""
        return sent

    def client(self, **settings: Any) -> Client:
        retries = settings.pop("retries", Retries(backoff=0.01))
        return Client(DOCUMENT, base_url=self.server.url, retries=retries, **settings)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "file.bin"


def digest(content: bytes, name: str = "sha256") -> str:
    return b64encode(hashlib.new(name, content).digest()).decode()


def left(target: Path) -> list[str]:
    return sorted(each.name for each in target.parent.iterdir())


def test_a_body_becomes_a_file_and_progress_is_told(target: Path) -> None:
    files, told = Files(), []
    path = files.client().download("op", to=target, progress=lambda *now: told.append(now))
    assert (path, target.read_bytes(), left(target)) == (target, WHOLE, ["file.bin"])
    assert told[-1] == (len(WHOLE), len(WHOLE))
    assert files.asked == [(None, None)]
    files.server.close()


def test_a_download_that_breaks_off_goes_on_where_it_was(target: Path) -> None:
    files = Files(50_000, 20_000)
    files.client().download("op", to=target)
    assert target.read_bytes() == WHOLE
    assert files.asked == [(None, None), ("bytes=50000-", '"one"'), ("bytes=70000-", '"one"')]
    assert left(target) == ["file.bin"]
    files.server.close()


def test_a_later_download_goes_on_where_the_last_one_was(target: Path) -> None:
    files = Files(50_000)
    with pytest.raises(ConnectionBroken):
        files.client(retries=0).download("op", to=target)
    assert left(target) == ["file.bin.part", "file.bin.part.json"]
    files.client().download("op", to=target)
    assert target.read_bytes() == WHOLE
    assert files.asked[1] == ("bytes=50000-", '"one"')
    files.server.close()


def test_what_the_server_has_changed_is_downloaded_anew(target: Path) -> None:
    files = Files(50_000)
    with pytest.raises(ConnectionBroken):
        files.client(retries=0).download("op", to=target)
    files.fields["ETag"], files.content = '"two"', WHOLE[::-1]
    files.client().download("op", to=target)
    assert target.read_bytes() == WHOLE[::-1]
    files.server.close()


@pytest.mark.parametrize("tag", ["", 'W/"weak"'])
def test_without_a_strong_validator_it_begins_anew(target: Path, tag: str) -> None:
    files = Files(50_000, ETag=tag)
    files.client().download("op", to=target)
    assert target.read_bytes() == WHOLE
    assert [wanted for wanted, _ in files.asked] == [None, None]
    files.server.close()


def test_a_file_that_is_there_stays_until_the_new_one_is_whole(target: Path) -> None:
    target.write_bytes(b"old")
    files = Files(50_000)
    with pytest.raises(ConnectionBroken):
        files.client(retries=0).download("op", to=target)
    assert target.read_bytes() == b"old"
    files.server.close()


@pytest.mark.parametrize("field", ["Repr-Digest", "Content-Digest"])
@pytest.mark.parametrize(("algorithm", "name"), [("sha-256", "sha256"), ("sha-512", "sha512")])
def test_a_digest_is_verified(target: Path, field: str, algorithm: str, name: str) -> None:
    good = Files(**{field: f"md5=:AAAA:, {algorithm}=:{digest(WHOLE, name)}:"})
    good.client().download("op", to=target)
    good.server.close()
    bad = Files(**{field: f"{algorithm}=:{digest(b'other', name)}:"})
    with pytest.raises(DownloadError, match=f"the {algorithm} digest of the server differs"):
        bad.client().download("op", to=target)
    assert left(target) == ["file.bin"]
    bad.server.close()


def test_a_resumed_file_is_verified_as_a_whole(target: Path) -> None:
    files = Files(50_000, **{"Repr-Digest": f"sha-256=:{digest(WHOLE)}:"})
    with pytest.raises(ConnectionBroken):
        files.client(retries=0).download("op", to=target)
    part = target.with_name("file.bin.part")
    part.write_bytes(b"x" + part.read_bytes()[1:])
    with pytest.raises(DownloadError, match="digest"):
        files.client().download("op", to=target)
    assert left(target) == []
    files.server.close()


def test_a_coded_body_is_stored_decoded_and_never_gone_on_with(target: Path) -> None:
    """The length, ranges and digests of a server are those of the coded representation."""
    coded = gzip.compress(WHOLE)
    whole = f"sha-256=:{digest(coded)}:"
    files = Files(100, **{"Content-Encoding": "gzip", "Repr-Digest": whole})
    files.content, told = coded, []
    files.client().download("op", to=target, progress=lambda *size: told.append(size))
    assert target.read_bytes() == WHOLE
    assert files.asked == [(None, None)] * 2
    assert told[-1] == (len(WHOLE), None)
    assert left(target) == ["file.bin"]


def test_another_range_than_was_asked_for_is_refused(target: Path) -> None:
    files = Files(50_000)
    with pytest.raises(ConnectionBroken):
        files.client(retries=0).download("op", to=target)

    def answer(request: Received, _: Any) -> bytes:
        head = "Content-Range: bytes 0-9/10\r\nContent-Length: 10\r\n"
        kind = "Content-Type: application/octet-stream\r\n"
        return f"HTTP/1.1 206 Partial Content\r\n{kind}{head}\r\n0123456789".encode()

    files.server.handler = answer
    with pytest.raises(DownloadError, match="another range than the one that was asked for"):
        files.client().download("op", to=target)
    files.server.close()


def test_a_part_that_the_server_cannot_go_on_with_is_dropped(target: Path) -> None:
    files = Files(50_000)
    with pytest.raises(ConnectionBroken):
        files.client(retries=0).download("op", to=target)
    normal = files.server.handler

    def answer(request: Received, connection: Any) -> bytes:
        if "range" in request.headers:
            return b"HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\n\r\n"
        return normal(request, connection)

    files.server.handler = answer
    files.client(validate="warn").download("op", to=target)
    assert target.read_bytes() == WHOLE
    files.server.close()


def test_an_error_of_the_server_writes_no_file(target: Path) -> None:
    files = Files()
    files.server.handler = lambda *_: b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    with pytest.raises(NotFound):
        files.client().download("op", to=target)
    assert left(target) == []
    with pytest.raises(IsADirectoryError):
        files.client().download("op", to=target.parent)
    files.server.close()


@pytest.fixture
def starlette_url(tmp_path: Path) -> Iterator[str]:
    """A file that another project's server serves."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "file.bin").write_bytes(WHOLE)
    route = Route("/file", lambda request: FileResponse(source / "file.bin"))
    config = uvicorn.Config(Starlette(routes=[route]), port=0, log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def test_a_server_of_others_goes_on(starlette_url: str, target: Path) -> None:
    client = Client(DOCUMENT, base_url=starlette_url)
    client.download("op", to=target)
    assert target.read_bytes() == WHOLE
    other = target.with_name("other.bin")
    tag = client.request("op").headers["ETag"]
    other.with_name("other.bin.part").write_bytes(WHOLE[:1000])
    notes = json.dumps({"validator": tag, "total": None})
    other.with_name("other.bin.part.json").write_text(notes)
    sizes: list[int] = []
    client.download("op", to=other, progress=lambda done, total: sizes.append(done))
    assert other.read_bytes() == WHOLE
    assert sizes[0] > 1000
