"""The links of a response's header field. Source: RFC 8288, sections 3 and B.2."""

from __future__ import annotations

import re

from ..abnf import split_parameters

__all__ = ["link_target"]

#: A target, and its parameters: a comma in a target or in quotes parts nothing.
_LINK = re.compile(r'<([^>]*)>((?:[ \t]*;(?:"(?:[^"\\]|\\.)*+"|[^",])*+)*+)').finditer


def link_target(field: str, relation: str) -> str | None:
    """The target of the first link with a relation; None if there is none.

    A link's relations stand in its first parameter `rel`, which may have several (section 3.3).
    What is malformed is no link.
    """
    for link in _LINK(field):
        parameters = split_parameters(f"x{link[2]}")[1]
        relations = next((value for name, value in parameters if name == "rel"), "")
        if relation in relations.lower().split():
            return link[1].strip()
    return None
