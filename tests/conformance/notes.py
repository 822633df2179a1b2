"""A service of notes, with faults of its own that can be switched on, and its document."""

from __future__ import annotations

import json
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

NOTE: dict[str, Any] = {
    "type": "object",
    "required": ["id", "text"],
    "properties": {
        "id": {"type": "string"},
        "text": {"type": "string", "maxLength": 20},
        "stars": {"type": "integer", "minimum": 0, "maximum": 5},
    },
}
NEW: dict[str, Any] = {
    "type": "object",
    "required": ["text"],
    "properties": {"text": NOTE["properties"]["text"], "stars": NOTE["properties"]["stars"]},
    "additionalProperties": False,
}
_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}


def _json(schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"application/json": {"schema": schema, **more}}


def _answers(status: str, schema: dict[str, Any] | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"description": "it"}
    if schema is not None:
        found["content"] = _json(schema)
    return {status: found, "4XX": {"description": "no"}}


DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.1",
    "info": {"title": "Notes", "version": "1"},
    "servers": [{"url": "/"}],
    "security": [{"Key": []}],
    "components": {"securitySchemes": {"Key": {"type": "apiKey", "in": "header", "name": "X-Key"}}},
    "paths": {
        "/notes": {
            "get": {
                "operationId": "list_notes",
                "parameters": [
                    {
                        "name": "limit",
                        "in": "query",
                        "schema": {"type": "integer", "minimum": 1, "maximum": 50},
                    },
                    {"name": "offset", "in": "query", "schema": {"type": "integer", "minimum": 0}},
                ],
                "responses": _answers("200", {"type": "array", "items": NOTE}),
            },
            "post": {
                "operationId": "create_note",
                "requestBody": {
                    "required": True,
                    "content": _json(NEW, example={"text": "milk", "stars": 3}),
                },
                "responses": _answers("201", NOTE),
            },
        },
        "/notes/{id}": {
            "get": {
                "operationId": "get_note",
                "parameters": [_ID],
                "responses": _answers("200", NOTE),
            },
            "put": {
                "operationId": "put_note",
                "parameters": [_ID],
                "requestBody": {"required": True, "content": _json(NOTE)},
                "responses": _answers("200", NOTE),
            },
            "delete": {
                "operationId": "delete_note",
                "parameters": [_ID],
                "responses": _answers("204"),
            },
        },
    },
}


class Notes:
    """The service; `faults` are the names of what it does wrong."""

    def __init__(self, *faults: str) -> None:
        self.faults = frozenset(faults)
        self.notes: dict[str, dict[str, Any]] = {}
        self.owners: dict[str, str] = {}
        self.asked: list[str] = []
        self._made = 0
        self.app = Starlette(
            routes=[
                Route("/notes", self._all, methods=["GET", "POST"]),
                Route("/notes/{id}", self._one, methods=["GET", "PUT", "DELETE"]),
            ]
        )
        for _ in range(5):
            self._make({"text": "first"}, "mine")

    def _has(self, fault: str) -> bool:
        return fault in self.faults

    def _make(self, given: dict[str, Any], owner: str) -> dict[str, Any]:
        self._made += 1
        note = {"id": f"n{self._made}", **given}
        if not self._has("created-not-found"):
            self.notes[note["id"]] = note
            self.owners[note["id"]] = owner
        return note

    def _refused(self, request: Request) -> Response | None:
        self.asked.append(request.method)
        key = request.headers.get("x-key")
        if key is None and not self._has("credential-not-enforced"):
            return Response(status_code=401)
        if key not in ("mine", "yours", None) and not self._has("wrong-credential-accepted"):
            return Response(status_code=401)
        return None

    async def _all(self, request: Request) -> Response:
        if (refused := self._refused(request)) is not None:
            return refused
        owner = request.headers.get("x-key", "mine")
        if request.method == "POST":
            return await self._create(request, owner)
        try:
            limit = int(request.query_params.get("limit", 5))
            offset = int(request.query_params.get("offset", 0))
        except ValueError:
            limit, offset = 0, 0
        if not (1 <= limit <= 50 and offset >= 0):
            if not self._has("wrong-input-accepted"):
                return Response(status_code=400)
            limit, offset = 5, 0
        if self._has("server-error") and limit > 9:
            return Response(status_code=500)
        notes = list(self.notes.values())
        if self._has("page-repeats"):
            offset = 0
        return JSONResponse(notes[offset : offset + limit])

    async def _create(self, request: Request, owner: str) -> Response:
        given = await self._body(request, NEW)
        if given is None or self._has("example-refused"):
            return Response(status_code=400)
        return JSONResponse(self._make(given, owner), 201)

    async def _body(self, request: Request, schema: dict[str, Any]) -> dict[str, Any] | None:
        from jsonschema import Draft202012Validator

        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return None
        try:
            given = json.loads(await request.body())
        except ValueError:
            return None
        found: dict[str, Any] | None = given
        return found if Draft202012Validator(schema).is_valid(given) else None

    async def _one(self, request: Request) -> Response:
        if (refused := self._refused(request)) is not None:
            return refused
        name = request.path_params["id"]
        owner = request.headers.get("x-key", "mine")
        if name not in self.notes:
            return Response(status_code=404)
        is_foreign = owner == "yours" and self.owners[name] != owner
        if is_foreign and not self._has("foreign-object-readable"):
            return Response(status_code=404)
        if request.method == "DELETE":
            if not self._has("deleted-still-there"):
                del self.notes[name]
            return Response(status_code=204)
        if request.method == "PUT":
            given = await self._body(request, NOTE)
            if given is None:
                return Response(status_code=400)
            if self._has("not-idempotent"):
                given["stars"] = (self.notes[name].get("stars", 0) + 1) % 6
            self.notes[name] = {**given, "id": name}
        note = self.notes[name]
        if self._has("another-object"):
            note = {**note, "id": "n0"}
        if self._has("type"):
            note = {**note, "text": 3}
        return JSONResponse(note)


#: A fault, and the code that tells it.
FAULTS = {
    "credential-not-enforced": "DC301",
    "wrong-credential-accepted": "DC302",
    "foreign-object-readable": "DC303",
    "server-error": "DC401",
    "wrong-input-accepted": "DC402",
    "example-refused": "DC403",
    "created-not-found": "DC411",
    "deleted-still-there": "DC412",
    "not-idempotent": "DC413",
    "another-object": "DC414",
    "page-repeats": "DC415",
    "type": "DC220",
}

#: For `--app`.
app = Notes("wrong-input-accepted").app
