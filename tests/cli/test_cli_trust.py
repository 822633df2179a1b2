"""How the command line reads a document: `--trust`, `--overlay`."""

import json

import pytest
from support import answering, one_operation


@pytest.fixture
def document(tmp_path):
    folder = tmp_path / "api"
    folder.mkdir()
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "thing.json").write_text('{"type": "object"}')
    path = folder / "api.json"
    path.write_text(
        json.dumps(one_operation(responses=answering({"$ref": "../shared/thing.json"})))
    )
    return path


@pytest.mark.parametrize("command", [["lint"], ["describe", "op", "--doc"]])
def test_a_folder_is_trusted_where_the_command_line_says_so(invoke, document, command):
    shared = document.parents[1] / "shared"
    refused = invoke(*command, str(document))
    said = refused.stdout + refused.stderr
    assert "outside the document's folder" in said
    done = invoke(*command, str(document), "--trust", f"folders={shared}")
    assert done.exit_code == 0
    assert "outside" not in done.stdout + done.stderr


def test_the_remedy_is_an_option(invoke, document):
    document.write_text(json.dumps(one_operation(parameters=[{"$ref": "../shared/thing.json"}])))
    done = invoke("call", "op", "--doc", str(document), "--dry-run")
    assert done.exit_code == 3
    assert f"--trust folders={document.parents[1] / 'shared'}" in done.stderr


def test_an_origin_is_trusted_where_the_command_line_says_so(invoke, document):
    document.write_text(
        json.dumps(one_operation(responses=answering({"$ref": "http://127.0.0.1:9/x.json"})))
    )
    refused = invoke("lint", str(document))
    assert "not trusted" in refused.stdout
    done = invoke("lint", str(document), "--trust", "origins=http://127.0.0.1:9")
    assert "not trusted" not in done.stdout
    assert done.exit_code == 1


@pytest.mark.parametrize("command", [["lint"], ["ops"], ["describe", "op", "--doc"]])
def test_an_overlay_is_applied_where_the_command_line_says_so(invoke, document, command):
    path = "$.paths['/thing'].get"
    repair = {
        "responses": {"200": {"content": {"application/json": {"schema": {"type": "array"}}}}}
    }
    actions = [
        {"target": f"{path}.responses..schema['$ref']", "remove": True},
        {"target": path, "update": {"summary": "Repaired", **repair}},
    ]
    overlay = document.parent / "fix.overlay.json"
    overlay.write_text(json.dumps({"overlay": "1.1.0", "actions": actions}))
    done = invoke(*command, str(document), "--overlay", str(overlay))
    assert (done.exit_code, "outside" in done.stdout + done.stderr) == (0, False)
    assert command == ["lint"] or "Repaired" in done.stdout
    broken = invoke(*command, str(document), "--overlay", str(document))
    assert broken.exit_code == 3
    assert "not an overlay" in broken.stderr


def test_the_remedy_of_a_file_that_cannot_be_fetched_is_an_option(invoke, server):
    parameter = {"name": "p", "in": "query", "schema": {"$ref": "types.json#/P"}}
    server.json("GET /api.json", one_operation(parameters=[parameter]))
    server.answers["GET /types.json"] = (302, {"Location": "http://127.0.0.1:9/types.json"}, b"")
    done = invoke("call", "op", "p=1", "--doc", f"{server.url}/api.json", "--dry-run")
    assert done.exit_code == 3
    assert "types.json' can't be loaded: " in done.stderr
    assert done.stderr.count("pass --trust origins=http://127.0.0.1:9") == 1
    assert "Trust(" not in done.stderr


@pytest.mark.parametrize("output", ["text", "json"])
def test_describe_and_call_fetch_what_the_document_refers_to(invoke, server, output):
    parameter = {"name": "p", "in": "query", "schema": {"$ref": "types.json#/Count"}}
    responses = answering({"$ref": "types.json#/Thing"})
    server.json("GET /api.json", one_operation(parameters=[parameter], responses=responses))
    deep = {"type": "object", "properties": {"size": {"$ref": "more.json"}}}
    count = {"type": "integer", "minimum": 7}
    server.json("GET /types.json", {"Count": count, "Thing": {"allOf": [deep]}})
    server.json("GET /more.json", {"type": "string", "maxLength": 9})
    document = ("op", "--doc", f"{server.url}/api.json")
    done = invoke("describe", *document, "-o", output)
    assert done.exit_code == 0
    for words in ("integer", "at least 7", "size: string, at most 9 characters"):
        assert words in done.stdout
    assert "unreadable" not in done.stdout
    call = ("call", *document, "--base-url", server.url, "--dry-run")
    done = invoke(*call, "p=8")
    assert (done.exit_code, "?p=8" in done.stdout) == (0, True)
    assert "at least 7" in invoke(*call, "p=1").stderr


def test_describe_shows_what_can_be_had_of_a_document(invoke, server):
    members = {name: {"$ref": f"{name}.json"} for name in "abc"}
    responses = answering({"type": "object", "properties": members})
    server.json("GET /api.json", one_operation(responses=responses))
    server.answers["GET /a.json"] = (404, {}, b"")
    server.json("GET /b.json", {"type": "integer"})
    server.answers["GET /c.json"] = (200, {}, b"{")
    done = invoke("describe", "op", "--doc", f"{server.url}/api.json")
    assert done.exit_code == 0
    assert "a: unreadable ($ref to" in done.stdout
    assert "the server responded with 404" in done.stdout
    assert "b: integer" in done.stdout
    assert "c: unreadable ($ref to" in done.stdout
