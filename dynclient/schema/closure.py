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
from ..errors import DocumentError
from .dialects import OAS_30, Dialect, dialect_at, say_in_2020
from .discriminator import Choice, read_choice
from .effort import endless_place
from .formats import INTEGER_BOUNDS
from .keywords import KEYWORDS_31, Holds, Keyword

__all__ = ["Closure", "Direction", "extract", "is_secret"]

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
    choices  the discriminators in it, by the place of the schema that has one
    secrets  names of the properties whose values must not be shown
    formats  the formats that are checked in it
    home     the URI of the document; places in other files are told with the file's own
    """

    schema: dict[str, Any]
    origins: Mapping[str, Location]
    sources: Mapping[str, Any]
    choices: Mapping[Location, Choice] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()
    formats: frozenset[str] = frozenset()
    home: str = ""


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


def is_secret(document: Document, schema: Any, at: Location) -> bool:
    """Whether values of a schema must not be shown: `format: password`, or writeOnly."""
    target, _ = document.resources.follow(schema, at)
    return any(
        isinstance(each, dict)
        and (each.get("writeOnly") is True or str(each.get("format")) in _SECRET_FORMATS)
        for each in (schema, target)
    )


#: The dynamic anchors in force, outermost first: the place that each name is bound to.
_Scope: TypeAlias = tuple[tuple[str, Location], ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the translation is.

    scope   the dynamic anchors in force
    depth   levels of inline nesting since the entry in `$defs`
    around  the schemas in whose inline allOf this one stands
    """

    at: Location
    scope: _Scope
    depth: int = 0
    around: tuple[tuple[Any, Location], ...] = ()

    def inside(self, *tokens: str | int, around: tuple[tuple[Any, Location], ...] = ()) -> _Place:
        """The place these tokens lead to."""
        return _Place(self.at.child(*tokens), self.scope, self.depth + 1, around)


@dataclass(slots=True)
class _Extraction:
    document: Document
    direction: Direction
    formats: bool
    definitions: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, Location] = field(default_factory=dict)
    sources: dict[str, Any] = field(default_factory=dict)
    choices: dict[Location, Choice] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)
    used_formats: set[str] = field(default_factory=set)
    _names: dict[tuple[Location, _Scope], str] = field(default_factory=dict)
    _scopes: dict[str, _Scope] = field(default_factory=dict)
    _waiting: deque[str] = field(default_factory=deque)

    def run(self, roots: Mapping[str, tuple[Any, Location]] | tuple[Any, Location]) -> Closure:
        root: dict[str, Any]
        if isinstance(roots, Mapping):
            properties = {name: {"$ref": self._place(*pair, ())} for name, pair in roots.items()}
            root = {"type": "object", "properties": properties}
        else:
            root = {"$ref": self._place(*roots, ())}
        while self._waiting:
            name = self._waiting.popleft()
            place = _Place(self.origins[name], self._scopes[name])
            self.definitions[name] = self._schema(self.sources[name], place)
        root["$defs"] = self.definitions
        fault = endless_place(self.definitions, self.document.resources.trust.max_nodes)
        if fault is not None:
            at = self.origins[fault]
            raise DocumentError(
                "the schema would be judged too many times over for one value",
                source=at.uri or None,
                pointer=at.pointer,
            )
        return Closure(
            root,
            self.origins,
            self.sources,
            self.choices,
            frozenset(self.secrets),
            frozenset(self.used_formats),
            self.document.uri,
        )

    def _place(self, schema: Any, at: Location, scope: _Scope) -> str:
        """The reference to a schema's entry in `$defs`; the entry is made if it is new."""
        scope = self._extended(scope, at)
        key = (at, scope)
        name = self._names.get(key)
        if name is None:
            if len(self._names) >= self.document.resources.trust.max_references:
                raise DocumentError(
                    f"a schema reaches more than {len(self._names)} others",
                    source=at.uri or None,
                    pointer=at.pointer,
                )
            stem = _NOT_IN_NAMES.sub("_", at.pointer.rpartition("/")[2]) or "root"
            name = stem
            while name in self.origins:
                name = f"{stem}.{len(self.origins)}"
            self._names[key] = name
            self._scopes[name] = scope
            self.origins[name] = at
            self.sources[name] = schema
            self._waiting.append(name)
        return f"#/$defs/{name}"

    def _extended(self, scope: _Scope, at: Location) -> _Scope:
        """The dynamic scope once the resource around `at` is entered: what is bound stays bound.

        Source: JSON Schema 2020-12 core, sections 7.1 and 8.2.3.2. A `$dynamicRef` is thereby
        settled here, once for each scope it can be met in, and none is left to the validator.
        """
        anchors = self.document.resources.dynamic_anchors(at)
        bound = {name for name, _ in scope}
        new = [(name, place) for name, place in anchors.items() if name not in bound]
        return (*scope, *sorted(new)) if new else scope

    def _references(self, schema: dict[str, Any], place: _Place, old: bool) -> dict[str, Any]:
        """The schema's `$ref`, else its `$dynamicRef`, as a `$ref` into `$defs`.

        With both, the second stays under `$dynamicRef` for the caller to put beside.
        """
        result: dict[str, Any] = {}
        reference = schema.get("$ref")
        if isinstance(reference, str):
            target, at = self.document.resources.resolve(reference, place.at)
            result["$ref"] = self._place(target, at, place.scope)
        elif reference is not None:
            reason = "a $ref is a string; it is ignored"
            self.document.note(place.at.child("$ref"), reason, "reference")
        dynamic = None if old else self._dynamic_reference(schema, place)
        if dynamic is not None and "$ref" not in result:
            result["$ref"] = dynamic
        elif dynamic is not None:
            result["$dynamicRef"] = dynamic
        return result

    def _dynamic_reference(self, schema: dict[str, Any], place: _Place) -> str | None:
        reference = schema.get("$dynamicRef")
        if not isinstance(reference, str):
            return None
        target, at = self.document.resources.resolve(reference, place.at)
        name = reference.rpartition("#")[2]
        if isinstance(target, dict) and target.get("$dynamicAnchor") == name:
            outermost = dict(place.scope).get(name, at)
            target, at = self.document.resources.at(outermost), outermost
        return self._place(target, at, place.scope)

    def _schema(self, schema: Any, place: _Place) -> dict[str, Any] | bool:
        """One schema, translated."""
        at = place.at
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, dict):
            self.document.note(at, "a schema is an object", "schema")
            return True
        dialect = dialect_at(self.document, at)
        old = dialect is OAS_30
        if place.depth > _INLINE_DEPTH or (place.depth and not old and "$id" in schema):
            return {"$ref": self._place(schema, at, place.scope)}
        result = self._references(schema, place, old)
        if dialect.lone_ref and "$ref" in result:
            # "This object cannot be extended with additional properties" (OpenAPI 3.0.4)
            return result
        self._keywords(dialect, schema, place, result)
        if isinstance(schema.get("discriminator"), dict):
            choice = read_choice(self.document, schema, at)
            if choice is not None:
                self.choices[at] = choice
        self._directions(schema, at, result, place.around)
        if dialect.exclusives:
            _translate_exclusives(result)
        if old:
            _translate_nullable(schema, result)
        self._append_all_of(result)
        return result

    def _keywords(
        self, dialect: Dialect, schema: dict[str, Any], place: _Place, result: dict[str, Any]
    ) -> None:
        """Translate the keywords that count into `result`; note those that hold nonsense."""
        for name, (own, value) in say_in_2020(dialect, schema).items():
            keyword = (dialect.keywords if name == own else KEYWORDS_31).get(name)
            if keyword is None or (name == "format" and not self.formats):
                continue
            if not keyword.fits(value):
                self.document.note(
                    place.at.child(own),
                    f"{own!r} must be {keyword.wanted}; it is ignored",
                    "schema",
                )
            elif name == own:
                result[name] = self._value(keyword, schema, name, value, place)
            else:
                result[name] = self._moved(keyword, own, value, place)

    def _moved(self, keyword: Keyword, own: str, value: Any, place: _Place) -> Any:
        """What stands under another name in 2020-12: entries of their own, that keep its place."""
        at = place.at.child(own)
        if keyword.holds is Holds.SCHEMA:
            return {"$ref": self._place(value, at, place.scope)}
        if keyword.holds is Holds.SCHEMAS:
            return [
                {"$ref": self._place(member, at.child(index), place.scope)}
                for index, member in enumerate(value)
            ]
        if keyword.holds is Holds.NAMED_SCHEMAS:
            return {
                key: {"$ref": self._place(member, at.child(key), place.scope)}
                for key, member in value.items()
            }
        return value

    def _append_all_of(self, result: dict[str, Any]) -> None:
        # At the end of allOf: the places of what the document put there stay as they are.
        if (second := result.pop("$dynamicRef", None)) is not None:
            result.setdefault("allOf", []).append({"$ref": second})
        if (name := result.get("format")) is None:
            return
        self.used_formats.add(name)
        if bounds := INTEGER_BOUNDS.get(name):
            result.setdefault("allOf", []).append({"minimum": bounds[0], "maximum": bounds[1]})

    def _value(
        self, keyword: Keyword, schema: dict[str, Any], name: str, value: Any, place: _Place
    ) -> Any:
        """What a keyword holds, its subschemas translated."""
        if keyword.holds is Holds.SCHEMA:
            return self._schema(value, place.inside(name))
        if keyword.holds is Holds.SCHEMAS:
            around = (*place.around, (schema, place.at)) if name == "allOf" else ()
            return [
                self._schema(member, place.inside(name, index, around=around))
                for index, member in enumerate(value)
            ]
        if keyword.holds is Holds.NAMED_SCHEMAS:
            return {
                key: self._schema(member, place.inside(name, key)) for key, member in value.items()
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
            if is_secret(self.document, source, at.child("properties", name)):
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


def _translate_exclusives(result: dict[str, Any]) -> None:
    """Boolean exclusives (OpenAPI 3.0, draft 4) as the bounds they make exclusive."""
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if result.pop(exclusive, False) is True and bound in result:
            result[exclusive] = result.pop(bound)


def _translate_nullable(schema: dict[str, Any], result: dict[str, Any]) -> None:
    """OpenAPI 3.0's `nullable`: "null" joins the types, where there are some in the same object."""
    if schema.get("nullable") is True and "type" in result:
        types = result["type"] if isinstance(result["type"], list) else [result["type"]]
        result["type"] = list(dict.fromkeys([*types, "null"]))
