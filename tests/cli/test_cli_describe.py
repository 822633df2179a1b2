"""`dynclient describe` and `dynclient ops`: what they tell, and that the examples run."""

import json
import os
import subprocess
import sys

import pytest

from dynclient import Client
from dynclient.cli.arguments import read_arguments
from dynclient.cli.describe import describe
from dynclient.cli.examples import example_of
from dynclient.cli.samples import sample_arguments, sample_body
from dynclient.credentials import schemes_of
from dynclient.operation import UNSET

with Client("qiskit-runtime") as _client:
    OPERATIONS = list(_client.operations)

#: What the emulator serves without a job that was made before, and so runs as it is printed.
READY = ("create_job", "list_jobs", "list_backends", "get_versions")
#: What asks for the identifier of a job.
WITH_JOB = (
    "get_job_details_jid",
    "get_job_results_jid",
    "get_job_metrics_jid",
    "replace_job_tags",
)


def described(invoke, *arguments, **env):
    done = invoke("describe", *arguments, "-o", "json", env=env)
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


# ── ops ──────────────────────────────────────────────────────────────────────────────────────


def test_ops_lists_every_operation(run):
    done = run("ops")
    rows = [line.split() for line in done.stdout.splitlines()]
    assert rows[0] == ["name", "method", "path", "summary"]
    assert [row[0] for row in rows[1:]] == OPERATIONS
    assert done.stderr == "32 operations of Qiskit Runtime API\n"


def test_ops_as_json_of_one_tag(run):
    rows = json.loads(run("ops", "--tag", "jobs", "-o", "json").stdout)
    assert len(rows) == 11
    assert rows[0].keys() == {"name", "method", "path", "summary", "tags", "deprecated"}


def test_ops_of_an_unknown_tag_names_those_there_are(invoke, shapes):
    done = invoke("ops", shapes, "--tag", "nope")
    assert done.exit_code == 2
    assert "the document has things" in done.stderr


def test_ops_takes_its_document_from_the_environment(invoke, shapes):
    done = invoke("ops", "-o", "json", env={"DYNCLIENT_DOC": shapes})
    assert [row["name"] for row in json.loads(done.stdout)][:2] == ["find", "make"]


# ── describe ─────────────────────────────────────────────────────────────────────────────────


def test_describe_tells_arguments_body_answers_credentials_and_examples(run):
    done = run("describe", "create_job")
    assert (done.returncode, done.stderr) == (0, "")
    for line in (
        "create_job: POST /v1/jobs",
        "  ibm_api_version: string, in header, sent as IBM-API-Version, optional, the service's "
        'default is "2025-01-01"',
        "    program_id*: string, 1 to 10000 characters - Primitive to run",
        "    if program_id is sampler:",
        "      params: SamplerV2Input - Input for `sampler`: circuits to measure, and how often",
        "  200  The service has taken the job.",
        "    application/json: CreateJob200Response",
        "      id*: string - Name of the job in every later request",
        "  IBMCloudAuth (header Authorization, bearer) and ServiceCRN (header Service-CRN)",
    ):
        assert line in done.stdout.splitlines()


def test_describe_as_json(invoke):
    d = described(invoke, "list_jobs")
    limit = next(argument for argument in d["arguments"] if argument["name"] == "limit")
    assert limit.pop("description")
    assert limit == {
        "name": "limit",
        "wire_name": "limit",
        "place": "query",
        "type": "integer (int32)",
        "required": False,
        "default": 200,
        "limits": ["1 to 200"],
        "deprecated": False,
    }
    assert d["body"] is None
    assert [answer["status"] for answer in d["responses"]] == ["200", "400", "401", "403", "404"]
    assert [scheme["scheme"] for scheme in d["auth"][0]] == ["IBMCloudAuth", "ServiceCRN"]


def test_a_schema_that_contains_itself_is_shown_once(invoke, shapes):
    outline = described(invoke, "make", "--doc", shapes)["body"]["media"][0]["outline"]
    assert outline == [
        "name*: string, at least 2 characters",
        "size*: integer, at least 3",
        "colour: enum, one of red, green",
        "parts: [Thing]",
        "  … (as above)",
    ]


def test_an_answer_is_outlined_with_its_members(run):
    done = run("describe", "list_backends")
    lines = done.stdout.splitlines()
    start = lines.index("    application/json: object")
    assert lines[start + 1 : start + 6] == [
        "      if devices is [string]:",
        "        devices: [string] - The names",
        "      otherwise:",
        "        devices: [BackendDevice], at least 1 items - One summary for each backend",
        "          name*: string, 1 to 255 characters - Name to use in requests",
    ]


def _answers(schemas):
    """Answers by status, each with a schema."""
    return {
        status: {"description": "x", "content": {"application/json": {"schema": schema}}}
        for status, schema in schemas.items()
    }


def test_what_an_answer_is_made_of(invoke, tmp_path):
    page = {
        "type": "object",
        "required": ["rows"],
        "properties": {
            "rows": {"type": "array", "items": {"$ref": "#/components/schemas/Row"}},
            "kinds": {"type": "array", "items": {"enum": ["a", "b"]}},
            "grid": {"type": "array", "items": {"type": "array", "items": {"type": "number"}}},
            "password": {"type": "string", "writeOnly": True},
            "stamp": {"type": "string", "readOnly": True},
            "ring": {"$ref": "#/components/schemas/Ring"},
        },
    }
    row = {
        "type": "object",
        "required": ["id"],
        "properties": {
            "id": {"type": "integer"},
            "state": {"enum": ["on", "off"]},
            "more": {"$ref": "#/components/schemas/Row"},
        },
    }
    problem = {"type": "object", "properties": {"code": {"type": "integer"}}}
    ring = {"type": "array", "items": {"$ref": "#/components/schemas/Ring"}}
    schemas = {"200": page, "202": {"type": "string", "enum": ["later"]}, "400": problem}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {
            "/": {
                "get": {
                    "operationId": "go",
                    "responses": {
                        **_answers({**schemas, "404": problem}),
                        "204": {"description": "none"},
                    },
                }
            }
        },
        "components": {"schemas": {"Row": row, "Ring": ring}},
    }
    path = tmp_path / "page.json"
    path.write_text(json.dumps(document))
    answers = {a["status"]: a for a in described(invoke, "go", "--doc", str(path))["responses"]}
    assert answers["200"]["media"] == [
        {
            "media_type": "application/json",
            "type": "object",
            "outline": [
                "rows*: [Row]",
                "  id*: integer",
                "  state: enum, one of on, off",
                "  more: Row",
                "    … (as above)",
                "kinds: [enum]",
                "  each item: enum, one of a, b",
                "grid: [[number]]",
                "stamp: string",
                "ring: [[[[…]]]]",
            ],
        }
    ]
    assert answers["202"]["media"][0]["type"] == "string, one of later"
    assert answers["204"]["media"] == []
    text = invoke("describe", "go", "--doc", str(path)).stdout
    assert text.count("      code: integer\n") == 1
    assert "    application/json: object (members as for 400)\n" in text
    assert "  204  none (no body)\n" in text


def test_describe_of_an_unknown_operation_names_the_nearest(invoke):
    done = invoke("describe", "get_job_detail")
    assert done.exit_code == 2
    assert "did you mean get_job_details_jid" in done.stderr
    assert "`dynclient ops` lists" in done.stderr


@pytest.fixture(scope="module")
def client():
    with Client("qiskit-runtime") as opened:
        yield opened


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_described_with_a_call_that_the_document_allows(client, name):
    operation = client.operations[name]
    schemes = schemes_of(client.document)
    json.dumps(describe(operation, schemes))
    example = example_of(operation, "qiskit-runtime", None, schemes)
    compile(example.python, name, "exec")
    assert f"dynclient call {name}" in example.shell
    body = sample_body(operation)
    body = UNSET if body is None else body
    client.prepare(name, sample_arguments(operation), body=body)


def test_the_shell_example_reads_back_as_the_same_values(invoke, shapes):
    url = "http://127.0.0.1:1"
    examples = described(invoke, "make", "--doc", shapes, "--base-url", url)["examples"]
    shell = examples["shell"]
    assert (
        f"name=text size=3 --doc {shapes} --base-url {url} --auth Key=env:DYNCLIENT_AUTH_KEY"
        in " ".join(shell.replace("\\\n", "").split())
    )
    with Client(shapes) as client:
        found = read_arguments(client.operations["make"], ["name=text", "size=3"])
    assert found == {"name": "text", "size": 3}


# ── the examples run ─────────────────────────────────────────────────────────────────────────


def run_python(source, env):
    return subprocess.run(
        [sys.executable, "-c", source],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def run_shell(source, env, tmp_path):
    """As a user would paste it; `dynclient` is this program."""
    folder = tmp_path / "bin"
    folder.mkdir(exist_ok=True)
    program = folder / "dynclient"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m dynclient "$@"\n')
    program.chmod(0o755)
    return subprocess.run(
        ["/bin/sh", "-c", source],
        env={**os.environ, **env, "PATH": f"{folder}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("name", READY)
def test_the_examples_run_as_they_are(invoke, access, tmp_path, name):
    examples = described(invoke, name, **access)["examples"]
    for done in (
        run_python(examples["python"], access),
        run_shell(examples["shell"], access, tmp_path),
    ):
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout


@pytest.mark.parametrize("name", WITH_JOB)
def test_the_examples_run_with_the_id_of_a_job(invoke, access, tmp_path, name):
    made = invoke(
        *("call", "create_job", "program_id=sampler", "backend=ibm_torino"),
        *("params:=" + '{"pubs": [["OPENQASM 3.0;"]]}',),
        env=access,
    )
    job_id = json.loads(made.stdout)["id"]
    examples = described(invoke, name, **access)["examples"]
    for source, start in (
        (examples["python"], lambda s: run_python(s, access)),
        (examples["shell"], lambda s: run_shell(s, access, tmp_path)),
    ):
        assert "d2k4v6s5ppas73f0m1q0" in source
        done = start(source.replace("d2k4v6s5ppas73f0m1q0", job_id))
        assert (done.returncode, done.stderr) == (0, "")


# ── values that are made up ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string"}, "text"),
        ({"type": "string", "example": "x", "default": "y"}, "x"),
        ({"type": "string", "examples": ["z"], "enum": ["q"]}, "z"),
        ({"type": "string", "minLength": 6}, "textxx"),
        ({"type": "string", "maxLength": 2}, "te"),
        ({"type": "string", "format": "uuid"}, "123e4567-e89b-12d3-a456-426614174000"),
        ({"enum": ["a", "b"]}, "a"),
        ({"const": 5}, 5),
        ({"type": "integer", "minimum": 7}, 7),
        ({"type": "integer", "exclusiveMinimum": 7}, 8),
        ({"type": "number", "maximum": 0}, 0),
        ({"type": ["integer", "null"]}, 1),
        ({"type": "boolean"}, True),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [1, 1]),
        ({"allOf": [{"enum": ["A"]}, {"description": "d"}], "type": "string"}, "A"),
        ({"oneOf": [{"type": "integer", "minimum": 4}, {"type": "string"}]}, 4),
        (
            {
                "type": "object",
                "required": ["a", "c"],
                "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
                "allOf": [{"required": ["c"], "properties": {"c": {"const": "x"}}}],
            },
            {"c": "x", "a": 1},
        ),
    ],
)
def test_a_value_is_made_from_its_schema(schema, value):
    assert sample_body(_operation_with(schema)) == value


def test_values_that_cannot_be_made_right_are_told_in_the_examples():
    operation = _operation_with({"type": "string", "pattern": "^[0-9]{7}$"})
    example = example_of(operation, "x.json", None, {})
    for text in example:
        assert text.startswith("# Needs values of your own:\n#   request.body: 'text' does not ")
    compile(example.python, "example", "exec")


@pytest.mark.parametrize("name", ["from", "a b", "body", "options"])
def test_a_member_that_is_no_python_name_is_given_in_the_body(name):
    schema = {"type": "object", "properties": {name: {"type": "integer"}}, "required": [name]}
    python = example_of(_operation_with(schema), "x.json", None, {}).python
    compile(python, "example", "exec")
    assert f'body={{"{name}": 1}}' in python


# ── rows, parts, files ───────────────────────────────────────────────────────────────────────


def _described(media_type, entry, **settings):
    """The media of a body as described, and the examples."""
    operation = _operation_with(None, content={media_type: entry}, **settings)
    return describe(operation, {})["body"]["media"][0], example_of(operation, "x.json", None, {})


ROW = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}


@pytest.mark.parametrize("media_type", ["application/jsonl", "multipart/mixed"])
def test_a_row_of_items_is_shown_as_one(media_type):
    media, example = _described(media_type, {"itemSchema": ROW})
    assert media["type"] == "[object], each item"
    assert media["outline"] == ["a*: integer"]
    assert 'body=[{"a": 1}]' in example.python
    words = {"application/jsonl": "--body '[{\"a\": 1}]'", "multipart/mixed": "--part '{\"a\": 1}'"}
    assert words[media_type] in example.shell
    assert "Needs values" not in example.shell


def test_an_answer_of_events_is_shown_as_a_row():
    responses = {
        "200": {"description": "ok", "content": {"text/event-stream": {"itemSchema": ROW}}}
    }
    operation = _operation_with({}, responses=responses)
    assert describe(operation, {})["responses"][0]["media"][0]["type"] == "[object], each item"


def test_parts_by_position_are_shown_in_their_order():
    schema = {
        "type": "array",
        "prefixItems": [ROW, {"type": "string"}, {"contentMediaType": "image/png"}],
        "items": {"type": "integer"},
    }
    media, example = _described("multipart/mixed", {"schema": schema})
    assert media["type"] == "[object, string, any, integer …]"
    assert media["outline"] == [
        "item 1: object",
        "  a*: integer",
        "item 2: string",
        "item 3: any",
        "each further item: integer",
    ]
    assert 'body=[{"a": 1}, "text", Path("FILE")]' in example.python
    assert """--part '{"a": 1}' --part text --part @FILE""" in example.shell
    assert "Needs values" not in example.python


def test_a_file_is_a_file_in_the_examples():
    binary = {"type": "string", "format": "binary"}
    schema = {
        "type": "object",
        "required": ["photo", "pages", "icon", "title"],
        "properties": {
            "photo": binary,
            "pages": {"type": "array", "items": binary, "minItems": 2},
            "icon": {"contentMediaType": "image/png"},
            "title": {"type": "string"},
        },
    }
    _, example = _described("multipart/form-data", {"schema": schema})
    words = example.shell.replace("\\\n", "").split()
    assert words[3:8] == ["photo=@FILE", "pages=@FILE", "pages=@FILE", "icon=@FILE", "title=text"]
    compile(example.python, "example", "exec")
    assert "from pathlib import Path\n" in example.python
    for line in ('photo=Path("FILE"),', 'pages=[Path("FILE"), Path("FILE")],', 'title="text",'):
        assert line in example.python
    assert "Needs values" not in example.python


@pytest.mark.parametrize("media_type", ["image/*", "image/png", "application/octet-stream"])
@pytest.mark.parametrize("entry", [{}, {"schema": {"type": "string", "format": "binary"}}])
def test_a_binary_body_is_a_file_in_the_examples(media_type, entry):
    _, example = _described(media_type, entry)
    assert example.shell.startswith("dynclient call go --body @FILE")
    assert 'body=Path("FILE")' in example.python
    assert example.python.startswith("from pathlib import Path\n")


def test_a_required_member_that_is_not_described_is_listed():
    schema = {
        **ROW,
        "required": ["a", "b"],
        "allOf": [{"required": ["a"], "properties": {"c": {"type": "string"}}}],
        "oneOf": [{"required": ["c"]}, {"required": ["a"]}],
    }
    media, example = _described("application/json", {"schema": schema})
    assert media["outline"][:3] == ["a*: integer", "c: string", "b*: any"]
    assert [line for line in media["outline"] if "*: any" in line] == ["b*: any"]
    assert "the required property 'b' is missing" in example.shell


def test_a_choice_with_null_is_told_by_the_other_type():
    schema = {
        "type": "object",
        "properties": {
            "x": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "y": {"oneOf": [{"type": "null"}, ROW]},
            "z": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        },
    }
    media, _ = _described("application/json", {"schema": schema})
    assert media["outline"] == [
        "x: string or null",
        "y: object or null",
        "  a*: integer",
        "z: anyOf",
        "  any of:",
        "    - string",
        "    - integer",
    ]


def test_no_answers_are_told_as_none(invoke, tmp_path):
    path = tmp_path / "none.json"
    paths = {"/": {"get": {"operationId": "go", "responses": {}}}}
    path.write_text(
        json.dumps({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": paths})
    )
    lines = invoke("describe", "go", "--doc", str(path)).stdout.splitlines()
    assert lines[lines.index("Responses (* marks required members)") + 1] == "  none declared"


@pytest.mark.parametrize("servers", [[], [{"url": "/v1"}], [{"url": "https://{host}"}]])
def test_examples_name_a_service_where_the_document_names_none(servers):
    operation = _operation_with({"type": "integer"}, servers=servers)
    example = example_of(operation, "x.json", None, {})
    note = "# Needs values of your own:\n#   base URL: the document names no usable server\n"
    assert example.python.startswith(note)
    assert example.shell.startswith(note)
    assert 'base_url="https://api.example.com"' in example.python
    assert "--base-url https://api.example.com" in example.shell
    own = example_of(operation, "x.json", "https://mine.example", {})
    assert "Needs values" not in own.shell
    assert "--base-url https://mine.example" in own.shell


def _operation_with(schema, *, content=None, responses=None, servers=None):
    """An operation that requires a JSON body of that schema, or one with that content."""
    document = {
        "openapi": "3.2.0",
        "info": {"title": "t", "version": "1"},
        "servers": [{"url": "https://s.example"}] if servers is None else servers,
        "paths": {
            "/": {
                "post": {
                    "operationId": "go",
                    "requestBody": {
                        "required": True,
                        "content": content or {"application/json": {"schema": schema}},
                    },
                    "responses": responses or {"204": {"description": "ok"}},
                }
            }
        },
    }
    with Client(document) as client:
        return client.operations["go"]


def test_a_member_that_allof_declares_again_is_listed_once():
    pet = {"properties": {"name": {"type": "string"}, "id": {"type": "integer"}}}
    more = {
        "required": ["id"],
        "properties": {
            "id": {"type": "integer", "format": "int64", "minimum": 1, "description": "A number."}
        },
    }
    media, _ = _described("application/json", {"schema": {"allOf": [pet, {"allOf": [more]}]}})
    assert media["outline"] == ["name: string", "id*: integer (int64), at least 1 - A number"]


def test_types_of_a_member_that_differ_are_all_shown():
    parts = [{"properties": {"a": {"type": kind}}} for kind in ("string", "integer", "string")]
    media, _ = _described("application/json", {"schema": {"allOf": parts}})
    assert media["outline"] == ["a: string and integer"]
