"""Data to XML, as a schema describes it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ...document import Node
from ...document.pointer import append
from ..fields.styles import StyleError, text_of
from .xml_shape import NIL, Name, Shape

__all__ = ["xml_text"]

#: What XML 1.0 can't hold at all (its section 2.2).
_NO_CHARACTER = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]").search
_NAME = re.compile(r"[^\W\d][\w.\-]*").fullmatch
_MOST_NESTED = 200
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_QUOTED = {**_ESCAPES, ord('"'): "&quot;", ord("\n"): "&#10;", ord("\t"): "&#9;"}


def xml_text(data: Any, schema: Node, charset: str) -> str:
    """The XML of plain data. StyleError, with its place, for what can't be serialized."""
    shape = Shape(schema)
    name = shape.root_name
    if name is None:
        raise StyleError(
            "the schema gives the root element no name (`xml.name`); give the body as XML text"
        )
    head = "" if charset == "utf-8" else f'<?xml version="1.0" encoding="{charset}"?>'
    if shape.is_array and isinstance(data, list):
        items = _elements(shape.item, shape.item_name(name.local), data, "", 1)
        return head + _element(name, [], "".join(items))
    return head + _whole(shape, name, data, "", 0)


def _elements(shape: Shape, name: Name, items: list[Any], at: str, depth: int) -> Iterator[str]:
    for index, item in enumerate(items):
        yield from _value(shape, name, item, append(at, index), depth)


def _value(shape: Shape, name: Name, value: Any, at: str, depth: int) -> Iterator[str]:
    """The elements that a value becomes: one, or one for each item of an array."""
    if not isinstance(value, list):
        yield _whole(shape, name, value, at, depth)
    elif shape.is_array and shape.is_wrapped:
        items = _elements(shape.item, shape.item_name(name.local), value, at, depth + 1)
        yield _element(name, [], "".join(items))
    else:
        yield from _elements(shape.item, name, value, at, depth + 1)


def _whole(shape: Shape, name: Name, value: Any, at: str, depth: int) -> str:
    """One element."""
    if depth > _MOST_NESTED:
        raise StyleError(f"it nests deeper than {_MOST_NESTED} levels", pointer=at)
    if value is None:
        return _element(name, [(Name("nil", NIL[0], "xsi"), "true")], "")
    if isinstance(value, dict):
        return _element(name, *_object(shape, value, at, depth))
    if isinstance(value, list):
        raise StyleError("an array can't be serialized as one XML element", pointer=at)
    return _element(name, [], _text(value, at).translate(_ESCAPES))


def _object(
    shape: Shape, value: dict[str, Any], at: str, depth: int
) -> tuple[list[tuple[Name, str]], str]:
    """The attributes and the content of the element of an object."""
    attributes: list[tuple[Name, str]] = []
    content: list[str] = []
    known = set()
    for member in shape.members:
        found, place = _found(value, member.path, at)
        known.add(member.path[0])
        if found is _NOTHING:
            continue
        if member.kind == "attribute":
            if found is not None:
                attributes.append((member.name, _text(found, place)))
        elif member.kind == "cdata":
            text = _text(found, place).replace("]]>", "]]]]><![CDATA[>")
            content.append(f"<![CDATA[{text}]]>")
        elif member.kind == "text":
            content.append(_text(found, place).translate(_ESCAPES))
        else:
            content.extend(_value(member.shape, member.name, found, place, depth + 1))
    for key, item in value.items():
        if key not in known:
            other = shape.other(key)
            content.extend(_value(other, other.name(key), item, append(at, key), depth + 1))
    return attributes, "".join(content)


_NOTHING = object()


def _found(value: Any, path: tuple[str, ...], at: str) -> tuple[Any, str]:
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return _NOTHING, at
        value, at = value[key], append(at, key)
    return value, at


def _element(name: Name, attributes: list[tuple[Name, str]], content: str) -> str:
    tag = _tag(name)
    texts = {f"xmlns:{name.prefix}" if name.prefix else "xmlns": name.namespace}
    for each, text in attributes:
        if each.prefix:  # an attribute without one is in no namespace
            texts[f"xmlns:{each.prefix}"] = each.namespace
        texts[_tag(each)] = text
    # An empty text of `xmlns` would declare that there is no namespace.
    pairs = [(key, text) for key, text in texts.items() if text or not key.startswith("xmlns")]
    shown = "".join(f' {key}="{text.translate(_QUOTED)}"' for key, text in pairs)
    return f"<{tag}{shown}>{content}</{tag}>"


def _tag(name: Name) -> str:
    if not _NAME(name.local) or (name.prefix and not _NAME(name.prefix)):
        raise StyleError(f"{name.local!r} can't be the name of an XML element")
    return f"{name.prefix}:{name.local}" if name.prefix else name.local


def _text(value: Any, at: str) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        raise StyleError("bytes are not XML; give text, base64 if the document says so", pointer=at)
    if isinstance(value, dict | list):
        kind = "an object" if isinstance(value, dict) else "an array"
        raise StyleError(f"{kind} can't be serialized as text of XML", pointer=at)
    text = text_of(value)
    if found := _NO_CHARACTER(text):
        raise StyleError(f"XML can't hold the character {found[0]!r}", pointer=at)
    return text
