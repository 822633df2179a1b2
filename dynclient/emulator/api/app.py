"""The service as an ASGI application: routing, credentials, judging, errors.

Each path of the document is one route. A request first needs good credentials (`Access`), which is
known from its header; then its body is read, up to a bound; then the judge says whether it is what
the document allows; then it goes to its operation. Judging and operations run on a few threads,
so that what takes long holds up nobody else.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from openapi_core.datatypes import RequestParameters
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send
from werkzeug.datastructures import Headers, ImmutableMultiDict

from ..settings import Settings
from .access import Access, Caller
from .bodies import read_body
from .calls import Call, Operation
from .editions import Edition, editions
from .errors import ApiError, unauthenticated
from .judge import WireRequest
from .traffic import Traffic

__all__ = ["API_ROOT", "Api", "router"]

_log = logging.getLogger(__name__)

API_ROOT = "/api"

#: What serves a request.
Endpoint = Callable[[Request], Any]


def router(endpoints: Mapping[str, Mapping[str, Endpoint]]) -> ASGIApp:
    """The application that serves `endpoints`, by path and method.

    Paths without variables come first (OpenAPI 3.1, section 4.8.8.2).
    """
    paths = sorted(endpoints, key=lambda path: path.count("{"))
    routes: list[BaseRoute] = [Route(path, _Guarded(endpoints[path])) for path in paths]
    return Router(routes, redirect_slashes=False, default=_Guarded({}))


_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class _Guarded:
    """An ASGI endpoint by method: every way a request can end is a response in the error shape."""

    def __init__(self, endpoints: Mapping[str, Endpoint]) -> None:
        self._endpoints = endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except ApiError as error:
            response = error.response()
        except ClientDisconnect:
            return
        except SQLAlchemyError as error:
            _log.warning("%s %s: %s", request.method, request.scope["path"], error)
            reason = str(getattr(error, "orig", None) or error).partition("\n")[0]
            response = ApiError(507, f"The emulator's database refuses: {reason}").response()
        except Exception:  # noqa: BLE001 - a response in the documented shape, and a log entry
            _log.exception("%s %s failed", request.method, request.scope["path"])
            response = ApiError(500, "A bug in the emulator.").response()
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        if not self._endpoints:
            raise ApiError(404, f"No such path: {request.scope['path']}")
        endpoint = self._endpoints.get(request.method)
        if endpoint is None:
            allowed = ", ".join(self._endpoints)
            message = f"{request.method} is not a method of {request.scope['path']}"
            raise ApiError(405, message, headers={"Allow": allowed})
        response: Response = await endpoint(request)
        return response


class Api:
    """Every operation of the bundled documents, as endpoints under /api."""

    def __init__(
        self,
        origin: str,
        access: Access,
        settings: Settings,
        operations: Mapping[str, Operation],
        threads: ThreadPoolExecutor,
    ) -> None:
        self._editions = editions(f"{origin}{API_ROOT}")
        self._origin = origin
        self._access = access
        self._max_body = settings.max_body
        self._operations = operations
        self._threads = threads
        self._traffic = Traffic(settings)

    def endpoints(self) -> dict[str, dict[str, Endpoint]]:
        """By path and method, for all versions together."""
        found: dict[str, dict[str, Endpoint]] = {}
        for edition in self._editions:
            for path, method in edition.operations:
                methods = found.setdefault(f"{API_ROOT}{path}", {})
                methods.setdefault(method, self._endpoint(path, method))
        return found

    def _edition(self, request: Request) -> Edition:
        version = request.headers.get("ibm-api-version", "")
        if not _DATE.fullmatch(version):
            version = ""
        return [each for each in self._editions if each.since <= version][-1]

    def _endpoint(self, path: str, method: str) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            await self._traffic.pass_through()
            edition = self._edition(request)
            name = edition.operations.get((path, method))
            open_to_all = name in edition.open_to_all
            caller = Caller("") if open_to_all else self._access.identify(request.headers)
            if name is None:
                raise ApiError(404, f"{path} is gone from version {edition.since} of the API on.")
            body = await read_body(request, self._max_body) or None
            wire = self._wire(request, path, body)
            accept, url_query = request.headers.get("accept", ""), request.url.query

            def work() -> Response:
                verdict = edition.judge.judge(wire)
                if verdict.unauthenticated:
                    raise unauthenticated("Authorization or Service-CRN is missing.")
                if verdict.problems:
                    raise ApiError(400, *verdict.problems)
                if name == "create_job":
                    self._traffic.count_job(f"{caller.user_id} {caller.instance}")
                call = Call(
                    caller=caller,
                    path=request.path_params,
                    query=verdict.query,
                    body=verdict.body,
                    accept=accept,
                    origin=self._origin,
                    url_query=url_query,
                    modern=edition.modern,
                )
                return self._operations[name](call)

            return await asyncio.get_running_loop().run_in_executor(self._threads, work)

        return endpoint

    def _wire(self, request: Request, path: str, body: bytes | None) -> WireRequest:
        return WireRequest(
            host_url=self._origin,
            path_pattern=f"{API_ROOT}{path}",
            path=request.scope["path"],
            method=request.method.lower(),
            content_type=request.headers.get("content-type", ""),
            body=body,
            parameters=RequestParameters(
                query=ImmutableMultiDict(request.query_params.multi_items()),
                header=Headers(request.headers.items()),
                cookie=ImmutableMultiDict(request.cookies),
                path=dict(request.path_params),
            ),
        )
