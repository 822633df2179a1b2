"""What a token endpoint responds (RFC 6749, section 5), read so that no error shows a secret."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from ..errors import AuthError
from ..messages import HttpRequest, HttpResponse
from .tokens import json_object

__all__ = ["token_response"]

#: At most this much of the service's own text goes into an error, in characters.
_LONGEST_TEXT = 300


def token_response(
    request: HttpRequest, response: HttpResponse, token_type: str
) -> Mapping[str, Any]:
    """The members of a response whose tokens are of a type. AuthError that shows no secret."""
    from oauthlib.oauth2 import OAuth2Error
    from oauthlib.oauth2.rfc6749.parameters import parse_token_response

    data = json_object(response.content)
    error = None if data is None else data.get("error")
    if not 200 <= response.status < 300 or error:
        raise _refusal(request, response, data or {})
    parsed: Any = None
    failures = (OAuth2Error, ValueError, TypeError, AttributeError, OverflowError)
    with suppress(*failures):
        parsed = None if data is None else parse_token_response(response.content.decode())
    # Raised out here, so that no cause with the response's text hangs on the error.
    token = None if parsed is None else parsed.get("access_token")
    if not isinstance(token, str) or not token:
        kind = response.headers.get("Content-Type", "no content type")
        raise _error(request, f"its response is not a token response ({request.mask()(kind)})")
    if str(parsed.get("token_type", token_type)).lower() != token_type.lower():
        raise _error(request, f"its tokens are of another type than {token_type}")
    found: Mapping[str, Any] = parsed
    return found


def _refusal(request: HttpRequest, response: HttpResponse, data: Mapping[str, Any]) -> AuthError:
    mask = request.mask()
    code, more = (
        " ".join(mask(text).split())[:_LONGEST_TEXT] if isinstance(text, str) else ""
        for text in (data.get("error"), data.get("error_description"))
    )
    said = ": ".join(filter(None, (code, more)))
    said = f" ({said})" if said else ""
    return _error(request, f"it responded with {response.status}{said}", code or None)


def _error(request: HttpRequest, message: str, code: str | None = None) -> AuthError:
    host = urlsplit(request.url).netloc
    return AuthError(f"no access token from {host}: {message}", code=code)
