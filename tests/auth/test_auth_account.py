import json

import pytest

from dynclient.auth import (
    Authenticator,
    IAMAuth,
    SecurityScheme,
    environment_auth,
    qiskit_account,
)
from dynclient.environment import environment_name
from dynclient.errors import AuthError

EAST = "crn:v1:bluemix:public:quantum-computing:us-east:a/acc:inst::"
SAVED = {"channel": "ibm_quantum_platform", "token": "pl4nted", "instance": EAST}


@pytest.fixture
def saved(tmp_path):
    """Writes an account file and returns its path."""

    def write(accounts):
        path = tmp_path / "qiskit-ibm.json"
        path.write_text(accounts if isinstance(accounts, str) else json.dumps(accounts))
        return path

    return write


@pytest.mark.parametrize(
    ("scheme", "variable"),
    [
        ("IBMCloudAuth", "DYNCLIENT_AUTH_IBMCLOUDAUTH"),
        ("external-service-token", "DYNCLIENT_AUTH_EXTERNAL_SERVICE_TOKEN"),
        ("Schlüssel 1", "DYNCLIENT_AUTH_SCHL_SSEL_1"),
    ],
)
def test_a_scheme_has_a_variable(scheme, variable):
    assert environment_name(scheme) == variable


def test_the_environment_gives_what_is_set_for_the_schemes_of_the_document(schemes):
    environ = {
        "DYNCLIENT_AUTH_BEARER": "t",
        "DYNCLIENT_AUTH_BASIC": "user:pass",
        "DYNCLIENT_AUTH_QUERYKEY": "",
        "DYNCLIENT_AUTH_UNHEARD": "x",
    }
    found = environment_auth(schemes, environ)
    assert found == {"Bearer": "t", "Basic": "user:pass"}
    assert Authenticator(schemes, found)


def test_a_variable_for_two_schemes_is_refused_when_it_is_set():
    assert environment_auth(["a-b", "a_b"], {}) == {}
    with pytest.raises(AuthError, match="a-b and a_b") as caught:
        environment_auth(["a-b", "a_b"], {"DYNCLIENT_AUTH_A_B": "pl4nted"})
    assert "pl4nted" not in str(caught.value)


def test_the_process_environment_is_the_default(monkeypatch, tmp_path, schemes):
    monkeypatch.setenv("DYNCLIENT_AUTH_BEARER", "t")
    monkeypatch.setenv("QISKIT_IBM_TOKEN", "k")
    monkeypatch.setenv("QISKIT_IBM_INSTANCE", EAST)
    monkeypatch.delenv("QISKIT_IBM_CHANNEL", raising=False)
    monkeypatch.delenv("QISKIT_IBM_URL", raising=False)
    assert environment_auth(schemes) == {"Bearer": "t"}
    assert qiskit_account().token == "k"


def test_no_account_anywhere_is_none(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert qiskit_account(environ={}) is None
    (tmp_path / ".qiskit").mkdir()
    (tmp_path / ".qiskit" / "qiskit-ibm.json").write_text("{}")
    assert qiskit_account(environ={}) is None


def test_the_usual_file_is_found(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".qiskit").mkdir()
    (tmp_path / ".qiskit" / "qiskit-ibm.json").write_text(json.dumps({"mine": SAVED}))
    assert qiskit_account(environ={}).name == "mine"


def entry(token, **more):
    return {**SAVED, "token": token, **more}


CLOUD = {"channel": "ibm_cloud"}


@pytest.mark.parametrize(
    ("accounts", "environ", "name", "token"),
    [
        ({"mine": entry("a")}, {}, None, "a"),
        ({"mine": entry("a"), "yours": entry("b")}, {}, "yours", "b"),
        ({"mine": entry("a")}, {"QISKIT_IBM_TOKEN": "e", "QISKIT_IBM_INSTANCE": EAST}, None, "e"),
        # a name comes before the environment
        ({"mine": entry("a")}, {"QISKIT_IBM_TOKEN": "e", "QISKIT_IBM_INSTANCE": EAST}, "mine", "a"),
        ({"mine": entry("a")}, {"QISKIT_IBM_TOKEN": ""}, None, "a"),
        # the marked one comes before the one with the usual name
        (
            {"default-ibm-quantum-platform": entry("d"), "m": entry("m", is_default_account=True)},
            {},
            None,
            "m",
        ),
        # the usual name of the channel, else any of the channel, the last one saved
        ({"x": entry("x"), "default-ibm-quantum-platform": entry("d")}, {}, None, "d"),
        ({"x": entry("x"), "y": entry("y")}, {}, None, "y"),
        (
            {"default-ibm-quantum-platform": entry("d"), "c": entry("c", **CLOUD)},
            {"QISKIT_IBM_CHANNEL": "ibm_cloud"},
            None,
            "c",
        ),
        # another channel's default is better than none
        ({"default-ibm-cloud": entry("c", **CLOUD)}, {}, None, "c"),
        ({"other": entry("o", **CLOUD)}, {}, None, "o"),
        ({"old": {"token": "o", "instance": EAST}}, {}, None, "o"),
        # a retired account beside a good one is passed over
        ({"old": entry("o", channel="ibm_quantum"), "new": entry("n")}, {}, None, "n"),
    ],
)
def test_the_account_is_the_one_that_qiskit_would_use(saved, accounts, environ, name, token):
    account = qiskit_account(name=name, filename=saved(accounts), environ=environ)
    assert account.token == token


def test_an_instance_that_the_file_lacks_may_come_from_the_environment(saved):
    path = saved({"mine": {"channel": "ibm_cloud", "token": "t"}})
    account = qiskit_account(filename=path, environ={"QISKIT_IBM_INSTANCE": EAST})
    assert (account.token, account.instance) == ("t", EAST)


@pytest.mark.parametrize(
    ("region", "more", "base", "iam"),
    [
        ("us-east", {}, "https://quantum.cloud.ibm.com/api", "https://iam.cloud.ibm.com"),
        ("eu-de", {}, "https://eu-de.quantum.cloud.ibm.com/api", "https://iam.cloud.ibm.com"),
        (
            "us-east",
            {"private_endpoint": True},
            "https://private.us-east.quantum.cloud.ibm.com/api",
            "https://private.iam.cloud.ibm.com",
        ),
        (
            "eu-de",
            {"url": "https://test.cloud.ibm.com"},
            "https://eu-de.quantum.test.cloud.ibm.com/api",
            "https://iam.test.cloud.ibm.com",
        ),
        (
            "eu-de",
            {"url": "https://quantum.cloud.ibm.com/api/v1"},
            "https://eu-de.quantum.cloud.ibm.com/api",
            "https://iam.cloud.ibm.com",
        ),
    ],
)
def test_an_account_knows_its_addresses(saved, plan_for, region, more, base, iam):
    crn = EAST.replace("us-east", region)
    path = saved({"mine": {**SAVED, "instance": crn, **more}})
    account = qiskit_account(filename=path, environ={})
    assert account.base_url() == base
    auth = account.auth()
    assert isinstance(auth["IBMCloudAuth"], IAMAuth)
    assert auth["ServiceCRN"] == crn
    request = next(auth["IBMCloudAuth"].acquire(SecurityScheme("IBMCloudAuth", "http"), ()))
    assert request.url == f"{iam}/identity/token"


@pytest.mark.parametrize(
    ("accounts", "said"),
    [
        ('{"a": {"token": "pl4nted",}}', "not JSON .line 1, column"),
        ('["pl4nted"]', "not a JSON object"),
        ('"pl4nted" \0', "not JSON"),
        ("[" * 100_000, "too deep"),
        ({"a": "pl4nted"}, "an account is a JSON object"),
        ({"a": {**SAVED, "channel": "ibm_quantum"}}, "retired.*https://quantum.cloud.ibm.com"),
        ({"a": {**SAVED, "channel": "local"}}, "local test mode"),
        ({"a": {**SAVED, "channel": "ibm_clod"}}, "ibm_quantum_platform or ibm_cloud"),
        ({"a": {**SAVED, "channel": ["x"]}}, "a channel is"),
        ({"a": {"channel": "ibm_cloud", "instance": EAST}}, "no token"),
        ({"a": {**SAVED, "token": 7}}, "no token"),
        ({"a": {"channel": "ibm_cloud", "token": "pl4nted"}}, "no instance.*QISKIT_IBM_INSTANCE"),
        ({"a": {**SAVED, "instance": "pl4nted"}}, "not a CRN"),
        ({"a": {**SAVED, "instance": EAST.replace("us-east", "evil.test/")}}, "not a CRN"),
        ({"a": {**SAVED, "instance": EAST.replace("us-east", "")}}, "not a CRN"),
        ({"a": {**SAVED, "url": "https://auth.quantum-computing.ibm.com/api"}}, "its url"),
        ({"a": {**SAVED, "url": "https://cloud.ibm.com.evil.test"}}, "its url"),
        ({"a": {**SAVED, "url": 7}}, "its url"),
    ],
)
def test_a_broken_account_says_where_and_what_to_do(saved, accounts, said):
    path = saved(accounts)
    with pytest.raises(AuthError, match=said) as caught:
        qiskit_account(filename=path, environ={})
    assert str(path) in str(caught.value)
    assert "pl4nted" not in f"{caught.value} {caught.value!r}"
    assert caught.value.__context__ is None


def test_a_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(b'{"a": "pl4nted\xff"}')
    with pytest.raises(AuthError, match="not JSON") as caught:
        qiskit_account(filename=path, environ={})
    assert caught.value.__context__ is None


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(AuthError, match="can't be read"):
        qiskit_account(filename=tmp_path, environ={})


def test_a_name_or_a_file_that_was_asked_for_must_be_there(saved, tmp_path):
    with pytest.raises(AuthError, match="no account file"):
        qiskit_account(filename=tmp_path / "none.json", environ={})
    with pytest.raises(AuthError, match=r"called 'b' \(it has a, c\)"):
        qiskit_account(name="b", filename=saved({"a": SAVED, "c": SAVED}), environ={})
    with pytest.raises(AuthError, match="it has none"):
        qiskit_account(name="b", filename=saved({}), environ={})


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"QISKIT_IBM_TOKEN": "pl4nted", "QISKIT_IBM_CHANNEL": "ibm_quantum"}, "retired"),
        ({"QISKIT_IBM_TOKEN": "pl4nted"}, "no instance"),
        ({"QISKIT_IBM_TOKEN": "pl4nted", "QISKIT_IBM_INSTANCE": "name"}, "not a CRN"),
        (
            {
                "QISKIT_IBM_TOKEN": "pl4nted",
                "QISKIT_IBM_INSTANCE": EAST,
                "QISKIT_IBM_URL": "https://evil.test",
            },
            "not an address of IBM Cloud",
        ),
        ({"QISKIT_IBM_CHANNEL": "local"}, "emulator"),
        ({"QISKIT_IBM_CHANNEL": "ibm_quantum"}, "retired"),
    ],
)
def test_a_broken_environment_says_so(environ, said):
    with pytest.raises(AuthError, match=said) as caught:
        qiskit_account(environ=environ)
    assert "the environment (QISKIT_IBM_" in str(caught.value)
    assert "pl4nted" not in str(caught.value)


def test_an_account_shows_no_secret(saved):
    account = qiskit_account(filename=saved({"mine": SAVED}), environ={})
    assert repr(account).startswith("<Account mine on ibm_quantum_platform, from ")
    assert "pl4nted" not in f"{account} {account!r} {account.auth()}"
    assert EAST not in repr(account)
