"""An operation as a Python call: its signature and what `help()` shows."""

from __future__ import annotations

import inspect
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from ..document import Node
from ..schema.directions import travelling_names
from ..unset import UNSET
from .names import TAKEN

if TYPE_CHECKING:
    from .bodies import RequestBody
    from .fields.parameters import Parameter
    from .operation import Operation

__all__ = ["docstring_of", "signature_of", "type_name"]

_PYTHON_TYPES: dict[str, Any] = {
    "string": str,
    "integer": int,
    "number": float,
    "boolean": bool,
    "array": list,
    "object": dict,
    "null": None,
}


def signature_of(operation: Operation) -> inspect.Signature:
    """Keyword-only parameters, then the body's members; what is required has no default.

    The default of all others is None, or UNSET where null is a value: both mean "not sent". The
    document's own default is in the docstring, since the service applies it.
    """
    parameters = [_argument(p.python_name, p.node, p.required) for p in operation.parameters]
    taken = {p.name for p in parameters} | {p.name for p in operation.parameters}
    body = operation.request_body
    if body is not None:
        required = _required_members(body) if body.required else frozenset()
        for name, wire_name in body.property_names.items():
            if name in taken or name in TAKEN or not name.isidentifier():
                continue
            if name == wire_name and any(
                other != wire_name and body.property_names[other] == wire_name
                for other in body.property_names
            ):
                continue  # shown once, under its argument name
            taken.add(name)
            member = body.properties[wire_name]
            parameters.append(_argument(name, member, wire_name in required))
        for whole in (*body.names, "body"):
            if whole and whole not in taken:
                taken.add(whole)
                parameters.append(_argument(whole))
    parameters.append(_argument("options"))
    return inspect.Signature(parameters)


def _argument(name: str, schema: Node | None = None, required: bool = False) -> inspect.Parameter:
    default: Any = None
    annotation = Any
    if schema is not None:
        allowed = schema.types()
        annotation = _annotation(allowed or ())
        if allowed is None or "null" in allowed:
            default = UNSET
    if required:
        default = inspect.Parameter.empty
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, kind, default=default, annotation=annotation)


def _required_members(body: RequestBody) -> frozenset[str]:
    """The wire names of the members that every body has: `required`, here or in allOf."""
    schema = body.preferred.child("schema")
    if schema is None or any(media.properties for media in body.others):
        return frozenset()
    owners = list(schema.in_place("allOf"))
    return frozenset(travelling_names(schema.required(), owners, "request"))


def _annotation(allowed: Collection[str]) -> Any:
    known = [kind for name, kind in _PYTHON_TYPES.items() if name in allowed]
    if not known:
        return Any
    union: Any = known[0]
    for other in known[1:]:
        union = union | other
    return union


def type_name(schema: Node, *, depth: int = 0) -> str:
    """A schema's type in a few words: `string (date-time)`, `array of string`, `JobState`."""
    named, target = schema.reference, schema.follow()
    if not isinstance(target.value, dict):
        return "any"
    declared = target.get("type")
    name = " or ".join(map(str, declared)) if isinstance(declared, list) else declared
    if name == "array" and depth < 3:
        return f"array of {type_name(target.child('items'), depth=depth + 1)}"
    if named is not None and name in (None, "object"):
        return named.rpartition("/")[2]
    if name is None:
        return next(
            (key for key in ("oneOf", "anyOf", "allOf", "enum") if key in target.value), "any"
        )
    form = target.get("format")
    return f"{name} ({form})" if isinstance(form, str) else str(name)


def docstring_of(operation: Operation) -> str:
    """Summary, description, then every argument with its type, place and default."""
    head = operation.summary or operation.name
    parts = [head]
    if operation.description and operation.description.strip() != head.strip():
        parts += ["", operation.description.strip()]
    if operation.deprecated:
        parts += ["", "Deprecated: the document advises against using it."]
    lines = [_argument_line(p) for p in operation.parameters]
    body = operation.request_body
    if body is not None:
        need = "required" if body.required else "optional"
        kinds = ", ".join(media.media_type for media in body.media)
        lines.append(f"body: {kinds}, {need}. {' '.join(body.description.split())}".rstrip())
        shown = {wire_name: name for name, wire_name in reversed(list(body.property_names.items()))}
        for wire_name, schema in body.properties.items():
            lines.append(f"{shown[wire_name]}: {type_name(schema)}, in the body.")
    if lines:
        parts += ["", "Arguments:", *(f"    {line}" for line in lines)]
    if operation.responses:
        parts += ["", "Responses:"]
        for key, response in operation.responses.items():
            kinds = ", ".join(response.content) or "no body"
            parts.append(f"    {key}: {' '.join(response.description.split())} ({kinds})")
    return "\n".join(parts)


def _argument_line(parameter: Parameter) -> str:
    kind = type_name(parameter.node)
    facts = [kind, f"in {parameter.location}"]
    if parameter.name != parameter.python_name:
        facts.append(f"sent as {parameter.name}")
    facts.append("required" if parameter.required else "optional")
    if parameter.default is not None:
        facts.append(f"the service's default is {parameter.default!r}")
    text = " ".join(parameter.description.split())
    return f"{parameter.python_name}: {', '.join(facts)}. {text}".rstrip()
