"""Logins that need a user: in a browser (authorization code, PKCE), and on another device."""

import asyncio
import json
import socket
import threading
import urllib.error
import urllib.request
from urllib.parse import parse_qs, urlsplit

import pytest
from leaks import all_of, leaks
from oauth_provider import CLIENT, SECRET, client_of, document_of
from support import AsyncSends

from dynclient import AsyncClient, AuthError, HttpResponse
from dynclient.auth import BrowserLogin, DeviceLogin, DevicePrompt, SecurityScheme
from dynclient.commands import Run, Wait
from dynclient.messages import Headers

FLOWS = {
    "authorizationCode": {
        "authorizationUrl": "oauth/authorize",
        "tokenUrl": "oauth/token",
        "scopes": {},
    }
}


def visit(url):
    """A browser without a picture: follows redirects, in a thread of its own."""

    def go():
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(url, timeout=10) as response:
                visit.pages.append(response.read())
        except urllib.error.HTTPError as error:
            visit.pages.append(error.read())

    thread = threading.Thread(target=go)
    thread.start()
    visit.threads.append(thread)


@pytest.fixture(autouse=True)
def browser():
    visit.pages, visit.threads = [], []
    yield
    for thread in visit.threads:
        thread.join(15)


@pytest.mark.parametrize("secret", [None, SECRET])
def test_a_user_consents_in_a_browser_once(provider, secret):
    urls = []

    def open_url(url):
        urls.append(url)
        visit(url)

    handler = BrowserLogin(CLIENT, secret, open_url=open_url)
    client = client_of(provider, handler, document_of(flows=FLOWS))
    assert client.call("read") == {"scopes": ["read"]}
    assert client.call("read") == {"scopes": ["read"]}
    (url,) = urls
    query = {name: value[0] for name, value in parse_qs(urlsplit(url).query).items()}
    assert url.startswith(f"{provider.url}/oauth/authorize?")
    assert (query["response_type"], query["client_id"], query["scope"]) == ("code", CLIENT, "read")
    assert query["code_challenge_method"] == "S256"
    assert query["redirect_uri"].startswith("http://127.0.0.1:")
    (form,) = provider.forms
    assert form["grant_type"] == "authorization_code"
    assert form["redirect_uri"] == query["redirect_uri"]
    assert len(form["code_verifier"]) >= 43
    for thread in visit.threads:
        thread.join(15)
    assert b"You can close this window" in visit.pages[0]
    assert provider.validator.codes == {}


def test_the_user_is_asked_again_only_where_the_refresh_token_has_ended(provider):
    clock = [1000.0]
    asked = []

    def open_url(url):
        asked.append(url)
        visit(url)

    handler = BrowserLogin(CLIENT, SECRET, open_url=open_url, clock=lambda: clock[0])
    client = client_of(provider, handler, document_of(flows=FLOWS))
    for _ in range(2):
        client.call("read")
        clock[0] += 3600
    assert len(asked) == 1
    provider.validator.refresh_tokens.clear()
    client.call("read")
    assert len(asked) == 2


def test_a_user_who_refuses_is_an_auth_error(provider):
    provider.refuses = True
    handler = BrowserLogin(CLIENT, open_url=visit)
    with pytest.raises(AuthError, match=r"no consent \(access_denied\)") as caught:
        client_of(provider, handler, document_of(flows=FLOWS)).call("read")
    assert caught.value.code == "access_denied"
    assert provider.forms == []


def test_a_user_who_takes_too_long_is_an_auth_error(provider):
    handler = BrowserLogin(CLIENT, open_url=lambda url: None, wait=0.05)
    with pytest.raises(AuthError, match=r"did not consent within 0\.05 s"):
        client_of(provider, handler, document_of(flows=FLOWS)).call("read")


def test_a_redirect_with_another_state_counts_for_nothing(provider):
    def open_url(url):
        (back,) = parse_qs(urlsplit(url).query)["redirect_uri"]
        visit(f"{back}?code=stolen&state=guessed")
        visit(back.replace("/callback", "/favicon.ico"))
        visit(url)

    handler = BrowserLogin(CLIENT, open_url=open_url)
    client = client_of(provider, handler, document_of(flows=FLOWS))
    assert client.call("read") == {"scopes": ["read"]}
    assert provider.forms[0]["code"] != "stolen"


def test_a_port_that_is_taken_is_named(provider):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        handler = BrowserLogin(CLIENT, open_url=visit, port=port)
        with pytest.raises(AuthError, match=f"can't be received on port {port}"):
            client_of(provider, handler, document_of(flows=FLOWS)).call("read")


def test_discovery_says_where_the_user_goes(provider):
    provider.metadata["authorization_endpoint"] = f"{provider.url}/oauth/authorize"
    document = document_of(type="openIdConnect")
    url = f"{provider.url}/.well-known/openid-configuration"
    document["components"]["securitySchemes"]["Login"]["openIdConnectUrl"] = url
    client = client_of(provider, BrowserLogin(CLIENT, open_url=visit), document)
    assert client.call("read") == {"scopes": ["read"]}


@pytest.mark.parametrize(
    ("authorization_url", "said"),
    [
        (None, "does not say where the flow authorizationCode begins"),
        ("http://login.example/authorize", "unencrypted"),
    ],
)
def test_a_flow_that_cant_begin_is_an_auth_error(provider, authorization_url, said):
    flows = {"authorizationCode": {"tokenUrl": "t", "authorizationUrl": authorization_url}}
    with pytest.raises(AuthError, match=said):
        client_of(provider, BrowserLogin(CLIENT), document_of(flows=flows)).call("read")


def test_an_asynchronous_client_goes_on_while_the_user_consents(provider):
    turns = []

    def send(request):
        data = {"access_token": "t", "token_type": "bearer"} if request.method == "POST" else {}
        kind = Headers({"Content-Type": "application/json"})
        return HttpResponse(200, kind, json.dumps(data).encode())

    async def other():
        while True:
            turns.append(1)
            await asyncio.sleep(0.005)

    async def main():
        task = asyncio.create_task(other())
        async with AsyncClient(
            document_of(flows=FLOWS),
            base_url=provider.url,
            auth={"Login": BrowserLogin(CLIENT, open_url=visit)},
            transport=AsyncSends(send),
        ) as client:
            await asyncio.gather(*(client.call("read") for _ in range(10)))
        task.cancel()

    asyncio.run(main())
    assert len(visit.threads) == 1
    assert turns


# On another device -------------------------------------------------------------------------------

DEVICE = {
    "deviceAuthorization": {
        "deviceAuthorizationUrl": "https://x.test/device",
        "tokenUrl": "https://x.test/token",
        "scopes": {},
    }
}
SCHEME = SecurityScheme.from_mapping("Login", {"type": "oauth2", "flows": DEVICE})
ASKED = {
    "device_code": "pl4nted-device-code",
    "user_code": "WDJB-MJHT",
    "verification_uri": "https://x.test/go",
    "verification_uri_complete": "https://x.test/go?user_code=WDJB-MJHT",
    "expires_in": 1800,
    "interval": 2,
}


def responds(data, status=200):
    return HttpResponse(status, Headers({"Content-Type": "application/json"}), _text(data))


def _text(data):
    return json.dumps(data).encode()


def refusal(error):
    return responds({"error": error}, 400)


def begun(**settings):
    """(the flow up to its first wait, what the user was told)."""
    told = []
    flow = DeviceLogin(CLIENT, tell=told.append, **settings).acquire(SCHEME, ("read", "write"))
    request = next(flow)
    assert request.url == "https://x.test/device"
    sent = parse_qs(request.content.decode())
    assert sent == {"client_id": [CLIENT], "scope": ["read write"]}
    command = flow.send(responds(ASKED))
    assert isinstance(command, Run)
    command.function()
    return flow, flow.send(None), told


def test_a_user_consents_on_another_device():
    flow, wait, told = begun()
    assert told == [
        DevicePrompt("https://x.test/go", "WDJB-MJHT", ASKED["verification_uri_complete"], 1800.0)
    ]
    assert (type(wait), wait.seconds) == (Wait, 2.0)
    request = flow.send(None)
    form = {name: value[0] for name, value in parse_qs(request.content.decode()).items()}
    assert form == {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "client_id": CLIENT,
        "device_code": ASKED["device_code"],
    }
    assert leaks(all_of(request), ASKED["device_code"]) == []
    assert flow.send(refusal("authorization_pending")).seconds == 2.0
    flow.send(None)
    assert flow.send(refusal("slow_down")).seconds == 7.0
    flow.send(None)
    with pytest.raises(StopIteration) as stop:
        flow.send(responds({"access_token": "t", "token_type": "bearer"}))
    assert stop.value.value.headers == (("Authorization", "Bearer t"),)


@pytest.mark.parametrize("error", ["access_denied", "expired_token"])
def test_no_consent_on_the_device_is_an_auth_error(error):
    flow, _, _ = begun()
    flow.send(None)
    with pytest.raises(AuthError, match=error) as caught:
        flow.send(refusal(error))
    assert caught.value.code == error


def test_a_device_code_that_ends_ends_the_waiting():
    clock = [0.0]
    flow, _, _ = begun(clock=lambda: clock[0])
    flow.send(None)
    clock[0] = 1800.0
    with pytest.raises(AuthError, match="did not consent in time"):
        flow.send(refusal("authorization_pending"))


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({}, 200),
        ([], 200),
        ({**ASKED, "user_code": 3}, 200),
        ({**ASKED, "expires_in": "soon"}, 200),
        ({**ASKED, "interval": -1}, 200),
        ({"error": "unauthorized_client"}, 400),
    ],
)
def test_a_server_without_a_device_code_is_an_auth_error(data, status):
    flow = DeviceLogin(CLIENT).acquire(SCHEME, ())
    next(flow)
    with pytest.raises(AuthError, match=rf"gave no device code \(it responded with {status}\)"):
        flow.send(responds(data, status))


def test_by_default_the_user_is_told_on_stderr(capsys):
    flow = DeviceLogin(CLIENT).acquire(SCHEME, ())
    next(flow)
    flow.send(responds(ASKED)).function()
    assert capsys.readouterr().err == "To sign in, open https://x.test/go and enter WDJB-MJHT\n"


def test_a_login_takes_no_password():
    for kind in (DeviceLogin, BrowserLogin):
        with pytest.raises(AuthError, match="takes no password"):
            kind(CLIENT, username="u", password="p")
