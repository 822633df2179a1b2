"""Arguments of every kind, for a parameter in each place and style.

Whatever is given, `prepare` makes a request of it or raises InvalidRequest. No value changes where
the request goes, adds a header field, or leaves its own place in the URL.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from hypothesis import strategies as st

from dynclient import Client, InvalidRequest, Options

__all__ = ["ARGUMENTS", "check"]

_STYLES = {
    "path": ["simple", "label", "matrix"],
    "query": ["form", "spaceDelimited", "pipeDelimited", "deepObject"],
    "header": ["simple"],
    "cookie": ["form"],
}
_TYPES = ["string", "integer", "array", "object", None]
_VERSIONS = ["3.0.4", "3.1.1", "3.2.0"]


def _parameter(where: str, style: str, explode: bool, kind: str | None) -> dict[str, Any]:
    schema = {} if kind is None else {"type": kind, **({"items": {}} if kind == "array" else {})}
    more = {"allowReserved": True} if where == "query" else {}
    entry = {"name": "p", "in": where, "style": style, "explode": explode, "schema": schema}
    return {**entry, **more, "required": where == "path"}


def _client(version: str) -> tuple[Client, list[str]]:
    paths: dict[str, Any] = {}
    for where, styles in _STYLES.items():
        for style in styles:
            for explode in (False, True):
                for kind in _TYPES:
                    name = f"{where}_{style}_{explode}_{kind}"
                    path = f"/{name}/{{p}}/end" if where == "path" else f"/{name}"
                    paths[path] = {
                        "get": {
                            "operationId": name,
                            "parameters": [_parameter(where, style, explode, kind)],
                            "responses": {"200": {"description": ""}},
                        }
                    }
    document = {
        "openapi": version,
        "info": {"title": "Arguments", "version": "1"},
        "servers": [{"url": "http://api.test/v1"}],
        "paths": paths,
    }
    client = Client(document)
    return client, list(client.operations)


_CLIENTS = {version: _client(version) for version in _VERSIONS}
_ODD = ["..", ".", "/", "//", "\\", "?", "#", "%2e", "%", ";", "\r\n", "\0", "@", "&", "=", "ü"]
_TEXTS = st.text(st.characters(), max_size=8) | st.lists(st.sampled_from(_ODD), max_size=3).map(
    "".join
)
_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.binary(max_size=4) | _TEXTS
_VALUES = st.recursive(
    _LEAVES | st.dates() | st.datetimes() | st.decimals() | st.uuids() | st.frozensets(_TEXTS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=6,
)
ARGUMENTS = {
    "version": st.sampled_from(_VERSIONS),
    "operation": st.integers(0, len(_CLIENTS["3.2.0"][1]) - 1),
    "value": _VALUES,
    "level": st.sampled_from(["strict", "warn", "off"]),
}


def check(version: str, operation: int, value: Any, level: Any) -> None:
    """Send `value` as the parameter of that operation."""
    client, names = _CLIENTS[version]
    name = names[operation]
    try:
        request = client.prepare(name, p=value, options=Options(validate=level))
    except InvalidRequest as error:
        str(error).encode()
        return
    assert re.fullmatch(r"[!-~]+", request.url), request.url
    parts = urlsplit(request.url)
    assert (parts.scheme, parts.netloc, parts.fragment) == ("http", "api.test", "")
    segments = parts.path.split("/")[1:]
    assert segments[:2] == ["v1", name]
    if "path" in name:
        assert len(segments) == 4
        assert segments[3] == "end"
        assert re.sub("%2e", ".", segments[2], flags=re.IGNORECASE) not in (".", "..")
        assert segments[2] or level != "strict"
    else:
        assert len(segments) == 2
    for _, text in request.headers.pairs():
        assert not re.search(r"[\r\n\0]", text), text
