"""HTTP message signatures (RFC 9421).

By the package http-message-signatures (extra `signatures`).
"""

# ruff: noqa: ARG002 - every handler is given the scheme and the scopes, this one needs neither
from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from ..errors import AuthError
from ..messages import HttpRequest
from .credential import NOTHING, Credential
from .handlers import Handler
from .schemes import SecurityScheme

__all__ = ["MessageSignature"]

#: The registered names (section 6.2.2), and what the package calls their classes.
_ALGORITHMS = {
    "ed25519": "ED25519",
    "ecdsa-p256-sha256": "ECDSA_P256_SHA256",
    "hmac-sha256": "HMAC_SHA256",
    "rsa-pss-sha512": "RSA_PSS_SHA512",
    "rsa-v1_5-sha256": "RSA_V1_5_SHA256",
}
#: What signing adds to a request.
_FIELDS = ("signature", "signature-input", "content-digest")
_COMPONENTS = ("@method", "@authority", "@target-uri")


class MessageSignature(Handler):
    """Signs every request: `auth={"Signature": MessageSignature(key, key_id="client-7")}`.

    key         the secret of hmac-sha256 as bytes; else a private key as PEM
    key_id      what the service calls the key
    algorithm   ed25519, ecdsa-p256-sha256, hmac-sha256, rsa-pss-sha512 or rsa-v1_5-sha256
    components  what is covered (section 2), header fields by their lower-case names;
                `content-digest` (RFC 9530, SHA-256) is added for a body
    label       of the signature in its two fields
    tag         a text for what the signature is for; None for none

    A field that is covered must be on the request. A body that is read as it is sent has no digest
    and is not covered. AuthError for a key that can't be used.
    """

    def __init__(
        self,
        key: bytes | str,
        *,
        key_id: str,
        algorithm: str = "ed25519",
        components: Sequence[str] = _COMPONENTS,
        label: str = "sig1",
        tag: str | None = None,
    ) -> None:
        if algorithm not in _ALGORITHMS:
            raise AuthError(f"MessageSignature takes algorithm as one of {', '.join(_ALGORITHMS)}")
        if isinstance(components, str):
            raise AuthError("MessageSignature takes components as a list of str")
        self._settings = {"key": key, "key_id": key_id, "algorithm": algorithm}
        self._components = tuple(components)
        self._label = label
        self._tag = tag
        self._signer = _signer(self._settings)

    def __reduce__(self) -> tuple[Any, ...]:
        more = {"components": self._components, "label": self._label, "tag": self._tag}
        return _made, ({**self._settings, **more},)

    def ready(self, scheme: SecurityScheme, scopes: tuple[str, ...]) -> Credential:
        return NOTHING

    def modify(self, request: HttpRequest) -> HttpRequest:
        """The request with `Signature` and `Signature-Input`, and with `Content-Digest`."""
        from http_message_signatures import HTTPMessageSignaturesException

        # Those of an earlier signature: this may be the request sent once more.
        headers = {n: v for n, v in request.headers.pairs() if n.lower() not in _FIELDS}
        # The package signs anything with these members, and puts its fields into `headers`.
        message = SimpleNamespace(method=request.method, url=request.url, headers=headers)
        body = request.content if isinstance(request.content, bytes) else None
        try:
            self._signer.sign(
                message,
                key_id=self._settings["key_id"],
                label=self._label,
                tag=self._tag,
                covered_component_ids=self._components,
                body=body or None,
            )
        except HTTPMessageSignaturesException as error:
            raise AuthError(f"the request can't be signed: {error}") from None
        fields = tuple((n, str(v)) for n, v in headers.items() if n.lower() in _FIELDS)
        return Credential(headers=fields).apply(request)


def _made(settings: Mapping[str, Any]) -> MessageSignature:
    return MessageSignature(**settings)


def _signer(settings: Mapping[str, Any]) -> Any:
    try:
        import http_message_signatures as library
    except ImportError:
        raise AuthError(
            "MessageSignature needs the package http-message-signatures: "
            "pip install 'dynclient[signatures]'"
        ) from None
    key = settings["key"]
    given = key.encode() if isinstance(key, str) else key
    algorithm = getattr(library.algorithms, _ALGORITHMS[settings["algorithm"]])

    failed = False
    try:
        algorithm(private_key=given)
    except (ValueError, TypeError, AttributeError, library.HTTPMessageSignaturesException):
        failed = True
    # Raised out here, so that no cause with the key's text hangs on the error.
    if failed or not given:
        raise AuthError(f"the key given to MessageSignature is none for {settings['algorithm']}")
    keys = library.MappingKeyResolver(public_keys={}, private_keys={settings["key_id"]: given})
    return library.HTTPMessageSigner(signature_algorithm=algorithm, key_resolver=keys)
