"""Cassettes of VCR.py, YAML or JSON. Source: vcrpy.readthedocs.io, "serialize"."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any

from ..messages import Headers, HttpRequest, HttpResponse
from ..transport.decoding import decoded_pieces
from .exchanges import Exchange

__all__ = ["read_cassette"]


def read_cassette(data: Any, name: str) -> Iterator[Exchange]:
    """The exchanges of a cassette that was parsed. ValueError, with the place, if one is none."""
    for number, each in enumerate(data["interactions"], 1):
        source = f"{name}, interaction {number}"
        try:
            yield _exchange(each, source)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"{source}, is none: {type(error).__name__}: {error}") from None


def _exchange(found: Mapping[str, Any], source: str) -> Exchange:
    asked, answered = found["request"], found["response"]
    url = str(asked["uri"])
    request = HttpRequest(
        str(asked["method"]).upper(), url, _fields(asked), _bytes(asked.get("body")) or None
    )
    headers = _fields(answered)
    content = _bytes(answered.get("body"))
    coding = headers.get("Content-Encoding")
    if coding and content:
        content = _decoded(content, coding)
    response = HttpResponse(int(answered["status"]["code"]), headers, content, url)
    return Exchange(request, response, 0.0, source)


def _decoded(content: bytes, coding: str) -> bytes:
    """The body as it was before it was compressed; VCR.py may have done it already."""
    try:
        return b"".join(decoded_pieces(iter((content,)), coding))
    except Exception:  # noqa: BLE001  whatever the decoder has: then it was decoded before
        return content


def _fields(message: Mapping[str, Any]) -> Headers:
    pairs = []
    for name, values in (message.get("headers") or {}).items():
        listed = values if isinstance(values, list) else [values]
        pairs += [(str(name), str(value)) for value in listed]
    return Headers(pairs)


def _bytes(body: Any) -> bytes:
    if isinstance(body, Mapping):
        if "base64_string" in body:
            return b64decode(body["base64_string"])
        body = body.get("string")
    if body is None:
        return b""
    return body if isinstance(body, bytes) else str(body).encode("utf-8", "surrogatepass")
