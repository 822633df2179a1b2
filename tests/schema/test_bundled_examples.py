"""The bundled documents: every operation compiles, every example holds under both engines."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from typing import Any

import pytest

from dynclient import Client, Headers, HttpRequest, HttpResponse
from dynclient.operation import Operation
from dynclient.reference import ReferenceEngine

CLIENTS = [
    Client(name, base_url="http://api.test")
    for name in ("qiskit-runtime", "qiskit-runtime-2026-03-15")
]
OPERATIONS = [
    pytest.param(client, operation, id=f"{client.document.version} {name}")
    for client in CLIENTS
    for name, operation in client.operations.items()
]


@functools.cache
def reference() -> ReferenceEngine:
    return ReferenceEngine()


def _examples(client: Client, entry: Any) -> Iterator[Any]:
    """The example values of a Media Type Object, a Parameter Object or a Schema Object."""
    if "example" in entry:
        yield entry["example"]
    if isinstance(entry.get("examples"), list):
        yield from entry["examples"]
        return
    for example in (entry.get("examples") or {}).values():
        resources = client.document.resources
        target, _ = resources.follow(example, resources.root)
        yield target["value"]


def _response_examples() -> Iterator[Any]:
    for client, operation in (parameters.values for parameters in OPERATIONS):
        for status, response in operation.responses.items():
            for media_type, entry in response.content.items():
                for index, value in enumerate(_examples(client, entry.node.value)):
                    label = f"{operation.name} {status} {media_type} {index}"
                    yield pytest.param(operation, status, media_type, value, id=label)


def _body_examples() -> Iterator[Any]:
    for client, operation in (parameters.values for parameters in OPERATIONS):
        for media in operation.request_body.media if operation.request_body else ():
            raw = client.document.data["paths"][operation.path][operation.method.lower()]
            entry = raw["requestBody"]["content"][media.media_type]
            for index, value in enumerate(_examples(client, entry)):
                label = f"{operation.name} {media.media_type} {index}"
                yield pytest.param(client, operation, media.media_type, value, id=label)


def test_there_are_thirty_two_operations_and_thirty_in_the_later_version() -> None:
    assert [len(client.operations) for client in CLIENTS] == [32, 30]
    assert [client.document.problems for client in CLIENTS] == [(), ()]


@pytest.mark.parametrize(("client", "operation"), OPERATIONS)
def test_an_operation_compiles_whole(client: Client, operation: Operation) -> None:
    operation.compile()
    assert operation.signature.parameters
    assert operation.docstring
    assert client.document.problems == ()


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: str(client.document.version))
def test_the_document_keeps_to_openapi(client: Client) -> None:
    assert client.document.check() == []


def _encoded(value: Any, media_type: str) -> bytes:
    if "json" in media_type or not isinstance(value, str):
        return json.dumps(value).encode()
    return value.encode()


@pytest.mark.parametrize(("operation", "status", "media_type", "value"), list(_response_examples()))
def test_an_example_of_a_response_holds_under_both_engines(
    operation: Operation, status: str, media_type: str, value: Any
) -> None:
    code = int(status) if status.isdigit() else 500
    content = _encoded(value, media_type)
    fields = {"Content-Type": media_type}
    for header in operation.responses[status].headers:
        if header.required:
            fields[header.name] = "1"
    http = HttpResponse(code, Headers(fields), content)
    request = HttpRequest(operation.method, f"http://api.test{operation.path}")
    assert operation.parse(http).violations == ()
    assert reference().judge_response(operation, request, http) == []


def _required_arguments(client: Client, operation: Operation) -> dict[str, Any]:
    """A value for each required parameter: its example, else its type's simplest."""
    arguments = {}
    for p in operation.parameters:
        if p.required:
            raw = client.document.resources.at(p.at)
            found = list(_examples(client, raw)) or list(_examples(client, p.schema))
            arguments[p.name] = found[0] if found else "x"
    return arguments


@pytest.mark.parametrize(("client", "operation", "media_type", "value"), list(_body_examples()))
def test_an_example_of_a_request_holds_under_both_engines(
    client: Client, operation: Operation, media_type: str, value: Any
) -> None:
    arguments = _required_arguments(client, operation)
    anonymous = client.with_options(auth={})
    request = anonymous.prepare(operation.name, arguments, body=value)
    assert request.headers["Content-Type"] == media_type
    assert reference().judge_request(operation, request) == []
