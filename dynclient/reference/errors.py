"""openapi-core's errors, in our terms and words: its own hold the values that were judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ..document.pointer import join
from ..errors import Violation
from ..redaction import MASK
from ..schema.directions import SECRET
from ..validation import Formats
from ..wording import shown
from .schemas import PATTERN

if TYPE_CHECKING:
    from ..operation import Operation

__all__ = ["violations_of"]

_LOCATIONS = frozenset({"path", "query", "header", "cookie"})

#: Its classes: the rule that each stands for, and a sentence.
_KNOWN: dict[str, tuple[str, str]] = {
    "MissingRequiredParameter": ("required", "it is missing"),
    "MissingRequiredRequestBody": ("required", "the operation needs a body"),
    "MissingRequiredHeader": ("required", "the required header is missing"),
    "MediaTypeNotFound": ("content-type", "the content type is not declared"),
    "RequestBodyNotFound": ("content-type", "the content type is not declared"),
    "ResponseNotFound": ("status", "the status is not declared"),
    "MissingData": ("empty", "the body is empty"),
    "EmptyQueryParameterValue": ("value", "it is empty"),
}


def violations_of(
    errors: Iterable[Any],
    operation: Operation,
    side: str,
    *,
    formats: Formats,
    hides: Callable[[list[Any]], bool],
) -> list[Violation]:
    """What openapi-core found on one side of an exchange, each once.

    `side` is `"request"` or `"response"`. Formats that are off are passed over. `hides` is
    whether what a path into the body leads to is secret. Two subschemas may refuse a value alike.
    """
    found = (each for error in errors for each in _violations(error, operation, side, hides))
    return list(
        dict.fromkeys(
            each for each in found if each.rule != "format" or formats.judges(each.format or "")
        )
    )


def _violations(
    error: Any, operation: Operation, side: str, hides: Callable[[list[Any]], bool]
) -> Iterator[Violation]:
    from jsonschema.exceptions import ValidationError

    where, layer = _where(error, side)
    causes = [getattr(each, "schema_errors", None) for each in _chain(error)]
    found = next((list(errors) for errors in causes if errors), None)
    if found is None:
        yield _reading_violation(error, operation, where, layer)
        return
    for schema_error in found:
        if isinstance(schema_error, ValidationError):
            yield _schema_violation(schema_error, operation, where, layer, hides)


def _reading_violation(error: Any, operation: Operation, where: str, layer: str) -> Violation:
    """What is wrong before a schema is asked: something is missing, or can't be read."""
    chain = list(_chain(error))
    for each in chain:
        if (known := _KNOWN.get(type(each).__name__)) is not None:
            return Violation(where, "", "", *known, layer)
    text, kind = _said(chain, "value"), _said(chain, "type")
    what = "it" if text is None else MASK if _is_secret(operation, where) else shown(text)
    as_kind = f" as {kind}" if kind else ""
    return Violation(where, "", "", "value", f"{what} can't be read{as_kind}", layer)


def _said(chain: Iterable[BaseException], name: str) -> str | None:
    """The first text that one of the errors has under a name."""
    values = (getattr(each, name, None) for each in chain)
    return next((value for value in values if isinstance(value, str)), None)


def _schema_violation(
    error: Any, operation: Operation, where: str, layer: str, hides: Callable[[list[Any]], bool]
) -> Violation:
    rule = str(error.validator or "schema")  # no keyword at all: the schema is `false`
    limit = error.validator_value
    if rule == "format" and str(limit).startswith(PATTERN):
        rule, limit = "pattern", limit.removeprefix(PATTERN)
    if layer == "body":
        layer = "formats" if rule == "format" else layer
        layer = "unknown_enum" if _is_open(error) else layer
    path = list(error.absolute_path)
    secret = _is_secret(operation, where) or any(
        operation.redactor.is_secret_field(str(token)) for token in path
    )
    secret |= isinstance(error.schema, dict) and SECRET in error.schema
    secret |= where.endswith(".body") and hides(path)
    value = MASK if secret or rule == "schema" else shown(error.instance)
    wanted = f": {shown(limit)}" if isinstance(limit, str | int | float | list) else ""
    message = f"{value} breaks `{rule}`{wanted}"
    named = str(limit) if rule == "format" else None
    return Violation(where, join(path), "", rule, message, layer, format=named)


def _is_open(error: Any) -> bool:
    """Whether a value is refused only because the document does not list it; see `schema.fault`."""
    if error.validator in ("enum", "const"):
        return True
    if error.validator not in ("anyOf", "oneOf"):
        return False
    branches: dict[Any, list[Any]] = {}
    for inner in error.context:
        branches.setdefault(inner.relative_schema_path[0], []).append(inner)
    return any(all(map(_is_open, each)) for each in branches.values())


def _is_secret(operation: Operation, where: str) -> bool:
    place, _, name = where.removeprefix("request.").removeprefix("response.").partition(".")
    return operation.redactor.is_secret_part(place, name)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _where(error: Any, side: str) -> tuple[str, str]:
    """The part of the exchange an error is about, and the layer of the policy it belongs to."""
    from openapi_core.validation.request.exceptions import RequestBodyValidationError
    from openapi_core.validation.response.exceptions import HeaderValidationError

    if side == "request":
        place, name = getattr(error, "location", None), getattr(error, "name", None)
        if name and place in _LOCATIONS:
            return f"request.{place}.{name}", "request"
        is_body = isinstance(error, RequestBodyValidationError)
        return "request.body" if is_body else "request", "request"
    if isinstance(error, HeaderValidationError):
        return f"response.header.{error.name}", "headers"
    kinds = {type(each).__name__ for each in _chain(error)}
    if "ResponseNotFound" in kinds:
        return "response.status", "status"
    if "MediaTypeNotFound" in kinds:
        return "response.header.Content-Type", "media_type"
    return "response.body", "body"
