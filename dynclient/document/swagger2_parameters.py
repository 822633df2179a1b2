"""Parameters of Swagger 2.0 in terms of OpenAPI 3.0: parameters, and the request body.

Sources: Swagger 2.0, sections "Parameter Object" and "Items Object"; OpenAPI 3.0.4, sections
"Parameter Object", "Request Body Object" and "Encoding Object".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..media import parse_media_type
from .resources import Location
from .swagger2_context import Context
from .swagger2_schemas import PLAIN_KEYWORDS, upgrade_schema

__all__ = [
    "Group",
    "array_style",
    "request_body",
    "upgrade_group",
    "upgrade_parameter",
    "with_schema",
]

FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"

#: (collectionFormat, place) → (style, explode). Where OpenAPI 3 has no such style, the style has
#: the collectionFormat's own name; `operation.fields.styles` knows these as well.
_STYLES: dict[str, dict[str, tuple[str, bool]]] = {
    "query": {
        "csv": ("form", False),
        "ssv": ("spaceDelimited", False),
        "tsv": ("tsv", False),
        "pipes": ("pipeDelimited", False),
        "multi": ("form", True),
    },
    "path": {
        "csv": ("simple", False),
        "ssv": ("ssv", False),
        "tsv": ("tsv", False),
        "pipes": ("pipes", False),
    },
}
_STYLES["header"] = _STYLES["path"]
_STYLES["formData"] = _STYLES["query"]
#: In multipart/form-data, where OpenAPI 3.0 knows no styles at all.
_STYLES["part"] = {name: (name, False) for name in ("csv", "ssv", "tsv", "pipes")}
_STYLES["part"]["multi"] = ("form", True)

#: "If in is header and the name is one of these, the parameter definition SHALL be ignored"
#: (OpenAPI 3.0.4); Swagger 2.0 has no such rule.
_LEFT_TO_THE_CALL = ("accept", "content-type", "authorization")


class Declared(NamedTuple):
    """A body or formData parameter: its fields, and its place in the original."""

    value: Mapping[str, Any]
    at: Location


class Group(NamedTuple):
    """A `parameters` list, sorted: what stays a parameter, and what becomes a body.

    `at` is the place of the list. `stays` is no list where the document has none.
    """

    stays: Any
    body: tuple[Declared, ...]
    form: tuple[Declared, ...]
    at: Location


def upgrade_group(context: Context, group: Any, at: Location, here: Location) -> Group:
    """One `parameters` list. `here` is where its rest will stand."""
    if not isinstance(group, list):
        return Group(group, (), (), at)
    stays: list[Any] = []
    found: dict[str, list[Declared]] = {"body": [], "formData": []}
    for index, entry in enumerate(group):
        value, place = context.follow(entry, at.child(index))
        where = value.get("in") if isinstance(value, Mapping) else None
        if where in ("body", "formData"):
            found[where].append(Declared(value, place))
            continue
        new = here.child(len(stays))
        stays.append(value if where is None else upgrade_parameter(context, value, place, new))
        context.move(new, place)
    return Group(stays, tuple(found["body"]), tuple(found["formData"]), at)


def upgrade_parameter(
    context: Context, value: Mapping[str, Any], at: Location, here: Location
) -> dict[str, Any]:
    """A parameter in path, query or header."""
    where, name = str(value["in"]), str(value.get("name"))
    if where == "header" and name.lower() in _LEFT_TO_THE_CALL:
        reason = f"the header {name} is not a parameter: each call sets it by its own options"
        context.note(at, reason, "parameter")
    if value.get("type") == "file":
        reason = "`type: file` is for formData only; it is sent as text"
        context.note(at.child("type"), reason, "parameter")
    result = with_schema(context, value, at, here)
    if style := array_style(context, value, where, at):
        result["style"], result["explode"] = style
    return result


def with_schema(
    context: Context, value: Mapping[str, Any], at: Location, here: Location
) -> dict[str, Any]:
    """A parameter, or a Header Object: its type becomes its `schema`."""
    moved = {*PLAIN_KEYWORDS, "collectionFormat", "schema"}
    result = {key: member for key, member in value.items() if key not in moved}
    result["schema"] = _schema_of(context, value, at)
    context.move(here.child("schema"), at.child("schema") if "schema" in value else at)
    return result


def _schema_of(context: Context, value: Mapping[str, Any], at: Location) -> Any:
    """The schema of a parameter or header: made of its own members.

    Where a publisher wrote `schema`, as OpenAPI 3 has it, that is used, and reported.
    """
    if "type" not in value and "schema" in value:
        context.note(at.child("schema"), "only a body has a `schema`; others have `type`", "schema")
        return context.schema(value["schema"], at.child("schema"))
    if "type" not in value:
        context.note(at, "it needs a `type`; any value is accepted", "type")
    schema = {key: value[key] for key in PLAIN_KEYWORDS if key in value}
    return upgrade_schema(schema, at, context.note)


def array_style(
    context: Context, value: Mapping[str, Any], where: str, at: Location
) -> tuple[str, bool] | None:
    """(style, explode) of an array by its collectionFormat; None unless it is an array.

    Source: Swagger 2.0, "Parameter Object", collectionFormat: default csv; multi only in query
    and formData.
    """
    if value.get("type") != "array":
        return None
    styles = _STYLES.get(where, _STYLES["query"])
    name = value.get("collectionFormat", "csv")
    if not isinstance(name, str) or name not in styles:
        reason = f"the collectionFormat {name!r} is not allowed here; csv is used"
        context.note(at.child("collectionFormat"), reason, "collection-format")
        name = "csv"
    _note_inner_formats(context, value.get("items"), at.child("items"))
    return styles[name]


def _note_inner_formats(context: Context, items: Any, at: Location) -> None:
    """What stands in an array has a collectionFormat of its own (Swagger 2.0, "Items Object")."""
    while isinstance(items, Mapping) and items.get("type") == "array":
        name = items.get("collectionFormat", "csv")
        if name not in _STYLES["path"]:
            reason = f"the collectionFormat {name!r} is not allowed in an array; csv is used"
            context.note(at.child("collectionFormat"), reason, "collection-format")
        items, at = items.get("items"), at.child("items")


# ── bodies ───────────────────────────────────────────────────────────────────────────────────────


def request_body(
    context: Context,
    groups: Sequence[Group],
    consumes: Sequence[str] | None,
    consumes_at: Location,
    here: Location,
) -> dict[str, Any] | None:
    """The Request Body Object of an operation; None if it takes none.

    `groups` holds the operation's parameters and the path item's, the stronger first. `consumes`
    are the media types in force, `here` is where the body will stand.
    """
    bodies = [declared for group in groups for declared in group.body]
    form: dict[str, Declared] = {}
    for group in groups:
        for declared in group.form:
            name = declared.value.get("name")
            if isinstance(name, str):
                form.setdefault(name, declared)
            else:
                context.note(declared.at, "a parameter needs a name; it is ignored", "parameter")
    if not bodies:
        if not form:
            return None
        types = _form_types(context, form, consumes, consumes_at)
        return _form(context, form, types, next(g.at for g in groups if g.form), here)
    for group in groups:
        for extra in group.body[1:]:
            context.note(extra.at, "an operation has one body; this one is ignored", "body")
    for name, declared in form.items():
        reason = f"an operation with a body has no formData; {name!r} is ignored"
        context.note(declared.at, reason, "body")
    return _body(context, bodies[0], consumes or ("application/json",), here)


def _body(
    context: Context, declared: Declared, consumes: Sequence[str], here: Location
) -> dict[str, Any]:
    value, at = declared
    if "schema" in value:
        place = at.child("schema")
        schema = context.schema(value["schema"], place)
    else:
        place = at
        context.note(at, "a body parameter needs a `schema`", "schema")
        schema = _schema_of(context, value, at) if "type" in value else {}
    context.move(here, at)
    context.move(here.child("content"), at)
    content = {}
    for media_type in consumes:
        entry = here.child("content", media_type)
        context.move(entry, at)
        context.move(entry.child("schema"), place)
        content[media_type] = {"schema": schema}
    body = {**_said_of(value), "required": value.get("required") is True, "content": content}
    if isinstance(value.get("name"), str):
        # OpenAPI 3 has no place for the name; this one is known to other tools.
        body["x-codegen-request-body-name"] = value["name"]
    return body


def _said_of(value: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in value.items() if k == "description" or str(k).startswith("x-")}


def _form(
    context: Context,
    form: Mapping[str, Declared],
    media_types: Sequence[str],
    at: Location,
    here: Location,
) -> dict[str, Any]:
    """The body that formData parameters make up; `at` is the place of their list."""
    required = [name for name, (value, _) in form.items() if value.get("required") is True]
    properties = {name: _member(context, *declared) for name, declared in form.items()}
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    context.move(here, at)
    context.move(here.child("content"), at)
    content = {}
    for media_type in media_types:
        entry = here.child("content", media_type)
        for part in ((), ("schema",), ("schema", "required"), ("schema", "type")):
            context.move(entry.child(*part), at)
        encoding = {}
        for name, (value, value_at) in form.items():
            context.move(entry.child("schema", "properties", name), value_at)
            place = "formData" if parse_media_type(media_type).essence == FORM else "part"
            if not _is_file(value) and (style := array_style(context, value, place, value_at)):
                encoding[name] = {"style": style[0], "explode": style[1]}
        content[media_type] = {"schema": schema, **({"encoding": encoding} if encoding else {})}
    return {"required": bool(required), "content": content}


def _member(context: Context, value: Mapping[str, Any], at: Location) -> Any:
    schema = _schema_of(context, value, at)
    if isinstance(schema, dict) and isinstance(text := value.get("description"), str):
        return {**schema, "description": text}
    return schema


def _form_types(
    context: Context,
    form: Mapping[str, Declared],
    consumes: Sequence[str] | None,
    consumes_at: Location,
) -> Sequence[str]:
    """The media types of a form: those of `consumes`, but files need multipart/form-data.

    Source: Swagger 2.0, "Parameter Object": "if type is file, the consumes MUST be either
    multipart/form-data, application/x-www-form-urlencoded or both"; the latter has no files.
    """
    has_file = any(_is_file(value) for value, _ in form.values())
    able = (MULTIPART,) if has_file else (FORM, MULTIPART)
    fitting = [name for name in consumes or () if parse_media_type(name).essence in able]
    if fitting:
        return fitting
    chosen = able[0]
    if consumes:
        reason = f"formData can't be sent as {', '.join(consumes)}; {chosen} is used"
        context.note(consumes_at, reason, "consumes")
    return (chosen,)


def _is_file(value: Mapping[str, Any]) -> bool:
    items = value.get("items")
    return value.get("type") == "file" or (isinstance(items, Mapping) and _is_file(items))
