"""A certificate authority of our own, by the openssl command."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")

#: By file name: the common name, the subjectAltName, the days it is good for.
_CERTIFICATES = {
    "server": ("localhost", "DNS:localhost,IP:127.0.0.1,IP:::1", 2),
    "wrong": ("elsewhere.example", "DNS:elsewhere.example", 2),
    "common": ("localhost", None, 2),
    "expired": ("localhost", "DNS:localhost", -1),
}


def openssl(*arguments: str, cwd: Path) -> None:
    """Run the command."""
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=cwd)


def made(here: Path) -> Path:
    """Fill the directory with ca.pem, and a certificate and key for each name."""
    openssl(
        *("req", "-x509", *_KEY, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2"),
        *("-subj", "/CN=Test CA", "-addext", "keyUsage=critical,keyCertSign"),
        cwd=here,
    )
    for name, (common, names, days) in _CERTIFICATES.items():
        alternative = f"subjectAltName={names}\n" if names else ""
        (here / "ext").write_text(f"{alternative}authorityKeyIdentifier=keyid\n")
        subject = ("-subj", f"/CN={common}")
        openssl("req", *_KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr", *subject, cwd=here)
        openssl(
            *("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key"),
            *("-CAcreateserial", "-days", str(days), "-out", f"{name}.pem", "-extfile", "ext"),
            cwd=here,
        )
    return here


def settings(certificates: Path, name: str = "server", *, client: bool = False) -> ssl.SSLContext:
    """A server's TLS settings; `client` asks for a certificate of the client's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / f"{name}.pem", certificates / f"{name}.key")
    if client:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(certificates / "ca.pem")
    return context
