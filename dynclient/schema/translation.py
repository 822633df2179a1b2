"""One Schema Object in JSON Schema 2020-12, and what else is to be known of it.

What the versions of OpenAPI and the drafts of JSON Schema say differently is settled here.
Subschemas keep their places, so that the place of an error is one of the document. Every reference
becomes a `$ref` into the `$defs` of whatever the schema is put in; the schema that it names is not
looked into.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from msgspec import Struct, field

from ..document import Document, Location, Node
from ..validation import Formats
from .dialects import OAS_30, Dialect, dialect_at, say_in_2020
from .directions import SECRET, Direction, hidden_flag, is_secret, travelling_names
from .discriminator import Choice, read_choice
from .effort import applied_names
from .formats import INTEGER_BOUNDS
from .keywords import KEYWORDS_31, Holds
from .patterns import PatternError, spelled

__all__ = ["Facts", "Refer", "Scope", "Translated", "translate"]

# The validator's own reader gives up at about 250 levels of inline nesting; what is deeper is
# hung into `$defs`, which also bounds our recursion.
_INLINE_DEPTH = 24

#: The dynamic anchors in force, outermost first: the place that each name is bound to.
Scope: TypeAlias = tuple[tuple[str, Location], ...]

#: Gives a schema and the scope it is met in a name in `$defs`.
Refer: TypeAlias = Callable[[Node, Scope], str]


class Facts(Struct, kw_only=True):
    """What is to be known of a schema besides what it says.

    choices   the discriminators in it, by the place of the schema that has one
    secrets   names of the properties whose values must not be shown
    hidden    the places of the schemas whose values must not be shown
    formats   the formats that are checked in it
    patterns  keys of patternProperties as the document has them, by how they are spelled here
    size      how many schemas it consists of
    """

    choices: dict[Location, Choice] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()
    hidden: frozenset[Location] = frozenset()
    formats: frozenset[str] = frozenset()
    patterns: dict[str, str] = field(default_factory=dict)
    size: int = 0

    def add(self, other: Facts) -> None:
        """Take in what is known of another schema, which is a part of this one."""
        self.choices |= other.choices
        self.secrets |= other.secrets
        self.hidden |= other.hidden
        self.formats |= other.formats
        self.patterns |= other.patterns
        self.size += other.size


class Translated(Facts, kw_only=True):
    """A translated schema.

    schema      JSON Schema 2020-12
    references  the names in `$defs` that it refers to, each once, in the order they are met
    applied     those it applies to the same value, as often as it does
    """

    schema: dict[str, Any] | bool
    references: tuple[str, ...]
    applied: tuple[str, ...]

    @property
    def stands_for(self) -> str | None:
        """The name it refers to, if it does nothing else."""
        if isinstance(self.schema, dict) and self.schema.keys() == {"$ref"}:
            return self.references[0]
        return None


def translate(
    node: Node, scope: Scope, direction: Direction, formats: Formats, refer: Refer
) -> Translated:
    """A Schema Object, translated; what is wrong with it is noted as problems and ignored.

    DocumentError if a `$ref` leads nowhere.
    """
    translation = _Translation(
        document=node.document, direction=direction, judged=formats, refer=refer
    )
    schema = translation.schema(_Place(node, scope))
    applied = tuple(applied_names(schema))
    result = Translated(schema=schema, references=tuple(translation.references), applied=applied)
    result.add(translation)
    return result


class _Place(Struct, frozen=True):
    """Where the translation is.

    node    the schema
    scope   the dynamic anchors in force
    depth   levels of inline nesting since the entry in `$defs`
    around  the schemas in whose inline allOf this one stands
    """

    node: Node
    scope: Scope
    depth: int = 0
    around: tuple[Node, ...] = ()


class _Translation(Facts, kw_only=True):
    """The translation of one schema, with what is found on the way."""

    document: Document
    direction: Direction
    judged: Formats
    refer: Refer
    references: dict[str, None] = field(default_factory=dict)

    def schema(self, place: _Place) -> dict[str, Any] | bool:
        """One schema, translated."""
        node, schema = place.node, place.node.value
        self.size += 1
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, dict):
            node.note("a schema is an object", "schema")
            return True
        if schema.keys() != {"$ref"} and is_secret(node):
            self.hidden |= {node.at}
        dialect = dialect_at(node)
        old = dialect is OAS_30
        if place.depth > _INLINE_DEPTH or (place.depth and not old and "$id" in schema):
            return {"$ref": self._reference(node, place.scope)}
        result = self._references(place, old)
        if dialect.lone_ref and "$ref" in result:
            # "This object cannot be extended with additional properties" (OpenAPI 3.0.4)
            return result
        self._keywords(dialect, place, result)
        if isinstance(schema.get("discriminator"), dict):
            choice = read_choice(node)
            if choice is not None:
                self.choices[node.at] = choice
        self._directions(place, result)
        if dialect.exclusives:
            _translate_exclusives(result)
        if old:
            _translate_nullable(schema, result)
        self._append_all_of(result)
        if node.at in self.hidden:
            result[SECRET] = True
        return result

    def _reference(self, node: Node, scope: Scope) -> str:
        """What a `$ref` to the entry of a schema in `$defs` says."""
        name = self.refer(node, scope)
        self.references[name] = None
        return f"#/$defs/{name}"

    def _references(self, place: _Place, old: bool) -> dict[str, Any]:
        """The schema's `$ref`, else its `$dynamicRef`, as a `$ref` into `$defs`.

        With both, the second stays under `$dynamicRef` for the caller to put beside.
        """
        result: dict[str, Any] = {}
        node = place.node
        if node.reference is not None:
            result["$ref"] = self._reference(node.resolve(node.reference), place.scope)
        elif node.get("$ref") is not None:
            node.child("$ref").note("a $ref is a string; it is ignored", "reference")
        dynamic = None if old else self._dynamic_reference(place)
        if dynamic is not None and "$ref" not in result:
            result["$ref"] = dynamic
        elif dynamic is not None:
            result["$dynamicRef"] = dynamic
        return result

    def _dynamic_reference(self, place: _Place) -> str | None:
        reference = place.node.get("$dynamicRef")
        if not isinstance(reference, str):
            return None
        target = place.node.resolve(reference)
        name = reference.rpartition("#")[2]
        if target.get("$dynamicAnchor") == name:
            outermost = dict(place.scope).get(name, target.at)
            target = Node.standing_at(self.document, outermost)
        return self._reference(target, place.scope)

    def _keywords(self, dialect: Dialect, place: _Place, result: dict[str, Any]) -> None:
        """Translate the keywords that count into `result`; note those with a wrong value."""
        for name, (own, value) in say_in_2020(dialect, place.node.value).items():
            keyword = (dialect.keywords if name == own else KEYWORDS_31).get(name)
            if name in dialect.absent:
                self._note_absent(name, dialect.absent[name], place)
            if keyword is None:
                continue
            if not keyword.fits(value):
                wanted = f"{own!r} must be {keyword.wanted}; it is ignored"
                place.node.child(own).note(wanted, "schema")
            elif name == "pattern":
                if (pattern := self._pattern(value, place.node.child(name))) is not None:
                    result[name] = pattern
            elif name == "format":
                if self.judged.judges(value):
                    result[name] = value
            elif keyword.holds is Holds.VALUE:
                result[name] = self._plain(name, value, place)
            else:
                result[name] = self._subschemas(keyword.holds, name, own, value, place)

    def _pattern(self, pattern: str, node: Node) -> str | None:
        """A pattern as the validator gets it; None for what can't be one, which is noted."""
        try:
            return spelled(pattern)
        except PatternError as error:
            node.note(f"{pattern!r} is ignored: {error}", "pattern")
            return None

    def _note_absent(self, name: str, instead: str, place: _Place) -> None:
        version = self.document.version
        spoken = f"OpenAPI {version}" if version.startswith("3") else f"Swagger {version}"
        advice = f", or say it by {instead}" if instead else ""
        message = f"{spoken} has no {name!r}; it is ignored. Declare OpenAPI 3.1{advice}"
        place.node.child(name).note(message, "dialect")

    def _append_all_of(self, result: dict[str, Any]) -> None:
        # At the end of allOf: the places of what the document put there stay as they are.
        if (second := result.pop("$dynamicRef", None)) is not None:
            result.setdefault("allOf", []).append({"$ref": second})
        if (name := result.get("format")) is None:
            return
        self.formats |= {name}
        if bounds := INTEGER_BOUNDS.get(name):
            result.setdefault("allOf", []).append({"minimum": bounds[0], "maximum": bounds[1]})

    def _plain(self, name: str, value: Any, place: _Place) -> Any:
        if name == "type" and isinstance(value, list) and self.document.dialect == "3.0":
            reason = "a type is one name before OpenAPI 3.1; the list is read as 3.1 has it"
            place.node.child("type").note(reason, "dialect")
        if name in ("type", "required") and isinstance(value, list):
            return list(dict.fromkeys(value))
        return value

    def _subschemas(self, holds: Holds, name: str, own: str, value: Any, place: _Place) -> Any:
        """The schemas that a keyword holds, translated.

        What stands under another name than its `own` is entries in `$defs`, that keep its place.
        """
        around = (*place.around, place.node) if name == "allOf" else ()

        def subschema(node: Node) -> Any:
            if name != own:
                return {"$ref": self._reference(node, place.scope)}
            return self.schema(_Place(node, place.scope, place.depth + 1, around))

        held = holds.mapped(value, place.node.child(own), subschema)
        return self._by_pattern(held, place) if name == "patternProperties" else held

    def _by_pattern(self, named: dict[str, Any], place: _Place) -> dict[str, Any]:
        """The schemas of patternProperties, by patterns as the validator gets them."""
        result: dict[str, Any] = {}
        for key, schema in named.items():
            pattern = self._pattern(key, place.node.child("patternProperties", key))
            if pattern is None:
                continue
            while pattern in result:
                pattern += "(?:)"  # two patterns that mean the same stay two
            if pattern != key:
                self.patterns[pattern] = key
            result[pattern] = schema
        return result

    def _directions(self, place: _Place, result: dict[str, Any]) -> None:
        """Take out of `required` what does not travel this way, and in 3.0 refuse it."""
        if isinstance(required := result.get("required"), list):
            kept = travelling_names(required, (place.node, *place.around), self.direction)
            if len(kept) != len(required):
                result["required"] = kept
        hidden = hidden_flag(self.direction)
        for name, member in (result.get("properties") or {}).items():
            source = place.node.child("properties", name)
            if not isinstance(source.value, dict) or not isinstance(member, dict):
                continue
            if source.at in self.hidden or (source.value.keys() == {"$ref"} and is_secret(source)):
                self.secrets |= {name}
            if self.document.dialect == "3.0" and source.flagged(hidden):
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
