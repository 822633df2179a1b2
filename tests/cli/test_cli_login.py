"""`dynclient login`, `logout` and `auth status`, against a provider on oauthlib's endpoints."""

import json
import stat
import threading
import urllib.request

import keyring
import pytest
from auth.oauth_provider import CLIENT, PASSWORD, SECRET, USER, document_of
from auth.oauth_provider import provider as provider  # noqa: PLC0414  a fixture

VALUE = "pl4nted-value"


@pytest.fixture
def doc(tmp_path, provider):
    """Options that lead to the provider's service, by a document of its own."""
    flows = {
        "clientCredentials": {"tokenUrl": "oauth/token", "scopes": {}},
        "password": {"tokenUrl": "oauth/token", "scopes": {}},
        "authorizationCode": {
            "authorizationUrl": "oauth/authorize",
            "tokenUrl": "oauth/token",
            "scopes": {},
        },
    }
    document = document_of(flows=flows)
    schemes = document["components"]["securitySchemes"]
    schemes["Key"] = {"type": "apiKey", "in": "header", "name": "X-Key"}
    document["paths"]["/keyed"] = {
        "get": {
            "operationId": "keyed",
            "security": [{"Key": []}],
            "responses": {"default": {"description": ""}},
        }
    }
    path = tmp_path / "doc.json"
    path.write_text(json.dumps(document))
    return "--doc", str(path), "--base-url", provider.url


@pytest.fixture
def tokens(tmp_path, monkeypatch):
    """The file of the tokens of this test's user."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data" / "dynclient" / "tokens.json"


CLIENT_OPTIONS = ("--client-id", CLIENT, "--client-secret", "env:S")
ENV = {"S": SECRET, "P": PASSWORD}


def call(invoke, doc, operation="read"):
    return invoke("call", operation, *doc, "--validate", "off", "-o", "json")


def test_two_calls_after_a_login_make_one_exchange(invoke, doc, provider, tokens):
    done = invoke("login", "Login", *doc, *CLIENT_OPTIONS, env=ENV)
    assert done.exit_code == 0, done.stderr
    assert "signed in for Login" in done.stderr
    for operation in ("read", "write"):
        assert json.loads(call(invoke, doc, operation).stdout)["scopes"]
    assert len(provider.forms) == 1
    assert provider.forms[0]["scope"] == "admin read write"
    assert stat.S_IMODE(tokens.stat().st_mode) == 0o600


def test_a_login_is_renewed_by_its_refresh_token(invoke, doc, provider, tokens):
    user = ("--flow", "password", "--username", USER, "--password", "env:P", "--scope", "read")
    assert invoke("login", "Login", *doc, *CLIENT_OPTIONS, *user, env=ENV).exit_code == 0
    provider.validator.tokens.clear()  # the service takes the token for ended
    assert call(invoke, doc).exit_code == 0
    assert [form["grant_type"] for form in provider.forms] == ["password", "refresh_token"]
    assert PASSWORD not in tokens.read_text()
    provider.validator.tokens.clear()
    provider.validator.refresh_tokens.clear()
    done = call(invoke, doc)
    assert done.exit_code == 5
    assert "the sign-in has ended; run: dynclient login Login" in done.stderr


def test_a_user_consents_in_a_browser(invoke, doc, provider, tokens, monkeypatch):
    def visit(url):
        threading.Thread(target=lambda: urllib.request.urlopen(url, timeout=10).read()).start()

    monkeypatch.setattr("webbrowser.open", visit)
    done = invoke(
        *("login", "Login", *doc, "--client-id", CLIENT, "--flow", "authorizationCode"),
        *("--scope", "read"),
    )
    assert done.exit_code == 0, done.stderr
    assert "To sign in, open http://127.0.0.1" in done.stderr
    assert call(invoke, doc).exit_code == 0
    assert [form["grant_type"] for form in provider.forms] == ["authorization_code"]


def test_a_value_is_kept_and_removed(invoke, doc, tokens, provider):
    assert invoke("login", "Key", *doc, "--value", "-", text=f"{VALUE}\n").exit_code == 0
    done = invoke("call", "keyed", *doc, "--dry-run")
    assert done.exit_code == 0, done.stderr
    assert VALUE not in done.output
    assert invoke("call", "keyed", *doc, "--dry-run", "--show-secrets").stdout.count(VALUE)
    done = invoke("logout", "Key", *doc)
    assert "removed Key" in done.stderr
    assert VALUE not in tokens.read_text()
    assert invoke("call", "keyed", *doc).exit_code == 5
    assert "nothing was kept for Key" in invoke("logout", "Key", *doc).stderr


def test_what_is_kept_goes_to_its_service_only(invoke, doc, tokens, provider):
    assert invoke("login", "Key", *doc, "--value", VALUE).exit_code == 0
    elsewhere = (*doc[:2], "--base-url", "http://127.0.0.1:9")
    assert invoke("call", "keyed", *elsewhere).exit_code == 5


def test_the_status_tells_what_is_there(invoke, doc, tokens, provider):
    status = ("auth", "status", *doc, "-o", "json")
    found = json.loads(invoke(*status).stdout)
    assert {each["scheme"]: each["source"] for each in found["schemes"]} == {
        "Login": None,
        "Key": None,
    }
    assert {each["operation"]: each["missing"] for each in found["operations"]} == {
        "read": ["Login"],
        "write": ["Login"],
        "admin": ["Login"],
        "keyed": ["Key"],
    }
    assert invoke("login", "Key", *doc, "--value", VALUE).exit_code == 0
    assert invoke("login", "Login", *doc, *CLIENT_OPTIONS, env=ENV).exit_code == 0
    found = json.loads(invoke(*status).stdout)
    login, key = found["schemes"]
    assert (login["source"], key["source"]) == ("signed in", "kept by login")
    assert login["until"].endswith("+00:00")
    assert all(each["missing"] is None for each in found["operations"])
    done = invoke("auth", "status", *doc, "--auth", "Key=other")
    assert "Key (apiKey): --auth\n" in done.stdout
    assert "keyed: Key\n" in done.stdout
    access = next(iter(provider.validator.tokens))
    for secret in (VALUE, SECRET, access):
        assert secret not in done.output + json.dumps(found)


def test_the_status_of_the_bundled_document(invoke, tokens):
    env = {"DYNCLIENT_AUTH_IBMCLOUDAUTH": "t", "QISKIT_IBM_TOKEN": ""}
    done = invoke("auth", "status", env=env)
    assert done.exit_code == 0, done.stderr
    assert "list_jobs: missing ServiceCRN" in done.stdout


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (("login", "Nobody"), "no security scheme 'Nobody'; it has Login, Key"),
        (("login", "Login"), "give --client-id"),
        (("login", "Key"), "give the credential by --value"),
        (("login", "Key", "--value", "env:NOT_SET"), "NOT_SET is not set"),
        (("login", "Login", "--client-id", "a", "--flow", "clientCredentials"), "--client-secret"),
        (("logout", "Nobody"), "no security scheme"),
    ],
)
def test_what_cannot_be_done_is_a_usage_error(invoke, doc, tokens, options, match):
    done = invoke(*options, *doc)
    assert done.exit_code == 2
    assert match in done.stderr
    assert not tokens.exists()


def test_a_refused_login_keeps_nothing(invoke, doc, tokens, provider):
    done = invoke("login", "Login", *doc, "--client-id", CLIENT, "--client-secret", VALUE)
    assert done.exit_code == 5
    assert "invalid_client" in done.stderr
    assert not tokens.exists()
    assert VALUE not in done.output


def test_a_secret_from_the_keyring(invoke, doc, tokens, provider):
    class Memory(keyring.backend.KeyringBackend):
        priority = 1

        def get_password(self, service, username):
            return VALUE if (service, username) == ("shop", "me") else None

        def set_password(self, *given):
            raise NotImplementedError

        delete_password = set_password

    before = keyring.get_keyring()
    keyring.set_keyring(Memory())
    try:
        options = ("call", "keyed", *doc, "--dry-run", "--show-secrets", "--auth")
        assert VALUE in invoke(*options, "Key=keyring:shop/me").stdout
        done = invoke(*options, "Key=keyring:shop/you")
        assert (done.exit_code, "has nothing for you of shop" in done.stderr) == (2, True)
        assert invoke(*options, "Key=keyring:shop").exit_code == 2
    finally:
        keyring.set_keyring(before)
