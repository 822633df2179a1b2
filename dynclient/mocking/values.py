"""A value for a schema: one of its examples, else one that is made, valid in either case.

What is made is tried: the validator of the schema has the last word, and only a value that it takes
leaves this module.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import suppress
from random import Random
from typing import Any

from ..document import Node
from ..errors import DocumentError, DynclientError
from ..schema import Direction, compile_validator
from ..schema.keywords import LEAST, MOST
from .patterns import matching

__all__ = ["MockError", "declared_examples", "value_for"]

_MOST_TRIES = 40
_MOST_DEEP = 6
_FORMATS: Mapping[str, Any] = {
    "date-time": "2026-01-02T03:04:05Z",
    "date": "2026-01-02",
    "time": "03:04:05Z",
    "duration": "P1DT2H",
    "email": "ada@example.com",
    "idn-email": "ada@example.com",
    "hostname": "example.com",
    "idn-hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/a",
    "url": "https://example.com/a",
    "uri-reference": "/a",
    "iri": "https://example.com/a",
    "iri-reference": "/a",
    "uri-template": "https://example.com/{a}",
    "json-pointer": "/a",
    "relative-json-pointer": "0",
    "regex": "^a+$",
    "byte": "aGVsbG8=",
    "base64url": "aGVsbG8",
}


class MockError(DynclientError):
    """No valid value could be made for a schema."""


def value_for(
    schema: Node, random: Random, *, examples: bool = True, side: Direction = "response"
) -> Any:
    """A valid value for what a response has, or a request. MockError that names the place."""
    validator = compile_validator(schema, side)
    for value in _candidates(schema, random, examples):
        try:
            if validator.is_valid(value):
                return value
        except (ValueError, TypeError):
            continue  # an example that is no plain data
    place = schema.at.pointer or "the root"
    raise MockError(f"no valid value can be made for the schema at {place}; give an example there")


def declared_examples(node: Node, name: str | None = None) -> list[Any]:
    """The values of `example` and `examples` of a Media Type Object or a Parameter Object.

    With a `name`, that of one of the latter.
    """
    found = []
    if name is None and isinstance(node.value, dict) and "example" in node.value:
        found.append(node.value["example"])
    for each, example in node.items("examples"):
        target = example.follow().value
        if isinstance(target, dict) and name in (None, each):
            found += [target[key] for key in ("value", "dataValue") if key in target]
    return found


def _candidates(schema: Node, random: Random, examples: bool) -> Iterator[Any]:
    if examples:
        yield from _examples(schema)
    for attempt in range(_MOST_TRIES):
        yield _Maker(random, attempt).make(schema, 0)


def _examples(schema: Node) -> Iterator[Any]:
    for node in schema.in_place("allOf"):
        if isinstance(node.value, dict):
            if "example" in node.value:
                yield node.value["example"]
            listed = node.get("examples")
            yield from listed if isinstance(listed, list) else ()
            if "default" in node.value:
                yield node.value["default"]


class _Maker:
    """Makes one value. Later attempts choose other branches, and leave out what is optional."""

    def __init__(self, random: Random, attempt: int) -> None:
        self._random = random
        self._attempt = attempt

    def make(self, schema: Node, depth: int) -> Any:
        parts = list(self._parts(schema, 0))
        merged = _merged(parts)
        if "const" in merged:
            return merged["const"]
        if merged.get("enum"):
            return merged["enum"][self._turn(len(merged["enum"]))]
        if depth and self._attempt < 2:
            for example in _examples(schema):
                if _takes(schema, example):
                    return example
        kinds = _kinds(parts, merged)
        kind = kinds[self._turn(len(kinds))]
        if kind == "string" and ("pattern" in merged or "format" in merged):
            return self._text(schema, merged)
        match kind:
            case "object":
                return self._object(parts, merged, depth)
            case "array":
                return self._array(parts, merged, depth)
            case "string":
                return self._string(merged)
            case "integer" | "number":
                return self._number(merged, whole=kind == "integer")
            case "boolean":
                return self._random.random() < 0.5
        return None

    def _turn(self, count: int) -> int:
        """Which of several: the first at the first attempt."""
        return 0 if self._attempt == 0 else self._random.randrange(count)

    def _parts(self, schema: Node, depth: int) -> Iterator[Node]:
        """The schemas that judge a value together: one branch of each oneOf and anyOf."""
        if depth > _MOST_DEEP:
            return
        for node in schema.in_place("allOf"):
            yield node
            for keyword in ("oneOf", "anyOf"):
                branches = list(node.branches(keyword))
                if branches:
                    yield from self._parts(branches[self._turn(len(branches))], depth + 1)

    # ── kinds of values ──────────────────────────────────────────────────────────────────────

    def _object(self, parts: list[Node], merged: Mapping[str, Any], depth: int) -> Any:
        properties: dict[str, Node] = {}
        required: list[str] = []
        for part in parts:
            properties |= dict(part.items("properties"))
            names = part.get("required")
            required += [n for n in names if isinstance(n, str)] if isinstance(names, list) else []
        # Of several schemas that allow no other properties, only what all declare is allowed.
        for part in parts:
            if part.get("additionalProperties") is False:
                known = dict(part.items("properties"))
                properties = {name: node for name, node in properties.items() if name in known}
        found: dict[str, Any] = {}
        left: set[str] = set()
        for name, node in properties.items():
            if node.flagged("writeOnly"):
                left.add(name)  # it may not be in a response, even if it is required
            elif name in required or (depth < 3 and self._attempt % 3 != 2):
                found[name] = self.make(node, depth + 1) if depth < 12 else None
        others = _others(parts)

        def add(name: str) -> None:
            found[name] = self.make(others, depth + 1) if others is not None else "a"

        for name in required:
            if name not in found and name not in left:
                add(name)
        while len(found) < min(merged.get("minProperties", 0), 50):
            add(f"key{len(found) + 1}")
        return found

    def _array(self, parts: list[Node], merged: Mapping[str, Any], depth: int) -> Any:
        least, most = merged.get("minItems", 0), merged.get("maxItems", math.inf)
        wanted = 1 if depth < 4 and self._attempt % 4 != 3 else 0
        count = int(min(max(least, wanted), most, 50))
        item = next((part.item(0) for part in parts if part.item(0) is not None), None)
        found: list[Any] = []
        for index in range(count):
            node = next((p.item(index) for p in parts if p.item(index) is not None), item)
            value = self.make(node, depth + 1) if node is not None else index
            if merged.get("uniqueItems") and value in found:
                maker = _Maker(self._random, self._attempt + 1 + index)
                value = maker.make(node, depth + 1) if node is not None else index
            found.append(value)
        return found

    def _text(self, schema: Node, merged: Mapping[str, Any]) -> str:
        """A text with a pattern or a format: the first of some tries that its own schema takes."""
        text = ""
        for attempt in range(self._attempt, self._attempt + 8):
            text = _Maker(self._random, attempt)._string(merged)
            if _takes(schema, text):
                break
        return text

    def _string(self, merged: Mapping[str, Any]) -> str:
        pattern, form = merged.get("pattern"), merged.get("format")
        least, most = int(merged.get("minLength", 0)), merged.get("maxLength", math.inf)
        if form == "uuid":
            text = f"{self._random.getrandbits(128):032x}"
            return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-8{text[17:20]}-{text[20:]}"
        if isinstance(form, str) and form in _FORMATS and self._attempt % 2 == 0:
            return str(_FORMATS[form])
        text = ""
        if isinstance(pattern, str):
            text = matching(pattern, self._random) or ""
            if self._attempt % 2:
                return text
        else:
            text = "text" if self._attempt == 0 else f"text{self._random.randrange(10**6)}"
        if len(text) < least:
            text += "a" * (min(least, 100_000) - len(text))
        return text if len(text) <= most else text[: int(most)]

    def _number(self, merged: Mapping[str, Any], *, whole: bool) -> Any:
        low, high = _range(merged, whole)
        step = merged.get("multipleOf")
        value: Any = low if low > -math.inf else min(0, high)
        if self._attempt and low > -math.inf and high < math.inf:
            value = self._random.uniform(low, high)
        elif self._attempt:
            value += self._random.randrange(1000)
        elif low <= 1 <= high:
            value = 1
        if isinstance(step, int | float) and step > 0:
            value = math.ceil(value / step) * step
        return math.ceil(value) if whole else value


def _takes(schema: Node, value: Any) -> bool:
    """Whether a schema takes a value by itself."""
    with suppress(ValueError, TypeError, DocumentError):
        return bool(compile_validator(schema, "response").is_valid(value))
    return False


def _others(parts: list[Node]) -> Node | None:
    """The schema of properties that none is declared for."""
    for part in parts:
        if isinstance(part.get("additionalProperties"), dict):
            return part.child("additionalProperties")
    return None


def _range(merged: Mapping[str, Any], whole: bool) -> tuple[float, float]:
    low, high = merged.get("minimum", -math.inf), merged.get("maximum", math.inf)
    step = 1 if whole else 0.5
    for keyword, sign in (("exclusiveMinimum", 1), ("exclusiveMaximum", -1)):
        bound = merged.get(keyword)
        if bound is True:  # as OpenAPI 3.0 has it
            bound = low if sign > 0 else high
        if isinstance(bound, int | float) and not isinstance(bound, bool):
            if sign > 0:
                low = max(low, bound + step)
            else:
                high = min(high, bound - step)
    return low, high


def _kinds(parts: list[Node], merged: Mapping[str, Any]) -> list[str]:
    """The types that a value may have, the most telling first."""
    allowed: set[str] | None = None
    for part in parts:
        kind = part.get("type")
        names = {kind} if isinstance(kind, str) else set(kind) if isinstance(kind, list) else None
        if names is not None:
            allowed = names if allowed is None else (allowed & names or allowed)
    order = ("object", "array", "string", "integer", "number", "boolean", "null")
    if allowed is None:
        return [_guessed(parts, merged)]
    return [each for each in order if each in allowed] or ["null"]


def _guessed(parts: list[Node], merged: Mapping[str, Any]) -> str:
    """The type of a schema that names none."""
    keys = {key for part in parts for key in (part.value if isinstance(part.value, dict) else ())}
    if keys & {"properties", "required", "additionalProperties", "minProperties"}:
        return "object"
    if keys & {"items", "prefixItems", "minItems", "maxItems"}:
        return "array"
    if keys & {"minimum", "maximum", "multipleOf"}:
        return "number"
    return "object" if not merged and not keys else "string"


def _merged(parts: list[Node]) -> dict[str, Any]:
    """The keywords of schemas that judge one value, the stricter bound of several."""
    merged: dict[str, Any] = {}
    for part in parts:
        if not isinstance(part.value, dict):
            continue
        for key in ("const", "pattern", "format", "multipleOf", "uniqueItems"):
            if key in part.value:
                merged.setdefault(key, part.value[key])
        values = part.get("enum")
        if isinstance(values, list):
            before = merged.get("enum")
            merged["enum"] = values if before is None else [v for v in before if v in values]
        for key in (*LEAST, *MOST):
            bound = part.get(key)
            if bound is None:
                continue
            if key in merged and isinstance(bound, int | float) and not isinstance(bound, bool):
                stricter = max if key.lower().startswith(("min", "exclusivemin")) else min
                bound = stricter(bound, merged[key])
            merged[key] = bound
    return merged
