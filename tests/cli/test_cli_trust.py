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
    assert "no overlay" in broken.stderr
