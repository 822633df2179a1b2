"""The files a document is made of, and the way a `$ref` leads through them.

A `Location` is a place in one of them. References are followed on demand and never written out,
so a document may refer to itself, and a file is read only when something in it is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from ..errors import DocumentError, DynclientError, NotLoaded, Unavailable
from ..origins import origin_of
from ..redaction import DEFAULT_REDACTOR
from ..remedies import Remedy, give
from .identifiers import LONE_REF, Identifiers, identify, names_itself
from .parse import parse_document
from .pointer import append, lookup, split
from .trust import Trust, may_move, moved_away

__all__ = ["Location", "Resources", "local_path"]


def local_path(uri: str) -> Path:
    """The path that a `file:` URI names. ValueError for one that names another host."""
    from urllib.request import url2pathname  # brings an HTTP library along, which most never need

    parts = urlsplit(uri)
    if parts.netloc not in ("", "localhost"):
        raise ValueError(f"the file is on another host, {parts.netloc}")
    return Path(url2pathname(parts.path))


class Location(NamedTuple):
    """A place: the URI of a file (`""` for a document given as data) and a JSON Pointer in it."""

    uri: str
    pointer: str

    def child(self, *tokens: str | int) -> Location:
        """The place these tokens lead to from here."""
        return Location(self.uri, append(self.pointer, *tokens))

    def within(self, home: str) -> str:
        """Its pointer, for whoever reads the file at `home`: with the URI if that is another."""
        return self.pointer if self.uri == home else str(self)

    def error(self, reason: str, remedy: Remedy | None = None) -> DocumentError:
        """The error for what is wrong here."""
        source = self.uri or None
        return DocumentError(reason, source=source, pointer=self.pointer, remedy=remedy)

    def __str__(self) -> str:
        return f"{self.uri}#{self.pointer}"


class Resources:
    """Every file reached from one document, by URI; `resolve` and `follow` lead through them.

    Files are read where `Trust` allows it. What is at a URL must have been added: a `$ref` to what
    has not raises NotLoaded.
    """

    def __init__(self, uri: str, data: Any, trust: Trust) -> None:
        self.root = Location(uri, "")
        self.trust = trust
        self._data: dict[str, Any] = {uri: data}
        #: The identifiers of each file that has some; a file without is not in here.
        self._identifiers: dict[str, Identifiers] = {}
        #: Where each schema resource that names itself stands, by its base URI.
        self._named: dict[str, Location] = {}
        self._dialect: str | None = None
        self._resolved: dict[tuple[str, str], tuple[Any, Location]] = {}
        #: Why files could not be fetched, by URI; see `unavailable`.
        self._failed: dict[str, DynclientError] = {}
        #: Places from which a chain of `$ref`s is too long, and whether that is as it is a ring.
        self._endless: dict[Location, bool] = {}
        self._moved: Mapping[str, Location] = {}
        self._adapt: Callable[[Any], Any] | None = None

    def replace(
        self, data: Any, moved: Mapping[str, Location], adapt: Callable[[Any], Any]
    ) -> None:
        """Read the document as `data` from here on, and every further file through `adapt`.

        `moved` maps parts of `data` to their places in the document as published.
        """
        self._data[self.root.uri] = data
        self._data.update(
            (uri, adapt(file)) for uri, file in self._data.items() if uri != self.root.uri
        )
        self._moved, self._adapt = moved, adapt
        self._resolved.clear()
        self._endless.clear()

    def published(self, at: Location) -> Location:
        """Where the part at `at` stands in the file as its publisher wrote it."""
        if self._moved and at.uri == self.root.uri:
            pointer, rest = at.pointer, ""
            while pointer:
                if (original := self._moved.get(pointer)) is not None:
                    return Location(original.uri, original.pointer + rest)
                pointer, _, token = pointer.rpartition("/")
                rest = f"/{token}{rest}"
        return at

    def holds(self, uri: str) -> bool:
        """Whether the file or schema resource of that URI is loaded."""
        return uri in self._data or uri in self._named

    def add(self, uri: str, final_uri: str, content: bytes) -> None:
        """Add the file that a `$ref` to `uri` leads to, which the caller has fetched.

        `final_uri` is the URL that it came from, after redirects: its own references start there.
        DocumentError if it can't be read, or if the redirect is not allowed.
        Source: RFC 3986, section 5.1.3.
        """
        uri, final_uri = urldefrag(uri)[0], urldefrag(final_uri)[0]
        if not may_move(uri, final_uri, self.trust):
            raise moved_away(uri, final_uri)
        if final_uri not in self._data:
            self._take(final_uri, content)
        if uri != final_uri:
            self._named[uri] = Location(final_uri, "")

    def unavailable(self, uri: str, reason: DynclientError | None) -> None:
        """Let `$ref`s to `uri` raise Unavailable for a reason; NotLoaded again if that is None."""
        if reason is None:
            self._failed.pop(uri, None)
        else:
            self._failed[uri] = reason

    def _take(self, uri: str, content: bytes) -> None:
        if reason := self._full:
            raise DocumentError(reason, source=uri, remedy=give(trust={"max_documents": ...}))
        data = parse_document(content, uri, self.trust)
        self._data[uri] = data if self._adapt is None else self._adapt(data)
        if names_itself(content) or self._dialect:
            self._identify(uri)

    def resolve(self, reference: str, at: Location) -> tuple[Any, Location]:
        """What a `$ref` standing at `at` names: the value and its place.

        One step only: the value may be a reference again (see `follow`). DocumentError, with the
        place of the reference, if it leads nowhere or may not be followed.
        Source: OpenAPI 3.1, section "Reference Object"; RFC 6901, section 6.
        """
        base = self.base_of(at)
        key = (base, reference)
        if (known := self._resolved.get(key)) is not None:
            return known
        try:
            address, fragment = urldefrag(reference)
            uri = urljoin(base, address) if address else base
            root = self._root_of(uri, at)
            pointer = self._pointer(root, unquote(fragment))
            value = lookup(self._data[root.uri], split(pointer))
        except KeyError as missing:
            reason = f"leads nowhere: there is no {missing.args[0]!r} on the way"
            raise self.published(at).error(f"$ref {reference!r} {reason}") from None
        except ValueError as error:
            raise self.published(at).error(f"$ref {reference!r} can't be read: {error}") from None
        result = (value, Location(root.uri, pointer))
        self._resolved[key] = result
        return result

    def at(self, place: Location) -> Any:
        """The value at a place that is known to exist."""
        return lookup(self._data[place.uri], split(place.pointer))

    def identify(self, dialect: str | None = None) -> None:
        """Look for `$id` and anchors in the document itself; OpenAPI 3.0 has none.

        `dialect` is its `jsonSchemaDialect`, if it has one.
        """
        self._dialect = dialect
        self._identify(self.root.uri)

    def dialect_of(self, at: Location) -> str | None:
        """The URI of the dialect that a schema at a place is written in; None for the default."""
        identifiers = self._identifiers.get(at.uri)
        own = identifiers.dialect_of(at.pointer) if identifiers else None
        return own or self._dialect

    def has_lone_refs(self, at: Location) -> bool:
        """Whether the dialect in force at a place ignores what stands beside a `$ref`."""
        return (self.dialect_of(at) or "").startswith(LONE_REF)

    def base_of(self, at: Location) -> str:
        """The base URI in force at a place (JSON Schema core, section 9.1.1)."""
        identifiers = self._identifiers.get(at.uri)
        return identifiers.base_of(at.pointer) if identifiers else at.uri

    def dynamic_anchors(self, at: Location) -> Mapping[str, Location]:
        """The dynamic anchors of the schema resource that `at` is in, by name."""
        identifiers = self._identifiers.get(at.uri)
        if identifiers is None or not identifiers.dynamic:
            return {}
        anchors = identifiers.dynamic.get(identifiers.base_of(at.pointer), {})
        return {name: Location(at.uri, pointer) for name, pointer in anchors.items()}

    def follow(self, value: Any, at: Location) -> tuple[Any, Location]:
        """`value`, or what its chain of `$ref`s ends in, and its place.

        DocumentError if the chain is a ring, is longer than the policy allows or leads nowhere.
        """
        passed: dict[Location, None] = {}
        start = at
        while isinstance(value, dict) and isinstance(reference := value.get("$ref"), str):
            if at in passed or self._endless.get(at):
                raise self._endless_chain(start, passed, is_ring=True)
            if len(passed) >= self.trust.max_references or at in self._endless:
                raise self._endless_chain(start, passed, is_ring=False)
            passed[at] = None
            value, at = self.resolve(reference, at)
        return value, at

    def _endless_chain(
        self, start: Location, passed: Iterable[Location], *, is_ring: bool
    ) -> DocumentError:
        # Whoever enters a long ring elsewhere should not have to walk it again.
        self._endless.update(dict.fromkeys(passed, is_ring))
        if is_ring:
            return self.published(start).error("the chain of $refs from here never ends")
        reason = f"the chain of $refs from here is longer than {self.trust.max_references}"
        return self.published(start).error(reason, give(trust={"max_references": ...}))

    def _root_of(self, uri: str, at: Location) -> Location:
        """Where the schema resource or file of that URI starts."""
        if (named := self._named.get(uri)) is not None:
            return named
        if not self.root.uri and uri not in self._data and not urlsplit(uri).scheme:
            uri = self._in_folders(uri, at)
        if uri not in self._data:
            self._take(uri, self._read(uri, at))
        return Location(uri, "")

    def _identify(self, uri: str) -> None:
        found = identify(self._data[uri], uri, self._dialect or "")
        if found.anchors or found.dialects or found.bases != {"": uri}:
            self._identifiers[uri] = found
            for base, pointer in found.resources.items():
                self._named.setdefault(base, Location(uri, pointer))

    def _pointer(self, root: Location, fragment: str) -> str:
        if not fragment:
            return root.pointer
        if fragment.startswith("/"):
            return root.pointer + fragment
        identifiers = self._identifiers.get(root.uri)
        if identifiers is None:
            raise KeyError(fragment)
        return identifiers.anchors[identifiers.base_of(root.pointer), fragment]

    @property
    def _full(self) -> str:
        """Why no further file may be loaded; empty if one may."""
        most = self.trust.max_documents
        return f"more than {most} documents would be loaded" if len(self._data) >= most else ""

    def _refused(
        self, uri: str, at: Location, reason: str, remedy: Remedy | None = None
    ) -> DocumentError:
        message = f"$ref to {DEFAULT_REDACTOR.url(uri)!r} is not followed: {reason}"
        return self.published(at).error(message, remedy)

    def _read(self, uri: str, at: Location) -> bytes:
        """The file of that URI, for a `$ref` at a place. NotLoaded if it is none on this machine.

        DocumentError if it may not be read, or can't be.
        """
        scheme, own = urlsplit(uri).scheme, self.root.uri
        if scheme not in ("file", "http", "https"):
            raise self._refused(uri, at, "only files, http and https are read")
        if reason := self._full:
            raise self._refused(uri, at, reason, give(trust={"max_documents": ...}))
        if scheme == "file" and not own.startswith("http"):
            return self._read_file(uri, at)
        if not self.trust.allows(uri, own or None):
            remedy = None if scheme == "file" else give(trust={"origins": origin_of(uri)})
            raise self._refused(uri, at, "its origin is not trusted", remedy)
        at = self.published(at)
        place = {"source": at.uri or None, "pointer": at.pointer}
        if uri in self._failed:
            error = self._failed[uri]
            message = f"can't be loaded: {error.message}"
            raise Unavailable(uri, message, remedy=error.remedy, **place)
        raise NotLoaded(uri, **place)

    def _read_file(self, uri: str, at: Location) -> bytes:
        try:
            folders = self._folders()
            path = local_path(uri).resolve()
            if any(path.is_relative_to(folder) for folder in folders):
                return path.read_bytes()
        except (OSError, RuntimeError) as error:  # RuntimeError: links that lead in a ring
            raise self._refused(uri, at, _reason(error)) from None
        own = f"the document's folder {folders[-1]}" if self.root.uri else "the folders trusted"
        remedy = give(trust={"folders": path.parent})
        raise self._refused(uri, at, f"it is outside {own}", remedy)

    def _folders(self) -> list[Path]:
        """The folders whose files may be read; the document's own is the last."""
        own = self.root.uri
        folders = list(map(Path, self.trust.folders))
        return [*folders, local_path(own).resolve().parent] if own else folders

    def _in_folders(self, reference: str, at: Location) -> str:
        """The URI of the file that a relative `$ref` names in a document given as data."""
        if not self.trust.folders:
            reason = "the document was given as data, so it has no place to start from"
            raise self._refused(reference, at, reason, give(trust={"folders": ...}))
        places = [urljoin(f"{folder.as_uri()}/", reference) for folder in self._folders()]
        return next((uri for uri in places if local_path(uri).exists()), places[0])


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
