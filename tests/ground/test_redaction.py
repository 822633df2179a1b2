"""Which names carry secrets by convention, whatever a document says of them."""

from __future__ import annotations

import pytest

from dynclient.redaction import DEFAULT_REDACTOR, MASK, without

SECRET = [
    "Authorization",
    "Proxy-Authorization",
    "X-Authorization",
    "PRIVATE-TOKEN",
    "JOB-TOKEN",
    "X-Vault-Token",
    "X-Auth-Key",
    "X-Auth-Token",
    "Ocp-Apim-Subscription-Key",
    "X-Functions-Key",
    "X-JWT-Assertion",
    "CF-Access-Jwt-Assertion",
    "X-Goog-Api-Key",
    "DD-API-KEY",
    "DD-APPLICATION-KEY",
    "X-Shopify-Access-Token",
    "X-Client-Secret",
    "X-ApiKey",
    "Service-CRN",
    "X.Password",
]
OPEN = [
    "Accept",
    "Content-Type",
    "Idempotency-Key",
    "Surrogate-Key",
    "Sec-WebSocket-Key",
    "X-Request-Id",
    "X-Tokens-Remaining",
    "Tokenizer",
    "Author",
]


@pytest.mark.parametrize("name", SECRET)
def test_a_header_that_names_a_secret_is_masked(name: str) -> None:
    assert DEFAULT_REDACTOR.headers([(name, "s3cret-value")]) == [(name, MASK)]
    assert DEFAULT_REDACTOR.secrets([(name, "s3cret-value")], "") == ["s3cret-value"]


@pytest.mark.parametrize("name", OPEN)
def test_any_other_header_is_shown(name: str) -> None:
    assert DEFAULT_REDACTOR.headers([(name, "value")]) == [(name, "value")]


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("a=[b]&c={d}", "a=[b]&c={d}"),
        ('a={"token":"x"}', "a=%7B%22token%22%3A%22%5Bredacted%5D%22%7D"),
        ("token=[b]", f"token={MASK}"),
    ],
)
def test_a_value_in_brackets_is_shown_unless_it_has_a_secret_member(query: str, shown: str) -> None:
    assert DEFAULT_REDACTOR.url(f"http://h/?{query}") == f"http://h/?{shown}"


def test_cookies_are_shown_by_their_names() -> None:
    shown = DEFAULT_REDACTOR.headers([("Cookie", "sid=abcdefgh; theme=dark")])
    assert shown == [("Cookie", f"sid={MASK}; theme={MASK}")]


def test_what_stands_in_a_credential_is_secret_by_itself() -> None:
    fields = [("Authorization", "Basic dXNlcjpwYXNzd29yZDE="), ("Cookie", "sid=abcdefgh; a=b")]
    found = DEFAULT_REDACTOR.secrets(fields, "http://h/?token=%41bcdefgh")
    for secret in ("user:password1", "password1", "dXNlcjpwYXNzd29yZDE=", "abcdefgh", "Abcdefgh"):
        assert secret in found


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a s3cret-token b", f"a {MASK} b"),
        ("a s3cret-t… b", f"a {MASK}… b"),
        ("a s3cr…", f"a {MASK}…"),
        ("s3cret-token s3cret…", f"{MASK} {MASK}…"),
        ("a s3c… b", "a s3c… b"),
        ("nothing … here", "nothing … here"),
    ],
)
def test_a_secret_whose_end_is_cut_off_is_masked_as_well(text: str, shown: str) -> None:
    assert without(text, ["s3cret-token"]) == shown
