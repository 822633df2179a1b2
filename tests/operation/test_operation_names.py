"""What operations are called: operationIds, those that are missing, shared or odd, and aliases."""

from __future__ import annotations

from typing import Any

import pytest
from support import BASE

from dynclient import Client, Only, UnknownOperation, load
from dynclient.operation import Operations


def document(*operations: tuple[str, str, Any]) -> dict[str, Any]:
    """A document of (method, path, operationId) triples; None leaves the operationId out."""
    paths: dict[str, Any] = {}
    for method, path, name in operations:
        entry: dict[str, Any] = {"responses": {"200": {"description": ""}}}
        if name is not None:
            entry["operationId"] = name
        paths.setdefault(path, {})[method] = entry
    return {"openapi": "3.1.1", "info": {"title": "T", "version": "1"}, "servers": [{"url": BASE}],
            "paths": paths}  # fmt: skip


def test_operations_are_a_mapping_in_the_order_of_the_document() -> None:
    operations = Client(document(("get", "/b", "second"), ("get", "/a", "first"))).operations
    assert list(operations) == ["second", "first"]
    assert len(operations) == 2
    assert operations["first"].path == "/a"
    assert "first" in operations
    assert "third" not in operations
    assert operations.get("third") is None


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("get", "/jobs/{id}", "get_jobs_id"),
        ("post", "/jobs", "post_jobs"),
        ("delete", "/v1/Job-Tags/{tagName}/", "delete_v1_job_tags_tag_name"),
        ("get", "/", "get"),
    ],
)
def test_an_operation_without_id_is_called_by_method_and_path(
    method: str, path: str, name: str
) -> None:
    client = Client(document((method, path, None)))
    assert list(client.operations) == [name]
    assert client.operations[name].operation_id is None
    assert client.operations[f"{method.upper()} {path}"].name == name


def test_a_second_operation_of_the_same_id_gets_a_number_and_a_problem() -> None:
    client = Client(document(("get", "/a", "op"), ("get", "/b", "op"), ("get", "/c", "op")))
    assert list(client.operations) == ["op", "op_2", "op_3"]
    assert client.prepare("op_2").url == f"{BASE}/b"
    assert [(p.rule, p.pointer) for p in client.document.problems] == [
        ("operation-id", "/paths/~1b/get/operationId"),
        ("operation-id", "/paths/~1c/get/operationId"),
    ]


@pytest.mark.parametrize(
    ("name", "alias"),
    [
        ("listPets", "list_pets"),
        ("repos/get-content", "repos_get_content"),
        ("Users.List", "users_list"),
        ("HTTPStatus", "http_status"),
        ("class", "class_"),
        ("3d", "_3d"),
        ("größe holen", "gr_e_holen"),
        ("_", "_"),
    ],
)
def test_an_operation_goes_by_its_alias_as_well(name: str, alias: str) -> None:
    client = Client(document(("get", "/x", name)))
    assert client.operations[name] is client.operations[alias]
    assert getattr(client.ops, alias).operation.name == name
    assert alias in dir(client.ops)
    assert client.prepare(name) == client.prepare(alias)


def test_an_alias_that_two_operations_share_is_nobodys() -> None:
    client = Client(document(("get", "/a", "listPets"), ("get", "/b", "list-pets")))
    with pytest.raises(UnknownOperation, match="did you mean listPets or list-pets") as caught:
        client.prepare("list_pets")
    assert set(caught.value.nearest) == {"listPets", "list-pets"}
    assert client.prepare("list-pets").url == f"{BASE}/b"


def test_an_exact_name_wins_over_an_alias() -> None:
    client = Client(document(("get", "/a", "listPets"), ("get", "/b", "list_pets")))
    assert client.prepare("list_pets").url == f"{BASE}/b"
    assert client.prepare("listPets").url == f"{BASE}/a"


@pytest.mark.parametrize("name", ["", " ", "GET", "GET /none", 5, None])
def test_what_names_no_operation_is_unknown(name: Any) -> None:
    with pytest.raises(UnknownOperation, match="T has no operation"):
        Client(document(("get", "/a", "op"))).prepare(name)


@pytest.mark.parametrize(
    ("paths", "pointer"),
    [
        ({"/x": ["not an object"]}, "/paths/~1x"),
        ({"no-slash": {}}, "/paths/no-slash"),
        ({"/x": {"get": "not an object"}}, "/paths/~1x/get"),
        ({"/x": {"get": {"$ref": "op.yaml"}}}, "/paths/~1x/get/$ref"),
        ({"/x": {"get": {"$ref": "#/paths/~1ok/get", "responses": {}}}}, "/paths/~1x/get/$ref"),
        (["not an object"], "/paths"),
    ],
)
def test_what_the_publisher_broke_is_a_problem_and_the_rest_works(paths: Any, pointer: str) -> None:
    broken = document(("get", "/ok", "ok"))
    whole = isinstance(paths, list)
    broken["paths"] = paths if whole else {**broken["paths"], **paths}
    client = Client(broken)
    assert [p.pointer for p in client.document.problems] == [pointer]
    assert list(client.operations) == ([] if whole else ["ok"])


def test_a_placeholder_that_nothing_declares_is_a_required_argument() -> None:
    client = Client(document(("get", "/jobs/{job-id}", "op")))
    assert client.prepare("op", job_id="a/b").url == f"{BASE}/jobs/a%2Fb"
    assert [p.rule for p in client.document.problems] == ["parameter"]


def test_all_methods_are_operations() -> None:
    methods = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
    client = Client(document(*[(method, "/x", f"{method}_it") for method in methods]))
    for method in methods:
        assert client.prepare(f"{method}_it").method == method.upper()


@pytest.mark.parametrize("version", ["2.0", "3.0.4", "3.1.1", "3.2.0"])
def test_an_operation_that_is_a_ref_is_a_problem_and_can_not_be_called(version: str) -> None:
    key = "swagger" if version == "2.0" else "openapi"
    item: dict[str, Any] = {"get": {"$ref": "op.yaml"}}
    if version == "3.2.0":
        item["additionalOperations"] = {"COPY": {"$ref": "op.yaml"}}
    whole = {key: version, "info": {"title": "T", "version": "1"}, "paths": {"/x": item}}
    client = Client(whole)
    assert list(client.operations) == []
    places = {p.pointer for p in client.document.problems if p.rule == "operation"}
    assert "/paths/~1x/get/$ref" in places
    assert ("/paths/~1x/additionalOperations/COPY/$ref" in places) == (version == "3.2.0")
    with pytest.raises(UnknownOperation):
        client.prepare("GET /x")


def tagged() -> dict[str, Any]:
    whole = document(("get", "/a", "listA"), ("post", "/a/{id}", "b"), ("get", "/c", None))
    whole["tags"] = [{"name": "second"}, {"name": "first"}, {"name": "unused"}]
    whole["paths"]["/a"]["get"]["tags"] = ["first", "second"]
    whole["paths"]["/a/{id}"]["post"]["tags"] = ["other"]
    return whole


def test_operations_are_grouped_by_their_tags_in_the_order_of_the_document() -> None:
    operations = Client(tagged()).operations
    groups = operations.by_tag()
    assert {tag: list(each) for tag, each in groups.items()} == {
        "second": ["listA"],
        "first": ["listA"],
        "other": ["b"],
        "": ["get_c"],
    }
    assert list(groups) == ["second", "first", "other", ""]
    assert groups["first"]["list_a"] is operations["listA"]
    assert groups["first"]["GET /a"] is operations["listA"]
    with pytest.raises(UnknownOperation):
        groups["first"]["b"]


@pytest.mark.parametrize(
    ("only", "names"),
    [
        (Only(tags=["first"]), ["listA"]),
        (Only(paths=["/a*"]), ["listA", "b"]),
        (Only(paths=["/a/{id}"]), ["b"]),
        (Only(operations=["POST /a/{id}", "get_c"]), ["b", "get_c"]),
        (Only(tags=["other"], operations=["listA"]), ["listA", "b"]),
        (Only(), []),
    ],
)
def test_only_what_is_asked_for_is_there(only: Only, names: list[str]) -> None:
    operations = Operations(load(tagged()), only=only)
    assert list(operations) == names
    assert [each.name for each in operations.by_tag().get("first", {}).values()] == [
        name for name in names if name == "listA"
    ]
    with pytest.raises(UnknownOperation):
        operations["no such"]


def test_names_and_aliases_do_not_change_by_what_is_left_out() -> None:
    whole = document(("get", "/a", "op"), ("get", "/b", "op"), ("get", "/c", "listX"),
                     ("get", "/d", "list_x_"), ("get", "/e", "list-x"))  # fmt: skip
    operations = Operations(load(whole), only=Only(paths=["/b", "/c"]))
    assert list(operations) == ["op_2", "listX"]
    with pytest.raises(UnknownOperation):
        operations["list_x"]


@pytest.mark.parametrize(
    ("only", "entry"),
    [
        (Only(tags=["frist"]), "tags: 'frist'"),
        (Only(paths=["/A*"], tags=["first"]), r"paths: '/A\*'"),
        (Only(operations=["b", "c"]), "operations: 'c'"),
    ],
)
def test_an_entry_that_nothing_matches_is_an_error(only: Only, entry: str) -> None:
    with pytest.raises(ValueError, match=entry):
        Operations(load(tagged()), only=only)


def test_one_text_in_place_of_a_list_is_refused() -> None:
    with pytest.raises(TypeError, match="is a list of texts"):
        Only(tags="first")
