"""A token service on loopback, and the smallest transport that can speak to it."""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest
from oauth_provider import provider  # noqa: F401  a fixture
from support import authenticate

from dynclient.auth import Authenticator, SecurityScheme
from dynclient.messages import Headers, HttpRequest, HttpResponse

KEY = "the-planted-api-key"


class IAMServer:
    """Hands out token-1, token-2, … for `KEY`; `answer` replaces what it says."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.url = f"http://127.0.0.1:{address[1]}/identity/token"
        self.requests: list[dict] = []
        self.answer: tuple[int, str, bytes] | None = None
        self.delay = threading.Event()
        self.delay.set()

    def respond(self, headers: dict[str, str], form: dict[str, list[str]]) -> tuple:
        self.requests.append({"headers": headers, "form": form})
        self.delay.wait(10)
        if self.answer is not None:
            return self.answer
        if form.get("apikey") != [KEY]:
            body = {
                "errorCode": "BXNIM0415E",
                "errorMessage": "Provided API key could not be found.",
                "context": {"requestId": "x"},
            }
            return 400, "application/json", json.dumps(body).encode()
        body = {
            "access_token": f"token-{len(self.requests)}",
            "refresh_token": "not_supported",
            "token_type": "Bearer",
            "expires_in": 3600,
            "expiration": 1,
            "scope": "ibm_openid",
        }
        return 200, "application/json", json.dumps(body).encode()


class _Handler(BaseHTTPRequestHandler):
    iam: IAMServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        status, kind, content = self.iam.respond(dict(self.headers), parse_qs(body))
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def iam() -> Iterator[IAMServer]:
    handler = type("Handler", (_Handler,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        handler.iam = IAMServer(server.server_address)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield handler.iam
        finally:
            handler.iam.delay.set()
            server.shutdown()
            thread.join()


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


@pytest.fixture
def send():
    """Sends an HttpRequest over urllib, without proxies and without following redirects."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects())

    def send_one(request: HttpRequest) -> HttpResponse:
        wire = urllib.request.Request(
            request.url,
            data=request.content,
            headers=dict(request.headers.pairs()),
            method=request.method,
        )
        try:
            answer = opener.open(wire, timeout=10)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return HttpResponse(
                answer.status, Headers(answer.headers.items()), answer.read(), request.url
            )

    return send_one


@pytest.fixture
def never_send():
    """A transport for what must need none."""

    def refuse(request: HttpRequest) -> HttpResponse:
        raise AssertionError(f"nothing was to be sent, but {request!r} was")

    return refuse


SCHEMES = {
    name: SecurityScheme.from_mapping(name, data)
    for name, data in {
        "Bearer": {"type": "http", "scheme": "Bearer", "bearerFormat": "JWT"},
        "Basic": {"type": "http", "scheme": "basic"},
        "Digest": {"type": "http", "scheme": "digest"},
        "Hmac": {"type": "http", "scheme": "hmac"},
        "HeaderKey": {"type": "apiKey", "in": "header", "name": "X-Secret-Thing"},
        "QueryKey": {"type": "apiKey", "in": "query", "name": "hidden"},
        "CookieKey": {"type": "apiKey", "in": "cookie", "name": "sid"},
        "OtherCookie": {"type": "apiKey", "in": "cookie", "name": "device"},
        "IBMCloudAPIKey": {"type": "apiKey", "in": "header", "name": "Authorization"},
        "OAuth": {
            "type": "oauth2",
            "flows": {"clientCredentials": {"tokenUrl": "https://x.test/t", "scopes": {}}},
        },
        "OpenID": {"type": "openIdConnect", "openIdConnectUrl": "https://x.test/.well-known"},
        "Mutual": {"type": "mutualTLS"},
    }.items()
}


@pytest.fixture
def schemes() -> dict[str, SecurityScheme]:
    """One scheme of every kind."""
    return dict(SCHEMES)


@pytest.fixture
def plan_for(schemes):
    """The plan of an operation that asks for all the schemes in `auth`."""

    def build(auth, scopes=()):
        return Authenticator(schemes, auth).plan("op", [{name: list(scopes) for name in auth}])

    return build


@pytest.fixture
def authenticated(plan_for, never_send):
    """The request for `auth`, with nothing sent on the way."""

    def build(auth, request=None):
        request = request or HttpRequest("GET", "https://api.test/v1/jobs")
        return authenticate(plan_for(auth), request, never_send)

    return build
