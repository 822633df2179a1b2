"""Signed texts: what the emulator hands out and wants to recognise later, without storing it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

__all__ = ["Signer", "base64url"]


def base64url(data: bytes) -> str:
    """Base64 in the URL-safe alphabet without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


class Signer:
    """HMAC-SHA256 with a key of this process: signatures don't outlive the emulator."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def sign(self, text: str) -> str:
        """The signature of `text`."""
        digest = hmac.new(self._key, text.encode("utf-8", "replace"), hashlib.sha256).digest()
        return base64url(digest)

    def verify(self, text: str, signature: str) -> bool:
        """Whether `signature` was made by `sign(text)`."""
        expected = self.sign(text).encode("ascii")
        return hmac.compare_digest(expected, signature.encode("utf-8", "replace"))
