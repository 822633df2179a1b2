"""Every request is held against the served document by openapi-core, before anything acts on it."""

from __future__ import annotations

import json
import operator
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, NamedTuple, NoReturn
from urllib.parse import urlsplit

from jsonschema.exceptions import ValidationError, best_match
from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.deserializing.styles.exceptions import EmptyQueryParameterValue
from openapi_core.validation.request.exceptions import SecurityValidationError
from openapi_core.validation.schemas.exceptions import InvalidSchemaValue

from ..document import served_document

__all__ = ["Judge", "Verdict", "WireRequest"]

_LONGEST_MESSAGE = 300
_MOST_MESSAGES = 20
#: Values that a body may have, each judged in its own right, and numbers of an array that are.
_MOST_VALUES = 20_000
_MOST_NUMBERS = 100
#: The keywords of a schema that takes any text, where its type is string.
_FREE = frozenset({"type", "examples", "description"})


@dataclass(slots=True)
class WireRequest:
    """A request as openapi-core's protocol wants it.

    `host_url` is the origin of the served document, not the Host field: the emulator is the same
    server under every name of the loopback interface. `path_pattern` is the matched template
    under that origin, so that openapi-core need not search for it.
    """

    host_url: str
    path_pattern: str
    path: str
    method: str
    content_type: str
    body: bytes | None
    parameters: RequestParameters


@dataclass(frozen=True, slots=True)
class Verdict:
    """What openapi-core found.

    `query` holds the query parameters as the document types them, declared defaults filled in;
    `body` the JSON body, None without one. `problems` are sentences; `unauthenticated` says that
    no security alternative of the operation is met.
    """

    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    problems: tuple[str, ...] = ()
    unauthenticated: bool = False


class Judge:
    """openapi-core, set up for one document.

    The document itself is not checked here: that is the business of its tests. openapi-core makes
    no promise about threads, so one request at a time is judged; those with a body, which can
    take long, keep no others waiting.
    """

    def __init__(self, document: dict[str, Any], base_url: str) -> None:
        served = served_document(document, base_url)
        self._bodiless, self._bodied = (
            (OpenAPI.from_dict(served, config=Config(spec_validator_cls=None)), threading.Lock())
            for _ in range(2)
        )
        self._query = dict(_query_of(served, urlsplit(base_url).path))

    def judge(self, request: WireRequest) -> Verdict:
        """Check the request's security, parameters and body."""
        try:
            return self._judge_body(request) if request.body else self._judge_rest(request)
        except RecursionError:
            return Verdict(problems=("The request is nested too deeply.",))

    # No operation of the document has both a body and a query. Unmarshalling a body costs three
    # times its validation and gives objects of generated classes where the store wants plain data.

    def _judge_body(self, request: WireRequest) -> Verdict:
        try:
            body = _plain(request.body)
            judged = _Shortener()(body)
        except ValueError as error:
            # The validators stumble over such a body; credentials still come before it.
            verdict = self._judge_rest(replace(request, body=None))
            unreadable = f"Request body: {error}."
            return replace(verdict, problems=(*verdict.problems, unreadable))
        if judged is not body:
            request = replace(request, body=json.dumps(judged).encode())
        openapi, lock = self._bodied
        with lock:
            refusal = _refusal(list(openapi.iter_request_errors(request)))
        return refusal or Verdict(body=body)

    def _judge_rest(self, request: WireRequest) -> Verdict:
        openapi, lock = self._bodiless
        with lock:
            result = openapi.request_unmarshaller.unmarshal(request)
        known = self._query.get((request.path_pattern, request.method.lower()), _Query())
        # openapi-core takes an empty text for no value, under any schema.
        empty = {name for name in map(_empty, result.errors) if name in known.texts}
        refusal = _refusal([each for each in result.errors if _empty(each) not in empty])
        # And it takes a default for the value of a parameter that is required.
        missing = [name for name in known.required if name not in request.parameters.query]
        if missing and refusal is None:
            problems = tuple(f"The query parameter {name} is missing." for name in missing)
            refusal = Verdict(problems=problems)
        return refusal or Verdict(query={**result.parameters.query, **dict.fromkeys(empty, "")})


class _Query(NamedTuple):
    """Query parameters of an operation: those that take any text, and those that are required."""

    texts: frozenset[str] = frozenset()
    required: tuple[str, ...] = ()


def _query_of(document: dict[str, Any], root: str) -> Iterator[tuple[tuple[str, str], _Query]]:
    """By path, below `root`, and method."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            given = operation.get("parameters", ()) if isinstance(operation, dict) else ()
            query = [each for each in given if each.get("in") == "query"]
            free = (each["name"] for each in query if _takes_any_text(each["schema"]))
            required = (each["name"] for each in query if each.get("required"))
            yield (f"{root}{path}", method), _Query(frozenset(free), tuple(required))


def _takes_any_text(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "string" and set(schema) <= _FREE


def _empty(error: Exception) -> str | None:
    """The query parameter that was found to be empty; None for another error."""
    cause = error.__cause__
    return cause.name if isinstance(cause, EmptyQueryParameterValue) else None


def _refusal(errors: list[Exception]) -> Verdict | None:
    if any(isinstance(error, SecurityValidationError) for error in errors):
        return Verdict(unauthenticated=True)
    if not errors:
        return None
    sentences = list(islice(_sentences(errors), _MOST_MESSAGES + 1))
    if len(sentences) > _MOST_MESSAGES:
        sentences[-1] = "There are more problems of that kind."
    return Verdict(problems=tuple(sentences))


class _Shortener:
    """Cuts long arrays of numbers short, and counts the values that are left.

    Any number is as good as another to every schema of the document; a million of them would take
    openapi-core minutes. ValueError when there are more than `_MOST_VALUES` values all the same.
    """

    def __init__(self) -> None:
        self._left = _MOST_VALUES

    def __call__(self, value: Any) -> Any:
        """The value itself where nothing is cut."""
        self._left -= 1
        if self._left < 0:
            remedy = "send arrays in the encoding of the Qiskit libraries"
            raise ValueError(f"more than {_MOST_VALUES} values; {remedy}")
        if isinstance(value, dict):
            members = {name: self(member) for name, member in value.items()}
            return value if all(members[name] is value[name] for name in value) else members
        if isinstance(value, list):
            if len(value) > _MOST_NUMBERS and all(map(_numeric, value)):
                return value[:_MOST_NUMBERS]
            items = [self(item) for item in value]
            return value if all(map(operator.is_, items, value)) else items
        return value


def _numeric(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_numeric, value))
    return isinstance(value, int | float) and not isinstance(value, bool)


def _plain(body: bytes | None) -> Any:
    """JSON as plain data; ValueError for what JSON and Unicode don't have."""
    if not body:
        return None
    data = json.loads(body, parse_constant=_refuse_constant)
    try:
        # allow_nan: 1e400 is JSON, but no number that can be stored or sent back.
        json.dumps(data, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError("a text holds half of a surrogate pair") from error
    return data


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _sentences(errors: Iterable[Exception]) -> Iterator[str]:
    for error in errors:
        cause = error.__cause__
        if isinstance(cause, InvalidSchemaValue):
            for violation in cause.schema_errors:
                yield _shortened(f"{_place(error)}{_schema_sentence(violation)}")
        elif cause is not None:
            yield _shortened(f"{_place(error)}{cause}")
        else:
            yield _shortened(str(error))


def _place(error: Exception) -> str:
    name, location = getattr(error, "name", None), getattr(error, "location", None)
    return f"Parameter {name} in {location}: " if name else "Request body: "


def _schema_sentence(violation: Exception) -> str:
    if not isinstance(violation, ValidationError):
        return str(violation)
    deepest = best_match([violation]) or violation
    where = "/".join(str(step) for step in deepest.absolute_path)
    return f"at /{where}: {deepest.message}" if where else deepest.message


def _shortened(message: str) -> str:
    """Long messages quote long values: keep how they begin and what they say at the end."""
    if len(message) <= _LONGEST_MESSAGE:
        return message
    half = _LONGEST_MESSAGE // 2
    return f"{message[:half]} … {message[-half:]}"
