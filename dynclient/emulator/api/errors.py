"""Error responses, in the one body shape of the Qiskit Runtime REST API.

`{"errors": [{"code", "message", "solution", "more_info"}], "trace"}` is what the live service was
seen to send. With all four keys and a numeric code it keeps to both declared schemas,
ErrorContainer and GenericErrorDto.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from starlette.responses import JSONResponse

__all__ = ["BACKEND_NOT_FOUND", "JOB_NOT_FOUND", "NOT_AUTHORIZED", "ApiError", "unauthenticated"]

#: Codes seen from the live service.
NOT_AUTHORIZED = 1200
BACKEND_NOT_FOUND = 1216
JOB_NOT_FOUND = 1291

#: Where the service has no published code, the emulator sends 9000 plus the HTTP status.
_OWN_CODES = 9000

_MORE_INFO = "https://cloud.ibm.com/apidocs/quantum-computing#error-handling"
_SOLUTIONS = {
    400: "Correct the request by the API document.",
    401: "Send a valid token or API key, and the CRN of the instance.",
    403: "Use an instance that you may use.",
    404: "Check the id and the instance.",
    405: "Use a method that the path declares.",
    409: "Look at the state of the job.",
    413: "Send less at once.",
    429: "Wait for the seconds of Retry-After.",
    500: "Look at the log of the emulator.",
    503: "Try again.",
    507: "Make room where the emulator's database is.",
}


class ApiError(Exception):
    """Ends a request with `status` (HTTP) and one entry for each of `messages`."""

    def __init__(
        self,
        status: int,
        *messages: str,
        code: int | None = None,
        solution: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__("; ".join(messages))
        self.status = status
        self.messages = messages
        self.code = code
        self.solution = solution
        self.headers = headers

    def response(self) -> JSONResponse:
        """An error body with one entry a message, under a fresh trace id (a UUID)."""
        entry = {
            "code": self.code if self.code is not None else _OWN_CODES + self.status,
            "solution": self.solution or _SOLUTIONS.get(self.status, "Correct the request."),
            "more_info": _MORE_INFO,
        }
        body = {
            "errors": [{**entry, "message": message} for message in self.messages],
            "trace": str(uuid.uuid4()),
        }
        return JSONResponse(body, status_code=self.status, headers=self.headers)


def unauthenticated(message: str) -> ApiError:
    """401, with the challenge that RFC 9110 (section 11.6.1) wants."""
    return ApiError(401, message, headers={"WWW-Authenticate": "Bearer"})
