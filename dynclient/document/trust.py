"""What a document may make us do: one policy, in one place."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from urllib.parse import urlsplit

from ..errors import DocumentError
from ..origins import origin_of
from ..redaction import DEFAULT_REDACTOR
from ..remedies import Remedy, give

__all__ = ["Trust", "may_move", "moved_away"]

_FILE = "file://"  # the origin of every local file


@dataclass(frozen=True, slots=True)
class Trust:
    """Bounds on what is read and followed on a document's word.

    origins             further origins (`https://host[:port]`) that `$ref`, `servers` and the
                        token URLs of OAuth may name, besides the document's own and what the
                        caller typed; ValueError for what is not an origin
    folders             further folders whose files a `$ref` may name, besides that of a document on
                        disk. In a document that is given as data, relative `$ref`s start there.
                        A document from the network never reads a local file
    max_document_bytes  the size of one document, in bytes
    max_depth           how deep one document may nest, in levels
    max_nodes           how many values a YAML document may have once its aliases are written out,
                        and how many schemas may have to judge one value
    max_documents       how many documents the `$ref`s of one may load
    max_references      how many `$ref`s may be followed for one schema or one chain
    max_response_bytes  the size of one response body, decoded, in bytes
    max_redirects       how many redirects of one request are followed; 0 for none
    """

    origins: Collection[str] = frozenset()
    folders: Collection[str | PathLike[str]] = ()
    max_document_bytes: int = 128 * 1024 * 1024
    max_depth: int = 1_000
    max_nodes: int = 20_000_000
    max_documents: int = 1_000
    max_references: int = 20_000
    max_response_bytes: int = 1024 * 1024 * 1024
    max_redirects: int = 10

    def __post_init__(self) -> None:
        object.__setattr__(self, "origins", frozenset(str(origin_of(o)) for o in self.origins))
        if isinstance(self.folders, str | PathLike):
            raise TypeError("Trust(folders=...) takes a list of folders")
        folders = tuple(Path(folder).expanduser().resolve() for folder in self.folders)
        object.__setattr__(self, "folders", folders)

    def allows(self, url: str, own: str | None) -> bool:
        """Whether a document at `own` (a URL, or None for one typed by the caller) may name `url`.

        A document from the network never names a local file; one on disk may name files (their
        folder is checked where they are read) but no host that is not in `origins`.
        """
        try:
            origin = _origin(url)
            if own is not None and origin == _origin(own):
                return True
        except ValueError:  # neither a file nor a URL of http
            return False
        return origin in self.origins


def may_move(from_url: str, to_url: str, trust: Trust) -> bool:
    """Whether a redirect may lead from one URL of a document to another.

    To be asked at each redirect, before anything is sent to the other origin. Allowed are the same
    origin, the same host by https in place of http, and the origins that `trust` names.
    """
    if from_url == to_url or trust.allows(to_url, from_url):
        return True
    one, other = urlsplit(from_url), urlsplit(to_url)
    return (one.scheme, other.scheme) == ("http", "https") and one.hostname == other.hostname


def moved_away(from_url: str, to_url: str) -> DocumentError:
    """The error for a redirect that `may_move` does not allow."""
    return DocumentError(
        f"it redirects to {DEFAULT_REDACTOR.url(to_url)!r}, whose origin is not trusted",
        source=from_url,
        remedy=_allowing(to_url),
    )


def _allowing(url: str) -> Remedy | None:
    try:
        return give(trust={"origins": origin_of(url)})
    except ValueError:  # no setting allows a scheme other than http and https
        return None


def _origin(url: str) -> str:
    return _FILE if url[:5].lower() == "file:" else str(origin_of(url))
