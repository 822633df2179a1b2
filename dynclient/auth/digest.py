"""HTTP Digest Access Authentication (RFC 7616): the password never travels, a hash of it does."""

# ruff: noqa: ARG002 - every handler is given the scheme and the scopes, few need both
from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import quote

from ..abnf import quoted, split_challenges
from ..errors import AuthError
from ..messages import HttpRequest, HttpResponse
from ..origins import Origin, origin_of, split_url
from .credential import NOTHING, Credential
from .handlers import Handler
from .schemes import SecurityScheme

__all__ = ["DigestAuth"]

#: RFC 7616, section 6.1: algorithm → its name in hashlib.
_HASHES = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}
_SESS = "-SESS"


class DigestAuth(Handler):
    """Answers the challenges of a server with a user name and a password.

    Algorithms MD5, SHA-256 and SHA-512-256, each also as `-sess`; of several challenges the first
    that is supported counts (RFC 7616, section 3.7). qop is `auth`, or none as in RFC 2069. The
    first request to an origin costs a 401; those after it carry the hash at once, counting how
    often the nonce was used. A body that can't be read twice goes only where the nonce is known.

    Raises AuthError for a user or password that is not a str or can't be encoded, and when a
    server offers only challenges that are not supported.
    """

    def __init__(self, user: str, password: str) -> None:
        for name, text in (("user", user), ("password", password)):
            if not isinstance(text, str):
                raise AuthError(f"DigestAuth takes the {name} as a str, not {type(text).__name__}")
            if any(c < " " or c == "\x7f" or "\ud800" <= c <= "\udfff" for c in text):
                raise AuthError(
                    f"the {name} given to DigestAuth contains a control character (a line break "
                    "at the end?) or a lone surrogate (it is not shown here)"
                )
        self._user = user
        self._password = password
        self._sessions: dict[Origin, _Session] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_sessions": {}}  # two processes must not count the same nonce

    def ready(self, scheme: SecurityScheme, scopes: tuple[str, ...]) -> Credential:
        """Nothing: what goes on a request depends on the request."""
        return NOTHING

    def modify(self, request: HttpRequest) -> HttpRequest:
        """The request with its `Authorization`, once its origin has sent a challenge."""
        session = self._sessions.get(origin_of(request.url))
        if session is None:
            return request
        value = session.authorization(request.method, split_url(request.url)[1])
        return request.with_headers({"Authorization": value})

    def refused(
        self,
        scheme: SecurityScheme,
        scopes: tuple[str, ...],
        request: HttpRequest,
        response: HttpResponse,
    ) -> bool:
        """Keep the challenge. True if the request had no hash, or that of a nonce that ended."""
        origin = origin_of(request.url)
        session = self._sessions.get(origin)
        used = _nonce_of(request)
        if session is not None and session.nonce != used:
            return True  # another call has been challenged in the meantime
        offered = split_challenges(", ".join(response.headers.get_list("WWW-Authenticate")))
        challenges = [values for name, values in offered if name == "digest"]
        challenge = next(filter(_is_supported, challenges), None)
        if challenges and challenge is None:
            raise AuthError(f"{scheme.name}: {_unsupported(origin, challenges)}")
        # Section 3.3: without stale=true the user or the password is wrong.
        if challenge is None or (used and challenge.get("stale", "").lower() != "true"):
            self._sessions.pop(origin, None)
            return False
        self._sessions[origin] = _Session.of(challenge, self._user, self._password)
        return True


@dataclass(frozen=True, slots=True, repr=False)
class _Session:
    """A challenge, and what is worked out of it once. `-sess` needs one cnonce for all requests.

    `user` is the parameter that names the user, ready to be sent.
    """

    challenge: Mapping[str, str]
    user: str
    hash: str
    a1: bytes
    cnonce: str
    # One call into C: no two threads get the same number.
    uses: count[int] = field(default_factory=lambda: count(1))

    @classmethod
    def of(cls, challenge: Mapping[str, str], user: str, password: str) -> _Session:
        algorithm = challenge.get("algorithm", "MD5").upper()
        name = _HASHES[algorithm.removesuffix(_SESS)]
        cnonce = secrets.token_urlsafe(24)
        # Fields are read as Latin-1: so written, realm and nonce are the octets of the server.
        realm = challenge.get("realm", "").encode("latin-1")
        a1 = _hashed(name, user.encode(), realm, password.encode())
        if algorithm.endswith(_SESS):
            a1 = _hashed(name, a1, challenge["nonce"].encode("latin-1"), cnonce.encode())
        if challenge.get("userhash", "").lower() == "true":  # section 3.4.4
            named = f'username="{_hashed(name, user.encode(), realm).decode()}", userhash=true'
        elif user.isascii():
            named = f"username={quoted(user)}"
        else:  # RFC 8187, section 3.2.1
            named = f"username*=UTF-8''{quote(user, safe='')}"
        return cls(challenge, named, name, a1, cnonce)

    @property
    def nonce(self) -> str:
        return self.challenge["nonce"]

    def authorization(self, method: str, target: str) -> str:
        """The field of the next request (section 3.4); `target` as it stands in its first line."""
        challenge, nonce = self.challenge, self.nonce.encode("latin-1")
        once: tuple[bytes, ...]
        a2 = _hashed(self.hash, method.encode(), target.encode())
        values = [self.user]
        values += [f"{n}={quoted(challenge[n])}" for n in _REPEATED if n in challenge]
        values.append(f"uri={quoted(target)}")
        if "algorithm" in challenge:
            values.append(f"algorithm={challenge['algorithm']}")
        if "qop" in challenge:
            uses = f"{next(self.uses):08x}"
            once = (uses.encode(), self.cnonce.encode(), b"auth")
            values += ["qop=auth", f"nc={uses}", f"cnonce={quoted(self.cnonce)}"]
        else:
            once = ()
        response = _hashed(self.hash, self.a1, nonce, *once, a2).decode()
        return f'Digest {", ".join(values)}, response="{response}"'


_REPEATED = ("realm", "nonce", "opaque")


def _hashed(name: str, *parts: bytes) -> bytes:
    """The hash of the parts, in hexadecimal."""
    return hashlib.new(name, b":".join(parts), usedforsecurity=False).hexdigest().encode()


def _nonce_of(request: HttpRequest) -> str | None:
    """The nonce of the hash that a request carries."""
    for name, values in split_challenges(request.headers.get("Authorization", "")):
        if name == "digest":
            return values.get("nonce")
    return None


def _is_supported(challenge: Mapping[str, str]) -> bool:
    algorithm = challenge.get("algorithm", "MD5").upper()
    is_known = _HASHES.get(algorithm.removesuffix(_SESS)) in hashlib.algorithms_available
    # Without qop no cnonce may be sent, and `-sess` is made of one.
    usual = "" if algorithm.endswith(_SESS) else "auth"
    qops = [qop.strip().lower() for qop in challenge.get("qop", usual).split(",")]
    return is_known and "auth" in qops and "nonce" in challenge


def _unsupported(origin: Origin, challenges: Iterable[Mapping[str, str]]) -> str:
    offers = "; ".join(
        ", ".join(f"{name}={c[name]}" for name in ("algorithm", "qop") if name in c)
        for c in challenges
    )
    known = ", ".join(_HASHES)
    return f"{origin} offers Digest with {offers or 'no nonce'}; supported: {known} with qop=auth"
