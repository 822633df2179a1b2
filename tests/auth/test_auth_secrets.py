"""Plant secrets everywhere, look at everything a person could see, and find none."""

import json
import logging
import traceback

import pytest
from support import authenticate

from dynclient.auth import (
    APIKeyHeader,
    Authenticator,
    Credential,
    IAMAuth,
    environment_auth,
    qiskit_account,
)
from dynclient.errors import AuthError
from dynclient.messages import HttpRequest, HttpResponse

PLANTED = "pl4nted"
REQUEST = HttpRequest("GET", "https://api.test/")
CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/acc:inst::"


def shown(*objects):
    return " ".join(f"{o} {o!r} {o:}" if not isinstance(o, str) else o for o in objects)


@pytest.fixture(autouse=True)
def everything_logged(caplog):
    caplog.set_level(logging.DEBUG)
    yield
    assert PLANTED not in caplog.text


@pytest.fixture
def auth():
    return {
        "Bearer": PLANTED,
        "HeaderKey": lambda: PLANTED,
        "QueryKey": PLANTED,
        "CookieKey": APIKeyHeader(PLANTED),
        "OtherCookie": f"{PLANTED}",
    }


def test_nothing_that_holds_a_credential_shows_it(schemes, plan_for, auth, never_send):
    plan = plan_for(auth)
    request = authenticate(plan, REQUEST, never_send)
    credentials = [step.ready() for step in plan.steps]
    handlers = [step.handler for step in plan.steps]
    text = shown(
        Authenticator(schemes, auth), plan, plan.steps, plan.constant, *credentials, *handlers,
        request, request.redacted(), request.redacted().headers, request.redacted().headers.pairs(),
    )  # fmt: skip
    assert PLANTED not in text
    assert "Bearer and HeaderKey" in text


def test_basic_does_not_even_show_the_encoded_form(plan_for, never_send):
    plan = plan_for({"Basic": ("user", PLANTED)})
    value = authenticate(plan, REQUEST, never_send).headers["Authorization"]
    assert value.removeprefix("Basic ") not in shown(plan, plan.constant, plan.steps)


def test_a_token_from_iam_and_its_key_stay_hidden(schemes, plan_for, caplog):
    handler = IAMAuth(PLANTED)
    plan = plan_for({"Bearer": handler})
    sent = []

    def send(request):
        sent.append(request)
        data = {"access_token": f"{PLANTED}-token", "refresh_token": PLANTED, "expires_in": 60}
        return HttpResponse(200, content=json.dumps(data).encode())

    request = authenticate(plan, REQUEST, send)
    objects = [handler, plan, handler._token, sent[0], sent[0].redacted().content, request]
    assert PLANTED not in shown(*objects)
    assert "IAM gave an access token" in caplog.text


def failures(schemes, tmp_path):
    """Every way in which something with a secret in it goes wrong."""

    def solve(value, scheme="Bearer", answer=None):
        plan = Authenticator(schemes, {scheme: value}).plan("op", [{scheme: []}])
        authenticate(plan, REQUEST, lambda request: answer)

    def account(text):
        path = tmp_path / "a.json"
        path.write_text(text)
        qiskit_account(filename=path, environ={})

    echo = json.dumps({"errorCode": PLANTED, "errorMessage": PLANTED, "errorDetails": PLANTED})
    yield lambda: solve(f"{PLANTED}\n")
    yield lambda: solve((PLANTED, PLANTED))
    yield lambda: solve(PLANTED.encode())
    yield lambda: solve(lambda: [PLANTED])
    yield lambda: solve(PLANTED, "Basic")
    yield lambda: solve(PLANTED, "Digest")
    yield lambda: solve(f"{PLANTED}\ud800", "QueryKey")
    yield lambda: solve(IAMAuth(PLANTED), answer=HttpResponse(400, content=echo.encode()))
    yield lambda: solve(IAMAuth(PLANTED), answer=HttpResponse(200, content=echo.encode()))
    yield lambda: solve(IAMAuth("k"), answer=HttpResponse(200, content=PLANTED.encode()))
    yield lambda: solve(
        IAMAuth("k"),
        answer=HttpResponse(200, content=json.dumps({"access_token": f"{PLANTED}\n"}).encode()),
    )
    yield lambda: Authenticator(schemes, {"Unheard": PLANTED})
    yield lambda: Authenticator(schemes, {"Bearer": PLANTED}).plan("op", [{"Basic": []}])
    yield lambda: Credential((("A", PLANTED),)) + Credential((("A", f"{PLANTED}2"),))
    yield lambda: environment_auth(["a-b", "a_b"], {"DYNCLIENT_AUTH_A_B": PLANTED})
    yield lambda: qiskit_account(environ={"QISKIT_IBM_TOKEN": PLANTED})
    yield lambda: account(f'{{"a": {{"token": "{PLANTED}" "x"}}}}')
    yield lambda: account(json.dumps({"a": {"token": PLANTED, "channel": "ibm_cloud"}}))
    yield lambda: account(json.dumps({"a": {"token": PLANTED, "instance": PLANTED}}))
    yield lambda: account(json.dumps({"a": {"token": [PLANTED], "instance": CRN}}))


def test_no_error_shows_a_secret_nor_hangs_on_one_that_does(schemes, tmp_path):
    count = 0
    for fail in failures(schemes, tmp_path):
        with pytest.raises(AuthError) as caught:
            fail()
        error = caught.value
        chain = "".join(traceback.format_exception_only(error))
        assert PLANTED not in f"{chain} {error!r} {error.args} {vars(error)}"
        assert error.__context__ is None
        assert error.__cause__ is None
        count += 1
    assert count == 20
