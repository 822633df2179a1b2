"""Every transport over HTTP is held to the same tests."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests
from requests.adapters import HTTPAdapter

from dynclient.transport import RequestsTransport, SocketTransport

from .certificates import made
from .server import Handler, Server, echo, serving

Make = Callable[..., SocketTransport | RequestsTransport]


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


@pytest.fixture(params=["sockets", "requests", "session"])
def make(request: pytest.FixtureRequest) -> Iterator[Make]:
    """Make a transport of the kind under test; all are closed at the end."""
    with ExitStack() as stack:

        def build(**settings: object) -> SocketTransport | RequestsTransport:
            if request.param == "sockets":
                return stack.enter_context(SocketTransport(**settings))  # type: ignore[arg-type]
            if request.param == "requests":
                return stack.enter_context(RequestsTransport(**settings))  # type: ignore[arg-type]
            session = stack.enter_context(requests.Session())
            # Their own: what belongs to a Session is set on the Session.
            size = settings.pop("pool_size", 10)
            for scheme in ("http://", "https://"):
                session.mount(scheme, HTTPAdapter(pool_maxsize=size, pool_block=True))  # type: ignore[arg-type]
            session.verify = settings.pop("verify", True)  # type: ignore[assignment]
            session.trust_env = settings.pop("trust_env", True)  # type: ignore[assignment]
            return stack.enter_context(RequestsTransport(session, **settings))  # type: ignore[arg-type]

        yield build


@pytest.fixture
def transport(make: Make) -> SocketTransport | RequestsTransport:
    """A transport of the kind under test with short timeouts."""
    return make(timeout=5.0)


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Start servers for the length of a test: `serve(handler)`."""
    with ExitStack() as stack:

        def start(handler: Handler = echo, **options: object) -> Server:
            return stack.enter_context(serving(handler, **options))  # type: ignore[arg-type]

        yield start
