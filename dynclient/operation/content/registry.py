"""Which codec a media type has: one table, and what a user puts before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...media import MediaType, best_match, parse_media_type
from ...redaction import MASK, Redactor
from .binary import BINARY
from .codec import Codec
from .forms import FORM
from .json import JSON
from .multipart import MULTIPART
from .sequential import EVENTS, JSON_LINES, JSON_TEXTS
from .text import TEXT
from .xml import XML

__all__ = ["CODECS", "Registry"]

#: A media type with this codec: itself, `*/subtype`, `*/*+suffix` or `type/*`. The first pattern
#: of `_patterns` that is in here counts.
_TABLE: Mapping[str, Codec] = {
    "*/json": JSON,
    "*/*+json": JSON,
    "*/xml": XML,
    "*/*+xml": XML,
    "application/x-www-form-urlencoded": FORM,
    "multipart/*": MULTIPART,
    "application/jsonl": JSON_LINES,
    "application/x-jsonlines": JSON_LINES,
    "application/ndjson": JSON_LINES,
    "application/x-ndjson": JSON_LINES,
    "*/*+jsonl": JSON_LINES,
    "application/json-seq": JSON_TEXTS,
    "*/*+json-seq": JSON_TEXTS,
    "text/event-stream": EVENTS,
    "text/*": TEXT,
    "application/yaml": TEXT,
    "application/x-yaml": TEXT,
    "application/graphql": TEXT,
    "*/*": BINARY,
}
_MOST_FOUND = 1024


def _patterns(media_type: MediaType) -> Iterable[str]:
    kind, subtype, suffix = media_type.type, media_type.subtype, media_type.suffix
    yield f"{kind}/{subtype}"
    yield f"*/{subtype}"
    if suffix:
        yield f"{kind}/*+{suffix}"
        yield f"*/*+{suffix}"
    yield f"{kind}/*"
    yield "*/*"


class Registry:
    """The table of codecs, with those of the user before ours. Immutable; picklable if they are."""

    def __init__(self, own: tuple[Codec, ...] = ()) -> None:
        """TypeError for what is no codec, ValueError for one that names no media type."""
        self._own = own
        self._table = {**_TABLE, **{key: codec for codec in own for key in _keys(codec)}}
        self._found: dict[str, Codec] = {}

    def with_codecs(self, codecs: Iterable[Codec]) -> Registry:
        """A registry with these codecs besides; of two for one media type the later counts."""
        return Registry((*self._own, *codecs))

    def find(self, media_type: str) -> Codec:
        """The codec of a media type, or of a range whose subtype or suffix is known."""
        found = self._found.get(media_type)
        if found is None:
            table = self._table
            patterns = _patterns(parse_media_type(media_type))
            found = next(table[each] for each in patterns if each in table)
            if len(self._found) >= _MOST_FOUND:
                self._found.clear()
            self._found[media_type] = found
        return found

    def declared(self, media_type: str) -> Codec:
        """The codec of what a document declares: of JSON for a range that covers it."""
        json = "application/json"
        covers = "*" in media_type and best_match([media_type], json) is not None
        return self.find(json if covers else media_type)

    def redacted(self, content: bytes, content_type: str, redactor: Redactor) -> bytes:
        """Content without secrets, to be shown."""
        if best_match(redactor.secret_content, content_type) is not None:
            return MASK.encode()
        return self.find(content_type).redacted(content, content_type, redactor)

    def secrets(
        self, content: bytes, content_type: str, redactor: Redactor, *, whole: bool
    ) -> Iterable[str]:
        """The secret texts in content; see `Codec.secrets`."""
        return self.find(content_type).secrets(content, redactor, whole=whole)

    def __reduce__(self) -> tuple[Any, ...]:
        return _registry, (self._own,)


def _keys(codec: Codec) -> list[str]:
    if not isinstance(codec, Codec):
        raise TypeError(f"codecs= takes objects of dynclient.Codec, not {codec!r}")
    keys = [parse_media_type(each).essence for each in codec.media_types]
    if not keys or not all(key.partition("/")[2] for key in keys):
        name = type(codec).__name__
        raise ValueError(f"{name}.media_types names the media types it is for, as a tuple")
    return keys


#: The codecs of the library.
CODECS = Registry()


def _registry(own: tuple[Codec, ...]) -> Registry:
    return Registry(own) if own else CODECS
