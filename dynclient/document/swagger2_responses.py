"""Responses of Swagger 2.0 in terms of OpenAPI 3.0.

Sources: Swagger 2.0, sections "Response Object", "Header Object" and "Example Object"; OpenAPI
3.0.4, section "Response Object".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..media import parse_media_type
from .resources import Location
from .swagger2_context import Context
from .swagger2_parameters import array_style, with_schema

__all__ = ["upgrade_response", "upgrade_responses"]

#: The media types of a response without `produces`: JSON is validated, anything else is accepted.
_ANY_TYPE = ("application/json", "*/*")


def upgrade_responses(
    context: Context,
    responses: Any,
    at: Location,
    produces: Sequence[str] | None,
    here: Location,
) -> Any:
    """A Responses Object, each response with its content in the media types of `produces`.

    References are written out, since the same response has other media types elsewhere.
    """
    if not isinstance(responses, Mapping):
        return responses
    found: dict[Any, Any] = {}
    for key, entry in responses.items():
        value, place = context.follow(entry, at.child(key))
        found[key] = upgrade_response(context, value, place, produces, here.child(key))
    return found


def upgrade_response(
    context: Context, value: Any, at: Location, produces: Sequence[str] | None, here: Location
) -> Any:
    """One Response Object; `here` is where it will stand."""
    if not isinstance(value, Mapping) or "$ref" in value:
        return value
    context.move(here, at)
    moved = ("schema", "headers", "examples")
    result = {key: member for key, member in value.items() if key not in moved}
    headers = value.get("headers")
    if isinstance(headers, Mapping):
        place, header_at = here.child("headers"), at.child("headers")
        result["headers"] = {
            name: _header(context, header, header_at.child(name), place.child(name))
            for name, header in headers.items()
        }
    if "schema" not in value:
        return result  # "If this field does not exist, it means no content is returned"
    examples = value.get("examples")
    schema_at = at.child("schema")
    raw, _ = context.follow(value["schema"], schema_at)
    is_file = isinstance(raw, Mapping) and (
        raw.get("type") == "file" or raw.get("format") == "binary"
    )
    schema = context.schema(value["schema"], schema_at)
    content = result["content"] = {}
    context.move(here.child("content"), at)
    for media_type in _types(context, is_file, produces, schema_at):
        entry: dict[str, Any] = {} if is_file and _is_json(media_type) else {"schema": schema}
        if isinstance(examples, Mapping) and media_type in examples:
            entry["example"] = examples[media_type]
        content[media_type] = entry
        context.move(here.child("content", media_type), at)
        context.move(here.child("content", media_type, "schema"), schema_at)
    return result


def _types(
    context: Context, is_file: bool, produces: Sequence[str] | None, at: Location
) -> Sequence[str]:
    """The media types of a response that has content."""
    if not is_file:
        return produces or _ANY_TYPE
    if not produces:
        return ("*/*",)
    if all(map(_is_json, produces)):
        # Most often `produces` was written once, at the root, with no thought of files.
        context.note(at, f"a file is not {', '.join(produces)}; any type is accepted", "produces")
        return (*produces, "*/*")
    return produces


def _is_json(media_type: str) -> bool:
    essence = parse_media_type(media_type).essence
    return essence == "application/json" or essence.endswith("+json")


def _header(context: Context, value: Any, at: Location, here: Location) -> Any:
    if not isinstance(value, Mapping) or "$ref" in value:
        return value
    context.move(here, at)
    result = with_schema(context, value, at, here)
    if style := array_style(context, value, "header", at):
        result["style"] = style[0]
    return result
