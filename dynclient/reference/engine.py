"""The engine: openapi-core validates an exchange; its findings are combined with ours."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from ..document import Node
from ..errors import DocumentError
from ..jsontext import decode
from ..media import parse_media_type
from ..messages import HttpRequest, HttpResponse, Violation
from ..operation.declared import declared_for
from ..schema import Direction, Validator, compile_validator
from ..schema.formats import checked
from ..validation import ALL_FORMATS, Formats
from .errors import violations_of
from .exchange import JudgedRequest, JudgedResponse, media_type_of
from .schemas import on_texts
from .view import PATH, View, is_data

if TYPE_CHECKING:
    from ..operation import Operation

__all__ = ["ReferenceEngine"]

_MOST_APPS = 8
#: Layers that openapi-core knows nothing of.
_OURS = ("undocumented_members", "missing_members")
#: What a value breaks only since a schema that knows its members is broken.
_UNEVALUATED = ("unevaluatedItems", "unevaluatedProperties")


class ReferenceEngine:
    """Validates exchanges with openapi-core. Thread-safe; slow, by comparison.

    What openapi-core has no notion of, or nothing to judge by, stays with the compiled engine: its
    violations are given as `ours`, and are kept there. Where both find the same rule broken at the
    same place, it is reported in our words, which name places in the document.
    """

    def __init__(self) -> None:
        #: The view of each operation, and its applications by the checks of formats in them.
        self._apps: WeakKeyDictionary[Operation, tuple[View, dict[Any, Any]]] = WeakKeyDictionary()

    def judge_request(
        self,
        operation: Operation,
        request: HttpRequest,
        ours: Sequence[Violation] = (),
        supplied: Collection[str] = (),
        *,
        formats: Formats = ALL_FORMATS,
    ) -> list[Violation]:
        """The violations of a request; empty if it is valid.

        `supplied` are the keys of parameters (`query.key`) that the credentials will fill in.
        DocumentError if openapi-core fails on the document. Security is left to the handlers.
        """
        with _as_document_error(operation):
            app, view = self._app(operation, formats)
            judged = JudgedRequest(operation, request)
            body = _Body(judged.schema, "request", request.content)
            if body.is_endless:
                return list(ours)
            errors = list(app.iter_request_errors(judged))
        beyond = view.parameters | {f"request.{key}" for key in supplied}
        beyond |= {f"request.{key}" for key in judged.empty}
        if request.content is not None and not _is_shown(view, judged, request):
            beyond.add("request.body")
        found = violations_of(errors, operation, "request", formats=formats, hides=body.hides)
        return _combined(found, ours, beyond)

    def judge_response(
        self,
        operation: Operation,
        request: HttpRequest,
        response: HttpResponse,
        ours: Sequence[Violation] = (),
        *,
        formats: Formats = ALL_FORMATS,
    ) -> list[Violation]:
        """The violations of a response; empty if it is valid.

        DocumentError if openapi-core fails on the document.
        """
        if any(each.rule == "document" for each in ours):
            return list(ours)  # A schema that can't be compiled: its walk has no bounds either.
        declared = declared_for(operation.responses, response.status)
        key, content = (declared.key, declared.content) if declared else ("", {})
        came = response.headers.get("Content-Type", "")
        # Without a type the body is read as the first one that is declared; that it has none is
        # in `ours`.
        content_type = media_type_of(content, came) if came else next(iter(content), "")
        with _as_document_error(operation):
            app, view = self._app(operation, formats)
            entry = content.get(content_type)
            body = _Body(entry.schema if entry else None, "response", response.content)
            if body.is_endless:
                return list(ours)
            judged = JudgedResponse(response, content_type)
            errors = list(app.iter_response_errors(JudgedRequest(operation, request), judged))
        beyond = set(view.headers.get(key, ()))
        shown = (key, content_type) in view.bodies and is_data(came or content_type)
        if not shown or not response.content:
            beyond.add("response.body")
        if not came:
            beyond.add("response.header.Content-Type")
        found = violations_of(errors, operation, "response", formats=formats, hides=body.hides)
        return _combined(found, ours, beyond)

    def _app(self, operation: Operation, formats: Formats) -> tuple[Any, View]:
        known = self._apps.get(operation)
        if known is None:
            known = self._apps[operation] = View(operation), {}
        view, apps = known
        app = apps.get(formats.checks)
        if app is None:
            if len(apps) >= _MOST_APPS:
                apps.clear()
            app = apps[formats.checks] = _app_of(view, formats)
        return app, view


class _Body:
    """The body of an exchange as the compiled schema sees it; JSON only.

    is_endless  whether jsonschema would judge it without end: it judges a value again and again
    """

    def __init__(self, root: Node | None, direction: Direction, content: Any) -> None:
        self._validator: Validator | None = None
        self._value: Any = None
        if root is not None and isinstance(content, bytes):
            with suppress(ValueError):
                self._value = decode(content)
                self._validator = compile_validator(root, direction)
        self.is_endless = self._validator is not None and self._validator.is_endless(self._value)

    def hides(self, path: Sequence[str | int]) -> bool:
        """Whether what a path into it leads to must not be shown."""
        return self._validator is not None and self._validator.hides(path)


def _is_shown(view: View, judged: JudgedRequest, request: HttpRequest) -> bool:
    """Whether openapi-core can judge the body of a request. A stream is nobody's to read."""
    shown = ("request", judged.content_type) in view.bodies
    came = request.headers.get("Content-Type", "")
    return shown and is_data(came) and isinstance(request.content, bytes)


#: What can't be read is beyond anybody's schema, and which media type was meant is ours to choose.
_OUR_RULES = frozenset({"encoding", "empty-path", "media-type"})


def _combined(
    found: Sequence[Violation], ours: Sequence[Violation], beyond: Collection[str]
) -> list[Violation]:
    """openapi-core's findings, those on which both agree in our words, and ours on what is beyond.

    `beyond` are parts of the exchange, as `Violation.where` names them.
    """
    result = [each for each in ours if each.where in beyond or _is_ours(each)]
    for violation in found:
        if violation.where in beyond:
            continue
        same = [each for each in ours if _is_same(each, violation)]
        if not same and _is_consequence(violation, found):
            continue
        result += [each for each in same or [violation] if each not in result]
    return result


def _is_ours(violation: Violation) -> bool:
    """Whether text alone, which is all that openapi-core sees of a request, can't show it.

    A parameter is validated as it was given: 1 is not a string, though its text would be one.
    """
    is_parameter = violation.where.startswith("request.") and violation.where != "request.body"
    return (
        violation.rule in _OUR_RULES
        or violation.layer in _OURS
        or (is_parameter and violation.rule == "type")
    )


def _is_consequence(violation: Violation, found: Sequence[Violation]) -> bool:
    return violation.rule in _UNEVALUATED and any(
        each.rule not in _UNEVALUATED
        and each.where == violation.where
        and f"{each.pointer}/".startswith(f"{violation.pointer}/")
        for each in found
    )


def _is_same(ours: Violation, found: Violation) -> bool:
    """Whether ours is what openapi-core found.

    Ours may be more precise: of alternatives, what the nearest one misses; of text that can't be
    read, the type that was wanted; of what is not allowed at all, which member it is.
    """
    if ours.where != found.where:
        return False
    if found.rule in ("value", "encoding"):
        return True
    if found.rule in ("oneOf", "anyOf", "schema"):
        return f"{ours.pointer}/".startswith(f"{found.pointer}/")
    return (ours.pointer, ours.rule) == (found.pointer, found.rule)


def _app_of(view: View, formats: Formats) -> Any:
    from openapi_core import Config, OpenAPI

    operation = view.document["paths"][PATH]["post"]
    owners = [operation.get("requestBody", {}), *operation["responses"].values()]
    keys = [key for owner in owners for key in owner.get("content", {})]
    # It looks a reader up by the key of a range, else by the type without its parameters.
    types = {*keys, *(parse_media_type(key).essence for key in keys)}
    readers = {each: _read_data if is_data(each) else _as_it_is for each in types}
    own = {name: on_texts(checked(check)) for name, check in formats.checks}
    config = Config(
        spec_validator_cls=None,
        extra_media_type_deserializers=readers,
        extra_format_validators=view.patterns | own,
    )
    return OpenAPI.from_dict(view.document, config=config)


def _read_data(content: bytes, **_: str) -> Any:
    """JSON, without loss; openapi-core hands over the parameters of the media type as well."""
    return decode(content)


def _as_it_is(content: bytes, **_: str) -> Any:
    return content


@contextmanager
def _as_document_error(operation: Operation) -> Iterator[None]:
    """Turns what openapi-core raises on a document that it can't walk into a DocumentError.

    Without its text, which holds the value that it was validating: that may be secret.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, DocumentError):
            raise
        raise DocumentError(
            f"openapi-core can't validate {operation.name}: it raises {type(error).__name__}",
            pointer=operation.at.pointer,
        ) from None
