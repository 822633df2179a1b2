"""One peer at work, in its own environment: builds its client, then runs what it is told.

Run by `peers.py` with the peer's interpreter: peer_worker.py NAME BASE FOLDER. The folder holds
document.json and swagger.json (for BASE), broken.json and broken-swagger.json (the same below
/broken), body.json, and what the peer's own tools generated. Reads `OPERATION TIMES` lines from
standard input and answers each with the seconds it took.

Every `_…` function returns the work of one peer: a dict from operation to a callable.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

Works = dict[str, Callable[[], Any]]

_ID = "d1k00000000000000001"
_PATH = f"/v1/jobs/{_ID}"


def _read(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text(encoding="utf-8"))


def _openapi_core(base: str, folder: Path) -> Works:
    """openapi-core by hand: the request and the response validated around requests."""
    import requests
    from openapi_core import OpenAPI
    from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse

    session = requests.Session()
    body = _read(folder, "body.json")

    def work(document: str, method: str, path: str, **more: Any) -> Callable[[], Any]:
        api = OpenAPI.from_dict(_read(folder, document))
        url = base + ("/broken" if "broken" in document else "") + path

        def call() -> Any:
            request = requests.Request(method, url, **more)
            asked = RequestsOpenAPIRequest(request)
            api.validate_request(asked)
            answer = session.send(session.prepare_request(request))
            api.validate_response(asked, RequestsOpenAPIResponse(answer))
            return answer.json()

        return call

    return {
        "get_job": work("document.json", "GET", _PATH),
        "list_jobs": work("document.json", "GET", "/v1/jobs", params={"limit": 200}),
        "create_job": work("document.json", "POST", "/v1/jobs", json=body),
        "broken": work("broken.json", "GET", _PATH),
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
    body = _read(folder, "body.json")
    api = OpenAPI(base, _read(folder, "document.json"), session_factory=factory)
    broken = OpenAPI(base, _read(folder, "broken.json"), session_factory=factory)
    return {
        "get_job": lambda: api._.get_job(parameters={"id": _ID}),
        "list_jobs": lambda: api._.list_jobs(parameters={"limit": 200}),
        "create_job": lambda: api._.create_job(data=body),
        "broken": lambda: broken._.get_job(parameters={"id": _ID}),
    }


def _bravado(base: str, folder: Path) -> Works:
    """bravado, which reads Swagger 2.0 only."""
    from bravado.client import SwaggerClient

    def resource(document: str) -> Any:
        made = SwaggerClient.from_spec(_read(folder, document), base)
        return getattr(made, dir(made)[0])

    api, broken = resource("swagger.json"), resource("broken-swagger.json")
    return {
        "get_job": lambda: api.get_job(id=_ID).response().result,
        "list_jobs": lambda: api.list_jobs(limit=200).response().result,
        "broken": lambda: broken.get_job(id=_ID).response().result,
    }


def _schemathesis(base: str, folder: Path) -> Works:
    """Schemathesis, a test tool, used as a client."""
    import requests
    import schemathesis
    from schemathesis.specs.openapi import checks as known

    session = requests.Session()
    body = _read(folder, "body.json")
    names = ("status_code_conformance", "content_type_conformance", "response_schema_conformance")
    checks = [getattr(known, name) for name in names]

    def work(document: str, method: str, path: str, **more: Any) -> Callable[[], Any]:
        schema = schemathesis.openapi.from_dict(_read(folder, document))
        url = base + ("/broken" if "broken" in document else "")
        schema.config.update(base_url=url)
        operation = schema[path][method]
        kind = {"media_type": "application/json"} if "body" in more else {}
        return lambda: (
            operation.Case(**more, **kind).call_and_validate(session=session, checks=checks).json()
        )

    return {
        "get_job": work("document.json", "GET", "/v1/jobs/{id}", path_parameters={"id": _ID}),
        "list_jobs": work("document.json", "GET", "/v1/jobs", query={"limit": 200}),
        "create_job": work("document.json", "POST", "/v1/jobs", body=body),
        "broken": work("broken.json", "GET", "/v1/jobs/{id}", path_parameters={"id": _ID}),
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

    client, broken = Client(base_url=base), Client(base_url=base + "/broken")
    body = _read(folder, "body.json")
    return {
        "get_job": lambda: get_job.sync(_ID, client=client),
        "list_jobs": lambda: list_jobs.sync(client=client, limit=200),
        "create_job": lambda: create_job.sync(client=client, body=CreateJob.from_dict(body)),
        "broken": lambda: get_job.sync(_ID, client=broken),
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
    broken = DefaultApi(ApiClient(Configuration(host=base + "/broken")))
    body = _read(folder, "body.json")
    return {
        "get_job": lambda: api.get_job(_ID),
        "list_jobs": lambda: api.list_jobs(limit=200),
        "create_job": lambda: api.create_job(CreateJob.from_dict(body)),
        "broken": lambda: broken.get_job(_ID),
    }


PEERS: dict[str, Callable[[str, Path], Works]] = {
    "openapi-core": _openapi_core,
    "aiopenapi3": _aiopenapi3,
    "bravado": _bravado,
    "schemathesis": _schemathesis,
    "openapi-python-client": _openapi_python_client,
    "openapi-generator": _openapi_generator,
}


def main() -> None:
    """Say which operations there are and whether the broken answer was noticed, then serve."""
    name, base, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    works = PEERS[name](base, folder)
    works["get_job"]()
    noticed = ""
    try:
        works.pop("broken")()
    except BaseException as problem:  # noqa: BLE001  some raise groups that are no Exception
        noticed = type(problem).__name__
    print(json.dumps({"operations": sorted(works), "noticed": noticed}), flush=True)
    for line in sys.stdin:
        operation, times = line.split()
        work, turns = works[operation], range(int(times))
        started = perf_counter()
        for _ in turns:
            work()
        print(perf_counter() - started, flush=True)


if __name__ == "__main__":
    main()
