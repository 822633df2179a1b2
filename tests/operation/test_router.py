"""Which operation a request belongs to: paths, servers, slashes, and every real document."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from corpus.material import REASON, folder
from support import parameter

from dynclient import Client, DocumentError, load
from dynclient.operation import Operations, base_url
from dynclient.operation.router import Router

CORPUS = folder("corpus")
OK = {"200": {"description": "ok"}}


def document(*routes: Any, servers: Any = ({"url": "http://a.test/v1"},)) -> dict[str, Any]:
    """A document of (METHOD, path) pairs, named by `METHOD path`; a third part is added to it."""
    paths: dict[str, Any] = {}
    for method, path, *more in routes:
        operation = {
            "operationId": f"{method} {path}",
            "responses": OK,
            **(more[0] if more else {}),
        }
        paths.setdefault(path, {})[method.lower()] = operation
    whole = {"openapi": "3.1.1", "info": {"title": "T", "version": "1"}, "paths": paths}
    return {**whole, "servers": list(servers)} if servers else whole


def found(whole: dict[str, Any], method: str, url: str, **settings: Any) -> Any:
    match = Router(Operations(load(whole)), **settings).match(method, url)
    return match and (match.operation.name, match.arguments)


PETS = document(
    ("GET", "/pets"),
    ("POST", "/pets"),
    ("GET", "/pets/{id}"),
    ("GET", "/pets/mine"),
    ("GET", "/pets/{id}/toys/{toy}"),
    ("GET", "/pets/mine/toys/{toy}"),
    ("GET", "/pets/{id}/toys/ball"),
    ("GET", "/pets/{id}.json"),
    ("GET", "/pets/v{major}.{minor}"),
    ("GET", "/{any}/{thing}"),
    ("GET", "/ä b/{x}"),
    ("GET", "/"),
)


@pytest.mark.parametrize(
    ("method", "path", "name", "arguments"),
    [
        ("GET", "/pets", "/pets", {}),
        ("POST", "/pets", "/pets", {}),
        ("GET", "/pets?limit=1#x", "/pets", {}),
        ("GET", "/pets/7", "/pets/{id}", {"id": "7"}),
        ("GET", "/pets/mine", "/pets/mine", {}),
        ("GET", "/pets/m%69ne", "/pets/mine", {}),
        ("GET", "/pets/a%2Fb", "/pets/{id}", {"id": "a%2Fb"}),
        ("GET", "/pets/a%2cb,c", "/pets/{id}", {"id": "a%2cb,c"}),
        ("GET", "/pets/7.json", "/pets/{id}.json", {"id": "7"}),
        ("GET", "/pets/.json", "/pets/{id}", {"id": ".json"}),
        ("GET", "/pets/v1.2.3", "/pets/v{major}.{minor}", {"major": "1", "minor": "2.3"}),
        ("GET", "/pets/mine/toys/ball", "/pets/mine/toys/{toy}", {"toy": "ball"}),
        ("GET", "/pets/7/toys/ball", "/pets/{id}/toys/ball", {"id": "7"}),
        ("GET", "/pets/7/toys/x", "/pets/{id}/toys/{toy}", {"id": "7", "toy": "x"}),
        ("GET", "/cats/7", "/{any}/{thing}", {"any": "cats", "thing": "7"}),
        ("GET", "/%C3%A4%20b/1", "/ä b/{x}", {"x": "1"}),
        ("GET", "/%c3%a4%20b/1", "/ä b/{x}", {"x": "1"}),
        ("GET", "/", "/", {}),
        ("GET", "", "/", {}),
        # a slash at the end, too many or too few
        ("GET", "/pets/", "/pets", {}),
        ("GET", "/pets/7/", "/pets/{id}", {"id": "7"}),
        ("GET", "/pets/mine/", "/pets/mine", {}),
        # an empty segment breaks the document, and still belongs to an operation
        ("GET", "/pets//toys/x", "/pets/{id}/toys/{toy}", {"id": "", "toy": "x"}),
    ],
)
def test_the_most_concrete_path_is_found(
    method: str, path: str, name: str, arguments: dict[str, str]
) -> None:
    expected = (f"{method} {name}", arguments)
    assert found(PETS, method, f"http://a.test/v1{path}") == expected
    assert found(PETS, method, f"/v1{path}") == expected


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("DELETE", "http://a.test/v1/pets"),
        ("get", "http://a.test/v1/pets"),
        ("GET", "http://a.test/pets"),
        ("GET", "http://a.test/v1x/pets"),
        ("GET", "http://a.test:81/v1/pets"),
        ("GET", "https://a.test/v1/pets"),
        ("GET", "http://b.test/v1/pets"),
        ("GET", "http://a.test/v1/a/b/c"),
        ("GET", "http://a.test:x/v1/pets"),
        ("GET", "/v1/pets/7/toys"),
    ],
)
def test_what_belongs_to_no_operation_is_none(method: str, url: str) -> None:
    assert found(PETS, method, url) is None


TEMPLATED = {
    "url": "https://{region}.a.test:{port}/{base}/api",
    "variables": {
        "region": {"default": "eu", "enum": ["eu", "US"]},
        "port": {"default": "443"},
        "base": {"default": "v1"},
    },
}


@pytest.mark.parametrize(
    ("servers", "url", "is_found"),
    [
        ([TEMPLATED], "https://eu.a.test/v1/api/x", True),
        ([TEMPLATED], "https://us.A.test:8443/v9/api/x", True),
        ([TEMPLATED], "https://xx.a.test/v1/api/x", False),
        ([TEMPLATED], "https://eu.a.test/v1/v2/api/x", False),
        ([TEMPLATED], "/anything/api/x", True),
        ([{"url": "{base}", "variables": {"base": {"default": "/a/b"}}}], "/c/d/e/x", True),
        ([{"url": "/v1/"}], "http://anywhere/v1/x", True),
        ([{"url": "v1"}], "http://anywhere/v1/x", True),
        ([], "http://anywhere/x", True),
        ([{"url": "http://a.test:80/v1"}], "http://a.test/v1/x", True),
        ([{"url": "http://a.test/v1"}], "http://A.test:80/v1/x", True),
        ([{"url": "http://a.test/%C3%A4"}], "http://a.test/ä/x", True),
        ([{"url": "http://a.test/ä"}], "http://a.test/%c3%a4/x", True),
        ([{"url": "http://[::1]:8000"}], "http://[::1]:8000/x", True),
        ([{"url": "http://a.test"}, {"url": "http://b.test/b"}], "http://b.test/b/x", True),
        ([{"url": "http://a.test?key=1"}], "http://a.test/x", True),
    ],
)
def test_every_server_of_the_document_is_known(servers: Any, url: str, is_found: bool) -> None:
    name = found(document(("GET", "/x"), servers=servers), "GET", url)
    assert name == (("GET /x", {}) if is_found else None)


def test_the_longest_prefix_is_meant() -> None:
    own = {"servers": [{"url": "http://a.test/v1"}]}
    whole = document(("GET", "/x", own), ("GET", "/v1/x"), servers=[{"url": "http://a.test"}])
    assert found(whole, "GET", "http://a.test/v1/x") == ("GET /x", {})
    assert found(whole, "GET", "http://a.test/x") is None


def test_an_operation_is_found_at_its_own_servers_only() -> None:
    own = {"servers": [{"url": "http://files.test"}]}
    whole = document(("GET", "/x", own), ("PUT", "/x"))
    assert found(whole, "GET", "http://files.test/x") == ("GET /x", {})
    assert found(whole, "GET", "http://a.test/v1/x") is None
    assert found(whole, "PUT", "http://a.test/v1/x") == ("PUT /x", {})


def test_a_base_url_stands_for_all_servers() -> None:
    own = {"servers": [{"url": "http://files.test"}]}
    whole = document(("GET", "/x", own), ("PUT", "/x"))
    for method in ("GET", "PUT"):
        url = "http://127.0.0.1:8000/api/x"
        assert found(whole, method, url, base_url="http://127.0.0.1:8000/api/")
    assert found(whole, "PUT", "http://a.test/v1/x", base_url="http://127.0.0.1:8000/api") is None


def test_a_relative_server_is_where_the_document_is() -> None:
    whole = document(("GET", "/x"), servers=[{"url": "../v2"}])
    opened = load("http://a.test/docs/api.json", fetch=lambda url: (url, _json(whole)))
    router = Router(Operations(opened))
    assert router.match("GET", "http://a.test/v2/x")
    assert router.match("GET", "http://b.test/v2/x") is None


def _json(value: Any) -> bytes:
    import json

    return json.dumps(value).encode()


def test_templates_with_a_query_are_told_apart_by_it() -> None:
    whole = document(("GET", "/x"), ("GET", "/x?view=info"), ("GET", "/x?view=full&deep=1"))
    assert found(whole, "GET", "/v1/x?a=1&view=info") == ("GET /x?view=info", {})
    assert found(whole, "GET", "/v1/x?deep=1&view=full") == ("GET /x?view=full&deep=1", {})
    assert found(whole, "GET", "/v1/x?view=other") == ("GET /x", {})


def test_an_empty_value_that_the_schema_allows_goes_before_a_slash_too_many() -> None:
    allowed = {"parameters": [parameter("path", {"minLength": 0}, "k")]}
    other = {"parameters": [parameter("path", {}, "k")]}
    whole = document(
        ("GET", "/s"), ("GET", "/s/{k}", allowed), ("GET", "/t"), ("GET", "/t/{k}", other)
    )
    assert found(whole, "GET", "/v1/s/") == ("GET /s/{k}", {"k": ""})
    assert found(whole, "GET", "/v1/t/") == ("GET /t", {})


def test_a_hostile_path_is_looked_up_in_linear_time() -> None:
    whole = document(("GET", "/a/{b}{c}{d}{e}x"), ("GET", "/{p}/{q}"))
    assert found(whole, "GET", "/v1/" + "a/" * 20_000) is None
    assert found(whole, "GET", "/v1/a/" + "y" * 2_000) == (
        "GET /{p}/{q}",
        {"p": "a", "q": "y" * 2_000},
    )


@pytest.mark.skipif(not CORPUS.is_dir(), reason=REASON)
@pytest.mark.parametrize(
    "path",
    sorted(path for path in CORPUS.glob("*.json") if path.stat().st_size < 4_000_000),
    ids=lambda path: path.stem,
)
def test_every_operation_of_a_real_document_is_found_by_its_own_url(path: Path) -> None:
    opened = load(path)
    operations = Operations(opened)
    router = Router(operations)
    local = Router(operations, "http://127.0.0.1:1/p")
    for operation in operations.values():
        names = re.findall(r"\{([^{}]*)\}", operation.path)
        texts = {name: quote(f"v/{i}", safe="") for i, name in enumerate(names)}
        sent = re.sub(r"\{([^{}]*)\}", lambda match, texts=texts: texts[match[1]], operation.path)
        sent = quote(sent.partition("#")[0], safe="/?%=&:@!$'()*+,;")
        try:
            urls = [base_url(opened, operation.servers) + sent]
        except DocumentError:  # its server is relative, and the document is a file
            urls = [urlsplit(f"http://any{operation.servers[0]['url']}").path.rstrip("/") + sent]
        for which, url in ((router, urls[0]), (local, f"http://127.0.0.1:1/p{sent}")):
            match = which.match(operation.method, url)
            assert match is not None, (operation, url)
            assert _shape(match.operation) == _shape(operation)
            assert list(match.arguments.values()) == [texts[name] for name in names]


def _shape(operation: Any) -> tuple[str, str]:
    """What no request can tell apart: names of placeholders, and what stands behind `#`."""
    return operation.method, re.sub(r"\{[^{}]*\}", "{}", operation.path.partition("#")[0])


def test_the_arguments_are_what_parameters_are_read_from() -> None:
    entry = parameter("path", {"type": "array", "items": {"type": "integer"}}, "ids", style="label")
    client = Client(document(("GET", "/x/{ids}", {"parameters": [entry]})))
    request = client.prepare("GET /x/{ids}", ids=[1, 2])
    match = Router(client.operations).match("GET", request.url)
    assert match is not None
    values = match.operation.read_parameters(match.arguments, "", request.headers)
    assert values == {"path.ids": [1, 2]}
