"""From whatever a caller names to a Document."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
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
from .resources import Resources, local_path
from .trust import Trust

__all__ = ["Fetch", "Source", "is_remote", "load", "loading", "may_move", "moved"]

#: What a document can be opened from: a bundled name, a path, a URL, or its data.
Source: TypeAlias = str | PathLike[str] | Mapping[str, Any]

#: Gets a URL: returns the URL that responded, after redirects, and the bytes.
Fetch: TypeAlias = Callable[[str], tuple[str, bytes]]

_DEFAULT_TRUST = Trust()


def load(source: Source, *, trust: Trust = _DEFAULT_TRUST, fetch: Fetch | None = None) -> Document:
    """Open a document of OpenAPI 3, or of Swagger 2.0 (see `swagger2`).

    `source` is a bundled name (`"qiskit-runtime"`), a path, an `http(s)://` or `file://` URL, or
    the document as a mapping. `fetch` gets a URL of the source; what the document refers to is not
    fetched (see `NotLoaded`). DocumentError if it can't be read or is no OpenAPI document.
    """
    flow = loading(source, trust=trust)
    try:
        url = next(flow)
        while True:
            if fetch is None:
                raise DocumentError("a URL is opened by a Client, or with load(fetch=)", source=url)
            final, content = fetch(url)
            if not may_move(url, final, trust):
                raise moved(url, final)
            url = flow.send((final, content))
    except StopIteration as stop:
        document: Document = stop.value
        return document


def loading(
    source: Source, *, trust: Trust = _DEFAULT_TRUST
) -> Generator[str, tuple[str, bytes], Document]:
    """As `load`, without I/O over the network: yields a URL that is to be fetched.

    It is sent the URL that responded, after redirects, and the bytes. Files are read in place.
    """
    if isinstance(source, Mapping):
        return _document("", source, trust, "the document", None)
    if not isinstance(source, str | PathLike):
        raise DocumentError(
            f"a document is a bundled name, a path, a URL or a mapping, not {type(source).__name__}"
        )
    if is_remote(source):
        final, content = yield fspath(source)
        data = parse_document(content, final, trust)
        return _document(final, data, trust, final, content)
    name = fspath(source)
    scheme = _scheme(name) if isinstance(source, str) else ""
    path = local_path(name) if scheme == "file" else _path(name)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DocumentError(_missing(name, error), source=str(path)) from None
    uri = path.resolve().as_uri()
    data = parse_document(content, str(path), trust)
    return _document(uri, data, trust, str(path), content)


def is_remote(source: Source) -> bool:
    """Whether a source is fetched over the network."""
    return isinstance(source, str) and _scheme(source) in ("http", "https")


def may_move(asked: str, other: str, trust: Trust) -> bool:
    """Whether a document, or what it refers to, may come from another URL than was asked.

    Within its origin, to TLS on the same host, or to an origin that `trust` names.
    """
    if trust.allows(other, asked):
        return True
    one, two = urlsplit(asked), urlsplit(other)
    return (one.scheme, two.scheme) == ("http", "https") and one.hostname == two.hostname


def moved(asked: str, other: str) -> DocumentError:
    """The error for a redirect that `may_move` does not allow."""
    return DocumentError(
        f"it redirects to {other!r}, whose origin is not trusted; open that address",
        source=asked,
        remedy=give(trust={"origins": origin_of(other)}),
    )


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


def _document(uri: str, data: Any, trust: Trust, source: str, content: bytes | None) -> Document:
    version = version_of(data, source)
    document = Document(Resources(uri, data, trust), data, version)
    if document.dialect != "3.0":
        dialect = data.get("jsonSchemaDialect")
        dialect = dialect if isinstance(dialect, str) else None
        if content is None or dialect or names_itself(content):
            document.resources.identify(dialect)
    return document
