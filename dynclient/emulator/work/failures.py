"""How a job ends other than well."""

from __future__ import annotations

__all__ = ["INTERNAL", "INVALID_INPUT", "OUT_OF_MEMORY", "RAN_TOO_LONG", "JobFailure"]

#: reason_code values. 1305 and 5302 are the service's; the service publishes no code for the
#: other cases, so those are the emulator's.
RAN_TOO_LONG = 1305
RESULT_TOO_LARGE = 5302
INVALID_INPUT = 9400
OUT_OF_MEMORY = 9413
INTERNAL = 9500


class JobFailure(Exception):
    """The job's own input makes it fail: `reason` for people, `code` from 1000 to 9999."""

    def __init__(
        self, reason: str, *, code: int = INVALID_INPUT, solution: str | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code
        self.solution = solution
