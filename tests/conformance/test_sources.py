"""Recorded traffic: HAR, cassettes of VCR.py, recordings of ours; whole, broken and secret."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from base64 import b64encode
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from xml.etree import ElementTree

import pytest
import requests
import vcr
from click.testing import CliRunner, Result

from conformance.shop import GOOD, SHOP, URL, exchange, listed
from dynclient import Client, Headers, HttpRequest, HttpResponse
from dynclient.cli.program import program
from dynclient.conformance import (
    CODES,
    Exchange,
    Judge,
    Recorder,
    Recording,
    SourceError,
    Tally,
    exchanges_in,
)
from dynclient.transport import MockTransport

BINARY = b64encode(b"\xff\x00").decode()


def entry(found: Exchange, **more: Any) -> dict[str, Any]:
    """An entry of a HAR."""

    def fields(headers: Headers) -> list[dict[str, str]]:
        return [{"name": name, "value": value} for name, value in headers.pairs()]

    request, response = found.request, found.response
    asked: dict[str, Any] = {
        "method": request.method,
        "url": request.url,
        "httpVersion": "HTTP/2",
        "headers": [{"name": ":authority", "value": "x"}, *fields(request.headers)],
        "queryString": [],
        "cookies": [],
        "headersSize": -1,
        "bodySize": -1,
    }
    if isinstance(request.content, bytes):
        text = request.content.decode()
        asked["postData"] = {"mimeType": request.headers.get("Content-Type", ""), "text": text}
    answered: dict[str, Any] = {"status": 0, "headers": [], "content": {}}
    if response is not None:
        content = {"size": len(response.content), "text": response.content.decode()}
        answered = {"status": response.status, "headers": fields(response.headers)}
        answered["content"] = content
    return {
        "startedDateTime": "2026-11-26T10:00:00.500Z",
        "time": 12.5,
        "request": asked,
        "response": answered,
        **more,
    }


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def har(*entries: Any, name: str = "a.har", version: str = "1.2") -> Path:
        file = tmp_path / name
        log = {"version": version, "creator": {}, "pages": [], "entries": list(entries)}
        file.write_text(json.dumps({"log": log}))
        return file

    return har


def test_a_har_is_read_entry_by_entry(write: Callable[..., Path]) -> None:
    posted = exchange("POST", "/orders?dry=true", 201, sent=GOOD)
    first, second, third = exchanges_in(
        write(entry(exchange()), entry(posted), entry(exchange(status=None)))
    )
    assert (first.request.method, first.request.url) == ("GET", f"{URL}/orders/1")
    assert ":authority" not in first.request.headers
    assert first.response is not None
    assert (first.response.status, json.loads(first.response.content)) == (200, GOOD)
    assert (first.at, first.response.elapsed) == (1795687200.5, 0.0125)
    assert first.source == "a.har, entry 1"
    assert json.loads(bytes(second.request.content or b"")) == GOOD  # type: ignore[arg-type]
    assert third.response is None


@pytest.mark.parametrize(
    ("content", "body", "state"),
    [
        ({"size": 2, "text": "{}"}, b"{}", "whole"),
        (
            {"size": 2, "text": b64encode(b"\xff\x00").decode(), "encoding": "base64"},
            b"\xff\x00",
            "whole",
        ),
        ({"size": 99}, b"", "missing"),
        ({"size": 0}, b"", "whole"),
        ({}, b"", "whole"),
        ({"size": 0, "text": ""}, b"", "whole"),
    ],
)
def test_bodies_of_a_har(write: Callable[..., Path], content: Any, body: bytes, state: str) -> None:
    found = entry(exchange())
    found["response"]["content"] = content
    (read,) = exchanges_in(write(found))
    assert read.response is not None
    assert (read.response.content, read.response_body) == (body, state)


def test_a_form_of_a_har_that_has_only_its_fields(write: Callable[..., Path]) -> None:
    found = entry(exchange("POST", "/orders?dry=true", 201))
    found["request"]["postData"] = {
        "mimeType": "application/x-www-form-urlencoded",
        "params": [{"name": "a b", "value": "ü"}, {"name": "c"}],
    }
    (read,) = exchanges_in(write(found))
    assert read.request.content == b"a+b=%C3%BC&c="


@pytest.mark.parametrize("count", [0, 1, 2])
def test_whole_entries_of_a_cut_har_are_read(write: Callable[..., Path], count: int) -> None:
    file = write(*[entry(exchange())] * 3)
    text = file.read_text()
    starts = [at for at in range(len(text)) if text.startswith('"request"', at)]
    file.write_text(text[: starts[count] + 30])
    read: list[Exchange] = []
    with pytest.raises(SourceError, match=f"breaks off after {count} whole entries"):
        read.extend(exchanges_in(file))
    assert len(read) == count


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (b"{}", "has no exchange: give HAR"),
        (b'{"log": {"entries": []}}', "has no exchange: give HAR"),
        (b'{"log": {"entries": [{"request": {}}]}}', "entry 1, is no entry: KeyError"),
        (b'{"log": {"entries": [3]}}', "entry 1, is no entry: TypeError"),
        (b"hello", "has no exchange"),
        (b"- a\n- b: [", "is not YAML"),
        (b'{"dynclient": "exchange/2"}\n', "line 1: it is no recorded exchange"),
        (b'{"dynclient": "exchange/1"}\n', "line 1: it is no recorded exchange: KeyError"),
        (b"interactions:\n- request: {}\n", "interaction 1, is none: KeyError"),
    ],
)
def test_what_is_no_recording_says_so(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "traffic"
    file.write_bytes(content)
    with pytest.raises(SourceError, match=message):
        list(exchanges_in(file))
    with pytest.raises(SourceError, match="can't be read: No such file"):
        list(exchanges_in(tmp_path / "none"))


class _Orders(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        content = gzip.compress(json.dumps(GOOD).encode())
        self.send_response(200)
        fields = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        for name, value in {**fields, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def orders() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Orders) as http:
        thread = Thread(target=http.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()
        thread.join()


@pytest.mark.parametrize("serializer", ["yaml", "json"])
@pytest.mark.parametrize("decode", [True, False])
def test_a_cassette_that_vcr_recorded(
    tmp_path: Path, orders: str, serializer: str, decode: bool
) -> None:
    file = tmp_path / f"cassette.{serializer}"
    recorder = vcr.VCR(serializer=serializer, decode_compressed_response=decode)
    with recorder.use_cassette(str(file)), requests.Session() as session:
        session.get(f"{orders}/orders/1", headers={"X-Key": "k"}, timeout=10)
    (read,) = exchanges_in(file)
    assert read.response is not None
    assert json.loads(read.response.content) == GOOD
    assert Judge(SHOP, base_url=orders).check_exchange(read).is_clean


def test_a_recording_is_read_back_and_holds_no_secret(tmp_path: Path) -> None:
    file = tmp_path / "traffic.jsonl"
    answer = MockTransport.response([{**GOOD, "note": "k3y-of-mine"}])
    with Recording(file) as recording:
        client = Client(
            SHOP,
            auth={"Key": "k3y-of-mine"},
            transport=MockTransport([answer, MockTransport.response(b"\xff")]),
            observers=[Recorder(recording)],
            validate="warn",
        )
        client.call("listOrders")
        client.call("makeOrder", GOOD, dry=True)
    first, second = exchanges_in(file)
    assert "k3y-of-mine" not in file.read_text()
    assert first.response is not None
    assert second.response is not None
    assert (first.request.url, first.response.status) == (f"{URL}/orders", 200)
    assert (second.response.content, second.response_body) == (b"", "missing")
    assert second.request.content == json.dumps(GOOD, separators=(",", ":")).encode()


def test_a_long_body_is_not_recorded(tmp_path: Path) -> None:
    with Recording(tmp_path / "a.jsonl", limit=10) as recording:
        recording(exchange())
    (read,) = exchanges_in(tmp_path / "a.jsonl")
    assert (read.response_body, read.request_body) == ("missing", "whole")
    assert Judge(SHOP).check_exchange(read).is_clean


def test_a_big_har_is_read_in_little_memory(tmp_path: Path) -> None:
    file = tmp_path / "big.har"
    one = json.dumps(entry(listed([{**GOOD, "lines": [{"count": 1}] * 100}] * 10)))
    with file.open("w") as out:
        out.write('{"log": {"version": "1.2", "entries": [')
        out.writelines(f"{',' if n else ''}{one}" for n in range(1500))
        out.write("]}}")
    assert file.stat().st_size > 20_000_000
    tracemalloc.start()
    count = sum(1 for _ in exchanges_in(file))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 1500
    assert peak < 4_000_000


# ── the command line ─────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def conform(tmp_path: Path) -> Callable[..., Result]:
    spec = tmp_path / "shop.json"
    spec.write_text(json.dumps(SHOP))

    def start(*arguments: str) -> Result:
        return CliRunner().invoke(program, ["conform", "check", *arguments, "--spec", str(spec)])

    return start


def test_findings_are_grouped_and_set_the_exit_code(
    conform: Callable[..., Result], write: Callable[..., Path]
) -> None:
    wrong = [entry(listed([GOOD] * n + [{**GOOD, "state": "lost"}])) for n in range(5)]
    file = str(write(*wrong, entry(exchange()), entry(exchange(url="https://other.example"))))
    found = conform(file)
    assert found.exit_code == 1
    lines = found.stdout.splitlines()
    assert lines[0] == "Shop: 7 exchanges (1 clean, 1 foreign, 5 violation)"
    assert lines[2] == "error DC222 enum, 5 times: listOrders"
    assert "'lost' is not one of" in lines[3]
    assert "a.har, entry 1; a.har, entry 2; a.har, entry 3" in lines[5]
    assert lines[6].startswith("  curl ")
    assert "secret-key" not in found.stdout
    assert lines[-1] == "2 of 4 operations were called."
    assert conform(str(write(entry(exchange())))).exit_code == 0


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ((), {"DC222", "DC112"}),
        (("--min-severity", "error"), {"DC222"}),
        (("--min-severity", "info"), {"DC222", "DC112", "DC113", "DC114"}),
        (("--min-severity", "info", "--ignore-headers", "x-O*"), {"DC222", "DC112", "DC114"}),
        (("--min-severity", "info", "--ignore-cookies"), {"DC222", "DC112", "DC113"}),
        (("--rules", "DC112"), {"DC112"}),
        (("--rules", "enum,DC201"), {"DC222"}),
        (("--server", "https://elsewhere.example"), set()),
        (("--engine", "both"), {"DC222", "DC112"}),
        (("--max-findings", "1"), {"DC222"}),
    ],
)
def test_which_findings_count(
    conform: Callable[..., Result],
    write: Callable[..., Path],
    options: tuple[str, ...],
    shown: set[str],
) -> None:
    odd = {"X-Odd": "1", "Cookie": "theme=dark"}
    wrong = listed([{**GOOD, "state": "lost"}], target="/orders?odd=1", headers=odd)
    found = conform(str(write(entry(wrong))), *options)
    assert {code for code in CODES if f" {code} " in found.stdout} == shown
    assert found.exit_code == (1 if shown else 0)


def test_a_broken_file_is_told_and_what_was_read_counts(
    conform: Callable[..., Result], write: Callable[..., Path]
) -> None:
    cut = write(*[entry(exchange(data={"id": 1}))] * 2, name="cut.har")
    cut.write_bytes(cut.read_bytes()[:-100])
    whole = write(entry(exchange()), name="whole.har")
    found = conform(str(cut), str(whole))
    assert found.exit_code == 10
    assert "cut.har breaks off after 1 whole entries" in found.stderr
    assert "2 exchanges (1 clean, 1 violation)" in found.stdout


def test_reports_for_programs(
    conform: Callable[..., Result], write: Callable[..., Path], tmp_path: Path
) -> None:
    message = listed([{**GOOD, "state": "a\x00|<b>"}])
    file = str(write(entry(message)))
    data = json.loads(conform(file, "--format", "json").stdout)
    assert data["exchanges"] == {"total": 1, "violation": 1}
    (found,) = data["findings"]
    assert (found["code"], found["operation"], found["count"]) == ("DC222", "listOrders", 1)
    assert found["example"]["request"]["url"] == f"{URL}/orders"
    assert found["first"] == "2026-11-26T10:00:00.500+00:00"
    markdown = conform(file, "--format", "markdown").stdout
    assert "### Shop: 1 findings" in markdown
    assert "| DC222 enum | listOrders |" in markdown
    out = tmp_path / "report.xml"
    assert conform(file, "--format", "junit", "-o", str(out)).stdout == ""
    suite = ElementTree.parse(out).getroot()
    assert suite.attrib["failures"] == "1"
    cases = {case.attrib["name"]: case for case in suite}
    assert cases["listOrders"][0].attrib["type"] == "DC222"
    assert cases["getOrder"][0].tag == "skipped"


def test_coverage_names_what_was_not_called(
    conform: Callable[..., Result], write: Callable[..., Path]
) -> None:
    found = conform(str(write(entry(exchange()))), "--coverage")
    assert found.stderr == "not called: listOrders, makeOrder, dropOrder\n"


def test_unknown_rules_and_codes_are_refused(
    conform: Callable[..., Result], write: Callable[..., Path]
) -> None:
    found = conform(str(write(entry(exchange()))), "--rules", "DC999")
    assert found.exit_code == 2
    assert "no code DC999" in found.stderr
    run = CliRunner()
    assert (
        "DC222 enum (response, error)" in run.invoke(program, ["conform", "explain", "enum"]).stdout
    )
    assert run.invoke(program, ["conform", "explain"]).stdout.count("DC") >= len(CODES)
    assert "no code 'DC999'" in run.invoke(program, ["conform", "explain", "DC999"]).stderr


def test_a_baseline_accepts_what_is_known(
    conform: Callable[..., Result], write: Callable[..., Path], tmp_path: Path
) -> None:
    known = str(tmp_path / "known.json")
    lost, late = ({**GOOD, "state": "lost"}, {**GOOD, "at": "x"})
    first = str(write(entry(exchange(data=lost)), name="first.har"))
    assert conform(first, "--write-baseline", known).exit_code == 0
    assert conform(first, "--baseline", known).exit_code == 0
    second = str(write(entry(exchange(data=lost)), entry(exchange(data=late)), name="b.har"))
    found = conform(second, "--baseline", known)
    assert (found.exit_code, found.stderr) == (1, "1 new findings, 1 known\n")
    assert "DC223" in found.stdout
    assert "DC222" not in found.stdout
    found = conform(str(write(entry(exchange()), name="c.har")), "--baseline", known)
    assert found.exit_code == 0
    assert "gone: DC222 getOrder, response.body/state" in found.stderr


def test_a_tally_counts_refused_and_taken() -> None:
    judge, tally = Judge(SHOP), Tally()
    for status in (201, 400, 422):
        data = GOOD if status == 201 else None
        found = exchange("POST", "/orders?dry=true", status, data, sent={})
        tally.add(judge.check_exchange(found), found)
    group = next(each for each in tally.groups() if each.key.code == "DC120")
    assert (group.count, group.refused, group.taken) == (3, 2, 1)


def test_types_are_plain() -> None:
    request = HttpRequest("GET", "http://h.test/")
    assert Exchange(request, HttpResponse(200)).redacted() == Exchange(request, HttpResponse(200))
