"""Generated runs: every fault is found, nothing is blamed on a service that has none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance.notes import DOCUMENT, FAULTS, Notes
from conformance.serving import served
from dynclient import Client, ConnectError, DynclientError
from dynclient.cli.program import program
from dynclient.conformance import Bounds, RunResult, replay, run
from dynclient.conformance.runs.cases import CaseError, save_case
from dynclient.transport import ASGITransport

OTHERS = [{"Key": "yours"}]


def client_of(notes: Notes, document: dict = DOCUMENT, **settings) -> Client:
    settings.setdefault("auth", {"Key": "mine"})
    return Client(
        document, base_url="http://notes.test", transport=ASGITransport(notes.app), **settings
    )


def codes(result: RunResult) -> set[str]:
    return {group.key.code for group in result.tally.groups()}


def short(**more) -> Bounds:
    return Bounds(examples=6, seconds=120, **more)


def test_a_service_without_a_fault_is_not_blamed():
    notes = Notes()
    result = run(client_of(notes), short(unsafe=True), others=OTHERS)
    assert codes(result) == set()
    assert result.tally.untouched(DOCUMENT["paths"]) is not None
    assert set(result.tally.operations) == {
        *("list_notes", "create_note", "get_note", "put_note", "delete_note")
    }
    assert not result.timed_out


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found(fault):
    result = run(client_of(Notes(fault)), short(unsafe=True), others=OTHERS)
    assert FAULTS[fault] in codes(result)


def test_by_default_nothing_is_changed():
    notes = Notes()
    before = dict(notes.notes)
    result = run(client_of(notes), short())
    assert notes.notes == before
    assert set(notes.asked) <= {"GET", "HEAD", "OPTIONS"}
    assert set(result.tally.operations) == {"list_notes", "get_note"}


def test_ids_are_learnt_from_what_came_before():
    result = run(client_of(Notes()), short())
    assert result.tally.statuses["get_note", 200] > 0


def test_a_failure_is_made_smaller():
    result = run(client_of(Notes("server-error")), short(only=["list_notes"]))
    (key,) = [key for key in result.cases if key.code == "DC401"]
    case, _ = result.cases[key]
    assert case.request.url.endswith("limit=10")


def test_operations_are_chosen():
    result = run(client_of(Notes()), short(only=["*_note*"], exclude=["get_*"]))
    assert set(result.tally.operations) == {"list_notes"}
    with pytest.raises(DynclientError, match="no operation is left to call"):
        run(client_of(Notes()), short(only=["create_note"]))


def test_the_same_seed_makes_the_same_requests():
    seen = []
    for seed in (1, 1, 2):
        asked: list[str] = []
        bounds = short(only=["list_notes"], seed=seed)
        run(client_of(Notes()), bounds, told=lambda case, into=asked: into.append(case.request.url))
        seen.append(asked)
    assert seen[0] == seen[1]
    assert seen[0] != seen[2]


def test_the_time_ends_it():
    result = run(client_of(Notes()), Bounds(examples=10_000, seconds=1.0))
    assert result.timed_out
    assert result.sent


def test_a_service_that_is_not_there_ends_it():
    client = Client(DOCUMENT, base_url="http://127.0.0.1:9", auth={"Key": "mine"})
    with pytest.raises(ConnectError):
        run(client, short())


@pytest.mark.parametrize("wrong", [{"examples": 0}, {"seconds": 0}])
def test_bounds_that_bound_nothing_are_refused(wrong):
    with pytest.raises(ValueError, match="1 example or more"):
        Bounds(**wrong)


def test_an_operation_that_schemathesis_cannot_see_is_called_all_the_same():
    document = {
        **DOCUMENT,
        "openapi": "3.2.0",
        "paths": {
            "/notes": {
                "additionalOperations": {
                    "SEARCH": {"operationId": "search", "responses": {"405": {"description": ""}}}
                }
            }
        },
    }
    result = run(client_of(Notes(), document), short(unsafe=True))
    assert result.tally.operations["search"] >= 1
    assert "search" in result.skipped


# ── cases ────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def failure(tmp_path):
    """The file of a case that shows DC402."""
    result = run(client_of(Notes("wrong-input-accepted")), short(only=["list_notes"]))
    key = next(key for key in result.cases if key.code == "DC402")
    case, exchange = result.cases[key]
    return save_case(tmp_path, "a", key.code, case, exchange, "http://notes.test")


def test_a_case_is_repeated(failure):
    (again,) = replay(client_of(Notes("wrong-input-accepted")), failure)
    assert again.shows
    (mended,) = replay(client_of(Notes()), failure)
    assert not mended.found
    assert "mine" not in failure.read_text()


@pytest.mark.parametrize(
    ("text", "match"),
    [("", "is no case"), ("{}", 'is no case: "dynclient"'), ('{"dynclient": "case/1"}', "no case")],
)
def test_another_file_is_no_case(tmp_path, text, match):
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(CaseError, match=match):
        replay(client_of(Notes()), path)
    with pytest.raises(CaseError, match="can't be read"):
        replay(client_of(Notes()), tmp_path / "none.json")


# ── the command line ─────────────────────────────────────────────────────────────────────────


@pytest.fixture
def spec(tmp_path):
    path = tmp_path / "notes.json"
    path.write_text(json.dumps(DOCUMENT))
    return str(path)


def conform(*arguments: str):
    return CliRunner().invoke(program, ["conform", *arguments])


def test_a_run_in_process_writes_cases_and_reports(spec, tmp_path):
    where = ("--spec", spec, "--app", "conformance.notes:app", "--auth", "Key=mine")
    folder, ledger = tmp_path / "cases", tmp_path / "drift.db"
    options = ("--cases", str(folder), "--ledger", str(ledger), "--examples", "5")
    done = conform("run", *where, *options, "--format", "json")
    assert done.exit_code == 1, done.stderr
    found = json.loads(done.stdout)["findings"]
    assert {each["code"] for each in found} == {"DC402"}
    assert "requests sent" in done.stderr
    assert "client.send(HttpRequest('GET'" in done.stderr
    cases = sorted(map(str, folder.iterdir()))
    done = conform("replay", *cases, *where)
    assert done.exit_code == 1
    assert "DC402 served with 200" in done.stdout
    done = conform("report", str(ledger), "--spec", spec)
    assert "DC402 wrong-input-accepted" in done.stdout


@pytest.mark.long
def test_a_case_becomes_a_test_of_its_own(spec, tmp_path, failure):
    path = tmp_path / "test_case.py"
    for fault, code in (("wrong-input-accepted", 1), ("", 0)):
        with served(Notes(fault).app) as url:
            done = conform("pytest", str(failure), "--spec", spec, "--url", url, "-o", str(path))
            assert done.exit_code == 0, done.stderr
            ran = subprocess.run(
                [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(path)],
                env={**os.environ, "DYNCLIENT_AUTH_KEY": "mine"},
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=False,
            )
        assert ran.returncode == code, ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (("--app", "notes"), "give MODULE:ATTRIBUTE"),
        (("--app", "conformance.notes:none"), "none"),
        (("--app", "a:b", "--url", "http://a"), "exclude each other"),
    ],
)
def test_what_names_no_service_is_a_usage_error(spec, options, match):
    done = conform("run", "--spec", spec, *options)
    assert (done.exit_code, match in done.stderr) == (2, True)


def test_a_file_that_is_no_case_is_a_usage_error(spec, tmp_path):
    (tmp_path / "a.json").write_text("{}")
    done = conform(
        "replay", str(tmp_path / "a.json"), "--spec", spec, "--url", "http://127.0.0.1:9"
    )
    assert done.exit_code == 2
    assert Path(tmp_path / "a.json").exists()
