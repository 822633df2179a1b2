"""What became of a row, and of all rows."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from ..errors import (
    ConnectError,
    DynclientError,
    InvalidResponse,
    StatusError,
    TransportError,
)

if TYPE_CHECKING:
    from ..messages import Response

__all__ = ["OUTCOMES", "Outcome", "Results", "RowResult"]

#: "answered": the service did it. "failed": it did not, or its response breaks the document.
#: "unknown": the request may have been processed, and nobody knows.
Outcome: TypeAlias = Literal["answered", "failed", "unknown"]

OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one row.

    row      its number, from 0
    outcome  "answered", "failed" or "unknown"; see `Outcome`
    status   of the response; None where there was none
    data     of the response, as `Response.data`; of failed rows too, where there was a response
    error    the class of the error and its message, without secrets; "" for an answered row
    """

    row: int
    outcome: Outcome
    status: int | None = None
    data: Any = None
    error: str = ""

    def as_data(self) -> dict[str, Any]:
        """The result as JSON can hold it; a body of bytes as `base64`, in place of `data`."""
        found: dict[str, Any] = {"row": self.row, "outcome": self.outcome, "status": self.status}
        if isinstance(self.data, bytes):
            found["base64"] = b64encode(self.data).decode("ascii")
        else:
            found["data"] = self.data
        if self.error:
            found["error"] = self.error
        return found

    @classmethod
    def from_data(cls, found: Mapping[str, Any]) -> RowResult:
        """The result that `as_data` gave. ValueError, KeyError or TypeError for anything else."""
        row, outcome, status = found["row"], found["outcome"], found.get("status")
        if not isinstance(row, int) or row < 0 or outcome not in OUTCOMES:
            raise ValueError("not a result")
        text = found.get("base64")
        data = found.get("data") if text is None else b64decode(text)
        return cls(row, outcome, status, data, str(found.get("error", "")))

    @classmethod
    def of(cls, row: int, response: Response) -> RowResult:
        """The result of a row that was answered."""
        return cls(row, "answered", response.status, response.data)

    @classmethod
    def failed(cls, row: int, error: DynclientError, *, repeatable: bool) -> RowResult:
        """The result of a row that raised.

        `repeatable`: whether a request does no harm a second time. One that is not, and that was
        sent and never answered, is of unknown fate.
        """
        text = f"{type(error).__name__}: {error}"
        if isinstance(error, StatusError | InvalidResponse):
            return cls(row, "failed", error.response.status, error.response.data, text)
        unsent = not isinstance(error, TransportError) or isinstance(error, ConnectError)
        return cls(row, "failed" if unsent or repeatable else "unknown", error=text)


class Results:
    """What became of the rows of one `map`: iterate for a `RowResult` each.

    With a journal the results are read from it, in the order in which they came; else they are kept
    here, in the order of the rows. `answered`, `failed` and `unknown` count rows, `len()` all.
    """

    def __init__(self, counts: Mapping[str, int], read: Callable[[], Iterator[RowResult]]) -> None:
        self._counts = Counter(counts)
        self._read = read

    @property
    def answered(self) -> int:
        """How many rows the service did."""
        return self._counts["answered"]

    @property
    def failed(self) -> int:
        """How many rows it did not do, or answered wrongly."""
        return self._counts["failed"]

    @property
    def unknown(self) -> int:
        """How many rows it may have done."""
        return self._counts["unknown"]

    def __len__(self) -> int:
        return self._counts.total()

    def __iter__(self) -> Iterator[RowResult]:
        return self._read()

    def __repr__(self) -> str:
        counts = ", ".join(f"{self._counts[each]} {each}" for each in OUTCOMES)
        return f"<Results of {len(self)} rows: {counts}>"
