"""Tokens that outlive a process: in a file that only its user may read, and in the keyring."""

import json
import os
import pickle
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError
from oauth_provider import CLIENT, PASSWORD, SECRET, USER, client_of

from dynclient import AuthError
from dynclient.auth import IAMAuth, KeyringTokens, OAuth2, SecurityScheme, TokenFile, TokenStore
from dynclient.auth.stores import store_of, usual_store
from dynclient.messages import Headers, HttpResponse


@pytest.fixture
def store(tmp_path):
    return TokenFile(tmp_path / "below" / "tokens.json")


@pytest.fixture
def memory_keyring():
    """A keyring that works, as a container has none."""

    class Memory(KeyringBackend):
        priority = 1
        entries: dict = {}

        def get_password(self, service, username):
            return self.entries.get((service, username))

        def set_password(self, service, username, password):
            self.entries[service, username] = password

        def delete_password(self, service, username):
            if self.entries.pop((service, username), None) is None:
                raise PasswordDeleteError("none")

    before = keyring.get_keyring()
    keyring.set_keyring(Memory())
    Memory.entries.clear()
    yield Memory.entries
    keyring.set_keyring(before)


def test_two_clients_make_one_exchange(provider, store):
    for _ in range(2):
        client = client_of(provider, OAuth2(CLIENT, SECRET, store=store))
        assert client.call("read") == {"scopes": ["read"]}
    assert len(provider.forms) == 1
    assert stat.S_IMODE(store.where.stat().st_mode) == 0o600
    assert SECRET not in store.where.read_text()


def test_a_refused_token_is_replaced_for_all(provider, store):
    assert client_of(provider, OAuth2(CLIENT, SECRET, store=store)).call("read")
    provider.validator.tokens.clear()
    for _ in range(2):
        client = client_of(provider, OAuth2(CLIENT, SECRET, store=store))
        assert client.call("read") == {"scopes": ["read"]}
    assert len(provider.forms) == 2


def test_a_rotated_refresh_token_serves_the_next_process(provider, store):
    user = {"username": USER, "password": PASSWORD}
    assert client_of(provider, OAuth2(CLIENT, SECRET, store=store, **user)).call("read")
    for later in range(1, 4):  # each finds a token that has ended
        now = time.time() + later * 7200
        late = OAuth2(CLIENT, SECRET, store=store, clock=lambda now=now: now, **user)
        assert client_of(provider, late).call("read") == {"scopes": ["read"]}
    grants = [form["grant_type"] for form in provider.forms]
    assert grants == ["password", *["refresh_token"] * 3]


def test_another_client_or_user_has_tokens_of_its_own(provider, store):
    scheme = SecurityScheme("Login", "oauth2", base_url="https://me:secret@api.test/v1")
    handlers = [
        OAuth2(CLIENT, SECRET, store=store),
        OAuth2("another", SECRET, store=store),
        OAuth2(CLIENT, SECRET, username=USER, password=PASSWORD, store=store),
    ]
    names = [handler.store_name(scheme) for handler in handlers]
    assert len(set(names)) == 3
    assert not any("secret@" in name or PASSWORD in name for name in names)


def test_threads_of_several_clients_lose_nothing(provider, tmp_path):
    store = TokenFile(tmp_path / "tokens.json")

    def write(number):
        store.write(f"entry {number}", {"number": number})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))
    assert [store.read(f"entry {n}") for n in range(40)] == [{"number": n} for n in range(40)]
    store.write("entry 3", None)
    assert store.read("entry 3") is None
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"tokens.json", "tokens.json.lock"}


def test_processes_share_the_file(tmp_path):
    code = (
        "import sys\nfrom dynclient.auth import TokenFile\n"
        "store = TokenFile(sys.argv[1])\n"
        "for n in range(20): store.write(f'{sys.argv[2]} {n}', {'n': n})\n"
    )
    path = tmp_path / "tokens.json"
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(path), str(number)])
        for number in range(3)
    ]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert len(json.loads(path.read_text())) == 60


@pytest.mark.skipif(os.name != "posix", reason="modes are of POSIX")
def test_a_file_that_others_may_read_is_refused(store):
    store.write("a", {})
    store.where.chmod(0o644)
    with pytest.raises(AuthError, match=f"chmod 600 {store.where}"):
        store.read("a")


@pytest.mark.parametrize("content", ["", "[]", "{", "\x00\xff"])
def test_another_file_is_left_as_it_is(store, content):
    store.write("a", {})
    store.where.write_text(content)
    for use in (lambda: store.read("a"), lambda: store.write("a", {})):
        with pytest.raises(AuthError, match="is no file of tokens"):
            use()
    assert store.where.read_text() == content


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(AuthError, match="can't be written"):
        TokenFile(tmp_path / "file" / "tokens.json").write("a", {})


def test_tokens_of_another_version_are_replaced(provider, store):
    handler = OAuth2(CLIENT, SECRET, store=store)
    scheme = SecurityScheme("Login", "oauth2", base_url=provider.url)
    store.write(handler.store_name(scheme), {"tokens": [{"access_token": 3}]})
    assert client_of(provider, handler).call("read") == {"scopes": ["read"]}
    assert store.read(handler.store_name(scheme))["tokens"][0]["scopes"] == ["read"]


def test_an_iam_key_makes_one_exchange_over_processes(tmp_path):
    store = TokenFile(tmp_path / "tokens.json")
    scheme = SecurityScheme("IBMCloudAuth", "http", http_scheme="bearer")
    first = IAMAuth("pl4nted-key", store=store)
    flow = first.acquire(scheme, ())
    command = next(flow)  # looks into the store
    flow.send(command.function())
    content = json.dumps({"access_token": "t1", "expires_in": 3600}).encode()
    command = flow.send(HttpResponse(200, Headers({"Content-Type": "application/json"}), content))
    with pytest.raises(StopIteration):
        flow.send(command.function())
    other = IAMAuth("pl4nted-key", store=store).acquire(scheme, ())
    command = next(other)
    with pytest.raises(StopIteration) as stop:
        other.send(command.function())
    assert stop.value.value.headers == (("Authorization", "Bearer t1"),)
    assert "pl4nted" not in store.where.read_text()


def test_tokens_in_the_keyring(provider, memory_keyring):
    store = KeyringTokens("dynclient-test")
    for _ in range(2):
        client = client_of(provider, OAuth2(CLIENT, SECRET, store=store))
        assert client.call("read") == {"scopes": ["read"]}
    assert len(provider.forms) == 1
    ((service, name),) = memory_keyring
    assert service == "dynclient-test"
    assert name.startswith("Login at http://127.0.0.1:")
    store.write(name, None)
    store.write(name, None)
    assert not memory_keyring


def test_a_system_without_a_keyring_says_what_to_do():
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.fail.Keyring())
    try:
        with pytest.raises(AuthError, match=r"NoKeyringError.*DYNCLIENT_TOKENS=file"):
            KeyringTokens().read("a")
    finally:
        keyring.set_keyring(before)


def test_the_variable_names_the_store(tmp_path):
    assert usual_store({}) is None
    assert usual_store({"DYNCLIENT_TOKENS": "keyring"}) == KeyringTokens()
    assert usual_store({"DYNCLIENT_TOKENS": "file"}) == TokenFile()
    assert store_of(str(tmp_path)) == TokenFile(str(tmp_path))
    assert TokenFile().where.name == "tokens.json"
    for store in (KeyringTokens(), TokenFile()):
        assert isinstance(store, TokenStore)
        assert pickle.loads(pickle.dumps(store)) == store
