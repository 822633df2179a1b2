"""The Qiskit libraries' JSON encoding: `{"__type__": NAME, "__value__": VALUE}`, nested at will.

Read in the parameters of a job, written in its result when it asks for `support_qiskit`.
"""

from __future__ import annotations

import base64
import binascii
import io
import zlib
from typing import Any

import numpy as np

from .failures import JobFailure

__all__ = ["decode_base64", "decode_values", "encode_pub_result", "is_encoded"]


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


def decode_values(value: Any) -> Any:
    """Parameter values with every encoded ndarray as an array of floats; the rest untouched."""
    if is_encoded(value, "ndarray"):
        return _array(value["__value__"])
    if isinstance(value, dict):
        return {key: decode_values(item) for key, item in value.items()}
    return value


def _array(value: Any) -> Any:
    if isinstance(value, list):
        return value
    try:
        raw = zlib.decompress(decode_base64(value))
        return np.load(io.BytesIO(raw), allow_pickle=False)
    except (ValueError, zlib.error, EOFError) as error:
        raise JobFailure(f"An encoded array can't be read: {error}.") from error


def _encoded(name: str, value: Any) -> dict[str, Any]:
    return {"__type__": name, "__value__": value}


def _encoded_array(array: Any) -> dict[str, Any]:
    file = io.BytesIO()
    np.save(file, np.asarray(array), allow_pickle=False)
    return _encoded("ndarray", base64.b64encode(zlib.compress(file.getvalue())).decode("ascii"))


def encode_pub_result(pub_type: str, data: Any, metadata: dict[str, Any]) -> dict[str, Any]:
    """One pub's DataBin and metadata; `pub_type` is the class name of the result."""
    return _encoded(pub_type, {"data": _data_bin(data), "metadata": metadata})


def _data_bin(data: Any) -> dict[str, Any]:
    fields = {name: _field(value) for name, value in data.items()}
    value = {"field_names": list(fields), "shape": list(data.shape), "fields": fields}
    return _encoded("DataBin", value)


def _field(value: Any) -> dict[str, Any]:
    if hasattr(value, "num_bits"):
        bits = {"array": _encoded_array(value.array), "num_bits": value.num_bits}
        return _encoded("BitArray", bits)
    return _encoded_array(value)
