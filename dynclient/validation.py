"""The validation policy: how strictly each layer of an exchange is validated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

from .messages import Violation

__all__ = ["ALL_FORMATS", "NO_FORMATS", "FormatCheck", "Formats", "Level", "Validation"]

#: "strict" raises, "warn" logs and attaches the violation to the response, "off" does not look.
Level: TypeAlias = Literal["strict", "warn", "off"]
#: Whether a text is valid in a format; it may also raise ValueError where it is not.
FormatCheck: TypeAlias = Callable[[str], bool]

_LEVELS: tuple[Level, ...] = get_args(Level)
_LAYERS = ("request", "status", "media_type", "headers", "body", "formats", "unknown_enum")
_MEMBER_LAYERS = ("undocumented_members", "missing_members")


class Formats(NamedTuple):
    """Which formats are checked: those that are known, but for the ones that are off.

    off     the names of formats that are not checked; None if none is checked
    checks  (name, function) of those that the caller judges
    """

    off: frozenset[str] | None = frozenset()
    checks: tuple[tuple[str, FormatCheck], ...] = ()

    def judges(self, name: str) -> bool:
        """Whether a format of this name is checked, if it is known."""
        return self.off is not None and name not in self.off


ALL_FORMATS = Formats()
NO_FORMATS = Formats(off=None)


@dataclass(frozen=True, slots=True)
class Validation:
    """One level a layer.

    request               arguments and body of a request, before it is sent
    status                the response's status is one the document declares
    media_type            its content type is one the document declares
    headers               required response headers are there, and all match their schemas
    body                  the response body matches its schema
    formats               `format`, in requests and responses: a level, or a mapping of names of
                          formats to a level or to a function that judges texts of that format
                          (`{"date-time": "off", "my-id": check}`); other names are "strict" then
    unknown_enum          a value in a response that is not in the document's `enum` or `const`
    undocumented_members  a member of an object in a response body that its schema does not declare
    missing_members       a member that the schema declares and the object does not have, though it
                          is not required

    The last two are "off" by default, and at every single level: `"strict"` does not mean them.
    `operations` overrides the whole of it for single operations, by name:
    `Validation(operations={"list_jobs": "warn"})`.
    """

    request: Level = "strict"
    status: Level = "strict"
    media_type: Level = "strict"
    headers: Level = "strict"
    body: Level = "strict"
    formats: Level | Mapping[str, Level | FormatCheck] = "strict"
    unknown_enum: Level = "strict"
    undocumented_members: Level = "off"
    missing_members: Level = "off"
    operations: Mapping[str, Level | Validation] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for layer in (*_LAYERS, *_MEMBER_LAYERS):
            given = getattr(self, layer)
            if layer == "formats" and isinstance(given, Mapping):
                for name, value in given.items():
                    if not callable(value):
                        _check_level(f"format {name!r}", value, " or a function")
            else:
                _check_level(layer, given)
        for value in self.operations.values():
            Validation.of(value)

    @classmethod
    def of(cls, value: Level | Validation) -> Validation:
        """The policy that a level or a policy stands for. ValueError if it is neither."""
        if isinstance(value, Validation):
            return value
        if value in _LEVELS:
            levels: dict[str, Any] = dict.fromkeys(_LAYERS, value)
            return cls(**levels)
        raise ValueError(f"validate={value!r}: give one of {', '.join(_LEVELS)} or a Validation")

    @property
    def checked(self) -> Formats:
        """Which formats are checked."""
        if isinstance(self.formats, str):
            return NO_FORMATS if self.formats == "off" else ALL_FORMATS
        off = frozenset(name for name, value in self.formats.items() if value == "off")
        checks = ((name, value) for name, value in self.formats.items() if callable(value))
        return Formats(off, tuple(checks))

    @property
    def judges_members(self) -> bool:
        """Whether members that are undocumented or missing are looked for."""
        return self.body != "off" and {self.undocumented_members, self.missing_members} != {"off"}

    @property
    def judges_responses(self) -> bool:
        """Whether anything of a response is looked at."""
        return {self.status, self.media_type, self.headers, self.body} != {"off"}

    def for_operation(self, name: str) -> Validation:
        """The policy in force for one operation."""
        if name in self.operations:
            return Validation.of(self.operations[name])
        return replace(self, operations={}) if self.operations else self

    def level_of(self, violation: Violation) -> Level:
        """The level that counts for a violation."""
        if violation.layer == "formats":
            return _weaker(self._level_of_format(violation.format), self.body)
        own: Level = getattr(self, violation.layer)
        if violation.layer == "request" and violation.rule == "format":
            return _weaker(own, self._level_of_format(violation.format))
        if violation.layer in ("unknown_enum", *_MEMBER_LAYERS):
            return _weaker(own, self.body)
        return own

    def _level_of_format(self, name: str | None) -> Level:
        if isinstance(self.formats, str):
            return self.formats
        level = self.formats.get(name or "", "strict")
        return "strict" if callable(level) else level

    def split(
        self, violations: Iterable[Violation]
    ) -> tuple[tuple[Violation, ...], tuple[Violation, ...]]:
        """The violations that are errors, and those that only warn; "off" drops the rest."""
        errors: list[Violation] = []
        warnings: list[Violation] = []
        for violation in violations:
            level = self.level_of(violation)
            if level == "strict":
                errors.append(violation)
            elif level == "warn":
                warnings.append(violation)
        return tuple(errors), tuple(warnings)


def _weaker(one: Level, other: Level) -> Level:
    return max(one, other, key=_LEVELS.index)


def _check_level(what: str, value: Any, more: str = "") -> None:
    if value not in _LEVELS:
        levels = ", ".join(_LEVELS)
        raise ValueError(f"validation level of {what}: {value!r} is none of {levels}{more}")
