"""One peer at work, in its own environment: builds its client, then runs what it is told.

Run by `peers.py` with the peer's interpreter: peer_worker.py NAME BASE FOLDER. The folder holds
document.json and swagger.json (for BASE), small.json and large.json (the bodies to post), a folder
`broken` with the same for a service whose answers break the document, and what the peer's own
tools generated. Reads `OPERATION TIMES THREADS` lines from standard input and answers each with
the seconds it took. With a fourth argument, `once`, it makes one call and ends.

Every `_…` function returns the work of one peer: a dict from operation to a callable.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

Works = dict[str, Callable[[], Any]]

_ID = "d1k00000000000000001"
_PATH = f"/v1/jobs/{_ID}"
#: The operations that post, and their bodies.
_POSTS = {"create_job": "small.json", "create_large_job": "large.json"}


def _read(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text(encoding="utf-8"))


def _posts(folder: Path, work: Callable[[Any], Callable[[], Any]]) -> Works:
    return {name: work(_read(folder, file)) for name, file in _POSTS.items()}


def _openapi_core(base: str, folder: Path) -> Works:
    """openapi-core by hand: the request and the response validated around requests."""
    import requests
    from openapi_core import OpenAPI
    from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse

    session = requests.Session()
    api = OpenAPI.from_dict(_read(folder, "document.json"))

    def work(method: str, path: str, **more: Any) -> Callable[[], Any]:
        def call() -> Any:
            request = requests.Request(method, base + path, **more)
            asked = RequestsOpenAPIRequest(request)
            api.validate_request(asked)
            answer = session.send(session.prepare_request(request))
            api.validate_response(asked, RequestsOpenAPIResponse(answer))
            return answer.json()

        return call

    def unmarshalled() -> Any:
        request = requests.Request("GET", base + "/v1/jobs", params={"limit": 200})
        asked = RequestsOpenAPIRequest(request)
        api.unmarshal_request(asked)
        answer = session.send(session.prepare_request(request))
        return api.unmarshal_response(asked, RequestsOpenAPIResponse(answer)).data

    return {
        "get_job": work("GET", _PATH),
        "list_jobs": work("GET", "/v1/jobs", params={"limit": 200}),
        "list_jobs, unmarshalled": unmarshalled,
        **_posts(folder, lambda body: work("POST", "/v1/jobs", json=body)),
    }


def _aiopenapi3(base: str, folder: Path) -> Works:
    """aiopenapi3, with one HTTP client shared by all calls, as its users make it fast."""
    import httpx2
    from aiopenapi3 import OpenAPI

    class Shared(httpx2.Client):
        def close(self) -> None:
            """aiopenapi3 closes the client after each call."""

    client = Shared()

    def factory(**_: Any) -> httpx2.Client:
        return client

    # aiopenapi3 reads the annotation, which is text in this module, to tell sync from async.
    factory.__annotations__["return"] = httpx2.Client
    api = OpenAPI(base, _read(folder, "document.json"), session_factory=factory)
    return {
        "get_job": lambda: api._.get_job(parameters={"id": _ID}),
        "list_jobs": lambda: api._.list_jobs(parameters={"limit": 200}),
        **_posts(folder, lambda body: lambda: api._.create_job(data=body)),
    }


def _bravado(base: str, folder: Path) -> Works:
    """bravado, which reads Swagger 2.0 only."""
    from bravado.client import SwaggerClient

    made = SwaggerClient.from_spec(_read(folder, "swagger.json"), base)
    api = getattr(made, dir(made)[0])
    return {
        "get_job": lambda: api.get_job(id=_ID).response().result,
        "list_jobs": lambda: api.list_jobs(limit=200).response().result,
    }


def _schemathesis(base: str, folder: Path) -> Works:
    """Schemathesis, a test tool, used as a client."""
    import requests
    import schemathesis
    from schemathesis.specs.openapi import checks as known

    session = requests.Session()
    names = ("status_code_conformance", "content_type_conformance", "response_schema_conformance")
    checks = [getattr(known, name) for name in names]
    schema = schemathesis.openapi.from_dict(_read(folder, "document.json"))
    schema.config.update(base_url=base)

    def work(method: str, path: str, **more: Any) -> Callable[[], Any]:
        operation = schema[path][method]
        kind = {"media_type": "application/json"} if "body" in more else {}
        return lambda: (
            operation.Case(**more, **kind).call_and_validate(session=session, checks=checks).json()
        )

    return {
        "get_job": work("GET", "/v1/jobs/{id}", path_parameters={"id": _ID}),
        "list_jobs": work("GET", "/v1/jobs", query={"limit": 200}),
        **_posts(folder, lambda body: work("POST", "/v1/jobs", body=body)),
    }


def _openapi_python_client(base: str, folder: Path) -> Works:
    """The package that openapi-python-client generated."""
    sys.path.insert(0, str(folder))
    from generated import Client  # type: ignore[import-not-found]
    from generated.api.default import (  # type: ignore[import-not-found]
        create_job,
        get_job,
        list_jobs,
    )
    from generated.models import CreateJob  # type: ignore[import-not-found]

    client = Client(base_url=base)
    return {
        "get_job": lambda: get_job.sync(_ID, client=client),
        "list_jobs": lambda: list_jobs.sync(client=client, limit=200),
        **_posts(
            folder,
            lambda body: lambda: create_job.sync(client=client, body=CreateJob.from_dict(body)),
        ),
    }


def _openapi_generator(base: str, folder: Path) -> Works:
    """The package that openapi-generator generated (urllib3 and pydantic)."""
    sys.path.insert(0, str(folder / "generated"))
    from openapi_client import (  # type: ignore[import-not-found]
        ApiClient,
        Configuration,
        CreateJob,
        DefaultApi,
    )

    api = DefaultApi(ApiClient(Configuration(host=base)))
    return {
        "get_job": lambda: api.get_job(_ID),
        "list_jobs": lambda: api.list_jobs(limit=200),
        **_posts(folder, lambda body: lambda: api.create_job(CreateJob.from_dict(body))),
    }


def _fastmcp(base: str, folder: Path) -> Works:
    """FastMCP: the operations as tools of a server, called by a client in the same process."""
    import asyncio

    import httpx2
    from fastmcp import Client, FastMCP

    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()

    def done(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result()

    async def opened() -> Any:
        http = httpx2.AsyncClient(base_url=base)
        server = FastMCP.from_openapi(_read(folder, "document.json"), client=http)
        client = Client(server)
        await client.__aenter__()
        return client

    client = done(opened())

    def work(name: str, **arguments: Any) -> Callable[[], Any]:
        return lambda: done(client.call_tool(name, arguments)).structured_content

    return {
        "get_job": work("get_job", id=_ID),
        "list_jobs": work("list_jobs", limit=200),
        **_posts(folder, lambda body: work("create_job", **body)),
    }


PEERS: dict[str, Callable[[str, Path], Works]] = {
    "openapi-core": _openapi_core,
    "aiopenapi3": _aiopenapi3,
    "bravado": _bravado,
    "schemathesis": _schemathesis,
    "openapi-python-client": _openapi_python_client,
    "openapi-generator": _openapi_generator,
    "fastmcp": _fastmcp,
}


def _noticed(make: Callable[[str, Path], Works], base: str, folder: Path) -> str:
    """The error that an answer which breaks the document raises; empty if there is none."""
    work = make(base + "/broken", folder / "broken")["get_job"]
    try:
        work()
    except BaseException as problem:  # noqa: BLE001  some raise groups that are no Exception
        return type(problem).__name__
    return ""


def _timed(work: Callable[[], Any], times: int, threads: int) -> float:
    """The seconds that so many calls take, shared among threads."""
    share = range(times // threads)

    def turns() -> None:
        for _ in share:
            work()

    crew = [threading.Thread(target=turns) for _ in range(threads)] if threads > 1 else []
    started = perf_counter()
    for thread in crew:
        thread.start()
    if not crew:
        turns()
    for thread in crew:
        thread.join()
    return perf_counter() - started


def main() -> None:
    """Say which operations there are and whether the broken answer was noticed, then serve."""
    name, base, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    works = PEERS[name](base, folder)
    works["get_job"]()
    if sys.argv[4:] == ["once"]:
        return
    noticed = _noticed(PEERS[name], base, folder)
    print(json.dumps({"operations": sorted(works), "noticed": noticed}), flush=True)
    for line in sys.stdin:
        operation, times, threads = line.rsplit(maxsplit=2)
        print(_timed(works[operation], int(times), int(threads)), flush=True)


if __name__ == "__main__":
    main()
