"""What openapi-spec-validator finds, in short: each problem with its place, rule and sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ..wording import BOUNDS, SIZES, shown

__all__ = ["Finding", "findings", "references"]

#: A place by keys and indices, the rule broken there, and a sentence.
Finding = tuple[tuple[Any, ...], str, str]

#: The rules that an unknown property breaks; its place is its own.
UNKNOWN = ("additionalProperties", "unevaluatedProperties")
_MOST_CHARACTERS = 300
_NAMED = re.compile(r"'([^']*)'")


def findings(data: Mapping[str, Any], kind: Any, uri: str) -> tuple[list[Finding], list[Finding]]:
    """The problems of a document, and the places where the checker itself gave up.

    `kind` is a class of openapi-spec-validator. Places are as they are walked, through `$ref`s.
    """
    stopped: list[Finding] = []
    try:
        found = list(_of_root(data, kind))
    except UnicodeEncodeError:
        reason = "openapi-spec-validator can't check this: a text has a lone surrogate"
        return [((), "encoding", reason)], stopped

    class Checker(kind):  # type: ignore[misc]
        keyword_validators = {
            name: _placed(each, stopped) for name, each in kind.keyword_validators.items()
        }

    checker = Checker(dict(data), base_uri=uri)
    for error in checker.root_validator(checker.schema_path):
        found += _findings(error, error.dynclient_place)
    return found, stopped


def references(data: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """The places of all objects that have a `$ref`, as far as that is a reference and no data."""
    stack: list[tuple[Any, tuple[Any, ...]]] = [(data, ())]
    while stack:
        value, place = stack.pop()
        if isinstance(value, list):
            stack += [(item, (*place, index)) for index, item in enumerate(value)]
        elif isinstance(value, Mapping):
            if isinstance(value.get("$ref"), str):
                yield place
            named = bool(place) and place[-1] in _NAMES
            for key, member in value.items():
                if named or not (key in _DATA or str(key).startswith("x-")):
                    stack.append((member, (*place, key)))


#: Under these stand names, so that what is called `default` there is no default.
_NAMES = frozenset(
    {
        "callbacks", "content", "definitions", "headers", "links", "parameters", "pathItems",
        "paths", "properties", "requestBodies", "responses", "schemas", "securitySchemes", "$defs",
    }
)  # fmt: skip
_DATA = frozenset({"const", "dataValue", "default", "enum", "example", "examples", "value"})


def _of_root(data: Mapping[str, Any], kind: Any) -> Iterator[Finding]:
    """What the schema of OpenAPI itself finds."""
    from jsonschema.validators import validator_for

    if kind.schema_validator.is_valid(data):
        return
    # The quick validator knows no branches; this one has the errors of each.
    schema = dict(kind.schema_validator.schema)
    found: list[Finding] = []
    for error in validator_for(schema)(schema).iter_errors(data):
        found += _findings(error, ())
    for place, rule, message in found:
        # What a broken part would have described counts as unknown; it is not a problem itself.
        if rule != "unevaluatedProperties" or not any(
            other[: len(place) - 1] == place[:-1] and its != rule for other, its, _ in found
        ):
            yield place, rule, message


def _placed(base: Any, stopped: list[Finding]) -> Any:
    """A validator of one part that keeps the place of each error, and survives a failure."""

    class Placed(base):  # type: ignore[misc]
        def __call__(self, *args: Any, **settings: Any) -> Iterator[Any]:
            path = next(each for each in args if hasattr(each, "read_value"))
            place = tuple(path.parts)
            own = (*place, "default") if hasattr(self, "value_validator_cls") else place
            try:
                for error in super().__call__(*args, **settings):
                    if not hasattr(error, "dynclient_place"):
                        error.dynclient_place = own
                    yield error
            except Exception as error:  # noqa: BLE001 - it raises anything on what it can't walk
                reason = f"openapi-spec-validator can't check this: {type(error).__name__}"
                stopped.append((place, "document", reason))

    return Placed


def _findings(error: Any, start: tuple[Any, ...]) -> Iterator[Finding]:
    if not isinstance(error.validator, str) and error.validator is not None:
        yield _of_checker(error, start)  # a rule that no schema states
        return
    for place, rule, message in _leaves(error):
        yield (*start, *place), rule, message[:_MOST_CHARACTERS]


def _of_checker(error: Any, place: tuple[Any, ...]) -> Finding:
    name = type(error).__name__
    message = error.message[:_MOST_CHARACTERS]
    about = (_NAMED.findall(message) or [""])[0]
    if name == "DuplicateOperationIDError":
        reason = f"operationId {about!r} is taken by another operation"
        return (*place, "operationId"), "operationId", reason
    if name == "ParameterDuplicateError":
        return place, "parameters", f"the parameter {about!r} is declared twice"
    if name == "UnresolvableParameterError":
        if any(f"{{{about}}}" in str(token) for token in place):
            return place, "parameter", f"the placeholder {about!r} of the path is not declared"
        return place, "parameter", f"the path has no placeholder {about!r}, which is declared"
    if name == "ExtraParametersError":
        return (*place, "required"), "required", message
    if message.endswith("is not of type 'object', 'boolean'"):
        return place, "type", "a schema must be an object or a boolean"
    rule = "$schema" if "dialect" in message else str(place[-1]) if place else "document"
    return place, rule, message


def _leaves(error: Any) -> list[Finding]:
    """The problems nearest to the cause: of oneOf and anyOf, those of the branch meant."""
    place = tuple(error.absolute_path)
    if error.validator not in ("oneOf", "anyOf") or not error.context:
        rule = str(error.validator or error.schema_path[-1])
        if rule in UNKNOWN and (names := _unknown_names(error)):
            return [((*place, name), rule, f"unknown property {name!r}") for name in names]
        return [(place, rule, _sentence(error, rule))]
    branches: dict[Any, list[Any]] = {}
    for inner in error.context:
        branches.setdefault(inner.relative_schema_path[0], []).append(inner)
    meant = _without_references(list(branches.values()), error.instance)
    for rule in ("enum", "required", "type"):
        if len(meant) > 1 and (shared := _shared(meant, rule)) is not None:
            return [shared]
    best = min(meant, key=lambda errors: _distance(errors, place))
    return [leaf for inner in best for leaf in _leaves(inner)]


def _without_references(branches: list[list[Any]], instance: Any) -> list[list[Any]]:
    """The branches without that of the Reference Object, where the value is none."""
    if isinstance(instance, Mapping) and "$ref" in instance:
        return branches
    others = [
        errors
        for errors in branches
        if not any(e.validator == "required" and "$ref" in e.validator_value for e in errors)
    ]
    return others or branches


def _shared(branches: list[list[Any]], rule: str) -> Finding | None:
    """What all branches find at one place by one rule, once."""
    by_branch = [
        {tuple(e.absolute_path): e for e in errors if e.validator == rule} for errors in branches
    ]
    places = [place for place in by_branch[0] if all(place in each for each in by_branch)]
    if not places or (rule != "enum" and any(len(errors) > 1 for errors in branches)):
        return None
    same = [each[places[0]] for each in by_branch]
    wanted: list[Any] = []
    for error in same:
        value = error.validator_value
        if rule == "required":
            value = [name for name in value if name not in error.instance]
        wanted += [v for v in (value if isinstance(value, list) else [value]) if v not in wanted]
    if rule == "required":
        names = " or ".join(map(repr, wanted))
        message = f"a required property is missing: {names}"
    else:
        message = _wanting(same[0].instance, rule, wanted)
    return places[0], rule, message


def _distance(errors: list[Any], here: tuple[Any, ...]) -> tuple[int, int]:
    """How far a branch is from what was meant: its values that name another one, its errors."""
    depths = [(e.validator, len(e.absolute_path) - len(here)) for e in errors]
    tags = sum(rule in ("enum", "const") and depth == 1 for rule, depth in depths)
    return 2 * sum(rule == "type" and depth == 0 for rule, depth in depths) + tags, len(errors)


def _unknown_names(error: Any) -> list[str]:
    names = _NAMED.findall(error.message.partition(" do not match")[0])
    return [name for name in names if name in error.instance]


def _wanting(value: Any, rule: str, wanted: Sequence[Any]) -> str:
    if rule == "enum":
        return f"{shown(value)} is not one of {', '.join(map(shown, wanted))}"
    return f"{shown(value)} must be of type {' or '.join(map(str, wanted))}"


def _sentence(error: Any, rule: str) -> str:
    value, limit = error.instance, error.validator_value
    if rule in ("enum", "type"):
        return _wanting(value, rule, limit if isinstance(limit, list) else [limit])
    if rule == "required":
        return f"the required property {error.message.partition(' is a required')[0]} is missing"
    if rule in BOUNDS:
        return f"{shown(value)} must be {BOUNDS[rule]} {limit}"
    if rule[3:] in SIZES:
        least = "at least" if rule.startswith("min") else "at most"
        return f"{shown(value)} must have {least} {limit} {SIZES[rule[3:]]}"
    words = _WORDS.get(rule)
    return words(shown(value), limit) if words else f"{shown(value)} breaks the rule {rule!r}"


_WORDS: dict[str, Callable[[str, Any], str]] = {
    "const": lambda value, limit: f"{value} must be {limit!r}",
    "format": lambda value, limit: f"{value} is not a valid {limit}",
    "pattern": lambda value, limit: f"{value} does not match the pattern {limit}",
    "uniqueItems": lambda value, _: f"{value} has equal items",
    "oneOf": lambda value, _: f"{value} matches several of the alternatives; it must match one",
    "not": lambda value, _: f"{value} matches the schema under `not`",
}
