"""From whatever a caller names to a Document."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence, Set
from contextlib import suppress
from os import PathLike, fspath
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias, TypeVar
from urllib.parse import urlsplit

from ..errors import DocumentError, DynclientError, NotLoaded
from ..origins import origin_of
from .bundled import bundled_names, bundled_path
from .document import SWAGGER_VERSIONS, Document, version_of
from .identifiers import names_itself
from .parse import check_data, parse_document
from .resources import Resources, local_path
from .trust import Trust, may_move, moved_away

__all__ = ["Fetch", "Fetching", "Source", "completing", "load", "loading"]

#: What a document can be opened from: a bundled name, a path, a URL, or its data.
Source: TypeAlias = str | PathLike[str] | Mapping[str, Any]

#: Fetches a URL: returns the URL that it came from, after redirects, and the bytes.
Fetch: TypeAlias = Callable[[str], tuple[str, bytes]]

T = TypeVar("T")
#: Yields each URL to fetch, and is sent what `Fetch` returns, or thrown why it can't be fetched.
Fetching: TypeAlias = Generator[str, tuple[str, bytes], T]

_DEFAULT_TRUST = Trust()


def load(
    source: Source,
    *,
    trust: Trust = _DEFAULT_TRUST,
    overlays: Sequence[Source] = (),
    fetch: Fetch | None = None,
) -> Document:
    """Open a document of OpenAPI 3, or of Swagger 2.0 (see `swagger2`).

    `source` is a bundled name (`"qiskit-runtime"`), a path, an `http(s)://` or `file://` URL, or
    the document as a mapping. `overlays` (of OpenAPI, 1.0 and 1.1) are applied to it in their
    order, each a path, a URL or a mapping. `fetch` gets URLs, and without it only what is local can
    be opened; it is not asked again: what `$ref`s lead to later is added by `Document.add`.
    DocumentError if it can't be read or is not an OpenAPI document; whatever `fetch` raises.
    """

    def unable(url: str) -> tuple[str, bytes]:
        raise DocumentError("a URL is opened by a Client, or by load(url, fetch=...)", source=url)

    steps = loading(source, trust=trust, overlays=overlays)
    try:
        url = next(steps)
        while True:
            try:
                fetched = (fetch or unable)(url)
            except DynclientError as error:
                url = steps.throw(error)
            else:
                url = steps.send(fetched)
    except StopIteration as stop:
        document: Document = stop.value
        return document


def loading(
    source: Source, *, trust: Trust = _DEFAULT_TRUST, overlays: Sequence[Source] = ()
) -> Fetching[Document]:
    """As `load`, for whoever fetches in a way of its own: yields each URL to be fetched.

    It is sent (URL that it came from, bytes). Redirects are followed by who fetches, who asks
    `may_move` before each.
    """
    opened = yield from _opened(source, trust, "")
    if not overlays:
        return (yield from _document(opened, trust))
    if isinstance(overlays, str | PathLike | Mapping):
        raise TypeError("overlays= takes a list of overlays")
    from .overlays import apply, read_overlay

    read = []
    for number, overlay in enumerate(overlays, 1):
        given = yield from _opened(overlay, trust, f"overlay {number}")
        read.append(read_overlay(given.data, given.uri))
    data, unmatched = apply(read, opened.data)
    check_data(data, trust)
    document = yield from _document(opened._replace(data=data, content=None), trust)
    for at, target in unmatched:
        document.note(at, f"the target {target} selects nothing", "overlay")
    return document


class _Opened(NamedTuple):
    """What was read: its URI, what it is called in messages, its data, and the text if any."""

    uri: str
    name: str
    data: Any
    content: bytes | None


def _opened(source: Source, trust: Trust, uri: str) -> Fetching[_Opened]:
    """What a caller names; `uri` is for data, which has none."""
    if isinstance(source, Mapping):
        check_data(source, trust)
        return _Opened(uri, uri or "the document", source, None)
    if not isinstance(source, str | PathLike):
        raise DocumentError(
            f"a document is a bundled name, a path, a URL or a mapping, not {type(source).__name__}"
        )
    name = fspath(source)
    if is_remote(source):
        try:
            origin_of(name)
        except ValueError as error:
            raise DocumentError(f"it can't be opened: {error}", source=_shown(name)) from None
        uri, content = yield name
        if not may_move(name, uri, trust):
            raise moved_away(name, uri)
        return _Opened(uri, uri, parse_document(content, uri, trust), content)
    is_url = isinstance(source, str) and _scheme(name) == "file"
    try:
        path = local_path(name) if is_url else _path(name)
        content = path.read_bytes()
        uri = path.resolve().as_uri()
    except (OSError, ValueError, RuntimeError) as error:  # a NUL, a surrogate, an unknown user
        raise DocumentError(_missing(name, error), source=_shown(name)) from None
    return _Opened(uri, str(path), parse_document(content, str(path), trust), content)


def completing(document: Document, make: Callable[[], T]) -> Fetching[T]:
    """What `make` returns, called again whenever a file was added that its `$ref`s lead to.

    `make` must return the same each time. Where a file can't be fetched or read, it raises
    Unavailable with the reason and the place of the `$ref`.
    """
    failed: list[str] = []
    try:
        while True:
            try:
                return make()
            except NotLoaded as missing:
                url = missing.uri
            try:
                final_url, content = yield url
                document.add(url, content, final_url)
            except DynclientError as error:
                document.resources.unavailable(url, error)
                failed.append(url)
    finally:
        for url in failed:  # another time it may be there
            document.resources.unavailable(url, None)


def is_remote(source: Source) -> bool:
    """Whether a source is to be fetched over the network."""
    return isinstance(source, str) and _scheme(source) in ("http", "https")


def _scheme(name: str) -> str:
    try:
        return urlsplit(name).scheme
    except ValueError as error:
        reason = f"it is not a URL that can be opened: {error}"
        raise DocumentError(reason, source=_shown(name)) from None


def _shown(name: str) -> str:
    """A source as it may stand in a message."""
    text = name.encode("utf-8", "backslashreplace").decode()
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return f"{text[:100]}…{text[-100:]}" if len(text) > 300 else text


def _path(name: str) -> Path:
    # A file the caller has wins over a bundled name only when it is spelled as a path would be.
    return bundled_path(name) or Path(name).expanduser()


def _missing(name: str, error: Exception) -> str:
    reason = (getattr(error, "strerror", None) or str(error)).lower()
    if isinstance(error, UnicodeError):
        reason = "the name has a lone surrogate"  # the error repeats the name
    names = bundled_names()
    import difflib

    near = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean the bundled {near[0]!r}?" if near else f"bundled: {', '.join(names)}"
    return f"the document can't be opened: {reason}; {hint}"


def _document(opened: _Opened, trust: Trust) -> Fetching[Document]:
    uri, source, data, content = opened
    version = version_of(data, source)
    resources = Resources(uri, data, trust)
    if version in SWAGGER_VERSIONS:
        yield from _files_of_swagger(data, resources)
    document = Document(resources, data, version)
    if document.dialect != "3.0":
        dialect = data.get("jsonSchemaDialect")
        dialect = dialect if isinstance(dialect, str) else None
        if content is None or dialect or names_itself(content):
            document.resources.identify(dialect)
    return document


def _files_of_swagger(data: Any, resources: Resources) -> Generator[str, tuple[str, bytes], None]:
    """Add what is needed to upgrade the document, which is done as a whole.

    What can't be fetched, or read, costs only the operations that need it.
    """
    if not resources.trust.origins and resources.root.uri[:4] != "http":
        return  # no URL can be needed
    from .swagger2 import upgrade

    tried: set[str] = set()

    def missing() -> Set[str]:
        root = resources.root.uri
        return upgrade(data, lambda *_: None, resources.follow, root).missing - tried

    while wanted := missing():
        for url in sorted(wanted):
            tried.add(url)
            with suppress(DynclientError):
                resources.add(url, *(yield url))
