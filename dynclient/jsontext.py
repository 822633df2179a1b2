"""JSON text, strictly and without loss: the one place where it is decoded and encoded.

msgspec does the work: integers of any size stay exact, NaN and Infinity are refused, text must be
UTF-8 (RFC 8259). What it can't do is done by the standard library on the rare text that needs it:
an escaped lone surrogate (`"\\ud800"`), which JSON's grammar allows.
"""

from __future__ import annotations

import decimal
import enum
import math
import numbers
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from .remedies import Remedy

__all__ = ["JsonTextError", "decode", "encode", "encode_data", "surrogate_in"]

_BOM = b"\xef\xbb\xbf"
_NO_NUMBER = "is not a JSON number"
_SURROGATE = re.compile("[\ud800-\udfff]").search
_PLACE = re.compile(r" ?\(byte (\d+)\)")


class JsonTextError(ValueError):
    """The text is not JSON, or the value can't be.

    `offset` counts bytes of the text, None if unknown; `pointer` leads into the value, and
    `remedy` is what to do about it, as data.
    """

    def __init__(
        self,
        reason: str,
        offset: int | None = None,
        pointer: str = "",
        remedy: Remedy | None = None,
    ) -> None:
        super().__init__(reason)
        self.offset = offset
        self.pointer = pointer
        self.remedy = remedy


_decode = msgspec.json.Decoder().decode


def decode(content: bytes) -> Any:
    """The plain data of a JSON text in UTF-8. JsonTextError if it is none."""
    try:
        return _decode(content)
    except UnicodeDecodeError as error:
        raise JsonTextError(f"the text is not UTF-8: {error.reason}", error.start) from None
    except RecursionError:
        raise JsonTextError("it nests too deeply to be read") from None
    except msgspec.MsgspecError as error:
        found = _PLACE.search(str(error))
        if content.startswith(_BOM):  # a parser "MAY ignore" it (RFC 8259, section 8.1)
            return decode(content[len(_BOM) :])
        reason = _PLACE.sub("", str(error)).removeprefix("JSON is malformed: ")
        offset = int(found[1]) if found else None
        if b"\\u" in content and not found:
            return _decode_surrogates(content, reason)
        raise JsonTextError(reason, offset) from None


def _decode_surrogates(content: bytes, reason: str) -> Any:
    import json

    def refuse(constant: str) -> None:
        raise JsonTextError(f"{constant} is not a JSON number")

    try:
        return json.loads(content, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        if isinstance(error, JsonTextError):
            raise
        raise JsonTextError(reason) from None


def _other(value: Any) -> Any:
    """What msgspec does not know: numbers and arrays of numpy, which is not imported for that."""
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    if _is_array(value):
        return value.tolist()
    raise TypeError(type(value).__name__)


def _is_array(value: Any) -> bool:
    return hasattr(value, "__array__") and callable(getattr(value, "tolist", None))


_encode = msgspec.json.Encoder(decimal_format="number", enc_hook=_other).encode


def encode(value: Any) -> bytes:
    """The JSON text of a value: plain data, and what stands for it; see `encode_data`."""
    return encode_data(value)[0]


def encode_data(value: Any) -> tuple[bytes, Any]:
    """The JSON text of a value, and its data: the value itself where that is plain.

    Datetimes and UUIDs become text, enums their values, dataclasses objects, Decimals numbers,
    numbers and arrays of numpy numbers and lists.

    JsonTextError names what can't be JSON: NaN and Infinity, sets, bytes, a lone surrogate.
    """
    try:
        content = _encode(value)
    except UnicodeEncodeError:
        place = surrogate_in(value) or ""
        at = f" at {place}" if place else ""
        reason = f"a string{at} has a lone surrogate, which UTF-8 can't encode"
        raise JsonTextError(reason, pointer=place) from None
    except (TypeError, ValueError, OverflowError) as error:
        raise _refused(value) or JsonTextError(str(error)) from None
    except RecursionError:
        raise JsonTextError("it nests too deeply, or contains itself") from None
    # msgspec writes NaN as null, bytes as base64 and sets as arrays: all of it silently. Plain data
    # is what is read back as it was.
    data = None
    try:
        data = _decode(content)
        if data == value:
            return content, value
    except (ValueError, RecursionError):  # a Decimal's NaN, an array of numpy
        pass
    for item, pointer in _walked(value):
        if refusal := _refusal_of(item):
            what, why = refusal
            raise JsonTextError(f"{what} at {pointer or 'the root'} {why}", pointer=pointer)
    return content, data


def _walked(value: Any) -> Iterator[tuple[Any, str]]:
    """Everything in a value, with the JSON Pointer to it."""
    stack: list[tuple[Any, str]] = [(value, "")]
    seen: set[int] = set()
    while stack:
        item, pointer = stack.pop()
        yield item, pointer
        if isinstance(item, dict | list | tuple):
            if id(item) in seen:
                continue
            seen.add(id(item))
        if isinstance(item, dict):
            stack.extend((child, _below(pointer, key)) for key, child in item.items())
        elif isinstance(item, list | tuple):
            stack.extend((child, f"{pointer}/{index}") for index, child in enumerate(item))
        elif isinstance(item, enum.Enum):
            stack.append((item.value, pointer))
        elif _is_array(item):
            stack.append((item.tolist(), pointer))
        else:
            names = _fields(type(item))
            stack.extend((getattr(item, name, None), _below(pointer, name)) for name in names)


def _below(pointer: str, key: Any) -> str:
    return f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"


def _fields(kind: type) -> Iterable[str]:
    """The names of the fields of dataclasses, msgspec's structs and attrs' classes."""
    for attribute in ("__dataclass_fields__", "__struct_fields__"):
        if names := getattr(kind, attribute, None):
            return tuple(names)
    return tuple(each.name for each in getattr(kind, "__attrs_attrs__", ()))


def _refused(value: Any) -> JsonTextError | None:
    """The first member that can't be JSON, and where; None if none is to blame alone."""
    for item, pointer in _walked(value):
        if isinstance(item, dict | list | tuple) or _fields(type(item)) or _is_array(item):
            continue
        try:
            _encode(item)
        except (TypeError, ValueError, OverflowError):
            from .remedies import give

            reason = f"{type(item).__name__} at {pointer or 'the root'} can't be serialized as JSON"
            return JsonTextError(reason, pointer=pointer, remedy=give(encoders=...))
    return None


def surrogate_in(value: Any) -> str | None:
    """The JSON Pointer to the first text with a lone surrogate in it; None without one."""
    for item, pointer in _walked(value):
        for text in item if isinstance(item, dict) else (item,):
            if isinstance(text, str) and not text.isascii() and _SURROGATE(text):
                return pointer
    return None


def _refusal_of(item: Any) -> tuple[str, str] | None:
    if isinstance(item, numbers.Real) and not isinstance(item, numbers.Integral):
        return None if math.isfinite(item) else (str(item), _NO_NUMBER)
    if isinstance(item, decimal.Decimal):
        return None if item.is_finite() else (str(item), _NO_NUMBER)
    if isinstance(item, bytes | bytearray | memoryview):
        return "bytes", "are not JSON; pass text, in base64 if the document requires that"
    return ("a set", "is not JSON; pass a list") if isinstance(item, set | frozenset) else None
