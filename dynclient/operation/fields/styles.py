"""How values become text in a URL, a header or a form: the style and explode tables, as data.

Sources: OpenAPI 3.1.1, sections "Style Values", "Style Examples" and appendix E; RFC 6570.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import numbers
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import quote, quote_plus

from ...remedies import Remedy

__all__ = ["DEFAULT_STYLES", "Serializer", "StyleError", "plain", "serializer", "text_of"]

#: Makes the text of one parameter out of its plain value.
Serializer: TypeAlias = Callable[[Any], str]
_Encode: TypeAlias = Callable[[str], str]
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
_RESERVED = ":/?@!$&'()*+,;="  # RFC 3986's, less `#[]`, which no query or path may hold


class StyleError(ValueError):
    """A value that can't be serialized. Message and remedy are fit for a Violation."""

    def __init__(self, message: str, *, remedy: Remedy | None = None) -> None:
        super().__init__(message)
        self.remedy = remedy


def plain(value: Any) -> Any:
    """Plain data for a value: what JSON has stays, dates, UUIDs, enums and tuples become it.

    Bytes stay bytes, for bodies. StyleError for what has no form in a request.
    """
    kind = type(value)
    if kind is str or kind is int or kind is bool or kind is float or value is None:
        return value
    for types, convert in _CONVERSIONS:
        if isinstance(value, types):
            return convert(value)
    return _built_in(value)


def _plain_mapping(value: Mapping[Any, Any]) -> dict[str, Any]:
    return {key if isinstance(key, str) else text_of(key): plain(v) for key, v in value.items()}


def _plain_datetime(value: datetime.datetime) -> str:
    if value.tzinfo is None:
        raise StyleError("a datetime needs a time zone to be sent (RFC 3339)")
    return value.isoformat()


def _plain_decimal(value: decimal.Decimal) -> int | decimal.Decimal:
    if not value.is_finite():
        raise StyleError(f"{value} is no number that can be sent")
    return int(value) if value == value.to_integral_value() else value


#: What becomes plain data, and how; the first that fits counts.
_CONVERSIONS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (enum.Enum, lambda value: plain(value.value)),
    (Mapping, _plain_mapping),
    ((bytes, bytearray, memoryview), lambda value: value),
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

    try:
        return msgspec.to_builtins(value)
    except (TypeError, ValueError):
        kind = type(value).__name__
        raise StyleError(f"a value of type {kind} has no form in a request") from None


def text_of(value: Any) -> str:
    """The text of a scalar as JSON would write it; strings as they are, null as nothing."""
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
            raise StyleError(f"{value} is no number that can be sent")
        # A whole number is an integer to JSON Schema, however Python holds it.
        return repr(int(value) if value == int(value) and abs(value) < _EXACT else value)
    if isinstance(value, decimal.Decimal):
        return str(value)
    if isinstance(value, dict | list):
        raise StyleError("arrays and objects inside arrays or objects have no form in this style")
    raise StyleError(f"{type(value).__name__} has no form as text")


#: RFC 3986, section 2.3: what is never encoded, and most values are made of.
_UNRESERVED = re.compile(r"[0-9A-Za-z._~-]*").fullmatch


def _strict(text: str) -> str:
    return text if _UNRESERVED(text) else quote(text, safe="")


def _reserved(text: str) -> str:
    # Percent-encoded triples pass unchanged (RFC 6570, section 3.2.3).
    return "%".join(_reserved_run(text.split("%")))


def _reserved_run(runs: list[str]) -> Iterable[str]:
    yield quote(runs[0], safe=_RESERVED)
    for run in runs[1:]:
        is_triple = len(run) >= 2 and all(c in "0123456789abcdefABCDEF" for c in run[:2])
        yield ("" if is_triple else "25") + quote(run, safe=_RESERVED)


def _no_dot_segment(text: str) -> str:
    # "." and ".." alone would be resolved away (RFC 3986, section 5.2.4).
    return text.replace(".", "%2E") if text in (".", "..") else text


def _verbatim(text: str) -> str:
    return text


_NO_COOKIE = re.compile(r"[\x00-\x1f\x7f;]|[^\x00-\xff]").search


def _cookie_text(text: str) -> str:
    # Nothing is encoded here (OpenAPI 3.2.0, style cookie): what would end the cookie is refused.
    if found := _NO_COOKIE(text):
        raise StyleError(f"a cookie of style cookie can't hold {found[0]!r}; encode it first")
    return text


class _Shape(NamedTuple):
    """How one style and explode lays out values: `prefix` stands before, `joint` between.

    named     whether the parameter's name stands before a value (`name=`)
    bare      what stands for a named empty string (`;color`, not `;color=`)
    spread    whether members of an array or object each stand alone (explode)
    taken     a character no member may hold, since the style has no way to tell it from `joint`
    """

    prefix: str
    joint: str
    named: bool = False
    bare: bool = False
    spread: bool = False
    taken: str = ""


# (style, explode) → shape. deepObject has its own function: its names are made of two parts.
_SHAPES: dict[tuple[str, bool], _Shape] = {
    ("simple", False): _Shape("", ","),
    ("simple", True): _Shape("", ",", spread=True),
    ("label", False): _Shape(".", ","),
    ("label", True): _Shape(".", ".", spread=True),
    ("matrix", False): _Shape(";", ",", named=True, bare=True),
    ("matrix", True): _Shape(";", ";", named=True, bare=True, spread=True),
    ("form", False): _Shape("", ",", named=True),
    ("form", True): _Shape("", "&", named=True, spread=True),
    ("spaceDelimited", False): _Shape("", "%20", named=True, taken=" "),
    ("spaceDelimited", True): _Shape("", "&", named=True, spread=True),
    ("cookie", False): _Shape("", ",", named=True),
    ("cookie", True): _Shape("", "; ", named=True, spread=True),
    ("pipeDelimited", False): _Shape("", "%7C", named=True, taken="|"),
    ("pipeDelimited", True): _Shape("", "&", named=True, spread=True),
}

#: What stands between members by Swagger 2.0's collectionFormats (its "Parameter Object"). Each is
#: also a style, without explode, for where OpenAPI 3 has none that says it.
COLLECTION_FORMATS = {"csv": ",", "ssv": " ", "tsv": "\t", "pipes": "|"}


def _collection_shape(name: str, location: str) -> _Shape:
    separator = COLLECTION_FORMATS[name]
    joint = separator if location == "header" else quote(separator)
    return _Shape("", joint, named=location in ("query", "form"), taken=separator)


#: Where each style may stand (OpenAPI 3.1.1, "Style Values").
STYLES_BY_LOCATION: dict[str, tuple[str, ...]] = {
    "path": ("simple", "label", "matrix", "ssv", "tsv", "pipes"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject", "tsv"),
    "querystring": ("form",),
    "header": ("simple", "ssv", "tsv", "pipes"),
    "cookie": ("form", "cookie"),
    "form": ("form", "spaceDelimited", "pipeDelimited", "deepObject", "tsv"),
}


def _reserved_in_path(text: str) -> str:
    # What would end the segment or the path stays encoded (OpenAPI 3.2.0, "path" allowReserved).
    return _reserved(text).replace("/", "%2F").replace("?", "%3F")


def _encoder(location: str, style: str, allow_reserved: bool) -> _Encode:
    if style == "cookie":
        return _cookie_text
    if location == "header":
        return _verbatim
    if location == "path" and allow_reserved:
        return _reserved_in_path
    if location == "form":
        return quote_plus if not allow_reserved else _reserved
    return _reserved if allow_reserved else _strict


def serializer(
    name: str, location: str, style: str, explode: bool, *, allow_reserved: bool = False
) -> Serializer:
    """The function that makes the text of one parameter.

    `location` is path, query, header, cookie, or form for a member of a form body. The text is
    complete: with its name in a query, cookie or form (`limit=10`), percent-encoded where the
    location asks for it. An array or object without members makes an empty text: RFC 6570 counts
    it as undefined. StyleError for a value that the style has no form for.
    """
    encode = _encoder(location, style, allow_reserved)
    key = name if location == "header" else encode(name)
    if style == "deepObject":
        return _deep_object(key, encode)
    if style in COLLECTION_FORMATS:
        shape = _collection_shape(style, location)
    else:
        shape = _SHAPES[style, explode]
    if location == "cookie" and shape.spread:
        shape = shape._replace(joint="; ")
    member_of = _member_encoder(shape, style, encode)

    def serialize(value: Any) -> str:
        if isinstance(value, dict):
            # A member that is null counts as undefined (RFC 6570, section 2.3).
            pairs = [(member_of(k), member_of(v)) for k, v in value.items() if v is not None]
            return _object(shape, key, pairs) if pairs else ""
        if isinstance(value, list):
            items = [member_of(item) for item in value if item is not None]
            return _array(shape, key, items) if items else ""
        return shape.prefix + _named(shape, key, encode(text_of(value)))

    # Style label writes dots of its own, so that a segment can be judged only once it is whole.
    return (lambda value: _no_dot_segment(serialize(value))) if location == "path" else serialize


def _member_encoder(shape: _Shape, style: str, encode: _Encode) -> Callable[[Any], str]:
    def member(value: Any) -> str:
        text = text_of(value)
        if shape.taken and shape.taken in text:
            raise StyleError(f"{style} has no form for a member that holds {shape.taken!r}")
        return encode(text)

    return member


def _named(shape: _Shape, key: str, text: str) -> str:
    if not shape.named:
        return text
    return key if shape.bare and not text else f"{key}={text}"


def _array(shape: _Shape, key: str, items: list[str]) -> str:
    if shape.spread:
        return shape.prefix + shape.joint.join(_named(shape, key, item) for item in items)
    return shape.prefix + _named(shape, key, shape.joint.join(items))


def _object(shape: _Shape, key: str, pairs: _Pairs) -> str:
    if shape.spread:
        return shape.prefix + shape.joint.join(f"{member}={text}" for member, text in pairs)
    flat = shape.joint.join(part for pair in pairs for part in pair)
    return shape.prefix + _named(shape, key, flat)


def _deep_object(key: str, encode: _Encode) -> Serializer:
    def serialize(value: Any) -> str:
        if not isinstance(value, dict):
            raise StyleError("deepObject has a form for objects only")
        parts: list[str] = []
        for member, item in value.items():
            name = f"{key}%5B{encode(member)}%5D"
            # Arrays inside have no form in the specification; repeating the name is what servers
            # that take them expect.
            items = [] if item is None else item if isinstance(item, list) else [item]
            parts.extend(f"{name}={encode(text_of(each))}" for each in items)
        return "&".join(parts)

    return serialize
