"""TLS settings, made once for all connections of a transport: loading a CA bundle takes 20 ms."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from errno import ENOENT
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..locking import new_lock

if TYPE_CHECKING:
    import ssl

__all__ = ["Tls"]


class Tls:
    """A callable that returns the `ssl.SSLContext` for some settings, made at the first call.

    Certificates are checked as requests checks them: against `verify` if it is a path, else
    against REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE (with `trust_env`), else against certifi's.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Uses the settings `verify`, `cert` and `trust_env`."""
        self._settings = settings
        self._lock = new_lock()
        self._context: ssl.SSLContext | None = None

    def __call__(self) -> ssl.SSLContext:
        with self._lock:
            if self._context is None:
                self._context = self._made()
            return self._context

    def _made(self) -> ssl.SSLContext:
        import ssl

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.set_alpn_protocols(["http/1.1"])
        # As urllib3, browsers and RFC 9110, 4.3.4: the names of a certificate are in its
        # subjectAltName; its common name is a text for people.
        context.hostname_checks_common_name = False
        if sys.version_info >= (3, 13):
            context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VERIFY_X509_STRICT
        bundle = self._bundle()
        if bundle is None:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        elif bundle.is_dir():
            context.load_verify_locations(capath=bundle)
        else:
            context.load_verify_locations(cafile=bundle)
        cert = self._settings["cert"]
        if cert:
            context.post_handshake_auth = True  # some servers ask for it once they know the path
            context.load_cert_chain(*((cert,) if isinstance(cert, str) else cert))
        return context

    def _bundle(self) -> Path | None:
        """The CA certificates, a file or a directory; None for no checks at all."""
        verify = self._settings["verify"]
        if verify is False:
            return None
        if verify == "":
            # An unset variable, most likely; it must not switch the checks off.
            raise FileNotFoundError(ENOENT, "verify is the empty string")
        if verify is not True and verify is not None:
            return Path(verify)
        environment = os.environ if self._settings["trust_env"] else {}
        named = environment.get("REQUESTS_CA_BUNDLE") or environment.get("CURL_CA_BUNDLE")
        if named:
            return Path(named)
        import certifi

        return Path(certifi.where())
