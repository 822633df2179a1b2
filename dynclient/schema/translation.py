"""One Schema Object in JSON Schema 2020-12, and what else is to be known of it.

What the versions of OpenAPI and the drafts of JSON Schema say differently is settled here.
Subschemas keep their places, so that where a validator points to can be told in terms of the
document. Every reference becomes a `$ref` into the `$defs` of whatever the schema is put in; the
schema it names is not looked into.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ..document import Document, Location
from .dialects import OAS_30, Dialect, dialect_at, say_in_2020
from .directions import Direction, has_flag, hidden_flag, is_secret, travelling_names
from .discriminator import Choice, read_choice
from .effort import applied_names
from .formats import INTEGER_BOUNDS
from .keywords import KEYWORDS_31, Holds, Keyword

__all__ = ["Refer", "Scope", "Translated", "translate"]

# The validator's own reader gives up at about 250 levels of inline nesting; what is deeper is
# hung into `$defs`, which also bounds our recursion.
_INLINE_DEPTH = 24

#: The dynamic anchors in force, outermost first: the place that each name is bound to.
Scope: TypeAlias = tuple[tuple[str, Location], ...]

#: Gives a schema, its place and the scope it is met in a name in `$defs`.
Refer: TypeAlias = Callable[[Any, Location, Scope], str]


@dataclass(frozen=True, slots=True)
class Translated:
    """A translated schema.

    schema      JSON Schema 2020-12
    references  the names in `$defs` that it refers to, each once, in the order they are met
    applied     those it applies to the same value, as often as it does
    choices     the discriminators in it, by the place of the schema that has one
    secrets     names of the properties whose values must not be shown
    hidden      the places of the schemas whose values must not be shown
    formats     the formats that are checked in it
    size        how many schemas it consists of
    """

    schema: dict[str, Any] | bool
    references: tuple[str, ...]
    applied: tuple[str, ...]
    choices: dict[Location, Choice]
    secrets: frozenset[str]
    hidden: frozenset[Location]
    formats: frozenset[str]
    size: int

    @property
    def stands_for(self) -> str | None:
        """The name it refers to, if it does nothing else."""
        if isinstance(self.schema, dict) and self.schema.keys() == {"$ref"}:
            return self.references[0]
        return None


def translate(
    document: Document,
    schema: Any,
    at: Location,
    scope: Scope,
    direction: Direction,
    formats: bool,
    refer: Refer,
) -> Translated:
    """A Schema Object, translated; faults of the document are noted as problems and left out.

    With `formats=False` formats are not checked. DocumentError if a `$ref` leads nowhere.
    """
    translation = _Translation(document, direction, formats, refer)
    translated = translation.schema(schema, _Place(at, scope))
    return Translated(
        translated,
        tuple(translation.references),
        tuple(applied_names(translated)),
        translation.choices,
        frozenset(translation.secrets),
        frozenset(translation.hidden),
        frozenset(translation.used_formats),
        translation.size,
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the translation is.

    scope   the dynamic anchors in force
    depth   levels of inline nesting since the entry in `$defs`
    around  the schemas in whose inline allOf this one stands
    """

    at: Location
    scope: Scope
    depth: int = 0
    around: tuple[tuple[Any, Location], ...] = ()

    def inside(self, *tokens: str | int, around: tuple[tuple[Any, Location], ...] = ()) -> _Place:
        """The place these tokens lead to."""
        return _Place(self.at.child(*tokens), self.scope, self.depth + 1, around)


@dataclass(slots=True)
class _Translation:
    """The translation of one schema, with what is found on the way."""

    document: Document
    direction: Direction
    formats: bool
    refer: Refer
    references: dict[str, None] = field(default_factory=dict)
    choices: dict[Location, Choice] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)
    hidden: set[Location] = field(default_factory=set)
    used_formats: set[str] = field(default_factory=set)
    size: int = 0

    def schema(self, schema: Any, place: _Place) -> dict[str, Any] | bool:
        """One schema, translated."""
        at = place.at
        self.size += 1
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, dict):
            self.document.note(at, "a schema is an object", "schema")
            return True
        if schema.keys() != {"$ref"} and is_secret(self.document, schema, at):
            self.hidden.add(at)
        dialect = dialect_at(self.document, at)
        old = dialect is OAS_30
        if place.depth > _INLINE_DEPTH or (place.depth and not old and "$id" in schema):
            return {"$ref": self._reference(schema, at, place.scope)}
        result = self._references(schema, place, old)
        if dialect.lone_ref and "$ref" in result:
            # "This object cannot be extended with additional properties" (OpenAPI 3.0.4)
            return result
        self._keywords(dialect, schema, place, result)
        if isinstance(schema.get("discriminator"), dict):
            choice = read_choice(self.document, schema, at)
            if choice is not None:
                self.choices[at] = choice
        self._directions(schema, place, result)
        if dialect.exclusives:
            _translate_exclusives(result)
        if old:
            _translate_nullable(schema, result)
        self._append_all_of(result)
        return result

    def _reference(self, schema: Any, at: Location, scope: Scope) -> str:
        """What a `$ref` to the entry of a schema in `$defs` says."""
        name = self.refer(schema, at, scope)
        self.references[name] = None
        return f"#/$defs/{name}"

    def _references(self, schema: dict[str, Any], place: _Place, old: bool) -> dict[str, Any]:
        """The schema's `$ref`, else its `$dynamicRef`, as a `$ref` into `$defs`.

        With both, the second stays under `$dynamicRef` for the caller to put beside.
        """
        result: dict[str, Any] = {}
        reference = schema.get("$ref")
        if isinstance(reference, str):
            target, at = self.document.resources.resolve(reference, place.at)
            result["$ref"] = self._reference(target, at, place.scope)
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
        return self._reference(target, at, place.scope)

    def _keywords(
        self, dialect: Dialect, schema: dict[str, Any], place: _Place, result: dict[str, Any]
    ) -> None:
        """Translate the keywords that count into `result`; note those that hold nonsense."""
        for name, (own, value) in say_in_2020(dialect, schema).items():
            keyword = (dialect.keywords if name == own else KEYWORDS_31).get(name)
            if name in dialect.absent:
                self._note_absent(name, dialect.absent[name], place)
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

    def _note_absent(self, name: str, instead: str, place: _Place) -> None:
        version = self.document.version
        spoken = f"OpenAPI {version}" if version.startswith("3") else f"Swagger {version}"
        advice = f", or say it by {instead}" if instead else ""
        self.document.note(
            place.at.child(name),
            f"{spoken} has no {name!r}; it is ignored. Declare OpenAPI 3.1{advice}",
            "dialect",
        )

    def _moved(self, keyword: Keyword, own: str, value: Any, place: _Place) -> Any:
        """What stands under another name in 2020-12: entries of their own, that keep its place."""
        at = place.at.child(own)
        if keyword.holds is Holds.SCHEMA:
            return {"$ref": self._reference(value, at, place.scope)}
        if keyword.holds is Holds.SCHEMAS:
            return [
                {"$ref": self._reference(member, at.child(index), place.scope)}
                for index, member in enumerate(value)
            ]
        if keyword.holds is Holds.NAMED_SCHEMAS:
            return {
                key: {"$ref": self._reference(member, at.child(key), place.scope)}
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
            return self.schema(value, place.inside(name))
        if keyword.holds is Holds.SCHEMAS:
            around = (*place.around, (schema, place.at)) if name == "allOf" else ()
            return [
                self.schema(member, place.inside(name, index, around=around))
                for index, member in enumerate(value)
            ]
        if keyword.holds is Holds.NAMED_SCHEMAS:
            return {
                key: self.schema(member, place.inside(name, key)) for key, member in value.items()
            }
        if name == "type" and isinstance(value, list) and self.document.dialect == "3.0":
            reason = "a type is one name before OpenAPI 3.1; the list is read as 3.1 has it"
            self.document.note(place.at.child("type"), reason, "dialect")
        if name in ("type", "required") and isinstance(value, list):
            return list(dict.fromkeys(value))
        return value

    def _directions(self, schema: dict[str, Any], place: _Place, result: dict[str, Any]) -> None:
        """Take out of `required` what does not travel this way, and in 3.0 refuse it."""
        if isinstance(required := result.get("required"), list):
            owners = [(schema, place.at), *place.around]
            kept = travelling_names(self.document, required, owners, self.direction)
            if len(kept) != len(required):
                result["required"] = kept
        hidden = hidden_flag(self.direction)
        for name, member in (result.get("properties") or {}).items():
            source = schema["properties"][name]
            if not isinstance(source, dict) or not isinstance(member, dict):
                continue
            at = place.at.child("properties", name)
            if at in self.hidden or is_secret(self.document, source, at):
                self.secrets.add(name)
            if self.document.dialect == "3.0" and has_flag(self.document, source, at, hidden):
                result["properties"][name] = False


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
