"""Where an operation is served: Server Objects to base URLs.

Source: OpenAPI 3.1.1, sections "Server Object" and "Server Variable Object".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urljoin, urlsplit

from ..document import Document
from ..errors import DocumentError
from ..origins import checked_base_url, origin_of
from ..remedies import give

__all__ = ["VARIABLE", "base_url", "server_url"]

VARIABLE = re.compile(r"\{([^{}]+)\}")


def base_url(
    document: Document,
    servers: Sequence[Mapping[str, Any]],
    choice: str | int | None = None,
    variables: Mapping[str, str] | None = None,
) -> str:
    """The base URL to append paths to, without a trailing slash.

    `choice` is an index into `servers`, or the URL, name or description of one of them, or any
    absolute URL (then that is used; ValueError if it is not a base URL). Default: the first.
    `variables` are values for the server's variables, in place of their defaults. DocumentError
    if the server has no absolute form, or names an origin that the document is not trusted to name.
    """
    if isinstance(choice, str):
        picked = [
            server
            for server in servers
            if choice in (server.get("url"), server.get("name"), server.get("description"))
        ]
        if not picked:
            if "://" in choice:
                return checked_base_url(choice)
            known = ", ".join(repr(server.get("url")) for server in servers)
            raise DocumentError(f"no server {choice!r}; the document has {known}")
        server = picked[0]
    else:
        try:
            server = servers[choice or 0]
        except IndexError:
            raise DocumentError(f"no server {choice}; the document has {len(servers)}") from None
    url = server_url(document, server, variables)
    # The caller trusts what it opened from disk or as data; a document that came over the network
    # may name its own origin only.
    own = document.uri
    trust = document.resources.trust
    if urlsplit(own).scheme in ("http", "https") and not trust.allows(url, own):
        raise DocumentError(
            f"the document from {own} names the server {url}, whose origin is not trusted",
            remedy=give(base_url=...).otherwise(trust={"origins": origin_of(url)}),
        )
    return url


def _value(
    template: str, match: re.Match[str], server: Mapping[str, Any], values: Mapping[str, str]
) -> str:
    """The value of one variable in a server's URL."""
    name, declared = match[1], server.get("variables")
    variable = declared.get(name) if isinstance(declared, dict) else None
    variable = variable if isinstance(variable, dict) else {}
    value = values.get(name, variable.get("default"))
    if value is None:
        raise DocumentError(
            f"the server {template!r} has no default for its variable {name!r}",
            remedy=give(server_variables={name: ...}).otherwise(base_url=...),
        )
    allowed = variable.get("enum")
    if name in values and isinstance(allowed, list) and value not in allowed:
        known = ", ".join(map(repr, allowed))
        raise DocumentError(
            f"the variable {name!r} of the server {template!r} is one of {known}, not {value!r}"
        )
    for character in _refused_in(template, match):
        if character in str(value):
            raise DocumentError(
                f"the variable {name!r} of the server {template!r} can't hold {character!r}, "
                "which would lead to another place",
                remedy=give(server_variables={name: ...}).otherwise(base_url=...),
            )
    return str(value)


def _refused_in(template: str, match: re.Match[str]) -> str:
    """The characters by which the value of a variable would end the part of the URL it is in."""
    before, after = template[: match.start()], template[match.end() :]
    _, scheme, host = before.partition("://")
    if not scheme or "/" in host:
        return "?#\\"
    return "?#\\@" if after[:1] in ("", "/", ":", "?", "#") else "?#\\@/:"


def server_url(
    document: Document, server: Mapping[str, Any], values: Mapping[str, str] | None = None
) -> str:
    """The base URL of a server, its variables replaced by `values` or their defaults.

    A relative URL is resolved against the document's own. DocumentError for a variable without a
    value, a value outside of the variable's `enum`, or a URL that has no absolute form.
    """
    template = str(server.get("url", "/"))
    # A server's URL is what paths are appended to: a query or fragment has no place in it.
    filled = VARIABLE.sub(lambda match: _value(template, match, server, values or {}), template)
    url: str = re.split(r"[?#]", filled)[0]
    if "://" not in url:
        if document.uri[:4] != "http":
            raise DocumentError(
                f"the server {template!r} is relative, and the document has no web address",
                remedy=give(base_url=...),
            )
        url = urljoin(document.uri, url)
    try:
        return checked_base_url(url)
    except ValueError as error:
        reason = f"the server {template!r} can't be used: {str(error).partition(';')[0]}"
        raise DocumentError(reason, remedy=give(base_url=...)) from None
