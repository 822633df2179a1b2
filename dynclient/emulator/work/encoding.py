"""The Qiskit libraries' JSON encoding: `{"__type__": NAME, "__value__": VALUE}`, nested at will.

Read in the parameters of a job, written in its result when it asks for `support_qiskit`.
"""

from __future__ import annotations

import base64
import binascii
import io
import math
import zlib
from typing import Any

import numpy as np

from .failures import JobFailure

__all__ = [
    "decode_base64",
    "decode_deeply",
    "decode_values",
    "encode_array",
    "encode_pub_result",
    "encoded",
    "inflate",
    "is_encoded",
]

#: Bytes that compressed data may come to, and values that an array may have.
MAX_INFLATED = 100_000_000
MAX_VALUES = 5_000_000


def is_encoded(value: Any, name: str) -> bool:
    """Whether `value` is an encoded `name`."""
    return isinstance(value, dict) and value.get("__type__") == name and "__value__" in value


def decode_base64(value: Any) -> bytes:
    """The bytes of base64 text; ValueError if it is none."""
    if not isinstance(value, str):
        raise ValueError("base64 text expected")  # noqa: TRY004 - it is data that is wrong
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise ValueError(f"not base64: {error}") from error


def inflate(data: bytes) -> bytes:
    """What zlib compressed; ValueError if it is none, or more than `MAX_INFLATED` bytes."""
    stream = zlib.decompressobj()
    try:
        inflated = stream.decompress(data, MAX_INFLATED)
    except zlib.error as error:
        raise ValueError(f"not zlib's format: {error}") from error
    if not stream.eof:
        tail = stream.unconsumed_tail
        raise ValueError(f"more than {MAX_INFLATED} bytes" if tail else "it ends too early")
    return inflated


def decode_values(value: Any) -> Any:
    """Parameter values with every encoded ndarray as an array of floats; the rest untouched."""
    if is_encoded(value, "ndarray"):
        return _array(value["__value__"])
    if isinstance(value, dict):
        return {key: decode_values(item) for key, item in value.items()}
    return value


def decode_deeply(value: Any) -> Any:
    """Plain data with every encoded array and complex number in it as that."""
    if is_encoded(value, "complex"):
        return complex(*value["__value__"])
    if isinstance(value, list):
        return [decode_deeply(item) for item in value]
    decoded = decode_values(value)
    if isinstance(decoded, dict):
        return {key: decode_deeply(item) for key, item in decoded.items()}
    return decoded


def _array(value: Any) -> Any:
    if isinstance(value, list):
        return value
    try:
        raw = inflate(decode_base64(value))
        _check_header(raw)
        return np.load(io.BytesIO(raw), allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise JobFailure(f"An encoded array can't be read: {error}.") from error


def _check_header(raw: bytes) -> None:
    """ValueError if the array claims more values than it brings, or than are possible."""
    file = io.BytesIO(raw)
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0
    shape, _, dtype = (read if version == (1, 0) else np.lib.format.read_array_header_2_0)(file)
    values = math.prod(shape)
    if values > MAX_VALUES or values * dtype.itemsize > len(raw):
        raise ValueError(f"it claims {values} values")


def encoded(name: str, value: Any) -> dict[str, Any]:
    """`value` as an encoded `name`."""
    return {"__type__": name, "__value__": value}


def encode_array(array: Any) -> dict[str, Any]:
    """A NumPy array."""
    file = io.BytesIO()
    np.save(file, np.asarray(array), allow_pickle=False)
    return encoded("ndarray", base64.b64encode(zlib.compress(file.getvalue())).decode("ascii"))


def encode_pub_result(pub_type: str, data: Any, metadata: dict[str, Any]) -> dict[str, Any]:
    """One pub's DataBin and metadata; `pub_type` is the class name of the result."""
    return encoded(pub_type, {"data": _data_bin(data), "metadata": metadata})


def _data_bin(data: Any) -> dict[str, Any]:
    fields = {name: _field(value) for name, value in data.items()}
    value = {"field_names": list(fields), "shape": list(data.shape), "fields": fields}
    return encoded("DataBin", value)


def _field(value: Any) -> dict[str, Any]:
    return _bits(value) if hasattr(value, "num_bits") else encode_array(value)


def _bits(bits: Any) -> dict[str, Any]:
    """A BitArray."""
    return encoded("BitArray", {"array": encode_array(bits.array), "num_bits": bits.num_bits})
