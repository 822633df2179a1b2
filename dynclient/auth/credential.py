"""A credential: the header fields, query values and cookies that go on a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import quote

from msgspec import Struct

from ..abnf import is_field_value, is_token
from ..errors import AuthError
from ..messages import HttpRequest
from ..redaction import Redactor

__all__ = ["NOTHING", "Credential", "Found"]

Pairs = tuple[tuple[str, str], ...]


class Credential(Struct, frozen=True):
    """What authenticates a request, by place. Values are as they are meant, not yet encoded.

    Built by handlers. Raises `AuthError`, without the value, for a value that can't travel:
    a header with a line break or a character outside of latin-1, a cookie with a semicolon,
    one header set twice.
    """

    headers: Pairs = ()
    query: Pairs = ()
    cookies: Pairs = ()

    def __post_init__(self) -> None:
        for name, value in self.headers:
            _check_token("header", name)
            _check_header_value(f"the header {name}", value)
        for name, value in self.cookies:
            _check_token("cookie", name)
            _check_header_value(f"the cookie {name}", value)
            if ";" in value:
                raise AuthError(f"the value for the cookie {name} contains a semicolon")
        for name, value in self.query:
            _check_query_value(name, value)
        _check_distinct(self.headers)

    def apply(self, request: HttpRequest) -> HttpRequest:
        """The request with this credential on it.

        Header fields replace those of the same name. Query values are percent-encoded and
        appended. Cookies join those already there in one `Cookie` header (RFC 6265, section
        5.4), replacing those of the same name. The request's redactor learns every name used.
        """
        headers = request.headers
        if not (self.headers or self.query or self.cookies):
            return request
        if self.headers:
            headers = headers.merged(dict(self.headers))
        if self.cookies:
            headers = headers.merged({"Cookie": self._joined(headers.get_list("Cookie"))})
        changed = replace(request, headers=headers, redactor=self._redactor(request.redactor))
        if self.query:
            pairs = (
                f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in self.query
            )
            changed = changed.with_query("&".join(pairs))
        return changed

    def is_on(self, request: HttpRequest) -> bool:
        """Whether the request carries the header fields of this credential, to the letter."""
        return all(value in request.headers.get_list(name) for name, value in self.headers)

    def _joined(self, present: list[str]) -> str:
        mine = {name for name, _ in self.cookies}
        crumbs = (crumb.strip() for line in present for crumb in line.split(";"))
        kept = [crumb for crumb in crumbs if crumb and crumb.partition("=")[0].strip() not in mine]
        return "; ".join([*kept, *(f"{name}={value}" for name, value in self.cookies)])

    def _redactor(self, redactor: Redactor) -> Redactor:
        # Whoever built the request may not have known every scheme; a secret must not depend on it.
        headers = [name for name, _ in self.headers if not redactor.is_secret_header(name)]
        fields = [n for n, _ in (*self.query, *self.cookies) if not redactor.is_secret_field(n)]
        return redactor.extended(headers=headers, fields=fields) if headers or fields else redactor

    def __add__(self, other: Credential) -> Credential:
        """Both together. `AuthError` if they set one header to different values."""
        if not isinstance(other, Credential):
            return NotImplemented
        if not (self.headers or self.query or self.cookies):
            return other
        headers = self.headers + tuple(pair for pair in other.headers if pair not in self.headers)
        return Credential(headers, self.query + other.query, self.cookies + other.cookies)

    def __repr__(self) -> str:
        parts = {"headers": self.headers, "query": self.query, "cookies": self.cookies}
        shown = [f"{k}: {', '.join(name for name, _ in v)}" for k, v in parts.items() if v]
        return f"<Credential {'; '.join(shown) or 'empty'}>"


def _check_token(kind: str, name: str) -> None:
    if not is_token(name):
        raise AuthError(f"{name!r} can't be the name of a {kind} (RFC 9110, section 5.6.2)")


def _check_header_value(where: str, value: str) -> None:
    if value and is_field_value(value) and value == value.strip(" \t"):
        return
    if not value:
        fault = "is empty"
    elif "\r" in value or "\n" in value:
        fault = "contains a line break; if it was read from a file, strip() it"
    elif any(ord(character) > 0xFF for character in value):
        fault = "contains a character outside of latin-1, which no header can carry"
    elif value != value.strip(" \t"):
        fault = "has white space around it"
    else:
        fault = "contains a control character"
    raise AuthError(f"the value for {where} {fault} (it is not shown here)")


def _check_query_value(name: str, value: str) -> None:
    # A lone surrogate has no UTF-8 form. Encoding it would raise an error that keeps the value.
    if any("\ud800" <= character <= "\udfff" for character in name + value):
        raise AuthError(f"the value for the query parameter {name!r} is not valid Unicode")


def _check_distinct(headers: Pairs) -> None:
    seen = set()
    for name, _ in headers:
        if name.lower() in seen:
            raise AuthError(f"two credentials set the header {name}; a request can carry only one")
        seen.add(name.lower())


#: The credential of an operation that needs none.
NOTHING = Credential()


class Found(NamedTuple):
    """Credentials, and what they say of where the service is.

    auth      the `auth=` mapping, completed
    base_url  where the service is; None where they do not say
    source    what says so, for people
    """

    auth: Mapping[str, Any]
    base_url: str | None = None
    source: str = ""
