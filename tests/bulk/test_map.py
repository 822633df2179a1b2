"""`client.map`: every row once, its fate on record, whoever makes the calls."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from bulk.programs import DOCUMENT, Things, rows
from dynclient import AsyncClient, Client, UnknownOperation
from dynclient.bulk.journal import FileJournal, JournalError
from dynclient.bulk.parts import Part, TakenOver
from dynclient.bulk.results import Results, RowResult
from dynclient.commands import Send, Wait
from dynclient.transport import MockTransport

PROGRAM = Path(__file__).with_name("programs.py")


@pytest.fixture
def things() -> Iterator[Things]:
    served = Things()
    yield served
    served.server.close()


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "run.jsonl"


def mapped(
    kind: str, things: Things, given: Any, operation: str = "make", **options: Any
) -> Results:
    """The results of `map` by one of the two clients."""
    if kind == "sync":
        with Client(DOCUMENT, base_url=things.url) as client:
            return client.map(operation, given, **options)

    async def work() -> Results:
        async with AsyncClient(DOCUMENT, base_url=things.url) as client:
            return await client.map(operation, given, **options)

    return asyncio.run(work())


def lines(journal: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in journal.read_text().splitlines()]


BOTH = pytest.mark.parametrize("kind", ["sync", "async"])


@BOTH
def test_every_row_is_sent_once_and_results_are_in_the_order_of_the_rows(
    things: Things, kind: str
) -> None:
    results = mapped(kind, things, rows(200))
    assert [(each.row, each.data) for each in results] == [(n, {"made": n}) for n in range(200)]
    assert (results.answered, results.failed, results.unknown, len(results)) == (200, 0, 0, 200)
    assert set(things.made.values()) == {1}
    assert repr(results) == "<Results of 200 rows: 200 answered, 0 failed, 0 unknown>"


@BOTH
def test_so_many_calls_are_under_way_and_no_more(kind: str) -> None:
    things = Things(slow=0.02)
    mapped(kind, things, rows(40), workers=4)
    things.server.close()
    assert 2 <= things.most_busy <= 4


@BOTH
def test_rows_are_taken_when_a_worker_is_free(things: Things, kind: str) -> None:
    taken: list[int] = []
    most = 0

    def given() -> Iterator[dict[str, Any]]:
        nonlocal most
        for row in rows(300):
            taken.append(row["n"])
            most = max(most, len(taken) - sum(things.made.values()))
            yield row

    mapped(kind, things, given(), workers=3)
    assert len(taken) == 300
    assert most <= 4


@BOTH
def test_a_call_that_fails_is_a_result(things: Things, kind: str) -> None:
    found = mapped(kind, things, [{"n": 2}, {"n": 3}, {"n": "x"}, {"m": 1}], "look")
    two, three, text, stranger = found
    assert (two.outcome, two.status, two.data) == ("answered", 200, {"made": 2})
    assert (three.outcome, three.status, three.data) == ("failed", 404, {"none": True})
    assert three.error.startswith("NotFound: ")
    assert text.outcome == "failed"
    assert "must be of type integer" in text.error
    assert "no argument 'm'" in stranger.error


@BOTH
def test_a_request_that_was_never_answered_is_of_unknown_fate_unless_it_may_be_repeated(
    kind: str,
) -> None:
    things = Things(hang_up_at=frozenset({1}))
    made = list(mapped(kind, things, rows(3)))
    assert [each.outcome for each in made] == ["answered", "unknown", "answered"]
    assert made[1].error.startswith("ConnectionBroken: ")
    looked = list(mapped(kind, things, [{"n": 0}, {"n": 1}], "look"))
    assert [each.outcome for each in looked] == ["answered", "failed"]
    things.server.close()


def test_what_was_never_sent_has_failed(journal: Path) -> None:
    client = Client(DOCUMENT, base_url="http://127.0.0.1:9")
    (result,) = client.map("make", rows(1))
    assert (result.outcome, result.error[:14]) == ("failed", "ConnectError: ")


@BOTH
def test_what_concerns_all_rows_is_raised(things: Things, kind: str) -> None:
    with pytest.raises(UnknownOperation):
        mapped(kind, things, rows(1), "mak")
    with pytest.raises(TypeError, match="row 1 is a list: a row is a mapping"):
        mapped(kind, things, [{"n": 1}, ["n", 2]])

    def broken() -> Iterator[dict[str, Any]]:
        yield {"n": 1}
        raise OSError("the disk of the rows")

    with pytest.raises(OSError, match="the disk of the rows"):
        mapped(kind, things, broken())


@BOTH
def test_progress_gets_every_result_and_ends_the_run_if_it_raises(
    things: Things, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[RowResult] = []
    mapped(kind, things, rows(20), progress=told.append)
    assert sorted(each.row for each in told) == list(range(20))

    def stop(result: RowResult) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        mapped(kind, things, rows(20), progress=stop)
    mapped(kind, things, rows(20), progress=True)
    assert "20 answered" in capsys.readouterr().err


def test_asynchronous_rows_and_thousands_of_tasks(things: Things) -> None:
    async def given() -> AsyncIterator[dict[str, Any]]:
        for row in rows(3000):
            await asyncio.sleep(0)
            yield row

    transport = MockTransport(lambda request: MockTransport.response({}, 201))

    async def work() -> Results:
        async with AsyncClient(DOCUMENT, base_url=things.url, transport=transport) as client:
            return await client.map("make", given(), workers=2000)

    assert asyncio.run(work()).answered == 3000


# ── the journal ──────────────────────────────────────────────────────────────────────────────────


@BOTH
def test_the_journal_has_a_line_for_every_row(things: Things, kind: str, journal: Path) -> None:
    results = mapped(kind, things, rows(50), journal=journal)
    assert sorted(each.row for each in results) == list(range(50))
    assert sorted(line["row"] for line in lines(journal)) == list(range(50))
    assert set(lines(journal)[0]) == {"row", "of", "outcome", "status", "data"}
    assert journal.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in journal.parent.iterdir()] == ["run.jsonl"]  # no claims are left


@BOTH
def test_a_run_is_resumed_without_sending_a_row_again(
    things: Things, kind: str, journal: Path
) -> None:
    mapped(kind, things, rows(30), journal=journal)
    results = mapped(kind, things, rows(60), journal=journal)
    assert set(things.made.values()) == {1}
    assert (len(things.made), results.answered) == (60, 60)


def test_rows_of_one_outcome_are_sent_again_if_asked_for(journal: Path) -> None:
    things = Things(hang_up_at=frozenset({1}))
    assert mapped("sync", things, rows(3), journal=journal).unknown == 1
    things.server.close()
    again = Things()
    results = mapped("sync", again, rows(3), journal=journal, repeat={"unknown"})
    again.server.close()
    assert again.made == {1: 1}
    assert (results.answered, results.unknown, len(results)) == (3, 0, 3)
    assert sorted((each.row, each.outcome) for each in results) == [
        (n, "answered") for n in range(3)
    ]
    assert [line["row"] for line in lines(journal)].count(1) == 2  # what was on record stays
    with pytest.raises(ValueError, match="give outcomes, of 'answered', 'failed', 'unknown'"):
        Client(DOCUMENT).map("make", rows(3), repeat={"lost"})  # type: ignore[arg-type]


def test_other_rows_or_another_operation_do_not_fit_the_journal(
    things: Things, journal: Path
) -> None:
    mapped("sync", things, rows(3), journal=journal)
    with pytest.raises(JournalError, match="row 0 is not the one that the journal has"):
        mapped("sync", things, [{"n": 7}], journal=journal)
    with pytest.raises(JournalError, match="row 0 is not"):
        mapped("sync", things, rows(3), "look", journal=journal)
    assert mapped("sync", things, rows(3), journal=journal).answered == 3


@pytest.mark.parametrize("text", ["hello\n", '{"row": 0}\n', '{"row": -1, "of": "1"}\n', "[]\n"])
def test_a_file_that_is_no_journal_stays_as_it_is(things: Things, journal: Path, text: str) -> None:
    journal.write_text(text)
    with pytest.raises(JournalError, match=r"run\.jsonl is not a journal of this package"):
        mapped("sync", things, rows(1), journal=journal)
    assert journal.read_text() == text
    assert not things.made


def test_a_journal_is_written_by_one_run_at_a_time(things: Things, journal: Path) -> None:
    first = FileJournal(journal)
    with pytest.raises(JournalError, match=r"run\.jsonl is in use"):
        mapped("sync", things, rows(1), journal=journal)
    first.close(finished=True)
    assert mapped("sync", things, rows(1), journal=journal).answered == 1


def test_a_journal_that_cannot_be_opened_says_why(things: Things, tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="can't be used as a journal: No such file"):
        mapped("sync", things, rows(1), journal=tmp_path / "none" / "run.jsonl")


def test_a_cut_last_line_is_dropped_and_its_row_is_of_unknown_fate(
    things: Things, journal: Path
) -> None:
    first = FileJournal(journal)
    for number, row in enumerate(rows(2)):
        assert first.begins(number, FINGERPRINTS[row["n"]], repeatable=False)
        first.claim(number)
    first.end(RowResult(0, "answered", 201, {"made": 0}))
    first.close(finished=False)
    with journal.open("a") as file:
        file.write('{"row": 1, "of"')
    results = mapped("sync", things, rows(3), journal=journal)
    assert things.made == {2: 1}
    assert [(each.row, each.outcome) for each in results] == [
        (0, "answered"),
        (1, "unknown"),
        (2, "answered"),
    ]


def test_a_body_of_bytes_comes_back_as_bytes(journal: Path) -> None:
    first = FileJournal(journal)
    first.begins(0, 1, repeatable=True)
    first.end(RowResult(0, "answered", 200, b"\x00\xff"))
    first.close(finished=True)
    second = FileJournal(journal)
    assert [each.data for each in second.results()] == [b"\x00\xff"]
    second.close(finished=True)


def test_a_row_that_waits_is_not_claimed_before_it_is_sent(journal: Path) -> None:
    from dynclient.bulk.batch import Taken, row_steps
    from dynclient.messages import HttpRequest

    told: list[str] = []

    class Kept:
        def claim(self, row: int) -> None:
            told.append(f"claim {row}")

        def end(self, result: RowResult) -> None:
            told.append(result.outcome)

    def call(row: Any) -> Any:
        yield Wait(60, "its turn")
        yield Send(HttpRequest("POST", "http://h.test/"))

    steps = row_steps(call, Kept(), Taken(4, {}), repeatable=False)
    assert isinstance(next(steps), Wait)
    assert told == []
    assert isinstance(steps.send(None), Send)
    assert told == ["claim 4"]


# ── kills ────────────────────────────────────────────────────────────────────────────────────────


def start(things: Things, journal: Path, count: int) -> subprocess.Popen[bytes]:
    tests = str(PROGRAM.parent.parent)
    path = os.pathsep.join([tests, str(PROGRAM.parents[2]), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, str(PROGRAM), things.url, str(journal), str(count), "4"],
        env={**os.environ, "PYTHONPATH": path},
    )


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_was_killed_is_resumed_and_no_row_is_sent_twice(
    journal: Path, how: signal.Signals
) -> None:
    things = Things(slow=0.002)
    for sent in (20, 60, 110):
        process = start(things, journal, 200)
        while len(things.made) < sent and process.poll() is None:
            time.sleep(0.002)
        process.send_signal(how)
        process.wait(30)
    results = mapped("sync", things, rows(200), journal=journal)
    things.server.close()
    assert set(things.made.values()) == {1}
    assert sorted(line["row"] for line in lines(journal)) == list(range(200))
    assert results.answered + results.unknown == 200
    assert results.unknown <= (12 if how == signal.SIGKILL else 0)


def test_cancelling_leaves_the_rows_under_way_of_unknown_fate(journal: Path) -> None:
    things = Things(slow=0.3)

    async def work() -> None:
        async with AsyncClient(DOCUMENT, base_url=things.url) as client:
            task = asyncio.create_task(client.map("make", rows(100), workers=3, journal=journal))
            while len(things.made) < 3:
                await asyncio.sleep(0.005)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(work())
    seen = set(things.made)
    results = mapped("async", things, rows(8), journal=journal)
    things.server.close()
    assert set(things.made.values()) == {1}
    assert {each.row for each in results if each.outcome == "unknown"} == seen


# ── executors ────────────────────────────────────────────────────────────────────────────────────


def test_an_executor_of_processes_makes_the_calls(things: Things, journal: Path) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("forkserver")) as pool:
        results = mapped("sync", things, rows(100), journal=journal, executor=pool, chunk=7)
    assert (results.answered, set(things.made.values())) == (100, {1})
    assert [each.name for each in journal.parent.iterdir()] == ["run.jsonl"]


def test_an_executor_needs_a_journal_and_a_client_that_can_be_pickled(
    things: Things, journal: Path
) -> None:
    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(ValueError, match="executor= needs journal="):
            mapped("sync", things, rows(1), executor=pool)
        client = Client(DOCUMENT, auth={}, observers=[lambda event: None], base_url=things.url)
        with pytest.raises(TypeError, match="a client that can be pickled"):
            client.map("make", rows(1), executor=pool, journal=journal)


def test_what_concerns_all_rows_is_raised_from_a_worker(things: Things, journal: Path) -> None:
    document = json.loads(json.dumps(DOCUMENT))
    content = document["paths"]["/things"]["post"]["requestBody"]["content"]
    content["application/json"]["schema"] = {"$ref": "#/components/schemas/None"}
    from dynclient import DocumentError

    with (
        ThreadPoolExecutor(1) as pool,
        Client(document, base_url=things.url) as client,
        pytest.raises(DocumentError),
    ):
        client.map("make", rows(3), executor=pool, journal=journal)


def test_a_worker_that_dies_takes_no_row_with_it(journal: Path) -> None:
    things = Things(slow=0.02)
    context = get_context("forkserver")
    with ProcessPoolExecutor(2, mp_context=context) as pool:

        def kill() -> None:
            while len(things.made) < 10:
                time.sleep(0.005)
            os.kill(next(iter(pool._processes)), signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        with pytest.raises(RuntimeError, match=r"terminated abruptly|is broken|not usable"):
            mapped("sync", things, rows(100), journal=journal, executor=pool, chunk=10)
        killer.join()
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        results = mapped("sync", things, rows(100), journal=journal, executor=pool, chunk=10)
    things.server.close()
    assert set(things.made.values()) == {1}
    assert results.answered + results.unknown == len(results) == 100
    assert 1 <= results.unknown <= 2


def test_the_first_owner_of_a_chunk_stops_when_another_took_it_over(tmp_path: Path) -> None:
    path = tmp_path / "x.part"
    Part.create(path, {0: 11, 1: 12, 2: 13})
    first = Part(path)
    first.claim(0)
    first.end(RowResult(0, "answered", 200, {"a": 1}))
    first.claim(1)
    second = Part(path)
    assert (second.marks, second.lost) == ({0: 11, 1: 12, 2: 13}, {1})
    assert second.results == {0: RowResult(0, "answered", 200, {"a": 1})}
    with pytest.raises(TakenOver):
        first.end(RowResult(1, "answered", 200, None))
    with pytest.raises(TakenOver):
        first.claim(2)
    second.claim(2)
    second.end(RowResult(2, "failed", error="x"))
    second.remove()
    first.close()
    assert not path.exists()


def fingerprints() -> dict[int, int]:
    from dynclient.bulk.journal import fingerprint

    return {n: fingerprint("make", {"n": n}) for n in range(3)}


FINGERPRINTS = fingerprints()
