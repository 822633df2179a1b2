"""Verdicts added up: over calls, threads, processes and files."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from support import one_operation

from conformance.shop import GOOD, SHOP, exchange, listed
from dynclient import Client, Headers, HttpRequest, HttpResponse
from dynclient.cli.program import program
from dynclient.conformance import Exchange, Judge, Ledger, LedgerError, Tally, merge
from dynclient.conformance.coverage import Point, documented, seen_of
from dynclient.conformance.tally import Filter
from dynclient.transport import MockTransport

JUDGE = Judge(SHOP)
WRONG = exchange(data={**GOOD, "state": "lost"})


def added(ledger: Ledger, *found: Any) -> None:
    for each in found:
        ledger.add(JUDGE.check_exchange(each), each, JUDGE.operations)


def summary(tally: Tally) -> Any:
    groups = [(g.key.code, g.count, g.refused, g.taken, g.first, g.last) for g in tally.groups()]
    return dict(tally.exchanges), dict(tally.operations), sorted(groups)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "drift.db"


def test_what_is_added_is_there_after_a_restart(path: Path) -> None:
    refused = exchange("POST", "/orders?dry=true", 400, None, sent={}, at=50.0)
    taken = exchange("POST", "/orders?dry=true", 201, GOOD, sent={}, at=10.0)
    with Ledger(path) as ledger:
        added(ledger, exchange(at=5.0), refused, WRONG)
    with Ledger(path) as ledger:
        added(ledger, taken, WRONG, exchange(url="https://other.example"))
        found = summary(ledger.tally())
    assert found == (
        {"clean": 1, "violation": 4, "foreign": 1},
        {"getOrder": 3, "makeOrder": 2},
        [("DC120", 2, 1, 1, 10.0, 50.0), ("DC222", 2, 0, 0, 0.0, 0.0)],
    )


def test_an_example_is_kept_without_its_secrets(path: Path) -> None:
    with Ledger(path) as ledger:
        added(ledger, listed([{**GOOD, "state": "secret-key"}]))
        (group,) = ledger.tally().groups()
    assert group.example["request"]["url"].endswith("/orders")
    assert "secret-key" not in json.dumps(group.example) + group.curl + group.violation.message
    assert b"secret-key" not in path.read_bytes()


def test_it_reports_as_a_tally_does(path: Path) -> None:
    from dynclient.conformance.report import FORMATS, render

    tally = Tally()
    with Ledger(path) as ledger:
        for each in (exchange(), WRONG, WRONG, listed(target="/orders?limit=x")):
            added(ledger, each)
            tally.add(JUDGE.check_exchange(each), each)
        for form in FORMATS:
            given = (JUDGE.document, JUDGE.operations, form)
            assert render(ledger.tally(), *given) == render(tally, *given)


def test_a_client_counts_every_verdict(path: Path) -> None:
    def respond(request: Any) -> Any:
        return MockTransport.response({**GOOD, "state": "lost" if "/3" in request.url else "open"})

    with Ledger(path) as ledger:
        client = Client(SHOP, transport=MockTransport(respond), observers=[ledger], validate="warn")
        for number in range(6):
            client.call("getOrder", id=number)
        exchanges, operations, groups = summary(ledger.tally())
    assert (exchanges, operations) == ({"clean": 5, "violation": 1}, {"getOrder": 6})
    assert [group[:2] for group in groups] == [("DC222", 1)]


@pytest.mark.parametrize(("seconds", "written"), [(0.0, 3), (3600.0, 0)])
def test_clean_exchanges_are_written_in_time_too(path: Path, seconds: float, written: int) -> None:
    with Ledger(path, seconds=seconds) as ledger:
        transport = MockTransport(lambda _: MockTransport.response(GOOD))
        client = Client(SHOP, transport=transport, observers=[ledger])
        for number in range(3):
            client.call("getOrder", id=number)
        with sqlite3.connect(path) as other:
            (count,) = other.execute("SELECT coalesce(sum(count), 0) FROM calls").fetchone()
        other.close()
    assert count == written


def test_a_document_samples_whole_exchanges_and_what_they_cover(path: Path) -> None:
    with Ledger(path, document=SHOP, sample=0.5) as ledger:
        client = Client(
            SHOP,
            transport=MockTransport(lambda _: MockTransport.response(GOOD)),
            observers=[ledger],
        )
        for number in range(10):
            client.call("getOrder", id=number)
        covered = ledger.coverage()["getOrder"]
    assert covered[Point("enum value", '200 /state = "open"')] == 5
    assert covered[Point("parameter", "path.id")] == 5
    assert Point("enum value", '200 /state = "sent"') not in covered
    with pytest.raises(ValueError, match="sample=0"):
        Ledger(path, sample=0)


def test_coverage_knows_what_the_document_has() -> None:
    points = documented(JUDGE.operations["listOrders"])
    names = {point.name for point in points}
    assert {"200", "4XX", "query.limit", "200 application/json", "200 /*/lines/*/count"} <= names
    assert Counter(point.kind for point in points) == {
        "status": 2,
        "media type": 1,
        "parameter": 4,
        "property": 8,
        "enum value": 2,
    }
    verdict = JUDGE.check_exchange(listed([{**GOOD, "lines": [{"count": 1}], "other": 1}]))
    assert verdict.seen is not None
    seen = {each.name for each in seen_of(points, verdict.seen)}
    assert seen == {
        *("200", "200 application/json", "200 /*/id", "200 /*/state", '200 /*/state = "open"'),
        *("200 /*/lines", "200 /*/lines/*/count"),
    }


def test_a_recursive_schema_has_an_end() -> None:
    tree = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Tree"}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {
            "/t": {
                "get": {
                    "operationId": "t",
                    "responses": {
                        "200": {
                            "description": "it",
                            "content": {
                                "application/json": {
                                    "schema": {"$ref": "#/components/schemas/Tree"}
                                }
                            },
                        }
                    },
                }
            }
        },
        "components": {"schemas": {"Tree": tree}},
    }
    assert Point("property", "200 /next") in documented(Client(document).operations["t"])


# ── many writers ─────────────────────────────────────────────────────────────────────────────────


def test_threads_add_to_one(path: Path) -> None:
    with Ledger(path, batch=7) as ledger:
        threads = [threading.Thread(target=added, args=(ledger, *[WRONG] * 50)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert summary(ledger.tally())[0] == {"violation": 400}


PROGRAM = """
import sys, time
sys.path.insert(0, sys.argv[2])
from conformance.test_ledger import WRONG, added
from dynclient.conformance import Ledger

ledger = Ledger(sys.argv[1], batch=20)
added(ledger, *[WRONG] * 100)
ledger.flush()
print("done", flush=True)
if len(sys.argv) > 3:
    time.sleep(60)
"""


def start(path: Path, *more: str) -> subprocess.Popen[bytes]:
    tests = Path(__file__).parents[1]
    command = [sys.executable, "-c", PROGRAM, str(path), str(tests), *more]
    known = os.pathsep.join([str(tests), str(tests.parent)])
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": known}
    )


def test_processes_add_to_one_and_a_killed_one_loses_nothing_that_was_written(path: Path) -> None:
    running = [start(path) for _ in range(2)]
    for process in running:
        process.communicate(timeout=60)
    killed = start(path, "wait")
    assert killed.stdout is not None
    assert killed.stdout.readline() == b"done\n"
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    with Ledger(path) as ledger:
        assert summary(ledger.tally())[0] == {"violation": 300}


def test_what_a_program_forgot_to_close_is_written(path: Path) -> None:
    program = PROGRAM.replace("ledger.flush()", "")
    tests = Path(__file__).parents[1]
    known = os.pathsep.join([str(tests), str(tests.parent)])
    subprocess.run(
        [sys.executable, "-c", program, str(path), str(tests)],
        env={**os.environ, "PYTHONPATH": known},
        check=True,
        timeout=60,
    )
    with Ledger(path) as ledger:
        assert summary(ledger.tally())[0] == {"violation": 100}


def test_ledgers_are_merged(tmp_path: Path) -> None:
    one, two, both = (tmp_path / f"{name}.db" for name in ("one", "two", "both"))
    with Ledger(one) as ledger:
        added(ledger, WRONG, exchange(at=9.0))
    with Ledger(two) as ledger:
        added(ledger, WRONG, listed([{"id": 1}], at=3.0))
    merge(both, [one, two])
    other = tmp_path / "other.db"
    assert (
        CliRunner().invoke(program, ["conform", "merge", *map(str, (other, two, one))]).exit_code
        == 0
    )
    with Ledger(both) as ledger, Ledger(other) as turned:
        assert summary(ledger.tally()) == summary(turned.tally())
        assert summary(ledger.tally())[0] == {"violation": 3, "clean": 1}
        assert ledger.coverage() == turned.coverage()
        assert ledger.coverage()["getOrder"][Point("status", "200")] == 3


def test_its_size_is_bounded(path: Path) -> None:
    with Ledger(path, most=5) as ledger:
        for number in range(30):
            added(ledger, listed(target=f"/orders?odd{number}=1"))
        ledger.flush()
        added(ledger, listed(target="/orders?odd0=1"), listed(target="/orders?odd99=1"))
        tally = ledger.tally()
    assert len(tally.groups()) == 5
    assert tally.exchanges == {"violation": 32}


# ── what is none ─────────────────────────────────────────────────────────────────────────────────


def test_what_is_no_ledger_is_left_as_it_is(path: Path, tmp_path: Path) -> None:
    path.write_bytes(b"my only copy" * 100)
    with pytest.raises(LedgerError, match="can't be used as a ledger: file is not a database"):
        Ledger(path)
    assert path.read_bytes() == b"my only copy" * 100
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE mine (a)")
    connection.close()
    with pytest.raises(LedgerError, match="is a SQLite file of another program"):
        Ledger(foreign)
    newer = tmp_path / "newer.db"
    Ledger(newer).close()
    with sqlite3.connect(newer) as connection:
        connection.execute("PRAGMA user_version=9")
    connection.close()
    with pytest.raises(LedgerError, match="is a ledger of version 9, and this one reads version 1"):
        Ledger(newer)
    with pytest.raises(LedgerError, match="unable to open"):
        Ledger(tmp_path / "none" / "x.db")
    target = tmp_path / "target.db"
    with pytest.raises(LedgerError, match="there is no such file"):
        merge(target, [tmp_path / "nowhere.db"])


def test_the_command_line_reports_a_ledger(path: Path, tmp_path: Path) -> None:
    spec = tmp_path / "shop.json"
    spec.write_text(json.dumps(SHOP))
    with Ledger(path) as ledger:
        added(ledger, WRONG, exchange())
    run = CliRunner()
    found = run.invoke(program, ["conform", "report", str(path), "--spec", str(spec), "--coverage"])
    assert found.exit_code == 1
    assert "error DC222 enum, 1 times: getOrder" in found.stdout
    assert 'not seen: enum value 200 /state = "sent"' in found.stderr
    assert Filter(min_severity="error").takes(JUDGE.check_exchange(WRONG).findings[0])


def test_the_example_has_its_body_and_not_what_only_the_document_calls_secret():
    document = one_operation(
        parameters=[
            {
                "name": "nick",
                "in": "query",
                "schema": {"type": "string", "format": "password"},
            }
        ],
        responses={
            "200": {
                "description": "",
                "content": {"application/json": {"schema": {"type": "object"}}},
            }
        },
        components={
            "securitySchemes": {"Odd": {"type": "apiKey", "in": "header", "name": "X-Odd"}}
        },
    )
    judge, tally = Judge(document, base_url="http://a.example"), Tally(Filter())
    fields = Headers({"X-Odd": "pl4nted-1"})
    asked = HttpRequest("GET", "http://a.example/thing?nick=pl4nted-2", fields, None)
    given = HttpResponse(200, Headers({"Content-Type": "application/json"}), b"[7]")
    for each in (Exchange(asked, given), Exchange(replace(asked, method="PUT"), given)):
        tally.add(judge.check_exchange(each), each)
    examples = json.dumps([group.example for group in tally.groups()])
    assert len(tally.groups()) == 2
    assert examples.count("[7]") == 2
    assert "pl4nted-1" not in examples
    assert examples.count("pl4nted-2") == 1  # a method that is not declared has no parameters
