"""Where an operation is served: variables, relative URLs, levels, and the caller's choice."""

from __future__ import annotations

from typing import Any

import pytest

from dynclient import Client, DocumentError, Options, Trust, load
from dynclient.operation import base_url

ENVIRONMENTS = {
    "url": "https://{env}.api.test:{port}/{base}",
    "description": "by environment",
    "variables": {
        "env": {"default": "prod", "enum": ["prod", "staging"]},
        "port": {"default": "443"},
        "base": {"default": "v2"},
    },
}


def document(**levels: Any) -> dict[str, Any]:
    operation = {"operationId": "op", "responses": {"200": {"description": "ok"}}}
    if "operation" in levels:
        operation["servers"] = levels["operation"]
    item: dict[str, Any] = {"get": operation}
    if "path" in levels:
        item["servers"] = levels["path"]
    whole = {"openapi": "3.1.1", "info": {"title": "t", "version": "1"}, "paths": {"/x": item}}
    if "root" in levels:
        whole["servers"] = levels["root"]
    return whole


def url_of(client: Client, **options: Any) -> str:
    return client.prepare("op", options=Options(**options)).url


def test_variables_take_their_defaults() -> None:
    assert url_of(Client(document(root=[ENVIRONMENTS]))) == "https://prod.api.test:443/v2/x"


def test_variables_take_the_callers_values() -> None:
    client = Client(
        document(root=[ENVIRONMENTS]), server_variables={"env": "staging", "base": "v3"}
    )
    assert url_of(client) == "https://staging.api.test:443/v3/x"


def test_a_value_outside_of_the_enum_is_refused_with_those_inside() -> None:
    client = Client(document(root=[ENVIRONMENTS]), server_variables={"env": "evil.test/?"})
    with pytest.raises(DocumentError, match="one of 'prod', 'staging'"):
        url_of(client)


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("https://{v}.api.test", "evil.test/"),
        ("https://{v}.api.test", "evil.test:80/#"),
        ("https://{v}.api.test", "evil.test?"),
        ("https://api.{v}", "x@evil.test"),
        ("https://api.test/{v}", "a?b"),
        ("https://api.test/{v}", "a#b"),
        ("https://api.test/{v}", "a\\\\b"),
    ],
)
def test_a_value_of_a_variable_leads_nowhere_else(template: str, value: str) -> None:
    server = {"url": template, "variables": {"v": {"default": "x"}}}
    with pytest.raises(DocumentError, match="would lead to another place"):
        url_of(Client(document(root=[server]), server_variables={"v": value}))


@pytest.mark.parametrize(
    ("template", "value", "url"),
    [
        ("{v}/v1", "https://own.test:8443/api", "https://own.test:8443/api/v1/x"),
        ("https://{v}", "own.test/api", "https://own.test/api/x"),
        ("https://{v}:443", "own.test", "https://own.test:443/x"),
        ("https://api.test/{v}/end", "a/b c", "https://api.test/a/b%20c/end/x"),
    ],
)
def test_a_value_may_have_several_segments(template: str, value: str, url: str) -> None:
    server = {"url": template, "variables": {"v": {"default": "x"}}}
    assert url_of(Client(document(root=[server]), server_variables={"v": value})) == url


def test_a_variable_without_a_default_asks_for_a_value() -> None:
    with pytest.raises(DocumentError, match="server_variables="):
        url_of(Client(document(root=[{"url": "https://{where}.test"}])))


@pytest.mark.parametrize(
    ("levels", "url"),
    [
        ({"root": "r"}, "https://r.test/x"),
        ({"root": "r", "path": "p"}, "https://p.test/x"),
        ({"root": "r", "path": "p", "operation": "o"}, "https://o.test/x"),
    ],
)
def test_the_innermost_level_counts(levels: dict[str, str], url: str) -> None:
    servers = {level: [{"url": f"https://{host}.test"}] for level, host in levels.items()}
    assert url_of(Client(document(**servers))) == url


@pytest.mark.parametrize("choice", [1, "https://b.test/", "the second", "b"])
def test_a_server_is_chosen_by_index_url_description_or_name(choice: str | int) -> None:
    second = {"url": "https://b.test/", "description": "the second", "name": "b"}
    client = Client(document(root=[{"url": "https://a.test"}, second]))
    assert url_of(client, server=choice) == "https://b.test/x"


@pytest.mark.parametrize("choice", [7, "nowhere"])
def test_an_unknown_server_is_refused(choice: str | int) -> None:
    client = Client(document(root=[{"url": "https://a.test"}]))
    with pytest.raises(DocumentError, match="the document has"):
        url_of(client, server=choice)


def test_base_url_goes_before_all_servers_and_keeps_its_path() -> None:
    client = Client(
        document(root=[{"url": "https://a.test"}], operation=[{"url": "https://o.test"}]),
        base_url="http://127.0.0.1:1/api/",
    )
    assert url_of(client) == "http://127.0.0.1:1/api/x"


@pytest.mark.parametrize(
    ("own", "server", "url"),
    [
        ("https://h.test/docs/openapi.json", "/v1", "https://h.test/v1"),
        ("https://h.test/docs/openapi.json", "v1", "https://h.test/docs/v1"),
        ("https://h.test/docs/openapi.json", "../v1/", "https://h.test/v1"),
        ("https://h.test:8443/openapi.json", "/", "https://h.test:8443"),
    ],
)
def test_a_relative_server_is_taken_from_the_documents_own_address(
    own: str, server: str, url: str
) -> None:
    import json

    content = json.dumps(document(root=[{"url": server}])).encode()
    opened = load(own, fetch=lambda address: (address, content))
    assert base_url(opened, opened.servers) == url


def test_a_relative_server_of_a_document_without_address_asks_for_base_url() -> None:
    with pytest.raises(DocumentError, match="pass base_url="):
        url_of(Client(document(root=[{"url": "/v1"}])))


def test_a_document_from_the_network_may_name_its_own_origin_only() -> None:
    import json

    content = json.dumps(document(root=[{"url": "https://other.test/v1"}])).encode()

    def fetch(address: str) -> tuple[str, bytes]:
        return address, content

    opened = load("https://h.test/openapi.json", fetch=fetch)
    with pytest.raises(DocumentError, match="not trusted"):
        base_url(opened, opened.servers)
    trust = Trust(origins=frozenset({"https://other.test"}))
    trusted = load("https://h.test/openapi.json", fetch=fetch, trust=trust)
    assert base_url(trusted, trusted.servers) == "https://other.test/v1"
