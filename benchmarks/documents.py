"""The OpenAPI documents that are driven: three job operations, and the same among many others."""

from __future__ import annotations

import json
from typing import Any

_ID = {"type": "string", "pattern": "^[a-z0-9]{20}$"}
_PUB = {"type": "array", "items": {}}
_JOB = {
    "type": "object",
    "required": ["id", "backend", "status", "created", "program", "user_id", "cost"],
    "properties": {
        "id": _ID,
        "backend": {"type": "string", "minLength": 1},
        "status": {
            "type": "string",
            "enum": ["Queued", "Running", "Completed", "Failed", "Cancelled"],
        },
        "created": {"type": "string", "format": "date-time"},
        "program": {"$ref": "#/components/schemas/Program"},
        "user_id": {"type": "string"},
        "cost": {"type": "integer", "minimum": 0},
        "private": {"type": "boolean"},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
}
_SCHEMAS = {
    "Program": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
    "Job": _JOB,
    "Jobs": {
        "type": "object",
        "required": ["jobs", "count", "limit", "offset"],
        "properties": {
            "jobs": {"type": "array", "items": {"$ref": "#/components/schemas/Job"}},
            **{name: {"type": "integer", "minimum": 0} for name in ("count", "limit", "offset")},
        },
    },
    "CreateJob": {
        "type": "object",
        "required": ["program_id", "backend", "params"],
        "additionalProperties": False,
        "properties": {
            "program_id": {"type": "string"},
            "backend": {"type": "string"},
            "params": {
                "type": "object",
                "required": ["version", "pubs"],
                "properties": {
                    "version": {"type": "integer", "enum": [2]},
                    "shots": {"type": "integer", "minimum": 1},
                    "pubs": {"type": "array", "items": _PUB, "minItems": 1},
                },
            },
            "tags": {"type": "array", "items": {"type": "string"}},
            "cost": {"type": "integer", "minimum": 0},
        },
    },
    "Created": {
        "type": "object",
        "required": ["id", "backend"],
        "properties": {"id": _ID, "backend": {"type": "string"}},
    },
}


def schema(name: str) -> dict[str, Any]:
    """One schema with what it refers to, for validators that are driven by hand."""
    return {"$ref": f"#/components/schemas/{name}", "components": {"schemas": _SCHEMAS}}


def _answer(name: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    return {"200": {"description": name, "content": content}}


def _get_job(name: str) -> dict[str, Any]:
    parameter = {"name": "id", "in": "path", "required": True, "schema": _ID}
    return {"get": {"operationId": name, "parameters": [parameter], "responses": _answer("Job")}}


def jobs_document(prefix: str = "/v1", server: str = "http://127.0.0.1") -> dict[str, Any]:
    """`get_job`, `list_jobs` and `create_job` below `prefix`."""
    body = {"application/json": {"schema": {"$ref": "#/components/schemas/CreateJob"}}}
    limit = {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 200}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Jobs", "version": "1"},
        "servers": [{"url": server}],
        "paths": {
            f"{prefix}/jobs/{{id}}": _get_job("get_job"),
            f"{prefix}/jobs": {
                "get": {
                    "operationId": "list_jobs",
                    "parameters": [limit],
                    "responses": _answer("Jobs"),
                },
                "post": {
                    "operationId": "create_job",
                    "requestBody": {"required": True, "content": body},
                    "responses": _answer("Created"),
                },
            },
        },
        "components": {"schemas": _SCHEMAS},
    }


def swagger_document(server: str) -> dict[str, Any]:
    """The two GET operations as Swagger 2.0, for a peer that reads nothing newer."""
    answers = {"Job": {"$ref": "#/definitions/Job"}, "Jobs": {"$ref": "#/definitions/Jobs"}}
    scheme, _, rest = server.partition("://")
    host, slash, prefix = rest.partition("/")

    def operation(name: str, answer: str, *parameters: dict[str, Any]) -> dict[str, Any]:
        responses = {"200": {"description": answer, "schema": answers[answer]}}
        return {"get": {"operationId": name, "parameters": parameters, "responses": responses}}

    identifier = {"name": "id", "in": "path", "required": True, "type": "string"}
    limit = {"name": "limit", "in": "query", "type": "integer", "maximum": 200}
    definitions = json.dumps({name: _SCHEMAS[name] for name in ("Program", "Job", "Jobs")})
    return {
        "swagger": "2.0",
        "info": {"title": "Jobs", "version": "1"},
        "host": host,
        "schemes": [scheme],
        "basePath": f"{slash}{prefix}/v1",
        "produces": ["application/json"],
        "paths": {
            "/jobs/{id}": operation("get_job", "Job", identifier),
            "/jobs": operation("list_jobs", "Jobs", limit),
        },
        "definitions": json.loads(definitions.replace("#/components/schemas/", "#/definitions/")),
    }


def document_of(operations: int) -> dict[str, Any]:
    """A document of so many operations; the one that is called, `get_job`, stands last."""
    document = jobs_document()
    paths = {
        f"/other/{number}/things/{{id}}": _get_job(f"get_thing_{number}")
        for number in range(operations - 1)
    }
    paths["/v1/jobs/{id}"] = document["paths"]["/v1/jobs/{id}"]
    return {**document, "paths": paths}
