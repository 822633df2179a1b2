"""From the errors of a validator to violations: which to report, and where they stand.

Runs only once the fast check has said no, so it may take its time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..document.pointer import join
from ..messages import Violation
from .fault import Fault, Judged, is_open
from .sentences import sentence

__all__ = ["explain", "unexplained"]

_UNEVALUATED = frozenset({"unevaluatedItems", "unevaluatedProperties"})


def explain(
    errors: Iterable[Any], judged: Judged, where: str, layer: str, *, slots: bool = False
) -> list[Violation]:
    """The violations behind the errors of a validator, each once.

    `where` names the value that was judged. With `slots`, the value is an object whose members
    are parts of the exchange of their own (`query.limit`), and `where` is a prefix to their names.
    """
    faults = [Fault(leaf, judged) for error in errors for leaf in _leaves(error, judged)]
    faults = [fault for fault in faults if not _is_consequence(fault, faults)]
    # Two subschemas may refuse a value alike; two properties that are missing are two violations.
    return list(dict.fromkeys(_violation(fault, where, layer, slots) for fault in faults))


def _leaves(error: Any, judged: Judged) -> list[Any]:
    """The errors that say most: for oneOf and anyOf, those of the branch that was meant."""
    branches = getattr(error.kind, "context", None)
    if not branches or not all(branches):
        # Nothing to choose from; and a oneOf of which several hold is an error of its own.
        return [error]
    fault = Fault(error, judged)
    if fault.choice is not None:
        index = fault.choice.branch_of(error.instance)
        # The value of a discriminator that names no branch is the error, whatever else is wrong.
        meant = branches[index] if index is not None else None
    else:
        meant = _nearest(error, branches) or _listing(error, branches)
    if meant is None:
        return [error]
    return [leaf for inner in meant for leaf in _leaves(inner, judged)]


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


def _listing(error: Any, branches: list[list[Any]]) -> list[Any] | None:
    """The branch that fails by values that are not listed, if all others are of another type."""
    here = len(error.instance_path)
    others = [
        errors
        for errors in branches
        if not any(e.kind.name == "type" and len(e.instance_path) == here for e in errors)
    ]
    return others[0] if len(others) == 1 and all(map(is_open, others[0])) else None


def unexplained(
    schema: dict[str, Any], judged: Judged, where: str, layer: str, *, slots: bool = False
) -> Violation:
    """The violation of a schema for which collecting all errors would never end."""
    where, path = _place(where, judged.path, slots)
    closure = judged.closure
    definition = closure.definitions.get(schema.get("$ref", "").rpartition("/")[2])
    pointer = "" if definition is None else definition.at.within(closure.home)
    reason = "it does not match its schema; the reason can't be found in bounded time"
    return Violation(where, join(path), pointer, "schema", reason, layer)


def _place(where: str, path: Sequence[Any], slots: bool) -> tuple[str, Sequence[Any]]:
    """The part of the exchange that a path leads into, and the rest of the path."""
    return (f"{where}.{path[0]}", path[1:]) if slots and path else (where, path)


def _violation(fault: Fault, where: str, layer: str, slots: bool) -> Violation:
    where, path = _place(where, [*fault.judged.path, *fault.error.instance_path], slots)
    if fault.rule == "discriminator" and fault.choice is not None:
        path = [*path, fault.choice.property_name]
    if layer == "body":
        layer = "formats" if fault.rule == "format" else layer
        layer = "unknown_enum" if is_open(fault.error) else layer
    return Violation(
        where=where,
        pointer=join(path),
        document_pointer=fault.pointer,
        rule=fault.rule,
        message=sentence(fault, secret=fault.is_secret),
        layer=layer,
        format=fault.format,
    )


def _is_consequence(fault: Fault, faults: list[Fault]) -> bool:
    """Whether members or items are unevaluated only since a schema that knows them fails.

    Names that no schema declares are reported all the same, and the others are left out.
    """
    if fault.rule not in _UNEVALUATED:
        return False
    here = fault.error.instance_path
    if not any(
        each.rule not in _UNEVALUATED and each.error.instance_path[: len(here)] == here
        for each in faults
    ):
        return False
    if fault.rule == "unevaluatedProperties":
        fault.names = [name for name in fault.names if not fault.declares(name)]
        return not fault.names
    return True
