"""The engine: an exchange shown to openapi-core, and its verdict put beside the compiled one's."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..errors import DocumentError, Violation
from ..jsontext import decode
from ..messages import HttpRequest, HttpResponse
from ..operation.response import declared_for
from .errors import violations_of
from .exchange import JudgedRequest, JudgedResponse, media_type_of
from .view import PATH, View, is_data

if TYPE_CHECKING:
    from ..operation import Operation

__all__ = ["ReferenceEngine"]


class ReferenceEngine:
    """Judges exchanges with openapi-core. Thread-safe; slow, by comparison.

    What openapi-core has no notion of, or nothing to judge by, stays with the compiled engine: its
    violations are given as `ours`, and are kept there. Where both find the same rule broken at the
    same place, it is told in our words, which name places in the document.
    """

    def __init__(self) -> None:
        self._apps: dict[str, tuple[Any, View]] = {}

    def judge_request(
        self,
        operation: Operation,
        request: HttpRequest,
        ours: Sequence[Violation] = (),
        supplied: Collection[str] = (),
    ) -> list[Violation]:
        """What is wrong with a request; empty if it is right.

        `supplied` are the keys of parameters (`query.key`) that the credentials will fill in.
        DocumentError if openapi-core fails on the document. Security is left to the handlers.
        """
        app, view = self._app(operation)
        judged = JudgedRequest(operation, request)
        beyond = {f"request.{key}" for key in supplied}
        beyond |= {f"request.{'.'.join(key)}" for key in view.beyond if key[0] in _LOCATIONS}
        beyond |= {f"request.query.{name}" for name in judged.empty}
        if request.content is not None and not _is_shown(view, operation, judged, request):
            beyond.add("request.body")
        with _told(operation):
            errors = list(app.iter_request_errors(judged))
        return _settled(violations_of(errors, operation, "request"), ours, beyond)

    def judge_response(
        self,
        operation: Operation,
        request: HttpRequest,
        response: HttpResponse,
        ours: Sequence[Violation] = (),
    ) -> list[Violation]:
        """What is wrong with a response; empty if it is right.

        DocumentError if openapi-core fails on the document.
        """
        if any(each.rule == "document" for each in ours):
            return list(ours)  # A schema that can't be compiled: its walk has no bounds either.
        app, view = self._app(operation)
        declared = declared_for(operation.responses, response.status)
        came = response.headers.get("Content-Type", "")
        content = declared.content if declared else {}
        # Without a type the body is read as the first one that is declared; that it has none is
        # in `ours`.
        content_type = media_type_of(content, came) if came else next(iter(content), "")
        beyond = set()
        if declared is not None:
            beyond |= {
                f"response.header.{key[2]}"
                for key in view.beyond
                if key[:2] == (declared.key, "header")
            }
            unknown = (declared.key, "body", content_type) in view.beyond
            if unknown or not response.content or not is_data(came or content_type):
                beyond.add("response.body")
        if not came:
            beyond.add("response.header.Content-Type")
        judged = JudgedResponse(response, content_type)
        with _told(operation):
            errors = list(app.iter_response_errors(JudgedRequest(operation, request), judged))
        return _settled(violations_of(errors, operation, "response"), ours, beyond)

    def _app(self, operation: Operation) -> tuple[Any, View]:
        known = self._apps.get(operation.name)
        if known is None:
            view = View(operation)
            known = self._apps[operation.name] = _app_of(view), view
        return known


_LOCATIONS = frozenset({"path", "query", "querystring", "header", "cookie"})


def _is_shown(
    view: View, operation: Operation, judged: JudgedRequest, request: HttpRequest
) -> bool:
    """Whether openapi-core can judge the body of a request."""
    if not isinstance(request.content, bytes):
        return False  # A stream is nobody's to read before it is sent.
    body = operation.request_body
    declared = {media.media_type for media in body.media} if body else set()
    shown = judged.content_type in declared and ("body", judged.content_type) not in view.beyond
    return shown and is_data(request.headers.get("Content-Type", ""))


def _settled(
    found: Sequence[Violation], ours: Sequence[Violation], beyond: Collection[str]
) -> list[Violation]:
    """openapi-core's findings, those on which both agree in our words, and ours on what is beyond.

    `beyond` are parts of the exchange, as `Violation.where` names them.
    """
    result = [each for each in ours if each.where in beyond]
    for violation in found:
        if violation.where in beyond:
            continue
        same = [each for each in ours if _is_same(each, violation)]
        result += [each for each in same or [violation] if each not in result]
    return result


def _is_same(ours: Violation, found: Violation) -> bool:
    """Whether ours says what openapi-core found.

    Ours may be more precise: of alternatives, what the nearest one misses; of text that can't be
    read, the type that was wanted.
    """
    if ours.where != found.where:
        return False
    if found.rule in ("value", "encoding"):
        return True
    if found.rule in ("oneOf", "anyOf"):
        return f"{ours.pointer}/".startswith(f"{found.pointer}/")
    return (ours.pointer, ours.rule) == (found.pointer, found.rule)


def _app_of(view: View) -> Any:
    from openapi_core import Config, OpenAPI

    operation = view.document["paths"][PATH]["post"]
    owners = [operation.get("requestBody", {}), *operation["responses"].values()]
    keys = [key for owner in owners for key in owner.get("content", {})]
    # What it would leave as bytes (`+json`, a range), or read where there is nothing to judge by.
    readers = {key: decode if is_data(key) else bytes for key in keys}
    names = {key.partition(";")[0].strip().lower(): reader for key, reader in readers.items()}
    config = Config(spec_validator_cls=None, extra_media_type_deserializers={**names, **readers})
    return OpenAPI.from_dict(view.document, config=config)


@contextmanager
def _told(operation: Operation) -> Iterator[None]:
    """openapi-core raises whatever it meets on a document that it can't walk; say so."""
    try:
        yield
    except Exception as error:
        raise DocumentError(
            f"openapi-core can't judge {operation.name}: {type(error).__name__}: {error}",
            pointer=operation.at.pointer,
        ) from error
