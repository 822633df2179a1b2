"""What a server says in an error response, in one line and as problem details."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from dynclient.detail import ProblemDetails, detail_of

SAID: list[tuple[Any, str]] = [
    (None, ""),
    (7, ""),
    ({}, ""),
    ("  not\n found ", "not found"),
    ({"message": "no such job"}, "no such job"),
    ({"error": {"code": 7, "message": "quota"}}, "quota"),
    ({"error": "invalid_grant", "error_description": "expired"}, "expired"),
    # FastAPI
    (
        {
            "detail": [
                {"loc": ["body", "items", 0], "msg": "Field required", "type": "missing"},
                {"loc": ["query", "n"], "msg": "Not an integer", "type": "int"},
            ]
        },
        "body.items.0: Field required; query.n: Not an integer",
    ),
    ({"detail": "Not Found"}, "Not Found"),
    # Rails, ASP.NET, Django REST framework
    (
        {"errors": {"name": ["can't be blank", "is too short"], "size": "is odd"}},
        "name: can't be blank, is too short; size: is odd",
    ),
    (
        {"title": "One or more errors.", "errors": {"$.id": ["Not a guid."]}},
        "One or more errors.: $.id: Not a guid.",
    ),
    ({"name": ["This field is required."]}, "name: This field is required."),
    # Nest
    (
        {"statusCode": 400, "message": ["name must be a string", "n > 0"], "error": "Bad Request"},
        "name must be a string; n > 0",
    ),
    # JSON:API, IBM Cloud, GraphQL
    (
        {"errors": [{"title": "Invalid", "detail": "No.", "source": {"pointer": "/data/a"}}]},
        "/data/a: Invalid: No.",
    ),
    ({"errors": [{"code": "x", "message": "a"}, {"message": "b"}], "trace": "t"}, "a; b"),
    # RFC 9457
    (
        {"type": "about:blank", "title": "Out of credit", "detail": "30 < 50"},
        "Out of credit: 30 < 50",
    ),
    ({"title": "Gone", "detail": "Gone"}, "Gone"),
    ({"title": "Gone"}, "Gone"),
    # pages and XML of proxies and stores
    ("<html>\n<head><TITLE>502 Bad\nGateway</TITLE></head><p>x</p></html>", "502 Bad Gateway"),
    (
        b"<?xml version='1.0'?><Error><Code>NoSuchKey</Code><Message>No.</Message></Error>",
        "NoSuchKey No.",
    ),
    (b"upstream gone", "upstream gone"),
    (b"\xff", ""),
    (b"\0\1\2", ""),
    ("a < b", "a < b"),
    # hostile
    ({"errors": {"": [None, [], {}]}}, ""),
    ({"detail": [[[[[[["deep"]]]]]]]}, ""),
    ({"title": 7, "detail": True, "errors": 3}, ""),
]


@pytest.mark.parametrize(("data", "line"), SAID)
def test_the_line_has_what_the_server_said(data: Any, line: str) -> None:
    assert detail_of(data, str) == line


def test_a_long_line_is_cut_and_only_the_first_of_many_items_are_read() -> None:
    assert detail_of("x" * 1000, str) == "x" * 300 + "…"
    many = detail_of([{"msg": f"m{number}"} for number in range(1000)], str)
    assert many == "; ".join(f"m{number}" for number in range(20))


@pytest.mark.parametrize("start", [0, 270, 281, 296, 299, 400])
def test_a_secret_is_masked_before_the_line_is_cut(start: int) -> None:
    secret = "s3cret-token-of-some-length"
    line = detail_of({"detail": "x" * start + secret}, lambda text: text.replace(secret, "*"))
    assert line == ("x" * start + "*")[:300] + ("…" if start >= 300 else "")


def test_problem_details_ignore_members_of_the_wrong_type() -> None:
    data = {"type": 7, "title": "Gone", "detail": None, "status": "404", "instance": "/a", "x": [1]}
    problem = ProblemDetails.of(data, str.upper)
    assert problem == ProblemDetails(title="GONE", instance="/A", members={"x": [1]})
    assert problem.type == "about:blank"
    assert pickle.loads(pickle.dumps(problem)) == problem
    assert ProblemDetails.of(["no object"], str) == ProblemDetails()
