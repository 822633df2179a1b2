"""JSON text, strictly and without loss: the one place where it is read and written.

msgspec does the work: integers of any size stay exact, NaN and Infinity are refused, text must be
UTF-8 (RFC 8259). What it can't do is done by the standard library on the rare text that needs it:
an escaped lone surrogate (`"\\ud800"`), which JSON's grammar allows.
"""

from __future__ import annotations

import decimal
import enum
import math
import re
from typing import Any

import msgspec

__all__ = ["JsonTextError", "decode", "encode"]

_BOM = b"\xef\xbb\xbf"
_NO_NUMBER = "is no JSON number"
_PLACE = re.compile(r" ?\(byte (\d+)\)")


class JsonTextError(ValueError):
    """The text is no JSON, or the value has none. `offset` counts bytes; None if unknown."""

    def __init__(self, reason: str, offset: int | None = None) -> None:
        super().__init__(reason)
        self.offset = offset


_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder(decimal_format="number").encode


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
        raise JsonTextError(f"{constant} is no JSON number")

    try:
        return json.loads(content, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        if isinstance(error, JsonTextError):
            raise
        raise JsonTextError(reason) from None


def encode(value: Any) -> bytes:
    """The JSON text of a value: plain data, and what stands for it.

    Datetimes and UUIDs become text, enums their values, dataclasses objects, Decimals numbers.

    JsonTextError names what has no JSON form: NaN and Infinity, sets, bytes, a lone surrogate.
    """
    try:
        content = _encode(value)
    except UnicodeEncodeError:
        raise JsonTextError("a string holds a lone surrogate, which UTF-8 can't carry") from None
    except (TypeError, ValueError, OverflowError) as error:
        raise JsonTextError(_refused(value) or str(error)) from None
    except RecursionError:
        raise JsonTextError("it nests too deeply, or contains itself") from None
    # msgspec writes NaN as null, bytes as base64 and sets as arrays: all of it silently. Plain data
    # is what is read back as it was.
    if not _is_plain(content, value) and (place := _without_form(value)) is not None:
        what, pointer, why = place
        raise JsonTextError(f"{what} at {pointer or 'the root'} {why}")
    return content


def _refused(value: Any) -> str:
    """The first member that has no JSON form, and where; empty if none is to blame alone."""
    stack: list[tuple[Any, str]] = [(value, "")]
    while stack:
        item, pointer = stack.pop()
        if isinstance(item, dict):
            stack.extend((child, f"{pointer}/{key}") for key, child in item.items())
        elif isinstance(item, list | tuple):
            stack.extend((child, f"{pointer}/{index}") for index, child in enumerate(item))
        else:
            try:
                _encode(item)
            except (TypeError, ValueError, OverflowError):
                return f"{type(item).__name__} at {pointer or 'the root'} has no JSON form"
    return ""


def _is_plain(content: bytes, value: Any) -> bool:
    try:
        return bool(_decode(content) == value)
    except (ValueError, RecursionError):  # a Decimal's NaN, say
        return False


def _without_form(value: Any) -> tuple[str, str, str] | None:
    """What JSON has no form for in a value, its pointer, and the reason."""
    stack: list[tuple[Any, str]] = [(value, "")]
    while stack:
        item, pointer = stack.pop()
        if fault := _fault_of(item):
            return fault[0], pointer, fault[1]
        if isinstance(item, dict):
            stack.extend((child, f"{pointer}/{key}") for key, child in item.items())
        elif isinstance(item, list | tuple):
            stack.extend((child, f"{pointer}/{index}") for index, child in enumerate(item))
        elif isinstance(item, enum.Enum):
            stack.append((item.value, pointer))
        elif names := getattr(item, "__dataclass_fields__", None):
            stack.extend((getattr(item, name, None), f"{pointer}/{name}") for name in names)
    return None


def _fault_of(item: Any) -> tuple[str, str] | None:
    if isinstance(item, float):
        return None if math.isfinite(item) else (str(item), _NO_NUMBER)
    if isinstance(item, decimal.Decimal):
        return None if item.is_finite() else (str(item), _NO_NUMBER)
    if isinstance(item, bytes | bytearray | memoryview):
        return "bytes", "are no JSON; give text, base64 if the document says so"
    return ("a set", "is no JSON; give a list") if isinstance(item, set | frozenset) else None
