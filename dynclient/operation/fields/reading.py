"""Text in a URL, a header or a cookie back to values: the style tables, read.

Text has no types: `5` is the integer 5 where the schema has no place for the text. What does not
follow the style becomes the text itself, so that the schema can report what is wrong.
Sources: OpenAPI 3.1.1, sections "Style Values" and "Style Examples"; RFC 9110, section 5.6.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias
from urllib.parse import unquote, unquote_plus

from ...document import Node
from ...messages import Headers
from ..content.registry import CODECS
from .brackets import Tree, tokens_of
from .parameters import Parameter
from .styles import COLLECTION_FORMATS
from .texts import Reader, Splitter, scalar_reader, text_splitter

__all__ = ["ParametersReader", "field_reader"]

#: Pairs of a name, decoded, and a text, as it came.
Pairs: TypeAlias = Sequence[tuple[str, str]]


def field_reader(schema: Node, style: str, explode: bool) -> Reader:
    """How the text of a header field becomes the value that its schema asks for.

    Lines of one name are one text by then, with a comma between (RFC 9110, section 5.3).
    """
    return _value_reader(schema, text_splitter("header", style, explode), explode, str)


def _value_reader(
    schema: Node, split: Splitter, explode: bool, decode: Callable[[str], str]
) -> Reader:
    """Reads a text that holds a whole value. `decode` undoes percent-encoding."""
    types = schema.types() or frozenset()
    if "array" in types:
        read = _item_reader(schema, decode)
        return lambda text: [read(part) for part in split(text)]
    if "object" not in types:
        scalar = scalar_reader(schema)
        return lambda text: scalar(decode(text))

    def read_object(text: str) -> Any:
        parts = split(text)
        if explode:
            pairs = [part.partition("=")[::2] for part in parts]
        elif len(parts) % 2:
            return decode(text)
        else:
            pairs = list(zip(parts[::2], parts[1::2], strict=True))
        return _object_of(schema, ((decode(name), decode(part)) for name, part in pairs))

    return read_object


def _object_of(schema: Node, pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    return {name: scalar_reader(schema.member(name))(text) for name, text in pairs}


def _item_reader(schema: Node, decode: Callable[[str], str]) -> Reader:
    """Reads an item of an array; one that is an array itself by its collectionFormat."""
    item = schema.item()
    if item is not None and item.get("type") == "array":
        style = item.get("collectionFormat")
        split = text_splitter("query", style if style in COLLECTION_FORMATS else "csv", False)
        inner = _item_reader(item, decode)
        return lambda text: [inner(part) for part in split(text)]
    read = scalar_reader(item)
    return lambda text: read(decode(text))


class ParametersReader:
    """Reads the parameters of one operation back from a request; see `read`."""

    def __init__(self, parameters: Sequence[Parameter]) -> None:
        self._parameters = [(p, p.node) for p in parameters]

    def read(self, path: Mapping[str, str], query: str, headers: Headers) -> dict[str, Any]:
        """The values that are there, by `Parameter.key`.

        `path` holds the texts of the placeholders, `query` is what stands behind `?`: both still
        percent-encoded.
        """
        pairs = [_pair(each) for each in query.split("&") if each]
        crumbs = [each.strip() for each in headers.get("Cookie", "").split(";")]
        cookies = [_pair(each) for each in crumbs if each]
        found: dict[str, Any] = {}
        for parameter, schema in self._parameters:
            name, value = parameter.name, None
            if parameter.location == "path" and name in path:
                value = _in_path(parameter, schema)(path[name])
            elif parameter.location == "header" and name in headers:
                value = _text_reader(parameter, schema)(headers[name])
            elif parameter.location == "cookie":
                value = self._named(parameter, schema, cookies)
            elif parameter.location == "query":
                value = self._named(parameter, schema, pairs)
            elif parameter.location == "querystring" and query:
                value = _whole_query(parameter, schema, query)
            if value is not None:
                found[parameter.key] = value
        return found

    def _named(self, parameter: Parameter, schema: Node, pairs: Pairs) -> Any:
        """The value that pairs hold; None if there is none, as for one that is null."""
        name = parameter.name
        if parameter.style == "deepObject":
            return _nested(parameter, schema, pairs)
        types = schema.types() or frozenset()
        decode = _decoder(parameter)
        if parameter.content_type is None and parameter.explode and "object" in types:
            others = {p.name for p, _ in self._parameters if p.location == parameter.location}
            own = [(n, decode(text)) for n, text in pairs if n not in others - {name}]
            known = [
                (n, text) for n, text in own if schema.member(n) is not None or _is_open(schema)
            ]
            return _object_of(schema, known) if known else None
        texts = [text for n, text in pairs if n == name]
        if not texts:
            return None
        read = _text_reader(parameter, schema)
        if "array" in types and parameter.content_type is None and parameter.explode:
            item = _item_reader(schema, decode)
            return [item(text) for text in texts]
        values = [read(text) for text in texts]
        if values == [""] and "null" in types and "string" not in types:
            return None
        return values[0] if len(values) == 1 else values


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return unquote_plus(name), value


def _is_open(schema: Node) -> bool:
    """Whether an object may have members that its schema does not name."""
    return all(node.get("additionalProperties") is not False for node in schema.in_place())


def _decoder(parameter: Parameter) -> Callable[[str], str]:
    if parameter.location == "header" or parameter.style == "cookie":
        return str
    # Where reserved characters stand for themselves, a `+` is one.
    plain = parameter.allow_reserved or parameter.location != "query"
    return unquote if plain else unquote_plus


def _text_reader(parameter: Parameter, schema: Node) -> Reader:
    """Reads the text of a parameter, without its name."""
    decode = _decoder(parameter)
    if parameter.content_type is not None:
        read = CODECS.declared(parameter.content_type).reader(schema)
        return lambda text: read(decode(text))
    explode = parameter.explode
    split = text_splitter(parameter.location, parameter.style, explode)
    return _value_reader(schema, split, explode, decode)


def _in_path(parameter: Parameter, schema: Node) -> Reader:
    """Reads the text of a path parameter, with what its style adds."""
    read = _text_reader(parameter, schema)
    if parameter.content_type is not None or parameter.style not in ("label", "matrix"):
        return read
    mark = "." if parameter.style == "label" else ";"
    types = schema.types() or frozenset()

    def strip(text: str) -> Any:
        if not text.startswith(mark):
            return unquote(text)
        text = text[1:]
        if mark == ".":
            return read(text)
        if parameter.explode and "array" in types:
            return read(";".join(_without_name(part, parameter.name) for part in text.split(";")))
        if parameter.explode and "object" in types:
            return read(text)
        return read(_without_name(text, parameter.name))

    return strip


def _without_name(text: str, name: str) -> str:
    """A text without the name before it; style matrix has nothing but that for an empty one."""
    before, equals, value = text.partition("=")
    return value if unquote(before) == name and (equals or not value) else text


def _whole_query(parameter: Parameter, schema: Node, query: str) -> Any:
    return CODECS.declared(str(parameter.content_type)).of_query(query, schema)


def _nested(parameter: Parameter, schema: Node, pairs: Pairs) -> Any:
    """The value of names in brackets; see `brackets`."""
    decode = _decoder(parameter)
    tree = Tree()
    for name, text in pairs:
        tokens = tokens_of(name, parameter.name)
        if tokens is not None:
            tree.put(tokens, decode(text))
    return tree.value(schema) if tree else None
