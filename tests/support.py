"""What tests of several layers share: documents of one operation, and a scripted server."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from transport.server import HangUp, Received, Server

from dynclient import Client, HttpRequest, HttpResponse, Trust
from dynclient.auth import AuthPlan
from dynclient.drive import drive
from dynclient.hops import Conduct, round_trip
from dynclient.transport import OpenResponse
from dynclient.transport.opened import AsyncOpenResponse

BASE = "http://api.test/v1"
OK: Mapping[str, Any] = {"200": {"description": "done"}}


def json_content(schema: Any, media_type: str = "application/json") -> dict[str, Any]:
    """The `content` of one media type."""
    return {media_type: {"schema": schema}}


class Whole:
    """A transport whose `send` returns whole responses."""

    def send(self, request: HttpRequest) -> HttpResponse:
        raise NotImplementedError

    def open(self, request: HttpRequest) -> OpenResponse:
        http = self.send(request)
        return OpenResponse(http.status, http.headers, http.content, request=request)


class Sends(Whole):
    """A transport over a function from a request to its HttpResponse."""

    def __init__(self, send: Callable[[HttpRequest], HttpResponse]) -> None:
        self.send = send  # type: ignore[method-assign]


class AsyncSends:
    """An asynchronous transport over a function from a request to its HttpResponse."""

    def __init__(self, send: Callable[[HttpRequest], HttpResponse]) -> None:
        self.send = send

    async def open(self, request: HttpRequest) -> AsyncOpenResponse:
        await asyncio.sleep(0)  # as any transport would, it lets the other tasks go on
        http = self.send(request)
        return AsyncOpenResponse(http.status, http.headers, http.content, request=request)

    async def aclose(self) -> None:
        pass


def authenticate(
    plan: AuthPlan, request: HttpRequest, send: Callable[[HttpRequest], HttpResponse]
) -> HttpRequest:
    """The request with the credentials of a plan; `send` answers the handlers' own requests."""
    round_trips = partial(round_trip, conduct=Conduct(Trust()))
    return drive(plan.flow(request, round_trips), Sends(send))


def one_operation(
    *,
    method: str = "get",
    path: str = "/thing",
    version: str = "3.1.1",
    parameters: Sequence[Mapping[str, Any]] = (),
    content: Mapping[str, Any] | None = None,
    body_required: bool = True,
    responses: Mapping[str, Any] = OK,
    components: Mapping[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A document whose one operation is called `op`; `content` is its request body's."""
    operation: dict[str, Any] = {"operationId": "op", "responses": dict(responses), **more}
    if parameters:
        operation["parameters"] = list(parameters)
    if content is not None:
        operation["requestBody"] = {"required": body_required, "content": dict(content)}
    document: dict[str, Any] = {
        "openapi": version,
        "info": {"title": "Test", "version": "1"},
        "servers": [{"url": BASE}],
        "paths": {path: {method: operation}},
    }
    if components:
        document["components"] = dict(components)
    return document


def parameter(location: str, schema: Any = None, name: str = "p", **more: Any) -> dict[str, Any]:
    """A Parameter Object; path parameters are required, as they must be."""
    entry: dict[str, Any] = {"name": name, "in": location, **more}
    if "content" not in more:
        entry["schema"] = {} if schema is None else schema
    if location == "path":
        entry["required"] = True
    return entry


def answering(schema: Any = None, status: str = "200", **more: Any) -> dict[str, Any]:
    """Responses that declare one JSON answer."""
    response: dict[str, Any] = {"description": "an answer", **more}
    if schema is not None:
        response["content"] = json_content(schema)
    return {status: response}


@dataclass(frozen=True)
class Answer:
    """One scripted HTTP answer; `fields` are further header fields, `None` leaves one out."""

    body: bytes = b"{}"
    status: int = 200
    content_type: str | None = "application/json"
    fields: Sequence[tuple[str, str]] = ()

    def wire(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status} Scripted"]
        if self.content_type is not None:
            lines.append(f"Content-Type: {self.content_type}")
        if self.status not in (204, 304):
            lines.append(f"Content-Length: {len(self.body)}")
        lines += [f"{name}: {value}" for name, value in self.fields]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + self.body


def json_answer(data: Any, status: int = 200, **fields: str) -> Answer:
    """An answer that carries data as JSON; `X_Total="1"` becomes the field `X-Total`."""
    named = [(name.replace("_", "-"), value) for name, value in fields.items()]
    return Answer(json.dumps(data).encode(), status, fields=named)


@dataclass
class Scripted:
    """A service on loopback that answers what `answers` holds in order, then `{}` for ever."""

    answers: list[Answer | type[HangUp]] = field(default_factory=list)
    server: Server = field(init=False)

    def __post_init__(self) -> None:
        self.server = Server(self._answer)

    def _answer(self, request: Received, _: socket.socket) -> bytes:
        answer = self.answers.pop(0) if self.answers else Answer()
        if not isinstance(answer, Answer):
            raise answer
        if request.method == "HEAD":
            return answer.wire().partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        return answer.wire()

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def received(self) -> list[Received]:
        return self.server.received

    def client(self, document: Any, **settings: Any) -> Client:
        """A client of a document that is served here; it sends once, as answers are scripted."""
        settings.setdefault("timeout", 10.0)
        settings.setdefault("retries", 0)
        return Client(document, base_url=self.url, **settings)
