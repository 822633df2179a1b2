"""OAuth 2.0: tokens from a server that stands on oauthlib's own endpoints, and from worse ones."""

import asyncio
import json
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs

import pytest
from leaks import all_of, leaks
from oauth_provider import CLIENT, PASSWORD, SECRET, USER, client_of, document_of
from oauthlib.oauth2 import Server
from support import AsyncSends, Scripted, json_answer

from dynclient import AsyncClient, AuthError, Client, ConnectError, Options, RequestTimeout, Trust
from dynclient.auth import Authenticator, OAuth2, SecurityScheme
from dynclient.messages import Headers, HttpRequest, HttpResponse


class Clock:
    def __init__(self):
        self.now = 1_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_client_credentials_are_all_that_it_takes(provider):
    client = client_of(provider, OAuth2(CLIENT, SECRET))
    assert client.call("read") == {"scopes": ["read"]}
    assert client.call("read") == {"scopes": ["read"]}
    assert provider.forms == [{"grant_type": "client_credentials", "scope": "read"}]


def test_each_operation_gets_a_token_with_its_scopes_and_a_wider_one_serves_all(provider):
    client = client_of(provider, OAuth2(CLIENT, SECRET))
    for name in ("read", "write", "read", "write"):
        assert client.call(name) == {"scopes": [name]}
    assert len(provider.forms) == 2
    wide = client_of(provider, OAuth2(CLIENT, SECRET, scopes=["read", "write"]))
    for name in ("read", "write"):
        assert wide.call(name) == {"scopes": ["read", "write"]}
    assert len(provider.forms) == 3


def test_the_secret_goes_in_the_body_if_asked(provider):
    handler = OAuth2(CLIENT, SECRET, client_auth="body", parameters={"audience": "a"})
    assert client_of(provider, handler).call("read") == {"scopes": ["read"]}
    assert provider.forms == [
        {
            "grant_type": "client_credentials",
            "scope": "read",
            "client_id": CLIENT,
            "client_secret": SECRET,
            "audience": "a",
        }
    ]


def test_a_password_is_sent_once_and_then_refresh_tokens(provider, clock):
    handler = OAuth2(CLIENT, SECRET, username=USER, password=PASSWORD, clock=clock)
    client = client_of(provider, handler)
    tokens = set()
    for _ in range(3):
        assert client.call("read") == {"scopes": ["read"]}
        tokens.add(provider.calls[-1])
        clock.now += 3600
    assert len(tokens) == 3
    grants = [form["grant_type"] for form in provider.forms]
    assert grants == ["password", "refresh_token", "refresh_token"]
    assert provider.forms[0]["password"] == PASSWORD
    # The server rotates them: each was used once.
    assert provider.forms[1]["refresh_token"] != provider.forms[2]["refresh_token"]


def test_a_refresh_token_that_is_not_replaced_is_used_again(provider, clock):
    provider.validator.rotates = False
    handler = OAuth2(CLIENT, SECRET, username=USER, password=PASSWORD, clock=clock)
    client = client_of(provider, handler)
    for _ in range(3):
        client.call("read")
        clock.now += 3600
    assert len({form["refresh_token"] for form in provider.forms[1:]}) == 1


def test_where_the_refresh_token_has_ended_the_password_is_sent_again(provider, clock):
    handler = OAuth2(CLIENT, SECRET, username=USER, password=PASSWORD, clock=clock)
    client = client_of(provider, handler)
    client.call("read")
    provider.validator.refresh_tokens.clear()
    clock.now += 3600
    assert client.call("read") == {"scopes": ["read"]}
    assert [form["grant_type"] for form in provider.forms[1:]] == ["refresh_token", "password"]


def test_a_refresh_token_given_before_is_used_and_nothing_else(provider, clock):
    provider.validator.refresh_tokens["from-before"] = ["read"]
    handler = OAuth2(CLIENT, SECRET, refresh_token="from-before", clock=clock)
    client = client_of(provider, handler)
    assert client.call("read") == {"scopes": ["read"]}
    clock.now += 3600
    assert client.call("read") == {"scopes": ["read"]}
    assert [form["grant_type"] for form in provider.forms] == ["refresh_token"] * 2
    public = OAuth2(CLIENT, refresh_token="ended", token_url=f"{provider.url}/oauth/token")
    provider.down = ({}, '{"error": "invalid_grant"}', 400)
    for _ in range(2):
        with pytest.raises(AuthError, match="the refresh token has ended; give OAuth2 another"):
            client_of(provider, public).call("read")


def test_a_refresh_token_is_kept_while_the_endpoint_is_down(provider):
    provider.validator.refresh_tokens["from-before"] = ["read"]
    client = client_of(provider, OAuth2(CLIENT, SECRET, refresh_token="from-before"))
    provider.down = ({}, "<h1>busy</h1>", 503)
    with pytest.raises(AuthError, match="503"):
        client.call("read")
    provider.down = None
    assert client.call("read") == {"scopes": ["read"]}


@pytest.mark.parametrize(
    ("life", "early", "kept_for"),
    [(3600, None, 2880), (200, None, 140), (80, None, 40), (3600, 10, 3590)],
)
def test_a_token_is_replaced_before_its_end(provider, clock, life, early, kept_for):
    provider.endpoint = Server(provider.validator, token_expires_in=life)
    client = client_of(provider, OAuth2(CLIENT, SECRET, early=early, clock=clock))
    client.call("read")
    clock.now += kept_for - 0.5
    client.call("read")
    assert len(provider.forms) == 1
    clock.now += 0.5
    client.call("read")
    assert len(provider.forms) == 2


def test_a_token_without_an_end_is_kept_until_it_is_refused(provider, clock):
    token = {"access_token": "endless", "token_type": "bearer"}
    provider.validator.tokens["endless"] = ["read"]
    provider.down = ({}, json.dumps(token), 200)
    client = client_of(provider, OAuth2(CLIENT, SECRET, clock=clock))
    client.call("read")
    clock.now += 10**9
    client.call("read")
    assert len(provider.forms) == 1


def test_threads_that_were_refused_one_token_make_one_exchange(provider):
    client = client_of(provider, OAuth2(CLIENT, SECRET))
    client.call("read")
    provider.validator.tokens.clear()
    together = threading.Barrier(100)

    def call(_):
        together.wait(10)
        return client.call("read")

    with ThreadPoolExecutor(100) as pool:
        assert list(pool.map(call, range(100))) == [{"scopes": ["read"]}] * 100
    assert len(provider.forms) == 2


def test_an_asynchronous_client_gets_one_token_for_a_thousand_tasks():
    exchanges = []

    def send(request):
        data = {}
        if request.method == "POST":
            exchanges.append(request)
            data = {"access_token": "t", "token_type": "Bearer", "expires_in": 3600}
        kind = Headers({"Content-Type": "application/json"})
        return HttpResponse(200, kind, json.dumps(data).encode())

    async def main():
        client = AsyncClient(
            document_of(),
            base_url="https://api.test",
            auth={"Login": OAuth2(CLIENT, SECRET)},
            transport=AsyncSends(send),
        )
        await asyncio.gather(*(client.call("read") for _ in range(1000)))

    asyncio.run(main())
    assert [request.url for request in exchanges] == ["https://api.test/oauth/token"]


def test_discovery_finds_the_endpoint_once(provider):
    document = document_of(type="openIdConnect")
    scheme = document["components"]["securitySchemes"]["Login"]
    scheme["openIdConnectUrl"] = f"{provider.url}/.well-known/openid-configuration"
    provider.metadata["token_endpoint_auth_methods_supported"] = ["private_x", "client_secret_post"]
    client = client_of(provider, OAuth2(CLIENT, SECRET), document)
    assert client.call("read") == {"scopes": ["read"]}
    assert client.call("write") == {"scopes": ["write"]}
    assert provider.forms[0]["client_secret"] == SECRET
    assert len(provider.forms) == 2


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"issuer": "https://evil.test"}, "is the metadata of another issuer"),
        ({"token_endpoint": None}, "names no token_endpoint"),
        ({"token_endpoint": "http://elsewhere.example/token"}, "unencrypted"),
    ],
)
def test_metadata_that_cant_be_used_is_an_auth_error(provider, metadata, said):
    provider.metadata.update(metadata)
    document = document_of(type="openIdConnect")
    url = f"{provider.url}/.well-known/openid-configuration"
    document["components"]["securitySchemes"]["Login"]["openIdConnectUrl"] = url
    with pytest.raises(AuthError, match=said):
        client_of(provider, OAuth2(CLIENT, SECRET), document).call("read")
    assert provider.forms == []


@pytest.mark.parametrize(
    ("flows", "said"),
    [
        ({}, r"no flow clientCredentials with a tokenUrl \(its flows: none\); give OAuth2 a"),
        ({"implicit": {}}, r"\(its flows: implicit\)"),
        ({"clientCredentials": {"scopes": {}}}, "with a tokenUrl"),
        ({"clientCredentials": {"tokenUrl": "http://h.example/t"}}, "h.example unencrypted"),
        ({"clientCredentials": {"tokenUrl": "https://u:p@h.example/t"}}, "leave it out"),
        ({"clientCredentials": {"tokenUrl": "ftp://h.example/t"}}, "not an http address"),
    ],
)
def test_a_flow_that_cant_be_used_is_an_auth_error(provider, flows, said):
    with pytest.raises(AuthError, match=said):
        client_of(provider, OAuth2(CLIENT, SECRET), document_of(flows=flows)).call("read")


@pytest.mark.parametrize(
    ("url", "base", "expected"),
    [
        ("token", "https://api.test/v1", "https://api.test/v1/token"),
        ("/token", "https://api.test/v1", "https://api.test/token"),
        ("token", "https://user:password@api.test", "https://api.test/token"),
        ("./a/token", "https://api.test", "https://api.test/a/token"),
        ("https://login.test/t", "https://api.test", "https://login.test/t"),
    ],
)
def test_a_relative_url_is_resolved_below_the_base_url(url, base, expected):
    sent = []

    def send(request):
        sent.append(request.url)
        return HttpResponse(200, content=b'{"access_token": "t"}')

    from support import Sends

    document = document_of(token_url=url)
    auth = {"Login": OAuth2(CLIENT, SECRET)}
    client = Client(document, base_url=base, auth=auth, transport=Sends(send), validate="off")
    client.call("read")
    assert sent[0] == expected


def test_a_document_from_the_network_names_no_foreign_host_for_its_tokens(provider):
    documents = Scripted()
    try:
        foreign = document_of(token_url=f"{provider.url}/oauth/token")
        foreign["servers"] = [{"url": documents.url}]
        documents.answers += [json_answer(foreign)]
        url = f"{documents.url}/openapi.json"
        auth = {"Login": OAuth2(CLIENT, SECRET)}
        with pytest.raises(AuthError, match="whose origin is not trusted") as caught:
            Client(url, auth=auth).call("read")
        assert "Trust(origins=" in str(caught.value)
        assert provider.forms == []
        documents.answers += [json_answer(foreign)]
        trust = Trust(origins=[provider.url])
        Client(url, auth=auth, trust=trust, validate="off").call("read")
        assert len(provider.forms) == 1
        # What the caller typed is trusted as it is.
        documents.answers += [json_answer(foreign)]
        Client(url, base_url=provider.url, auth=auth, validate="off").call("read")
        assert len(provider.forms) == 2
    finally:
        documents.server.close()


@pytest.mark.parametrize(
    ("status", "content", "code", "said"),
    [
        (400, b'{"error": "invalid_scope"}', "invalid_scope", r"400 \(invalid_scope\)"),
        (
            401,
            b'{"error": "invalid_client", "error_description": "no pl4nted secret/+%"}',
            "invalid_client",
            r"401 \(invalid_client: no \[redacted\]\)",
        ),
        (200, b'{"error": "slow_down"}', "slow_down", "slow_down"),
        (200, b"<html>", None, "not a token response"),
        (200, b"access_token=t", None, "not a token response"),
        (200, b"[]", None, "not a token response"),
        (200, b"{}", None, "not a token response"),
        (200, b'{"access_token": 3}', None, "not a token response"),
        (200, b'{"access_token": "t", "expires_in": [1]}', None, "not a token response"),
        (200, b'{"access_token": "t", "token_type": "mac"}', None, "another type than Bearer"),
        (200, b'{"access_token": "a\\r\\nb: c"}', None, "line break"),
        (302, b"", None, "302"),
        (500, b"\xff\xfe", None, "500"),
        (400, b'{"error": "x", "error_description": "' + b"y" * 10_000 + b'"}', "x", "yyy"),
    ],
)
def test_a_failed_exchange_is_an_auth_error_that_says_why(status, content, code, said):
    data = {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "https://x.test/t"}}}
    scheme = SecurityScheme.from_mapping("Login", data)
    flow = OAuth2(CLIENT, SECRET).acquire(scheme, ("read",))
    assert next(flow).url == "https://x.test/t"
    with pytest.raises(AuthError, match=said) as caught:
        flow.send(HttpResponse(status, Headers({"Content-Type": "text/x"}), content))
    assert caught.value.code == code
    assert len(str(caught.value)) < 1000
    assert leaks(all_of(caught.value), SECRET) == []
    assert caught.value.__context__ is None


def test_an_endpoint_that_is_down_is_a_transport_error(provider):
    handler = OAuth2(CLIENT, SECRET, token_url="http://127.0.0.1:1/token")
    with pytest.raises(ConnectError):
        client_of(provider, handler).call("read")
    assert provider.calls == []


def test_nothing_shows_the_secrets(provider, caplog):
    caplog.set_level("DEBUG")
    handler = OAuth2(CLIENT, SECRET, username=USER, password=PASSWORD)
    client = client_of(provider, handler)
    client.call("read")
    provider.down = ({}, json.dumps({"error": "no", "error_description": PASSWORD}), 400)
    with pytest.raises(AuthError) as caught:
        client.call("write")
    explanation = client.explain("read")
    flow = handler.acquire(SecurityScheme("Login", "oauth2", flows=FLOWS), ())
    request = next(flow)
    assert PASSWORD.encode() not in request.content
    # The server's side of oauthlib, in this process too, logs what it gives.
    logged = [record.getMessage() for record in caplog.records if "oauthlib" not in record.name]
    assert logged
    seen = f"{all_of(caught.value)} {handler!r} {explanation} {all_of(request)} {logged}"
    assert leaks(seen, SECRET, PASSWORD, *provider.validator.tokens) == []


FLOWS = {"password": {"tokenUrl": "https://x.test/t"}}


def test_a_pickle_has_no_token(provider):
    handler = OAuth2(CLIENT, SECRET)
    client = client_of(provider, handler)
    client.call("read")
    copy = pickle.loads(pickle.dumps(client))
    assert copy.call("read") == {"scopes": ["read"]}
    assert len(provider.forms) == 2


@pytest.mark.parametrize(
    ("arguments", "settings", "said"),
    [
        ((), {"client_id": ""}, "client_id as a str that is not empty"),
        (("c", b"pl4nted"), {}, "client_secret as a str"),
        (("c", "s"), {"username": "u"}, "username and password together"),
        (("c", "s"), {"scopes": "read"}, "a list of str"),
        (("c", "s"), {"client_auth": "header"}, "'basic' or 'body'"),
        (("c", "s"), {"token_url": "http://h.example/t"}, "unencrypted"),
        (("c", "s"), {"token_url": "nowhere"}, "not an http address"),
    ],
)
def test_what_cant_be_used_is_refused_at_once(arguments, settings, said):
    with pytest.raises(AuthError, match=said) as caught:
        OAuth2(*arguments, **settings)
    assert "pl4nted" not in str(caught.value)


def test_a_call_may_bring_its_own(provider):
    client = client_of(provider, OAuth2(CLIENT, "wrong"))
    with pytest.raises(AuthError, match="invalid_client"):
        client.call("read")
    own = Options(auth={"Login": OAuth2(CLIENT, SECRET)})
    assert client.call("read", options=own) == {"scopes": ["read"]}


def test_a_swagger_2_flow_is_found(provider):
    document = {
        "swagger": "2.0",
        "info": {"title": "T", "version": "1"},
        "securityDefinitions": {
            "Login": {
                "type": "oauth2",
                "flow": "application",
                "tokenUrl": f"{provider.url}/oauth/token",
                "scopes": {"read": ""},
            }
        },
        "paths": {
            "/read": {
                "get": {
                    "operationId": "read",
                    "security": [{"Login": ["read"]}],
                    "responses": {"200": {"description": ""}},
                }
            }
        },
    }
    assert client_of(provider, OAuth2(CLIENT, SECRET), document).call("read")


def test_oauthlib_is_imported_only_for_an_exchange():
    import subprocess
    import sys

    code = "import sys; from dynclient.auth import OAuth2; OAuth2('k')"
    code += "; sys.exit('oauthlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_it_needs_no_document():
    auth = {"Login": OAuth2(CLIENT, SECRET, token_url="https://x.test/t")}
    scheme = SecurityScheme.from_mapping("Login", {"type": "oauth2"})
    plan = Authenticator({"Login": scheme}, auth).plan("op", [{"Login": ["a", "b"]}])
    request = next(next(plan.flow(HttpRequest("GET", "https://a.test/"), _yielded)).flow())
    assert parse_qs(request.content.decode())["scope"] == ["a b"]


def _yielded(request):
    return (yield request)


@pytest.mark.parametrize("off", [-3600, 3600])
def test_a_clock_that_is_off_by_an_hour_changes_nothing(provider, off):
    now = [1_800_000_000.0 + off]
    client = client_of(provider, OAuth2(CLIENT, SECRET, clock=lambda: now[0]))
    for later, exchanges in ((0, 1), (1800, 1), (3600, 2)):
        now[0] = 1_800_000_000.0 + off + later
        assert client.call("read") == {"scopes": ["read"]}
        assert len(provider.forms) == exchanges


def test_an_endpoint_that_is_slow_is_a_timeout_and_the_next_call_asks_again(provider):
    go, inner = threading.Event(), provider.respond

    def respond(method, path, headers, body):
        if path.endswith("/token"):
            go.wait(20)
        return inner(method, path, headers, body)

    provider.respond = respond
    client = client_of(provider, OAuth2(CLIENT, SECRET), timeout=0.3, retries=0)
    with pytest.raises(RequestTimeout, match=r"OAuth 2\.0 token request"):
        client.call("read")
    go.set()
    patient = client.with_options(timeout=20)
    assert patient.call("read") == {"scopes": ["read"]}
