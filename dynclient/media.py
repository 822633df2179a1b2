"""Media types: parsing them, matching them, and the charset that they name.

Sources: RFC 9110, sections 8.3 and 12.5.1; RFC 6839 (structured suffixes); OpenAPI 3.1.1,
sections "Media Type Object" and "Response Object".
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from .abnf import split_parameters

__all__ = ["MediaType", "best_match", "charset_of", "parse_media_type"]

_NO_CHARSETS = frozenset(
    {"idna", "mbcs", "oem", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}
)


class MediaType(NamedTuple):
    """A media type or range: `type` and `subtype` in lower case, parameters by lower-case name."""

    type: str
    subtype: str
    parameters: tuple[tuple[str, str], ...] = ()

    @property
    def essence(self) -> str:
        """`type/subtype`, without parameters."""
        return f"{self.type}/{self.subtype}"

    @property
    def suffix(self) -> str:
        """The structured suffix: `json` of `application/problem+json`; empty if none."""
        return self.subtype.rpartition("+")[2] if "+" in self.subtype else ""


@lru_cache(maxsize=1024)
def parse_media_type(text: str) -> MediaType:
    """The media type a header field or a key of `content` names; odd text gives odd parts."""
    essence, pairs = split_parameters(text)
    kind, _, subtype = essence.lower().partition("/")
    # The one parameter whose values are known to ignore case (RFC 9110, section 8.3.2).
    parameters = ((name, v.lower() if name == "charset" else v) for name, v in pairs)
    return MediaType(kind.strip(), subtype.strip(), tuple(parameters))


def charset_of(content_type: str) -> str:
    """The charset parameter, if Python knows it; else UTF-8."""
    import codecs

    name = dict(parse_media_type(content_type).parameters).get("charset", "utf-8")
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):  # ValueError for a null in the name
        return "utf-8"
    # Python has codecs that don't decode to text, and some that are not charsets.
    is_charset = getattr(found, "_is_text_encoding", True) and found.name not in _NO_CHARSETS
    return found.name if is_charset else "utf-8"


def _rank(declared: MediaType, actual: MediaType) -> int:
    """How well a declared type or range fits an actual type; 0 if it does not."""
    if declared.essence == actual.essence:
        wanted = set(declared.parameters)
        if wanted - set(actual.parameters):
            # Other parameters: still the same type (RFC 9110, 8.3.1), but anything exact is better.
            return 4
        return 6 if wanted else 5
    if declared.type not in ("*", actual.type):
        return 0
    if declared.subtype.startswith("*+") and declared.subtype[2:] == actual.suffix:
        return 3
    if declared.subtype == "*":
        return 2 if declared.type != "*" else 1
    return 0


def best_match(declared: Iterable[str], actual: str) -> str | None:
    """The most specific of the declared types and ranges that covers `actual`, or None."""
    wanted = parse_media_type(actual)
    if not wanted.subtype:
        return None  # `image` is not a media type, and lies in no range
    best, best_rank = None, 0
    for key in declared:
        rank = _rank(parse_media_type(key), wanted)
        if rank > best_rank:
            best, best_rank = key, rank
    return best
