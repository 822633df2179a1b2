"""Values to call an operation with: the document's examples, else made from the schemas."""

from __future__ import annotations

from typing import Any

from ..document import Node
from ..operation import Operation, Parameter
from ..operation.content.registry import CODECS
from .schemas import is_item

__all__ = ["SampleFile", "sample_arguments", "sample_body"]


class SampleFile(str):
    """Stands for a file of the caller's own: the name of one."""


_MAX_DEPTH = 8
_NOTHING = object()
_BY_FORMAT = {
    "date": "2025-01-31",
    "date-time": "2025-01-31T12:00:00Z",
    "time": "12:00:00Z",
    "duration": "PT1M",
    "uuid": "123e4567-e89b-12d3-a456-426614174000",
    "uri": "https://example.com/",
    "url": "https://example.com/",
    "email": "me@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
}


def sample_arguments(operation: Operation) -> dict[str, Any]:
    """A value for each required parameter, by argument name."""
    return {
        p.python_name: _sample_parameter(operation, p) for p in operation.parameters if p.required
    }


def sample_body(operation: Operation) -> Any:
    """A body, if the document has an example of one or requires one; else None."""
    body = operation.request_body
    if body is None:
        return None
    media = body.preferred
    example = _example(Node.standing_at(operation.document, media.at))
    if example is not _NOTHING:
        return example
    if not body.required:
        return None
    if media.codec.takes_any:
        return SampleFile("FILE")
    if media.schema is None:
        return None
    if media.codec.takes_files:
        return _sample_parts(media.schema)
    return media.codec.sample(_sample(media.schema, 0))


def _sample_parts(schema: Node) -> Any:
    """The parts of a multipart body; a file for what is no text, where parts have names."""
    sample = _sample(schema, 0)
    if is_item(schema):
        return [_part(schema, sample)]
    if isinstance(sample, list):
        return [_part(schema.item(index) or schema, value) for index, value in enumerate(sample)]
    if isinstance(sample, dict):
        declared = schema.properties()
        return {
            name: _part(declared[name], value) if name in declared else value
            for name, value in sample.items()
        }
    return sample


def _part(schema: Node, value: Any) -> Any:
    schema = schema.follow()
    if isinstance(value, list) and isinstance(schema.get("items"), dict):
        return [_part(schema.child("items"), item) for item in value]
    return SampleFile("FILE") if _is_file(schema) else value


def _is_file(schema: Node) -> bool:
    """Whether a part is content that has no text (OpenAPI 3.0: `binary`; 3.1: a media type)."""
    media_type = schema.get("contentMediaType")
    if schema.get("contentEncoding") is not None or "example" in (schema.value or {}):
        return False
    if isinstance(media_type, str):
        return CODECS.find(media_type).takes_any
    return bool(schema.get("format") == "binary")


def _sample_parameter(operation: Operation, parameter: Parameter) -> Any:
    document = operation.document
    schema = parameter.node
    example = _example(Node.standing_at(document, parameter.at))
    return example if example is not _NOTHING else _sample(schema, 0)


def _example(owner: Node) -> Any:
    """The first example of a Parameter or Media Type Object."""
    if not isinstance(owner.value, dict):
        return _NOTHING
    if "example" in owner.value:
        return owner.value["example"]
    examples = owner.get("examples")
    for name in examples if isinstance(examples, dict) else ():
        entry = owner.child("examples", name).follow().value
        for key in ("value", "dataValue"):
            if isinstance(entry, dict) and key in entry:
                return entry[key]
    return _NOTHING


def _sample(schema: Node, depth: int) -> Any:
    """A value that the schema takes, as far as that is known without solving it."""
    schema = schema.follow()
    if not isinstance(schema.value, dict) or depth > _MAX_DEPTH:
        return None
    for key in ("example", "default", "const"):
        if key in schema.value:
            return schema.value[key]
    for key in ("examples", "enum"):
        listed = schema.get(key)
        if isinstance(listed, list) and listed:
            return listed[0]
    for branch in (*schema.branches("oneOf"), *schema.branches("anyOf")):
        return _merged([_sample(branch, depth + 1), _own(schema, depth)])
    parts = [_sample(branch, depth + 1) for branch in schema.branches("allOf")]
    return _merged([*parts, _own(schema, depth)])


def _merged(parts: list[Any]) -> Any:
    objects = [part for part in parts if isinstance(part, dict)]
    if objects:
        return {name: value for part in objects for name, value in part.items()}
    return next((part for part in parts if part is not None), None)


def _own(schema: Node, depth: int) -> Any:
    """A value by the schema's own `type`; None where it has none."""
    declared = schema.get("type")
    types = declared if isinstance(declared, list) else [declared]
    if "object" in types or "properties" in schema.value:
        return _object(schema, depth)
    if "string" in types:
        text = _BY_FORMAT.get(str(schema.get("format")), "text")
        text = text.ljust(_count(schema, "minLength", 1000), "x")
        longest = schema.get("maxLength")
        return text[:longest] if isinstance(longest, int) else text
    if "integer" in types or "number" in types:
        return _number(schema)
    if "boolean" in types:
        return True
    if "array" in types:
        count = max(1, _count(schema, "minItems", 10))
        first = [_sample(branch, depth + 1) for branch in schema.branches("prefixItems")]
        if first or not isinstance(schema.get("items"), dict):
            return first
        return [_sample(schema.child("items"), depth + 1)] * count
    return None


def _object(schema: Node, depth: int) -> dict[str, Any]:
    properties = schema.get("properties")
    required = schema.get("required")
    return {
        name: _sample(schema.child("properties", name), depth + 1)
        for name in (required if isinstance(required, list) else ())
        if isinstance(properties, dict) and isinstance(name, str) and name in properties
    }


def _count(schema: Node, keyword: str, most: int) -> int:
    value = schema.get(keyword)
    return min(value, most) if isinstance(value, int) else 0


def _number(schema: Node) -> int | float:
    low, high = schema.get("minimum"), schema.get("maximum")
    above = schema.get("exclusiveMinimum")
    if isinstance(above, bool):  # OpenAPI 3.0
        above = low if above else None
    if isinstance(above, int | float):
        return above + 1
    if isinstance(low, int | float):
        return low
    return min(1, high) if isinstance(high, int | float) else 1
