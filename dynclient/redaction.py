"""One redactor for everything a person or a log may see.

What is secret comes from the document (security schemes, `format: password`, `writeOnly`), and
from a default list of names that are secret wherever they appear.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote_plus, unquote, unquote_plus

__all__ = ["DEFAULT_REDACTOR", "MASK", "NOT_SHOWN", "Redactor", "without"]

#: What stands in place of a secret value.
MASK = "[redacted]"
#: How the words begin that stand in place of a body that can't be shown.
NOT_SHOWN = b"[body not shown"

# Names that carry credentials by convention, whatever a document says of them.
_HEADERS = frozenset(
    {
        "api-key",
        "apikey",
        "authorization",
        "cookie",
        "proxy-authorization",
        "service-crn",
        "set-cookie",
        "www-authenticate",
        "x-access-token",
        "x-amz-security-token",
        "x-api-key",
        "x-auth-token",
        "x-csrf-token",
    }
)
_FIELDS = frozenset(
    {
        "access_token",
        "api-key",
        "api_key",
        "apikey",
        "client_assertion",
        "client_secret",
        "code_verifier",
        "id_token",
        "key_secret",
        "passwd",
        "password",
        "refresh_token",
        "secret",
        "session_token",
        "sig",
        "signature",
        "token",
    }
)
# A shorter one is found in words that have nothing to do with it; so is a shorter start of one.
_LEAST_SECRET = 6
_LEAST_START = 4
_FORM_FIELD = re.compile(r"([^&=]*)=([^&]*)")


@dataclass(frozen=True, slots=True)
class Redactor:
    """Masks values by the name they are sent under; all names in lower case.

    segments        texts that are secret in the path of a URL, where nothing has a name
    secret_content  media types of bodies that are secret as a whole
    codecs          what shows content of each media type (`operation.content.Registry`); without
                    it no body is shown
    """

    header_names: frozenset[str] = _HEADERS
    field_names: frozenset[str] = _FIELDS
    segments: frozenset[str] = frozenset()
    secret_content: tuple[str, ...] = ()
    codecs: Any = None

    def extended(self, *, headers: Iterable[str] = (), fields: Iterable[str] = ()) -> Redactor:
        """A redactor that knows these names as well (query, cookie and body names are fields)."""
        return replace(
            self,
            header_names=self.header_names | {name.lower() for name in headers},
            field_names=self.field_names | {name.lower() for name in fields},
        )

    def hiding(self, *segments: str) -> Redactor:
        """A redactor that masks these texts, percent-encoded as sent, in the paths of URLs."""
        return replace(self, segments=self.segments.union(filter(None, segments)))

    def is_secret_header(self, name: str) -> bool:
        """Whether a header of this name carries a secret."""
        return name.lower() in self.header_names

    def is_secret_field(self, name: str) -> bool:
        """Whether a query parameter, cookie or body property of this name carries a secret."""
        lowered = name.lower()
        if lowered in self.field_names:
            return True
        # `q[token]`, `token[]`: members of objects and items of arrays, by style deepObject.
        parts = lowered[:-1].replace("][", "[").split("[") if lowered.endswith("]") else ()
        return not self.field_names.isdisjoint(parts)

    def is_secret_part(self, location: str, name: str) -> bool:
        """Whether the part of an exchange of that name and location carries a secret."""
        return self.is_secret_field(name) or (location == "header" and self.is_secret_header(name))

    def headers(self, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """The header fields with secret values masked."""
        return [(name, self._header(name.lower(), value)) for name, value in pairs]

    def _header(self, name: str, value: str) -> str:
        if name not in self.header_names:
            return value
        if name != "cookie":
            return MASK
        # Names of cookies are no secret, and show which are sent.
        return "; ".join(f"{crumb.partition('=')[0].strip()}={MASK}" for crumb in value.split(";"))

    def url(self, url: str) -> str:
        """The URL with secret query values and any password in its authority masked."""
        head, mark, query = url.partition("?")
        scheme, slashes, rest = head.partition("://")
        authority, slash, path = rest.partition("/")
        if "@" in authority:
            authority = f"{MASK}@{authority.rpartition('@')[2]}"
        for secret in sorted(self.segments, key=len, reverse=True):
            path = path.replace(secret, MASK)
        head = f"{scheme}{slashes}{authority}{slash}{path}" if slashes else head
        return f"{head}{mark}{self.form(query)}" if mark else head

    def secrets(self, headers: Iterable[tuple[str, str]], url: str) -> list[str]:
        """The secret texts among header fields, in a query and a path, the longest first."""
        found = {value for name, value in headers if self.is_secret_header(name)}
        found |= {value.partition(" ")[2] for value in found}  # without the scheme: `Bearer …`
        for value in list(found):
            found |= _parts_of(value)
        for match in _FORM_FIELD.finditer(url.partition("?")[2]):
            name, value = map(unquote_plus, match.groups())
            if self.is_secret_field(name):
                found |= {value, match[2]}
        for segment in self.segments:
            found |= {segment, *_values_of(unquote(segment))}
        return sorted((text for text in found if len(text) >= _LEAST_SECRET), key=len, reverse=True)

    def content(self, content: Any, content_type: str) -> Any:
        """A body fit to be shown: secret members masked; a body that can't be read is named."""
        if not isinstance(content, bytes):
            return None if content is None else NOT_SHOWN + b": it is read as it is sent]"
        if self.codecs is None:
            kind = content_type or "unknown type"
            return NOT_SHOWN + f": {len(content)} bytes of {kind}]".encode()
        shown: bytes = self.codecs.redacted(content, content_type, self)
        return shown

    def data(self, value: Any) -> Any:
        """A copy of plain data with the values of secret members masked."""
        if isinstance(value, dict):
            return {
                key: MASK if isinstance(key, str) and self.is_secret_field(key) else self.data(item)
                for key, item in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.data(item) for item in value]
        return value

    def form(self, text: str) -> str:
        """A query string or a form with the values of secret members masked."""

        def mask(match: re.Match[str]) -> str:
            name, value = match.groups()
            if self.is_secret_field(unquote_plus(name)):
                return f"{name}={MASK}"
            text = unquote_plus(value)
            if text.startswith(("{", "[")):  # an object as JSON text
                content = text.encode("utf-8", "replace")
                shown = self.json(content)
                if shown != content:
                    return f"{name}={quote_plus(shown.decode())}"
            return match[0]

        return _FORM_FIELD.sub(mask, text)

    def json(self, content: bytes) -> bytes:
        """A JSON text with the values of secret members masked."""
        import json

        try:
            data = json.loads(content)
        except (ValueError, RecursionError):
            # It was to be JSON and is not: what can't be read can't be cleared of secrets.
            return NOT_SHOWN + f": {len(content)} bytes that are not JSON]".encode()
        shown = self.data(data)
        if shown == data:
            return content
        text = json.dumps(shown, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "replace")


def _parts_of(value: str) -> set[str]:
    """The values of a Cookie field; user and password of `Basic …` (RFC 7617)."""
    if value[:6].lower() == "basic ":
        from base64 import b64decode

        try:
            pair = b64decode(value[6:], validate=True).decode()
        except ValueError:
            return set()
        return {pair, pair.partition(":")[2]}
    return {crumb.partition("=")[2].strip() for crumb in value.split(";") if "=" in crumb}


def without(text: str, secrets: Iterable[str]) -> str:
    """The text with each secret masked; also one of which `…` has cut off the end."""
    for secret in secrets:
        text = text.replace(secret, MASK)
        if "…" in text:
            *cut, last = text.split("…")
            text = "…".join([*(_without_start(piece, secret) for piece in cut), last])
    return text


def _without_start(text: str, secret: str) -> str:
    """The text without the start of a secret at its end."""
    for size in range(min(len(text), len(secret)), _LEAST_START - 1, -1):
        if text.endswith(secret[:size]):
            return text[:-size] + MASK
    return text


def _values_of(segment: str) -> list[str]:
    """What a path segment may be in the words of a server: without what its style adds."""
    value = segment.lstrip(".;")
    return [segment, value, *value.partition("=")[2].split(","), *value.split(",")]


DEFAULT_REDACTOR = Redactor()
