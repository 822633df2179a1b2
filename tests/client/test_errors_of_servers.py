"""Errors show what the server said, without the credentials that it repeats."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from support import Answer, Scripted, json_answer, json_content, one_operation

from dynclient import InvalidResponse, NotFound, StatusError
from dynclient.detail import ProblemDetails

TOKEN = "tok3n-that-a-server-may-repeat-0123456789"
SCHEMES = {"securitySchemes": {"Bearer": {"type": "http", "scheme": "bearer"}}}


def document(**responses: Any) -> dict[str, Any]:
    declared = {"200": {"description": "", "content": json_content({"type": "integer"})}}
    declared["default"] = {"description": "", "content": {"application/problem+json": {}}}
    return one_operation(
        responses=declared | responses, components=SCHEMES, security=[{"Bearer": []}]
    )


def problem_answer(**members: Any) -> Answer:
    fields = [("Content-Type", "application/problem+json; charset=utf-8")]
    return Answer(json.dumps(members).encode(), 404, None, fields)


def test_problem_details_are_on_the_error(service: Scripted) -> None:
    service.answers.append(
        problem_answer(type="/gone", title="Gone", detail=f"{TOKEN}?", status=404, n=1)
    )
    with pytest.raises(NotFound, match=r"404: Gone: \[redacted\]\?$") as caught:
        service.client(document(), auth={"Bearer": TOKEN}).call("op")
    assert caught.value.problem == ProblemDetails(
        "/gone", "Gone", "[redacted]?", 404, members={"n": 1}
    )


@pytest.mark.parametrize(
    ("challenge", "said"),
    [
        (
            'Bearer realm="r", error="insufficient_scope", scope="jobs:write read"',
            "jobs:write read",
        ),
        ('Bearer error="insufficient_scope", error_description="no"', "403: no$"),
        ('Basic realm="r", Bearer error=invalid_token', "403: invalid_token$"),
        (f'Bearer error="invalid_token", error_description="what is {TOKEN}"', r"\[redacted\]$"),
        ('Basic realm="error"', "responded with 403$"),
    ],
)
def test_a_challenge_says_what_is_wrong_with_the_token(
    service: Scripted, challenge: str, said: str
) -> None:
    answer = Answer(b"", 403, None, [("WWW-Authenticate", challenge)])
    service.answers.append(answer)
    with pytest.raises(StatusError, match=said) as caught:
        service.client(document(), auth={"Bearer": TOKEN}, validate="off").call("op")
    assert TOKEN not in str(caught.value)


def test_an_error_of_another_type_has_no_problem_details(service: Scripted) -> None:
    service.answers.append(json_answer({"title": "Gone"}, 404))
    with pytest.raises(NotFound) as caught:
        service.client(document(), auth={"Bearer": TOKEN}).call("op")
    assert caught.value.problem is None


@pytest.mark.parametrize("before", [0, 250, 270, 281, 296, 299])
def test_no_part_of_a_token_that_the_server_repeats_is_in_the_error(
    service: Scripted, before: int
) -> None:
    service.answers.append(problem_answer(detail="x" * before + TOKEN))
    with pytest.raises(StatusError) as caught:
        service.client(document(), auth={"Bearer": TOKEN}).call("op")
    assert TOKEN[:4] not in str(caught.value)
    assert caught.value.problem is not None
    assert TOKEN[:4] not in caught.value.problem.detail


@pytest.mark.parametrize("engine", ["compiled", "openapi-core"])
@pytest.mark.parametrize("level", ["strict", "warn"])
@pytest.mark.parametrize("before", [0, 19, 20, 40, 50, 55])
def test_no_part_of_a_token_that_the_server_repeats_is_in_a_violation(
    service: Scripted, caplog: pytest.LogCaptureFixture, before: int, level: Any, engine: Any
) -> None:
    service.answers.append(json_answer("x" * before + TOKEN))
    client = service.client(document(), auth={"Bearer": TOKEN}, validate=level, engine=engine)
    with caplog.at_level(logging.WARNING):
        if level == "warn":
            said = str(client.request("op").violations)
        else:
            with pytest.raises(InvalidResponse) as caught:
                client.call("op")
            said = str(caught.value)
    assert "of type integer" in said
    for text in (said, caplog.text):
        assert TOKEN[:4] not in text
