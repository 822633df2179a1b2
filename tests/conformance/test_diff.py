"""Two versions of a document: a fixture for each rule and direction."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from support import json_content

from conformance.shop import SHOP
from dynclient.cli.program import program
from dynclient.conformance import Judge, Ledger
from dynclient.conformance.differences import diff

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
Edit = Callable[[dict[str, Any]], Any]


def document(request: Any = None, response: Any = None, **operation: Any) -> dict[str, Any]:
    """A document of one operation, with the schemas of its two bodies."""
    answer = {"200": {"description": "it", "content": json_content(response or {})}}
    given = {"responses": answer, **operation}
    if request is not None:
        given["requestBody"] = {"content": json_content(request)}
    return {
        "openapi": "3.1.1",
        "info": {"title": "t", "version": "1"},
        "servers": [{"url": "https://a.example"}],
        "paths": {"/thing/{id}": {"put": {"operationId": "op", **given}}},
    }


def parameter(location: str = "query", **more: Any) -> dict[str, Any]:
    return {"name": "p", "in": location, "schema": {"type": "string"}, **more}


def obj(required: list[str] | None = None, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "string"}}, **more}
    return {**found, "required": required} if required else found


#: rule, the schema before and after, whom it breaks in a request and in a response.
SCHEMAS: list[tuple[str, Any, Any, str, str]] = [
    ("type", {"type": "string"}, {"type": ["string", "null"]}, "servers", "callers"),
    ("type", {"type": ["string", "null"]}, {"type": "string"}, "callers", "servers"),
    ("type", {"type": "integer"}, {"type": "number"}, "servers", "callers"),
    ("enum", {"enum": ["a"]}, {"enum": ["a", "b"]}, "servers", "callers"),
    ("enum", {"enum": ["a", "b"]}, {"enum": ["a"]}, "callers", "servers"),
    ("enum", {"type": "string"}, {"type": "string", "enum": ["a"]}, "callers", "servers"),
    ("enum", {"type": "string", "const": "a"}, {"type": "string"}, "servers", "callers"),
    ("format", {}, {"format": "date"}, "callers", "servers"),
    ("format", {"format": "date"}, {}, "servers", "callers"),
    ("format", {"format": "date"}, {"format": "date-time"}, "both", "both"),
    ("pattern", {}, {"pattern": "a"}, "callers", "servers"),
    ("minimum", {"minimum": 1}, {"minimum": 2}, "callers", "servers"),
    ("minimum", {"minimum": 2}, {"minimum": 1}, "servers", "callers"),
    ("maxLength", {"maxLength": 5}, {"maxLength": 9}, "servers", "callers"),
    ("maxLength", {}, {"maxLength": 9}, "callers", "servers"),
    ("minItems", {"minItems": 1}, {}, "servers", "callers"),
    ("required", obj(), obj(["a"]), "callers", "servers"),
    ("required", obj(["a"]), obj(), "servers", "callers"),
    ("property-removed", obj(), {"type": "object"}, "callers", "callers"),
    (
        "property-added",
        {"type": "object", "additionalProperties": False},
        obj(additionalProperties=False),
        "servers",
        "callers",
    ),
    ("additionalProperties", obj(), obj(additionalProperties=False), "callers", "servers"),
    ("additionalProperties", obj(additionalProperties=False), obj(), "servers", "callers"),
    ("oneOf", {"oneOf": [{}]}, {"oneOf": [{}, {"type": "string"}]}, "servers", "callers"),
]


@pytest.mark.parametrize(("rule", "old", "new", "request_", "response"), SCHEMAS)
def test_a_change_of_a_schema_breaks_by_its_direction(
    rule: str, old: Any, new: Any, request_: str, response: str
) -> None:
    deep_old, deep_new = ({"properties": {"x": {"items": each}}} for each in (old, new))
    for place, one, two in (("", old, new), ("/x/*", deep_old, deep_new)):
        (found,) = diff(document(one), document(two))
        assert (found.rule, found.breaks) == (rule, request_)
        assert found.where.startswith(f"request.body{place}")
        (found,) = diff(document(None, one), document(None, two))
        assert (found.rule, found.breaks) == (rule, response)
        assert found.where.startswith(f"response.200.body{place}")


def test_null_is_the_same_in_every_version() -> None:
    old = document(None, {"type": "string", "nullable": True})
    old["openapi"] = "3.0.4"
    assert diff(old, document(None, {"type": ["string", "null"]})) == []
    (found,) = diff(old, document(None, {"type": "string"}))
    assert (found.rule, found.breaks) == ("type", "servers")


def edited(edit: Edit, base: dict[str, Any]) -> dict[str, Any]:
    changed = deepcopy(base)
    edit(changed)
    return changed


def operation(found: dict[str, Any]) -> Any:
    return found["paths"]["/thing/{id}"]["put"]


PLAIN = document({"type": "object"}, parameters=[parameter()])

#: rule, an edit, whom it breaks, and where; the edit undone is the next row.
OPERATIONS: list[tuple[str, Edit, str, str]] = [
    ("operation-removed", lambda d: d["paths"].clear(), "callers", ""),
    ("operation-id", lambda d: operation(d).update(operationId="other"), "callers", ""),
    ("deprecated", lambda d: operation(d).update(deprecated=True), "none", ""),
    (
        "parameter-removed",
        lambda d: operation(d).update(parameters=[]),
        "callers",
        "request.query.p",
    ),
    (
        "parameter-added",
        lambda d: operation(d)["parameters"].append({**parameter(), "name": "q"}),
        "servers",
        "request.query.q",
    ),
    (
        "parameter-added-required",
        lambda d: operation(d)["parameters"].append({**parameter(required=True), "name": "q"}),
        "callers",
        "request.query.q",
    ),
    (
        "parameter-required",
        lambda d: operation(d)["parameters"][0].update(required=True),
        "callers",
        "request.query.p",
    ),
    (
        "parameter-moved",
        lambda d: operation(d)["parameters"][0].update({"in": "header"}),
        "both",
        "request.header.p",
    ),
    (
        "parameter-style",
        lambda d: operation(d)["parameters"][0].update(explode=False),
        "both",
        "request.query.p",
    ),
    ("body-removed", lambda d: operation(d).pop("requestBody"), "callers", "request.body"),
    (
        "body-required",
        lambda d: operation(d)["requestBody"].update(required=True),
        "callers",
        "request.body",
    ),
    (
        "request-media-type-added",
        lambda d: operation(d)["requestBody"]["content"].update({"text/csv": {}}),
        "servers",
        "request.body",
    ),
    (
        "response-media-type-added",
        lambda d: operation(d)["responses"]["200"]["content"].update({"text/csv": {}}),
        "servers",
        "response.200",
    ),
    (
        "status-added",
        lambda d: operation(d)["responses"].update({"202": {"description": "x"}}),
        "callers",
        "response.202",
    ),
    (
        "status-added",
        lambda d: operation(d)["responses"].update({"404": {"description": "x"}}),
        "none",
        "response.404",
    ),
    (
        "header-required",
        lambda d: operation(d)["responses"]["200"].update(
            headers={"X-A": {"required": True, "schema": {}}}
        ),
        "servers",
        "response.200.header.X-A",
    ),
    (
        "server-removed",
        lambda d: d.update(servers=[{"url": "https://b.example"}]),
        "callers",
        "servers",
    ),
    (
        "security",
        lambda d: d.update(
            security=[{"K": []}],
            components={"securitySchemes": {"K": {"type": "http", "scheme": "basic"}}},
        ),
        "callers",
        "request.security",
    ),
]

UNDONE = {
    "operation-removed": ("operation-added", "servers"),
    "parameter-removed": ("parameter-added", "servers"),
    "parameter-added": ("parameter-removed", "callers"),
    "parameter-added-required": ("parameter-removed", "callers"),
    "parameter-required": ("parameter-optional", "servers"),
    "body-removed": ("body-added", "servers"),
    "body-required": ("body-optional", "servers"),
    "request-media-type-added": ("request-media-type-removed", "callers"),
    "response-media-type-added": ("response-media-type-removed", "callers"),
    "header-required": ("header-removed", "callers"),
}


@pytest.mark.parametrize(("rule", "edit", "breaks", "where"), OPERATIONS)
def test_a_change_of_an_operation(rule: str, edit: Edit, breaks: str, where: str) -> None:
    changed = edited(edit, PLAIN)
    (found,) = diff(PLAIN, changed)
    assert (found.rule, found.breaks, found.where) == (rule, breaks, where)
    if rule in UNDONE:
        (found,) = diff(changed, PLAIN)
        assert (found.rule, found.breaks) == UNDONE[rule]


def test_what_has_not_changed_is_no_change() -> None:
    assert diff(PLAIN, deepcopy(PLAIN)) == []
    renamed = json.loads(json.dumps(PLAIN).replace("/thing/{id}", "/thing/{name}"))
    assert diff(PLAIN, renamed) == []


def test_schemas_that_contain_themselves_have_an_end() -> None:
    def tree(kind: str) -> dict[str, Any]:
        node = {
            "properties": {
                "next": {"$ref": "#/components/schemas/N"},
                "value": {"type": kind},
            }
        }
        ref = {"$ref": "#/components/schemas/N"}
        return {**document(None, ref), "components": {"schemas": {"N": node}}}

    found = diff(tree("string"), tree("integer"))
    assert {each.where for each in found} == {"response.200.body/value"}


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not beside the project")
@pytest.mark.parametrize(
    "name", ["gitea.io.json", "svix.com.json", "azure.com__web-Recommendations.json"]
)
def test_a_real_document_does_not_differ_from_itself(name: str) -> None:
    assert diff(CORPUS / name, CORPUS / name) == []


def test_the_command_line(tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    changed = deepcopy(SHOP)
    changed["paths"]["/orders"]["get"]["parameters"][0]["required"] = True
    changed["paths"]["/orders/{id}"]["get"]["deprecated"] = True
    old.write_text(json.dumps(SHOP))
    new.write_text(json.dumps(changed))
    run = CliRunner()
    base = ["conform", "diff", str(old), str(new)]
    done = run.invoke(program, base)
    assert done.exit_code == 0
    assert done.stdout.splitlines()[:3] == [
        "2 changes; 1 break callers, 0 break servers",
        "breaks callers: parameter-required: listOrders",
        "  request.query.limit: it is required now",
    ]
    codes = {
        kind: run.invoke(program, [*base, "--fail-on", kind]).exit_code
        for kind in ("breaking", "callers", "servers", "any")
    }
    assert codes == {"breaking": 1, "callers": 1, "servers": 0, "any": 1}
    found = json.loads(run.invoke(program, [*base, "--format", "json"]).stdout)
    assert found["changes"][0]["new"] == "/paths/~1orders/get/parameters/0"
    from conformance.shop import listed

    with Ledger(tmp_path / "drift.db") as ledger:
        each = listed()
        ledger.add(Judge(SHOP).check_exchange(each), each)
    used = [*base, "--ledger", str(tmp_path / "drift.db"), "--format", "markdown"]
    cells = ("callers", "parameter-required", "listOrders", "request.query.limit")
    row = f"| {' | '.join(cells)} | it is required now | 1 |"
    assert row in run.invoke(program, used).stdout
