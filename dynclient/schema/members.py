"""Members of objects that the document does not declare, and declared ones that are not there.

Neither breaks a schema, as long as nothing forbids the one or requires the other; whoever holds a
service to its document may want to know.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ..document import Location, Node
from ..document.pointer import join
from ..messages import Violation
from ..validation import ALL_FORMATS, Formats
from .compiled import Judge, Validator, compile_validator
from .discriminator import named_schema
from .patterns import PatternError, matcher

__all__ = ["MembersJudge"]

_OTHERS = ("additionalProperties", "unevaluatedProperties")
#: References that depend on how they were come by; what they name is not looked up here.
_DYNAMIC = ("$dynamicRef", "$recursiveRef")
_UNDOCUMENTED, _MISSING = "undocumented_members", "missing_members"


class _Found(NamedTuple):
    """A member that is undocumented or missing: its layer, place, and what says or lacks it."""

    layer: str
    path: tuple[str | int, ...]
    at: Location


class MembersJudge:
    """Judges as another judge does, and looks at the members of all objects besides.

    `schema` is that of the value. Only responses are judged so: a request may leave out what is
    not required.
    """

    def __init__(self, judge: Judge, schema: Node, formats: Formats = ALL_FORMATS) -> None:
        self._judge = judge
        self._schema = schema
        self._formats = formats
        self._branches: dict[Location, Validator] = {}

    def is_valid(self, value: Any) -> bool:
        """Whether a value is valid, and has the declared members and no others."""
        return self._judge.is_valid(value) and next(self._found(value), None) is None

    def explain(
        self, value: Any, where: str, *, layer: str = "body", slots: bool = False
    ) -> list[Violation]:
        """Every violation; those of members are of their own layers."""
        violations = self._judge.explain(value, where, layer=layer, slots=slots)
        return violations + [self._violation(found, where) for found in self._found(value)]

    def _violation(self, found: _Found, where: str) -> Violation:
        place = found.at.within(self._schema.document.uri)
        name = found.path[-1]
        message = (
            f"the document does not declare the property {name!r}"
            if found.layer == _UNDOCUMENTED
            else f"the property {name!r} is declared, and is not there"
        )
        return Violation(where, join(found.path), place, found.layer, message, found.layer)

    def _found(self, value: Any) -> Iterator[_Found]:
        stack: list[tuple[list[Node], Any, tuple[str | int, ...]]] = [([self._schema], value, ())]
        while stack:
            schemas, value, path = stack.pop()
            if isinstance(value, dict):
                known = _Known([each for s in schemas for each in self._applied(s, value)])
                yield from known.odd(value, path)
                stack.extend((known.of(k), v, (*path, k)) for k, v in value.items())
            elif isinstance(value, list):
                applied = [each for schema in schemas for each in self._applied(schema, value)]
                for index, item in enumerate(value):
                    found = [_item(each, index) for each in applied]
                    stack.append(([s for s in found if s is not None], item, (*path, index)))

    def _applied(self, schema: Node, value: Any) -> Iterator[Node]:
        """The schemas that a value matches in place: of alternatives those that it fits."""
        stack, seen = [schema], set[Location]()
        while stack:
            for each in stack.pop().in_place("allOf"):
                if each.at in seen:
                    continue
                seen.add(each.at)
                yield each
                branches = each.branches("anyOf", "oneOf")
                stack.extend(branch for branch in branches if self._fits(branch, value))
                if isinstance(value, dict) and (named := named_schema(each, value)) is not None:
                    stack.append(named)
                if each.document.dialect != "3.0":
                    stack.extend(self._conditional(each, value))

    def _conditional(self, schema: Node, value: Any) -> Iterator[Node]:
        if "if" in schema.value:
            holds = self._fits(schema.child("if"), value)
            yield from (schema.child(key) for key in (("if", "then") if holds else ("else",)))
        for name, member in schema.items("dependentSchemas"):
            if isinstance(value, dict) and name in value:
                yield member

    def _fits(self, branch: Node, value: Any) -> bool:
        check = self._branches.get(branch.at)
        if check is None:
            check = compile_validator(branch, "response", formats=self._formats)
            self._branches[branch.at] = check
        return check.is_valid(value)


class _Known:
    """What the schemas that an object matches say of its members."""

    def __init__(self, schemas: list[Node]) -> None:
        self.declared: dict[str, list[Node]] = {}
        self._patterns: list[tuple[str, Node]] = []
        self._others: list[Node] = []
        self._required: set[str] = set()
        self._is_open = False
        self._at: Location | None = None
        for schema in schemas:
            for name, member in schema.items("properties"):
                self.declared.setdefault(name, []).append(member)
                self._at = self._at or schema.at
            self._patterns += schema.items("patternProperties")
            self._required.update(str(entry.value) for entry in schema.entries("required"))
            others = [schema.child(key) for key in _OTHERS if schema.get(key)]
            self._others += [each for each in others if isinstance(each.value, dict)]
            self._is_open |= bool(others) or any(key in schema.value for key in _DYNAMIC)

    def of(self, name: str) -> list[Node]:
        """The schemas of a member."""
        found = self.declared.get(name, [])
        found = found + [node for pattern, node in self._patterns if _matches(pattern, name)]
        return found or self._others

    def odd(self, value: dict[str, Any], path: tuple[str | int, ...]) -> Iterator[_Found]:
        """The members that are undocumented, and those that are missing though not required.

        An object of which no member is declared may have any; so may one that allows others.
        """
        if self._at is None:
            return
        for name in () if self._is_open else value:
            if not self.of(name):
                yield _Found(_UNDOCUMENTED, (*path, name), self._at)
        for name in self.declared.keys() - value.keys() - self._required:
            member = self.declared[name][0]
            if isinstance(member.value, dict) and not member.flagged("writeOnly"):
                yield _Found(_MISSING, (*path, name), member.at)


def _matches(pattern: str, name: str) -> bool:
    try:
        return matcher(pattern)(name)
    except PatternError:
        return False


def _item(schema: Node, index: int) -> Node | None:
    """The schema of an item, as this one says, without what it refers to."""
    first = schema.get("prefixItems")
    if isinstance(first, list) and index < len(first):
        return schema.child("prefixItems", index)
    return schema.child("items") if isinstance(schema.get("items"), dict) else None
