"""The service as an ASGI application: routing, judging, authentication, errors.

Each path of the document is one route. A request passes the judge first (is it what the document
allows, does it carry credentials at all), then `Access` (are the credentials good), then goes to
its operation.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from openapi_core.datatypes import RequestParameters
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send
from werkzeug.datastructures import Headers, ImmutableMultiDict

from .access import Access, Caller, unauthenticated
from .backends import BACKENDS, backend_view
from .document import METHODS
from .errors import ApiError
from .iam import TokenService
from .jobs import Call, JobOperations
from .judge import Judge, Verdict, WireRequest
from .settings import Settings
from .signing import Signer
from .store import Store
from .worker import Worker

__all__ = ["API_ROOT", "build_app"]

_log = logging.getLogger(__name__)

API_ROOT = "/api"

#: What get_versions tells: the dates whose behaviour of the served operations this is.
VERSIONS = ("2025-01-01", "2025-05-01")

_Operation = Callable[[Call], Response]
_Endpoint = Callable[[Request], Any]


def build_app(
    settings: Settings, document: dict[str, Any], origin: str, store: Store, worker: Worker
) -> ASGIApp:
    """The application that serves `document` at `origin` (scheme, host and port)."""
    token_service = TokenService(settings, Signer())
    jobs = JobOperations(store, worker, Signer())
    api = _Api(document, origin, Access(settings, token_service), _operations(jobs, store))
    routes: list[BaseRoute] = [
        Route("/identity/token", _Guarded({"POST": token_service.endpoint})),
        Route("/storage/{id}/transpiled_circuits.json", _Guarded({"GET": jobs.download})),
        *api.routes(),
    ]
    return Router(routes, redirect_slashes=False, default=_Guarded({}))


def _operations(jobs: JobOperations, store: Store) -> dict[str, _Operation]:
    """The operations that are served, by operationId."""

    def list_backends(_call: Call) -> Response:
        lengths = store.queue_lengths()
        views = [backend_view(each, lengths.get(each.name, 0)) for each in BACKENDS.values()]
        return JSONResponse({"devices": views})

    def get_versions(_call: Call) -> Response:
        return JSONResponse({"versions": list(VERSIONS)})

    return {
        "create_job": jobs.create,
        "list_jobs": jobs.list,
        "get_job_details_jid": jobs.details,
        "cancel_job_jid": jobs.cancel,
        "delete_job_jid": jobs.delete,
        "replace_job_tags": jobs.replace_tags,
        "get_job_results_jid": jobs.results,
        "get_interim_results_jid": jobs.interim_results,
        "get_jog_logs_jid": jobs.logs,
        "get_job_metrics_jid": jobs.metrics,
        "get_transpiled_circuits_jid": jobs.transpiled_circuits,
        "list_backends": list_backends,
        "get_versions": get_versions,
    }


class _Guarded:
    """An ASGI endpoint by method: every way a request can end is an answer in the error shape."""

    def __init__(self, endpoints: Mapping[str, _Endpoint]) -> None:
        self._endpoints = endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except ApiError as error:
            response = error.response()
        except ClientDisconnect:
            return
        except Exception:  # noqa: BLE001 - answered in the documented shape, and logged
            _log.exception("%s %s failed", request.method, request.scope["path"])
            response = ApiError(500, "Fault of the emulator.").response()
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


class _Api:
    """Every operation of the document, as routes under /api."""

    def __init__(
        self,
        document: dict[str, Any],
        origin: str,
        access: Access,
        operations: Mapping[str, _Operation],
    ) -> None:
        self._document = document
        self._origin = origin
        self._access = access
        self._operations = operations
        self._judge = Judge(document, f"{origin}{API_ROOT}")

    def routes(self) -> list[BaseRoute]:
        """One route a path, those without variables first (OpenAPI 3.1, section 4.8.8.2)."""
        paths = sorted(self._document["paths"], key=lambda path: path.count("{"))
        return [Route(f"{API_ROOT}{path}", _Guarded(self._path_item(path))) for path in paths]

    def _path_item(self, path: str) -> dict[str, _Endpoint]:
        path_item = self._document["paths"][path]
        return {
            method.upper(): self._endpoint(path, path_item[method])
            for method in METHODS
            if method in path_item
        }

    def _endpoint(self, path: str, operation: Mapping[str, Any]) -> _Endpoint:
        name = operation["operationId"]
        open_to_all = not operation.get("security", self._document.get("security"))
        serve = self._operations.get(name) or _unserved(name)

        async def endpoint(request: Request) -> Response:
            verdict = await self._judged(request, path)
            if verdict.unauthenticated:
                raise unauthenticated("Authorization or Service-CRN is missing.")
            caller = Caller("") if open_to_all else self._access.identify(request.headers)
            if verdict.problems and name in self._operations:
                raise ApiError(400, *verdict.problems)
            return serve(
                Call(
                    caller=caller,
                    path=request.path_params,
                    query=verdict.query,
                    body=verdict.body,
                    accept=request.headers.get("accept", ""),
                    origin=self._origin,
                )
            )

        return endpoint

    async def _judged(self, request: Request, path: str) -> Verdict:
        return self._judge.judge(
            WireRequest(
                host_url=self._origin,
                path_pattern=f"{API_ROOT}{path}",
                path=request.scope["path"],
                method=request.method.lower(),
                content_type=request.headers.get("content-type", ""),
                body=await request.body() or None,
                parameters=RequestParameters(
                    query=ImmutableMultiDict(request.query_params.multi_items()),
                    header=Headers(request.headers.items()),
                    cookie=ImmutableMultiDict(request.cookies),
                    path=dict(request.path_params),
                ),
            )
        )


def _unserved(name: str) -> _Operation:
    def refuse(_call: Call) -> Response:
        # No operation declares 501, so it is never taken for an answer of the service itself.
        raise ApiError(
            501,
            f"The operation {name} is not served by this emulator.",
            solution="Use the Jobs operations, list_backends or get_versions.",
        )

    return refuse
