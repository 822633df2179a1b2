"""Both engines on the same exchanges: the same verdict, place and rule."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from engine_cases import AGREED, DISAGREEMENTS, Case, Disagreement
from support import answering, one_operation, parameter

from dynclient import Client, DocumentError, Headers, HttpResponse, InvalidRequest
from dynclient.schema.reference import ReferenceEngine

ENGINES = ("compiled", "openapi-core")


def document_of(case: Case) -> dict[str, Any]:
    if case.place == "body":
        responses = answering(case.schema)
        return one_operation(responses=responses, version=case.version, components=case.components)
    settings = dict(case.settings)
    if "content" in settings:
        settings["content"] = {settings["content"]: {"schema": case.schema}}
    entry = parameter(case.place, case.schema, **settings)
    path = "/thing/{p}" if case.place == "path" else "/thing"
    return one_operation(
        path=path, parameters=[entry], version=case.version, components=case.components
    )


def judged(case: Case, engine: Any) -> list[tuple[str, str, str]]:
    """(where, pointer, rule) of every violation that an engine finds."""
    client = Client(document_of(case), engine=engine)
    operation = client.operations["op"]
    if case.place != "body":
        try:
            client.prepare("op", p=case.value)
        except InvalidRequest as error:
            return sorted((v.where, v.pointer, v.rule) for v in error.violations)
        return []
    http = HttpResponse(
        200, Headers({"Content-Type": "application/json"}), json.dumps(case.value).encode()
    )
    if engine == "compiled":
        found = operation.parse(http).violations
    else:
        request = client.prepare("op")
        found = tuple(ReferenceEngine(client.document).judge_response(operation, request, http))
    return sorted((v.where, v.pointer, v.rule) for v in found)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", AGREED, ids=lambda case: case.name)
def test_both_engines_find_the_same(case: Case, engine: Any) -> None:
    where = "response.body" if case.place == "body" else f"request.{case.place}.p"
    expected = sorted((where, pointer, rule) for pointer, rule in case.verdict)
    # The same rule broken twice at one place is told once or twice: what counts is what is told.
    assert sorted(set(judged(case, engine))) == sorted(set(expected))


@pytest.mark.parametrize("case", DISAGREEMENTS, ids=lambda case: case.name)
def test_a_known_disagreement_is_still_one(case: Disagreement) -> None:
    found = {}
    for engine in ENGINES:
        try:
            found[engine] = [rule for _, _, rule in judged(case, engine)]
        except DocumentError:
            found[engine] = ["error"]
    assert found == {"compiled": list(case.compiled), "openapi-core": list(case.reference)}
    assert case.compiled != case.reference
    assert case.right in (*ENGINES, "either")
    assert case.why
    assert case.source


def table() -> str:
    """The known disagreements as docs/engines.md shows them."""
    rows = ["| what | compiled | openapi-core | right | why |", "| --- | --- | --- | --- | --- |"]
    for case in DISAGREEMENTS:
        ours, theirs = (", ".join(found) or "valid" for found in (case.compiled, case.reference))
        why = f"{case.why} ({case.source})"
        rows.append(f"| {case.name} | {ours} | {theirs} | {case.right} | {why} |")
    return "\n".join(rows)


def test_the_page_about_the_engines_shows_every_known_disagreement() -> None:
    page = Path(__file__).parents[2] / "docs" / "engines.md"
    assert table() in page.read_text(encoding="utf-8")
