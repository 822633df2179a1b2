"""The arguments of a call, sorted: which parameter, body member or body each of them is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..messages import Violation
from ..unset import UNSET
from .bodies import RequestBody
from .fields.parameters import Parameter
from .fields.styles import StyleError, plain
from .violations import TOO_DEEP, unserializable, violation

if TYPE_CHECKING:
    from .fields.plan import ParametersPlan

__all__ = ["Arguments"]


_PLAIN_TYPES = frozenset({str, int, float, bool})


class Arguments:
    """The names by which one operation's parameters and body can be given."""

    def __init__(
        self,
        parameters: Sequence[Parameter],
        body: RequestBody | None,
        plan: ParametersPlan,
    ) -> None:
        self._parameters = parameters
        self._body = body
        self._plan = plan
        self._names = _argument_names(parameters)
        #: The types of values that stay as they are.
        self._direct = frozenset() if plan.encoders else _PLAIN_TYPES

    def sort(
        self,
        arguments: Mapping[str, Any] | None,
        named: Mapping[str, Any],
        defaults: Mapping[str, Any] | None,
        body: Any,
        found: list[Violation],
    ) -> tuple[dict[str, Any], Any]:
        """The values of the parameters by `Parameter.key`, and the body (UNSET if there is none).

        What is unknown, ambiguous or given twice goes to `found`.
        """
        values: dict[str, Any] = {}
        members: dict[str, Any] = {}
        if body is None and self._is_not_given(None):
            body = UNSET
        if arguments:
            if not isinstance(arguments, Mapping):
                raise TypeError(
                    "the arguments of an operation are keywords, or one mapping by wire name, "
                    f"not {type(arguments).__name__}"
                )
            body = self._take(arguments, values, members, body, found)
        if named:
            body = self._take(named, values, members, body, found)
        if defaults:
            for name, value in defaults.items():
                parameter = self._names.get(name)
                if parameter is not None and parameter.key not in values and value is not None:
                    if type(value) not in self._direct or parameter.key in self._plan.arrays:
                        value = self._value(parameter, value, found)  # noqa: PLW2901
                    if value is not UNSET:
                        values[parameter.key] = value
        if members:
            body = self._join_members(members, body, found)
        return values, body

    def _take(
        self,
        given: Mapping[str, Any],
        values: dict[str, Any],
        members: dict[str, Any],
        body: Any,
        found: list[Violation],
    ) -> Any:
        """Sort arguments into parameter values and body members; returns the body."""
        names, direct = self._names, self._direct
        for name, value in given.items():
            parameter = names.get(name)
            if parameter is not None:
                if type(value) not in direct or parameter.key in self._plan.arrays:
                    value = self._value(parameter, value, found)  # noqa: PLW2901
                    if value is UNSET:
                        continue
                if parameter.key in values:
                    found.append(violation(f"request.{parameter.key}", "duplicate", "given twice"))
                values[parameter.key] = value
            elif self._body is not None and name in self._body.names:
                if value is UNSET or (value is None and self._is_not_given(None)):
                    continue
                if body is not UNSET:
                    found.append(violation("request.body", "duplicate", "the body is given twice"))
                body = value
            elif self._body is not None and name in self._body.property_names:
                wire_name = self._body.property_names[name]
                if value is not UNSET and (value is not None or not self._is_not_given(wire_name)):
                    members[wire_name] = value
            else:
                found.append(self._unknown(name))
        return body

    def _value(self, parameter: Parameter, value: Any, found: list[Violation]) -> Any:
        """Plain data for a value; UNSET if it is "not given", or has none, which is a violation."""
        if value is UNSET or (value is None and not self._plan.takes_null(parameter)):
            return UNSET  # as in most Python calls, None is "not given"
        try:
            value = plain(self._plan.fitted(parameter, value))
        except (StyleError, RecursionError) as error:
            if isinstance(error, RecursionError):
                error = StyleError(TOO_DEEP)
            found.append(unserializable(f"request.{parameter.key}", "style", error))
            return UNSET
        if parameter.key in self._plan.arrays and not isinstance(value, list | dict | None):
            return [value]  # the array of one item that is meant by the item itself
        return value

    def _is_not_given(self, member: str | None) -> bool:
        """Whether None for the body, or for a member of it, is no value but "not given"."""
        return self._body is None or not self._body.takes_null(member)

    def _unknown(self, name: str) -> Violation:
        owners = [p for p in self._parameters if p.name == name]
        if owners:  # one wire name in two places
            choice = " or ".join(repr(p.python_name) for p in owners)
            reason = f"{name!r} is in {len(owners)} places; use {choice}"
            return violation("request", "ambiguous-argument", reason)
        known = [p.python_name for p in self._parameters]
        if self._body is not None:
            known += [*self._body.property_names, "body"]
        import difflib

        near = difflib.get_close_matches(str(name), known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else _known(known)
        return violation("request", "unknown-argument", f"no argument {name!r}; {hint}")

    def _join_members(self, members: dict[str, Any], body: Any, found: list[Violation]) -> Any:
        if body is UNSET:
            return members
        if isinstance(body, dict) and not body.keys() & members.keys():
            return {**body, **members}
        names = ", ".join(repr(name) for name in members)
        found.append(violation("request.body", "duplicate", f"given whole, and by {names} as well"))
        return body


def _known(names: Sequence[str]) -> str:
    return f"there are {', '.join(names)}" if names else "the operation takes none"


def _argument_names(parameters: Sequence[Parameter]) -> dict[str, Parameter]:
    """Every name by which a parameter can be given. A wire name in two places is none of them."""
    names: dict[str, Parameter] = {}
    wire_names = Counter(p.name for p in parameters)
    for parameter in parameters:
        if wire_names[parameter.name] == 1:
            names[parameter.name] = parameter
    for parameter in parameters:
        names[parameter.python_name] = parameter
    return names
