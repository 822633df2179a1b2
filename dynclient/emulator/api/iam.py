"""The token service: an API key in, a bearer token with a limited life out.

Follows the IBM Cloud IAM identity service for the one grant that matters here. Tokens have the
shape of a JWT (RFC 7519, HS256) and are signed with the emulator's own key.
"""

from __future__ import annotations

import base64
import json
import time
import uuid
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ..settings import Settings
from .bodies import read_body
from .signing import Signer, base64url

__all__ = ["GRANT_TYPE", "USER_ID", "TokenService"]

GRANT_TYPE = "urn:ibm:params:oauth:grant-type:apikey"

#: Who submits every job: the emulator knows one user.
USER_ID = "IBMid-0000000000"

#: Bytes: a form with an API key has some hundred.
_MAX_FORM = 16_384
_FORM = "application/x-www-form-urlencoded"
_UNKNOWN_KEY = "BXNIM0415E"
_BAD_FORM = "BXNIM0109E"
_HEADER = base64url(b'{"alg":"HS256","typ":"JWT"}')


class TokenService:
    """Issues tokens, and knows which ones it issued and which have expired."""

    def __init__(self, settings: Settings, signer: Signer) -> None:
        self._api_keys = settings.api_keys
        self._lifetime = settings.token_lifetime
        self._signer = signer

    def issue(self) -> tuple[str, float]:
        """A new token, and when it expires in seconds since 1970."""
        now = time.time()
        expires = now + self._lifetime
        claims = {"sub": USER_ID, "iat": now, "exp": expires, "jti": uuid.uuid4().hex}
        unsigned = f"{_HEADER}.{base64url(json.dumps(claims).encode())}"
        return f"{unsigned}.{self._signer.sign(unsigned)}", expires

    def accepts(self, token: str) -> bool:
        """Whether `token` was issued here and is still alive."""
        unsigned, _, signature = token.rpartition(".")
        if not unsigned or not self._signer.verify(unsigned, signature):
            return False
        payload = unsigned.partition(".")[2]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return bool(time.time() < claims["exp"])

    async def endpoint(self, request: Request) -> Response:
        """POST /identity/token: exchange an API key for a token."""
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type != _FORM:
            return _refusal(request, _BAD_FORM, f"The body must be of type {_FORM}.")
        text = (await read_body(request, _MAX_FORM)).decode("utf-8", "replace")
        form = parse_qs(text, keep_blank_values=True)
        grant_type, api_key = (form.get(name, [""])[0] for name in ("grant_type", "apikey"))
        if grant_type != GRANT_TYPE:
            return _refusal(request, _BAD_FORM, f"The parameter grant_type must be {GRANT_TYPE}.")
        if not api_key:
            return _refusal(request, _BAD_FORM, "The parameter apikey is missing or empty.")
        if api_key not in self._api_keys:
            return _refusal(request, _UNKNOWN_KEY, "The given API key could not be found.")
        token, expires = self.issue()
        return JSONResponse(
            {
                "access_token": token,
                "refresh_token": "not_supported",
                "token_type": "Bearer",
                "expires_in": int(self._lifetime),
                "expiration": int(expires),
                "scope": "ibm_openid",
            },
            headers={"Cache-Control": "no-store"},
        )


def _refusal(request: Request, code: str, message: str) -> JSONResponse:
    context = {
        "requestId": uuid.uuid4().hex,
        "requestType": "incoming.Identity_Token",
        "userAgent": request.headers.get("user-agent", ""),
        "url": str(request.url),
    }
    body = {"errorCode": code, "errorMessage": message, "context": context}
    return JSONResponse(body, status_code=400)
