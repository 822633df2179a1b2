"""Wrong responses on purpose: a named way each, told from a right one, and held against the judge.

Changes of the body are tried one after the other, at every place of the data, until one breaks the
document in just the way that its name says.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from random import Random
from typing import Any, NamedTuple

from msgspec import structs

from ..errors import DynclientError
from ..messages import Headers, HttpRequest, HttpResponse, Violation
from ..operation import Operation
from ..schema.keywords import LIMITS
from ..validation import Validation

__all__ = ["DRIFTS", "drifted", "named_drifts"]

_MOST_TRIES = 400
_WARN = Validation.of("warn")
_ODD = "drifted"


class Drift(NamedTuple):
    """A way to be wrong.

    tries  wrong responses made of a right one, one after the other
    is_it  whether what a response breaks is what the name says
    """

    tries: Callable[[HttpResponse, Random], Iterable[HttpResponse]]
    is_it: Callable[[Sequence[Violation]], bool] = bool


def drifted(
    name: str, response: HttpResponse, request: HttpRequest, operation: Operation, random: Random
) -> HttpResponse | None:
    """A wrong response made of a right one; None where there is no place for it."""
    drift = DRIFTS[name]
    for each in drift.tries(response, random):
        if drift.is_it(_violations(each, request, operation)):
            return each
    return None


def _body(*rules: str, null: bool = False) -> Drift:
    """A change of the data of a JSON body that breaks one of these rules, and no other."""

    def tries(response: HttpResponse, random: Random) -> Iterator[HttpResponse]:
        try:
            data = json.loads(response.content)
        except ValueError:
            return
        candidates = [each for each in _changes(data) if null is _has_new_null(data, each)]
        random.shuffle(candidates)
        candidates.sort(key=lambda each: _ODD not in json.dumps(each))  # the word tells by itself
        for each in candidates[:_MOST_TRIES]:
            yield structs.replace(response, content=json.dumps(each).encode())

    def is_it(violations: Sequence[Violation]) -> bool:
        broken = {each.rule for each in violations}
        return bool(broken) and broken <= set(rules)

    return Drift(tries, is_it)


def _raw(change: Callable[[bytes], bytes]) -> Drift:
    """A change of the bytes of a body."""
    return Drift(lambda given, _: [structs.replace(given, content=change(given.content))])


def _other_status(response: HttpResponse, _: Random) -> Iterator[HttpResponse]:
    yield structs.replace(response, status=299)


def _other_media_type(response: HttpResponse, _: Random) -> Iterator[HttpResponse]:
    if response.content:
        fields = {**dict(response.headers), "Content-Type": f"text/x-{_ODD}"}
        yield structs.replace(response, headers=Headers(fields))


def _without_a_header(response: HttpResponse, _: Random) -> Iterator[HttpResponse]:
    for name in response.headers:
        fields = [pair for pair in response.headers.pairs() if pair[0] != name]
        yield structs.replace(response, headers=Headers(fields))


def _is_of_headers(violations: Sequence[Violation]) -> bool:
    return any(each.where.startswith("response.header.") for each in violations)


#: Every way, by its name.
DRIFTS: Mapping[str, Drift] = {
    "status": Drift(_other_status),
    "type": _body("type"),
    "null": _body("type", "enum", "const", null=True),
    "enum": _body("enum", "const"),
    "format": _body("format"),
    "missing": _body("required"),
    "extra": _body("additionalProperties", "unevaluatedProperties"),
    "bounds": _body(*LIMITS),
    "header": Drift(_without_a_header, _is_of_headers),
    "media-type": Drift(_other_media_type),
    "empty": _raw(lambda _: b""),
    "cut-off": _raw(lambda content: content[: len(content) // 2]),
    "charset": _raw(lambda content: content + b"\xff\xfe"),
}


def named_drifts(text: str) -> list[str] | int:
    """What a text stands for: names with commas between, or how many of them.

    ValueError for what is neither.
    """
    if text.isdecimal():
        return int(text)
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in DRIFTS:
            near = get_close_matches(name, DRIFTS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(DRIFTS)}"
            raise ValueError(f"no drift {name!r}; {hint}")
    return names


def _violations(
    response: HttpResponse, request: HttpRequest, operation: Operation
) -> Sequence[Violation]:
    try:
        return operation.parse(response, request, _WARN).violations
    except DynclientError:
        return ()  # what can't be judged is not known to be wrong


def _changes(data: Any) -> Iterator[Any]:
    """The data, changed at one place; at every place, in every way that it can be."""
    yield from _instead_of(data)
    if isinstance(data, dict):
        yield {**data, _ODD: True}
        for name, value in data.items():
            yield {key: each for key, each in data.items() if key != name}
            for changed in _changes(value):
                yield {**data, name: changed}
    elif isinstance(data, list):
        yield []
        for index, value in enumerate(data[:3]):
            for changed in _changes(value):
                yield [*data[:index], changed, *data[index + 1 :]]


def _instead_of(value: Any) -> Iterator[Any]:
    yield None
    if isinstance(value, str):
        yield from (_ODD, "", "x" * 10_000, 7, {_ODD: True})
    elif isinstance(value, bool):
        yield from (str(value).lower(), 7)
    elif isinstance(value, int | float):
        yield from (-(10**9), 10**18, value + 0.5, str(value))
    else:
        yield from (_ODD, [], {})


def _has_new_null(before: Any, after: Any) -> bool:
    return json.dumps(after).count("null") > json.dumps(before).count("null")
