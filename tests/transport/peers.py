"""Servers that others wrote, all with the same routes; `python peers.py KIND PORT` runs one."""

from __future__ import annotations

import gzip
import json
import os
import sys
import time
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TEXT = b"hello, " * 400


def body_of(size: int) -> bytes:
    """`size` bytes that differ from place to place."""
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def answer(method: str, target: str, fields: dict[str, str], body: bytes) -> tuple:
    """(status, fields, body): a body of bytes has a length, an iterator of bytes none."""
    path, _, argument = target.partition("?")[0][1:].partition("/")
    plain = [("Content-Type", "text/plain")]
    if path == "bytes":
        return 200, plain, body_of(int(argument))
    if path == "stream":
        whole = body_of(int(argument))
        step = len(whole) // 7 + 1
        return 200, plain, (whole[at : at + step] for at in range(0, len(whole), step))
    if path == "drip":
        return 200, plain, _drip()
    if path == "status":
        return int(argument), [("X-Status", argument)], b""
    if path == "gzip":
        return 200, [*plain, ("Content-Encoding", "gzip")], gzip.compress(TEXT)
    if path == "deflate":
        return 200, [*plain, ("Content-Encoding", "deflate")], iter([zlib.compress(TEXT)])
    if path == "latin":
        return 200, [*plain, ("X-Latin", "caf\xe9")], fields.get("x-latin", "").encode("latin-1")
    if path == "close":
        return 200, [*plain, ("Connection", "close")], b"closed"
    told = {"method": method, "target": target, "length": len(body), "sum": zlib.crc32(body)}
    told["id"] = fields.get("x-id", "")
    return 200, [("Content-Type", "application/json")], json.dumps(told).encode()


def _drip() -> Iterator[bytes]:
    for _ in range(4):
        yield b"drop"
        time.sleep(0.05)


def wsgi(environ, start_response):
    """The routes as a WSGI application."""
    target = environ.get("REQUEST_URI") or environ.get("RAW_URI") or environ["PATH_INFO"]
    fields = {k[5:].lower().replace("_", "-"): v for k, v in environ.items() if k[:5] == "HTTP_"}
    chunked = "chunked" in fields.get("transfer-encoding", "")
    length = environ.get("CONTENT_LENGTH")
    body = b""
    if chunked or length:
        body = environ["wsgi.input"].read(*([] if chunked else [int(length)]))
    status, headers, content = answer(environ["REQUEST_METHOD"], target, fields, body)
    if isinstance(content, bytes) and status not in {204, 304}:
        headers = [*headers, ("Content-Length", str(len(content)))]
    # A server's own: an application may not set it.
    start_response(f"{status} Status", [pair for pair in headers if pair[0] != "Connection"])
    if environ["REQUEST_METHOD"] == "HEAD":
        return []
    return [content] if isinstance(content, bytes) else content


async def asgi(scope, receive, send):
    """The routes as an ASGI application."""
    if scope["type"] != "http":
        return
    body = b""
    more = True
    while more:
        event = await receive()
        body += event.get("body", b"")
        more = event.get("more_body", False)
    fields = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
    query = scope["query_string"].decode()
    target = scope["raw_path"].decode() + ("?" + query if query else "")
    status, headers, content = answer(scope["method"], target, fields, body)
    if isinstance(content, bytes) and status not in {204, 304}:
        headers = [*headers, ("Content-Length", str(len(content)))]
    pairs = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    for piece in [content] if isinstance(content, bytes) else content:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


class Plain(BaseHTTPRequestHandler):
    """The routes by the standard library's server: without a length the connection ends a body."""

    def log_message(self, *_) -> None:
        """Nothing."""

    def _any(self) -> None:
        fields = {name.lower(): value for name, value in self.headers.items()}
        if "chunked" in fields.get("transfer-encoding", ""):
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(fields.get("content-length", "0")))
        status, headers, content = answer(self.command, self.path, fields, body)
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if not isinstance(content, bytes):
            self.send_header("Connection", "close")
        elif status not in {204, 304}:
            self.send_header("Content-Length", str(len(content)))
            if self.protocol_version == "HTTP/1.0" and "keep" in fields.get("connection", ""):
                self.send_header("Connection", "keep-alive")
        self.end_headers()
        if self.command != "HEAD":
            for piece in [content] if isinstance(content, bytes) else content:
                self.wfile.write(piece)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _any  # noqa: N815


NGINX = """
daemon off; worker_processes 1; pid {here}/pid; error_log {here}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off; keepalive_timeout 1; client_max_body_size 100m;
  client_body_temp_path {here}/b; proxy_temp_path {here}/p; fastcgi_temp_path {here}/f;
  uwsgi_temp_path {here}/u; scgi_temp_path {here}/s;
  upstream app {{ server 127.0.0.1:{upstream}; keepalive 4; }}
  server {{
    listen 127.0.0.1:{port}; {tls}
    location / {{
      proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_request_buffering off; proxy_max_temp_file_size 0;
    }}
  }}
}}
"""


def serve(kind: str, port: int) -> None:
    """Run the server until killed."""
    host = "127.0.0.1"
    if kind in {"http.server 1.0", "http.server 1.1"}:
        Plain.protocol_version = f"HTTP/{kind[-3:]}"
        ThreadingHTTPServer((host, port), Plain).serve_forever()
    elif kind == "werkzeug":
        from werkzeug.serving import WSGIRequestHandler, run_simple

        WSGIRequestHandler.protocol_version = "HTTP/1.1"
        run_simple(host, port, wsgi, threaded=True)
    elif kind == "uvicorn":
        import uvicorn

        uvicorn.run(asgi, host=host, port=port, timeout_keep_alive=1, log_level="error")
    elif kind == "waitress":
        import waitress

        waitress.serve(
            wsgi, host=host, port=port, threads=16, channel_timeout=2, cleanup_interval=1
        )
    elif kind == "cheroot":
        from cheroot.wsgi import Server

        Server((host, port), wsgi, timeout=1).start()
    elif kind == "gunicorn":
        from gunicorn.app.base import BaseApplication

        class Application(BaseApplication):
            def load_config(self):
                self.cfg.set("bind", f"{host}:{port}")
                self.cfg.set("worker_class", "gthread")
                self.cfg.set("threads", 16)
                self.cfg.set("keepalive", 1)

            def load(self):
                return wsgi

        Application().run()
    elif kind == "hypercorn":
        import asyncio

        from hypercorn.asyncio import serve as run
        from hypercorn.config import Config

        config = Config()
        config.bind = [f"{host}:{port}"]
        config.keep_alive_timeout = 1
        if certificates := os.environ.get("CERTIFICATES"):
            config.certfile = f"{certificates}/server.pem"
            config.keyfile = f"{certificates}/server.key"
        asyncio.run(run(asgi, config))
    elif kind == "tornado":
        import asyncio

        from tornado.httpserver import HTTPServer
        from tornado.wsgi import WSGIContainer

        async def main() -> None:
            server = HTTPServer(WSGIContainer(wsgi), idle_connection_timeout=1)
            server.listen(port, host)
            await asyncio.Event().wait()

        asyncio.run(main())
    elif kind == "aiohttp":
        _aiohttp(host, port)


def _aiohttp(host: str, port: int) -> None:
    from aiohttp import web

    async def handle(request: web.Request) -> web.StreamResponse:
        fields = {name.lower(): value for name, value in request.headers.items()}
        status, headers, content = answer(
            request.method, request.raw_path, fields, await request.read()
        )
        if isinstance(content, bytes):
            return web.Response(status=status, headers=headers, body=content)
        response = web.StreamResponse(status=status, headers=headers)
        await response.prepare(request)
        for piece in content:
            await response.write(piece)
        return response

    app = web.Application(client_max_size=1 << 30)
    app.router.add_route("*", "/{any:.*}", handle)
    web.run_app(app, host=host, port=port, keepalive_timeout=1, print=None, access_log=None)


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
