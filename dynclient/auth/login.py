"""OAuth 2.0 with a user's consent: in a browser on this machine, or on another device.

Sources: RFC 6749, section 4.1 (authorization code), RFC 7636 (PKCE), RFC 8252 (loopback
redirects), RFC 8628 (device authorization).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from ..commands import Command, Run, Wait
from ..errors import AuthError
from ..messages import HttpRequest
from .endpoints import Endpoints
from .oauth2 import OAuth2, scope_of
from .schemes import SecurityScheme
from .tokens import Token, check_endpoint, json_object

__all__ = ["BrowserLogin", "DeviceLogin", "DevicePrompt"]

_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class DevicePrompt(NamedTuple):
    """What to tell the user.

    url        where to go, on any device
    code       what to enter there
    whole_url  with the code in it, for a QR code; "" if the server has none
    seconds    how long the code counts
    """

    url: str
    code: str
    whole_url: str
    seconds: float


class _Login(OAuth2):
    """What both flows share: nobody but a user can begin."""

    _can_begin = True

    def __init__(
        self, client_id: str, client_secret: str | None, settings: Mapping[str, Any]
    ) -> None:
        super().__init__(client_id, client_secret, **settings)
        if self._user:
            raise AuthError(f"{type(self).__name__} takes no password: the user signs in elsewhere")

    def _begin(self, scheme: SecurityScheme, endpoints: Endpoints) -> str:
        if not endpoints.begin:
            raise AuthError(f"{scheme.name} does not say where the flow {self._flow} begins")
        return endpoints.begin


class DeviceLogin(_Login):
    """The user consents on another device (RFC 8628): for terminals without a browser.

    client_id, client_secret  of the client; many have no secret
    tell                      is given a `DevicePrompt`; by default it is printed to stderr
    settings                  those of `OAuth2`, but for the user's name and password

    The flow `deviceAuthorization` of OpenAPI 3.2, or a provider's metadata, has the URLs. A
    refresh token is used before the user is asked again. AuthError with `access_denied` or
    `expired_token` as its code if there is no consent.
    """

    _flow = "deviceAuthorization"

    def __init__(
        self,
        client_id: str,
        client_secret: str | None = None,
        *,
        tell: Callable[[DevicePrompt], object] | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(client_id, client_secret, settings)
        self._tell = tell or _print_prompt

    def _granted(
        self, scheme: SecurityScheme, endpoints: Endpoints, wanted: Sequence[str]
    ) -> Generator[HttpRequest | Command, Any, Token]:
        started = self._clock()
        prompt, device_code, interval = yield from self._asked(scheme, endpoints, wanted)
        yield Run(partial(self._tell, prompt))
        form = {"device_code": device_code}
        while self._clock() < started + prompt.seconds:
            yield Wait(interval, "for the user's consent on another device")
            try:
                return (
                    yield from self._exchanged(
                        endpoints.token, endpoints, _DEVICE_GRANT, form, wanted
                    )
                )
            except AuthError as error:
                if error.code == "slow_down":
                    interval += 5  # section 3.5
                elif error.code != "authorization_pending":
                    raise
        raise AuthError(f"{scheme.name}: the user did not consent in time", code="expired_token")

    def _asked(
        self, scheme: SecurityScheme, endpoints: Endpoints, wanted: Sequence[str]
    ) -> Generator[HttpRequest | Command, Any, tuple[DevicePrompt, str, float]]:
        """What to tell the user, the device code, and the seconds between two questions."""
        url = self._begin(scheme, endpoints)
        request = self._request(url, endpoints.client_auth, "", scope_of(wanted))
        response = yield request
        data = json_object(response.content) or {}
        texts = [data.get(n) for n in ("verification_uri", "user_code", "device_code")]
        where, code, device_code = (text if isinstance(text, str) else "" for text in texts)
        seconds, interval = data.get("expires_in"), data.get("interval", 5)
        numbers = all(isinstance(n, int | float) and 0 <= n < 1e6 for n in (seconds, interval))
        if response.status != 200 or not (where and code and device_code and numbers):
            raise AuthError(
                f"{scheme.name}: {url} gave no device code (it responded with {response.status})",
                code=data["error"] if isinstance(data.get("error"), str) else None,
            )
        whole = data.get("verification_uri_complete")
        whole = whole if isinstance(whole, str) else ""
        return DevicePrompt(where, code, whole, float(seconds)), device_code, float(interval)  # type: ignore[arg-type]


class BrowserLogin(_Login):
    """The user consents in a browser on this machine (authorization code with PKCE, S256).

    client_id, client_secret  of the client; a program on a user's machine has no secret
    open_url                  is given the URL; by default it is printed to stderr and opened
    port                      of the redirect to http://127.0.0.1:PORT/callback; 0 for any free one
    wait                      how long the user may take, in seconds
    settings                  those of `OAuth2`, but for the user's name and password

    The flow `authorizationCode`, or a provider's metadata, has the URLs. A refresh token is used
    before the user is asked again. AuthError if there is no consent.
    """

    _flow = "authorizationCode"

    def __init__(
        self,
        client_id: str,
        client_secret: str | None = None,
        *,
        open_url: Callable[[str], object] | None = None,
        port: int = 0,
        wait: float = 300.0,
        **settings: Any,
    ) -> None:
        super().__init__(client_id, client_secret, settings)
        self._open_url = open_url or _print_and_open
        self._port = port
        self._wait = wait

    def _granted(
        self, scheme: SecurityScheme, endpoints: Endpoints, wanted: Sequence[str]
    ) -> Generator[HttpRequest | Command, Any, Token]:
        from oauthlib.oauth2 import WebApplicationClient

        from .redirect import Consent

        url = self._begin(scheme, endpoints)
        check_endpoint(url, f"the authorization URL of {scheme.name}", "the user's consent")
        client = WebApplicationClient(self._client[0])
        verifier = client.create_code_verifier(64)
        challenge = client.create_code_challenge(verifier, "S256")
        consent = Consent(url, self._client[0], wanted, challenge, self._parameters)
        code, redirect = yield Run(partial(consent.ask, self._open_url, self._port, self._wait))
        form: Mapping[str, str] = {
            "code": code,
            "redirect_uri": redirect,
            "code_verifier": verifier,
        }
        return (
            yield from self._exchanged(
                endpoints.token, endpoints, "authorization_code", form, wanted
            )
        )


def _print_prompt(prompt: DevicePrompt) -> None:
    print(f"To sign in, open {prompt.url} and enter {prompt.code}", file=sys.stderr)


def _print_and_open(url: str) -> None:
    import webbrowser

    print(f"To sign in, open {url}", file=sys.stderr)
    webbrowser.open(url)
