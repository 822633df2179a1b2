"""One error of a validator, in terms of the document."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..redaction import DEFAULT_REDACTOR
from .closure import Closure
from .discriminator import Choice
from .effort import applied_schemas
from .formats import INTEGER_BOUNDS
from .keywords import KEYWORDS_31
from .patterns import matcher

__all__ = ["Fault", "Judged", "is_open"]

_LISTS = ("enum", "const")


@dataclass(frozen=True, slots=True)
class Judged:
    """What was judged, and by what.

    closure  the schema
    value    the value
    part     gives the fast check by a part of the schema, by the tokens that lead to it
    hides    whether what a path leads to, from the value that was given, must not be shown
    path     the keys and indices that lead to the value, where it is part of another
    """

    closure: Closure
    value: Any
    part: Callable[[Sequence[str | int]], Callable[[Any], bool]]
    hides: Callable[[Sequence[str | int]], bool]
    path: tuple[str | int, ...] = ()


class Fault:
    """An error, the rule that it breaks, and where that rule stands.

    place  the place of the definition that the rule belongs to; None for the root of the closure
    inner  the tokens that lead on from there to the rule, as the document has them
    """

    def __init__(self, error: Any, judged: Judged) -> None:
        self.error = error
        self.judged = judged
        self.closure = closure = judged.closure
        path = list(error.schema_path)
        for index in range(1, len(path)):
            if path[index - 1] == "patternProperties":
                path[index] = closure.patterns.get(path[index], path[index])
        known = len(path) > 1 and path[0] == "$defs"
        self._definition = closure.definitions.get(path[1]) if known else None
        self.place = None if self._definition is None else self._definition.at
        self.inner: list[Any] = path[2:] if self.place is not None else path
        if self.inner[-1:] == ["dependentRequired"] and self.source(above=0) is None:
            self.inner[-1] = "dependencies"  # as drafts before 2019-09 have it

    def source(self, *, above: int) -> Any:
        """The document's own value so many steps above the rule; None where it has none."""
        value: Any = None if self._definition is None else self._definition.source
        for token in self.inner[: len(self.inner) - above]:
            try:
                value = value[token]
            except (KeyError, IndexError, TypeError):
                return None  # a place that translation added
        return value

    def _schema(self) -> Any:
        """The compiled schema that the rule stands in."""
        value: Any = self.closure.schema
        for token in self.error.schema_path[:-1]:
            value = value[token]
        return value

    @cached_property
    def names(self) -> list[str]:
        """The names of the members that are not allowed."""
        unexpected = getattr(self.error.kind, "unexpected", None)
        if unexpected is not None:
            return list(unexpected)
        value = self.judged.value
        for token in self.error.instance_path:
            value = value[token]
        return list(value) if isinstance(value, dict) else []

    def declares(self, name: str) -> bool:
        """Whether a schema that judges the same value knows a member of that name."""
        for schema in applied_schemas(self._schema(), self.closure.schema["$defs"]):
            if name in schema.get("properties", ()) or schema.get("additionalProperties", False):
                return True
            if any(matcher(key)(name) for key in schema.get("patternProperties", ())):
                return True
        return False

    @property
    def contained(self) -> tuple[int, int, int | None]:
        """How many items match `contains`, how many must, and how many may."""
        matches = self.judged.part([*self.error.schema_path[:-1], "contains"])
        count = sum(map(matches, self.error.instance))
        schema = self._schema()
        return count, schema.get("minContains", 1), schema.get("maxContains")

    @cached_property
    def is_secret(self) -> bool:
        """Whether the value is one that must not be shown, or lies in one."""
        path = (*self.judged.path, *self.error.instance_path)
        names = [token for token in path if isinstance(token, str)]
        return self.judged.hides(path) or any(
            name in self.closure.secrets or DEFAULT_REDACTOR.is_secret_field(name) for name in names
        )

    @cached_property
    def choice(self) -> Choice | None:
        """The discriminator beside a oneOf or anyOf, if it has one that decides."""
        if self.place is None or not self.inner or not isinstance(self.error.instance, dict):
            return None
        choice = self.closure.choices.get(self.place.child(*self.inner[:-1]))
        return choice if choice is not None and choice.keyword == self.inner[-1] else None

    @cached_property
    def format(self) -> str | None:
        """The name of the format that is broken, if one is."""
        if self._is_integer_format:
            schema = self.source(above=3)
            return str(schema.get("format")) if isinstance(schema, dict) else None
        return getattr(self.error.kind, "format", None)

    @cached_property
    def rule(self) -> str:
        """The keyword or check that is broken."""
        return self._rule_and_tokens[0]

    @cached_property
    def pointer(self) -> str:
        """JSON Pointer to the rule; with the URI in front for a rule in another file."""
        if self.place is None:
            return ""
        return self.place.child(*self._rule_and_tokens[1]).within(self.closure.home)

    @cached_property
    def _rule_and_tokens(self) -> tuple[str, list[Any]]:
        kind, inner = self.error.kind, self.inner
        rule = kind.name or (str(inner[-1]) if inner else "schema")
        if self._is_integer_format:
            return "format", [*inner[:-3], "format"]
        if type(kind).__name__ == "FalseSchema":
            return self._rule_of_false()
        if rule == "required" and inner[-1] in ("dependentRequired", "dependencies"):
            rule = "dependentRequired"
        if rule == "contains" and inner[-1:] and inner[-1] in ("minContains", "maxContains"):
            rule = str(inner[-1])
        # A value that names its branch and fits another one as well is for oneOf to complain of.
        if self.choice is not None and self.choice.branch_of(self.error.instance) is None:
            return "discriminator", [*inner[:-1], "discriminator"]
        return rule, inner

    def _rule_of_false(self) -> tuple[str, list[Any]]:
        source = self.source(above=0)
        if isinstance(source, dict):
            rule = "readOnly" if source.get("readOnly") is True else "writeOnly"
            return rule, [*self.inner, rule]
        last = self.inner[-1] if self.inner else ""
        named = len(self.inner) > 1 and self.inner[-2] in ("properties", "patternProperties")
        return str(last) if last in KEYWORDS_31 and not named else "schema", self.inner

    @cached_property
    def _is_integer_format(self) -> bool:
        """Whether the path ends in the bounds that stand for an integer format."""
        inner = self.inner
        if len(inner) < 3 or inner[-3] != "allOf" or inner[-1] not in ("minimum", "maximum"):
            return False
        members = self.source(above=2)
        if isinstance(members, list) and inner[-2] < len(members):
            return False
        schema = self.source(above=3)
        return isinstance(schema, dict) and schema.get("format") in INTEGER_BOUNDS


def is_open(error: Any) -> bool:
    """Whether a value is refused only because the document does not list it: by enum or const.

    Of a oneOf or anyOf it is enough if that is so in one of its branches.
    """
    if error.kind.name in _LISTS:
        return True
    branches: list[list[Any]] = getattr(error.kind, "context", [])
    return all(branches) and any(all(map(is_open, each)) for each in branches)
