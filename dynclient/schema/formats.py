"""The formats of OpenAPI's format registry that JSON Schema does not check by itself.

The formats of JSON Schema (date-time, date, uuid, uri, email, ipv4, …) are the validator's own.
Integer formats become bounds, since a format check sees only strings. `float`, `double`,
`password` and `binary` say how a value is stored or shown, and refuse nothing.
Source: OpenAPI 3.1.1, section "Data Types"; https://spec.openapis.org/registry/format/
"""

from __future__ import annotations

import binascii
from collections.abc import Callable

from ..validation import FormatCheck

__all__ = ["INTEGER_BOUNDS", "STRING_FORMATS", "checked"]

#: Lowest and highest value of each integer format.
INTEGER_BOUNDS: dict[str, tuple[int, int]] = {
    "int8": (-(2**7), 2**7 - 1),
    "int16": (-(2**15), 2**15 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint8": (0, 2**8 - 1),
    "uint16": (0, 2**16 - 1),
    "uint32": (0, 2**32 - 1),
    "uint64": (0, 2**64 - 1),
}


def _is_base64(value: str) -> bool:
    import base64

    try:
        base64.b64decode(value.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return False
    return True


def checked(check: FormatCheck) -> Callable[[str], bool]:
    """A caller's check as validators call it: what it raises as ValueError means no."""

    def is_valid(value: str) -> bool:
        try:
            return bool(check(value))
        except ValueError:
            return False

    return is_valid


#: Checks of string formats, by name.
STRING_FORMATS: dict[str, Callable[[str], bool]] = {"byte": _is_base64}
