"""`Client(..., transport="mock")`: every call is answered from the document, nothing is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..messages import HttpRequest, HttpResponse
from ..operation import Operation
from ..transport.opened import AsyncOpenResponse, OpenResponse
from .service import MockService

__all__ = ["AsyncMock", "Mock"]


class _Responds:
    """What both kinds share; `operations` gives those of the document, once it is open."""

    def __init__(self, operations: Callable[[], Mapping[str, Operation]]) -> None:
        self._operations = operations
        self._service: MockService | None = None

    def _respond(self, request: HttpRequest) -> HttpResponse:
        operations = self._operations()
        if self._service is None:
            self._service = MockService(operations)
        return self._service.respond(request, operations[str(request.operation)])


class Mock(_Responds):
    """For Client."""

    def open(self, request: HttpRequest) -> OpenResponse:
        """The response to a request of an operation. MockError where there is none."""
        http = self._respond(request)
        return OpenResponse(http.status, http.headers, http.content, request=request)


class AsyncMock(_Responds):
    """For AsyncClient."""

    async def open(self, request: HttpRequest) -> AsyncOpenResponse:
        """As `Mock.open`."""
        http = self._respond(request)
        return AsyncOpenResponse(http.status, http.headers, http.content, request=request)
