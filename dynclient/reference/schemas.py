"""Schema Objects as openapi-core is shown them: every reference leads into the view.

openapi-core would follow the others itself, past the trust policy. It also fails on keywords that
hold nonsense, judges by discriminators, which are hints, sends defaults where none are sent, and
looks at readOnly and writeOnly where they say nothing; all of that is settled here.
"""

from __future__ import annotations

import re
from collections import deque
from typing import Any

from ..document import Document, Location
from ..errors import DocumentError
from ..operation.fields.texts import Root
from ..schema.dialects import OAS_30, dialect_at
from ..schema.directions import has_flag
from ..schema.keywords import KEYWORDS_31, Holds

__all__ = ["Schemas"]

_FLAGS = ("readOnly", "writeOnly")
#: What is settled by the whole of the document.
_DYNAMIC = frozenset({"$dynamicRef", "$recursiveRef"})


class Schemas:
    """The schemas of one view.

    entries  its components: the schemas that others refer to, by name
    """

    def __init__(self, document: Document) -> None:
        self.entries: dict[str, Any] = {}
        self._document = document
        self._names: dict[Location, str] = {}
        self._withheld: set[str] = set()
        self._waiting: deque[tuple[str, Any, Location]] = deque()

    def shown(self, root: Root) -> dict[str, Any] | None:
        """A schema, whatever it reaches being in `entries`; None if it can't be shown."""
        schema, at = root
        if not isinstance(schema, dict):
            return None  # true and false are no schemas to openapi-core
        before = set(self._names.values())
        try:
            result: dict[str, Any] = self._schema(schema, at)
            while self._waiting:
                name, schema, at = self._waiting.popleft()
                self.entries[name] = self._schema(schema, at)
        except (DocumentError, _Unshowable):
            # What was reached with it can't be told apart from what is to blame.
            self._waiting.clear()
            self._withheld |= set(self._names.values()) - before
            return None
        return result

    def _schema(self, schema: Any, at: Location) -> Any:
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, dict) or not _DYNAMIC.isdisjoint(schema):
            raise _Unshowable
        dialect = dialect_at(self._document, at)
        old = dialect is OAS_30
        if not old and dialect.keywords is not KEYWORDS_31:
            raise _Unshowable  # a draft, while the view is of one dialect
        result: dict[str, Any] = {}
        if isinstance(reference := schema.get("$ref"), str):
            result["$ref"] = self._reference(reference, at)
            if old:
                return result
        for name, value in schema.items():
            keyword = dialect.keywords.get(name)
            if keyword is not None and keyword.fits(value):
                result[name] = self._value(keyword.holds, name, value, at.child(name))
        if old:
            result |= {"nullable": True} if schema.get("nullable") is True else {}
            if not isinstance(kind := result.get("type", ""), str) or kind == "null":
                raise _Unshowable
        _check_pattern(result.get("pattern"))
        return result

    def _value(self, holds: Holds, name: str, value: Any, at: Location) -> Any:
        if holds is Holds.SCHEMA:
            return self._schema(value, at)
        if holds is Holds.SCHEMAS:
            return [self._schema(item, at.child(index)) for index, item in enumerate(value)]
        if holds is Holds.NAMED_SCHEMAS:
            member = self._property if name == "properties" else self._schema
            return {key: member(schema, at.child(key)) for key, schema in value.items()}
        return value

    def _property(self, schema: Any, at: Location) -> Any:
        """A property: where readOnly and writeOnly count (OpenAPI 3.0.4, Schema Object).

        openapi-core sees a flag beside a property only, not where its `$ref` leads.
        """
        shown = self._schema(schema, at)
        if not isinstance(shown, dict):
            return shown
        flags = {name: True for name in _FLAGS if has_flag(self._document, schema, at, name)}
        if flags and "$ref" in shown:
            return {"allOf": [shown], **flags}
        return {**shown, **flags}

    def _reference(self, reference: str, at: Location) -> str:
        target, place = self._document.resources.resolve(reference, at)
        name = self._names.get(place)
        if name is None:
            name = self._names[place] = f"s{len(self._names)}"
            self._waiting.append((name, target, place))
        elif name in self._withheld:
            raise _Unshowable
        return f"#/components/schemas/{name}"


def _check_pattern(pattern: Any) -> None:
    """Whether Python reads a pattern: it may be good ECMA-262, or nonsense that we note."""
    if pattern is not None:
        try:
            re.compile(pattern)
        except re.error:
            raise _Unshowable from None


class _Unshowable(Exception):
    """A schema has something in it that a view can't hold."""
