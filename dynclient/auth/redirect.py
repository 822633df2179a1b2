"""The user's consent in a browser, and the redirect that brings its code to this machine.

Source: RFC 8252, sections 7.3 and 8.3: a listener on loopback, for as long as one login takes.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hmac import compare_digest
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

from ..errors import AuthError

__all__ = ["Consent"]

_PATH = "/callback"
_DONE = b"<!doctype html><title>Signed in</title><p>You can close this window.</p>"


@dataclass(frozen=True, slots=True, repr=False)
class Consent:
    """A request for a user's consent (RFC 6749, section 4.1.1); `challenge` is that of PKCE."""

    url: str
    client_id: str
    scopes: Sequence[str]
    challenge: str
    parameters: Mapping[str, str]

    def ask(self, open_url: Callable[[str], object], port: int, seconds: float) -> tuple[str, str]:
        """Wait for the redirect: the code, and the redirect URI that it is bound to.

        AuthError if the user refuses, takes too long, or the port is taken.
        """
        state = secrets.token_urlsafe(24)
        try:
            server = _Listener(port, state)
        except OSError as error:
            reason = f"the redirect can't be received on port {port}: {error.strerror}"
            raise AuthError(reason) from None
        with server:
            redirect = f"http://127.0.0.1:{server.server_port}{_PATH}"
            open_url(self._address(redirect, state))
            end = time.monotonic() + seconds
            while server.received is None:
                server.timeout = end - time.monotonic()
                if server.timeout <= 0:
                    raise AuthError(
                        f"the user did not consent within {seconds:g} s", code="expired_token"
                    )
                server.handle_request()
            return _code_in(server.received, state), redirect

    def _address(self, redirect: str, state: str) -> str:
        from oauthlib.oauth2.rfc6749.parameters import prepare_grant_uri

        # oauthlib takes https only; where http is close enough was checked before.
        scheme, _, rest = self.url.partition("://")
        uri: str = prepare_grant_uri(
            f"https://{rest}",
            self.client_id,
            "code",
            redirect_uri=redirect,
            scope=list(self.scopes) or None,
            state=state,
            code_challenge=self.challenge,
            code_challenge_method="S256",
            **self.parameters,
        )
        return f"{scheme}://{uri.partition('://')[2]}"


def _code_in(target: str, state: str) -> str:
    from oauthlib.oauth2 import OAuth2Error
    from oauthlib.oauth2.rfc6749.parameters import parse_authorization_code_response

    code = None
    try:
        found = parse_authorization_code_response(f"https://127.0.0.1{target}", state)
        return str(found["code"])
    except OAuth2Error as error:
        code = str(error.error)
    raise AuthError(f"there is no consent ({code})", code=code)


class _Listener(HTTPServer):
    """Keeps the target of the first request that has our `state`."""

    allow_reuse_address = False

    def __init__(self, port: int, state: str) -> None:
        self.received: str | None = None
        self.state = state
        super().__init__(("127.0.0.1", port), _Redirected)

    def handle_error(self, *_: object) -> None:
        """A browser that hangs up is no concern of the user's."""


class _Redirected(BaseHTTPRequestHandler):
    server: _Listener
    timeout = 5  # seconds for one connection: another one may be waiting

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        given = parse_qs(parts.query).get("state", [""])[0]
        is_ours = parts.path == _PATH and compare_digest(given.encode(), self.server.state.encode())
        self.send_response(200 if is_ours else 404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(_DONE if is_ours else b"")
        if is_ours:
            self.server.received = self.path

    def log_message(self, *_: object) -> None:
        """The target holds the code."""
