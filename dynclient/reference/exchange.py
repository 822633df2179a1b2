"""A request and a response as openapi-core's protocols want them: the text that would arrive."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from ..media import best_match
from ..messages import HttpRequest, HttpResponse
from ..origins import encoded_path
from .view import HOST, PATH, path_of

if TYPE_CHECKING:
    from ..operation import Operation, Parameter

__all__ = ["JudgedRequest", "JudgedResponse", "media_type_of"]


class JudgedRequest:
    """An HttpRequest as openapi-core's request protocol wants it.

    schema  that of its body, if it has one
    empty   the keys of what is empty text, which openapi-core takes for missing or wrong under any
            schema
    """

    def __init__(self, operation: Operation, request: HttpRequest) -> None:
        from openapi_core.datatypes import RequestParameters
        from werkzeug.datastructures import Headers as WerkzeugHeaders
        from werkzeug.datastructures import ImmutableMultiDict

        parts = urlsplit(request.url)
        cookies = _cookies(request.headers.get("Cookie", ""))
        media = operation.request_body.media if operation.request_body else ()
        self.host_url = HOST
        self.path = self.path_pattern = PATH
        self.full_url_pattern = f"{HOST}{PATH}"
        self.method = "post"
        schemas = {each.media_type: each.schema for each in media}
        self.content_type = media_type_of(schemas, request.headers.get("Content-Type", ""))
        self.schema = schemas.get(self.content_type)
        self.body = request.content if isinstance(request.content, bytes) else None
        query = _query(operation, parts.query)
        headers = [p for p in operation.parameters if p.location == "header"]
        self.empty = frozenset(
            [f"query.{name}" for name, value in query if not value]
            + [f"cookie.{name}" for name, value in cookies if not value]
            + [p.key for p in headers if request.headers.get(p.name) == ""]
        )
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(query),
            # Those of one name are joined (RFC 9110, section 5.3): it reads the first alone.
            header=WerkzeugHeaders(list(request.headers.items())),
            cookie=ImmutableMultiDict(cookies),
            path=_path_values(operation, parts.path),
        )


class JudgedResponse:
    """An HttpResponse as openapi-core's response protocol wants it."""

    def __init__(self, response: HttpResponse, content_type: str) -> None:
        from werkzeug.datastructures import Headers as WerkzeugHeaders

        self.status_code = response.status
        self.headers = WerkzeugHeaders(list(response.headers.items()))
        self.content_type = content_type
        self.data = response.content


def media_type_of(declared: Iterable[str], content_type: str) -> str:
    """The declared media type that fits best, else that of the message.

    Matching is done before: openapi-core compares parameters and case letter by letter, and would
    not know how to read a type that a range was declared for.
    """
    return (best_match(declared, content_type) if content_type else None) or content_type


def _query(operation: Operation, text: str) -> list[tuple[str, str]]:
    """The query, decoded, but for the spaces that openapi-core splits by: it wants them encoded.

    A `+` is one: we write spaces as `%20`, and `allowReserved` leaves `+` as it is.
    """
    split = {p.name for p in operation.parameters if p.style == "spaceDelimited" and not p.explode}
    parts = [part.partition("=") for part in text.split("&") if part]
    pairs = [(unquote(name), unquote(value)) for name, _, value in parts]
    return [(name, value.replace(" ", "%20") if name in split else value) for name, value in pairs]


def _cookies(text: str) -> list[tuple[str, str]]:
    """The cookies, decoded: style `form` encodes them, which openapi-core does not undo."""
    pairs = [part.strip().partition("=") for part in text.split(";") if part.strip()]
    return [(unquote(name), unquote(value)) for name, _, value in pairs]


def _path_values(operation: Operation, path: str) -> dict[str, str]:
    """The values of a path template's placeholders in the path of a URL, decoded.

    openapi-core wants those of style label and matrix by RFC 6570's expressions: `.id`, `;id*`.
    """
    names, pattern = _pattern(path_of(operation.path))
    found = pattern.search(path)
    if found is None:
        return {}
    keys = {p.name: _expression(p) for p in operation.parameters if p.location == "path"}
    texts = map(unquote, found.groups())
    return {keys.get(name, name): text for name, text in zip(names, texts, strict=True)}


def _expression(parameter: Parameter) -> str:
    mark = {"label": ".", "matrix": ";"}.get(parameter.style, "")
    return f"{mark}{parameter.name}{'*' if mark and parameter.explode else ''}"


@functools.lru_cache(maxsize=1024)
def _pattern(template: str) -> tuple[tuple[str, ...], re.Pattern[str]]:
    pieces = re.split(r"\{([^{}]*)\}", template)
    literals, names = pieces[::2], pieces[1::2]
    written = [re.escape(encoded_path(literal)) for literal in literals]
    return tuple(names), re.compile("([^/]*)".join(written) + "$")
