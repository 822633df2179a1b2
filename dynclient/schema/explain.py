"""From what a validator says to what a person can act on.

Runs only once the fast check has said no, so it may take its time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..document import Location
from ..document.pointer import append, join
from ..messages import Violation
from ..redaction import DEFAULT_REDACTOR, MASK
from ..wording import BOUNDS, listed, shown
from .closure import Closure
from .discriminator import Choice
from .keywords import KEYWORDS_31
from .patterns import ECMA_PATTERN

__all__ = ["explain"]

_TYPE_NAMES: dict[type, str] = {
    str: "a string",
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    dict: "an object",
    list: "an array",
    tuple: "an array",
    type(None): "null",
}


def explain(
    errors: Iterable[Any], closure: Closure, where: str, layer: str, *, slots: bool = False
) -> list[Violation]:
    """The violations behind the errors of a validator, each once.

    `where` names the value that was judged. With `slots`, the value is an object whose members
    are parts of the exchange of their own (`query.limit`), and `where` is a prefix to their names.
    """
    leaves = (leaf for error in errors for leaf in _leaves(error, closure))
    # Two subschemas may refuse a value alike; two properties that are missing are two violations.
    return list(dict.fromkeys(_violation(leaf, closure, where, layer, slots) for leaf in leaves))


def _leaves(error: Any, closure: Closure) -> list[Any]:
    """The errors that say most: for oneOf and anyOf, those of the branch that was meant."""
    branches = getattr(error.kind, "context", None)
    if not branches or not all(branches):
        # Nothing to choose from; and a oneOf of which several hold is an error of its own.
        return [error]
    choice = _choice(error, closure)
    meant: list[Any] | None
    if choice is not None:
        index = choice.branch_of(error.instance)
        # The value of a discriminator that names no branch is the error, whatever else is wrong.
        meant = branches[index] if index is not None else None
    else:
        meant = _nearest(error, branches)
    if meant is None:
        return [error]
    return [leaf for inner in meant for leaf in _leaves(inner, closure)]


def _choice(error: Any, closure: Closure) -> Choice | None:
    """The discriminator beside a oneOf or anyOf, if it has one that decides."""
    if not closure.choices or not isinstance(error.instance, dict):
        return None
    place = _definition(error.schema_path, closure)
    if place is None or len(error.schema_path) < 3:
        return None
    *inner, keyword = error.schema_path[2:]
    choice = closure.choices.get(place.child(*inner))
    return choice if choice is not None and choice.keyword == keyword else None


def _definition(path: list[Any], closure: Closure) -> Location | None:
    """The place of the definition that a path of the compiled schema leads into, if it does."""
    known = len(path) > 1 and path[0] == "$defs"
    return closure.origins.get(path[1]) if known else None


def _nearest(error: Any, branches: list[list[Any]]) -> list[Any] | None:
    """The branch that comes closest: its errors lie deepest, are no type errors, and are few.

    None if every branch fails at the value itself, so that none can be said to be meant.
    """
    here = len(error.instance_path)

    def distance(errors: list[Any]) -> tuple[int, int, int]:
        at_top = [e for e in errors if len(e.instance_path) == here]
        wrong_type = sum(e.kind.name in ("type", "const", "enum") for e in at_top)
        wrong_tag = sum(
            e.kind.name in ("const", "enum") and len(e.instance_path) == here + 1 for e in errors
        )
        return (wrong_type + wrong_tag, len(errors), len(at_top))

    ranked = sorted(branches, key=distance)
    best = ranked[0]
    if distance(best)[0] and len(ranked) > 1:
        return None
    return best


def _source_at(closure: Closure, path: list[Any]) -> Any:
    """The document's own Schema Object at a place of the compiled schema."""
    if len(path) < 2 or path[0] != "$defs":
        return None
    value: Any = closure.sources.get(path[1])
    for token in path[2:]:
        try:
            value = value[token]
        except (KeyError, IndexError, TypeError):
            return None  # a place that translation added
    return value


def _violation(error: Any, closure: Closure, where: str, layer: str, slots: bool) -> Violation:
    path = list(error.instance_path)
    secret = _is_secret(error, closure)
    if slots and path:
        where = f"{where}.{path[0]}"
        path = path[1:]
    rule, pointer = _rule_and_place(error, closure)
    choice = _choice(error, closure) if rule in ("oneOf", "anyOf") else None
    # A value that names its branch and fits another one as well is for oneOf to complain of.
    if choice is not None and choice.branch_of(error.instance) is None:
        rule = "discriminator"
        pointer = append(pointer.rpartition("/")[0], rule)
        path = [*path, choice.property_name]
    if rule in ("format", "enum", "const") and layer == "body":
        layer = "formats" if rule == "format" else "unknown_enum"
    return Violation(
        where=where,
        pointer=join(path),
        document_pointer=pointer,
        rule=rule,
        message=_message(error, rule, closure, secret),
        layer=layer,
    )


def _is_secret(error: Any, closure: Closure) -> bool:
    """Whether the value is one that must not be shown, or lies in one."""
    names = [token for token in error.instance_path if isinstance(token, str)]
    if any(name in closure.secrets or DEFAULT_REDACTOR.is_secret_field(name) for name in names):
        return True
    if not closure.hidden:
        return False
    path = error.schema_path
    at = _definition(path, closure)
    return at is not None and any(
        at.child(*path[2:end]) in closure.hidden for end in range(2, len(path) + 1)
    )


def _rule_and_place(error: Any, closure: Closure) -> tuple[str, str]:
    path = list(error.schema_path)
    rule = error.kind.name or (str(path[-1]) if path else "false schema")
    if rule == "required" and "dependentRequired" in path[-2:]:
        rule = "dependentRequired"
    if rule == ECMA_PATTERN:
        rule = path[-1] = "pattern"
    place = _definition(path, closure)
    if place is None:
        return rule, ""
    origin = place.pointer if place.uri == closure.home else f"{place.uri}#{place.pointer}"
    inner = path[2:]
    if _is_integer_format(closure, path):
        return "format", append(origin, *inner[:-3], "format")
    if error.kind.__class__.__name__ == "FalseSchema":
        source = _source_at(closure, path)
        if isinstance(source, dict):
            rule = "readOnly" if source.get("readOnly") is True else "writeOnly"
            return rule, append(origin, *inner, rule)
        named = len(path) > 3 and path[-2] in ("properties", "patternProperties")
        is_keyword = path[-1] in KEYWORDS_31 and not named and inner
        return str(path[-1]) if is_keyword else "schema", append(origin, *inner)
    return rule, append(origin, *inner)


def _is_integer_format(closure: Closure, path: list[Any]) -> bool:
    """Whether the path ends in the bounds that stand for an integer format."""
    if len(path) < 5 or path[-3] != "allOf" or path[-1] not in ("minimum", "maximum"):
        return False
    members = _source_at(closure, path[:-2])
    return not isinstance(members, list) or path[-2] >= len(members)


def _message(error: Any, rule: str, closure: Closure, secret: bool) -> str:
    value = MASK if secret else shown(error.instance)
    if rule in ("oneOf", "anyOf"):
        return _branches_message(value, rule, error.kind, closure, secret)
    if rule == "discriminator":
        choice = _choice(error, closure)
        return choice.complaint(error.instance, secret) if choice is not None else value
    if rule == "format":
        name = getattr(error.kind, "format", None) or _format_name(closure, error.schema_path)
        return f"{value} is no valid {name}"
    if rule == "pattern":
        schema = _source_at(closure, error.schema_path[:-1])
        return f"{value} does not match the pattern {(schema or {}).get('pattern')}"
    if rule in BOUNDS:
        return f"{value} must be {BOUNDS[rule]} {error.kind.limit}"
    if rule in _SIZES:
        return _size_message(value, rule, error.kind.limit, error.instance)
    if error.kind.__class__.__name__ == "FalseSchema" and rule not in _WORDS:
        return _NOT_ALLOWED
    words = _WORDS.get(rule)
    return words(value, error.kind, error.instance) if words else f"{value} is not allowed here"


def _type_message(value: str, kind: Any, instance: Any) -> str:
    types = kind.types if isinstance(kind.types, list) else [kind.types]
    return f"{value} is {_type_of(instance)}; it must be of type {' or '.join(types)}"


def _unknown_message(_: str, kind: Any, __: Any) -> str:
    names = getattr(kind, "unexpected", None)
    if not names:
        return _NOT_ALLOWED
    return f"unknown property {listed(map(repr, names))}"


# Without the value: it may be a member, and its name, which is not at hand, say it is a secret.
_NOT_ALLOWED = "it is not allowed here"
_SIZES = frozenset(
    {"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"}
)
#: The sentence for each rule: from the value as shown, the validator's facts, and the value.
_WORDS: dict[str, Callable[[str, Any, Any], str]] = {
    "type": _type_message,
    "required": lambda _, kind, __: f"the required property {kind.property!r} is missing",
    "enum": lambda value, kind, _: f"{value} is not one of {listed(map(shown, kind.options))}",
    "const": lambda value, kind, _: f"{value} must be {shown(kind.expected_value)}",
    "additionalProperties": _unknown_message,
    "unevaluatedProperties": _unknown_message,
    "readOnly": lambda *_: "the property is readOnly: it may not be sent in a request",
    "writeOnly": lambda *_: "the property is writeOnly: it may not be in a response",
    "multipleOf": lambda value, kind, _: f"{value} is not a multiple of {kind.multiple_of}",
    "uniqueItems": lambda *_: "its items are not unique",
    "not": lambda value, *_: f"{value} is what the schema excludes",
    "contains": lambda value, *_: f"{value} has no fitting number of items that fit `contains`",
    "dependentRequired": lambda _, kind, __: (
        f"the property {kind.property!r} is missing, which another one asks for"
    ),
}


def _size_message(value: str, rule: str, limit: int, instance: Any) -> str:
    least = "at least" if rule.startswith("min") else "at most"
    unit = {"Length": "characters", "Items": "items", "Properties": "properties"}[rule[3:]]
    return f"{value} has {len(instance)} {unit}; it must have {least} {limit}"


def _branches_message(value: str, rule: str, kind: Any, closure: Closure, secret: bool) -> str:
    holding = sum(not branch for branch in kind.context)
    if rule == "oneOf" and holding > 1:
        return f"{value} fits {holding} of the {len(kind.context)} alternatives; it must fit one"
    first = [branch[0] for branch in kind.context if branch]
    reasons = [
        _message(e, _rule_and_place(e, closure)[0], closure, secret or _is_secret(e, closure))
        for e in first
    ]
    return (
        f"{value} fits none of the {len(kind.context)} alternatives: "
        f"{'; '.join(dict.fromkeys(reasons))}"
    )


def _type_of(value: Any) -> str:
    return _TYPE_NAMES.get(type(value), f"a {type(value).__name__}")


def _format_name(closure: Closure, path: list[Any]) -> str:
    schema = _source_at(closure, path[:-3])
    return str(schema.get("format")) if isinstance(schema, dict) else "value"
