"""One redactor for everything a person or a log may see.

What is secret comes from the document (security schemes, `format: password`, `writeOnly`), and
from a default list of names that are secret wherever they appear.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from msgspec import Struct, structs

__all__ = ["DEFAULT_REDACTOR", "MASK", "NOT_SHOWN", "Redactor", "without"]

#: The text that replaces a secret value.
MASK = "[redacted]"
#: The start of the text that replaces a body that can't be shown.
NOT_SHOWN = b"[body not shown"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Names that carry credentials by convention, whatever the document.
_HEADERS = _words(
    "authentication-info cookie proxy-authenticate service-crn set-cookie www-authenticate "
    "x-amz-credential"
)
#: One of them in a header's name makes it one: `PRIVATE-TOKEN`, `X-JWT-Assertion`.
_WORDS = _words(
    "apikey assertion auth authorization credential credentials dpop jwt passphrase passwd "
    "password secret session token"
)
#: Any other that ends in `-key` is one: `Ocp-Apim-Subscription-Key`.
_OPEN_KEYS = _words("cache-key idempotency-key sec-websocket-key surrogate-key")
#: Query parameters, cookies and members of bodies; written without `-` and `_`.
_FIELDS = _words(
    "accesstoken apikey apitoken authorization authtoken bearertoken clientassertion clientsecret "
    "codeverifier devicecode idtoken keysecret passphrase passwd password privatekey refreshtoken "
    "secret secretaccesskey secretkey sessiontoken sig signature token xamzsecuritytoken "
    "xamzsignature xgoogsignature"
)
# A shorter one is found in words that have nothing to do with it; so is a shorter start of one.
_LEAST_SECRET = 6
_LEAST_START = 4
# In a longer body nobody looks for what a server may repeat of it.
_MOST_SEARCHED = 1 << 20
_FORM_FIELD = re.compile(r"([^&=]*)=([^&]*)")
_WORD = re.compile(r"[a-z0-9]+")


class Redactor(Struct, frozen=True):
    """Masks values by the name they are sent under; all names in lower case.

    header_names    those that are secret besides the usual ones; so are field_names
    segments        texts that are secret in a URL where nothing has a name, as in its path
    secret_content  media types of bodies that are secret as a whole
    codecs          what shows content of each media type (`operation.content.Registry`); without
                    it no body is shown
    """

    header_names: frozenset[str] = frozenset()
    field_names: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()
    secret_content: tuple[str, ...] = ()
    codecs: Any = None

    def extended(self, *, headers: Iterable[str] = (), fields: Iterable[str] = ()) -> Redactor:
        """A redactor that knows these names as well (query, cookie and body names are fields)."""
        return structs.replace(
            self,
            header_names=self.header_names | {name.lower() for name in headers},
            field_names=self.field_names | {name.lower() for name in fields},
        )

    def hiding(self, *segments: str) -> Redactor:
        """A redactor that masks these texts, percent-encoded as sent, in the paths of URLs."""
        return structs.replace(self, segments=self.segments.union(filter(None, segments)))

    def joined(self, other: Redactor) -> Redactor:
        """A redactor that knows what either knows."""
        return structs.replace(
            self.extended(headers=other.header_names, fields=other.field_names),
            segments=self.segments | other.segments,
            secret_content=tuple(dict.fromkeys((*self.secret_content, *other.secret_content))),
            codecs=other.codecs if self.codecs is None else self.codecs,
        )

    def is_secret_header(self, name: str) -> bool:
        """Whether a header of this name carries a secret."""
        lowered = name.lower()
        return lowered in self.header_names or _is_usual_header(lowered)

    def is_secret_field(self, name: str) -> bool:
        """Whether a query parameter, cookie or body property of this name carries a secret."""
        lowered = name.lower()
        if self._is_field(lowered):
            return True
        # `q[token]`, `token[]`: members of objects and items of arrays, by style deepObject.
        parts = lowered[:-1].replace("][", "[").split("[") if lowered.endswith("]") else ()
        return any(map(self._is_field, parts))

    def _is_field(self, name: str) -> bool:
        return name in self.field_names or name.replace("_", "").replace("-", "") in _FIELDS

    def is_secret_part(self, location: str, name: str) -> bool:
        """Whether the part of an exchange of that name and location carries a secret."""
        return self.is_secret_field(name) or (location == "header" and self.is_secret_header(name))

    def headers(self, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """The header fields with secret values masked."""
        return [(name, self._header(name.lower(), value)) for name, value in pairs]

    def _header(self, name: str, value: str) -> str:
        if not self.is_secret_header(name):
            return value
        if name != "cookie":
            return MASK
        # Names of cookies are not secret, and show which are sent.
        return "; ".join(f"{crumb.partition('=')[0].strip()}={MASK}" for crumb in value.split(";"))

    def url(self, url: str) -> str:
        """The URL with secret query values and any password in its authority masked."""
        head, mark, query = url.partition("?")
        scheme, slashes, rest = head.partition("://")
        authority, slash, path = rest.partition("/")
        if "@" in authority:
            authority = f"{MASK}@{authority.rpartition('@')[2]}"
        query = self.form(query)
        for secret in sorted(self.segments, key=len, reverse=True):
            path, query = path.replace(secret, MASK), query.replace(secret, MASK)
        head = f"{scheme}{slashes}{authority}{slash}{path}" if slashes else head
        return f"{head}{mark}{query}" if mark else head

    def secrets(
        self,
        headers: Iterable[tuple[str, str]],
        url: str,
        content: Any = None,
        kind: str = "",
        *,
        whole: bool = False,
    ) -> list[str]:
        """The secret texts of a request, as they are and as texts quote them, the longest first.

        They are in header fields, in the query, the path, and a body of the content type `kind`;
        `whole` is whether all of that is secret.
        """
        found: set[str] = set()
        for name, value in headers:
            if self.is_secret_header(name):  # by itself, and without the scheme of `Bearer …`
                found |= {*_values_of(value), value.partition(" ")[2], *_parts_of(value)}
        for match in _FORM_FIELD.finditer(url.partition("?")[2]):
            name, value = map(unquote_plus, match.groups())
            if self.is_secret_field(name):
                found |= {match[2], *_values_of(value)}
        for segment in self.segments:
            found |= {segment, *_values_of(unquote(segment))}
        if isinstance(content, bytes) and len(content) <= _MOST_SEARCHED:
            found.update(self._of_body(content, kind, whole))
        found = {text for text in found if len(text) >= _LEAST_SECRET}
        return sorted({each for text in found for each in _quoted(text)}, key=len, reverse=True)

    def holds_secrets(self, content: bytes, kind: str, *, whole: bool) -> bool:
        """Whether a body of the content type `kind` holds a secret."""
        return any(self._of_body(content, kind, whole))

    def _of_body(self, content: bytes, kind: str, whole: bool) -> Iterable[str]:
        if self.codecs is not None:
            found: Iterable[str] = self.codecs.secrets(content, kind, self, whole=whole)
            return found
        # Of a request of no operation, such as for a token: JSON, or a form.
        text = content.decode("utf-8", "replace")
        data = _data(text)
        is_data = isinstance(data, dict | list)
        return self.leaves(data, whole) if is_data else self.of_form(text, whole=whole)

    def of_form(self, text: str, *, whole: bool) -> Iterator[str]:
        """The secret values of a form, as they are and in parts."""
        pairs = (map(unquote_plus, match.groups()) for match in _FORM_FIELD.finditer(text))
        return self.of_pairs(((name, value) for name, value in pairs), whole=whole)

    def of_pairs(self, pairs: Iterable[tuple[str, str]], *, whole: bool) -> Iterator[str]:
        """The secret ones of named texts, as they are and in parts; all, if `whole`."""
        for name, text in pairs:
            if whole or self.is_secret_field(name):
                yield from _values_of(text)

    def leaves(self, value: Any, secret: bool) -> Iterator[str]:
        """The texts of the secret members of plain data; of all of it, if `secret`."""
        if isinstance(value, dict):
            for name, item in value.items():
                yield from self.leaves(item, secret or self.is_secret_field(name))
        elif isinstance(value, list):
            for item in value:
                yield from self.leaves(item, secret)
        elif secret and not isinstance(value, bool | None):
            yield str(value)

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
            if text.startswith(("{", "[")) and ":" in text:  # an object as JSON text
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


@lru_cache(1024)
def _is_usual_header(name: str) -> bool:
    words = _WORD.findall(name)
    is_key = words[-1:] == ["key"] and name not in _OPEN_KEYS
    return name in _HEADERS or is_key or not _WORDS.isdisjoint(words)


def _quoted(text: str) -> set[str]:
    """A text as it is, as Python and JSON quote it, and percent-encoded."""
    import json

    as_json = {json.dumps(text, ensure_ascii=ascii)[1:-1] for ascii in (True, False)}
    return {text, repr(text)[1:-1], *as_json, quote(text, safe="", errors="replace")}


def _parts_of(value: str) -> set[str]:
    """The values of a Cookie field; user and password of `Basic …` (RFC 7617)."""
    if value[:6].lower() == "basic ":
        from base64 import b64decode

        try:
            pair = b64decode(value[6:], validate=True).decode()
        except ValueError:
            return set()
        password = pair.partition(":")[2]
        return {pair, password, unquote_plus(password)}  # RFC 6749, section 2.3.1, encodes it
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


def _values_of(text: str) -> list[str]:
    """What a serialized value may be in the words of a server: without what its style adds."""
    if text.startswith(("{", "[", '"')):
        return [text, *DEFAULT_REDACTOR.leaves(_data(text), True)]
    value = text.lstrip(".;")
    return [text, value, *value.partition("=")[2].split(","), *value.split(",")]


def _data(text: str) -> Any:
    """JSON text as data; None where it is none."""
    import json

    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


DEFAULT_REDACTOR = Redactor()
