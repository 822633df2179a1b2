"""Values to text in a URL, a header or a form: the style and explode tables, as data.

Sources: OpenAPI 3.1.1, sections "Style Values", "Style Examples" and appendix E; RFC 6570.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import io
import numbers
import re
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from typing import Any, Literal, NamedTuple, TypeAlias
from urllib.parse import quote, quote_plus

from ...document import Node
from ...document.document import SWAGGER_VERSIONS
from ...document.pointer import append
from ...remedies import Remedy
from .escaping import Encode, reserved_in, strict

__all__ = [
    "COLLECTION_FORMATS",
    "DEFAULT_STYLES",
    "STYLES_BY_LOCATION",
    "DeepObject",
    "Serializer",
    "Shape",
    "StyleError",
    "inner_formats",
    "plain",
    "serializer",
    "shape_of",
    "text_of",
]

#: Makes the text of one parameter out of its plain value.
Serializer: TypeAlias = Callable[[Any], str]
#: Makes the text of a member of an array or object, which has an index or a name.
_EncodeMember: TypeAlias = Callable[[Any, str | int], str]
#: How style deepObject names the items of an array, and then goes into objects at any depth:
#: `a[b]=1&a[b]=2`, `a[b][]=1&a[b][]=2` or `a[b][0]=1&a[b][1]=2`.
DeepObject: TypeAlias = Literal["repeat", "brackets", "indices"]
_Pairs: TypeAlias = list[tuple[str, str]]

#: The style of a parameter that names none, by location.
DEFAULT_STYLES = {
    "path": "simple",
    "query": "form",
    "querystring": "form",
    "header": "simple",
    "cookie": "form",
}

_INFINITY = float("inf")
_EXACT = 2**53  # floats hold every integer below it


class StyleError(ValueError):
    """A value that can't be serialized. Message, pointer and remedy are fit for a Violation.

    pointer  JSON Pointer into the value that was given
    """

    def __init__(self, message: str, pointer: str = "", *, remedy: Remedy | None = None) -> None:
        super().__init__(message)
        self.pointer = pointer
        self.remedy = remedy

    def within(self, token: str | int) -> StyleError:
        """The same error, of a value that contains this one under a name or index."""
        self.pointer = append("", token) + self.pointer
        return self

    @classmethod
    def of(cls, error: ValueError, *keys: str | int, label: str = "") -> StyleError:
        """The error of a member or an item as one of what holds it, under these keys."""
        shown = [str(key).encode("utf-8", "backslashreplace").decode() for key in keys]
        pointer = append("", *shown) + (getattr(error, "pointer", None) or "")
        message = f"{label}: {error}" if label else str(error)
        kind = type(error) if isinstance(error, StyleError) else cls
        return kind(message, pointer, remedy=getattr(error, "remedy", None))


def plain(value: Any) -> Any:
    """Plain data for a value: what JSON has stays, dates, UUIDs, enums and tuples become it.

    Bytes stay bytes, for bodies. StyleError for what can't be serialized.
    """
    kind = type(value)
    if kind is str or kind is int or kind is bool or kind is float or value is None:
        return value
    for types, convert in _CONVERSIONS:
        if isinstance(value, types):
            return convert(value)
    return _built_in(value)


def _plain_mapping(value: Mapping[Any, Any]) -> dict[str, Any]:
    return {key if isinstance(key, str) else _name_of(key): plain(v) for key, v in value.items()}


def _name_of(key: Any) -> str:
    if key is None:
        raise StyleError("None can't be the name of a member")
    return text_of(key)


def _plain_datetime(value: datetime.datetime) -> str:
    if value.tzinfo is None:
        raise StyleError("a datetime needs a time zone to be sent (RFC 3339)")
    return value.isoformat()


def _plain_decimal(value: decimal.Decimal) -> int | decimal.Decimal:
    if not value.is_finite():
        raise StyleError(f"{value} is not a number that can be serialized")
    return int(value) if value == value.to_integral_value() else value


def _refuse_file(_: io.IOBase) -> Any:
    raise StyleError("an open file can't be serialized here; pass its content")


#: What becomes plain data, and how; the first that fits counts.
_CONVERSIONS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (enum.Enum, lambda value: plain(value.value)),
    (Mapping, _plain_mapping),
    ((bytes, bytearray, memoryview), lambda value: value),
    (io.IOBase, _refuse_file),
    (str, str),
    ((Sequence, Set, Iterator), lambda value: [plain(item) for item in value]),
    (datetime.datetime, _plain_datetime),
    ((datetime.date, datetime.time), lambda value: value.isoformat()),
    (uuid.UUID, str),
    (decimal.Decimal, _plain_decimal),
    (numbers.Integral, int),
    (numbers.Real, float),
)


def _built_in(value: Any) -> Any:
    """Dataclasses, durations and the like, as msgspec writes them in JSON."""
    import msgspec

    if hasattr(value, "__array__") and callable(getattr(value, "tolist", None)):
        return plain(value.tolist())  # of numpy and the like, which need not be imported here
    try:
        return _still(msgspec.to_builtins(value, builtin_types=_BUILT_IN))
    except (TypeError, ValueError):
        kind = type(value).__name__
        raise StyleError(f"a value of type {kind} can't be serialized") from None


#: What msgspec has rules of its own for: to us bytes are not text, and datetimes need a zone.
_BUILT_IN = (bytes, bytearray, memoryview, datetime.datetime, decimal.Decimal)


def _still(value: Any) -> Any:
    """What msgspec made of a value, made plain; it hands on what it leaves as it is."""
    return plain(value) if isinstance(value, Mapping | list | tuple) else value


def text_of(value: Any) -> str:
    """The text of a scalar as in JSON; strings as they are, null as nothing."""
    if isinstance(value, str):
        return value
    if value is True:
        return "true"
    if value is False:
        return "false"
    if value is None:
        return ""
    if isinstance(value, int | float):
        if value != value or value in (_INFINITY, -_INFINITY):  # noqa: PLR0124 - only NaN differs
            raise StyleError(f"{value} is not a number that can be serialized")
        # A whole number is an integer to JSON Schema, however Python holds it.
        return repr(int(value) if value == int(value) and abs(value) < _EXACT else value)
    if isinstance(value, decimal.Decimal):
        return str(value)
    raise StyleError(f"a value of type {type(value).__name__} can't be serialized as text")


def _verbatim(text: str) -> str:
    return text


_NO_COOKIE = re.compile(r"[\x00-\x1f\x7f;]|[^\x00-\xff]").search


def _cookie_text(text: str) -> str:
    # Nothing is encoded here (OpenAPI 3.2.0, style cookie): what would end the cookie is refused.
    if found := _NO_COOKIE(text):
        raise StyleError(f"a cookie of style cookie can't hold {found[0]!r}; encode it first")
    return text


def _encoder(location: str, style: str, allow_reserved: bool) -> Encode:
    if style == "cookie":
        return _cookie_text
    if location == "header":
        return _verbatim
    if allow_reserved:
        return reserved_in(location)
    return quote_plus if location == "form" else strict


class Shape(NamedTuple):
    """How one style and explode lays out values: `prefix` stands before, `joint` between.

    named     whether the parameter's name stands before a value (`name=`)
    bare      what stands for a named empty string (`;color`, not `;color=`)
    spread    whether members of an array or object each stand alone (explode)
    taken     characters no member may hold, since the style can't distinguish them from `joint`
    """

    prefix: str
    joint: str
    named: bool = False
    bare: bool = False
    spread: bool = False
    taken: str = ""


# (style, explode) → shape. deepObject has its own function: its names are made of two parts.
_SHAPES: dict[tuple[str, bool], Shape] = {
    ("simple", False): Shape("", ","),
    ("simple", True): Shape("", ",", spread=True),
    ("label", False): Shape(".", ","),
    ("label", True): Shape(".", ".", spread=True),
    ("matrix", False): Shape(";", ",", named=True, bare=True),
    ("matrix", True): Shape(";", ";", named=True, bare=True, spread=True),
    ("form", False): Shape("", ",", named=True),
    ("form", True): Shape("", "&", named=True, spread=True),
    ("spaceDelimited", False): Shape("", "%20", named=True, taken=" "),
    ("spaceDelimited", True): Shape("", "&", named=True, spread=True),
    ("cookie", False): Shape("", ",", named=True),
    ("cookie", True): Shape("", "; ", named=True, spread=True),
    ("pipeDelimited", False): Shape("", "%7C", named=True, taken="|"),
    ("pipeDelimited", True): Shape("", "&", named=True, spread=True),
}

#: What stands between members by Swagger 2.0's collectionFormats (its "Parameter Object"). Each is
#: also a style, without explode, where OpenAPI 3 has none for it.
COLLECTION_FORMATS = {"csv": ",", "ssv": " ", "tsv": "\t", "pipes": "|"}


def shape_of(location: str, style: str, explode: bool) -> Shape:
    """The shape of values of a style, but for deepObject, in a location."""
    if style in COLLECTION_FORMATS:
        separator = COLLECTION_FORMATS[style]
        named = location in ("query", "form")
        # In a URL a comma of a member is encoded, and so no other than the one between members.
        joint = separator if location == "header" else quote(separator, safe=",")
        is_apart = location != "header" and separator == ","
        return Shape("", joint, named=named, taken="" if is_apart else separator)
    shape = _SHAPES[style, explode]
    if location == "header" or style == "cookie":  # nothing is encoded there
        shape = shape._replace(taken=",")
    return shape._replace(joint="; ") if location == "cookie" and shape.spread else shape


def inner_formats(items: Node | None) -> tuple[str, ...]:
    """The collectionFormats of the arrays in an array, from outside in; only Swagger 2.0 has any.

    `items` is the schema of its items. Source: Swagger 2.0, "Items Object".
    """
    found: list[str] = []
    if items is None or items.document.version not in SWAGGER_VERSIONS:
        return ()
    while items is not None and items.get("type") == "array":
        name = items.get("collectionFormat")
        found.append(name if name in COLLECTION_FORMATS else "csv")
        items = items.item()
    return tuple(found)


#: Where each style may stand (OpenAPI 3.1.1, "Style Values").
STYLES_BY_LOCATION: dict[str, tuple[str, ...]] = {
    "path": ("simple", "label", "matrix", "ssv", "tsv", "pipes"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject", "tsv"),
    "querystring": ("form",),
    "header": ("simple", "ssv", "tsv", "pipes"),
    "cookie": ("form", "cookie"),
    "form": ("form", "spaceDelimited", "pipeDelimited", "deepObject", "tsv"),
}


def serializer(
    name: str,
    location: str,
    style: str,
    explode: bool,
    *,
    allow_reserved: bool = False,
    deep_object: DeepObject | None = None,
    inner: Sequence[str] = (),
) -> Serializer:
    """The function that makes the text of one parameter.

    `location` is path, query, header, cookie, or form for a member of a form body. The text is
    complete: with its name in a query, cookie or form (`limit=10`), percent-encoded where the
    location asks for it. An array or object without members makes an empty text: RFC 6570 counts
    it as undefined. `inner` are the collectionFormats of arrays in an array (Swagger 2.0), from
    outside in. StyleError, with the place in the value, for what can't be serialized.
    """
    encode = _encoder(location, style, allow_reserved)
    key = name if location == "header" else encode(name)
    if style == "deepObject":
        from .brackets import deep_serializer

        return deep_serializer(key, encode, deep_object)
    shape = shape_of(location, style, explode)
    inner_shapes = [shape_of(location, each, False) for each in inner]
    taken = "".join(each.taken for each in (shape, *inner_shapes))
    member_of = _member_encoder(taken, style, encode)
    for each in reversed(inner_shapes):
        member_of = _inner_encoder(each, member_of)

    def serialize(value: Any) -> str:
        if isinstance(value, dict):
            # A member that is null counts as undefined (RFC 6570, section 2.3).
            pairs = [(member_of(k, k), member_of(v, k)) for k, v in value.items() if v is not None]
            return _object(shape, key, pairs) if pairs else ""
        if isinstance(value, list):
            items = [member_of(item, i) for i, item in enumerate(value) if item is not None]
            return _array(shape, key, items) if items else ""
        return shape.prefix + _named(shape, key, encode(text_of(value)))

    return serialize


def _member_encoder(taken: str, style: str, encode: Encode) -> _EncodeMember:
    def member(value: Any, token: str | int) -> str:
        try:
            if isinstance(value, dict | list):
                kind = "an object" if isinstance(value, dict) else "an array"
                raise StyleError(f"{kind} inside of a value can't be serialized with style {style}")
            text = text_of(value)
            for character in taken:
                if character in text:
                    reason = (
                        f"a text with {character!r} can't be serialized with style {style} here"
                    )
                    raise StyleError(reason)
        except StyleError as error:
            raise error.within(token) from None
        return encode(text)

    return member


def _inner_encoder(shape: Shape, member_of: _EncodeMember) -> _EncodeMember:
    """Serializes an array in an array: its items as `member_of` does, `shape.joint` between."""

    def array(value: Any, token: str | int) -> str:
        if not isinstance(value, list):
            return member_of(value, token)
        try:
            return shape.joint.join([member_of(item, i) for i, item in enumerate(value)])
        except StyleError as error:
            raise error.within(token) from None

    return array


def _named(shape: Shape, key: str, text: str) -> str:
    if not shape.named:
        return text
    return key if shape.bare and not text else f"{key}={text}"


def _array(shape: Shape, key: str, items: list[str]) -> str:
    if shape.spread:
        return shape.prefix + shape.joint.join(_named(shape, key, item) for item in items)
    return shape.prefix + _named(shape, key, shape.joint.join(items))


def _object(shape: Shape, key: str, pairs: _Pairs) -> str:
    if shape.spread:
        return shape.prefix + shape.joint.join(f"{member}={text}" for member, text in pairs)
    flat = shape.joint.join(part for pair in pairs for part in pair)
    return shape.prefix + _named(shape, key, flat)
