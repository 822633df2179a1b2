"""`dynclient lint`: problems by place, and the exit code."""

import json

import pytest

from dynclient import Client

BROKEN = """\
openapi: 3.1.0
info: {title: Broken, version: '1'}
paths:
  /a/{id}:
    get:
      operationId: a
      parameters:
        - {name: other, in: path, required: true, schema: {type: string}}
      responses:
        '200':
          description: ok
          content:
            application/json: {schema: {$ref: '#/components/schemas/Nowhere'}}
  /b:
    get:
      operationId: a
      responses: {'200': {description: ok}}
  /c:
    get:
      operationId: c
"""


@pytest.fixture
def broken(tmp_path):
    path = tmp_path / "broken.yaml"
    path.write_text(BROKEN)
    return str(path)


def test_a_good_document_has_no_problems(run):
    done = run("lint", "qiskit-runtime")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "qiskit-runtime: OpenAPI 3.1.1, 32 operations, 0 problems\n"


def test_each_problem_is_one_line_with_its_place(run, broken):
    done = run("lint", broken)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert len([line for line in lines if "Nowhere" in line]) == 1
    assert any(line.startswith("#/paths/~1b/get/operationId: ") for line in lines)
    assert any(line.startswith("#/paths/~1a~1{id}/get/parameters/0: ") for line in lines)
    assert done.stderr.splitlines() == [
        f"{broken}: OpenAPI 3.1.0, 3 operations, {len(lines)} problems",
        "These can't be called: a",
    ]


def test_problems_as_json(run, broken):
    done = run("lint", broken, "-o", "json")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert (report["document"], report["openapi"], report["operations"]) == (broken, "3.1.0", 3)
    assert {"pointer", "message", "rule", "source"} == report["problems"][0].keys()
    places = [(p["source"], p["pointer"], p["message"]) for p in report["problems"]]
    assert len(places) == len(set(places))
    assert report["problems"] == [p.as_dict() for p in Client(broken).document.check()]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("openapi: 3.1.0\ninfo: [1", "line 3"),
        ("just text", "its root is a text"),
        ("openapi: 4.0.0\n", "OpenAPI 4.0.0 is not supported"),
    ],
)
def test_what_cannot_be_opened_is_code_3(invoke, tmp_path, text, message):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    done = invoke("lint", str(path))
    assert (done.exit_code, done.stdout) == (3, "")
    assert message in done.stderr


@pytest.mark.parametrize("command", ["ops", "lint"])
def test_the_document_may_be_named_by_the_option_of_the_siblings(invoke, shapes, command):
    by_option, by_argument = invoke(command, "--doc", shapes), invoke(command, shapes)
    assert by_option.output == by_argument.output
    assert "9 operations" in by_option.stderr
    twice = invoke(command, shapes, "--doc", shapes)
    assert twice.exit_code == 2
    assert "the document is named twice" in twice.stderr


def test_lint_needs_a_document(invoke):
    done = invoke("lint")
    assert done.exit_code == 2
    assert "Missing argument 'DOC'" in done.stderr


def test_a_broken_response_does_not_hide_the_other_operations(invoke, broken):
    done = invoke("ops", broken, "-o", "json")
    assert [row["name"] for row in json.loads(done.stdout)] == ["a", "a_2", "c"]
    assert invoke("describe", "c", "--doc", broken).exit_code == 0


@pytest.mark.parametrize("pattern", ["(?i)a", "(?P<n>a)", "a++", "x{2,1}"])
def test_a_pattern_that_is_not_ecma_262_is_listed(run, tmp_path, pattern):
    schema = {"type": "string", "pattern": pattern}
    parameter = {"name": "p", "in": "query", "schema": schema}
    responses = {"200": {"description": "ok"}}
    path = tmp_path / "patterns.json"
    path.write_text(
        json.dumps(
            {
                "openapi": "3.1.0",
                "info": {"title": "Patterns", "version": "1"},
                "paths": {
                    "/a": {"get": {"parameters": [parameter], "responses": responses}},
                },
            }
        )
    )
    done = run("lint", str(path))
    assert done.returncode == 1
    (line,) = done.stdout.splitlines()
    assert line.startswith(f"#/paths/~1a/get/parameters/0/schema/pattern: {pattern!r} is ")
