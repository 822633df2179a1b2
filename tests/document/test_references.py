"""`$ref`: where it leads, where it may not lead, and who fails when it leads nowhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support import Answer, Scripted, answering, json_content, one_operation, parameter

from dynclient import Client, DocumentError, InvalidRequest, Trust, load

THING = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}


def posting(reference: str, **more: Any) -> dict[str, Any]:
    return one_operation(method="post", content=json_content({"$ref": reference}), **more)


def opened(folder: Path, files: dict[str, Any], name: str = "api.json") -> Client:
    """A client of the file `name`; JSON unless the name says YAML."""
    for path, content in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content if isinstance(content, str) else json.dumps(content))
    return Client(folder / name)


def refuses_a_thing_without_name(client: Client) -> bool:
    assert client.prepare("op", body={"name": "a"}).content == b'{"name":"a"}'
    with pytest.raises(InvalidRequest, match="the required property 'name' is missing"):
        client.prepare("op", body={})
    return True


FILES: list[dict[str, Any]] = [
    {"api.json": posting("thing.json"), "thing.json": THING},
    {"api.json": posting("./schemas/all.json#/Thing"), "schemas/all.json": {"Thing": THING}},
    {
        "api.json": posting("schemas/a.json#/Thing"),
        "schemas/a.json": {"Thing": {"$ref": "deep/b.json"}},
        "schemas/deep/b.json": {"$ref": "../c.json#/x~1y/0"},
        "schemas/c.json": {"x/y": [THING]},
    },
    {
        "api.json": posting("all.yaml#/Thing"),
        "all.yaml": "Thing: {type: object, required: [name], properties: {name: {type: string}}}",
    },
    {"api.json": posting("a%20b.json#/T%C3%BC"), "a b.json": {"Tü": THING}},
]


@pytest.mark.parametrize("files", FILES)
def test_a_reference_leads_into_other_files(tmp_path: Path, files: dict[str, Any]) -> None:
    assert refuses_a_thing_without_name(opened(tmp_path, files))


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("#/components/schemas/Absent", "there is no 'components' on the way"),
        ("#/paths/~1thing/post/absent", "there is no 'absent' on the way"),
        ("#no-such-anchor", "leads nowhere"),
        ("absent.json", "No such file"),
        ("../outside.json", "is outside the document's folder"),
        ("/etc/hostname", "is outside the document's folder"),
        ("file:///etc/hostname", "is outside the document's folder"),
        ("http://127.0.0.1:9/x.json", "its origin is not trusted"),
        ("ftp://host/x.json", "only files, http and https are read"),
    ],
)
def test_a_reference_that_leads_nowhere_or_may_not_lead_there(
    tmp_path: Path, reference: str, said: str
) -> None:
    folder = tmp_path / "inner"
    (tmp_path / "outside.json").write_text(json.dumps(THING))
    client = opened(folder, {"api.json": posting(reference)})
    with pytest.raises(DocumentError, match=said) as caught:
        client.operations["op"].compile()
    assert (
        caught.value.pointer == "/paths/~1thing/post/requestBody/content/application~1json/schema"
    )
    assert reference in str(caught.value) or "folder" in str(caught.value)


def test_a_symbolic_link_does_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "outside.json").write_text(json.dumps(THING))
    folder = tmp_path / "inner"
    folder.mkdir()
    (folder / "link.json").symlink_to(tmp_path / "outside.json")
    with pytest.raises(DocumentError, match="outside the document's folder"):
        opened(folder, {"api.json": posting("link.json")}).operations["op"].compile()


def test_only_the_operation_that_needs_a_broken_reference_fails() -> None:
    document = posting("#/components/schemas/Absent")
    document["paths"]["/other"] = {"get": {"operationId": "other", "responses": {}}}
    document["paths"]["/broken"] = {"$ref": "#/components/pathItems/Absent"}
    client = Client(document)
    assert client.prepare("other").url.endswith("/other")
    assert [p.pointer for p in client.document.problems] == ["/paths/~1broken"]
    with pytest.raises(DocumentError, match=r"'#/components/schemas/Absent' leads nowhere"):
        client.prepare("op", body={})


def test_a_document_given_as_data_reaches_no_file() -> None:
    with pytest.raises(DocumentError, match="given as data"):
        Client(posting("thing.json")).operations["op"].compile()


POINTERS = [
    ("list/1", "b"),
    ("list/0", "a"),
    ("a~01", "tilde"),
    ("a~1", "slash"),
    ("a~1b~1%7Bid%7D", "template"),
    ("a%7E1b%7e1{id}", "template"),
    ("nested%2Fkey", "key"),
    ("100%25", "percent"),
    ("%E2%82%AC", "euro"),
    ("%zz", "no hex"),
    ("", "empty name"),
]
NO_POINTERS = ["list/01", "list/-", "list/-1", "list/2", "list/%D9%A1", "list/1.0", "a~2", "a~"]
VALUES: dict[str, Any] = {
    "list": ["a", "b"],
    "a~1": "tilde",
    "a/": "slash",
    "a/b/{id}": "template",
    "nested": {"key": "key"},
    "100%": "percent",
    "€": "euro",
    "%zz": "no hex",
    "": "empty name",
}


@pytest.mark.parametrize(("pointer", "value"), POINTERS)
def test_where_a_json_pointer_leads(pointer: str, value: str) -> None:
    # RFC 6901, sections 3, 4 and 6: percent-encoding goes first, `~1` before `~0`.
    document = load({**one_operation(), "x": VALUES})
    found, at = document.resources.resolve(f"#/x/{pointer}", document.resources.root)
    assert found == value
    assert document.resources.at(at) == value


@pytest.mark.parametrize("pointer", NO_POINTERS)
def test_a_json_pointer_that_leads_nowhere_is_reported(pointer: str) -> None:
    with pytest.raises(DocumentError, match="leads nowhere"):
        Client(posting(f"#/x/{pointer}") | {"x": VALUES}).prepare("op", body={})


@pytest.mark.parametrize(("length", "works"), [(5, True), (6, False)])
def test_the_length_of_one_chain_is_bounded(length: int, works: bool) -> None:
    chain: dict[str, Any] = {
        f"P{n}": {"$ref": f"#/components/parameters/P{n + 1}"} for n in range(1, length)
    }
    chain[f"P{length}"] = parameter("query", name="q")
    document = one_operation(
        parameters=[{"$ref": "#/components/parameters/P1"}], components={"parameters": chain}
    )
    client = Client(document, trust=Trust(max_references=5))
    if works:
        assert client.prepare("op", q="a").url.endswith("?q=a")
    for _ in range(0 if works else 2):
        with pytest.raises(DocumentError, match=r"is longer than 5; .*max_references") as caught:
            client.prepare("op", q="a")
        assert caught.value.pointer == "/paths/~1thing/get/parameters/0"


def test_folders_that_are_trusted_may_be_named(tmp_path: Path) -> None:
    shared, outside = tmp_path / "shared", tmp_path / "outside.json"
    shared.mkdir()
    outside.write_text(json.dumps(THING))
    (shared / "thing.json").write_text(json.dumps({"$ref": "part.json"}))
    (shared / "part.json").write_text(json.dumps(THING))
    file = tmp_path / "api" / "api.json"
    file.parent.mkdir()
    trust = Trust(folders=[str(shared)])
    for reference, works in [("../shared/thing.json", True), ("../outside.json", False)]:
        file.write_text(json.dumps(posting(reference)))
        with pytest.raises(DocumentError, match=r"outside the document's folder.*Trust\(folders="):
            Client(file).prepare("op", body={"name": "a"})
        client = Client(file, trust=trust)
        if works:
            assert refuses_a_thing_without_name(client)
        else:
            with pytest.raises(DocumentError, match="outside"):
                client.prepare("op", body={"name": "a"})


@pytest.mark.parametrize("reference", ["thing.json", "../shared/thing.json", "inner/b%20c.json"])
def test_references_of_a_document_given_as_data_start_from_the_folders_trusted(
    tmp_path: Path, reference: str
) -> None:
    shared = tmp_path / "shared"
    (shared / "inner").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    (shared / "thing.json").write_text(json.dumps({"$ref": "inner/b%20c.json#/Thing/0"}))
    (shared / "inner" / "b c.json").write_text(json.dumps({"Thing": [THING], **THING}))
    trust = Trust(folders=[tmp_path / "empty", shared])
    assert refuses_a_thing_without_name(Client(posting(reference), trust=trust))
    with pytest.raises(DocumentError, match=r"No such file|outside the folders trusted"):
        Client(posting("../thing.json"), trust=trust).prepare("op", body={})
    (shared / "link.json").symlink_to(tmp_path / "outside.json")
    (tmp_path / "outside.json").write_text(json.dumps(THING))
    with pytest.raises(DocumentError, match="outside the folders trusted"):
        Client(posting("link.json"), trust=trust).prepare("op", body={})


def test_folders_are_a_list() -> None:
    with pytest.raises(TypeError, match="a list of folders"):
        Trust(folders="/tmp")


def test_a_document_from_the_network_reaches_its_own_origin_only(
    service: Scripted, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text(json.dumps(THING))
    for reference, works in [
        ("thing.json", True),
        (secret.as_uri(), False),
        ("http://127.0.0.1:9/thing.json", False),
    ]:
        service.answers[:] = [Answer(json.dumps(posting(reference)).encode())]
        client = Client(f"{service.url}/api.json", base_url=service.url)
        service.answers[:] = [Answer(json.dumps(THING).encode())]
        if works:
            assert refuses_a_thing_without_name(client)
            assert service.received[-1].target == "/thing.json"
        else:
            with pytest.raises(DocumentError, match="not trusted"):
                client.operations["op"].compile()


@pytest.mark.parametrize(
    "schemas",
    [
        {"A": {"$ref": "#/components/schemas/A"}},
        {"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}},
    ],
)
def test_a_ring_of_references_is_refused(schemas: dict[str, Any]) -> None:
    document = one_operation(
        parameters=[{"$ref": "#/components/parameters/A"}],
        components={"parameters": {"A": {"$ref": "#/components/parameters/A"}}},
    )
    with pytest.raises(DocumentError, match="never ends"):
        Client(document).operations["op"].compile()
    client = Client(posting("#/components/schemas/A", components={"schemas": schemas}))
    with pytest.raises(DocumentError):
        client.operations["op"].compile()


def test_a_schema_that_contains_itself_is_judged_to_any_depth() -> None:
    tree = {
        "type": "object",
        "required": ["name"],
        "properties": {"children": {"items": {"$ref": "#/components/schemas/Tree"}}},
    }
    client = Client(posting("#/components/schemas/Tree", components={"schemas": {"Tree": tree}}))
    good: dict[str, Any] = {"name": "leaf"}
    for _ in range(50):
        good = {"name": "node", "children": [good]}
    assert client.prepare("op", body=good).content
    bad: dict[str, Any] = {}
    for _ in range(50):
        bad = {"name": "node", "children": [bad]}
    with pytest.raises(InvalidRequest) as caught:
        client.prepare("op", body=bad)
    assert [v.pointer for v in caught.value.violations] == ["/children/0" * 50]


def test_references_work_wherever_they_are_allowed() -> None:
    document = one_operation(
        method="post",
        parameters=[{"$ref": "#/components/parameters/Limit"}],
        responses={"200": {"$ref": "#/components/responses/Ok"}},
        requestBody={"$ref": "#/components/requestBodies/Thing"},
        components={
            "parameters": {"Limit": parameter("query", {"type": "integer"}, "limit")},
            "requestBodies": {"Thing": {"content": json_content(THING)}},
            "headers": {"Count": {"required": True, "schema": {"type": "integer"}}},
            "responses": {
                "Ok": {
                    "description": "",
                    "headers": {"X-Count": {"$ref": "#/components/headers/Count"}},
                    "content": json_content(THING),
                }
            },
            "pathItems": {},
        },
    )
    client = Client(document)
    operation = client.operations["op"]
    operation.compile()
    assert [p.name for p in operation.parameters] == ["limit"]
    assert [h.name for h in operation.responses["200"].headers] == ["X-Count"]
    assert refuses_a_thing_without_name(client)


ENDLESS = {
    "A": {"$ref": "#/components/schemas/B"},
    "B": {"$ref": "#/components/schemas/A"},
    "Self": {"$ref": "#/components/schemas/Self"},
    "Deep": {"type": "object", "properties": {"a": {"items": {"$ref": "#/components/schemas/A"}}}},
}


@pytest.mark.parametrize("version", ["3.0.4", "3.1.1", "3.2.0"])
@pytest.mark.parametrize("name", ENDLESS)
def test_a_ring_of_references_is_a_problem_of_the_operation_that_meets_it(
    version: str, name: str
) -> None:
    schema, components = {"$ref": f"#/components/schemas/{name}"}, {"schemas": ENDLESS}
    told = "the chain of \\$refs from here never ends"
    body = one_operation(
        version=version, method="post", content=json_content(schema), components=components
    )
    in_query = one_operation(
        version=version, parameters=[parameter("query", schema)], components=components
    )
    answer = one_operation(version=version, responses=answering(schema), components=components)
    for document, arguments in [(body, {"body": {"a": []}}), (in_query, {"p": "a"}), (answer, {})]:
        client = Client(document, base_url="http://api.test")
        with pytest.raises(DocumentError, match=told):
            client.call("op", **arguments)
        with pytest.raises(DocumentError, match=told):
            client.compile("op")
        assert [problem.rule for problem in client.document.problems] == ["unusable-operation"]
