"""Security schemes that requirements name by URI (OpenAPI 3.2.0, Security Requirement Object)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support import Scripted, one_operation

from dynclient import AuthError, NotLoaded, load
from dynclient.credentials import schemes_of

BEARER = {"type": "http", "scheme": "bearer"}
KEY = {"type": "apiKey", "in": "header", "name": "X-Key"}


def secured(name: str, version: str = "3.2.0", **more: Any) -> dict[str, Any]:
    document = one_operation(
        version=version, components={"securitySchemes": {"bearer": BEARER, "a/b": KEY}}
    )
    requirements = [{name: []}]
    if more.get("root"):
        document["security"] = requirements
    else:
        document["paths"]["/thing"]["get"]["security"] = requirements
    return document


FILES = {"sec.yaml": {"schemes": {"key": KEY}}, "bearer": KEY}


@pytest.mark.parametrize("root", [False, True])
@pytest.mark.parametrize(
    ("name", "auth", "sent"),
    [
        ("bearer", "bearer", ("authorization", "Bearer secret")),
        ("#/components/securitySchemes/bearer", "bearer", ("authorization", "Bearer secret")),
        ("api.json#/components/securitySchemes/a~1b", "a/b", ("x-key", "secret")),
        ("#/components/securitySchemes/a~1b", "a/b", ("x-key", "secret")),
        ("a/b", "a/b", ("x-key", "secret")),
        ("./bearer", "./bearer", ("x-key", "secret")),
        ("sec.yaml#/schemes/key", "sec.yaml#/schemes/key", ("x-key", "secret")),
    ],
)  # fmt: skip
def test_a_requirement_may_name_a_scheme_by_uri(
    service: Scripted, tmp_path: Path, root: bool, name: str, auth: str, sent: tuple[str, str]
) -> None:
    for file, content in {**FILES, "api.json": secured(name, root=root)}.items():
        (tmp_path / file).write_text(json.dumps(content))
    client = service.client(tmp_path / "api.json", auth={auth: "secret"})
    client.call("op")
    assert service.received[-1].headers[sent[0]] == sent[1]
    assert "secret" not in str(client.explain("op"))
    with pytest.raises(AuthError, match="missing") as caught:
        service.client(tmp_path / "api.json").call("op")
    assert caught.value.missing == (auth,)


@pytest.mark.parametrize("version", ["3.0.4", "3.1.1"])
def test_before_32_a_name_is_that_of_a_component(service: Scripted, version: str) -> None:
    client = service.client(secured("#/components/securitySchemes/bearer", version))
    with pytest.raises(AuthError, match="not declared by the document"):
        client.call("op")


@pytest.mark.parametrize("name", ["absent", "#/components/securitySchemes/absent", "http://[no"])
def test_a_uri_that_leads_nowhere_is_no_scheme(service: Scripted, name: str) -> None:
    with pytest.raises(AuthError, match="not declared by the document"):
        service.client(secured(name)).call("op")


def test_a_scheme_at_a_url_is_asked_for() -> None:
    home = "https://h.test/openapi.json"
    content = json.dumps(secured("sec.json#/key")).encode()
    document = load(home, fetch=lambda _: (home, content))
    with pytest.raises(NotLoaded) as caught:
        schemes_of(document)
    assert caught.value.uri == "https://h.test/sec.json"
    document.add(caught.value.uri, json.dumps({"key": KEY}).encode())
    assert schemes_of(document)["sec.json#/key"].parameter_name == "X-Key"
    assert list(schemes_of(document)) == ["bearer", "a/b", "sec.json#/key"]
