"""From whatever a caller names to a Document."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike, fspath
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from ..errors import DocumentError
from ..origins import origin_of
from ..remedies import give
from .bundled import bundled_names, bundled_path
from .document import Document, version_of
from .identifiers import names_itself
from .parse import parse_document
from .resources import Fetch, Resources, local_path
from .trust import Trust

__all__ = ["Source", "load"]

#: What a document can be opened from: a bundled name, a path, a URL, or its data.
Source: TypeAlias = str | PathLike[str] | Mapping[str, Any]

_DEFAULT_TRUST = Trust()


def load(source: Source, *, trust: Trust = _DEFAULT_TRUST, fetch: Fetch | None = None) -> Document:
    """Open a document of OpenAPI 3, or of Swagger 2.0 (see `swagger2`).

    `source` is a bundled name (`"qiskit-runtime"`), a path, an `http(s)://` or `file://` URL, or
    the document as a mapping. `fetch` gets URLs; without it only local documents can be opened.
    DocumentError if it can't be read or is no OpenAPI document.
    """
    if isinstance(source, Mapping):
        return _document("", source, trust, fetch, "the document", None)
    if not isinstance(source, str | PathLike):
        raise DocumentError(
            f"a document is a bundled name, a path, a URL or a mapping, not {type(source).__name__}"
        )
    name = fspath(source)
    scheme = _scheme(name) if isinstance(source, str) else ""
    if scheme in ("http", "https"):
        if fetch is None:
            raise DocumentError("nothing here can fetch URLs", source=name)
        final, content = fetch(name)
        if not _same_place(name, final, trust):
            raise DocumentError(
                f"it redirects to {final!r}, whose origin is not trusted; open that address",
                source=name,
                remedy=give(trust={"origins": origin_of(final)}),
            )
        data = parse_document(content, final, trust)
        return _document(final, data, trust, fetch, final, content)
    path = local_path(name) if scheme == "file" else _path(name)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DocumentError(_missing(name, error), source=str(path)) from None
    uri = path.resolve().as_uri()
    data = parse_document(content, str(path), trust)
    return _document(uri, data, trust, fetch, str(path), content)


def _scheme(name: str) -> str:
    try:
        return urlsplit(name).scheme
    except ValueError as error:
        raise DocumentError(f"no URL that can be opened: {error}", source=name) from None


def _path(name: str) -> Path:
    # A file the caller has wins over a bundled name only when it is spelled as a path would be.
    return bundled_path(name) or Path(name).expanduser()


def _missing(name: str, error: OSError) -> str:
    reason = (error.strerror or str(error)).lower()
    names = bundled_names()
    import difflib

    near = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean the bundled {near[0]!r}?" if near else f"bundled: {', '.join(names)}"
    return f"the document can't be opened: {reason}; {hint}"


def _document(
    uri: str, data: Any, trust: Trust, fetch: Fetch | None, source: str, content: bytes | None
) -> Document:
    version = version_of(data, source)
    document = Document(Resources(uri, data, trust, fetch), data, version)
    if document.dialect != "3.0":
        dialect = data.get("jsonSchemaDialect")
        dialect = dialect if isinstance(dialect, str) else None
        if content is None or dialect or names_itself(content):
            document.resources.identify(dialect)
    return document


def _same_place(typed: str, final: str, trust: Trust) -> bool:
    """Whether a redirect may move the document: within its origin, to TLS, or as trusted."""
    if trust.allows(final, typed):
        return True
    one, other = urlsplit(typed), urlsplit(final)
    return (one.scheme, other.scheme) == ("http", "https") and one.hostname == other.hostname
