"""IBM Cloud IAM: an API key exchanged for an access token that lives an hour.

The exchange is an OAuth 2.0 token request with a grant type of IBM's own (RFC 6749, section 4.5;
IBM Cloud API docs, "IAM Identity Services", "Create an IAM access token for a user or service
ID using an API key").
"""

# ruff: noqa: ARG002 - every handler is given the scheme and the scopes, this one needs neither
from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

from ..commands import Command
from ..errors import AuthError
from ..messages import Headers, HttpRequest, HttpResponse
from ..redaction import DEFAULT_REDACTOR, MASK
from .credential import Credential
from .handlers import Handler
from .schemes import SecurityScheme
from .stores import TokenStore, kept, recalled
from .tokens import FORM, Token, check_endpoint, json_object, margin_of

__all__ = ["IAM_URL", "IAMAuth"]

_log = logging.getLogger("dynclient.auth")

IAM_URL = "https://iam.cloud.ibm.com/identity/token"
_GRANT = "urn:ibm:params:oauth:grant-type:apikey"
_REDACTOR = DEFAULT_REDACTOR.extended(fields=["apikey"])

#: The life of a token, in seconds, when the response does not say it (IAM always has).
_UNKNOWN_LIFE = 300
#: At most this much of the service's own text goes into an error, in characters.
_LONGEST_TEXT = 300

#: What to do about an error code of IAM's.
_ADVICE = {
    "BXNIM0415E": "IAM does not know this API key. Create one at https://cloud.ibm.com/iam/apikeys "
    "in the account of your instance, and check that the whole key was copied",
    "BXNIM0109E": "The API key reached IAM empty. Check where it is read from",
}


class IAMAuth(Handler):
    """Exchanges an IBM Cloud API key for access tokens, and keeps the current one.

    api_key  the key as IBM Cloud showed it; it goes to `url` and nowhere else
    url      the token endpoint; https, or http for a service on this machine or a test name
    tenant   account or enterprise ids, comma-separated, that the key must belong to
    early    how long before its end a token is replaced, in seconds; by default a fifth of its
             life, at least 60 s. Never more than half of its life, whatever is asked
    store    where tokens outlive the process: `TokenFile()` or `KeyringTokens()`
    clock    the time in seconds; the wall clock by default, because it goes on while a machine
             sleeps. Where it is set back, a token is used too long, refused, and replaced

    A token lives as long as `expires_in` says, counted from before the request was sent.
    Raises `AuthError` for a key or address that can't be used.
    """

    def __init__(
        self,
        api_key: str,
        *,
        url: str = IAM_URL,
        tenant: str | None = None,
        early: float | None = None,
        store: TokenStore | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        _check_key(api_key)
        check_endpoint(url, "the url given to IAMAuth", "the API key")
        self._api_key = api_key
        self._url = url
        self._tenant = tenant
        self._early = early
        self._store = store
        self._clock = clock
        self._token: Token | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_token": None}  # a token is not for a pickle to carry

    def ready(self, scheme: SecurityScheme, scopes: tuple[str, ...]) -> Credential | None:
        """The current token, unless it is missing or soon to end."""
        token = self._token
        good = token is not None and token.is_good(self._clock())
        return token.credential if token is not None and good else None

    def acquire(
        self, scheme: SecurityScheme, scopes: tuple[str, ...]
    ) -> Generator[HttpRequest | Command, Any, Credential]:
        """One exchange. `AuthError` with IAM's `errorCode` as `code` if it fails."""
        started = self._clock()
        known = () if self._token is None else (self._token,)
        for token in (yield from recalled(self._store, self._name, known)):
            if token.is_good(started):
                self._token = token
                return token.credential
        response = yield self._request()
        access_token, life = _Response(response, self._url, self._api_key).read(started)
        end = started + life
        token = Token(access_token, end - margin_of(life, self._early), end)
        self._token = token
        yield from kept(self._store, self._name, (token,))
        _log.debug("IAM gave an access token that lives %d s", life)
        return token.credential

    @property
    def _name(self) -> str:
        """What a store calls the tokens of this key: the key can't be told from it."""
        whose = f"{self._api_key} {self._tenant or ''}".encode()
        return f"IAM at {self._url}, key {sha256(whose).hexdigest()[:32]}"

    def refused(
        self,
        scheme: SecurityScheme,
        scopes: tuple[str, ...],
        request: HttpRequest,
        response: HttpResponse,
    ) -> bool:
        """Forget the refused token. True: a fresh one may be accepted."""
        token = self._token
        if token is not None and token.credential.is_on(request):
            token.refused = True
        return True

    def _request(self) -> HttpRequest:
        # Here, not above: oauthlib costs 60 ms to import, and most clients never need it.
        from oauthlib.oauth2.rfc6749.parameters import prepare_token_request

        form = prepare_token_request(_GRANT, apikey=self._api_key)
        headers = {"Content-Type": FORM, "Accept": "application/json"}
        if self._tenant:
            headers["ibm-cloud-tenant"] = self._tenant
        return HttpRequest(
            "POST",
            self._url,
            headers=Headers(headers),
            content=form.encode("ascii"),
            operation="IAM token exchange",
            redactor=_REDACTOR,
        )


class _Response:
    """Reads the response of IAM. Errors quote it, with the key masked if it repeats it."""

    def __init__(self, response: HttpResponse, url: str, api_key: str) -> None:
        self._response = response
        self._host = urlsplit(url).netloc
        self._secrets = {api_key, quote(api_key, safe=""), quote_plus(api_key)}
        self._data = json_object(response.content)

    def read(self, now: float) -> tuple[str, float]:
        """The access token and its life in seconds."""
        if not 200 <= self._response.status < 300:
            raise self._refusal()
        data = self._data
        if data is None:
            raise self._error(f"its response is not a JSON object ({self._kind()})")
        token = data.get("access_token")
        if not isinstance(token, str) or not token:
            raise self._error("its response has no access_token")
        return token, self._life(data, now)

    def _life(self, data: Mapping[str, Any], now: float) -> float:
        from oauthlib.oauth2 import OAuth2Error
        from oauthlib.oauth2.rfc6749.parameters import parse_token_response

        try:
            parsed = parse_token_response(self._response.content.decode("utf-8"))
        except (OAuth2Error, ValueError, TypeError, AttributeError, OverflowError):
            parsed = None
        # Raised out here, so that no cause with the response's text hangs on the error.
        if parsed is None:
            raise self._error("it is not a token response (RFC 6749, section 5.1)")
        if "expires_in" in parsed:
            return max(float(parsed["expires_in"]), 0.0)
        end = data.get("expiration")
        if isinstance(end, int | float):
            return max(end - now, 0.0)
        return float(_UNKNOWN_LIFE)

    def _refusal(self) -> AuthError:
        status, data = self._response.status, self._data or {}
        code = self._text(data.get("errorCode")) or None
        said = ": ".join(
            text for key in ("errorMessage", "errorDetails") if (text := self._text(data.get(key)))
        )
        detail = f"{code}: {said}" if code and said else code or said or self._kind()
        message = f"it responded with {status} ({detail}). {_advice(status, code)}"
        return self._error(message, code)

    def _error(self, message: str, code: str | None = None) -> AuthError:
        return AuthError(f"no access token from IAM at {self._host}: {message}", code=code)

    def _kind(self) -> str:
        kind = self._response.headers.get("Content-Type", "no content type")
        return f"{self._text(kind)}, {len(self._response.content)} bytes"

    def _text(self, value: object) -> str:
        if not isinstance(value, str):
            return ""
        for secret in self._secrets:
            value = value.replace(secret, MASK)
        return " ".join(value.split())[:_LONGEST_TEXT]


def _advice(status: int, code: str | None) -> str:
    if code in _ADVICE:
        return _ADVICE[code]
    if status >= 500 or status == 429:
        return "The problem is at IAM, not with the key: try again later"
    if 300 <= status < 400:
        return "A token endpoint must not redirect: check the url given to IAMAuth"
    if status == 404:
        return "This is not an IAM token endpoint: check the url given to IAMAuth"
    return "Check that the API key exists, is not locked, and belongs to the right account"


def _check_key(api_key: object) -> None:
    if not isinstance(api_key, str):
        raise AuthError(f"IAMAuth takes the API key as text, not {type(api_key).__name__}")
    if not api_key:
        raise AuthError("IAMAuth got an empty API key (an environment variable that is not set?)")
    if not api_key.isascii() or not api_key.isprintable() or " " in api_key:
        raise AuthError(
            "the API key given to IAMAuth contains white space, a line break or a character "
            "outside of ASCII, which no IBM Cloud API key does (it is not shown here)"
        )
