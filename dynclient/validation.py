"""The validation policy: how strictly each layer of an exchange is held to the document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias, get_args

from .messages import Violation

__all__ = ["Level", "Validation"]

#: "strict" raises, "warn" logs and attaches the violation to the response, "off" does not look.
Level: TypeAlias = Literal["strict", "warn", "off"]

_LEVELS: tuple[Level, ...] = get_args(Level)
_LAYERS = ("request", "status", "media_type", "headers", "body", "formats", "unknown_enum")


@dataclass(frozen=True, slots=True)
class Validation:
    """One level a layer.

    request       arguments and body of a request, before it is sent
    status        the response's status is one the document declares
    media_type    its content type is one the document declares
    headers       required response headers are there, and all keep to their schemas
    body          the response body keeps to its schema
    formats       `format`, in requests and responses
    unknown_enum  a value in a response that is not in the document's `enum` or `const`

    `operations` overrides the whole of it for single operations, by name:
    `Validation(operations={"list_jobs": "warn"})`.
    """

    request: Level = "strict"
    status: Level = "strict"
    media_type: Level = "strict"
    headers: Level = "strict"
    body: Level = "strict"
    formats: Level = "strict"
    unknown_enum: Level = "strict"
    operations: Mapping[str, Level | Validation] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for layer in _LAYERS:
            if getattr(self, layer) not in _LEVELS:
                raise ValueError(
                    f"validation level of {layer}: {getattr(self, layer)!r} is none of "
                    f"{', '.join(_LEVELS)}"
                )
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
        own: Level = getattr(self, violation.layer)
        if violation.layer == "request" and violation.rule == "format":
            return _weaker(own, self.formats)
        if violation.layer in ("formats", "unknown_enum"):
            return _weaker(own, self.body)
        return own

    def split(
        self, violations: Iterable[Violation]
    ) -> tuple[tuple[Violation, ...], tuple[Violation, ...]]:
        """The violations that are errors, and those that are only told; "off" drops the rest."""
        errors: list[Violation] = []
        told: list[Violation] = []
        for violation in violations:
            level = self.level_of(violation)
            if level == "strict":
                errors.append(violation)
            elif level == "warn":
                told.append(violation)
        return tuple(errors), tuple(told)


def _weaker(one: Level, other: Level) -> Level:
    return max(one, other, key=_LEVELS.index)
