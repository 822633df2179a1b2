"""`dynclient call`: what is sent, what is printed where, and the exit code."""

import base64
import json
import os
import shutil
import socket
import subprocess
from urllib.parse import parse_qsl, quote

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
    assert json.loads(done.stdout)["errors"][0]["message"].startswith("No such job")


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


def test_files_are_sent_at_their_positions(invoke, server, shapes, tmp_path):
    photo = tmp_path / "photo.png"
    photo.write_bytes(b"\x89PNG")
    server.answers["POST /mixed"] = (204, {}, b"")
    call = ("call", "mix", "--doc", shapes, "--base-url", server.url)
    done = invoke(*call, "--part", '{"a": 1}', "--part", "7", "--part", f"@{photo}")
    assert (done.exit_code, done.stderr) == (0, "")
    body = server.requests[0]["body"]
    pieces = [body.index(piece) for piece in (b'{"a":1}', b"\n7\r\n", b"image/png", b"\x89PNG")]
    assert pieces == sorted(pieces)
    done = invoke(*call, "--part", "x", "--body", "[]")
    assert (done.exit_code, done.stderr.splitlines()[-1]) == (
        2,
        "Error: give --body or --part, not both",
    )


# ── what a failed call shows ─────────────────────────────────────────────────────────────────

GONE = {"type": "/gone", "title": "Gone", "detail": "It is gone.", "more": [1]}


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ((), ""),
        (("-o", "json"), json.dumps(GONE, indent=2) + "\n"),
        (("-o", "raw"), json.dumps(GONE)),
        (("--include",), json.dumps(GONE, indent=2) + "\n"),
        (("-o", "table"), None),
    ],
)
def test_the_body_of_a_failed_call_is_printed_when_asked_for(
    invoke, server, shapes, options, shown
):
    server.json("GET /things/a", GONE, 410)
    done = invoke("call", "find", "kind=a", "--doc", shapes, "--base-url", server.url, *options)
    assert done.exit_code == 7
    assert "find: the server responded with 410: Gone: It is gone.; the resp" in done.stderr
    if shown is None:
        assert "It is gone." in done.stdout
    else:
        assert done.stdout == shown
    assert ("HTTP 410" in done.stderr) is ("--include" in options)
    assert ("`-o json` prints the whole response" in done.stderr) is (not options)


def test_the_body_of_a_response_that_breaks_the_document_is_printed_when_asked_for(
    invoke, server, shapes
):
    server.json("GET /things/a", [1])
    call = ("call", "find", "kind=a", "--doc", shapes, "--base-url", server.url)
    assert (invoke(*call).exit_code, invoke(*call).stdout) == (9, "")
    done = invoke(*call, "-o", "json")
    assert (done.exit_code, json.loads(done.stdout)) == (9, [1])


# ── as a curl line ───────────────────────────────────────────────────────────────────────────

SCHEMES = {
    "Header": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "Query": {"type": "apiKey", "in": "query", "name": "the key"},
    "Cookie": {"type": "apiKey", "in": "cookie", "name": "sid"},
    "Bearer": {"type": "http", "scheme": "bearer"},
    "Basic": {"type": "http", "scheme": "basic"},
    "OAuth": {"type": "oauth2", "flows": {}},
}
VALUES = {
    "Header": "h3ader-$`\\\"'!",
    "Query": "qu3ry&=+ /%",
    "Cookie": "c00kie",
    "Bearer": "b3arer",
    "Basic": "user:p4ss w0rd",
    "OAuth": "0auth",
}


@pytest.fixture
def secured(tmp_path):
    """The path of a document with an operation for each scheme, and for each with a body."""
    paths = {}
    for name in SCHEMES:
        entry = {"responses": {"200": {"description": ""}}, "security": [{name: []}]}
        entry["parameters"] = [{"name": "q", "in": "query", "schema": {"type": "string"}}]
        content = {"application/json": {"schema": {"type": "object"}}}
        paths[f"/{name}"] = {
            "get": {**entry, "operationId": f"get{name}"},
            "post": {**entry, "operationId": f"post{name}", "requestBody": {"content": content}},
        }
    path = tmp_path / "secured.json"
    document = {"openapi": "3.1.0", "info": {"title": "", "version": ""}, "paths": paths}
    path.write_text(json.dumps({**document, "components": {"securitySchemes": SCHEMES}}))
    return str(path)


def pasted(line, **env):
    """Runs a curl line in a shell."""
    shell = ["/bin/sh", "-c", f"{line} --silent --show-error"]
    subprocess.run(shell, env={**os.environ, **env}, check=True, timeout=60)


def seen(request):
    """What both must send alike: not what curl adds of its own."""
    headers = {n: v for n, v in request["headers"].items() if n not in ("user-agent", "host")}
    path, _, query = request["path"].partition("?")
    return (
        request["method"],
        path,
        parse_qsl(query),
        request["body"],
        {
            name: value
            for name, value in headers.items()
            if name in ("authorization", "x-key", "cookie", "content-type", "accept")
        },
    )


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.parametrize(
    ("name", "method"),
    # A key beside a body goes into the URL as it is, not encoded by curl.
    [(name, "get") for name in SCHEMES] + [(name, "post") for name in SCHEMES if name != "Query"],
)
def test_a_curl_line_sends_the_same_with_its_variables_set(invoke, server, secured, name, method):
    server.answers[f"{method.upper()} /{name}"] = (200, {}, b"")
    words = [f"{method}{name}", "q=it's $HOME", "--doc", secured, "--base-url", server.url]
    words += ["--body", '{"a": "it\'s"}'] if method == "post" else []
    done = invoke("call", *words, "--auth", f"{name}={VALUES[name]}", "--curl")
    assert done.exit_code == 0, done.stderr
    line = done.stderr.splitlines()[0]
    assert VALUES[name] not in line
    assert "[redacted]" not in line
    pasted(line, **{f"DYNCLIENT_AUTH_{name.upper()}": VALUES[name]})
    ours, theirs = server.requests
    assert seen(ours) == seen(theirs)

    line = invoke(
        *("call", *words, "--auth", f"{name}={VALUES[name]}", "--dry-run", "--show-secrets")
    ).stdout.splitlines()[-1]
    pasted(line)
    assert seen(server.requests[-1]) == seen(ours)


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_a_curl_line_sends_a_file_that_is_the_body(invoke, server, shapes, tmp_path):
    blob = tmp_path / "the blob"
    blob.write_bytes(b"\xff\0blob")
    server.answers["PUT /blob"] = (204, {}, b"")
    call = ("call", "store", "--doc", shapes, "--base-url", server.url)
    done = invoke(*call, "--body", f"@{blob}", "--curl")
    assert done.exit_code == 0, done.stderr
    pasted(done.stderr.splitlines()[0])
    ours, theirs = server.requests
    assert ours["body"] == b"\xff\0blob"
    assert seen(ours) == seen(theirs)


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.parametrize(
    ("words", "route"),
    [
        (["find", "kind=a{1,2}[1-3]", 'where:={"x": 1}', "either=[a]"], "GET /things/"),
        (["note", "--body", 'it\'s\n\t"$HOME" `x` \\ ! é €'], "PUT /note"),
        (["login", "user=a b&c", "tries=2"], "POST /login"),
    ],
)
def test_a_curl_line_sends_odd_text_as_it_is(invoke, server, shapes, words, route):
    if route.endswith("/"):
        route += quote("a{1,2}[1-3]", safe="")
    server.answers[route] = (200 if route.startswith("GET") else 204, {}, b"")
    done = invoke("call", *words, "--doc", shapes, "--base-url", server.url, "--curl")
    assert done.exit_code == 0, done.stderr
    pasted(done.stderr.rstrip("\n"))
    ours, theirs = server.requests
    assert seen(ours) == seen(theirs)


def test_a_curl_line_names_the_variable_that_an_option_names(invoke, server, secured):
    call = ("call", "getBearer", "--doc", secured, "--base-url", server.url, "--dry-run")
    done = invoke(*call, "--auth", "Bearer=env:MINE", env={"MINE": "s3cret"})
    assert done.stdout.splitlines()[-1].endswith('-H "Authorization: Bearer $MINE"')
    assert "s3cret" not in done.output


def test_a_curl_line_is_printed_of_a_call_that_fails(invoke, server, secured):
    call = ("call", "getBearer", "--doc", secured, "--base-url", "http://127.0.0.1:1", "--curl")
    done = invoke(*call, "--auth", "Bearer=x")
    assert done.exit_code == 6
    assert done.stderr.startswith("curl http://127.0.0.1:1/Bearer ")


# ── what is logged ───────────────────────────────────────────────────────────────────────────


def test_a_warning_is_told_like_everything_on_stderr(invoke, server, shapes):
    server.json("GET /things/a", ["\x1b[31m"])
    call = ("call", "find", "kind=a", "--doc", shapes, "--base-url", server.url)
    done = invoke(*call, "--validate", "warn", "-o", "json")
    assert (done.exit_code, json.loads(done.stdout)) == (0, ["\x1b[31m"])
    assert done.stderr.startswith("Warning: find: response.body: ")
    assert "\x1b" not in done.stderr


# ── trust and servers ────────────────────────────────────────────────────────────────────────


def test_a_folder_is_trusted_by_an_option(invoke, server, tmp_path):
    shared, own = tmp_path / "shared", tmp_path / "own"
    shared.mkdir()
    own.mkdir()
    (shared / "types.json").write_text('{"Kind": {"type": "integer"}}')
    parameter = {"name": "k", "in": "query", "schema": {"$ref": "../shared/types.json#/Kind"}}
    operation = {"operationId": "op", "parameters": [parameter], "responses": {"200": {}}}
    path = own / "api.json"
    document = {"openapi": "3.1.0", "info": {"title": "", "version": ""}}
    path.write_text(json.dumps({**document, "paths": {"/a": {"get": operation}}}))
    server.answers["GET /a"] = (200, {}, b"")
    call = ("call", "op", "k=7", "--doc", str(path), "--base-url", server.url)
    done = invoke(*call)
    assert done.exit_code == 3
    assert f"pass --trust folders={shared}" in done.stderr
    assert invoke(*call, "--trust", f"folders={shared}").exit_code == 0


def test_the_variables_of_a_server_are_given_by_an_option(invoke, tmp_path):
    document = {"openapi": "3.1.0", "info": {"title": "", "version": ""}}
    server = {"url": "https://{region}.x.test", "variables": {"region": {}}}
    operation = {"operationId": "op", "responses": {"200": {"description": ""}}}
    path = tmp_path / "api.json"
    path.write_text(
        json.dumps({**document, "servers": [server], "paths": {"/a": {"get": operation}}})
    )
    call = ("call", "op", "--doc", str(path), "--dry-run")
    done = invoke(*call)
    assert done.exit_code == 3
    assert "pass --server-variable region=VALUE or --base-url URL" in done.stderr
    assert "https://eu.x.test/a" in invoke(*call, "--server-variable", "region=eu").stdout
    done = invoke(*call, "--server-variable", "region")
    assert (done.exit_code, "give NAME=VALUE" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("folder=x", "NAME may be folders"),
        ("max_depth=x", "max_depth is a number, not 'x'"),
        ("origins=ftp://x", "neither http nor https"),
        ("nothing", "give NAME=VALUE"),
    ],
)
def test_wrong_trust_is_wrong_usage(invoke, value, said):
    done = invoke("ops", "--trust", value)
    assert done.exit_code == 2
    assert said in done.stderr


@pytest.mark.parametrize(("flag", "level"), [("-v", 1), ("-vv", 2), (None, 0)])
def test_calls_are_logged_without_their_secrets(invoke, server, secured, flag, level):
    server.answers["GET /Bearer"] = (200, {"X-Echo": VALUES["Bearer"]}, b"")
    call = ("call", "getBearer", "--doc", secured, "--base-url", server.url)
    flags = () if flag is None else (flag,)
    done = invoke(*call, "--auth", f"Bearer={VALUES['Bearer']}", *flags)
    assert (done.exit_code, done.stdout) == (0, "")
    lines = done.stderr.splitlines()
    assert len([line for line in lines if line.startswith("getBearer: 200 in ")]) == (level > 0)
    assert (f"getBearer: sent: GET {server.url}/Bearer" in lines) is (level > 1)
    assert ("  Authorization: [redacted]" in lines) is (level > 1)
    assert ("  X-Echo: [redacted]" in lines) is (level > 1)
    assert VALUES["Bearer"] not in done.stderr
    assert invoke(*call, "--auth", "Bearer=x").stderr == ""  # the next run logs nothing


# ── time ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("option", ["--timeout", "--max-time"])
def test_a_call_that_takes_too_long_is_code_6_and_names_the_option(invoke, shapes, option):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        call = ("call", "find", "kind=a", "--doc", shapes, "--base-url", url)
        done = invoke(*call, option, "0.1")
    assert done.exit_code == 6
    assert f"; pass {option} SECONDS" in done.stderr


def test_until_calls_until_a_member_has_a_value(run, access):
    params = json.dumps(BELL)
    made = run(
        "call",
        "create_job",
        "program_id=sampler",
        "backend=ibm_fez",
        f"params:={params}",
        env=access,
    )
    name = f"id={json.loads(made.stdout)['id']}"
    given = ("--until", "status=Completed,Failed", "--every", "0.05", "--max-time", "60")
    found = run("call", "get_job_details_jid", name, *given, env=access)
    assert (found.returncode, json.loads(found.stdout)["status"]) == (0, "Completed")
    found = run(
        "call", "get_job_details_jid", name, "--until", "cost=-1", "--max-time", "0.1", env=access
    )
    assert found.returncode == 10
    assert "cost=-1 did not come within 0.1 seconds" in found.stderr
    assert "--every goes with --until" in run("call", "list_jobs", "--every", "1").stderr


def test_all_prints_the_items_of_all_pages(run, access):
    params = json.dumps(BELL)
    given = ("program_id=sampler", "backend=ibm_fez", f"params:={params}", "tags=paged")
    for _ in range(3):
        assert run("call", "create_job", *given, env=access).returncode == 0
    call = ("call", "list_jobs", "limit=2", "tags=paged", "--all")
    lines = run(*call, env=access).stdout.splitlines()
    assert len({json.loads(line)["id"] for line in lines}) == len(lines) == 3
    assert run(*call, "--max-items", "1", env=access).stdout.count("\n") == 1
    assert "go with --all" in run("call", "list_jobs", "--max-items", "1").stderr
    assert "goes without" in run("call", "list_jobs", "--all", "-o", "json").stderr
    found = run("call", "get_instance", "--all", env=access)
    assert found.returncode == 10
    assert "nothing in the document says how its pages follow" in found.stderr
