"""The value that means "not given", where None would be the value null."""

from typing import Final

__all__ = ["UNSET"]


class _Unset:
    def __repr__(self) -> str:
        return "UNSET"

    def __reduce__(self) -> str:
        return "UNSET"


#: Means "not given" for an argument or a body.
UNSET: Final = _Unset()
