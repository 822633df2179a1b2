"""Handlers by the type of a scheme, and from installed packages."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dynclient import AuthError, Client
from dynclient.auth import OfType, plugins

SCHEMES = {
    "One": {"type": "http", "scheme": "bearer"},
    "Two": {"type": "http", "scheme": "bearer"},
    "Sign": {"type": "http", "scheme": "hmac"},
    "Key": {"type": "apiKey", "in": "header", "name": "X-Key"},
}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.1",
    "info": {"title": "t", "version": "1"},
    "servers": [{"url": "http://a.test"}],
    "paths": {
        f"/{name}": {
            "get": {
                "operationId": name,
                "security": [{name: []}],
                "responses": {"200": {"description": "x"}},
            }
        }
        for name in SCHEMES
    },
    "components": {"securitySchemes": SCHEMES},
}

PACKAGE = """
from dynclient.auth import Credential, Handler


class Signs(Handler):
    def ready(self, scheme, scopes):
        return Credential(headers=(("Authorization", f"HMAC {scheme.name}"),))


def handler(scheme):
    return Signs()


def nothing(scheme):
    return None


def wrong(scheme):
    return "text"


def fails(scheme):
    raise RuntimeError("no key is configured")
"""

Install = Callable[..., None]


def sent(auth: Any, name: str) -> str | None:
    headers = Client(DOCUMENT, auth=auth).prepare(name).headers
    return headers.get("Authorization") or headers.get("X-Key")


def test_a_credential_by_type_is_for_every_scheme_of_it() -> None:
    auth = {OfType("http", "Bearer"): "t", OfType("apiKey"): "k"}
    assert sent(auth, "One") == sent(auth, "Two") == "Bearer t"
    assert sent(auth, "Key") == "k"
    with pytest.raises(AuthError, match=r"Sign \(header Authorization, hmac\) is missing"):
        Client(DOCUMENT, auth=auth).call("Sign")


def test_a_credential_by_name_goes_before_one_by_type() -> None:
    auth = {OfType("http", "bearer"): "t", "Two": "mine"}
    assert (sent(auth, "One"), sent(auth, "Two")) == ("Bearer t", "Bearer mine")


def test_a_type_that_the_document_does_not_have_is_an_error() -> None:
    message = "no security scheme of type oauth2; it has apiKey, http:bearer, http:hmac"
    with pytest.raises(AuthError, match=message):
        Client(DOCUMENT, auth={OfType("oauth2"): "t"}).call("One")


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Installs a package with these entry points."""

    def make(**points: str) -> None:
        info = tmp_path / "acme_auth-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-auth\nVersion: 1.0\n")
        lines = [f"{name.replace('__', ':')} = acme_auth:{value}" for name, value in points.items()]
        (info / "entry_points.txt").write_text("[dynclient.auth]\n" + "\n".join(lines))
        (tmp_path / "acme_auth.py").write_text(PACKAGE)
        monkeypatch.syspath_prepend(tmp_path)
        plugins._points.cache_clear()

    yield make
    sys.modules.pop("acme_auth", None)
    plugins._points.cache_clear()


def test_a_package_brings_a_handler(install: Install) -> None:
    install(http__hmac="handler")
    assert sent(None, "Sign") == "HMAC Sign"
    with pytest.raises(AuthError, match=r"One \(.*\) is missing"):
        Client(DOCUMENT).call("One")


def test_a_handler_for_a_type_is_asked_after_one_for_the_scheme(install: Install) -> None:
    install(http="handler", http__hmac="nothing")
    assert (sent(None, "Sign"), sent(None, "One")) == ("HMAC Sign", "HMAC One")


def test_what_the_caller_gives_goes_before(install: Install) -> None:
    install(http="handler")
    assert sent({"One": "mine"}, "One") == "Bearer mine"


@pytest.mark.parametrize(
    ("factory", "message"),
    [
        ("fails", "of the package acme-auth can't be made: RuntimeError: no key is configured"),
        ("absent", "of the package acme-auth can't be made: AttributeError"),
        ("wrong", "the package acme-auth gives str for 'http:hmac', which is no Handler"),
    ],
)
def test_a_package_that_fails_is_named(install: Install, factory: str, message: str) -> None:
    install(http__hmac=factory)
    with pytest.raises(AuthError, match=message):
        Client(DOCUMENT).call("Sign")
