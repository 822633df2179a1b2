"""Mocks that are wrong on purpose, that record, and that answer as was recorded."""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest
import requests
from click.testing import CliRunner
from conformance.serving import mocking, served
from support import one_operation

from dynclient import Client, Headers, HttpRequest
from dynclient.cli.program import program
from dynclient.conformance import Exchange, Judge, Recording, exchanges_in
from dynclient.conformance.recorded import Replay
from dynclient.mocking.drifts import DRIFTS, named_drifts
from dynclient.mocking.server import application
from dynclient.mocking.service import MockService

THING = {
    "type": "object",
    "required": ["id"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "integer", "minimum": 0, "maximum": 9},
        "state": {"type": "string", "enum": ["open", "sent"]},
        "at": {"type": "string", "format": "date-time"},
    },
}
DOCUMENT = one_operation(
    path="/things/{id}",
    parameters=[{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
    responses={
        "200": {
            "description": "",
            "headers": {"X-Total": {"required": True, "schema": {"type": "integer"}}},
            "content": {"application/json": {"schema": THING}},
        }
    },
)
URL = "https://api.example/things/1"
#: The codes by which each way is told.
CODES = {
    "status": {"DC201"},
    "type": {"DC220"},
    "null": {"DC220", "DC222"},
    "enum": {"DC222"},
    "format": {"DC223"},
    "missing": {"DC221"},
    "extra": {"DC228"},
    "bounds": {"DC224"},
    "header": {"DC210"},
    "media-type": {"DC202"},
    "empty": {"DC227"},
    "cut-off": {"DC226"},
    "charset": {"DC226"},
}


def answer(*drifts: str, seed: int = 0) -> set[str]:
    """The codes that the judge finds in a response that drifts."""
    client = Client(DOCUMENT)
    service = MockService(client.operations, drifts=drifts, seed=seed)
    request = HttpRequest("GET", f"{client.base_url}/things/1", Headers(), None)
    response = service.respond(request, client.operations["op"])
    verdict = Judge(client).check(request, response)
    return {each.code for each in verdict.findings if each.side == "response"}


@pytest.mark.parametrize("name", DRIFTS)
def test_each_way_is_told_by_its_code(name):
    for seed in range(3):
        found = answer(name, seed=seed)
        assert found
        assert found <= CODES[name]


def test_without_any_it_is_right():
    assert answer() == set()


def test_what_drifts_is_told_once():
    told = []
    client = Client(DOCUMENT)
    tell = lambda operation, name: told.append((operation, name))  # noqa: E731
    service = MockService(client.operations, drifts=["enum"], told=tell)
    request = HttpRequest("GET", URL, Headers(), None)
    for _ in range(3):
        service.respond(request, client.operations["op"])
    assert told == [("op", "enum")]


def everywhere(*paths: str, at: str = "/things/{id}") -> dict[str, Any]:
    """The document, with its operation at each of these paths as well."""
    item = DOCUMENT["paths"][at]
    others = {f"/{p}{at}": {"get": {**item["get"], "operationId": p}} for p in paths}
    return {**DOCUMENT, "paths": {at: item, **others}}


def ways(drifts: int, seed: int) -> list[str]:
    """How the responses to many operations are wrong."""
    client = Client(everywhere(*(f"op{number}" for number in range(60))))
    told: list[str] = []
    tell = lambda _, name: told.append(name)  # noqa: E731
    service = MockService(client.operations, drifts=drifts, seed=seed, told=tell)
    for operation in client.operations.values():
        service.respond(HttpRequest("GET", URL, Headers(), None), operation)
    return told


def test_names_and_numbers_name_them():
    assert named_drifts("enum, null") == ["enum", "null"]
    assert named_drifts("3") == 3
    assert ways(3, seed=1) == ways(3, seed=1)
    assert len(set(ways(3, seed=1))) == 3
    assert set(ways(99, seed=0)) == set(DRIFTS)
    with pytest.raises(ValueError, match="did you mean 'enum'"):
        named_drifts("enums")


@pytest.mark.parametrize("seed", range(8))
def test_a_number_of_ways_is_of_those_that_have_a_place(seed):
    client = Client(one_operation(responses={"204": {"description": ""}}))
    told = []
    tell = lambda operation, name: told.append((operation, name))  # noqa: E731
    service = MockService(client.operations, drifts=1, seed=seed, told=tell)
    request = HttpRequest("GET", "https://api.example/thing", Headers(), None)
    first = service.respond(request, client.operations["op"])
    assert told == [("op", "status")]
    assert service.respond(request, client.operations["op"]) == first


def test_the_same_request_is_wrong_in_the_same_way():
    client = Client(everywhere("other", "third"))
    service = MockService(client.operations, drifts=2, seed=5)
    request = HttpRequest("GET", URL, Headers(), None)
    answered = lambda: [service.respond(request, each) for each in client.operations.values()]  # noqa: E731
    assert answered() == answered()


# ── recorded ─────────────────────────────────────────────────────────────────────────────────


def _get(url: str, path: str) -> bytes:
    with Client(DOCUMENT, base_url=url, validate="off") as client:
        return client.request("op", {"id": path}).content


def test_what_was_recorded_is_given_again(tmp_path):
    path = tmp_path / "seen.jsonl"
    client = Client(DOCUMENT)
    with Recording(path) as recording:
        keep = lambda asked, given: recording(Exchange(asked, given))  # noqa: E731
        with served(application(client.operations, seed=7, served=keep)) as url:
            first = [_get(url, name) for name in ("a", "b")]
    assert len(list(exchanges_in(path))) == 2
    again = Replay(client.operations, exchanges_in(path))
    with served(application(client.operations, seed=8, replay=again)) as url:
        assert [_get(url, name) for name in ("a", "b", "a")] == [*first, first[0]]
        made = _get(url, "other")  # not in it: from the document
    assert json.loads(made)["id"] in range(10)


def test_the_command_records_and_answers_so_again(tmp_path):
    document, path = tmp_path / "doc.json", tmp_path / "seen.jsonl"
    document.write_text(json.dumps(DOCUMENT))
    with mocking(str(document), "--record", str(path), "--seed", "7") as (asked, _):
        first = [_get(asked, name) for name in ("a", "b")]
    with mocking(str(document), "--replay", str(path), "--seed", "8") as (url, _):
        assert [_get(url, name) for name in ("a", "b")] == first
    recorded = [each.response.content for each in exchanges_in(path) if each.response]
    assert recorded == first
    judged = CliRunner().invoke(
        program, ["conform", "check", str(path), "--spec", str(document), "--server", asked]
    )
    assert judged.exit_code == 0
    assert "2 exchanges" in judged.output


def test_the_command_says_how_it_is_wrong(tmp_path):
    document = tmp_path / "doc.json"
    document.write_text(json.dumps(one_operation(responses={"204": {"description": ""}})))
    with mocking(str(document), "--drift", "1") as (url, process):
        assert requests.get(f"{url}/thing", timeout=10).status_code == 299
        process.send_signal(signal.SIGTERM)
        assert "op: status\n" in process.communicate(timeout=20)[1]


def test_of_several_the_next_one_is_given(tmp_path):
    def exchange(number: int, query: str = "") -> Exchange:
        from dynclient import HttpResponse

        kind = Headers({"Content-Type": "application/json", "Content-Encoding": "gzip"})
        response = HttpResponse(200, kind, json.dumps({"id": number}).encode())
        return Exchange(HttpRequest("GET", f"{URL}{query}", Headers(), None), response)

    client = Client(DOCUMENT)
    replay = Replay(client.operations, [exchange(1), exchange(2), exchange(3, "?a=1")])

    def asked(query: str = "") -> Any:
        request = HttpRequest("GET", f"http://mock/things/1{query}", Headers(), None)
        response = replay(request, "op")
        assert response is not None
        assert "Content-Encoding" not in response.headers
        return json.loads(response.content)["id"]

    assert [asked(), asked(), asked(), asked("?a=1")] == [1, 2, 2, 3]
    assert replay(HttpRequest("GET", "http://mock/things/9", Headers(), None), "op") is None
