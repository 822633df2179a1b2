"""One call of one peer with GitHub's document, in a fresh process.

Run by `starts.py` with the peer's interpreter: peer_github.py NAME BASE DOCUMENT GENERATED, where
GENERATED is the folder with what the peer's own tools generated from the document, if they did.
Every function makes the call that dynclient makes in the same row.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_OWNER, _REPO = "o", "r"
_PATH = "/repos/{owner}/{repo}"


def _read(document: Path, base: str) -> Any:
    data = json.loads(document.read_bytes())
    data["servers"] = [{"url": base}]
    return data


def _openapi_core(base: str, document: Path, _: Path, **config: Any) -> None:
    import requests
    from openapi_core import Config, OpenAPI
    from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse

    api = OpenAPI.from_dict(_read(document, base), config=Config(**config) if config else None)
    session = requests.Session()
    request = requests.Request("GET", base + _PATH.format(owner=_OWNER, repo=_REPO))
    asked = RequestsOpenAPIRequest(request)
    api.validate_request(asked)
    answer = session.send(session.prepare_request(request))
    api.validate_response(asked, RequestsOpenAPIResponse(answer))
    answer.json()


def _openapi_core_unchecked(base: str, document: Path, folder: Path) -> None:
    """openapi-core, told not to look whether the document is right."""
    _openapi_core(base, document, folder, spec_validator_cls=None)


def _schemathesis(base: str, document: Path, _: Path) -> None:
    import schemathesis
    from schemathesis.specs.openapi import checks as known

    names = ("status_code_conformance", "content_type_conformance", "response_schema_conformance")
    schema = schemathesis.openapi.from_dict(_read(document, base))
    schema.config.update(base_url=base)
    case = schema[_PATH]["get"].Case(path_parameters={"owner": _OWNER, "repo": _REPO})
    case.call_and_validate(checks=[getattr(known, name) for name in names]).json()


def _openapi_python_client(base: str, _: Path, folder: Path) -> None:
    sys.path.insert(0, str(folder))
    from generated import Client  # type: ignore[import-not-found]
    from generated.api.repos import reposget  # type: ignore[import-not-found]

    reposget.sync(_OWNER, _REPO, client=Client(base_url=base))


def _openapi_generator(base: str, _: Path, folder: Path) -> None:
    sys.path.insert(0, str(folder / "generated"))
    from openapi_client import (  # type: ignore[import-not-found]
        ApiClient,
        Configuration,
        ReposApi,
    )

    ReposApi(ApiClient(Configuration(host=base))).repos_get(_OWNER, _REPO)


PEERS: dict[str, Callable[[str, Path, Path], None]] = {
    "openapi-core": _openapi_core,
    "openapi-core, document unchecked": _openapi_core_unchecked,
    "schemathesis": _schemathesis,
    "openapi-python-client": _openapi_python_client,
    "openapi-generator": _openapi_generator,
}


if __name__ == "__main__":
    PEERS[sys.argv[1]](sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
