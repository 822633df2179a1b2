"""Proof of possession (RFC 9449): a token that is of no use to whoever steals it.

By joserfc (extra `dpop`). The key signs a proof for each request; the token is bound to the key.
"""

from __future__ import annotations

import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from contextlib import suppress
from hashlib import sha256
from typing import Any
from uuid import uuid4

from ..errors import AuthError
from ..messages import HttpRequest, HttpResponse
from ..origins import Origin, origin_of
from .credential import Credential
from .tokens import origin_and_path

__all__ = ["DPoP"]

#: The algorithm for a key, by its curve (RFC 7518, section 3.1; RFC 9864).
_ALGORITHMS = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "Ed25519": "Ed25519"}


class DPoP:
    """A key, and the proofs that it signs: `OAuth2(client_id, secret, dpop=DPoP())`.

    key    a private key as PEM text or as a JWK mapping: EC (P-256, P-384, P-521), Ed25519 or RSA;
           by default a new one for ES256, which ends with the process
    clock  the time in seconds, as the server sees it

    Nonces that a server asks for are kept by origin (sections 8 and 9). Serves any number of
    clients and threads. A pickle holds the private key. AuthError for a key that can't be used, or
    without the package joserfc.
    """

    def __init__(
        self,
        key: str | bytes | Mapping[str, Any] | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._key = _private_key(key)
        self._clock = clock
        self._nonces: dict[Origin, str] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_key": self._key.as_dict(private=True), "_nonces": {}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _key=_private_key(state["_key"]))

    @property
    def thumbprint(self) -> str:
        """That of the public key (RFC 7638), as a server knows it."""
        return str(self._key.thumbprint())

    def proved(self, request: HttpRequest) -> HttpRequest:
        """The request with a proof for it, and for the token that it carries (section 4.2)."""
        from joserfc import jwt

        word, _, token = (request.headers.get("Authorization") or "").partition(" ")
        claims = {
            "jti": str(uuid4()),
            "htm": request.method,
            "htu": origin_and_path(request.url),
            "iat": int(self._clock()),
        }
        if word == "DPoP":
            digest = sha256(token.encode("ascii")).digest()
            claims["ath"] = urlsafe_b64encode(digest).rstrip(b"=").decode()
        nonce = self._nonces.get(origin_of(request.url))
        if nonce is not None:
            claims["nonce"] = nonce
        algorithm = _algorithm(self._key)
        header = {"typ": "dpop+jwt", "alg": algorithm, "jwk": self._key.as_dict(private=False)}
        proof = jwt.encode(header, claims, self._key, algorithms=[algorithm])
        # Applied as a credential, so that the request's redactor knows the field.
        return Credential(headers=(("DPoP", proof),)).apply(request)

    def learns(self, request: HttpRequest, response: HttpResponse) -> bool:
        """Keep the nonce that a response names; whether it was asked for to go on (section 8)."""
        nonce = response.headers.get("DPoP-Nonce")
        if not nonce:
            return False
        origin = origin_of(request.url)
        is_new = self._nonces.get(origin) != nonce
        self._nonces[origin] = nonce
        return is_new and response.status in (400, 401)

    def __repr__(self) -> str:
        return f"<DPoP {_algorithm(self._key)}, key {self.thumbprint}>"


def _private_key(key: str | bytes | Mapping[str, Any] | None) -> Any:
    try:
        from joserfc.jwk import ECKey
    except ImportError:
        raise AuthError("DPoP needs the package joserfc: pip install 'dynclient[dpop]'") from None
    if key is None:
        return ECKey.generate_key("P-256")
    found = _imported(dict(key) if isinstance(key, Mapping) else key)
    if found is None or not found.is_private or _algorithm(found) == "":
        raise AuthError("DPoP takes a private key, as PEM text or as a JWK: EC, Ed25519 or RSA")
    return found


def _imported(key: str | bytes | dict[str, Any]) -> Any:
    """The key, of whichever kind it is: a PEM text does not say."""
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey, OKPKey, RSAKey

    kinds: tuple[Any, ...] = (ECKey, OKPKey, RSAKey)
    for kind in kinds:
        if isinstance(key, dict) and key.get("kty") != kind.key_type:
            continue
        with suppress(JoseError, ValueError, TypeError, AttributeError):
            found = kind.import_key(key)
            found.as_dict(private=False)  # fails for the key of another kind
            return found
    return None


def _algorithm(key: Any) -> str:
    if key.key_type == "RSA":
        return "PS256"
    return _ALGORITHMS.get(str(key.as_dict(private=False).get("crv")), "")
