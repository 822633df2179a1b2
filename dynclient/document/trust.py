"""What a document may make us do: one policy, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

__all__ = ["Trust", "origin_of"]

_DEFAULT_PORTS = {"http": 80, "https": 443}


def origin_of(url: str) -> str:
    """The origin of a URL: scheme, host and port (RFC 6454); `file://` for any local file."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return "file://"
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    return f"{parts.scheme}://{host}:{port}" if port else f"{parts.scheme}://{host}"


@dataclass(frozen=True, slots=True)
class Trust:
    """Bounds on what is read and followed on a document's word.

    origins             further origins (`https://host[:port]`) that `$ref` and `servers` may name,
                        besides the document's own and what the caller typed
    max_document_bytes  the size of one document, in bytes
    max_depth           how deep one document may nest, in levels
    max_nodes           how many values a YAML document may have once its aliases are written out,
                        and how many schemas may have to judge one value
    max_documents       how many documents the `$ref`s of one may load
    max_references      how many `$ref`s may be followed for one schema or one chain
    max_response_bytes  the size of one response body, decoded, in bytes
    """

    origins: frozenset[str] = frozenset()
    max_document_bytes: int = 128 * 1024 * 1024
    max_depth: int = 1_000
    max_nodes: int = 20_000_000
    max_documents: int = 1_000
    max_references: int = 20_000
    max_response_bytes: int = 1024 * 1024 * 1024

    def __post_init__(self) -> None:
        object.__setattr__(self, "origins", frozenset(origin_of(o) for o in self.origins))

    def allows(self, url: str, own: str | None) -> bool:
        """Whether a document at `own` (a URL, or None for one typed by the caller) may name `url`.

        A document from the network never names a local file; one on disk may name files (the
        folder is checked where they are read) but no host that is not in `origins`.
        """
        origin = origin_of(url)
        if own is not None and origin == origin_of(own):
            return True
        return origin != "file://" and origin in self.origins
