from base64 import b64decode

import pytest
from support import authenticate

from dynclient.auth import APIKeyHeader, Authenticator, Credential, Handler
from dynclient.errors import AuthError
from dynclient.messages import Headers, HttpRequest, HttpResponse


@pytest.mark.parametrize(
    ("scheme", "value", "header", "sent"),
    [
        ("Bearer", "t0ken", "Authorization", "Bearer t0ken"),
        ("Bearer", "Bearer t0ken", "Authorization", "Bearer t0ken"),
        ("Bearer", "bearer t0ken", "Authorization", "bearer t0ken"),
        ("Bearer", "bearertoken", "Authorization", "Bearer bearertoken"),
        ("OAuth", "t0ken", "Authorization", "Bearer t0ken"),
        ("OpenID", "t0ken", "Authorization", "Bearer t0ken"),
        ("HeaderKey", "k", "X-Secret-Thing", "k"),
        ("HeaderKey", "caf\xe9 =;,", "X-Secret-Thing", "caf\xe9 =;,"),
        ("IBMCloudAPIKey", "k", "Authorization", "k"),
        ("IBMCloudAPIKey", APIKeyHeader("k"), "Authorization", "apikey k"),
        ("HeaderKey", APIKeyHeader("k", prefix="Token "), "X-Secret-Thing", "Token k"),
        ("Basic", ("user", "pass"), "Authorization", "Basic dXNlcjpwYXNz"),
        ("Basic", "user:pass", "Authorization", "Basic dXNlcjpwYXNz"),
        ("Basic", "user:", "Authorization", "Basic dXNlcjo="),
        ("Bearer", lambda: "asked", "Authorization", "Bearer asked"),
        ("Basic", lambda: ("user", "pass"), "Authorization", "Basic dXNlcjpwYXNz"),
        ("Bearer", lambda force=False: "asked", "Authorization", "Bearer asked"),
    ],
)
def test_a_value_is_sent_as_its_scheme_means_it(authenticated, scheme, value, header, sent):
    assert authenticated({scheme: value}).headers[header] == sent


def test_basic_authentication_is_in_utf_8_and_lets_a_password_have_colons(authenticated):
    header = authenticated({"Basic": ("jürgen", "a:b:ü€")}).headers["Authorization"]
    assert b64decode(header.removeprefix("Basic ")).decode() == "jürgen:a:b:ü€"
    assert authenticated({"Basic": "jürgen:a:b:ü€"}).headers["Authorization"] == header


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.test/x", "https://a.test/x?hidden=a%20b%26c%3D%2F%C3%BC"),
        ("https://a.test/x?n=1", "https://a.test/x?n=1&hidden=a%20b%26c%3D%2F%C3%BC"),
    ],
)
def test_a_query_key_is_percent_encoded_and_appended(authenticated, url, expected):
    assert authenticated({"QueryKey": "a b&c=/ü"}, HttpRequest("GET", url)).url == expected


def test_cookies_of_parameters_and_of_two_schemes_become_one_header(authenticated):
    request = HttpRequest("GET", "https://a.test/", Headers([("Cookie", "a=1"), ("Cookie", "b=2")]))
    sent = authenticated({"CookieKey": "s", "OtherCookie": "d"}, request)
    assert sent.headers.get_list("Cookie") == ["a=1; b=2; sid=s; device=d"]


def test_a_cookie_replaces_an_older_one_of_its_name(authenticated):
    request = HttpRequest("GET", "https://a.test/", Headers({"cookie": "sid=old; a=1"}))
    assert authenticated({"CookieKey": "new"}, request).headers["Cookie"] == "a=1; sid=new"


def test_a_header_credential_replaces_what_was_there(authenticated):
    request = HttpRequest("GET", "https://a.test/", Headers({"authorization": "stale"}))
    assert authenticated({"Bearer": "t"}, request).headers.get_list("Authorization") == ["Bearer t"]


def test_the_request_that_was_given_stays_as_it_was(authenticated):
    request = HttpRequest("GET", "https://a.test/")
    authenticated({"Bearer": "t", "QueryKey": "q", "CookieKey": "c"}, request)
    assert request == HttpRequest("GET", "https://a.test/")


def test_the_redactor_learns_names_that_the_request_did_not_know(authenticated):
    auth = {"HeaderKey": "s3cret-1", "QueryKey": "s3cret-2", "CookieKey": "s3cret-3"}
    sent = authenticated(auth)
    shown = f"{sent!r} {sent.redacted().url} {sent.redacted().headers.pairs()}"
    assert "s3cret" not in shown


def test_credentials_add_up():
    both = Credential(headers=(("A", "1"),)) + Credential((("B", "2"),), (("q", "3"),))
    assert both == Credential((("A", "1"), ("B", "2")), (("q", "3"),))


def test_the_same_header_twice_is_fine_only_with_the_same_value():
    one = Credential(headers=(("A", "1"),))
    assert one + one == one
    with pytest.raises(AuthError, match="two credentials set the header a"):
        one + Credential(headers=(("a", "2"),))


def test_two_schemes_in_one_header_are_refused_when_the_plan_is_made(plan_for):
    with pytest.raises(AuthError, match="header Authorization"):
        plan_for({"Bearer": "s3cret", "Basic": ("u", "s3cret")})


PLANTED = "pl4nted"


@pytest.mark.parametrize(
    ("scheme", "value", "said"),
    [
        ("Bearer", "", "empty"),
        ("Bearer", f"{PLANTED}\n", "line break"),
        ("Bearer", f"{PLANTED}\r\nX-Evil: 1", "line break"),
        ("HeaderKey", f" {PLANTED}", "white space"),
        ("HeaderKey", f"{PLANTED}\0", "control"),
        ("HeaderKey", f"{PLANTED}\u20ac", "latin-1"),
        ("HeaderKey", PLANTED.encode(), "decode"),
        ("HeaderKey", (PLANTED, PLANTED), "tuple of 2"),
        ("HeaderKey", 7, "int"),
        ("HeaderKey", lambda: None, "None"),
        ("HeaderKey", lambda: f"{PLANTED}\n", "line break"),
        ("CookieKey", f"{PLANTED}; admin=1", "semicolon"),
        ("CookieKey", f"{PLANTED}\n", "line break"),
        ("QueryKey", f"{PLANTED}\ud800", "Unicode"),
        ("Basic", PLANTED, "without ':'"),
        ("Basic", "", "an empty str"),
        ("Basic", (PLANTED, PLANTED, PLANTED), "tuple of 3"),
        ("Basic", [PLANTED, PLANTED], "list"),
        ("Basic", (f"a:{PLANTED}", "p"), "can't contain ':'"),
        ("Basic", ("user", f"{PLANTED}\n"), "control character"),
        ("Basic", ("user", f"{PLANTED}\ud800"), "control character"),
        ("Digest", PLANTED, "without ':'"),
        ("Digest", ("user", f"{PLANTED}\n"), "control character"),
        ("Digest", (PLANTED, "\ud800"), "lone surrogate"),
        ("Digest", lambda: ("user", PLANTED), "no function"),
        ("Hmac", PLANTED, "'hmac'"),
        ("Mutual", PLANTED, "client certificate"),
        ("Bearer", lambda a, b: PLANTED, "takes something else"),
        ("Bearer", Handler, "not the class"),
        ("Bearer", APIKeyHeader(PLANTED), "needs a scheme of type apiKey"),
        ("HeaderKey", APIKeyHeader(""), "empty"),
    ],
)
def test_a_wrong_value_is_refused_without_being_shown(authenticated, scheme, value, said):
    with pytest.raises(AuthError, match=said) as caught:
        authenticated({scheme: value})
    assert PLANTED not in f"{caught.value} {caught.value!r}"
    assert caught.value.__context__ is None


def test_none_sends_nothing_for_a_scheme(authenticated, plan_for):
    request = HttpRequest("GET", "https://a.test/")
    assert authenticated({"HeaderKey": None, "Mutual": None}, request) == request
    assert plan_for({"HeaderKey": None}).reason == (
        "auth gives None for HeaderKey: nothing is sent for it"
    )
    plan = plan_for({"HeaderKey": None, "Bearer": "t"})
    assert plan.constant == Credential((("Authorization", "Bearer t"),))
    assert "auth gives None for HeaderKey" in plan.reason


def test_an_alternative_with_credentials_goes_before_one_that_sends_none(schemes):
    auth = Authenticator(schemes, {"HeaderKey": None, "Bearer": "t"})
    assert auth.plan("op", [{"HeaderKey": []}, {"Bearer": []}]).alternative == ("Bearer",)
    assert auth.plan("op", [{}, {"HeaderKey": []}]).alternative == ("HeaderKey",)


def test_a_header_name_that_http_forbids_is_refused():
    with pytest.raises(AuthError, match="RFC 9110"):
        Credential(headers=(("X\r\nEvil", "1"),))


def test_a_function_is_asked_at_every_call(plan_for, never_send):
    values = iter(["one", "two"])
    plan = plan_for({"Bearer": lambda: next(values)})
    request = HttpRequest("GET", "https://a.test/")
    sent = [authenticate(plan, request, never_send).headers["Authorization"] for _ in "ab"]
    assert sent == ["Bearer one", "Bearer two"]
    assert plan.constant is None
    assert plan.refused(request, HttpResponse(401))


def test_a_function_of_the_request_has_the_last_word(authenticated):
    def sign(request):
        return request.with_headers({"Signature": f"{request.method} {request.headers['Cookie']}"})

    sent = authenticated({"Digest": sign, "CookieKey": "c"})
    assert sent.headers["Signature"] == "GET sid=c"


def test_a_function_that_returns_no_request_is_named(authenticated):
    with pytest.raises(TypeError, match="Digest: the handler must return the HttpRequest"):
        authenticated({"Digest": lambda request: None})


def test_an_unknown_scheme_name_gets_the_nearest_ones(schemes):
    with pytest.raises(AuthError, match="did you mean 'Bearer'") as caught:
        Authenticator(schemes, {"bearer": PLANTED})
    assert PLANTED not in str(caught.value)


@pytest.mark.parametrize(
    ("auth", "said"),
    [([("Bearer", "t")], "mapping by scheme name"), ("token", "mapping by scheme name")],
)
def test_auth_that_is_no_mapping_is_refused(schemes, auth, said):
    with pytest.raises(AuthError, match=said):
        Authenticator(schemes, auth)


def test_a_document_without_schemes_says_so():
    with pytest.raises(AuthError, match="the document declares none"):
        Authenticator({}, {"Bearer": "t"})
