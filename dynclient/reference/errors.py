"""openapi-core's errors, in our terms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..document.pointer import append, join
from ..errors import Violation
from ..redaction import MASK
from ..schema.explain import shown

if TYPE_CHECKING:
    from ..operation import Operation

__all__ = ["violations_of"]


def violations_of(errors: Iterable[Any], operation: Operation, side: str) -> list[Violation]:
    """What openapi-core found on one side of an exchange, each once.

    `side` is `"request"` or `"response"`. Two subschemas may refuse a value alike.
    """
    found: dict[tuple[str, str, str], Violation] = {}
    for violation in (each for error in errors for each in _violations(error, operation, side)):
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
