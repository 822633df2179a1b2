"""What was accepted is kept: through kills, full disks and services that share a database."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from emulator_support import BELL, ENDLESS, Api, until
from kills import kill_often
from load import under_load

from dynclient import emulator
from dynclient.emulator.state.database import DatabaseError, DatabaseInUse, open_database
from dynclient.emulator.state.queue import MAX_ATTEMPTS, Queue
from dynclient.emulator.state.tables import jobs, services

ONE = {"pubs": [[BELL, None, 4]]}


@pytest.mark.long
def test_no_accepted_job_is_lost_or_doubled_by_kills(tmp_path: Path) -> None:
    tally = kill_often(tmp_path, kills=6, seed=1)
    assert tally.kills == 6
    assert tally.accepted
    assert (tally.lost, tally.doubled, tally.integrity) == (0, 0, "ok")
    assert set(tally.statuses) == {"Completed"}


# ── SQLite ───────────────────────────────────────────────────────────────────────────────────


def test_a_second_service_on_a_file_refuses_and_names_the_first(tmp_path: Path) -> None:
    db = tmp_path / "jobs.sqlite"
    with (
        emulator.run(db=db),
        pytest.raises(DatabaseInUse, match=f"process {os.getpid()}"),
        emulator.run(db=db),
    ):
        pass
    with emulator.run(db=db):
        pass


HOLD = """
import sys, time
from dynclient import emulator
emulator.serve(db=sys.argv[1], on_ready=lambda url: print(url, flush=True))
"""


def test_the_lock_of_a_file_dies_with_its_process(tmp_path: Path) -> None:
    db = tmp_path / "jobs.sqlite"
    command = [sys.executable, "-c", HOLD, str(db)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("http")
        with pytest.raises(DatabaseInUse, match=f"process {process.pid}"), emulator.run(db=db):
            pass
        process.send_signal(signal.SIGKILL)
        process.wait()
    with emulator.run(db=db):
        pass


def test_a_folder_that_cannot_be_written_is_an_error_that_names_it() -> None:
    with (
        pytest.raises(DatabaseError, match=r"/proc/jobs\.sqlite can't be used"),
        emulator.run(db="/proc/jobs.sqlite"),
    ):
        pass


def test_a_file_of_another_version_is_an_error_that_says_so(tmp_path: Path) -> None:
    db = tmp_path / "jobs.sqlite"
    with sqlite3.connect(db) as connection:
        connection.execute("CREATE TABLE jobs (seq INTEGER PRIMARY KEY, id TEXT)")
    connection.close()
    with pytest.raises(DatabaseError, match="another version made it"), emulator.run(db=db):
        pass


@pytest.fixture
def small_disk() -> Iterator[Callable[[int | None], None]]:
    """Lets every SQLite database grow by so many pages of 4 KiB, or as it likes."""
    bound: list[int | None] = [None]

    def limit(connection: Any, _record: Any, _proxy: Any = None) -> None:
        if isinstance(connection, sqlite3.Connection):
            pages = bound[0]
            used = connection.execute("PRAGMA page_count").fetchone()[0]
            most = 2**30 if pages is None else used + pages
            connection.execute(f"PRAGMA max_page_count={most}").close()

    def choose(pages: int | None) -> None:
        bound[0] = pages

    sa.event.listen(sa.pool.Pool, "checkout", limit)
    yield choose
    sa.event.remove(sa.pool.Pool, "checkout", limit)


def test_when_the_disk_is_full_nothing_is_lost_and_work_goes_on_when_there_is_room(
    api_for: Callable[[str], Api], small_disk: Callable[[int | None], None]
) -> None:
    with emulator.run(workers=1) as url:
        api = api_for(url)
        running = api.submit({"pubs": [[BELL, None, 50_000]] * 4})
        waiting = [api.submit(ONE) for _ in range(2)]
        until(lambda: api.job(running)["status"] == "Running", "start")
        small_disk(0)
        body = {"program_id": "sampler", "backend": "ibm_fez", "params": ONE, "tags": ["x" * 80]}
        send = partial(api._session.post, f"{url}/v1/jobs", json=body, timeout=30)
        refused = until(
            lambda: (r := send()).status_code == 507 and r.json(), "the disk to be full"
        )
        assert "full" in refused["errors"][0]["message"]
        api("GET", "/v1/jobs?limit=1", 200)
        small_disk(None)
        for job_id in [running, *waiting]:
            assert api.ended(job_id)["status"] == "Completed"
        api.close()


# ── the queue itself ─────────────────────────────────────────────────────────────────────────


def row(job_id: str, **more: Any) -> dict[str, Any]:
    return {
        "id": job_id, "instance": "i", "user_id": "u", "program": "sampler", "backend": "b",
        "tags": [], "cost": 1, "log_level": "info", "private": False, "status": "Queued",
        "created": "2026", "due": "2026", "attempts": 0, "result_read": False, **more,
    }  # fmt: skip


def test_a_job_that_ended_the_service_too_often_fails_in_the_end(tmp_path: Path) -> None:
    with open_database(tmp_path / "jobs.sqlite") as database:
        with database.engine.begin() as connection:
            connection.execute(sa.insert(jobs).values(row("j")))
        for _ in range(MAX_ATTEMPTS):
            service = Queue(database, "a service that dies")
            assert service.begin("j")
            service.note_attempt("j")
            Queue(database, "the next").recover()
        with database.engine.connect() as connection:
            job = connection.execute(sa.select(jobs)).mappings().one()
    assert job["status"] == "Failed"
    assert f"ended {MAX_ATTEMPTS} times" in job["reason"]


def test_a_service_that_lost_a_job_cannot_store_its_result(tmp_path: Path) -> None:
    with open_database(tmp_path / "jobs.sqlite") as database:
        with database.engine.begin() as connection:
            connection.execute(sa.insert(jobs).values(row("j")))
        slow, quick = Queue(database, "slow"), Queue(database, "quick")
        assert slow.begin("j")
        quick.recover()
        assert quick.begin("j")
        assert not slow.finish("j", "Completed", result="slow")
        assert quick.finish("j", "Completed", result="quick")
        assert not quick.finish("j", "Completed", result="again")


# ── PostgreSQL ───────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    """The URL of an empty database on a server of its own."""
    pytest.importorskip("psycopg")
    programs = [Path("/usr/lib/postgresql"), Path("/opt/homebrew/bin"), Path("/usr/local/bin")]
    found = [each for place in programs for each in sorted(place.rglob("initdb"))]
    if not found or not shutil.which("runuser"):
        pytest.skip("no PostgreSQL server here")
    binaries = found[-1].resolve().parent
    folder = Path(tempfile.mkdtemp(prefix="dynclient-pg-"))
    prefix: list[str] = []
    if os.geteuid() == 0:  # it refuses to run as root
        shutil.chown(folder, "postgres")
        prefix = ["runuser", "-u", "postgres", "--"]
    data = folder / "data"

    def run(program: str, *arguments: str) -> None:
        command = [*prefix, str(binaries / program), *arguments]
        subprocess.run(command, check=True, capture_output=True, timeout=60, cwd=folder)

    try:
        run("initdb", "-D", str(data), "--no-sync", "-A", "trust", "-U", "postgres")
        options = f"-k {folder} -c listen_addresses=''"
        run("pg_ctl", "-D", str(data), "-w", "-o", options, "-l", str(folder / "log"), "start")
        try:
            yield f"postgresql://postgres@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def test_services_that_share_a_database_share_the_queue_and_run_no_job_twice(
    postgresql: str, api_for: Callable[[str], Api]
) -> None:
    with emulator.run(db=postgresql) as first, emulator.run(db=postgresql) as second:
        one, two = api_for(first), api_for(second)
        made = [api.submit(ONE, tags=["shared"]) for api in (one, two) for _ in range(6)]
        for job_id in made:
            assert two.ended(job_id)["status"] == "Completed"
            assert one("GET", f"/v1/jobs/{job_id}/results", 200).json()["results"]
        page = one("GET", "/v1/jobs?tags=shared", 200).json()
        assert page["count"] == len(made)
        assert one("GET", "/v1/tags?type=job&search=HAR", 200).json()["tags"] == ["shared"]
        one.close()
        two.close()
    engine = sa.create_engine(postgresql.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        found = connection.execute(sa.select(jobs.c.owner, jobs.c.attempts)).all()
    engine.dispose()
    assert {attempts for _, attempts in found} == {1}


def test_a_job_that_runs_on_one_service_can_be_cancelled_on_the_other(
    postgresql: str, api_for: Callable[[str], Api]
) -> None:
    with emulator.run(db=postgresql) as first:
        one = api_for(first)
        job_id = one.submit({"pubs": [[ENDLESS]]})
        until(lambda: one.job(job_id)["status"] == "Running", "start")
        with emulator.run(db=postgresql) as second:
            two = api_for(second)
            two("POST", f"/v1/jobs/{job_id}/cancel", 204)
            two.close()
        log = f"/v1/jobs/{job_id}/logs"
        until(lambda: "while it ran" in one("GET", log, 200).text, "the first to notice")
        one.close()


def test_jobs_of_a_service_without_a_sign_of_life_are_run_by_the_others(
    postgresql: str, api_for: Callable[[str], Api]
) -> None:
    with open_database(postgresql) as database, database.engine.begin() as connection:
        connection.execute(sa.insert(services).values(id="dead", seen="2020"))
        connection.execute(
            sa.insert(jobs).values(
                row(
                    "orphan", instance=emulator.CRN, backend="ibm_fez", params=ONE,
                    status="Running", running="2026-01-01T00:00:00.000000Z", owner="dead",
                    created="2026-01-01T00:00:00.000000Z", cost=60,
                )
            )
        )  # fmt: skip
    with emulator.run(db=postgresql) as url:
        api = api_for(url)
        assert api.ended("orphan")["status"] == "Completed"
        api.close()


# ── load ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.long
def test_a_long_queue_and_many_clients_make_no_errors_and_take_little_memory() -> None:
    figures = under_load(jobs=300, clients=16, seconds=6)
    assert figures.errors == 0
    assert figures.requests >= 2 * 16
    assert figures.memory_after < figures.memory_before + (200 << 20)
