"""`@conformance.cases`: a parametrized test, a case for each request of a document."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.notes import DOCUMENT, Notes
from dynclient import Client, conformance
from dynclient.transport import ASGITransport

TESTS = """
from dynclient import conformance


@conformance.cases("notes.json", unsafe=True, exclude=["delete_*"], examples=2)
def test_it(case, conformance_client):
    assert case.call(conformance_client).status < 500
"""
ROOT = Path(__file__).parents[2]


def ran(folder: Path, *faults: str) -> subprocess.CompletedProcess[str]:
    (folder / "notes.json").write_text(json.dumps(DOCUMENT))
    (folder / "test_notes.py").write_text(TESTS)
    service = f"from conformance.notes import Notes\napp = Notes(*{faults!r}).app\n"
    (folder / "service.py").write_text(service)
    known = os.pathsep.join(map(str, (folder, ROOT / "tests", ROOT)))
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", "test_notes.py"]
    command += ["-p", "no:dynclient_conformance", "-p", "dynclient.conformance.plugin"]
    options = ["--conformance-spec=notes.json", "--conformance-app=service:app"]
    return subprocess.run(
        [*command, *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": known, "DYNCLIENT_AUTH_KEY": "mine"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_each_operation_has_its_cases(tmp_path):
    done = ran(tmp_path, "credential-not-enforced")
    for name in ("create_note-example-1", "list_notes-made-1", "get_note-made-1", "put_note-made-"):
        assert name in done.stdout
    assert "delete_note" not in done.stdout.partition("conformance")[0]


def test_what_breaks_the_document_fails_its_case(tmp_path):
    document_fault = ran(tmp_path, "credential-not-enforced", "type")
    assert document_fault.returncode == 1, document_fault.stdout


def names(**settings) -> list[str]:
    mark = conformance.cases(DOCUMENT, **settings).mark
    return [parameter.id for parameter in mark.args[1]]


def test_cases_are_those_that_were_asked_for():
    assert {name.partition("-")[0] for name in names()} == {"list_notes", "get_note"}
    assert "create_note-example-1" in names(unsafe=True, only=["create_*"])
    assert len(names(only=["get_note"], examples=2)) <= 2
    assert names(seed=1) == names(seed=1)
    with pytest.raises(ValueError, match="leaves no case"):
        names(only=["create_note"])


def test_a_case_is_sent_to_the_client_of_the_test():

    (parameter,) = conformance.cases(
        DOCUMENT, unsafe=True, only=["create_note"], examples=1
    ).mark.args[1]
    (case,) = parameter.values
    client = Client(
        DOCUMENT,
        base_url="http://notes.test",
        auth={"Key": "mine"},
        transport=ASGITransport(Notes().app),
    )
    response = case.call(client)
    assert response.status == 201
    assert response.data["text"] == "milk"
