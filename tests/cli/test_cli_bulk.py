"""`dynclient bulk`: rows of a file in, a line for each of them out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

DOCUMENT = {
    "openapi": "3.1.1",
    "info": {"title": "things", "version": "1"},
    "paths": {
        "/things/{id}": {
            "get": {
                "operationId": "look",
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}},
                    {"name": "deep", "in": "query", "schema": {"type": "boolean"}},
                ],
                "responses": {
                    "200": {"description": "it", "content": {"application/json": {"schema": {}}}}
                },
            }
        }
    },
}


@pytest.fixture
def files(tmp_path: Path, server: Any) -> Path:
    (tmp_path / "api.json").write_text(json.dumps(DOCUMENT))
    (tmp_path / "rows.jsonl").write_text('{"id": 1}\n\n{"id": 2, "deep": true}\n')
    (tmp_path / "rows.csv").write_text("id,deep\r\n1,\r\n2,true\r\n")
    server.json("GET /things/1", {"n": 1})
    server.json("GET /things/2", {"n": 2})
    return tmp_path


@pytest.fixture
def bulk(invoke: Callable[..., Result], files: Path, server: Any) -> Callable[..., Result]:
    def start(*arguments: str, **options: Any) -> Result:
        document, out = str(files / "api.json"), str(files / "out.jsonl")
        given = ["--doc", document, "--base-url", server.url, "-o", out]
        return invoke("bulk", *arguments, *given, **options)

    return start


def results(files: Path) -> dict[int, Any]:
    lines = map(json.loads, (files / "out.jsonl").read_text().splitlines())
    return {line["row"]: (line["outcome"], line["data"]) for line in lines}


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.csv"])
def test_rows_of_a_file_are_called_and_not_called_again(
    bulk: Callable[..., Result], files: Path, server: Any, name: str
) -> None:
    for _ in range(2):
        found = bulk("look", str(files / name))
        assert (found.exit_code, found.stderr) == (0, "2 rows: 2 answered, 0 failed, 0 unknown\n")
    assert sorted(each["path"] for each in server.requests) == ["/things/1", "/things/2?deep=true"]
    assert results(files) == {0: ("answered", {"n": 1}), 1: ("answered", {"n": 2})}


def test_rows_come_from_stdin_and_a_failed_one_sets_the_exit_code(
    bulk: Callable[..., Result], files: Path
) -> None:
    found = bulk("look", "-", "--format", "csv", text="id\n1\nx\n")
    assert (found.exit_code, found.stderr) == (1, "2 rows: 1 answered, 1 failed, 0 unknown\n")
    assert results(files)[1] == ("failed", None)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", b'{"id": 1}\n{"id": \n', "a.jsonl, line 2, is not JSON"),
        ("a.jsonl", b"[1]\n", "line 1: a row is an object with the arguments of one call"),
        ("a.csv", b"id,deep\n1,true\n2\n", "line 3: 1 fields, and the first line names 2"),
        ("a.csv", b"id\n1,true\n", "line 2: 2 fields, and the first line names 1"),
        ("a.csv", b'id\n"1\n', "is not CSV"),
        ("a.jsonl", b'{"id": "\xff"}\n', "a.jsonl is not UTF-8"),
        ("none.jsonl", None, "none.jsonl: No such file or directory"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    bulk: Callable[..., Result], files: Path, name: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        (files / name).write_bytes(content)
    found = bulk("look", str(files / name))
    assert found.exit_code == 2
    assert message in found.stderr


def test_an_output_that_is_no_journal_is_left_alone(
    bulk: Callable[..., Result], files: Path
) -> None:
    (files / "out.jsonl").write_text("my only copy\n")
    found = bulk("look", str(files / "rows.jsonl"))
    assert found.exit_code == 10
    assert "is not a journal of this package" in found.stderr
    assert (files / "out.jsonl").read_text() == "my only copy\n"
