"""What a person would write without dynclient, from the usual way down to the socket.

Each `get` takes a path and returns the parsed body; `checked` ones validate it with the same
validator library that dynclient uses, which makes them floors: the least it can cost that way.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import jsonschema_rs
import msgspec
import requests
import urllib3

from .documents import schema

__all__ = ["Hand"]

_HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip, deflate", "User-Agent": "bench"}


class Hand:
    """All the ways by hand to one server, each with its connection kept open."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.session = requests.Session()
        self._sender = requests.Session()
        self._settings = self._sender.merge_environment_settings(base, {}, False, None, None)
        self._pool = urllib3.PoolManager(maxsize=32).connection_from_url(base)
        parts = urlsplit(base)
        self._socket = socket.create_connection((parts.hostname or "", parts.port or 80))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._host = parts.netloc

    def close(self) -> None:
        """Close everything that was opened."""
        self.session.close()
        self._sender.close()
        self._pool.close()
        self._socket.close()

    def bare(self, path: str) -> Any:
        """The reference of most rows: `requests.Session().get(url).json()`."""
        return self.session.get(self.base + path).json()

    def bare_post(self, path: str, body: Any) -> Any:
        """The reference for posts: `session.post(url, json=body).json()`."""
        return self.session.post(self.base + path, json=body).json()

    def prepared(self, method: str, path: str, content: bytes | None = None) -> bytes:
        """A PreparedRequest filled in by hand, sent with settings merged once."""
        request = requests.PreparedRequest()
        request.method, request.url, request.body = method, self.base + path, content
        request.headers = requests.structures.CaseInsensitiveDict(_HEADERS)
        if content is not None:
            request.headers.update(
                {"Content-Type": "application/json", "Content-Length": str(len(content))}
            )
        request._cookies = self._sender.cookies  # type: ignore[attr-defined]
        request.hooks = {"response": []}
        return self._sender.send(request, timeout=30, **self._settings).content

    def urllib3(self, method: str, path: str, content: bytes | None = None) -> bytes:
        """Straight to a urllib3 pool."""
        headers = _HEADERS if content is None else {**_HEADERS, "Content-Type": "application/json"}
        answer = self._pool.urlopen(
            method, path, body=content, headers=headers, retries=False, redirect=False
        )
        return answer.data

    def socket(self, method: str, path: str, content: bytes | None = None) -> bytes:
        """A socket, a canned head and a Content-Length: what nobody should write."""
        head = f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\n"
        if content is not None:
            head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
        self._socket.sendall(head.encode() + b"\r\n" + (content or b""))
        data = self._socket.recv(65536)
        end = data.find(b"\r\n\r\n") + 4
        at = data.find(b"Content-Length:") + 15
        whole = end + int(data[at : data.find(b"\r", at)])
        while len(data) < whole:
            data += self._socket.recv(65536)
        return data[end:]


def checked(name: str, fetch: Callable[[], bytes]) -> Callable[[], Any]:
    """Fetch, parse with msgspec, validate with jsonschema-rs and formats."""
    is_valid = validator(name).is_valid
    decode = msgspec.json.decode

    def work() -> Any:
        data = decode(fetch())
        if not is_valid(data):
            raise ValueError(name)
        return data

    return work


def with_jsonschema(name: str, content: bytes) -> Callable[[], Any]:
    """Parse and validate with what most people have at hand: json and jsonschema, with formats."""
    from jsonschema import Draft202012Validator

    checker = Draft202012Validator.FORMAT_CHECKER
    judge = Draft202012Validator(schema(name), format_checker=checker)

    def work() -> Any:
        data = json.loads(content)
        judge.validate(data)
        return data

    return work


def validator(name: str) -> Any:
    """A compiled validator for one of the benchmark's schemas."""
    return jsonschema_rs.Draft202012Validator(schema(name), validate_formats=True)


def parsed(content: bytes) -> Any:
    """`json.loads`, the reference of the parsing row."""
    return json.loads(content)
