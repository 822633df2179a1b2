"""Schema Objects as openapi-core gets them: every reference leads into the view.

openapi-core would follow the others itself, past the trust policy. It also fails on keywords that
have wrong values, validates by discriminators, which are hints, sends defaults where none are
sent, and looks at readOnly and writeOnly where they mean nothing; all of that is removed here.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from typing import Any

from ..document import Document, Location, Node
from ..errors import DocumentError
from ..schema import extract
from ..schema.dialects import OAS_30, dialect_at
from ..schema.directions import SECRET, is_secret
from ..schema.keywords import KEYWORDS_31
from ..schema.patterns import PatternError, matcher

__all__ = ["PATTERN", "Schemas", "on_texts"]

#: How the name of a format begins that stands for a pattern. Python's own engine reads other
#: patterns than ECMA-262 has, and may take for ever.
PATTERN = "pattern "
#: Names of properties that Python's engine matches in bounded time: one repetition, no groups.
_PLAIN = re.compile(r"[^()\\*+?{|.]*(?:[*+?]|\{\d+(?:,\d*)?\})?[^()\\*+?{|.]*")

_FLAGS = ("readOnly", "writeOnly")
#: What only the whole document can resolve.
_DYNAMIC = frozenset({"$dynamicRef", "$recursiveRef"})


class Schemas:
    """The schemas of one view.

    entries   its components: the schemas that others refer to, by name
    patterns  the checks of the formats that stand for patterns, by name
    """

    def __init__(self, document: Document) -> None:
        self.entries: dict[str, Any] = {}
        self.patterns: dict[str, Callable[[Any], bool]] = {}
        self._document = document
        self._names: dict[Location, str] = {}
        self._withheld: set[str] = set()
        self._waiting: deque[tuple[str, Node]] = deque()

    def shown(self, schema: Node) -> dict[str, Any] | None:
        """A schema, whatever it reaches being in `entries`; None if it can't be shown."""
        if not isinstance(schema.value, dict):
            return None  # openapi-core does not know true and false as schemas
        before = set(self._names.values())
        try:
            if extract(schema, "response").rings:
                return None  # jsonschema would follow them without end
            result: dict[str, Any] = self._schema(schema)
            while self._waiting:
                name, reached = self._waiting.popleft()
                self.entries[name] = self._schema(reached)
        except (DocumentError, _Unshowable):
            # What was reached with it can't be separated from what is to blame.
            self._waiting.clear()
            self._withheld |= set(self._names.values()) - before
            return None
        return result

    def _schema(self, schema: Node) -> Any:
        if isinstance(schema.value, bool):
            return schema.value
        if not isinstance(schema.value, dict) or not _DYNAMIC.isdisjoint(schema.value):
            raise _Unshowable
        dialect = dialect_at(schema)
        old = dialect is OAS_30
        if not old and dialect.keywords is not KEYWORDS_31:
            raise _Unshowable  # a draft, while the view is of one dialect
        result: dict[str, Any] = {}
        if schema.reference is not None:
            result["$ref"] = self._reference(schema.resolve(schema.reference))
            if old:
                return result
        for name, member in schema.items():
            keyword = dialect.keywords.get(name)
            if keyword is not None and keyword.fits(member.value):
                shown = self._property if name == "properties" else self._schema
                result[name] = keyword.holds.mapped(member.value, member, shown)
        if old:
            result |= {"nullable": True} if schema.get("nullable") is True else {}
            if not isinstance(kind := result.get("type", ""), str) or kind == "null":
                raise _Unshowable
        secret = {SECRET: True} if is_secret(schema) else {}
        if (pattern := result.pop("pattern", None)) is not None and self._known(pattern):
            result.setdefault("allOf", []).append({"format": PATTERN + pattern, **secret})
        if not all(map(_PLAIN.fullmatch, result.get("patternProperties", ()))):
            raise _Unshowable
        return result | secret

    def _known(self, pattern: str) -> bool:
        """Whether a pattern counts; what is none is ignored, and noted by the compiled engine."""
        try:
            self.patterns[PATTERN + pattern] = on_texts(matcher(pattern))
        except PatternError:
            return False
        return True

    def _property(self, schema: Node) -> Any:
        """A property: where readOnly and writeOnly count (OpenAPI 3.0.4, Schema Object).

        openapi-core sees a flag beside a property only, not where its `$ref` leads.
        """
        shown = self._schema(schema)
        if not isinstance(shown, dict):
            return shown
        flags = {name: True for name in _FLAGS if schema.flagged(name)}
        if flags and "$ref" in shown:
            return {"allOf": [shown], **flags}
        return {**shown, **flags}

    def _reference(self, target: Node) -> str:
        name = self._names.get(target.at)
        if name is None:
            name = self._names[target.at] = f"s{len(self._names)}"
            self._waiting.append((name, target))
        elif name in self._withheld:
            raise _Unshowable
        return f"#/components/schemas/{name}"


def on_texts(check: Callable[[str], bool]) -> Callable[[Any], bool]:
    """A check of texts that lets other values pass, as `format` and `pattern` do."""
    return lambda value: not isinstance(value, str) or check(value)


class _Unshowable(Exception):
    """A schema has something in it that a view can't hold."""
