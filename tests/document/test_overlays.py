"""Overlays (Overlay Specification 1.0 and 1.1), applied as a document is loaded."""

from __future__ import annotations

import asyncio
import copy
import json
from pathlib import Path
from typing import Any

import pytest
from support import Answer, Scripted, answering, one_operation

from dynclient import AsyncClient, Client, DocumentError, InvalidResponse, Trust, load
from dynclient.document import Problem
from dynclient.document.overlays import apply, read_overlay


def overlay(*actions: dict[str, Any], version: str = "1.1.0") -> dict[str, Any]:
    return {"overlay": version, "info": {"title": "o", "version": "1"}, "actions": list(actions)}


def applied(data: Any, *actions: dict[str, Any], version: str = "1.1.0") -> Any:
    before = copy.deepcopy(data)
    result, _ = apply([read_overlay(overlay(*actions, version=version), "o")], data)
    assert data == before
    return result


SHOP = {
    "info": {"title": "Shop", "tags": ["a", "b"]},
    "paths": {
        "/items": {
            "get": {"summary": "all", "parameters": [{"name": "a"}, {"name": "b"}, {"name": "c"}]}
        },
        "/some-items": {"delete": {"summary": "none"}},
    },
}


def items(**changes: Any) -> dict[str, Any]:
    """SHOP with some members of its first operation changed."""
    changed = copy.deepcopy(SHOP)
    changed["paths"]["/items"]["get"].update(changes)
    return changed


def with_paths(**paths: Any) -> dict[str, Any]:
    return {**SHOP, "paths": {f"/{name.replace('_', '-')}": item for name, item in paths.items()}}


ITEMS, SOME = SHOP["paths"]["/items"], SHOP["paths"]["/some-items"]
APPLIED: list[tuple[str, list[dict[str, Any]], Any]] = [
    (
        "an object is merged, and what is new is added",
        [{"target": "$.paths['/items'].get", "update": {"summary": "some", "x": {"y": 1}}}],
        items(summary="some", x={"y": 1}),
    ),
    (
        "objects are merged all the way down",
        [{"target": "$", "update": {"paths": {"/items": {"get": {"summary": "some"}}}}}],
        items(summary="some"),
    ),
    (
        "lists are joined, where they are merged",
        [{"target": "$.paths['/items'].get", "update": {"parameters": [{"name": "d"}]}}],
        items(parameters=[{"name": n} for n in "abcd"]),
    ),
    (
        "an entry is added to a list",
        [{"target": "$.paths.*.get.parameters", "update": {"name": "d"}}],
        items(parameters=[{"name": n} for n in "abcd"]),
    ),
    (
        "a list is joined to a list",
        [{"target": "$.info.tags", "update": ["c", "d"]}],
        {**SHOP, "info": {"title": "Shop", "tags": ["a", "b", "c", "d"]}},
    ),
    (
        "a primitive value is replaced",
        [{"target": "$.info.title", "update": "Store"}],
        {**SHOP, "info": {"title": "Store", "tags": ["a", "b"]}},
    ),
    (
        "what is removed from a list leaves the others",
        [{"target": "$.paths.*.get.parameters[?@.name != 'b']", "remove": True}],
        items(parameters=[{"name": "b"}]),
    ),
    (
        "whatever the order in which it is selected",
        [{"target": "$.paths.*.get.parameters[1, 0, 0, 2]", "remove": True}],
        items(parameters=[]),
    ),
    (
        "primitive entries are removed",
        [{"target": "$.info.tags[?@ == 'a']", "remove": True}],
        {**SHOP, "info": {"title": "Shop", "tags": ["b"]}},
    ),
    (
        "a node and what is in it are removed together",
        [{"target": "$.paths['/items']..*", "remove": True}],
        with_paths(items={}, some_items=SOME),
    ),
    (
        "a node is copied into another",
        [{"target": "$.paths['/some-items']", "copy": "$.paths['/items']"}],
        with_paths(items=ITEMS, some_items={**SOME, **ITEMS}),
    ),
    (
        "a node is moved",
        [
            {"target": "$.paths", "update": {"/new-items": {}}},
            {"target": "$.paths['/new-items']", "copy": "$.paths['/items']"},
            {"target": "$.paths['/items']", "remove": True},
        ],
        with_paths(some_items=SOME, new_items=ITEMS),
    ),
    (
        "a copy does not change with what it was copied from",
        [
            {"target": "$.paths", "update": {"/new-items": {}}},
            {"target": "$.paths['/new-items']", "copy": "$.paths['/items']"},
            {"target": "$.paths['/new-items'].get", "update": {"summary": "new"}},
            {"target": "$.paths['/items'].get.parameters", "remove": True},
        ],
        with_paths(
            items={"get": {"summary": "all"}},
            some_items=SOME,
            new_items={"get": {**ITEMS["get"], "summary": "new"}},
        ),
    ),
    (
        "a node is copied into a part of itself",
        [
            {"target": "$.info", "update": {"title": "Store", "x": {}}},
            {"target": "$.info.x", "copy": "$.info"},
        ],
        {
            **SHOP,
            "info": {
                "title": "Store",
                "tags": ["a", "b"],
                "x": {"title": "Store", "tags": ["a", "b"], "x": {}},
            },
        },
    ),
    (
        "what was removed can be made anew",
        [
            {"target": "$.info", "remove": True},
            {"target": "$", "update": {"info": {"title": "New"}}},
        ],
        {"info": {"title": "New"}, "paths": SHOP["paths"]},
    ),
    (
        "extensions and descriptions do nothing",
        [{"target": "$.info", "update": {"x": 1}, "description": "why", "x-by": "me"}],
        {**SHOP, "info": {**SHOP["info"], "x": 1}},
    ),
]


@pytest.mark.parametrize("version", ["1.0.0", "1.0", "1.1.0"])
@pytest.mark.parametrize(
    ("actions", "result"), [(a, r) for _, a, r in APPLIED], ids=[n for n, _, _ in APPLIED]
)
def test_an_overlay_is_applied(actions: list[dict[str, Any]], result: Any, version: str) -> None:
    assert applied(SHOP, *actions, version=version) == result


def test_what_stands_in_several_places_is_changed_in_one() -> None:
    shared = {"type": "string", "enum": ["a"]}
    data = {"a": {"x": shared}, "b": {"x": shared}}
    result = applied(
        data,
        {"target": "$.a.x", "update": {"enum": ["b"]}},
        {"target": "$.a.x.enum", "update": "c"},
        {"target": "$.b.x.enum", "update": "d"},
    )
    assert result == {
        "a": {"x": {"type": "string", "enum": ["a", "b", "c"]}},
        "b": {"x": {"type": "string", "enum": ["a", "d"]}},
    }


def test_an_overlay_that_is_applied_twice_is_not_changed() -> None:
    given = overlay({"target": "$", "update": {"x": {"y": []}}}, {"target": "$.x.y", "update": "z"})
    for _ in range(2):
        assert load(one_operation(), overlays=[given]).data["x"] == {"y": ["z"]}
    assert given["actions"][0]["update"] == {"x": {"y": []}}


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        ({"target": "$.info", "update": "text"}, "a primitive value can't be merged into an"),
        ({"target": "$.info.title", "update": {}}, "an object can't be merged into a primitive"),
        ({"target": "$", "update": {"info": []}}, "a list can't be merged into an object"),
        ({"target": "$", "update": 1}, "merged into an object, at the root"),
        ({"target": "$", "remove": True}, "the root can't be removed"),
        ({"target": "$.info", "copy": "$.absent"}, "must select one node; $.absent selects 0"),
        ({"target": "$.info", "copy": "$.paths.*"}, "must select one node; $.paths.* selects 2"),
        ({"target": "info", "remove": True}, "'info' is not a JSONPath query of RFC 9535"),
        ({"target": "$.info", "copy": "$["}, "'$[' is not a JSONPath query of RFC 9535"),
        ({"target": "$.info[?@.a in ['b']]", "remove": True}, "is not a JSONPath query"),
        ({"target": "$.info"}, "give one of update, copy, remove"),
        ({"target": "$.info", "remove": False}, "give one of update, copy, remove"),
        ({"target": "$.info", "update": {}, "copy": "$"}, "give one of update, copy, remove"),
        ({"target": "$.info", "remove": "yes"}, "`remove` is true or false"),
        ({"target": "$.info", "copy": 1}, "`copy` is a JSONPath query"),
        ({"target": 1, "remove": True}, "an action is an object with a `target`"),
        ({"target": "$.info", "updaet": {}}, "an action has no field 'updaet'"),
        ("$.info", "an action is an object with a `target`"),
    ],
)  # fmt: skip
def test_an_action_that_cannot_be_applied_is_an_error_at_its_place(
    tmp_path: Path, action: Any, reason: str
) -> None:
    file = tmp_path / "fix.overlay.json"
    file.write_text(json.dumps(overlay({"target": "$.info", "update": {}}, action)))
    with pytest.raises(DocumentError) as caught:
        load({**one_operation(), **SHOP}, overlays=[file])
    assert reason in caught.value.problem
    assert (caught.value.source, caught.value.pointer) == (file.as_uri(), "/actions/1")


@pytest.mark.parametrize(
    ("data", "reason", "pointer"),
    [
        ({"openapi": "3.1.0"}, "no field `overlay`", None),
        ([], "no field `overlay`", None),
        ({"overlay": "2.0.0", "actions": [{}]}, "2.0.0 is not supported", "/overlay"),
        (overlay(), "needs a list of actions", "/actions"),
        ({"overlay": "1.0.0", "actions": {}}, "needs a list of actions", "/actions"),
    ],
)  # fmt: skip
def test_what_is_no_overlay_is_refused(
    tmp_path: Path, data: Any, reason: str, pointer: str | None
) -> None:
    file = tmp_path / "fix.yaml"
    file.write_text(json.dumps(data))
    with pytest.raises(DocumentError, match=reason) as caught:
        Client(one_operation(), overlays=[file])
    assert caught.value.pointer == pointer
    with pytest.raises(DocumentError, match="can't be opened"):
        Client(one_operation(), overlays=[tmp_path / "absent.yaml"])
    with pytest.raises(TypeError, match="a list of overlays"):
        Client(one_operation(), overlays=str(file))


def test_a_target_that_selects_nothing_is_a_problem_of_the_document() -> None:
    given = overlay(
        {"target": "$.info", "update": {"x-a": 1}}, {"target": "$.paths['/absent']", "remove": True}
    )
    client = Client(one_operation(), overlays=[given, given])
    expected = [
        Problem(
            "/actions/1/target",
            "the target $.paths['/absent'] selects nothing",
            "overlay",
            f"overlay {number}",
        )
        for number in (1, 2)
    ]
    assert list(client.document.problems) == expected
    assert client.document.check() == expected


def test_a_repaired_document_judges_by_the_repair(service: Scripted, tmp_path: Path) -> None:
    document = one_operation(responses=answering({"type": "object", "required": ["id"]}))
    (tmp_path / "api.json").write_text(json.dumps(document))
    fix = tmp_path / "fix.overlay.yaml"
    fix.write_text(
        "overlay: 1.0.0\ninfo: {title: Fix, version: '1'}\nactions:\n"
        "  - target: $.paths['/thing'].get.responses['200'].content.*.schema.required\n"
        "    remove: true\n"
    )
    with pytest.raises(InvalidResponse):
        service.client(tmp_path / "api.json").call("op")
    client = service.client(tmp_path / "api.json", overlays=[fix])
    assert client.call("op") == {}


def test_overlays_go_before_an_upgrade() -> None:
    swagger = {
        "swagger": "2.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/a": {"get": {"operationId": "a", "responses": {"200": {"description": ""}}}}},
    }
    parameter = {"name": "q", "in": "query", "type": "integer"}
    given = overlay({"target": "$.paths.*.get", "update": {"parameters": [parameter]}})
    client = Client(swagger, overlays=[given], base_url="http://a.test")
    assert client.prepare("a", q=1).url.endswith("/a?q=1")


def test_references_in_an_overlay_start_from_the_document_and_are_trusted_as_its_own(
    tmp_path: Path,
) -> None:
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "thing.json").write_text('{"type": "object", "required": ["name"]}')
    (tmp_path / "api" / "api.json").write_text(
        json.dumps(one_operation(parameters=[{"name": "p", "in": "query", "schema": {}}]))
    )
    target = "$.paths.*.get.parameters[0].schema"
    near = overlay({"target": target, "update": {"$ref": "thing.json"}})
    client = Client(tmp_path / "api" / "api.json", overlays=[near])
    client.operations["op"].compile()
    (tmp_path / "secret.json").write_text("{}")
    far = overlay({"target": target, "update": {"$ref": "../secret.json"}})
    with pytest.raises(DocumentError, match="outside the document's folder"):
        Client(tmp_path / "api" / "api.json", overlays=[far]).operations["op"].compile()


def test_anchors_that_an_overlay_adds_are_found() -> None:
    document = one_operation(
        responses=answering({"$ref": "#thing"}), components={"schemas": {"T": {"type": "object"}}}
    )
    given = overlay({"target": "$.components.schemas.T", "update": {"$anchor": "thing"}})
    Client(document, overlays=[given]).operations["op"].compile()


def test_copies_of_copies_are_bounded() -> None:
    actions: list[dict[str, Any]] = [{"target": "$", "update": {"x": {"a": {}}}}]
    for n in range(60):
        actions += [
            {"target": "$.x", "update": {f"b{n}": {}}},
            {"target": f"$.x.b{n}", "copy": "$.x"},
        ]
    with pytest.raises(DocumentError, match="more than 1000 values"):
        load(one_operation(), overlays=[overlay(*actions)], trust=Trust(max_nodes=1000))
    with pytest.raises(DocumentError, match="more than 20000000 values"):
        load(one_operation(), overlays=[overlay(*actions)])


def test_an_overlay_is_fetched(service: Scripted) -> None:
    given = overlay({"target": "$.info", "update": {"title": "Changed"}})
    service.answers[:] = [Answer(json.dumps(given).encode())]
    client = Client(one_operation(), overlays=[f"{service.url}/fix.json"])
    assert client.document.title == "Changed"
    assert client.document.uri == ""


def test_an_overlay_is_fetched_when_an_async_client_opens(service: Scripted) -> None:
    given = overlay({"target": "$.info", "update": {"title": "Changed"}})
    service.answers[:] = [Answer(json.dumps(given).encode())]

    async def title() -> str:
        client = AsyncClient(one_operation(), overlays=[f"{service.url}/fix.json"])
        with pytest.raises(RuntimeError, match="not open"):
            _ = client.document
        async with client:
            return client.document.title

    assert asyncio.run(title()) == "Changed"


def test_a_client_with_overlays_travels_with_them() -> None:
    import pickle

    given = overlay({"target": "$.info", "update": {"title": "Changed"}})
    client = Client(one_operation(), overlays=[given])
    assert pickle.loads(pickle.dumps(client)).document.title == "Changed"
    assert client.with_options(timeout=1).document.title == "Changed"
