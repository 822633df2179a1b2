"""Security Scheme Objects: what a document says about each way to show who you are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

from ..errors import AuthError, DocumentError
from ..messages import HttpRequest
from ..redaction import Redactor
from ..remedies import give

__all__ = ["SecurityScheme"]

#: The values of `type`, OpenAPI 3.2 "Security Scheme Object" (mutualTLS since 3.1).
_TYPES = ("apiKey", "http", "mutualTLS", "oauth2", "openIdConnect")
_LOCATIONS = ("header", "query", "cookie")


@dataclass(frozen=True, slots=True)
class SecurityScheme:
    """One Security Scheme Object (OpenAPI 3.x, section "Security Scheme Object").

    name                 its key under `components.securitySchemes`
    type                 apiKey, http, oauth2, openIdConnect or mutualTLS
    location             of an apiKey: header, query or cookie; else None
    parameter_name       of an apiKey: the name on the wire; else None
    http_scheme          of http: the authentication scheme in lower case (bearer, basic, …)
    bearer_format        a hint for people, such as JWT
    flows                of oauth2: the OAuth Flows Object as it stands in the document
    open_id_connect_url  of openIdConnect: the discovery address
    base_url             where the service is: what relative URLs are resolved against; "" for none
    trusts               whether credentials may go to a URL that the document names; None for all
    """

    name: str
    type: str
    location: str | None = None
    parameter_name: str | None = None
    http_scheme: str | None = None
    bearer_format: str | None = None
    flows: Mapping[str, Any] = field(default_factory=dict, hash=False)
    description: str = ""
    open_id_connect_url: str | None = None
    base_url: str = field(default="", compare=False, repr=False)  # it may hold a password
    trusts: Callable[[str], bool] | None = field(default=None, compare=False, repr=False)

    @classmethod
    def from_mapping(cls, name: str, data: Mapping[str, Any]) -> SecurityScheme:
        """Read the object that stands under `name` in the document; references are resolved.

        Raises `DocumentError` for anything without which no request can be built. A missing
        `flows` or `openIdConnectUrl` is let pass: a token got elsewhere can still be sent.
        """
        reader = _Reader(name, data)
        kind = reader.one_of("type", _TYPES)
        is_key, is_http = kind == "apiKey", kind == "http"
        return cls(
            name=name,
            type=kind,
            location=reader.one_of("in", _LOCATIONS) if is_key else None,
            parameter_name=reader.text("name") if is_key else None,
            # RFC 9110, section 11.1: the scheme is compared without regard to case.
            http_scheme=reader.text("scheme").lower() if is_http else None,
            bearer_format=reader.optional("bearerFormat"),
            flows=reader.flows(),
            description=reader.optional("description") or "",
            open_id_connect_url=reader.optional("openIdConnectUrl"),
        )

    def endpoint(self, url: str) -> str:
        """A URL of the scheme, absolute.

        A relative one is resolved against the base URL as paths are, below it (OpenAPI 3.1.1,
        section "Relative References in API URLs"). AuthError if the policy does not allow it.
        """
        if "://" not in url:
            if not self.base_url:
                raise AuthError(f"{self.name}: the URL {url!r} is relative")
            scheme, slashes, rest = self.base_url.partition("://")
            authority, slash, path = rest.partition("/")
            authority = authority.rpartition("@")[2]  # who calls the service is nobody there
            url = urljoin(f"{scheme}{slashes}{authority}{slash}{path}/", url)
        if self.trusts is not None and not self.trusts(url):
            host = urlsplit(url).netloc.rpartition("@")[2]
            raise AuthError(
                f"{self.name}: the document names {host} for its tokens, whose origin is not "
                "trusted",
                remedy=give(trust={"origins": f"{urlsplit(url).scheme}://{host}"}),
            )
        return url

    def redact(self, redactor: Redactor) -> Redactor:
        """The redactor, knowing as well the names under which this scheme's secrets travel."""
        if self.type == "apiKey" and self.parameter_name is not None:
            if self.location == "header":
                return redactor.extended(headers=[self.parameter_name])
            return redactor.extended(fields=[self.parameter_name])
        if self.type == "mutualTLS":
            return redactor
        return redactor.extended(headers=["authorization"])

    def is_carried_by(self, request: HttpRequest) -> bool:
        """Whether a request has something where this scheme's credential goes."""
        if self.type == "mutualTLS":
            return True
        name = self.parameter_name or "Authorization"
        if self.location == "query":
            query = urlsplit(request.url).query
            return any(key == name for key, _ in parse_qsl(query, keep_blank_values=True))
        if self.location == "cookie":
            crumbs = "; ".join(request.headers.get_list("Cookie")).split(";")
            return any(crumb.partition("=")[0].strip() == name for crumb in crumbs)
        return name in request.headers

    @property
    def carrier(self) -> str:
        """Where its credential goes on a request, in words."""
        if self.type == "apiKey":
            return f"{self.location} {self.parameter_name}"
        if self.type == "mutualTLS":
            return "the client certificate of the transport"
        return f"header Authorization, {self.http_scheme or 'bearer'}"


class _Reader:
    """Reads members of one Security Scheme Object and says where a fault is."""

    def __init__(self, name: str, data: Mapping[str, Any]) -> None:
        escaped = name.replace("~", "~0").replace("/", "~1")  # RFC 6901, section 3
        self._pointer = f"/components/securitySchemes/{escaped}"
        if not isinstance(data, Mapping):
            raise DocumentError("a security scheme is an object", pointer=self._pointer)
        self._data = data

    def _fault(self, key: str, message: str) -> DocumentError:
        there = f"/{key}" if key in self._data else ""
        return DocumentError(message, pointer=f"{self._pointer}{there}")

    def text(self, key: str) -> str:
        value = self._data.get(key)
        if not isinstance(value, str) or not value:
            kind = self._data.get("type")
            raise self._fault(key, f"a security scheme of type {kind} needs {key!r}, a text")
        return value

    def one_of(self, key: str, allowed: tuple[str, ...]) -> str:
        value = self._data.get(key)
        if isinstance(value, str) and value in allowed:
            return value
        if value is None:
            raise self._fault(key, f"a security scheme needs {key!r}, one of {', '.join(allowed)}")
        from difflib import get_close_matches

        nearest = get_close_matches(str(value), allowed, n=1)
        hint = f"; did you mean {nearest[0]}?" if nearest else ""
        raise self._fault(key, f"{key!r} is one of {', '.join(allowed)}{hint}")

    def optional(self, key: str) -> str | None:
        value = self._data.get(key)
        return value if isinstance(value, str) else None

    def flows(self) -> Mapping[str, Any]:
        value = self._data.get("flows", {})
        if not isinstance(value, Mapping):
            raise self._fault("flows", "'flows' is an object")
        return value
