"""The document of a shop, in every version, and exchanges with it."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

from dynclient import Headers, HttpRequest, HttpResponse
from dynclient.conformance import Exchange

URL = "https://shop.example/v1"

ORDER: dict[str, Any] = {
    "type": "object",
    "required": ["id", "state"],
    "properties": {
        "id": {"type": "integer"},
        "state": {"type": "string", "enum": ["open", "sent"]},
        "at": {"type": "string", "format": "date-time"},
        "note": {"type": "string", "maxLength": 5},
        "lines": {
            "type": "array",
            "items": {"type": "object", "properties": {"count": {"type": "integer"}}},
        },
        "fixed": {"type": "object", "additionalProperties": False, "properties": {"a": {}}},
    },
}

SHOP: dict[str, Any] = {
    "openapi": "3.1.1",
    "info": {"title": "Shop", "version": "1"},
    "servers": [{"url": URL}],
    "security": [{"Key": []}],
    "paths": {
        "/orders": {
            "get": {
                "operationId": "listOrders",
                "parameters": [
                    {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 50}},
                    {"name": "tags", "in": "query", "schema": {"type": "array", "items": {}}},
                    {
                        "name": "X-Shop",
                        "in": "header",
                        "schema": {"type": "string", "maxLength": 3},
                    },
                    {"name": "seen", "in": "cookie", "schema": {"type": "boolean"}},
                ],
                "responses": {
                    "200": {
                        "description": "them",
                        "headers": {
                            "X-Total": {"required": True, "schema": {"type": "integer"}},
                        },
                        "content": {
                            "application/json": {"schema": {"type": "array", "items": ORDER}}
                        },
                    },
                    "4XX": {"description": "no"},
                },
            },
            "post": {
                "operationId": "makeOrder",
                "parameters": [
                    {"name": "dry", "in": "query", "required": True, "schema": {"type": "boolean"}}
                ],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {"schema": ORDER},
                        "application/x-www-form-urlencoded": {"schema": ORDER},
                    },
                },
                "responses": {
                    "201": {
                        "description": "it",
                        "content": {"application/json": {"schema": ORDER}},
                    },
                    "4XX": {"description": "no"},
                },
            },
        },
        "/orders/{id}": {
            "parameters": [
                {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
            ],
            "get": {
                "operationId": "getOrder",
                "security": [],
                "responses": {
                    "200": {
                        "description": "it",
                        "content": {"application/json": {"schema": ORDER}},
                    },
                    "404": {"description": "none"},
                },
            },
            "delete": {
                "operationId": "dropOrder",
                "responses": {"204": {"description": "gone"}},
            },
        },
    },
    "components": {
        "securitySchemes": {"Key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
    },
}

GOOD = {"id": 1, "state": "open"}


def versioned(version: str) -> dict[str, Any]:
    """The shop in another version of OpenAPI; 2.0 has no cookies."""
    document = deepcopy(SHOP)
    document["openapi"] = version
    return document


def exchange(
    method: str = "GET",
    target: str = "/orders/1",
    status: int | None = 200,
    data: Any = GOOD,
    *,
    sent: Any = None,
    url: str = URL,
    headers: dict[str, str] | None = None,
    received: dict[str, str] | None = None,
    key: bool = True,
    **more: Any,
) -> Exchange:
    """An exchange with the shop; `sent` and `data` are bytes, or are made JSON."""
    asked = {"X-Key": "secret-key"} if key else {}
    content = _content(sent)
    if content is not None:
        asked["Content-Type"] = "application/json"
    request = HttpRequest(method, url + target, Headers({**asked, **(headers or {})}), content)
    if status is None:
        return Exchange(request, None, **more)
    body = _content(data) or b""
    fields = {"Content-Type": "application/json"} if body else {}
    fields = {name: text for name, text in {**fields, **(received or {})}.items() if text}
    return Exchange(request, HttpResponse(status, Headers(fields), body, request.url), **more)


def listed(data: Any = (), status: int = 200, target: str = "/orders", **more: Any) -> Exchange:
    received = {"X-Total": "0", **more.pop("received", {})}
    return exchange("GET", target, status, list(data), received=received, **more)


def _content(data: Any) -> bytes | None:
    return data if data is None or isinstance(data, bytes) else json.dumps(data).encode()
