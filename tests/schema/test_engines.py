"""Both engines on the same exchanges: the same verdict, place and rule."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from engine_cases import AGREED, BEYOND, DISAGREEMENTS, Beyond, Case, Disagreement
from support import Whole, answering, json_content, one_operation, parameter

from dynclient import (
    Client,
    Headers,
    HttpRequest,
    HttpResponse,
    InvalidRequest,
    InvalidResponse,
    NotFound,
    Violation,
)
from dynclient.operation import UNSET
from dynclient.reference import ReferenceEngine

ENGINES = ("compiled", "openapi-core")


def document_of(case: Case) -> dict[str, Any]:
    if case.place == "body":
        responses = answering(case.schema)
        return one_operation(responses=responses, version=case.version, components=case.components)
    settings = dict(case.settings)
    if "content" in settings:
        settings["content"] = {settings["content"]: {"schema": case.schema}}
    entry = parameter(case.place, case.schema, **settings)
    path = case.path or ("/thing/{p}" if case.place == "path" else "/thing")
    return one_operation(
        path=path, parameters=[entry], version=case.version, components=case.components
    )


def arguments_of(case: Case) -> dict[str, Any]:
    given = {"q": "2"} if "{q}" in case.path else {}
    return given if case.value is UNSET else {**given, "p": case.value}


class Answering(Whole):
    """A transport that has the answer ready."""

    def __init__(self, value: Any) -> None:
        self.http = HttpResponse(
            200, Headers({"Content-Type": "application/json"}), json.dumps(value).encode()
        )

    def send(self, _: HttpRequest) -> HttpResponse:
        return self.http


def judged(case: Case, engine: Any) -> list[tuple[str, str, str]]:
    """(where, pointer, rule) of every violation that a client with this engine tells."""
    client = Client(document_of(case), engine=engine, transport=Answering(case.answer))
    try:
        if case.place == "body":
            client.request("op")
        else:
            client.prepare("op", arguments_of(case))
    except (InvalidRequest, InvalidResponse) as error:
        return sorted((v.where, v.pointer, v.rule) for v in error.violations)
    return []


def asked(case: Case) -> list[Violation]:
    """What openapi-core says when it is asked alone."""
    client = Client(document_of(case), transport=Answering(case.answer), validate="off")
    operation = client.operations["op"]
    if case.place == "body":
        http = client._transport.send(client.prepare("op"))
        return ReferenceEngine().judge_response(operation, client.prepare("op"), http)
    return ReferenceEngine().judge_request(operation, client.prepare("op", arguments_of(case)))


def expected(case: Case) -> list[tuple[str, str, str]]:
    where = "response.body" if case.place == "body" else f"request.{case.place}.p"
    return sorted((where, pointer, rule) for pointer, rule in case.verdict)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", AGREED, ids=lambda case: case.name)
def test_both_engines_find_the_same(case: Case, engine: Any) -> None:
    # The same rule broken twice at one place is told once or twice: what counts is what is told.
    assert sorted(set(judged(case, engine))) == sorted(set(expected(case)))


@pytest.mark.parametrize("case", DISAGREEMENTS, ids=lambda case: case.name)
def test_a_known_disagreement_is_still_one(case: Disagreement) -> None:
    found = {engine: [rule for _, _, rule in judged(case, engine)] for engine in ENGINES}
    assert found == {"compiled": list(case.compiled), "openapi-core": list(case.reference)}
    assert case.compiled != case.reference
    assert case.right in (*ENGINES, "either")
    assert case.why
    assert case.source


@pytest.mark.parametrize("case", BEYOND, ids=lambda case: case.name)
def test_what_openapi_core_is_not_asked_about_is_judged_all_the_same(case: Beyond) -> None:
    assert case.verdict, "a case that breaks nothing shows nothing"
    assert asked(case) == []
    for engine in ENGINES:
        assert judged(case, engine) == expected(case)
    assert case.why
    assert case.source


def test_an_agreed_violation_is_told_in_the_same_words() -> None:
    case = next(case for case in AGREED if case.name == "recursion, broken below")
    told = []
    for engine in ENGINES:
        client = Client(document_of(case), engine=engine, transport=Answering(case.answer))
        with pytest.raises(InvalidResponse) as caught:
            client.call("op")
        told.append(caught.value.violations)
    assert told[0] == told[1]
    assert told[0][0].document_pointer == "/components/schemas/Tree/required"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_media_type_with_parameters_is_read(engine: Any) -> None:
    kind = "application/json; charset=utf-8"
    document = one_operation(
        method="post",
        content=json_content({"type": "object"}, kind),
        responses={"200": {"description": "d", "content": json_content({"type": "object"}, kind)}},
    )
    transport = Answering({})
    transport.http = HttpResponse(200, Headers({"Content-Type": kind}), b"{}")
    assert Client(document, engine=engine, transport=transport).call("op", body={}) == {}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "responses", [{"200": {"description": "d"}}, {"404": {"description": "d"}}]
)
def test_what_can_not_be_read_is_told_whatever_is_declared(engine: Any, responses: Any) -> None:
    transport = Answering(None)
    transport.http = HttpResponse(200, transport.http.headers, b'{"a":')
    client = Client(one_operation(responses=responses), engine=engine, transport=transport)
    with pytest.raises(InvalidResponse) as caught:
        client.call("op")
    assert "encoding" in {v.rule for v in caught.value.violations}


def test_an_answer_that_openapi_core_fails_on_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise RecursionError("hunter2")

    monkeypatch.setattr("openapi_core.OpenAPI.iter_response_errors", fail)
    document = one_operation(responses=answering({"type": "object"}))
    client = Client(document, engine="openapi-core", transport=Answering({"a": 1}))
    with pytest.raises(InvalidResponse) as caught:
        client.call("op")
    assert [v.rule for v in caught.value.violations] == ["document"]
    assert "RecursionError" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert caught.value.response.data == {"a": 1}
    assert client.with_options(validate="off").call("op") == {"a": 1}


def test_one_engine_tells_the_operations_of_two_documents_apart() -> None:
    engine = ReferenceEngine()
    found = []
    for schema in ({"type": "array"}, {"type": "object"}):
        client = Client(one_operation(responses=answering(schema)), transport=Answering({}))
        request = client.prepare("op")
        http = client._transport.send(request)
        found.append(
            [v.rule for v in engine.judge_response(client.operations["op"], request, http)]
        )
    assert found == [["type"], []]


def test_openapi_core_fetches_nothing_by_itself(tmp_path: Path) -> None:
    # What the trust policy refuses the compiled engine, the other one must not get either.
    secret = tmp_path / "outside" / "secret.json"
    secret.parent.mkdir()
    secret.write_text('{"type": "string"}')
    document = one_operation(
        responses={
            **answering({"type": "object"}),
            "404": {"description": "x", "content": json_content({"$ref": secret.as_uri()})},
        }
    )
    client = Client(document, engine="openapi-core", transport=Answering({}))
    assert client.call("op") == {}
    client._transport.http = HttpResponse(404, client._transport.http.headers, b"{}")
    with pytest.raises(NotFound) as caught:
        client.call("op")
    assert [v.rule for v in caught.value.violations] == ["document"]


def tables() -> Iterator[str]:
    """The known disagreements, and what is beyond openapi-core, as docs/engines.md shows them."""
    rows = ["| what | compiled | openapi-core | right | why |", "| --- | --- | --- | --- | --- |"]
    for case in DISAGREEMENTS:
        ours, theirs = (", ".join(found) or "valid" for found in (case.compiled, case.reference))
        why = f"{case.why} ({case.source})"
        rows.append(f"| {case.name} | {ours} | {theirs} | {case.right} | {why} |")
    yield "\n".join(rows)
    rows = ["| what | why |", "| --- | --- |"]
    rows += [f"| {case.name} | {case.why} ({case.source}) |" for case in BEYOND]
    yield "\n".join(rows)


def test_the_page_about_the_engines_shows_both_tables() -> None:
    page = (Path(__file__).parents[2] / "docs" / "engines.md").read_text(encoding="utf-8")
    for table in tables():
        assert table in page
