"""Percent-encoding of text, by where it stands.

Sources: RFC 3986, sections 2.2 and 2.3; RFC 6570, section 3.2.3 (reserved expansion); OpenAPI
3.2.0, Parameter Object, `allowReserved`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeAlias
from urllib.parse import quote

__all__ = ["Encode", "reserved_in", "strict"]

#: Makes the text that is sent of a text.
Encode: TypeAlias = Callable[[str], str]

_RESERVED = ":/?@!$&'()*+,;="  # RFC 3986's, less `#[]`, which no query or path may hold
#: RFC 3986, section 2.3: what is never encoded, and most values are made of.
_UNRESERVED = re.compile(r"[0-9A-Za-z._~-]*").fullmatch


def strict(text: str) -> str:
    """The text with all but unreserved characters encoded."""
    return text if _UNRESERVED(text) else quote(text, safe="")


def _reserved(text: str) -> str:
    # Percent-encoded triples pass unchanged (RFC 6570, section 3.2.3).
    return "%".join(_reserved_run(text.split("%")))


def _reserved_run(runs: list[str]) -> Iterable[str]:
    yield quote(runs[0], safe=_RESERVED)
    for run in runs[1:]:
        is_triple = len(run) >= 2 and all(c in "0123456789abcdefABCDEF" for c in run[:2])
        yield ("" if is_triple else "25") + quote(run, safe=_RESERVED)


#: What `allowReserved` leaves encoded, as it would end what the value stands in: a segment or the
#: path (OpenAPI 3.2.0, Parameter Object), or a cookie (RFC 6265, section 4.1.1).
_ENDS = {"path": "/?", "cookie": ";,"}


def reserved_in(location: str) -> Encode:
    """Leaves reserved characters as they are, but for those that would end what they are in."""
    ends = {ord(each): quote(each, safe="") for each in _ENDS.get(location, "")}
    return (lambda text: _reserved(text).translate(ends)) if ends else _reserved
