"""What operations are called: operationIds, those that are missing, shared or odd, and aliases."""

from __future__ import annotations

from typing import Any

import pytest
from support import BASE

from dynclient import Client, UnknownOperation


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
