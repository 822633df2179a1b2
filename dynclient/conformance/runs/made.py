"""Requests from the document's examples, and from our own generator where Schemathesis has none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from random import Random
from typing import Any

from ...client import Client
from ...document import Node
from ...errors import DynclientError
from ...messages import HttpRequest
from ...mocking.values import declared_examples, value_for
from ...operation import Operation, Options
from ...unset import UNSET

__all__ = ["arguments_for", "examples_of", "made_for"]


def examples_of(
    client: Client, operation: Operation, known: Mapping[str, Any]
) -> Iterator[HttpRequest]:
    """The requests that the document has examples for: every example of the body, or one without.

    Parameters have their own example, a known value, or one that is made if they are required.
    """
    bodies = list(_body_examples(operation))
    has_example = any(_examples(parameter.node) for parameter in operation.parameters)
    if not bodies and not has_example:
        return
    required = operation.request_body is not None and operation.request_body.required
    if not bodies and required:
        return
    without: list[tuple[str | None, Any]] = [(None, UNSET)]
    for kind, body in bodies or without:
        request = _prepared(client, operation, arguments_for(operation, known), body, kind)
        if request is not None:
            yield request


def made_for(
    client: Client, operation: Operation, known: Mapping[str, Any], random: Random
) -> HttpRequest | None:
    """A request that keeps to the schemas; None if one can't be made."""
    body: Any = UNSET
    kind: str | None = None
    with suppress(DynclientError, ValueError, TypeError):
        if operation.request_body is not None:
            found = next(iter(_body_examples(operation)), None)
            if found is not None:
                kind, body = found
            else:
                entry = operation.request_body.preferred
                kind, schema = entry.media_type, entry.schema
                body = UNSET if schema is None else value_for(schema, random, side="request")
        arguments = arguments_for(operation, known, random)
        return _prepared(client, operation, arguments, body, kind)
    return None


def arguments_for(
    operation: Operation, known: Mapping[str, Any], random: Random | None = None
) -> dict[str, Any]:
    """Values for the parameters that have an example, are known, or are required."""
    found: dict[str, Any] = {}
    for parameter in operation.parameters:
        name = parameter.python_name
        examples = _examples(parameter.node)
        if parameter.location == "path" and parameter.name in known:
            found[name] = known[parameter.name]
        elif examples:
            found[name] = examples[0]
        elif parameter.required:
            with suppress(DynclientError):
                found[name] = value_for(
                    _schema_of(parameter.node),
                    random or Random(0),  # noqa: S311
                    side="request",
                )
    return found


def _schema_of(parameter: Node) -> Node:
    """Swagger 2.0 has the schema's keywords in the parameter itself."""
    schema = parameter.child("schema")
    return parameter if schema.value is None else schema


def _prepared(
    client: Client, operation: Operation, arguments: Mapping[str, Any], body: Any, kind: str | None
) -> HttpRequest | None:
    options = None if kind is None else Options(content_type=kind)
    with suppress(DynclientError, ValueError, TypeError):
        return client.prepare(operation.name, arguments, body=body, options=options)
    return None


def _body_examples(operation: Operation) -> Iterator[tuple[str | None, Any]]:
    body = operation.request_body
    for entry in () if body is None else body.media:
        for value in _examples(entry.node):
            yield entry.media_type, value


def _examples(node: Node) -> list[Any]:
    """`example` and `examples` of a Media Type Object or a parameter, else of its schema."""
    found = declared_examples(node)
    schema = node.child("schema")
    if not found and isinstance(schema.value, dict):
        target = schema.follow().value
        if isinstance(target, dict) and "example" in target:
            found.append(target["example"])
        elif isinstance(target, dict) and isinstance(target.get("examples"), list):
            found += target["examples"]
    return found
