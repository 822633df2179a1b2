"""The scope of a request, both ways (ASGI 3.0, "HTTP Connection Scope")."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, unquote

from ..messages import Headers, HttpRequest
from ..origins import origin_of, split_url

__all__ = ["pairs_of", "request_of", "scope_of"]


def scope_of(request: HttpRequest) -> dict[str, Any]:
    """The scope of a request that is sent."""
    origin = origin_of(request.url)
    _, target = split_url(request.url)
    path, _, query = target.partition("?")
    fields = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in request.headers.pairs()
    ]
    if "Host" not in request.headers:
        fields.insert(0, (b"host", origin.netloc.encode("ascii")))
    if isinstance(request.content, bytes) and "Content-Length" not in request.headers:
        fields.append((b"content-length", str(len(request.content)).encode("ascii")))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": origin.scheme,
        "path": unquote(path),
        "raw_path": path.encode("ascii"),
        "query_string": query.encode("ascii"),
        "root_path": "",
        "headers": fields,
        "client": ("127.0.0.1", 0),
        "server": (origin.host, origin.port),
    }


def request_of(scope: Mapping[str, Any]) -> HttpRequest:
    """What an application is asked, without its body: the URL as the caller knows it."""
    headers = Headers(pairs_of(scope["headers"]))
    host = headers.get("Host") or ":".join(map(str, scope.get("server") or ("localhost",)))
    raw = scope.get("raw_path")
    path = raw.decode("latin-1") if raw else quote(scope["path"], safe="/:@!$&'()*+,;=~")
    url = f"{scope.get('scheme', 'http')}://{host}{path}"
    query = scope.get("query_string", b"").decode("latin-1")
    return HttpRequest(scope["method"], f"{url}?{query}" if query else url, headers)


def pairs_of(raw: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    """Header fields as text."""
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw]
