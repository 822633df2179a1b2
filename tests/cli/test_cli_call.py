"""`dynclient call`: what is sent, what is printed where, and the exit code."""

import base64
import json

import pytest

JSON_CALL = ("call", "find", "kind=a", "--doc")
BELL = {
    "pubs": [
        [
            'OPENQASM 3.0;\ninclude "stdgates.inc";\nbit[2] c;\n'
            "h $0;\ncx $0, $1;\nc[0] = measure $0;\nc[1] = measure $1;\n",
            None,
            16,
        ]
    ],
    "version": 2,
}


# ── against the emulator ─────────────────────────────────────────────────────────────────────


def test_a_job_is_submitted_read_and_deleted(run, access, tmp_path):
    params = tmp_path / "bell.json"
    params.write_text(json.dumps(BELL))
    done = run(
        "call",
        "create_job",
        "program_id=sampler",
        "backend=ibm_fez",
        "tags=a,b",
        f"params:=@{params}",
        env=access,
    )
    assert (done.returncode, done.stderr) == (0, "")
    job_id = json.loads(done.stdout)["id"]

    done = run("call", "get_job_details_jid", f"id={job_id}", "-o", "json", env=access)
    assert json.loads(done.stdout)["tags"] == ["a", "b"]

    done = run("call", "list_jobs", "tags=a", "tags=b", "limit=1", "-o", "table", env=access)
    assert job_id in done.stdout
    assert done.stdout.split()[:2] == ["id", "backend"]

    body = '{"tags": ["c"]}'
    done = run("call", "replace_job_tags", f"id={job_id}", "--body", "-", text=body, env=access)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    done = run("call", "GET /v1/jobs/{id}", f"id={job_id}", env=access)
    assert json.loads(done.stdout)["tags"] == ["c"]


def test_json_output_is_json_and_not_coloured_in_a_pipe(run, access):
    done = run("call", "list_jobs", "limit=3", "-o", "json", env={**access, "FORCE_COLOR": "1"})
    assert json.loads(done.stdout)["limit"] == 3
    assert "\x1b" not in done.stdout


def test_include_tells_status_and_headers_on_stderr(run, access):
    done = run("call", "list_jobs", "--include", env=access)
    assert done.stderr.startswith("HTTP 200")
    assert "content-type: application/json" in done.stderr
    json.loads(done.stdout)


def test_include_tells_them_of_a_refusal_too(run, access):
    done = run("call", "get_job_details_jid", "id=none", "--include", env=access)
    assert done.returncode == 7
    assert "HTTP 404" in done.stderr
    assert "Error: get_job_details_jid: the server responded with 404: No such job" in done.stderr
    assert done.stdout == ""


def test_the_reference_engine_judges_as_well(run, access):
    done = run("call", "list_jobs", "limit=0", "--engine", "openapi-core", env=access)
    assert done.returncode == 4
    done = run("call", "list_jobs", "limit=1", "--engine", "openapi-core", env=access)
    assert json.loads(done.stdout)["limit"] == 1


# ── what is refused before sending ───────────────────────────────────────────────────────────


def test_invalid_arguments_are_all_told_with_code_4(invoke, access):
    done = invoke("call", "list_jobs", "limit=many", "nothing=1", env=access)
    assert (done.exit_code, done.stdout) == (4, "")
    assert "'many' is a string; it must be of type integer" in done.stderr
    assert "no argument 'nothing'" in done.stderr
    assert "`dynclient describe list_jobs`" in done.stderr


def test_an_unknown_operation_is_told_with_the_nearest_name(invoke):
    done = invoke("call", "list_job")
    assert done.exit_code == 2
    assert "did you mean list_jobs?" in done.stderr


def test_an_unknown_document_is_code_3(invoke):
    done = invoke("call", "find", "--doc", "no-such-document")
    assert done.exit_code == 3
    assert "no-such-document" in done.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [("{", "--body is not JSON"), ("@no-such-file", "no-such-file can't be read")],
)
def test_a_body_that_cannot_be_read_is_wrong_usage(invoke, shapes, text, message):
    done = invoke("call", "make", "--body", text, "--doc", shapes)
    assert done.exit_code == 2
    assert message in done.stderr


def test_no_answer_is_code_6(invoke, shapes):
    done = invoke(*JSON_CALL, shapes, "--base-url", "http://127.0.0.1:1")
    assert done.exit_code == 6
    assert "no connection to 127.0.0.1 port 1" in done.stderr
    assert "--base-url" in done.stderr


# ── what is sent ─────────────────────────────────────────────────────────────────────────────


def test_values_go_where_the_document_says(invoke, shapes, server):
    server.json("GET /things/a", {})
    done = invoke(
        *("call", "find", "kind=a", "count=2", "ids=1,2", "where:=" + '{"x": 1}', "flag=TRUE"),
        *("--doc", shapes, "--base-url", server.url, "--header", "X-More:  yes "),
    )
    assert done.exit_code == 0, done.stderr
    (request,) = server.requests
    assert request["path"] == "/things/a?count=2&flag=true&ids=1,2&where%5Bx%5D=1"
    assert request["headers"]["x-more"] == "yes"


@pytest.mark.parametrize("source", ["file", "stdin", "text"])
def test_a_body_is_sent_from_a_file_from_stdin_or_from_the_command_line(
    invoke, shapes, server, tmp_path, source
):
    server.answers["PUT /blob"] = (204, {}, b"")
    path = tmp_path / "blob"
    path.write_bytes(b"a\x00b" if source != "text" else b"ab")
    body = {"file": f"@{path}", "stdin": "-", "text": "ab"}[source]
    settings = ("--doc", shapes, "--base-url", server.url)
    done = invoke("call", "store", "--body", body, *settings, text=path.read_bytes())
    assert (done.exit_code, done.stderr, done.stdout) == (0, "", "")
    assert server.requests[0]["body"] == path.read_bytes()


def test_a_form_and_its_types(invoke, shapes, server):
    server.answers["POST /login"] = (204, {}, b"")
    settings = ("--doc", shapes, "--base-url", server.url)
    assert invoke("call", "login", "user=a b", "tries=2", *settings).exit_code == 0
    assert server.requests[0]["body"] in (b"user=a%20b&tries=2", b"user=a+b&tries=2")


def test_a_file_in_a_multipart_body(invoke, shapes, server, tmp_path):
    server.answers["POST /upload"] = (204, {}, b"")
    path = tmp_path / "a.txt"
    path.write_text("the content")
    settings = ("--doc", shapes, "--base-url", server.url)
    done = invoke("call", "upload", f"file=@{path}", "title=@me", *settings)
    assert done.exit_code == 2  # there is no file called "me"
    done = invoke("call", "upload", f"file=@{path}", "title=t", *settings)
    assert done.exit_code == 0, done.stderr
    assert b"the content" in server.requests[0]["body"]
    assert b'filename="a.txt"' in server.requests[0]["body"]


def test_a_dry_run_explains_and_sends_nothing(invoke, shapes, server):
    call = ("call", "make", "name=ab", "size=3", "--doc", shapes, "--base-url", server.url)
    done = invoke(*call, "--dry-run")
    assert done.exit_code == 0
    assert f"curl -X POST {server.url}/things" in done.stdout
    told = json.loads(invoke(*call, "--dry-run", "-o", "json").stdout)
    assert told["request"]["body"] == '{"name":"ab","size":3}'
    assert told["request"]["url"] == f"{server.url}/things"
    assert server.requests == []


# ── what is printed ──────────────────────────────────────────────────────────────────────────

TEXT = "grüße\x1b[1m\n"
ANSWERS = [
    ("application/json", b'{"a":1,"b":"\xc3\xbc"}', (), '{\n  "a": 1,\n  "b": "ü"\n}\n'),
    ("application/json", b'{"a":1}', ("-o", "raw"), '{"a":1}'),
    ("application/json", b'{"a":12345678901234567890}', (), '{\n  "a": 12345678901234567890\n}\n'),
    ("application/json", b'{"a":"\\ud800"}', (), '{\n  "a": "\\ud800"\n}\n'),
    ("text/plain", TEXT.encode(), (), TEXT),
    ("text/plain", TEXT.encode(), ("-o", "table"), TEXT),
    ("text/plain", b"[1]", ("-o", "json"), '"[1]"\n'),
    ("application/octet-stream", b"\x00\xff", (), b"\x00\xff"),
    ("application/octet-stream", b"\x00\xff", ("-o", "raw"), b"\x00\xff"),
    (
        "application/octet-stream",
        b"\x00\xff",
        ("-o", "json"),
        json.dumps(base64.b64encode(b"\x00\xff").decode()) + "\n",
    ),
]


@pytest.mark.parametrize(("media_type", "content", "options", "printed"), ANSWERS)
def test_an_answer_is_printed_as_its_media_type_suits(
    invoke, shapes, server, media_type, content, options, printed
):
    server.answers["GET /things/a"] = (200, {"Content-Type": media_type}, content)
    done = invoke(*JSON_CALL, shapes, "--base-url", server.url, *options)
    assert done.exit_code == 0, done.stderr
    assert done.stdout_bytes == (printed if isinstance(printed, bytes) else printed.encode())


def test_no_body_is_nothing_or_null_as_json(invoke, shapes, server):
    server.answers["PUT /note"] = (204, {}, b"")
    call = ("call", "note", "--body", "x", "--doc", shapes, "--base-url", server.url)
    assert invoke(*call).stdout == ""
    assert invoke(*call, "-o", "table").stdout == ""
    assert invoke(*call, "-o", "json").stdout == "null\n"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"jobs": [{"id": "x", "tags": ["a", "b"]}, {"n": 1}]}, "id tags n x a, b 1"),
        ({"a": 1, "b": {"c": None}}, 'name value a 1 b {"c": null}'),
        ({"jobs": [{"best": {"value": 1}}]}, 'best {"value": 1}'),
        ({"rows": [], "count": 0}, ""),
        ({}, ""),
    ],
)
def test_a_table_has_a_row_for_each_item(invoke, shapes, server, data, words):
    server.json("GET /things/a", data)
    done = invoke(*JSON_CALL, shapes, "--base-url", server.url, "-o", "table")
    assert done.stdout.split() == words.split()
    assert done.stderr == ("" if words else "no rows\n")


# ── what servers do wrong ────────────────────────────────────────────────────────────────────


def test_an_answer_that_breaks_the_document_is_code_9_and_can_be_had_by_warn(
    invoke, run, shapes, server
):
    server.json("GET /things/a", [1])
    call = (*JSON_CALL, shapes, "--base-url", server.url)
    done = invoke(*call)
    assert (done.exit_code, done.stdout) == (9, "")
    assert "response.body" in done.stderr
    assert "--validate warn" in done.stderr
    done = run(*call, "--validate", "warn")
    assert (done.returncode, json.loads(done.stdout)) == (0, [1])
    assert "response.body" in done.stderr
    done = run(*call, "--validate", "off")
    assert (done.returncode, json.loads(done.stdout), done.stderr) == (0, [1], "")


@pytest.mark.parametrize(("status", "code"), [(400, 7), (404, 7), (429, 7), (500, 8), (503, 8)])
def test_a_refusal_has_the_code_of_its_status(invoke, shapes, server, status, code):
    server.json("GET /things/a", {"message": "so it\x1b[31m is"}, status)
    done = invoke(*JSON_CALL, shapes, "--base-url", server.url)
    assert (done.exit_code, done.stdout) == (code, "")
    assert f"the server responded with {status}: so it" in done.stderr
    assert "\x1b" not in done.stderr


# ── bodies ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("source", ["-", "@rows.jsonl"])
def test_json_lines_are_sent_as_they_are_and_judged(invoke, server, shapes, tmp_path, source):
    lines = b'{"a": 1}\n{"a": 2}\n'
    (tmp_path / "rows.jsonl").write_bytes(lines)
    source = source.replace("@", f"@{tmp_path}/")
    server.answers["PUT /rows"] = (204, {}, b"")
    call = ("call", "append", "--doc", shapes, "--base-url", server.url, "--body", source)
    done = invoke(*call, "--content-type", "application/jsonl", text=lines)
    assert (done.exit_code, done.stderr) == (0, "")
    assert server.requests[0]["body"] == lines
    assert server.requests[0]["headers"]["content-type"] == "application/jsonl"
    bad = ("--body", '{"b": 1}', "--content-type", "application/jsonl")
    done = invoke(*call[:-2], *bad)
    assert done.exit_code == 4
    assert "the required property 'a' is missing" in done.stderr


def test_a_content_type_that_is_not_declared_is_told_as_that(invoke, shapes):
    call = ("call", "append", "--doc", shapes, "--base-url", "http://127.0.0.1:1")
    done = invoke(*call, "--body", "hello", "--content-type", "foo/bar")
    assert done.exit_code == 4
    assert "content type 'foo/bar' is not declared; these are: application/json" in done.stderr


def test_two_files_are_sent_as_two_parts(invoke, server, shapes, tmp_path):
    for name in ("one.txt", "two.txt"):
        (tmp_path / name).write_text(name)
    server.answers["POST /upload"] = (204, {}, b"")
    pages = [f"pages=@{tmp_path / name}" for name in ("one.txt", "two.txt")]
    done = invoke("call", "upload", *pages, "--doc", shapes, "--base-url", server.url)
    assert (done.exit_code, done.stderr) == (0, "")
    body = server.requests[0]["body"]
    assert body.count(b'name="pages"; filename="') == 2
    assert body.index(b'filename="one.txt"') < body.index(b'filename="two.txt"')


def test_a_part_from_a_missing_file_is_wrong_usage(invoke, shapes):
    done = invoke(
        "call", "upload", "file=@nope", "--doc", shapes, "--base-url", "http://127.0.0.1:1"
    )
    assert done.exit_code == 2
    assert "Invalid value for file: nope can't be read: No such file or directory" in done.stderr
