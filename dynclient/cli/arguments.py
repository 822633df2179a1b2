"""`key=value` and `key:=JSON` on the command line to the arguments of an operation."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from ..document import Node
from ..jsontext import JsonTextError, decode
from ..media import parse_media_type
from ..operation import UNSET, File, Operation
from ..operation.bodies import RequestBody
from ..operation.content.files import size_of
from ..operation.content.text import TEXT
from .schemas import is_item
from .streams import read_stdin

__all__ = ["read_arguments", "read_body", "read_parts", "read_value", "schemas_of"]

_TYPE = ";type="

_NUMBER = re.compile(r"-?[0-9]{1,300}(\.[0-9]{1,300})?([eE][+-]?[0-9]{1,4})?")
_ITEM = re.compile(r"(?P<name>[^=]*?)(?P<mark>:=|=)(?P<text>.*)", re.DOTALL)


def read_arguments(
    operation: Operation, items: Sequence[str], content_type: str | None = None
) -> dict[str, Any]:
    """The arguments by name. UsageError for what is neither `key=value` nor `key:=JSON`.

    `content_type` is that of the body, where the caller chose it. A value stays text where its
    schema does not allow what it means, so that validation can explain what is wrong. A name given
    several times makes a list, where its schema takes one.
    """
    body = operation.request_body
    if body is not None and content_type is not None:
        body = body.preferring(content_type)
    schemas = schemas_of(operation, body)
    parameters = {p.name for p in operation.parameters} | {
        p.python_name for p in operation.parameters
    }
    found: dict[str, Any] = {}
    for number, item in enumerate(items, 1):
        name, is_json, text = _split(operation, number, item)
        if name == "body" and name not in schemas:
            raise click.UsageError("give a whole body with --body")
        value: Any
        if is_json:
            is_file = text[:1] == "@"
            value = _json(f"{name}:=", _content(text, name) if is_file else text.encode())
        elif text[:1] == "@" and name not in parameters and _may_be_file(body, name):
            value = _file(text, name)
        else:
            value = read_value(schemas.get(name), text)
        found[name] = value if name not in found else _joined(schemas, name, found[name], value)
    return found


def _may_be_file(body: RequestBody | None, name: str) -> bool:
    """Whether a member of the body is a part, which may be a file."""
    if body is None or body.preferred.codec.takes_files:
        return body is not None
    wire_name = body.property_names.get(name)
    if wire_name is None or wire_name in body.preferred.properties:
        return False
    return any(m.codec.takes_files and wire_name in m.properties for m in body.others)


def read_value(schema: Node | None, text: str) -> Any:
    """The value that a text means under a schema; the text itself where it fits no type of it."""
    types = (schema.types() if schema is not None else None) or frozenset()
    if schema is None or "string" in types:
        return text
    for kind, read in _READERS.items():
        if kind in types:
            try:
                return read(schema, text)
            except ValueError:
                continue
    return text


def read_body(operation: Operation, text: str | None, content_type: str | None) -> Any:
    """The body that `--body` names: JSON as data, a binary file as a Path to stream from."""
    if text is None:
        return UNSET
    declared = operation.request_body
    codec = TEXT if declared is None else declared.codec_for(content_type)
    if codec.takes_any and text[:1] == "@":
        return _path(text, "--body")
    content = _content(text, "--body")
    if codec.takes_files and "boundary" in dict(parse_media_type(content_type or "").parameters):
        return content  # a multipart body that was made elsewhere: its type names its boundary
    try:
        return codec.given(content)
    except JsonTextError as error:
        raise _no_json("--body", error) from None


def read_parts(operation: Operation, texts: Sequence[str], content_type: str | None) -> list[Any]:
    """The parts of a multipart body by their positions, each read by the schema of its own."""
    body = operation.request_body
    if body is not None and content_type is not None:
        body = body.preferring(content_type)
    media = body.preferred if body is not None else None
    if media is None or not media.codec.takes_files:
        reason = f"{operation.name} declares no multipart body"
        raise click.BadParameter(reason, param_hint="--part")
    node = media.schema
    schemas = (
        node if node is None or is_item(node) else node.item(index) for index in range(len(texts))
    )
    parts = [_part(text, schema) for text, schema in zip(texts, schemas, strict=True)]
    # Last, as all else may be done again, once a file of the document has been fetched.
    return [read_stdin("--part") if part is _STDIN else part for part in parts]


_STDIN = object()


def _part(text: str, schema: Node | None) -> Any:
    if text == "-":
        return _STDIN
    if text[:1] == "@":
        return _file(text, "--part")
    return _json("--part", text[2:].encode()) if text[:2] == ":=" else read_value(schema, text)


def _file(text: str, param_hint: str) -> Path | File:
    """The file that `@FILE` or `@FILE;type=TYPE` names, as a part."""
    name, mark, content_type = text.rpartition(_TYPE)
    if not mark or Path(text[1:]).exists():
        return _path(text, param_hint)
    return File(_path(name, param_hint), content_type=content_type)


def schemas_of(operation: Operation, body: RequestBody | None) -> dict[str, Node]:
    """The schema behind each name that an argument can have."""
    found: dict[str, Node] = {}
    if body is not None:
        for name, wire_name in body.property_names.items():
            found[name] = body.properties[wire_name]
        if body.preferred.schema is not None:
            found |= dict.fromkeys(body.names, body.preferred.schema)
    wire_names = [p.name for p in operation.parameters]
    for p in operation.parameters:
        schema = p.node
        if wire_names.count(p.name) == 1:
            found[p.name] = schema
        found[p.python_name] = schema
    return found


def _split(operation: Operation, number: int, item: str) -> tuple[str, bool, str]:
    match = _ITEM.fullmatch(item)
    if match is None or not match["name"]:
        # The item itself may hold anything, a secret too, so it is not repeated.
        known = list(operation.signature.parameters)[:-1]
        takes = f"{operation.name} takes {', '.join(known)}" if known else "it takes no arguments"
        raise click.UsageError(f"argument {number} is not key=value or key:=JSON; {takes}")
    return match["name"], match["mark"] == ":=", match["text"]


def _joined(schemas: Mapping[str, Node], name: str, before: Any, value: Any) -> Any:
    if name in schemas and "array" in (schemas[name].types() or ()):
        return [*_as_list(before), *_as_list(value)]
    raise click.UsageError(f"the argument {name!r} is given twice, and it is no list")


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _content(text: str, param_hint: str) -> bytes:
    """The bytes of `@FILE`, of stdin for `-`, or of the text itself."""
    if text == "-":
        return read_stdin(param_hint)
    if text[:1] != "@":
        return text.encode(errors="surrogateescape")
    try:
        return Path(text[1:]).read_bytes()
    except OSError as error:
        raise _unreadable(text, param_hint, error) from None


def _path(text: str, param_hint: str) -> Path:
    """The file that `@FILE` names, which can be read."""
    path = Path(text[1:])
    try:
        size_of(path)
    except OSError as error:
        raise _unreadable(text, param_hint, error) from None
    return path


def _unreadable(text: str, param_hint: str, error: OSError) -> click.BadParameter:
    reason = f"{text[1:]} can't be read: {error.strerror or error}"
    return click.BadParameter(reason, param_hint=param_hint)


def _json(name: str, content: bytes) -> Any:
    try:
        return decode(content)
    except JsonTextError as error:
        raise _no_json(name, error) from None


def _no_json(name: str, error: JsonTextError) -> click.UsageError:
    place = f" (byte {error.offset})" if error.offset is not None else ""
    return click.UsageError(f"{name} is not JSON: {error}{place}")


# ── reading text by type ─────────────────────────────────────────────────────────────────────


def _null(_schema: Node, text: str) -> None:
    if text != "null":
        raise ValueError


def _boolean(_schema: Node, text: str) -> bool:
    return {"true": True, "false": False}[text.lower()] if text.lower() in _BOOLEANS else _no()


def _integer(_schema: Node, text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,1000}", text):
        _no()
    return int(text)


def _number(_schema: Node, text: str) -> float | int:
    if not _NUMBER.fullmatch(text):
        _no()
    value = float(text) if re.search("[.eE]", text) else int(text)
    return value if math.isfinite(value) else _no()


def _array(schema: Node, text: str) -> list[Any]:
    if text[:1] == "[":
        value = decode(text.encode())
        return value if isinstance(value, list) else _no()
    items = schema.item()
    return [read_value(items, part) for part in text.split(",")] if text else []


def _object(_schema: Node, text: str) -> dict[str, Any]:
    value = decode(text.encode())
    return value if isinstance(value, dict) else _no()


def _no() -> NoReturn:
    raise ValueError


_BOOLEANS = ("true", "false")
_READERS: dict[str, Callable[[Node, str], Any]] = {
    "null": _null,
    "boolean": _boolean,
    "integer": _integer,
    "number": _number,
    "object": _object,
    "array": _array,
}
