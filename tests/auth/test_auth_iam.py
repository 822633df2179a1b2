import copy
import json
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from support import authenticate

from dynclient.auth import IAM_URL, IAMAuth
from dynclient.errors import AuthError
from dynclient.messages import Headers, HttpRequest, HttpResponse

# The one key that the service of the `iam` fixture knows.
KEY = "the-planted-api-key"
REQUEST = HttpRequest("GET", "https://api.test/v1/jobs")
REFUSAL = HttpResponse(401)


class Clock:
    """Seconds that pass only when told to."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


def token_of(plan, send):
    return authenticate(plan, REQUEST, send).headers["Authorization"]


def answering(*answers):
    """A `send` that gives these (status, data) in turn and keeps the requests."""
    queue = list(answers)

    def send(request):
        send.requests.append(request)
        status, data = queue.pop(0)
        content = data if isinstance(data, bytes) else json.dumps(data).encode()
        return HttpResponse(status, Headers({"Content-Type": "application/json"}), content)

    send.requests = []
    return send


def test_the_key_is_exchanged_for_a_token_that_goes_on_the_request(iam, plan_for, send):
    plan = plan_for({"Bearer": IAMAuth(KEY, url=iam.url)})
    assert plan.constant is None
    assert token_of(plan, send) == "Bearer token-1"
    (seen,) = iam.requests
    assert seen["form"] == {
        "grant_type": ["urn:ibm:params:oauth:grant-type:apikey"],
        "apikey": [KEY],
    }
    assert seen["headers"]["Content-Type"] == "application/x-www-form-urlencoded"
    assert seen["headers"]["Accept"] == "application/json"
    assert "Authorization" not in seen["headers"]
    assert "ibm-cloud-tenant" not in {name.lower() for name in seen["headers"]}


def test_a_tenant_is_sent_in_its_header(iam, plan_for, send):
    token_of(plan_for({"Bearer": IAMAuth(KEY, url=iam.url, tenant="acc-1")}), send)
    headers = {name.lower(): value for name, value in iam.requests[0]["headers"].items()}
    assert headers["ibm-cloud-tenant"] == "acc-1"


def test_the_token_is_kept_and_shared_by_every_plan_of_the_handler(iam, plan_for, send):
    handler = IAMAuth(KEY, url=iam.url)
    for _ in range(3):
        assert token_of(plan_for({"Bearer": handler}), send) == "Bearer token-1"
    assert len(iam.requests) == 1


@pytest.mark.parametrize(
    ("life", "early", "kept_for"),
    [
        (3600, None, 2880),  # a fifth of its life
        (200, None, 140),  # at least 60 s
        (80, None, 40),  # never more than half
        (3600, 10, 3590),
        (3600, 0, 3600),
        (3600, 5000, 1800),
        (3600, -5, 3600),
    ],
)
def test_a_token_is_replaced_before_its_end(plan_for, clock, life, early, kept_for):
    plan = plan_for({"Bearer": IAMAuth(KEY, early=early, clock=clock)})
    send = answering(
        (200, {"access_token": "one", "expires_in": life}),
        (200, {"access_token": "two", "expires_in": life}),
    )
    assert token_of(plan, send) == "Bearer one"
    clock.now += kept_for - 0.5
    assert token_of(plan, send) == "Bearer one"
    clock.now += 0.5
    assert token_of(plan, send) == "Bearer two"


def test_the_life_counts_from_before_the_request(plan_for, clock):
    plan = plan_for({"Bearer": IAMAuth(KEY, early=0, clock=clock)})
    send = answering(
        (200, {"access_token": "one", "expires_in": 100}),
        (200, {"access_token": "two", "expires_in": 100}),
    )

    def slow(request):
        clock.now += 30
        return send(request)

    token_of(plan, slow)
    clock.now += 70
    assert token_of(plan, send) == "Bearer two"


@pytest.mark.parametrize(
    ("member", "life"),
    [({"expiration": 1_000_100}, 100), ({"expires_in": "100"}, 100), ({}, 300)],
)
def test_the_life_is_told_in_several_ways(plan_for, clock, member, life):
    plan = plan_for({"Bearer": IAMAuth(KEY, early=0, clock=clock)})
    send = answering((200, {"access_token": "one", **member}), (200, {"access_token": "two"}))
    token_of(plan, send)
    clock.now += life - 1
    assert token_of(plan, send) == "Bearer one"
    clock.now += 1
    assert token_of(plan, send) == "Bearer two"


def test_a_refused_token_is_replaced_once(iam, plan_for, send):
    plan = plan_for({"Bearer": IAMAuth(KEY, url=iam.url)})
    request = authenticate(plan, REQUEST, send)
    assert request.headers["Authorization"] == "Bearer token-1"
    assert plan.refused(request, REFUSAL)
    assert token_of(plan, send) == "Bearer token-2"
    assert token_of(plan, send) == "Bearer token-2"


def test_a_refusal_of_an_older_token_does_not_throw_away_a_newer_one(iam, plan_for, send):
    plan = plan_for({"Bearer": IAMAuth(KEY, url=iam.url)})
    first, second = (authenticate(plan, REQUEST, send) for _ in "ab")
    assert plan.refused(first, REFUSAL)
    assert token_of(plan, send) == "Bearer token-2"
    assert plan.refused(second, REFUSAL)
    assert token_of(plan, send) == "Bearer token-2"
    assert len(iam.requests) == 2


def test_sixteen_threads_on_an_expired_token_make_one_exchange(iam, plan_for, send, clock):
    plan = plan_for({"Bearer": IAMAuth(KEY, url=iam.url, clock=clock)})
    token_of(plan, send)
    clock.now += 3600
    iam.delay.clear()
    together = threading.Barrier(17)

    def call(_):
        together.wait(10)
        return token_of(plan, send)

    with ThreadPoolExecutor(16) as pool:
        results = pool.map(call, range(16))
        together.wait(10)
        # The service holds its answer back until every thread has had the time to ask.
        threading.Timer(0.2, iam.delay.set).start()
        assert set(results) == {"Bearer token-2"}
    assert len(iam.requests) == 2


def test_a_failed_exchange_lets_the_next_thread_try(iam, plan_for, send):
    plan = plan_for({"Bearer": IAMAuth(KEY, url=iam.url)})
    iam.answer = (503, "text/html", b"<h1>busy</h1>")
    with pytest.raises(AuthError):
        token_of(plan, send)
    iam.answer = None
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(token_of, plan, send).result(10) == "Bearer token-2"


def test_an_unknown_key_gets_iams_code_its_words_and_advice(iam, plan_for, send):
    plan = plan_for({"Bearer": IAMAuth("wrong-key", url=iam.url)})
    with pytest.raises(AuthError) as caught:
        token_of(plan, send)
    assert caught.value.code == "BXNIM0415E"
    message = str(caught.value)
    assert "400 (BXNIM0415E: Provided API key could not be found.)" in message
    assert "https://cloud.ibm.com/iam/apikeys" in message
    assert "wrong-key" not in message


@pytest.mark.parametrize(
    ("status", "content", "code", "said"),
    [
        (400, b'{"errorCode": "BXNIM0109E", "errorMessage": "m"}', "BXNIM0109E", "empty"),
        (
            400,
            b'{"errorCode": "E", "errorMessage": "m", "errorDetails": "d"}',
            "E",
            r"\(E: m: d\)\. Check",
        ),
        (400, b'{"errorMessage": "the-planted-api-key is bad"}', None, r"\[redacted\] is bad"),
        (400, b'{"errorCode": 7, "errorMessage": null}', None, "Check that the API key"),
        (401, b"", None, "Check that the API key"),
        (403, b"[]", None, "text/x, 2 bytes"),
        (404, b"{}", None, "check the url"),
        (302, b"{}", None, "must not redirect"),
        (429, b"{}", None, "try again later"),
        (500, b"<html>the-planted-api-key</html>", None, "not with the key"),
        (503, b"\xff\xfe", None, "503"),
        (200, b"<html>the-planted-api-key</html>", None, "not a JSON object"),
        (200, b"\xff\xfe\xff", None, "not a JSON object"),
        (200, b"[1]", None, "not a JSON object"),
        (200, b"[" * 100_000, None, "not a JSON object"),
        (200, b"{}", None, "no access_token"),
        (200, b'{"access_token": ""}', None, "no access_token"),
        (200, b'{"access_token": 3}', None, "no access_token"),
        (200, b'{"access_token": "t", "error": "x"}', None, "not a token response"),
        (200, b'{"access_token": "t", "expires_in": "soon"}', None, "not a token response"),
        (200, b'{"access_token": "t", "expires_in": Infinity}', None, "not a token response"),
        (200, b'{"access_token": "t", "expires_in": [1]}', None, "not a token response"),
        (200, b'{"access_token": "t\\r\\nX: y"}', None, "line break"),
    ],
)
def test_a_failed_exchange_is_an_auth_error_that_says_why(plan_for, status, content, code, said):
    plan = plan_for({"Bearer": IAMAuth(KEY)})

    def send(request):
        return HttpResponse(status, Headers({"Content-Type": "text/x"}), content)

    with pytest.raises(AuthError, match=said) as caught:
        token_of(plan, send)
    assert caught.value.code == code
    assert KEY not in f"{caught.value} {caught.value!r}"
    assert caught.value.__context__ is None


def test_a_long_error_text_is_cut(plan_for):
    plan = plan_for({"Bearer": IAMAuth(KEY)})
    with pytest.raises(AuthError) as caught:
        token_of(plan, answering((400, {"errorMessage": "x" * 100_000})))
    assert len(str(caught.value)) < 1000


def test_the_key_is_never_sent_in_place_of_the_token(iam, plan_for, send):
    iam.answer = (500, "text/plain", b"")
    plan = plan_for({"Bearer": IAMAuth(KEY, url=iam.url)})
    sent = []
    with pytest.raises(AuthError):
        sent.append(authenticate(plan, REQUEST, send))
    assert sent == []


def test_the_token_request_masks_the_key(plan_for):
    send = answering((200, {"access_token": "t", "expires_in": 9}))
    token_of(plan_for({"Bearer": IAMAuth(KEY)}), send)
    (request,) = send.requests
    assert (request.method, request.url) == ("POST", IAM_URL)
    assert KEY.encode() in request.content
    assert KEY not in f"{request!r} {request.redacted().content!r}"


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("", "empty"),
        (None, "NoneType"),
        (b"pl4nted", "bytes"),
        ("pl4nted\n", "line break"),
        (" pl4nted", "white space"),
        ("pl4nted\u20ac", "ASCII"),
    ],
)
def test_a_key_that_can_be_none_is_refused_at_once(key, said):
    with pytest.raises(AuthError, match=said) as caught:
        IAMAuth(key)
    assert "pl4nted" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://iam.cloud.ibm.com/identity/token", "unencrypted"),
        ("http://10.0.0.1/identity/token", "unencrypted"),
        ("ftp://iam.cloud.ibm.com/", "not an http address"),
        ("iam.cloud.ibm.com", "not an http address"),
        (None, "not an http address"),
        ("https://user:pl4nted@iam.cloud.ibm.com/", "leave it out"),
    ],
)
def test_the_key_does_not_travel_to_a_doubtful_address(url, said):
    with pytest.raises(AuthError, match=said) as caught:
        IAMAuth(KEY, url=url)
    assert "pl4nted" not in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1:8", "[::1]:8", "localhost", "emulator:8", "a.test"])
def test_a_service_close_by_may_go_without_tls(host):
    IAMAuth(KEY, url=f"http://{host}/identity/token")


@pytest.mark.parametrize("copied", [copy.copy, lambda h: pickle.loads(pickle.dumps(h))])
def test_a_copy_knows_the_key_but_not_the_token(iam, plan_for, send, copied):
    handler = IAMAuth(KEY, url=iam.url)
    token_of(plan_for({"Bearer": handler}), send)
    assert token_of(plan_for({"Bearer": copied(handler)}), send) == "Bearer token-2"


def test_oauthlib_is_imported_only_for_an_exchange():
    import subprocess
    import sys

    code = (
        "import sys; from dynclient.auth import IAMAuth; IAMAuth('k'); "
        "bad = {'oauthlib', 'requests', 'urllib3', 'httpx', 'http.client'} & set(sys.modules); "
        "sys.exit(', '.join(bad) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
