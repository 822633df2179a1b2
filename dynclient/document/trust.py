"""What a document may make us do: one policy, in one place."""

from __future__ import annotations

from dataclasses import dataclass

from ..origins import origin_of

__all__ = ["Trust"]

_FILE = "file://"  # the origin of every local file


@dataclass(frozen=True, slots=True)
class Trust:
    """Bounds on what is read and followed on a document's word.

    origins             further origins (`https://host[:port]`) that `$ref` and `servers` may name,
                        besides the document's own and what the caller typed; ValueError for
                        what is no origin
    max_document_bytes  the size of one document, in bytes
    max_depth           how deep one document may nest, in levels
    max_nodes           how many values a YAML document may have once its aliases are written out,
                        and how many schemas may have to judge one value
    max_documents       how many documents the `$ref`s of one may load
    max_references      how many `$ref`s may be followed for one schema or one chain
    max_response_bytes  the size of one response body, decoded, in bytes
    max_redirects       how many redirects of one request are followed; 0 for none
    """

    origins: frozenset[str] = frozenset()
    max_document_bytes: int = 128 * 1024 * 1024
    max_depth: int = 1_000
    max_nodes: int = 20_000_000
    max_documents: int = 1_000
    max_references: int = 20_000
    max_response_bytes: int = 1024 * 1024 * 1024
    max_redirects: int = 10

    def __post_init__(self) -> None:
        object.__setattr__(self, "origins", frozenset(str(origin_of(o)) for o in self.origins))

    def allows(self, url: str, own: str | None) -> bool:
        """Whether a document at `own` (a URL, or None for one typed by the caller) may name `url`.

        A document from the network never names a local file; one on disk may name files (the
        folder is checked where they are read) but no host that is not in `origins`.
        """
        try:
            origin = _origin(url)
            if own is not None and origin == _origin(own):
                return True
        except ValueError:  # neither a file nor a URL of http
            return False
        return origin in self.origins


def _origin(url: str) -> str:
    return _FILE if url[:5].lower() == "file:" else str(origin_of(url))
