"""An OAuth 2.0 provider on oauthlib's endpoints, a service that takes its tokens, its document."""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote_plus

import pytest
from oauthlib.oauth2 import RequestValidator, Server
from support import one_operation

from dynclient import Client

CLIENT, SECRET = "the client:id", "pl4nted secret/+%"
USER, PASSWORD = "j\xfcrgen", "pl4nted pass&w\xf6rd="
SCOPES = {"read", "write", "admin"}


class Validator(RequestValidator):
    """One client, one user, and every token that was given."""

    def __init__(self):
        self.refresh_tokens = {}
        self.tokens = {}
        self.codes = {}
        self.rotates = True

    def authenticate_client(self, request, *args, **kwargs):
        header = request.headers.get("Authorization", "")
        if header.startswith("Basic "):
            pair = base64.b64decode(header[6:]).decode()
            found = tuple(map(unquote_plus, pair.split(":")))
        else:
            found = request.client_id, request.client_secret
        if found == (CLIENT, SECRET):
            request.client = type("Known", (), {"client_id": CLIENT})
        return found == (CLIENT, SECRET)

    def client_authentication_required(self, request, *args, **kwargs):
        is_public = "Authorization" not in request.headers and not request.client_secret
        return request.grant_type != "authorization_code" or not is_public

    def authenticate_client_id(self, client_id, request, *args, **kwargs):
        request.client = type("Known", (), {"client_id": client_id})
        return client_id == CLIENT

    # The authorization code, bound to its client, redirect and challenge.

    def validate_client_id(self, client_id, request, *args, **kwargs):
        return client_id == CLIENT

    def validate_redirect_uri(self, client_id, redirect_uri, request, *args, **kwargs):
        return redirect_uri.startswith("http://127.0.0.1:")

    def validate_response_type(self, client_id, response_type, client, request, *args, **kwargs):
        return response_type == "code"

    def is_pkce_required(self, client_id, request):
        return True

    def save_authorization_code(self, client_id, code, request, *args, **kwargs):
        self.codes[code["code"]] = {
            "scopes": list(request.scopes),
            "redirect": request.redirect_uri,
            "challenge": request.code_challenge,
            "method": request.code_challenge_method,
        }

    def validate_code(self, client_id, code, client, request, *args, **kwargs):
        request.scopes = self.codes.get(code, {}).get("scopes")
        return code in self.codes

    def get_code_challenge(self, code, request):
        return self.codes[code]["challenge"]

    def get_code_challenge_method(self, code, request):
        return self.codes[code]["method"]

    def confirm_redirect_uri(self, client_id, code, redirect_uri, client, request, *a, **kwargs):
        return self.codes[code]["redirect"] == redirect_uri

    def invalidate_authorization_code(self, client_id, code, request, *args, **kwargs):
        del self.codes[code]

    def validate_grant_type(self, client_id, grant_type, client, request, *args, **kwargs):
        return True

    def validate_scopes(self, client_id, scopes, client, request, *args, **kwargs):
        return set(scopes) <= SCOPES

    def get_default_scopes(self, client_id, request, *args, **kwargs):
        return ["read"]

    def validate_user(self, username, password, client, request, *args, **kwargs):
        return (username, password) == (USER, PASSWORD)

    def save_bearer_token(self, token, request, *args, **kwargs):
        self.tokens[token["access_token"]] = token.get("scope", "").split()
        if "refresh_token" in token:
            self.refresh_tokens[token["refresh_token"]] = token.get("scope", "").split()

    def validate_refresh_token(self, refresh_token, client, request, *args, **kwargs):
        return refresh_token in self.refresh_tokens

    def get_original_scopes(self, refresh_token, request, *args, **kwargs):
        scopes = self.refresh_tokens[refresh_token]
        if self.rotates:
            del self.refresh_tokens[refresh_token]
        return scopes

    def rotate_refresh_token(self, request):
        return self.rotates


class Provider:
    """A token endpoint and a service that takes its tokens, on one port of loopback."""

    def __init__(self, address):
        self.url = f"http://127.0.0.1:{address[1]}"
        self.validator = Validator()
        self.endpoint = Server(self.validator, token_expires_in=3600)
        self.forms = []
        self.calls = []
        self.down = None
        self.refuses = False
        self.metadata = {"issuer": self.url, "token_endpoint": f"{self.url}/oauth/token"}

    def respond(self, method, path, headers, body):
        if path.endswith("/.well-known/openid-configuration"):
            return {"Content-Type": "application/json"}, json.dumps(self.metadata), 200
        if path.endswith("/token"):
            self.forms.append({name: value[0] for name, value in parse_qs(body).items()})
            if self.down:
                return self.down
            uri = f"https://provider.test{path}"  # oauthlib takes no http, not even near by
            return self.endpoint.create_token_response(uri, method, body, headers)
        if path.partition("?")[0].endswith("/authorize"):
            uri = f"https://provider.test{path}"
            if self.refuses:
                state, back = (parse_qs(path)[name][0] for name in ("state", "redirect_uri"))
                return {"Location": f"{back}?error=access_denied&state={state}"}, "", 302
            scopes, known = self.endpoint.validate_authorization_request(uri)
            return self.endpoint.create_authorization_response(uri, "GET", "", {}, scopes, known)
        token = headers.get("Authorization", "").removeprefix("Bearer ")
        self.calls.append(token)
        needs = path.rpartition("/")[2]
        granted = self.validator.tokens.get(token)
        if granted is None:
            return {"Content-Type": "application/json"}, "{}", 401
        status = 200 if needs not in SCOPES or needs in granted else 403
        return {"Content-Type": "application/json"}, json.dumps({"scopes": granted}), status


class _Handler(BaseHTTPRequestHandler):
    provider: Provider

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        found = self.provider.respond(self.command, self.path, dict(self.headers), body)
        headers, content, status = found
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len((content or "").encode())))
        self.end_headers()
        self.wfile.write((content or "").encode())

    do_GET = do_POST  # noqa: N815

    def log_message(self, *args):
        pass


@pytest.fixture
def provider():
    handler = type("Handler", (_Handler,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        handler.provider = Provider(server.server_address)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield handler.provider
        finally:
            server.shutdown()
            thread.join()


def document_of(*, flows=None, token_url="oauth/token", version="3.1.1", **scheme):
    """Operations `read`, `write` and `admin`, each of which needs the scope of its name."""
    flow = {"tokenUrl": token_url, "scopes": dict.fromkeys(SCOPES, "")}
    flows = {"clientCredentials": flow, "password": flow} if flows is None else flows
    document = one_operation(version=version)
    document["components"] = {
        "securitySchemes": {"Login": {"type": "oauth2", "flows": flows, **scheme}}
    }
    document["paths"] = {
        f"/{name}": {
            "get": {
                "operationId": name,
                "security": [{"Login": [name]}],
                "responses": {"200": {"description": ""}},
            }
        }
        for name in SCOPES
    }
    return document


def client_of(provider, handler, document=None, **settings):
    return Client(
        document or document_of(),
        base_url=provider.url,
        auth={"Login": handler},
        validate="off",
        **settings,
    )
