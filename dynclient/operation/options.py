"""What belongs to one call and is not an argument of the operation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from ..messages import TimeoutValue
from ..retries import RetriesValue

if TYPE_CHECKING:
    from ..validation import Level, Validation
    from .fields.styles import DeepObject

__all__ = ["Options"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Settings of one call; each None leaves the client's own.

    content_type  the media type of the request body, one of those the document declares
    accept        the `Accept` field; default: the media types of the declared responses
    headers       further header fields, sent as they are
    extra_query   further query parameters by name, which the document need not declare; a list
                  is sent as one parameter for each item
    timeout       seconds, (connect, read) seconds, or a Timeout
    auth          credentials by security scheme, in place of the client's
    server        a server of the document by index or by its description or URL; or any base URL
    deep_object   how style deepObject serializes arrays and objects inside of an object: "repeat"
                  `a[b]=1&a[b]=2`, "brackets" `a[b][]=1`, "indices" `a[b][0]=1`; None: arrays by
                  "repeat", objects are refused
    validate      the validation level or policy
    retries       how often a request that failed is sent again, or a `Retries`; 0 for never
    raise_for     "error": 4xx and 5xx raise StatusError; "never": they are returned as any other
    """

    content_type: str | None = None
    accept: str | None = None
    # What may hold secrets is in no repr.
    headers: Mapping[str, str] | None = field(default=None, repr=False)
    extra_query: Mapping[str, Any] | None = field(default=None, repr=False)
    timeout: TimeoutValue | None = None
    auth: Mapping[Any, Any] | None = field(default=None, repr=False)
    server: str | int | None = None
    validate: Level | Validation | None = None
    deep_object: DeepObject | None = None
    retries: RetriesValue | None = None
    raise_for: Literal["error", "never"] = "error"

    def __post_init__(self) -> None:
        if self.raise_for not in ("error", "never"):
            raise ValueError(f"raise_for={self.raise_for!r}: give 'error' or 'never'")

    @property
    def changes_plan(self) -> bool:
        """Whether a call needs a plan of its own."""
        return not (
            self.validate is None
            and self.auth is None
            and self.server is None
            and self.deep_object is None
            and self.raise_for == "error"
        )


NO_OPTIONS = Options()
