"""The reference engine: the same exchange judged by openapi-core, and so by jsonschema.

Each operation is shown to openapi-core as a document of its own, so that it is never looked up
again from a URL: one path, one method, one server, and the components by reference. What
openapi-core finds is told in the same terms as our own engine's findings.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from ..document.pointer import append, join
from ..errors import DocumentError, Violation
from ..jsontext import decode
from ..messages import HttpRequest, HttpResponse
from ..redaction import MASK
from .explain import shown

if TYPE_CHECKING:
    from ..document import Document
    from ..operation import Operation, Parameter

__all__ = ["ReferenceEngine"]

_HOST = "http://reference.invalid"


class _JudgedRequest:
    """An HttpRequest as openapi-core's request protocol wants it."""

    def __init__(self, operation: Operation, request: HttpRequest) -> None:
        from openapi_core.datatypes import RequestParameters
        from werkzeug.datastructures import Headers as WerkzeugHeaders
        from werkzeug.datastructures import ImmutableMultiDict

        parts = urlsplit(request.url)
        cookies = _cookies(operation, request.headers.get("Cookie", ""))
        self.host_url = _HOST
        self.path = operation.path
        self.path_pattern = operation.path
        self.method = operation.method.lower()
        self.full_url_pattern = f"{_HOST}{operation.path}"
        self.content_type = request.headers.get("Content-Type", "")
        self.body = _content(request)
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(_query(operation, parts.query)),
            header=WerkzeugHeaders(list(request.headers.pairs())),
            cookie=ImmutableMultiDict(cookies),
            path=_path_values(operation, parts.path),
        )


class _JudgedResponse:
    """An HttpResponse as openapi-core's response protocol wants it."""

    def __init__(self, response: HttpResponse) -> None:
        from werkzeug.datastructures import Headers as WerkzeugHeaders

        self.status_code = response.status
        self.headers = WerkzeugHeaders(list(response.headers.pairs()))
        self.content_type = response.headers.get("Content-Type", "")
        self.data = response.content


class ReferenceEngine:
    """Judges exchanges of one document with openapi-core. Thread-safe; slow, by comparison."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._apps: dict[str, Any] = {}

    def judge_request(self, operation: Operation, request: HttpRequest) -> list[Violation]:
        """What openapi-core finds wrong with a request; empty if it is right.

        Security is left to the auth handlers, and a streamed body is nobody's to read.
        """
        app = self._app(operation)
        judged = _JudgedRequest(operation, request)
        with _told(operation):
            errors = list(app.iter_request_errors(judged))
        return _each_once(v for e in errors for v in _violations(e, operation, "request"))

    def judge_response(
        self, operation: Operation, request: HttpRequest, response: HttpResponse
    ) -> list[Violation]:
        """What openapi-core finds wrong with a response; empty if it is right."""
        app = self._app(operation)
        judged = _JudgedRequest(operation, request)
        with _told(operation):
            errors = list(app.iter_response_errors(judged, _JudgedResponse(response)))
        return _each_once(v for e in errors for v in _violations(e, operation, "response"))

    def _app(self, operation: Operation) -> Any:
        app = self._apps.get(operation.name)
        if app is None:
            app = self._apps[operation.name] = self._make_app(operation)
        return app

    def _make_app(self, operation: Operation) -> Any:
        from openapi_core import Config, OpenAPI

        data = self._document.data
        own = {key: value for key, value in operation.value.items() if key != "security"}
        own["servers"] = [{"url": _HOST}]
        item: dict[str, Any] = {operation.method.lower(): own}
        if operation.shared_parameters:
            item["parameters"] = operation.shared_parameters
        slim = {key: value for key, value in data.items() if key not in ("paths", "security")}
        slim["servers"] = [{"url": _HOST}]
        slim["paths"] = {operation.path: item}
        config = Config(
            spec_validator_cls=None,
            extra_media_type_deserializers=_json_deserializers(operation),
        )
        return OpenAPI.from_dict(slim, config=config, base_uri=self._document.uri)


@contextmanager
def _told(operation: Operation) -> Iterator[None]:
    """openapi-core raises whatever it meets on a document that it can't walk; say so."""
    try:
        with warnings.catch_warnings():
            # It warns of every deprecated parameter that is judged, whoever asked for it.
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    except Exception as error:
        raise DocumentError(
            f"openapi-core can't judge {operation.name}: {type(error).__name__}: {error}",
            pointer=operation.at.pointer,
        ) from error


def _json_deserializers(operation: Operation) -> dict[str, Any]:
    """Decoders for the media types that openapi-core would leave as bytes (`+json`)."""
    from ..operation.media import kind_of, parse_media_type

    keys = [m.media_type for m in operation.request_body.media] if operation.request_body else []
    keys += [key for response in operation.responses.values() for key in response.content]
    return {key: decode for key in keys if kind_of(parse_media_type(key)) == "json"}


def _content(request: HttpRequest) -> bytes | None:
    content = request.content
    if content is None or isinstance(content, bytes):
        return content
    return b""


def _query(operation: Operation, text: str) -> list[tuple[str, str]]:
    """The query, decoded, but for the spaces that openapi-core splits by: it wants them encoded."""
    split = {p.name for p in operation.parameters if p.style == "spaceDelimited" and not p.explode}
    pairs = parse_qsl(text, keep_blank_values=True)
    return [(name, value.replace(" ", "%20") if name in split else value) for name, value in pairs]


def _cookies(operation: Operation, text: str) -> list[tuple[str, str]]:
    """The cookies, decoded where their style encodes them: `form` does, 3.2's `cookie` does not."""
    raw = {p.name for p in operation.parameters if p.style == "cookie"}
    pairs = [part.strip().partition("=") for part in text.split(";") if part.strip()]
    return [(name, value if name in raw else unquote(value)) for name, _, value in pairs]


def _path_values(operation: Operation, path: str) -> dict[str, str]:
    """The values of a path template's placeholders in the path of a URL, decoded.

    openapi-core wants those of style label and matrix by RFC 6570's expressions: `.id`, `;id*`.
    """
    names, pattern = _pattern(operation.path)
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
def _pattern(template: str) -> tuple[tuple[str, ...], Any]:
    import re

    pieces = re.split(r"\{([^{}]*)\}", template)
    literals, names = pieces[::2], pieces[1::2]
    return tuple(names), re.compile("([^/]*)".join(map(re.escape, literals)) + "$")


# ── openapi-core's errors, in our terms ──────────────────────────────────────────────────────────


def _each_once(violations: Iterable[Violation]) -> list[Violation]:
    """The violations without those told before: a value that two subschemas refuse alike."""
    found: dict[tuple[str, str, str], Violation] = {}
    for violation in violations:
        key = (violation.where, violation.pointer, f"{violation.rule} {violation.message}")
        found.setdefault(key, violation)
    return list(found.values())


def _violations(error: Any, operation: Operation, side: str) -> Iterator[Violation]:
    from jsonschema.exceptions import ValidationError

    where, layer = _where(error, side)
    causes = [getattr(e, "schema_errors", None) for e in _chain(error)]
    found = next((list(errors) for errors in causes if errors), None)
    if found is not None:
        for schema_error in found:
            if isinstance(schema_error, ValidationError):
                yield _schema_violation(schema_error, operation, where, layer)
        return
    reasons = dict.fromkeys(_reason(e, _is_secret(operation, where)) for e in _chain(error))
    yield Violation(where, "", "", _rule(error), " ".join(filter(None, reasons)), layer)


def _is_secret(operation: Operation, where: str) -> bool:
    place, _, name = where.removeprefix("request.").removeprefix("response.").partition(".")
    redactor = operation.redactor
    return redactor.is_secret_field(name) or (place == "header" and redactor.is_secret_header(name))


def _reason(error: BaseException, secret: bool) -> str:
    """What openapi-core says, without the values that it puts in: a body may be long, or secret."""
    if not type(error).__module__.startswith("openapi_core"):
        return ""  # Python's own words quote the value
    mimetype = getattr(error, "mimetype", None)
    if isinstance(getattr(error, "value", None), bytes) and mimetype:
        return f"the body can't be read as {mimetype}"
    if hasattr(error, "value"):
        value, kind = MASK if secret else shown(error.value), getattr(error, "type", None)
        return f"{value} can't be read" + (f" as {kind}" if kind else "")
    try:
        text = str(error) or type(error).__name__
    except UnicodeDecodeError:  # it has a body in it that is no text
        return ""
    return text if error.__cause__ is None else text.partition(": ")[0]


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _schema_violation(error: Any, operation: Operation, where: str, layer: str) -> Violation:
    rule = str(error.validator)
    if rule in ("format", "enum", "const") and layer == "body":
        layer = "formats" if rule == "format" else "unknown_enum"
    path = list(error.absolute_path)
    names = [str(token) for token in path]
    secret = _is_secret(operation, where) or any(map(operation.redactor.is_secret_field, names))
    if isinstance(error.schema, dict):
        secret |= error.schema.get("format") == "password" or error.schema.get("writeOnly") is True
    value = MASK if secret else shown(error.instance)
    message = f"{value} does not keep to {rule}" if secret else _short(error, value)
    return Violation(
        where, join(path), append("", *error.absolute_schema_path), rule, message, layer
    )


def _short(error: Any, value: str) -> str:
    text = str(error.message)
    whole = repr(error.instance)
    return text.replace(whole, value) if len(whole) > 1 else text


_PLACES: Mapping[str, str] = {
    "path": "path",
    "query": "query",
    "header": "header",
    "cookie": "cookie",
}


def _where(error: Any, side: str) -> tuple[str, str]:
    """The part of the exchange an error is about, and the layer of the policy it belongs to."""
    name = type(error).__name__
    parameter, place = getattr(error, "name", None), getattr(error, "location", None)
    if side == "request":
        if parameter and str(place) in _PLACES:
            return f"request.{place}.{parameter}", "request"
        return "request.body" if "Body" in name or "Media" in name else "request", "request"
    if "Header" in name:
        return f"response.header.{parameter or ''}".rstrip("."), "headers"
    chain = [type(e).__name__ for e in _chain(error)]
    if "ResponseNotFound" in chain:
        return "response.status", "status"
    if "MediaTypeNotFound" in chain:
        return "response.header.Content-Type", "media_type"
    return "response.body", "body"


_RULES = {
    "MissingRequiredParameter": "required",
    "MissingRequiredRequestBody": "required",
    "MissingRequiredHeader": "required",
    "MediaTypeNotFound": "content-type",
    "RequestBodyNotFound": "content-type",
    "ResponseNotFound": "status",
    "MissingData": "empty",
}


def _rule(error: Any) -> str:
    for each in _chain(error):
        if type(each).__name__ in _RULES:
            return _RULES[type(each).__name__]
    return "encoding" if "Deserialize" in repr(error) else "value"
