"""A Schema Object and all it refers to, as one small self-contained JSON Schema.

Only what a schema reaches is taken, and every `$ref` becomes a `$ref` into the closure's own
`$defs`: a validator compiled from it needs no document, no network, and knows no other operation.
Subschemas keep their places, so that where a validator points to can be told in terms of the
document. What differs between versions is translated to JSON Schema 2020-12 here.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from ..document import Document, Location
from .formats import INTEGER_BOUNDS
from .keywords import KEYWORDS_30, KEYWORDS_31, Holds, Keyword

__all__ = ["Closure", "Direction", "extract"]

#: Which way a value travels: what is readOnly stays out of requests, writeOnly out of responses.
Direction: TypeAlias = Literal["request", "response"]

# The validator's own reader gives up at about 250 levels of inline nesting; what is deeper is
# hung into `$defs`, which also bounds our recursion.
_INLINE_DEPTH = 24
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]+")
_SECRET_FORMATS = frozenset({"password"})


@dataclass(frozen=True, slots=True)
class Closure:
    """A self-contained schema, and where its parts stand in the document.

    schema   JSON Schema 2020-12; its root is a `$ref` into its `$defs`
    origins  the place in the document of each entry of `$defs`
    sources  the Schema Object of each entry, untranslated
    secrets  names of the properties whose values must not be shown
    """

    schema: dict[str, Any]
    origins: Mapping[str, Location]
    sources: Mapping[str, Any]
    secrets: frozenset[str] = frozenset()


def extract(
    document: Document,
    roots: Mapping[str, tuple[Any, Location]] | tuple[Any, Location],
    direction: Direction,
    *,
    formats: bool = True,
) -> Closure:
    """The closure of one Schema Object, or of several as the properties of an object.

    `roots` is a (schema, place) pair, or a mapping of property names to such pairs. With
    `formats=False` formats are not checked. DocumentError if a `$ref` leads nowhere; other faults
    of the document are noted as problems and left out.
    """
    return _Extraction(document, direction, formats).run(roots)


@dataclass(slots=True)
class _Extraction:
    document: Document
    direction: Direction
    formats: bool
    definitions: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, Location] = field(default_factory=dict)
    sources: dict[str, Any] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)
    _names: dict[Location, str] = field(default_factory=dict)
    _waiting: deque[str] = field(default_factory=deque)

    def run(self, roots: Mapping[str, tuple[Any, Location]] | tuple[Any, Location]) -> Closure:
        root: dict[str, Any]
        if isinstance(roots, Mapping):
            properties = {name: {"$ref": self._place(*pair)} for name, pair in roots.items()}
            root = {"type": "object", "properties": properties}
        else:
            root = {"$ref": self._place(*roots)}
        while self._waiting:
            name = self._waiting.popleft()
            self.definitions[name] = self._schema(self.sources[name], self.origins[name], 0, ())
        root["$defs"] = self.definitions
        return Closure(root, self.origins, self.sources, frozenset(self.secrets))

    def _place(self, schema: Any, at: Location) -> str:
        """The reference to a schema's entry in `$defs`; the entry is made if it is new."""
        name = self._names.get(at)
        if name is None:
            if len(self._names) >= self.document.resources.trust.max_references:
                # Told as an error: a schema of that many parts is a trap, not a description.
                from ..errors import DocumentError

                raise DocumentError(
                    f"a schema reaches more than {len(self._names)} others",
                    source=at.uri or None,
                    pointer=at.pointer,
                )
            stem = _NOT_IN_NAMES.sub("_", at.pointer.rpartition("/")[2]) or "root"
            name = stem
            while name in self.origins:
                name = f"{stem}.{len(self.origins)}"
            self._names[at] = name
            self.origins[name] = at
            self.sources[name] = schema
            self._waiting.append(name)
        return f"#/$defs/{name}"

    def _schema(
        self, schema: Any, at: Location, depth: int, around: tuple[tuple[Any, Location], ...]
    ) -> dict[str, Any] | bool:
        """One schema, translated. `around` holds the schemas whose inline allOf it stands in."""
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, dict):
            self.document.note(at, "a schema is an object", "schema")
            return True
        if depth > _INLINE_DEPTH:
            return {"$ref": self._place(schema, at)}
        old = self.document.dialect == "3.0"
        result: dict[str, Any] = {}
        reference = schema.get("$ref", schema.get("$dynamicRef"))
        if isinstance(reference, str):
            result["$ref"] = self._place(*self.document.resources.resolve(reference, at))
            if old:  # "This object cannot be extended with additional properties" (3.0.4)
                return result
        keywords = KEYWORDS_30 if old else KEYWORDS_31
        for name, value in schema.items():
            keyword = keywords.get(name)
            if keyword is None or (name == "format" and not self.formats):
                continue
            if keyword.fits(value):
                result[name] = self._value(keyword, schema, name, value, at, depth, around)
            else:
                self.document.note(
                    at.child(name), f"{name!r} must be {keyword.wanted}; it is ignored", "schema"
                )
        self._directions(schema, at, result, around)
        if old:
            _translate_30(schema, result)
        if self.formats and (bounds := INTEGER_BOUNDS.get(str(result.get("format")))):
            # At the end of allOf: the places of what the document put there stay as they are.
            result.setdefault("allOf", []).append({"minimum": bounds[0], "maximum": bounds[1]})
        return result

    def _value(
        self,
        keyword: Keyword,
        schema: dict[str, Any],
        name: str,
        value: Any,
        at: Location,
        depth: int,
        around: tuple[tuple[Any, Location], ...],
    ) -> Any:
        inside = (*around, (schema, at)) if name == "allOf" else ()
        if keyword.holds is Holds.SCHEMA:
            return self._schema(value, at.child(name), depth + 1, ())
        if keyword.holds is Holds.SCHEMAS:
            return [
                self._schema(member, at.child(name, index), depth + 1, inside)
                for index, member in enumerate(value)
            ]
        if keyword.holds is Holds.NAMED_SCHEMAS:
            return {
                key: self._schema(member, at.child(name, key), depth + 1, ())
                for key, member in value.items()
            }
        if name in ("type", "required") and isinstance(value, list):
            return list(dict.fromkeys(value))
        return value

    def _directions(
        self,
        schema: dict[str, Any],
        at: Location,
        result: dict[str, Any],
        around: tuple[tuple[Any, Location], ...],
    ) -> None:
        """Take out of `required` what does not travel this way, and in 3.0 refuse it.

        Source: OpenAPI 3.0.4, section "Schema Object", readOnly and writeOnly. In 3.1 they are
        annotations: what is sent is not refused, but asking for it would make no sense either.
        """
        hidden = "readOnly" if self.direction == "request" else "writeOnly"
        if isinstance(required := result.get("required"), list):
            owners = [(schema, at), *around]
            kept = [name for name in required if not self._has_flag(owners, name, hidden)]
            if len(kept) != len(required):
                result["required"] = kept
        for name, member in (result.get("properties") or {}).items():
            source = schema["properties"][name]
            if not isinstance(source, dict) or not isinstance(member, dict):
                continue
            if source.get("writeOnly") is True or source.get("format") in _SECRET_FORMATS:
                self.secrets.add(name)
            if self.document.dialect == "3.0" and source.get(hidden) is True:
                result["properties"][name] = False

    def _has_flag(self, owners: list[tuple[Any, Location]], name: str, flag: str) -> bool:
        """Whether property `name` carries `flag` in one of the schemas or in their allOf."""
        seen: set[Location] = set()
        stack = list(owners)
        while stack:
            schema, at = self.document.resources.follow(*stack.pop())
            if at in seen or not isinstance(schema, dict):
                continue
            seen.add(at)
            properties = schema.get("properties")
            if isinstance(properties, dict) and isinstance(properties.get(name), dict):
                own = properties[name]
                target, _ = self.document.resources.follow(own, at.child("properties", name))
                if own.get(flag) is True or (isinstance(target, dict) and target.get(flag) is True):
                    return True
            members = schema.get("allOf")
            if isinstance(members, list):
                stack.extend((m, at.child("allOf", i)) for i, m in enumerate(members))
        return False


def _translate_30(schema: dict[str, Any], result: dict[str, Any]) -> None:
    """OpenAPI 3.0's own meaning of `nullable` and of the boolean exclusives, in 2020-12's terms."""
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if result.pop(exclusive, False) is True and bound in result:
            result[exclusive] = result.pop(bound)
    # "null" joins the types only where there is a type in the same object (3.0.4, nullable).
    if schema.get("nullable") is True and "type" in result:
        types = result["type"] if isinstance(result["type"], list) else [result["type"]]
        result["type"] = list(dict.fromkeys([*types, "null"]))
