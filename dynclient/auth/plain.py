"""From a plain value (a token, a key, a user and a password) to a credential."""

from __future__ import annotations

from types import EllipsisType
from typing import TypeAlias

from ..errors import AuthError
from .credential import Credential
from .schemes import SecurityScheme

__all__ = ["PlainValue", "example_value", "plain_credential", "user_and_password"]

#: A token or key; for http basic and digest "user:password" or the two apart.
PlainValue: TypeAlias = str | tuple[str, str]


def plain_credential(scheme: SecurityScheme, value: object) -> Credential:
    """The credential that a plain value means under a scheme.

    Raises `AuthError`, never showing the value, if it has the wrong shape or the scheme has no
    meaning for a plain value.
    """
    if scheme.type == "mutualTLS":
        raise AuthError(
            f"{scheme.name} is mutual TLS: nothing goes on the request. Pass the client "
            f"certificate to the transport, and no credential for {scheme.name!r}"
        )
    if scheme.http_scheme == "basic":
        return _basic(scheme, value)
    if scheme.http_scheme == "digest":
        raise AuthError(
            f"{scheme.name} uses HTTP digest, which takes (user, password) or DigestAuth(user, "
            "password), and no function"
        )
    text = _text(scheme, value)
    if scheme.type == "apiKey":
        return _api_key(scheme, text)
    if scheme.type in ("oauth2", "openIdConnect") or scheme.http_scheme == "bearer":
        return _bearer(text)
    raise AuthError(
        f"{scheme.name} uses the HTTP scheme {scheme.http_scheme!r}, which needs more than a "
        f"plain value: a Handler, or a function that takes the HttpRequest and returns it signed"
    )


def example_value(scheme: SecurityScheme) -> str | EllipsisType:
    """The plain value that a scheme takes, for remedies; `...` for a key or a token."""
    return "user:password" if scheme.http_scheme in ("basic", "digest") else ...


def _api_key(scheme: SecurityScheme, value: str) -> Credential:
    pair = ((scheme.parameter_name or "", value),)
    if scheme.location == "header":
        return Credential(headers=pair)
    if scheme.location == "query":
        return Credential(query=pair)
    return Credential(cookies=pair)


def _bearer(value: str) -> Credential:
    """RFC 6750, section 2.1. A value copied together with its "Bearer " is taken as it is."""
    prefixed = value if value[:7].lower() == "bearer " else f"Bearer {value}"
    return Credential(headers=(("Authorization", prefixed),))


def _basic(scheme: SecurityScheme, value: object) -> Credential:
    """RFC 7617, section 2, in UTF-8."""
    user, password = user_and_password(scheme, value)
    if ":" in user:
        raise AuthError(f"{scheme.name}: the user name of basic authentication can't contain ':'")
    joined = f"{user}:{password}"
    if any(ord(c) < 0x20 or ord(c) == 0x7F or "\ud800" <= c <= "\udfff" for c in joined):
        raise AuthError(
            f"{scheme.name}: the user name or the password contains a control character "
            f"(a line break at the end?), which basic authentication forbids"
        )
    from base64 import b64encode

    encoded = b64encode(joined.encode()).decode("ascii")
    return Credential(headers=(("Authorization", f"Basic {encoded}"),))


def user_and_password(scheme: SecurityScheme, value: object) -> tuple[str, str]:
    """The two that a plain value holds. AuthError, without the value, if it does not."""
    match value:
        case (str(user), str(password)) if isinstance(value, tuple):
            return user, password
        case str() if ":" in value:
            user, _, password = value.partition(":")
            return user, password
    raise AuthError(
        f"{scheme.name} takes a user and a password, joined by ':' or as a tuple, not "
        f"{_shape(value)}"
    )


def _text(scheme: SecurityScheme, value: object) -> str:
    if not isinstance(value, str):
        raise AuthError(
            f"{scheme.name} ({scheme.carrier}) takes a str, a function without arguments that "
            f"returns one, or a Handler, not {_shape(value)}"
        )
    if not value:
        raise AuthError(f"the value for {scheme.name} is empty")
    return value


def _shape(value: object) -> str:
    """What kind of value it is, without the value."""
    if value is None:
        return "None (an environment variable that is not set?)"
    if isinstance(value, str):
        return "a str without ':'" if value else "an empty str"
    if isinstance(value, bytes):
        return "bytes; decode them first"
    if isinstance(value, tuple):
        return f"a tuple of {len(value)}"
    return f"a value of type {type(value).__name__}"
