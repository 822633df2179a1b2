"""Where tokens are given: the URLs of a flow in the document, or of a provider's metadata.

Sources: OpenAPI 3.2.0, section "OAuth Flow Object"; OpenID Connect Discovery 1.0, section 4.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, MutableMapping
from typing import Any, Literal, NamedTuple, TypeAlias

from ..commands import Command
from ..errors import AuthError
from ..messages import Headers, HttpRequest
from .schemes import SecurityScheme
from .tokens import check_endpoint, json_object

__all__ = ["ClientAuth", "Endpoints", "Metadata", "endpoints_of"]

#: How the client shows who it is to the token endpoint (RFC 6749, section 2.3.1).
ClientAuth: TypeAlias = Literal["basic", "body"]
#: What providers said of themselves, by the URL of their metadata.
Metadata: TypeAlias = MutableMapping[str, Mapping[str, Any]]

#: The flows that ask a user: where that begins, in the document and in metadata.
_BEGIN = {
    "authorizationCode": ("authorizationUrl", "authorization_endpoint"),
    "deviceAuthorization": ("deviceAuthorizationUrl", "device_authorization_endpoint"),
}
_METHODS: Mapping[str, ClientAuth] = {
    "client_secret_basic": "basic",
    "client_secret_post": "body",
}
_SECRET = "the client's secret"  # noqa: S105  the words for it


class Endpoints(NamedTuple):
    """The URL for a new token, the one for a token renewed, and how the client is known there.

    `begin` is where the user's consent begins, for flows that ask for it; else "".
    """

    token: str
    refresh: str
    client_auth: ClientAuth = "basic"
    begin: str = ""


def endpoints_of(
    scheme: SecurityScheme, flow: str, metadata: Metadata
) -> Generator[HttpRequest | Command, Any, Endpoints]:
    """The endpoints that a scheme names, checked; `metadata` keeps what was discovered.

    AuthError for a flow that it has not, a URL that is not trusted or not protected, and metadata
    that can't be had or is another issuer's.
    """
    if scheme.type == "openIdConnect":
        data = yield from _discovered(scheme, metadata)
        methods = data.get("token_endpoint_auth_methods_supported")
        methods = methods if isinstance(methods, list) else []
        known = (_METHODS[method] for method in methods if method in _METHODS)
        there = str(data["token_endpoint"])
        begin = str(data.get(_BEGIN[flow][1]) or "") if flow in _BEGIN else ""
        if begin:
            check_endpoint(begin, f"the {_BEGIN[flow][1]} of {scheme.name}", _SECRET)
        return Endpoints(there, there, next(known, "basic"), begin)
    found = scheme.flows.get(flow)
    url = found.get("tokenUrl") if isinstance(found, Mapping) else None
    if not isinstance(found, Mapping) or not isinstance(url, str) or not url:
        known_flows = ", ".join(scheme.flows) or "none"
        raise AuthError(
            f"{scheme.name} has no flow {flow} with a tokenUrl (its flows: {known_flows}); give "
            "OAuth2 a token_url"
        )
    token = _checked(scheme, url)
    refresh = found.get("refreshUrl")
    renewed = _checked(scheme, refresh) if isinstance(refresh, str) and refresh else token
    where = found.get(_BEGIN[flow][0]) if flow in _BEGIN else None
    begin = _checked(scheme, where) if isinstance(where, str) and where else ""
    return Endpoints(token, renewed, begin=begin)


def _checked(scheme: SecurityScheme, url: str) -> str:
    url = scheme.endpoint(url)
    check_endpoint(url, f"the token URL of {scheme.name}", _SECRET)
    return url


def _discovered(
    scheme: SecurityScheme, metadata: Metadata
) -> Generator[HttpRequest | Command, Any, Mapping[str, Any]]:
    if not scheme.open_id_connect_url:
        raise AuthError(f"{scheme.name} has no openIdConnectUrl; give OAuth2 a token_url")
    url = _checked(scheme, scheme.open_id_connect_url)
    if url not in metadata:
        headers = Headers({"Accept": "application/json"})
        response = yield HttpRequest("GET", url, headers, operation="OpenID discovery")
        data = json_object(response.content) if response.status == 200 else None
        endpoint = None if data is None else data.get("token_endpoint")
        if data is None or not isinstance(endpoint, str):
            raise AuthError(
                f"{scheme.name}: {url} names no token_endpoint (it responded with "
                f"{response.status})"
            )
        issuer = data.get("issuer")
        # Section 4.3: the issuer is the URL without what discovery appends.
        if str(issuer).rstrip("/") != url.partition("/.well-known/")[0]:
            raise AuthError(f"{scheme.name}: {url} is the metadata of another issuer")
        check_endpoint(endpoint, f"the token_endpoint that {url} names", _SECRET)
        metadata[url] = data
    return metadata[url]
