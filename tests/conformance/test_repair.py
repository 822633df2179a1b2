"""Overlays that make a document agree with what was seen, and findings that are accepted."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from conformance.shop import GOOD, ORDER, SHOP, exchange, listed, versioned
from dynclient import Client
from dynclient.cli.program import program
from dynclient.conformance import Judge, Ledger, Tally, repair
from dynclient.conformance.baseline import BaselineError, compare, write_baseline

DRIFT = {
    "DC201": [exchange(status=202), exchange(status=500, data=None), exchange(status=202)],
    "DC202": [exchange(data=b"<a/>", received={"Content-Type": "text/xml; charset=utf-8"})],
    "DC220": [
        exchange(data={**GOOD, "id": "1"}),
        exchange(data={**GOOD, "note": None}),
        listed([{**GOOD, "lines": [{"count": "3"}, {"count": None}]}]),
    ],
    "DC221": [exchange(data={"state": "open"}), exchange(data={"id": 1})],
    "DC222": [exchange(data={**GOOD, "state": each}) for each in ("lost", "it's", "lost", 'a"b')],
    "DC223": [exchange(data={**GOOD, "at": "yesterday"})],
    "DC224": [exchange(data={**GOOD, "note": "much too long"})],
}


def referring(version: str) -> dict[str, Any]:
    """The shop, its order a component."""
    document = versioned(version)
    document["components"]["schemas"] = {"Order": ORDER}
    text = json.dumps(document["paths"]).replace(
        json.dumps(ORDER), '{"$ref": "#/components/schemas/Order"}'
    )
    return {**document, "paths": json.loads(text)}


def counted(document: Any, traffic: Any, **settings: Any) -> Tally:
    judge, tally = Judge(document, **settings), Tally()
    for each in traffic:
        tally.add(judge.check_exchange(each), each)
    return tally


@pytest.mark.parametrize("version", ["3.0.4", "3.1.1", "3.2.0"])
@pytest.mark.parametrize("shape", [versioned, referring])
@pytest.mark.parametrize("code", DRIFT)
def test_after_the_repair_the_same_traffic_is_clean(version: str, shape: Any, code: str) -> None:
    document = shape(version)
    before = deepcopy(document)
    tally = counted(document, DRIFT[code])
    assert {group.key.code for group in tally.groups()} == {code}
    found = repair(tally, Client(document).document)
    assert found.left == []
    assert found.overlay is not None
    again = counted(document, DRIFT[code], overlays=[found.overlay])
    assert again.groups() == []
    assert document == before


def test_all_of_it_at_once_and_through_a_ledger(tmp_path: Path) -> None:
    traffic = [each for found in DRIFT.values() for each in found]
    spec, out = tmp_path / "shop.json", tmp_path / "seen.yaml"
    spec.write_text(json.dumps(SHOP))
    judge = Judge(SHOP)
    for part in (traffic[::2], traffic[1::2]):
        with Ledger(tmp_path / "drift.db") as ledger:
            for each in part:
                ledger.add(judge.check_exchange(each), each)
    command = ["conform", "repair", str(tmp_path / "drift.db"), "--spec", str(spec), "-o", str(out)]
    assert CliRunner().invoke(program, command).exit_code == 0
    overlay = yaml.safe_load(out.read_text())
    assert overlay["overlay"] == "1.1.0"
    assert counted(SHOP, traffic, overlays=[overlay]).groups() == []
    evidence = [action["description"] for action in overlay["actions"]]
    assert any(each.startswith("DC222 enum in 4 exchanges (getOrder, ") for each in evidence)
    assert any('Seen: "lost", ' in each for each in evidence)


def test_what_cannot_be_repaired_is_named_with_the_reason() -> None:
    traffic = [
        exchange(target="/orders/x"),
        exchange(data={**GOOD, "fixed": {"b": 1}}),
        exchange(received={"Content-Type": ""}),
    ]
    found = repair(counted(SHOP, traffic), Client(SHOP).document)
    assert found.overlay is None
    assert {group.key.code: reason for group, reason in found.left} == {
        "DC111": "it is about a request, or the document itself",
        "DC228": "there is no repair for this kind",
        "DC202": "the response has no content type at all",
    }


def test_swagger_2_is_repaired_as_it_was_published() -> None:
    schema = {"type": "object", "properties": {"state": {"type": "string", "enum": ["open"]}}}
    document = {
        "swagger": "2.0",
        "info": {"title": "t", "version": "1"},
        "host": "shop.example",
        "basePath": "/v1",
        "schemes": ["https"],
        "produces": ["application/json"],
        "definitions": {"Order": schema},
        "paths": {
            "/orders/{id}": {
                "get": {
                    "parameters": [
                        {"name": "id", "in": "path", "required": True, "type": "integer"}
                    ],
                    "responses": {
                        "200": {"description": "it", "schema": {"$ref": "#/definitions/Order"}}
                    },
                }
            }
        },
    }
    traffic = [exchange(data={"state": "lost"}), exchange(data={"state": None})]
    found = repair(counted(document, traffic), Client(document).document)
    assert found.overlay is not None
    after = counted(document, traffic[:1], overlays=[found.overlay])
    assert after.groups() == []


def test_secret_values_are_not_in_an_overlay() -> None:
    tally = counted(SHOP, [listed([{**GOOD, "state": "secret-key"}])])
    found = repair(tally, Client(SHOP).document)
    assert "secret-key" not in json.dumps(found.overlay)


# ── baselines ────────────────────────────────────────────────────────────────────────────────────


def test_what_is_known_is_accepted_and_what_is_new_or_gone_is_told(tmp_path: Path) -> None:
    file = tmp_path / "known.json"
    first = counted(SHOP, [*DRIFT["DC222"], *DRIFT["DC223"]])
    write_baseline(file, first.groups())
    compared = compare(file, first)
    assert (len(compared.new), len(compared.known), compared.gone) == (0, 2, [])
    compared = compare(file, counted(SHOP, [*DRIFT["DC222"], *DRIFT["DC224"]]))
    assert [group.key.code for group in compared.new] == ["DC224"]
    assert [group.key.code for group in compared.known] == ["DC222"]
    assert [key.code for key in compared.gone] == ["DC223"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"dynclient": "baseline/9", "findings": []}'])
def test_what_is_no_baseline_says_so(tmp_path: Path, text: str) -> None:
    file = tmp_path / "known.json"
    file.write_text(text)
    with pytest.raises(BaselineError, match="is no baseline of findings"):
        compare(file, Tally())
    with pytest.raises(BaselineError, match="can't be read: No such file"):
        compare(tmp_path / "none.json", Tally())
