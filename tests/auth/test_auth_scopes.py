"""Scopes: which alternative a token of known scopes is used for."""

import pytest
from oauth_provider import CLIENT, SECRET
from support import one_operation

from dynclient import AuthError, Client
from dynclient.auth import BearerToken, Handler, OAuth2

ALTERNATIVES = [{"Login": ["admin"]}, {"Login": ["read", "write"]}, {"Key": []}]


def client(auth, security=ALTERNATIVES):
    document = one_operation(security=security)
    flow = {"tokenUrl": "https://api.test/token", "scopes": {}}
    document["components"] = {
        "securitySchemes": {
            "Login": {"type": "oauth2", "flows": {"clientCredentials": flow}},
            "Key": {"type": "apiKey", "in": "header", "name": "X-Key"},
        }
    }
    return Client(document, auth=auth)


@pytest.mark.parametrize(
    ("handler", "chosen"),
    [
        (BearerToken("t", scopes=["read", "write", "more"]), ("read", "write")),
        (BearerToken("t", scopes=["admin"]), ("admin",)),
        (BearerToken("t", scopes=["read"]), ("admin",)),
        ("t", ("admin",)),
        (OAuth2(CLIENT, SECRET, scopes=["write", "read"]), ("read", "write")),
        (OAuth2(CLIENT, SECRET), ("admin",)),
    ],
)
def test_the_alternative_is_used_whose_scopes_the_token_has(handler, chosen):
    plan = client({"Login": handler}).auth_plan("op")
    assert plan.steps[0].scopes == chosen


def test_another_scheme_is_used_where_the_token_lacks_a_scope():
    auth = {"Login": BearerToken("t", scopes=["read"]), "Key": "k"}
    found = client(auth)
    assert found.auth_plan("op").alternative == ("Key",)
    assert "with the scopes that the token has" in str(found.explain("op"))


def test_where_none_has_them_it_says_what_is_lacking():
    found = client({"Login": BearerToken("t", scopes=["read"])})
    assert "the token for Login lacks a scope" in found.auth_plan("op").reason


def test_a_handler_of_ones_own_can_tell():
    class Reader(Handler):
        def grants(self, scopes):
            return set(scopes) <= {"read", "write"}

    assert client({"Login": Reader()}).auth_plan("op").steps[0].scopes == ("read", "write")


@pytest.mark.parametrize("given", [{"token": ""}, {"token": "t", "scopes": "read"}])
def test_what_is_no_token_with_scopes_is_refused(given):
    with pytest.raises(AuthError, match="BearerToken takes"):
        BearerToken(**given)
