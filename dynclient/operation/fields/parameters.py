"""The parameters of an operation, as the document declares them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import Struct, structs

from ...document import Location, Node
from ...jsontext import JsonTextError
from ...messages import Violation
from ..content.registry import CODECS
from ..names import TAKEN, is_unicode, python_name
from ..violations import UNREADABLE_TEXT, unserializable, violation
from .styles import (
    DEFAULT_STYLES,
    STYLES_BY_LOCATION,
    DeepObject,
    Serializer,
    StyleError,
    inner_formats,
    serializer,
)

__all__ = ["LOCATIONS", "Parameter", "Slot", "read_parameters", "schema_of"]

LOCATIONS = ("path", "query", "querystring", "header", "cookie")
LOCATIONS_BEFORE_32 = tuple(name for name in LOCATIONS if name != "querystring")

# "the parameter definition SHALL be ignored" (OpenAPI 3.1.1, Parameter Object, `name`): the media
# types and the credentials have their own places in a call.
_IGNORED_HEADERS = frozenset({"accept", "content-type", "authorization"})


class Parameter(Struct, frozen=True, kw_only=True):
    """One parameter. Source: OpenAPI 3.1.1, section "Parameter Object".

    name          the wire name
    python_name   the argument name; unique in the operation
    location      path, query, header, cookie, or (OpenAPI 3.2) querystring
    content_type  the media type of a `content` parameter, else None
    node          the Schema Object; references are not followed
    inner         the collectionFormats of arrays in an array, from outside in (Swagger 2.0)
    allow_empty   whether an empty value may stand for any other (`allowEmptyValue`)
    default       the schema's default; it is never sent unless asked for
    """

    name: str
    python_name: str
    location: str
    required: bool
    style: str
    explode: bool
    allow_reserved: bool
    allow_empty: bool
    inner: tuple[str, ...]
    content_type: str | None
    node: Node
    default: Any
    description: str
    deprecated: bool
    at: Location
    #: `query.limit`: what the parameter is called where it could be mistaken for another.
    key: str = ""

    def __post_init__(self) -> None:
        structs.force_setattr(self, "key", f"{self.location}.{self.name}")

    def __repr__(self) -> str:
        return f"<Parameter {self.key}>"

    @property
    def schema(self) -> Any:
        """The Schema Object as the document has it."""
        return self.node.value

    def serializer(self, deep_object: DeepObject | None = None) -> Serializer:
        """The function that makes this parameter's text; see `styles.serializer`."""
        if self.location == "querystring":
            return self._whole_query
        plain = serializer(
            self.name,
            self.location,
            self.style,
            self.explode,
            allow_reserved=self.allow_reserved,
            deep_object=deep_object,
            inner=self.inner,
        )
        if self.content_type is None:
            return plain

        codec = CODECS.declared(self.content_type)
        return lambda value: plain(codec.text(value))

    def _whole_query(self, value: Any) -> str:
        """The whole query string (OpenAPI 3.2.0, Parameter Object, `in: querystring`)."""
        return CODECS.declared(str(self.content_type)).query(value)


class Slot(NamedTuple):
    """A parameter, its key, and what serializes it."""

    parameter: Parameter
    key: str
    serialize: Serializer

    def text(self, values: Mapping[str, Any], found: list[Violation]) -> str:
        """The text of its value; what is wrong with that goes to `found`."""
        try:
            return self.serialize(values[self.key])
        except (StyleError, JsonTextError) as error:
            found.append(unserializable(f"request.{self.key}", "style", error))
        except UnicodeEncodeError:
            found.append(violation(f"request.{self.key}", "style", UNREADABLE_TEXT))
        return "-"


def read_parameters(
    groups: Sequence[Node], template: Sequence[str], operation: Node
) -> tuple[Parameter, ...]:
    """The parameters of one operation.

    `groups` holds the `parameters` lists of the path item and of the operation, the weaker first;
    `template` the names between braces in its path. What is broken is noted and skipped; a
    placeholder that nothing declares becomes a required string, so the operation can be called.
    """
    found: dict[tuple[str, str], Parameter] = {}
    placeholders = frozenset(template)
    for group in groups:
        for parameter in _read_group(group):
            key = (parameter.location, parameter.name)
            if parameter.location == "path" and parameter.name not in placeholders:
                reason = f"the path has no placeholder {parameter.name!r}"
                operation.document.note(parameter.at, reason, "path-parameter")
                continue
            found[key] = parameter
    for name in template:
        if ("path", name) not in found:
            operation.note(f"the placeholder {name!r} of the path is not declared", "parameter")
            found["path", name] = _undeclared(name, operation)
    return _with_unique_names(list(found.values()))


def _read_group(group: Node) -> Iterator[Parameter]:
    if not isinstance(group.value, list | None):
        group.note("`parameters` must be a list; it is ignored", "parameters")
    seen: set[tuple[str, str]] = set()
    known = LOCATIONS if group.document.dialect == "3.2" else LOCATIONS_BEFORE_32
    for entry in group.entries():
        declared = entry.follow()
        name, location = declared.get("name"), declared.get("in")
        if not isinstance(name, str) or not is_unicode(name) or location not in known:
            reason = "a parameter needs a name and a place (`in`); it is ignored"
            declared.note(reason, "parameter")
        elif (location, name) in seen:
            declared.note(f"{name!r} in {location} is declared twice", "parameter")
        elif location != "header" or name.lower() not in _IGNORED_HEADERS:
            seen.add((location, name))
            yield _parameter(declared, name, location)


def _parameter(value: Node, name: str, location: str) -> Parameter:
    content_type, schema = schema_of(value)
    style = value.get("style")
    if style is None:
        style = DEFAULT_STYLES[location]
    elif style not in STYLES_BY_LOCATION[location]:
        value.child("style").note(f"style {style!r} is not allowed in {location}", "style")
        style = DEFAULT_STYLES[location]
    explode, is_32 = value.get("explode"), value.document.dialect == "3.2"
    description = value.get("description")
    return Parameter(
        name=name,
        python_name=python_name(name),
        location=location,
        # A path without one of its segments would be another path.
        required=location == "path" or value.get("required") is True,
        style=style,
        explode=explode if isinstance(explode, bool) else style in ("form", "cookie"),
        # Before 3.2 it "only applies to parameters with an `in` value of query".
        allow_reserved=value.get("allowReserved") is True
        and (location == "query" or (is_32 and location in ("path", "cookie"))),
        inner=inner_formats(schema.item()),
        allow_empty=location == "query" and value.get("allowEmptyValue") is True,
        content_type=content_type,
        node=schema,
        default=schema.follow().get("default"),
        description=description if isinstance(description, str) else "",
        deprecated=value.get("deprecated") is True,
        at=value.at,
    )


def schema_of(declared: Node) -> tuple[str | None, Node]:
    """The media type of a parameter or header that has `content`, and its schema.

    From OpenAPI 3.2 on, what stands under a media type may be a Reference Object.
    """
    for media_type, entry in declared.items("content"):
        return str(media_type), _schema(entry.follow())
    return None, _schema(declared)


def _schema(owner: Node) -> Node:
    """The `schema` of an object; one that allows everything where it has none."""
    return Node(owner.document, owner.get("schema", {}), owner.at.child("schema"))


def _undeclared(name: str, operation: Node) -> Parameter:
    return Parameter(
        name=name,
        python_name=python_name(name),
        location="path",
        required=True,
        style="simple",
        explode=False,
        allow_reserved=False,
        allow_empty=False,
        inner=(),
        content_type=None,
        node=Node(operation.document, {"type": "string"}, operation.at),
        default=None,
        description="",
        deprecated=False,
        at=operation.at,
    )


def _with_unique_names(parameters: list[Parameter]) -> tuple[Parameter, ...]:
    """Each with an argument name of its own: a name that two share gets its place in front."""
    names = Counter(parameter.python_name for parameter in parameters)
    result: list[Parameter] = []
    used: set[str] = set()
    for parameter in parameters:
        name = parameter.python_name
        if name in TAKEN or names[name] > 1:
            name = f"{parameter.location}_{name}"
        stem, number = name, 2
        while name in used:
            name, number = f"{stem}_{number}", number + 1
        used.add(name)
        result.append(structs.replace(parameter, python_name=name))
    return tuple(result)
