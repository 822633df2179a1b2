"""The program as a user runs it: a process of its own, or click's runner where that will do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dynclient import emulator
from dynclient.cli.program import program

Answer = tuple[int, dict[str, str], bytes]
OURS = ("DYNCLIENT_", "QISKIT_IBM_", "COLUMNS", "NO_COLOR", "FORCE_COLOR", "PYTHONIOENCODING")


def clean(environ: dict[str, str], home: Path) -> dict[str, str]:
    """The environment without anything that could give the program settings or credentials."""
    kept = {name: value for name, value in environ.items() if not name.startswith(OURS)}
    return {**kept, "HOME": str(home), "PYTHONUTF8": "1"}


@pytest.fixture(scope="session")
def service() -> Iterator[str]:
    """The base URL of an emulator."""
    with emulator.run() as url:
        yield url


@pytest.fixture(scope="session")
def access(service: str) -> dict[str, str]:
    """The environment variables that lead to the emulator and into it."""
    return {
        "DYNCLIENT_BASE_URL": service,
        "DYNCLIENT_AUTH_IBMCLOUDAUTH": emulator.TOKEN,
        "DYNCLIENT_AUTH_SERVICECRN": emulator.CRN,
    }


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The environment of a process that runs the program."""
    return clean(dict(os.environ), tmp_path)


@pytest.fixture
def run(environment: dict[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the program in a process of its own."""

    def start(*arguments: str, env: dict[str, str] | None = None, text: str = "", **options: Any):
        return subprocess.run(
            [sys.executable, "-m", "dynclient", *arguments],
            env={**environment, **(env or {})},
            input=text,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            **options,
        )

    return start


@pytest.fixture
def invoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs the program in this process."""
    for name in list(os.environ):
        if name.startswith(OURS):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))

    def start(*arguments: str, env: dict[str, str] | None = None, text: str | bytes = "") -> Result:
        return CliRunner().invoke(program, arguments, env=env, input=text)

    return start


class Server:
    """Answers by "METHOD /path", without the query; keeps what it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.answers: dict[str, Answer] = {}
        self.requests: list[dict[str, Any]] = []

    def json(self, route: str, data: Any, status: int = 200) -> None:
        content = json.dumps(data).encode()
        self.answers[route] = (status, {"Content-Type": "application/json"}, content)


class _Handler(BaseHTTPRequestHandler):
    server_state: Server

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        request = {
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": self.rfile.read(length),
        }
        self.server_state.requests.append(request)
        route = f"{self.command} {self.path.partition('?')[0]}"
        status, headers, content = self.server_state.answers[route]
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_PUT = do_GET  # noqa: N815

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()
    handler = type("Handler", (_Handler,), {"server_state": state})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        state.url = f"http://127.0.0.1:{http.server_address[1]}"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield state
        finally:
            http.shutdown()
            thread.join()


SHAPES: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Shapes", "version": "1"},
    "paths": {
        "/things/{kind}": {
            "get": {
                "operationId": "find",
                "tags": ["things"],
                "parameters": [
                    {"name": "kind", "in": "path", "required": True, "schema": {"type": "string"}},
                    {"name": "count", "in": "query", "schema": {"type": "integer"}},
                    {"name": "ratio", "in": "query", "schema": {"type": "number"}},
                    {"name": "flag", "in": "query", "schema": {"type": "boolean"}},
                    {
                        "name": "ids",
                        "in": "query",
                        "explode": False,
                        "schema": {"type": "array", "items": {"type": "integer"}},
                    },
                    {
                        "name": "where",
                        "in": "query",
                        "style": "deepObject",
                        "schema": {"$ref": "#/components/schemas/Where"},
                    },
                    {"name": "either", "in": "query", "schema": {"type": ["integer", "string"]}},
                    {"name": "maybe", "in": "query", "schema": {"type": ["integer", "null"]}},
                ],
                "responses": {
                    "200": {
                        "description": "Found.",
                        "content": {
                            "application/json": {"schema": {"type": "object"}},
                            "text/plain": {"schema": {"type": "string"}},
                            "application/octet-stream": {},
                        },
                    }
                },
            }
        },
        "/things": {
            "post": {
                "operationId": "make",
                "security": [{"Key": []}],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}
                    },
                },
                "responses": {"204": {"description": "Made."}},
            }
        },
        "/blob": {
            "put": {
                "operationId": "store",
                "requestBody": {"content": {"application/octet-stream": {}}},
                "responses": {"204": {"description": "Stored."}},
            },
        },
        "/note": {
            "put": {
                "operationId": "note",
                "requestBody": {"content": {"text/plain": {"schema": {"type": "string"}}}},
                "responses": {"204": {"description": "Noted."}},
            },
        },
        "/upload": {
            "post": {
                "operationId": "upload",
                "requestBody": {
                    "content": {
                        "multipart/form-data": {
                            "schema": {
                                "type": "object",
                                "properties": {
                                    "file": {"type": "string", "format": "binary"},
                                    "title": {"type": "string"},
                                    "pages": {
                                        "type": "array",
                                        "items": {"type": "string", "format": "binary"},
                                    },
                                },
                            }
                        }
                    }
                },
                "responses": {"204": {"description": "Taken."}},
            },
        },
        "/mixed": {
            "post": {
                "operationId": "mix",
                "requestBody": {
                    "content": {
                        "multipart/mixed": {
                            "schema": {
                                "type": "array",
                                "prefixItems": [
                                    {"type": "object"},
                                    {"type": "integer"},
                                    {"type": "string", "contentMediaType": "image/png"},
                                ],
                                "items": {"type": "string"},
                            }
                        }
                    }
                },
                "responses": {"204": {"description": "Mixed."}},
            },
        },
        "/rows": {
            "put": {
                "operationId": "append",
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"type": "object"}},
                        "application/jsonl": {
                            "itemSchema": {
                                "type": "object",
                                "required": ["a"],
                                "properties": {"a": {"type": "integer"}},
                            }
                        },
                        "multipart/form-data": {
                            "schema": {
                                "type": "object",
                                "properties": {
                                    "a": {"type": "integer"},
                                    "file": {"type": "string", "format": "binary"},
                                },
                            }
                        },
                    }
                },
                "responses": {"204": {"description": "Kept."}},
            },
        },
        "/any": {
            "put": {
                "operationId": "keep",
                "requestBody": {"content": {"*/*": {}}},
                "responses": {"204": {"description": "Kept."}},
            },
        },
        "/login": {
            "post": {
                "operationId": "login",
                "requestBody": {
                    "content": {
                        "application/x-www-form-urlencoded": {
                            "schema": {
                                "type": "object",
                                "properties": {
                                    "user": {"type": "string"},
                                    "tries": {"type": "integer"},
                                },
                            }
                        }
                    }
                },
                "responses": {"204": {"description": "In."}},
            },
        },
    },
    "components": {
        "securitySchemes": {"Key": {"type": "apiKey", "in": "query", "name": "key"}},
        "schemas": {
            "Where": {"type": "object", "properties": {"x": {"type": "integer"}}},
            "Thing": {
                "type": "object",
                "required": ["name", "size"],
                "properties": {
                    "name": {"type": "string", "minLength": 2},
                    "size": {"type": "integer", "minimum": 3},
                    "colour": {"enum": ["red", "green"]},
                    "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}},
                    "stamp": {"type": "string", "readOnly": True},
                },
            },
        },
    },
}


@pytest.fixture
def shapes(tmp_path: Path) -> str:
    """The path of a document with every kind of argument."""
    path = tmp_path / "shapes.json"
    path.write_text(json.dumps(SHAPES))
    return str(path)
