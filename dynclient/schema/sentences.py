"""The sentence for each rule that a value can break."""

from __future__ import annotations

from collections.abc import Callable

from ..redaction import MASK
from ..wording import BOUNDS, SIZES, listed, shown
from .fault import Fault

__all__ = ["sentence"]

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
# Without the value: it may be a member, and its name, which is not at hand, say it is a secret.
_NOT_ALLOWED = "it is not allowed here"


def sentence(fault: Fault, *, secret: bool) -> str:
    """What is wrong with a value, in one sentence; a secret value is masked."""
    rule, error = fault.rule, fault.error
    value = MASK if secret else shown(error.instance)
    if rule in ("oneOf", "anyOf"):
        return _branches(fault, value, secret)
    if rule == "discriminator" and fault.choice is not None:
        return fault.choice.complaint(error.instance, secret)
    if rule == "pattern":
        return _pattern(fault, value)
    if rule in BOUNDS:
        return f"{value} must be {BOUNDS[rule]} {error.kind.limit}"
    if rule[3:] in SIZES:
        least = "at least" if rule.startswith("min") else "at most"
        size = f"{len(error.instance)} {SIZES[rule[3:]]}"
        return f"{value} has {size}; it must have {least} {error.kind.limit}"
    words = _WORDS.get(rule)
    return words(fault, value) if words else _NOT_ALLOWED


def _type(fault: Fault, value: str) -> str:
    types = fault.error.kind.types
    types = types if isinstance(types, list) else [types]
    instance = fault.error.instance
    name = _TYPE_NAMES.get(type(instance), f"a {type(instance).__name__}")
    return f"{value} is {name}; it must be of type {' or '.join(types)}"


def _unknown(fault: Fault, _: str) -> str:
    return f"unknown property {listed(map(repr, fault.names))}"


def _unknown_items(fault: Fault, _: str) -> str:
    count, unknown = len(fault.error.instance), len(fault.error.kind.unexpected)
    return f"{unknown} of {count} items match no schema; the document allows no others"


def _property_names(fault: Fault, _: str) -> str:
    inner = getattr(fault.error.kind, "error", None)
    if inner is None:  # the schema of names is `false`
        return f"no property is allowed, and there is {listed(map(repr, fault.names))}"
    return f"the property name {sentence(Fault(inner, fault.judged), secret=False)}"


def _contains(fault: Fault, _: str) -> str:
    count, least, most = fault.contained
    total = len(fault.error.instance)
    wanted = f"at least {least} must" if count < least else f"at most {most} may"
    return f"{count} of {total} items match `contains`; {wanted}"


def _required_beside(fault: Fault, _: str) -> str:
    name = fault.error.kind.property
    asking = fault.source(above=0)
    names = asking if isinstance(asking, dict) else {}
    beside = [key for key in fault.error.instance if name in (names.get(key) or ())]
    reason = f"is required beside {listed(map(repr, beside))}" if beside else "is required"
    return f"the property {name!r} is missing; it {reason}"


def _pattern(fault: Fault, value: str) -> str:
    pattern = fault.source(above=0)
    if fault.error.kind.__class__.__name__ != "Pattern":  # the engine's bound on steps is reached
        return f"{value} can't be matched in bounded time against the pattern {pattern}"
    return f"{value} does not match the pattern {pattern}"


def _branches(fault: Fault, value: str, secret: bool) -> str:
    branches = fault.error.kind.context
    holding = sum(not branch for branch in branches)
    schemas = f"of the {len(branches)} schemas under `{fault.rule}`"
    if fault.rule == "oneOf" and holding > 1:
        return f"{value} matches {holding} {schemas}; it must match exactly one"
    first = (Fault(branch[0], fault.judged) for branch in branches if branch)
    reasons = dict.fromkeys(sentence(each, secret=secret or each.is_secret) for each in first)
    return f"{value} matches none {schemas}: {'; '.join(reasons)}"


#: The sentence for each rule: from the fault, and the value as shown.
_WORDS: dict[str, Callable[[Fault, str], str]] = {
    "type": _type,
    "required": lambda fault, _: f"the required property {fault.error.kind.property!r} is missing",
    "enum": lambda fault, value: (
        f"{value} is not one of {listed(map(shown, fault.error.kind.options))}"
    ),
    "const": lambda fault, value: f"{value} must be {shown(fault.error.kind.expected_value)}",
    "format": lambda fault, value: f"{value} is not a valid {fault.format or 'value'}",
    "additionalProperties": _unknown,
    "unevaluatedProperties": _unknown,
    "unevaluatedItems": _unknown_items,
    "propertyNames": _property_names,
    "contains": _contains,
    "minContains": _contains,
    "maxContains": _contains,
    "dependentRequired": _required_beside,
    "readOnly": lambda *_: "the property is readOnly: it may not be sent in a request",
    "writeOnly": lambda *_: "the property is writeOnly: it may not be in a response",
    "multipleOf": lambda fault, value: (
        f"{value} is not a multiple of {fault.error.kind.multiple_of}"
    ),
    "uniqueItems": lambda *_: "its items are not unique",
    "not": lambda _, value: f"{value} matches the schema under `not`",
}
