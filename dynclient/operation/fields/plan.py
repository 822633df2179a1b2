"""The parameters of one operation, compiled: values in, path, query and header fields out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...abnf import is_field_value
from ...document import Document, Location
from ...jsontext import JsonTextError, decode, encode
from ...messages import Violation
from ...redaction import Redactor
from ...schema import Validator, compile_validator
from ...validation import Formats
from ..encoders import Encoders, encoded, fitted
from ..violations import masked, violation
from .parameters import Parameter, Slot
from .paths import PathPlan
from .styles import DeepObject

__all__ = ["ParametersPlan"]


class ParametersPlan:
    """How values of parameters, by `Parameter.key`, are validated and become parts of a request.

    path      the compiled path template
    secret    the keys of those whose values must not be shown
    encoders  what makes plain data of the caller's own types
    arrays    the keys of those that can be nothing but arrays: one item stands for itself
    """

    def __init__(
        self,
        document: Document,
        parameters: Sequence[Parameter],
        template: str,
        at: Location,
        redactor: Redactor,
        *,
        formats: Formats,
        deep_object: DeepObject | None = None,
        encoders: Encoders | None = None,
    ) -> None:
        self.parameters = parameters
        self.encoders = encoders
        self._document = document
        slots = {p.key: Slot(p, p.key, p.serializer(deep_object)) for p in parameters}
        by_location: dict[str, list[Slot]] = {}
        for slot in slots.values():
            by_location.setdefault(slot.parameter.location, []).append(slot)
        # At most one of the two is there (OpenAPI 3.2.0, `in: querystring`).
        self._query = (*by_location.get("query", ()), *by_location.get("querystring", ()))
        self._header = tuple(by_location.get("header", ()))
        self._cookie = tuple(by_location.get("cookie", ()))
        self.secret = frozenset(
            p.key for p in parameters if redactor.is_secret_part(p.location, p.name)
        )
        self.arrays = frozenset(
            p.key
            for p in parameters
            if p.content_type is None and (p.node.types() or set()) - {"null"} == {"array"}
        )
        in_path = by_location.get("path", [])
        self.path = PathPlan(document, template, at, in_path)
        self._hidden = tuple(slot for slot in in_path if slot.key in self.secret)
        self._spread = tuple(
            key
            for key in self.secret
            if slots[key].parameter.explode and slots[key].parameter.location != "path"
        )
        self._required = tuple((p, p.key, p.location == "path") for p in parameters if p.required)
        self._allow_empty = frozenset(p.key for p in parameters if p.allow_empty)
        self._validator: Validator | None = None
        if parameters:
            roots = {p.key: p.node for p in parameters}
            self._validator = compile_validator(roots, "request", formats=formats)

    def fitted(self, parameter: Parameter, value: Any) -> Any:
        """A value of the caller's own types made plain, and as the schema wants it.

        See `encoders.fitted`: a `date` for a date-time, a `Decimal` for a string.
        """
        if self.encoders:
            value = encoded(value, self.encoders)
        schema = parameter.node
        if parameter.key in self.arrays and not isinstance(value, Mapping | Iterable):
            schema = schema.item() or schema  # one item, given for the array of it
        return fitted(value, schema)

    # ── judging ──────────────────────────────────────────────────────────────────────────────

    def takes_null(self, parameter: Parameter) -> bool:
        """Whether the schema of a parameter accepts null, however that is written."""
        return self._validator is not None and bool(self._validator.is_valid({parameter.key: None}))

    def judge(
        self,
        values: Mapping[str, Any],
        supplied: frozenset[str],
        found: list[Violation],
        *,
        schemas: bool,
    ) -> None:
        """What is missing, and with `schemas` what breaks its schema, goes to `found`."""
        for parameter, key, in_path in self._required:
            if key not in values and key not in supplied and (schemas or in_path):
                missing = _missing(parameter)
                if all(each.where != missing.where for each in found):
                    found.append(missing)
        validator = self._validator
        if not schemas or not values or validator is None:
            return
        if self._allow_empty:  # schemas don't apply to an empty value that stands for any other
            values = {k: v for k, v in values.items() if v != "" or k not in self._allow_empty}
        try:
            if validator.is_valid(values):
                return
            broken = validator.explain(values, "request", layer="request", slots=True)
        except (ValueError, TypeError):
            broken = validator.explain(_as_json(values), "request", layer="request", slots=True)
        reported = {each.where for each in found}
        for each in broken:
            if each.where not in reported:
                secret = each.where.removeprefix("request.") in self.secret
                found.append(masked(each) if secret else each)

    # ── serializing ──────────────────────────────────────────────────────────────────────────

    def query(self, values: Mapping[str, Any], found: list[Violation]) -> str:
        """The query, percent-encoded; empty if there is none."""
        parts = []
        for slot in self._query:
            if slot.key in values:
                text = slot.text(values, found)
                if text:
                    parts.append(text)
                elif slot.parameter.required:
                    reason = "an empty array or object can't be serialized in a query"
                    found.append(violation(f"request.{slot.key}", "style", reason))
        return "&".join(parts)

    def fields(self, values: Mapping[str, Any], found: list[Violation]) -> list[tuple[str, str]]:
        """The header fields: header parameters, and one Cookie."""
        fields = []
        for slot in self._header:
            if slot.key in values:
                text = slot.text(values, found)
                if not is_field_value(text):
                    reason = "a header holds one line of Latin-1 text"
                    found.append(violation(f"request.{slot.key}", "header", reason))
                fields.append((slot.parameter.name, text))
        if self._cookie:
            cookies = [slot.text(values, found) for slot in self._cookie if slot.key in values]
            if any(cookies):
                fields.append(("Cookie", "; ".join(filter(None, cookies))))
        return fields

    def hiding(self, redactor: Redactor, values: Mapping[str, Any]) -> Redactor:
        """A redactor that knows which texts in this request's path are secret."""
        if self._hidden:
            texts = [slot.text(values, []) for slot in self._hidden if slot.key in values]
            redactor = redactor.hiding(*texts)
        for key in self._spread:  # members that stand alone, by names that the schema may not have
            if isinstance(value := values.get(key), dict):
                redactor = redactor.extended(fields=value)
        return redactor


def _missing(parameter: Parameter) -> Violation:
    # Without a path segment there is no URL; without another one the policy decides.
    rule = "missing-argument" if parameter.location == "path" else "required"
    reason = f"the argument {parameter.python_name!r} is missing"
    return violation(f"request.{parameter.key}", rule, reason, parameter.at.pointer)


def _as_json(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as JSON has them; without those that it has not, which can't be serialized."""
    found = {}
    for key, value in values.items():
        try:
            found[key] = decode(encode(value))
        except JsonTextError:
            continue
    return found
