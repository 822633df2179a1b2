"""The links of a response: which call follows from it, by the document. Pure.

Sources: OpenAPI 3.1.1, sections "Link Object" and "Runtime Expressions"; RFC 6901.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from .document import Node
from .document.pointer import lookup, split
from .errors import DynclientError
from .jsontext import JsonTextError, decode
from .messages import Response
from .operation import Operation, Operations
from .operation.declared import declared_for
from .operation.router import Router
from .operation.servers import base_url as base_url_of

__all__ = ["Followed", "LinkError", "link_of"]

#: An expression inside of a text: `{$response.body#/id}`.
_EMBEDDED = re.compile(r"\{(\$[^{}]+)\}")
_PLACES = ("path", "query", "header", "cookie")


class LinkError(DynclientError):
    """The response has no such link, or nothing that the link names."""


class Followed(NamedTuple):
    """The call that a link leads to.

    arguments  by the argument names of the operation
    body       None for no body
    server     the URL of the link's own server, or None
    """

    operation: str
    arguments: dict[str, Any]
    body: Any
    server: str | None


def link_of(operations: Operations, response: Response, name: str, base_url: str) -> Followed:
    """The call that a link of a response leads to; `base_url` is where it was sent.

    LinkError if the response has no such link or lacks what the link names, DocumentError for a
    link that leads nowhere.
    """
    source = operations[response.operation.name]
    declared = declared_for(source.responses, response.status)
    links = {} if declared is None else dict(declared.links)
    if name not in links:
        known = ", ".join(links) or "none"
        raise LinkError(
            f"{source.name}: the document has no link {name!r} for a response with "
            f"{response.status}; there are: {known}"
        )
    link = links[name].follow()
    target = _target(operations, link)
    values = _Values(source, response, base_url)
    arguments: dict[str, Any] = {}
    for given, expression in link.items("parameters"):
        arguments[_argument(target, given, link)] = values.of(expression.value)
    body = link.get("requestBody")
    own = link.get("server")
    # As any server of the document: it may not lead credentials to where `Trust` does not allow.
    server = base_url_of(source.document, [own]) if isinstance(own, dict) else None
    return Followed(target.name, arguments, None if body is None else values.of(body), server)


def _target(operations: Operations, link: Node) -> Operation:
    """The operation of a link, by its operationId or operationRef."""
    name, reference = link.get("operationId"), link.get("operationRef")
    if isinstance(name, str):
        return operations[name]
    if not isinstance(reference, str):
        raise link.at.error("a link needs operationId or operationRef")
    node = link.resolve(reference)
    for operation in operations.values():
        if operation.node.at == node.at:
            return operation
    raise link.at.error(f"operationRef {reference!r} leads to no operation")


def _argument(target: Operation, given: str, link: Node) -> str:
    """The argument that a link's parameter is: by its name, or `path.id` where that is in doubt."""
    place, _, rest = given.partition(".")
    for parameter in target.parameters:
        if place in _PLACES and (parameter.location, parameter.name) == (place, rest):
            return parameter.python_name
    named = [parameter for parameter in target.parameters if parameter.name == given]
    if len(named) != 1:
        reason = "has no parameter" if not named else "has several parameters"
        raise link.at.error(f"{target.name} {reason} {given!r}")
    return named[0].python_name


class _Values:
    """What the expressions of a link stand for."""

    def __init__(self, source: Operation, response: Response, base_url: str) -> None:
        self._source = source
        self._response = response
        self._base_url = base_url

    def of(self, value: Any) -> Any:
        """A value of the document, expressions in it evaluated. LinkError if one has no value."""
        if isinstance(value, str):
            if value.startswith("$"):
                return self._evaluated(value)
            return _EMBEDDED.sub(lambda found: _text(self._evaluated(found[1])), value)
        if isinstance(value, Mapping):
            return {name: self.of(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self.of(each) for each in value]
        return value

    def _evaluated(self, expression: str) -> Any:
        response, request = self._response, self._response.request
        match expression.split(".", 1):
            case ["$url"]:
                return request.url
            case ["$method"]:
                return request.method
            case ["$statusCode"]:
                return response.status
            case ["$response", rest]:
                return self._part(expression, rest, response.headers, response.data)
            case ["$request", rest]:
                place, _, name = rest.partition(".")
                if place in ("path", "query"):
                    return self._sent(expression, f"{place}.{name}")
                return self._part(expression, rest, request.headers, self._request_data)
        raise LinkError(f"{self._source.name}: {expression!r} is no runtime expression")

    def _part(self, expression: str, rest: str, headers: Mapping[str, str], data: Any) -> Any:
        if rest.startswith("header."):
            name = rest.removeprefix("header.")
            if name in headers:
                return headers[name]
        elif rest == "body" or rest.startswith("body#"):
            found = data() if callable(data) else data
            try:
                return lookup(found, split(rest.removeprefix("body").removeprefix("#")))
            except (KeyError, ValueError):
                pass
        raise self._missing(expression)

    def _request_data(self) -> Any:
        content = self._response.request.content
        try:
            return decode(content) if isinstance(content, bytes) else None
        except JsonTextError:
            return None

    def _sent(self, expression: str, key: str) -> Any:
        """The value of a parameter as it was sent."""
        request = self._response.request
        router = Router({self._source.name: self._source}, self._base_url)
        match = router.match(request.method, request.url)
        texts = {} if match is None else match.arguments
        values = self._source.read_parameters(texts, urlsplit(request.url).query, request.headers)
        if key not in values:
            raise self._missing(expression)
        return values[key]

    def _missing(self, expression: str) -> LinkError:
        return LinkError(
            f"{self._source.name}: the response has nothing for {expression} of the link"
        )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
