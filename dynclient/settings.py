"""What a client is given, checked: its document, base URL and defaults."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from .document import Document, Source, bundled_path
from .environment import DOCUMENT_VARIABLE, URL_VARIABLE
from .errors import DocumentError, NotLoaded
from .operation import Operations
from .operation.names import python_name
from .origins import checked_base_url

__all__ = [
    "DEFAULT_DOCUMENT",
    "base_url_of",
    "checked_defaults",
    "checked_source",
    "usual_document",
]

#: The text of a document where its name should be. A path may have a brace, as templates of
#: paths do, but hardly a line break, or a member name right behind the brace.
_TEXT = re.compile(r"\s*(?:\{\s*(?:[\"'}]|\w+\s*:)|(?:openapi|swagger)\s*:|[^\n]*\n)")

DEFAULT_DOCUMENT = "qiskit-runtime"


def checked_source(source: Source) -> Source:
    """The source as it is. DocumentError for the text of a document in place of its name."""
    text: Any = source
    if isinstance(text, str) and not text.strip():
        raise DocumentError("a document is a bundled name, a path, a URL or a mapping, not ''")
    if isinstance(text, bytes | bytearray):
        text = text.decode("utf-8", "replace")
    elif not isinstance(text, str) or not _TEXT.match(text):
        return source
    raise DocumentError(
        "this is the text of a document; pass the path of a file that holds it, or the data that "
        "it parses to"
    )


def _checked_base_url(url: str | None) -> str | None:
    """The base URL without a trailing slash. ValueError, or TypeError, for what is none."""
    if url is None:
        return None
    try:
        return checked_base_url(url)
    except ValueError as error:
        raise ValueError(f"base_url=: {error}") from None


def usual_document() -> str:
    """The document that goes with the environment, and is opened where none is named."""
    return os.environ.get(DOCUMENT_VARIABLE) or DEFAULT_DOCUMENT


def base_url_of(source: Source, given: str | None) -> str | None:
    """The base URL given; else the one of the environment, for its own document only.

    As with credentials, the document must be a bundled one, and as on the command line it must be
    the usual one there, so that no other's calls are led to a service they were not meant for.
    ValueError or TypeError if `given` is not a base URL; DocumentError if the variable is not.
    """
    found = os.environ.get(URL_VARIABLE)
    usual = usual_document()
    if given is not None or not found or source != usual or bundled_path(usual) is None:
        return _checked_base_url(given)
    try:
        return _checked_base_url(found)
    except ValueError as error:
        raise DocumentError(f"{URL_VARIABLE}: {error}", source=usual) from None


def checked_defaults(
    defaults: Mapping[str, Any] | None, operations: Operations, document: Document
) -> dict[str, Any] | None:
    """A copy of the defaults. ValueError for a name that no operation has as a parameter.

    Looks no further than it must: most names are declared by the first operations, and only one
    that is found nowhere has every operation's parameters read.
    """
    if defaults is not None and not isinstance(defaults, Mapping):
        raise TypeError(
            "defaults= takes a mapping of names of parameters to their values, not "
            f"{type(defaults).__name__}"
        )
    if not defaults:
        return None
    unknown = dict.fromkeys(defaults)
    for name in _parameter_names(operations, document):
        unknown.pop(name, None)
        if not unknown:
            return dict(defaults)
    raise ValueError(_unknown_defaults(list(unknown), operations, document))


@contextmanager
def _readable() -> Iterator[None]:
    """Pass over operations that can't be called either."""
    try:
        yield
    except NotLoaded:
        raise
    except DocumentError:
        pass


def _parameter_names(operations: Operations, document: Document) -> Iterator[str]:
    """Every name that a parameter can be given by, some of them several times.

    First what stands in the document, which is quick to read; then what has to be worked out:
    `path_id` and `query_id` where one name stands in two places, and references to other files.
    """
    seen: set[str] = set()
    for entries in _declared(operations, document):
        for entry in entries if isinstance(entries, list) else ():
            name = entry.get("name") if isinstance(entry, dict) else None
            if isinstance(name, str) and name not in seen:
                seen.add(name)
                yield name
                yield python_name(name)
    for operation in operations.values():
        with _readable():
            for parameter in operation.parameters:
                yield parameter.name
                yield parameter.python_name


def _declared(operations: Operations, document: Document) -> Iterator[Any]:
    """The lists of Parameter Objects in a document, as they stand there."""
    components = document.data.get("components")
    shared = components.get("parameters") if isinstance(components, dict) else None
    yield list(shared.values()) if isinstance(shared, dict) else None
    for operation in operations.values():
        yield operation.shared_parameters
        yield operation.node.get("parameters")


def _member_names(operations: Operations) -> set[str]:
    """What the members of the operations' bodies can be given by."""
    names: set[str] = set()
    for operation in operations.values():
        with _readable():
            if operation.request_body is not None:
                for name, wire_name in operation.request_body.property_names.items():
                    names |= {name, wire_name}
    return names


def _unknown_defaults(names: list[str], operations: Operations, document: Document) -> str:
    import difflib

    known = list(dict.fromkeys(_parameter_names(operations, document)))
    lines = []
    members = _member_names(operations)
    for name in names:
        near = difflib.get_close_matches(str(name), known, n=1)
        if name in members:
            lines.append(
                f"{name!r}; it is a member of a body, and defaults are for parameters only"
            )
        else:
            lines.append(f"{name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    return f"defaults=: no operation has a parameter {', or '.join(lines)}"
