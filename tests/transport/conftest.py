"""Every transport over HTTP is held to the same tests."""

from __future__ import annotations

import os
import shutil
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import httpx2
import pytest
import requests
from requests.adapters import HTTPAdapter

from dynclient.transport import (
    AiohttpTransport,
    HttpxTransport,
    RequestsTransport,
    SocketTransport,
)

from .blocking import Blocking
from .certificates import made
from .server import Handler, Server, echo, serving

Make = Callable[..., Any]


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with ca.pem, and certificates and keys for servers."""
    if not shutil.which("openssl"):
        pytest.skip("needs the openssl command")
    return made(tmp_path_factory.mktemp("tls"))


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
    ):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def _with_session(**settings: Any) -> RequestsTransport:
    """Over a caller's own Session: what belongs to a Session is set there."""
    session = requests.Session()
    size = settings.pop("pool_size", 10)
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=size, pool_block=True))
    session.verify = settings.pop("verify", True)
    session.cert = settings.pop("cert", None)
    session.trust_env = settings.pop("trust_env", True)
    return RequestsTransport(session, **settings)


@cache
def _usual_context() -> ssl.SSLContext:
    return ssl.create_default_context()


def _with_httpx(kind: Any, **settings: Any) -> Any:
    """Over a caller's own client: what belongs to the client is set there."""
    size = settings.pop("pool_size", 10)
    verify = settings.pop("verify", True)
    if verify is True:
        # One for all, as it takes long to make; the environment's counts otherwise.
        named = settings.get("trust_env", True) and os.environ.get("REQUESTS_CA_BUNDLE")
        verify = True if named else _usual_context()
    elif isinstance(verify, str | Path):
        verify = ssl.create_default_context(cafile=verify)
    client = kind(
        verify=verify,
        trust_env=settings.pop("trust_env", True),
        limits=httpx2.Limits(max_connections=size),
    )
    return HttpxTransport(client, **settings)


#: Every kind of transport over HTTP; the asynchronous ones run behind `Blocking`.
KINDS: dict[str, Callable[..., Any]] = {
    "sockets": SocketTransport,
    "requests": RequestsTransport,
    "session": _with_session,
    "aiohttp": lambda **settings: Blocking(AiohttpTransport(**settings)),
    "httpx": lambda **settings: _with_httpx(httpx2.Client, **settings),
    "async httpx": lambda **settings: Blocking(_with_httpx(httpx2.AsyncClient, **settings)),
}


@pytest.fixture(params=KINDS)
def make(request: pytest.FixtureRequest) -> Iterator[Make]:
    """Make a transport of the kind under test; all are closed at the end."""
    with ExitStack() as stack:

        def build(**settings: Any) -> Any:
            transport = stack.enter_context(KINDS[request.param](**settings))
            given = getattr(transport, "_given", None)
            if hasattr(given, "close"):
                stack.callback(given.close)
            return transport

        build.kind = request.param  # type: ignore[attr-defined]
        yield build


@pytest.fixture
def transport(make: Make) -> Any:
    """A transport of the kind under test with short timeouts."""
    return make(timeout=5.0)


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Start servers for the length of a test: `serve(handler)`."""
    with ExitStack() as stack:

        def start(handler: Handler = echo, **options: object) -> Server:
            return stack.enter_context(serving(handler, **options))  # type: ignore[arg-type]

        yield start
