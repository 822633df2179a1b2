"""The bundled description as the client reads it: what its bodies become as arguments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dynclient import Client, InvalidRequest


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with Client("qiskit-runtime", base_url="http://localhost:1") as client:
        yield client


JOB = [
    "program_id",
    "backend",
    "runtime",
    "tags",
    "log_level",
    "cost",
    "session_id",
    "params",
    "private",
    "remote_storage",
]
SESSION = ["mode", "max_ttl", "backend", "backend_name", "interactive_ttl", "active_ttl"]


@pytest.mark.parametrize(
    ("operation", "members"), [("create_job", JOB), ("create_session", SESSION)]
)
def test_the_members_of_a_composed_body_are_arguments_in_their_order(
    client: Client, operation: str, members: list[str]
) -> None:
    names = list(client.operations[operation].signature.parameters)
    assert [name for name in names if name in members] == members


STORAGE: dict[str, Any] = {"job_params": {}, "results": {}}

WRONG: list[tuple[str, dict[str, Any], list[tuple[str, str]]]] = [
    ("create_job", {"program_id": "sampler"}, [("", "required")]),
    ("create_job", {"program_id": "sampler", "remote_storage": STORAGE}, [("", "required")]),
    (
        "create_job",
        {"program_id": "sampler", "backend": "ibm_fez", "params": {"pubs": 5}},
        [("/params/pubs", "type")],
    ),
    (
        "create_job",
        {"program_id": "estimator", "backend": "ibm_fez", "params": {"pubs": [], "shots": 1}},
        [("/params", "additionalProperties")],
    ),
    (
        "create_job",
        {"program_id": "other", "backend": "ibm_fez", "params": []},
        [("/params", "type")],
    ),
    (
        "create_job",
        {"program_id": "sampler", "backend": "ibm_fez", "params": {}, "remote_storage": STORAGE},
        [("/params", "required"), ("/params", "not")],
    ),
    (
        "create_job",
        {"program_id": "sampler", "backend": "ibm_fez", "remote_storage": {"results": {}}},
        [("/remote_storage", "required")],
    ),
    ("create_session", {"max_ttl": 60}, [("", "required")]),
    ("create_session", {"interactive_ttl": 60}, [("", "required")]),
    ("create_session", {"mode": "batch", "active_ttl": 60}, [("", "required")]),
    (
        "create_session",
        {"mode": "batch", "interactive_ttl": 0},
        [("/interactive_ttl", "minimum")],
    ),
]


@pytest.mark.parametrize(("operation", "arguments", "expected"), WRONG)
def test_a_fault_in_a_composed_body_is_told_once_and_where_it_is(
    client: Client, operation: str, arguments: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        client.prepare(operation, **arguments)
    found = [(violation.pointer, violation.rule) for violation in caught.value.violations]
    assert sorted(found) == sorted(expected)
