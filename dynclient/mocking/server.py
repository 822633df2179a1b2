"""The mock as an ASGI application: what `dynclient mock` serves."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from ..errors import DocumentError, DynclientError
from ..messages import Headers, HttpRequest, HttpResponse
from ..operation import Operations
from ..operation.received import judge_received
from ..operation.router import Match, Router
from ..origins import split_url
from ..transport.asgi_scope import request_of
from .service import MockService

__all__ = ["application"]

_PROBLEM = "application/problem+json"


def application(
    operations: Operations,
    *,
    strict: bool = False,
    replay: Callable[[HttpRequest, str], HttpResponse | None] | None = None,
    served: Callable[[HttpRequest, HttpResponse], object] | None = None,
    **settings: Any,
) -> Callable[..., Awaitable[None]]:
    """An ASGI application that has the paths of the document at its root, at whatever host.

    strict    refuses a request that breaks the document, with 400 and the violations as problem
              details (RFC 9457); else they are in the field `X-Violations`, counted
    replay    is asked first for a response, with the request and the operation's name
    served    is given every request, and what it was answered
    settings  those of `MockService`
    """
    router, service = Router(operations, "/"), MockService(operations, **settings)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        content = b""
        more = True
        while more:
            message = await receive()
            content += message.get("body", b"")
            more = message.get("more_body", False)
        request = replace(request_of(scope), content=content or None)
        match = router.match(request.method, split_url(request.url)[1])
        known = operations if match is None else match.operation
        request = replace(request, redactor=known.redactor)
        response = _respond(match, service, request, strict, replay)
        if served is not None:
            served(request, response)
        fields = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in response.headers.pairs()]
        fields.append((b"content-length", str(len(response.content)).encode()))
        await send({"type": "http.response.start", "status": response.status, "headers": fields})
        await send({"type": "http.response.body", "body": response.content})

    return app


def _respond(
    match: Match | None,
    service: MockService,
    request: HttpRequest,
    strict: bool,
    replay: Callable[[HttpRequest, str], HttpResponse | None] | None,
) -> HttpResponse:
    if match is None:
        return _problem(404, "The document has no operation for this request.", [])
    try:
        found = _violations(match, request)
        if found and strict:
            return _problem(400, "The request breaks the document.", found)
        recorded = None if replay is None else replay(request, match.operation.name)
        if recorded is not None:
            return recorded
        response = service.respond(request, match.operation)
    except DocumentError as error:
        return _problem(500, str(error), [])
    except DynclientError as error:
        return _problem(501, str(error), [])
    if found:
        headers = response.headers.merged({"X-Violations": str(len(found))})
        return HttpResponse(response.status, headers, response.content, response.url)
    return response


def _violations(match: Match, request: HttpRequest) -> list[dict[str, str]]:
    received = judge_received(match.operation, match.arguments, request)
    ignored = {"undeclared-parameter"}
    return [each.as_dict() for each in received.violations if each.rule not in ignored]


def _problem(status: int, title: str, violations: list[dict[str, str]]) -> HttpResponse:
    data: dict[str, Any] = {"title": title, "status": status}
    if violations:
        data["violations"] = violations
    content = json.dumps(data, ensure_ascii=False).encode()
    return HttpResponse(status, Headers({"Content-Type": _PROBLEM}), content)
