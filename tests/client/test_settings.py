"""What a client is given: sources that are none, defaults that nobody declares, timeouts."""

from __future__ import annotations

import json
import pickle
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from support import Whole, one_operation
from support import parameter as param
from transport.server import Server, reply

from dynclient import (
    Client,
    DocumentError,
    HttpRequest,
    HttpResponse,
    Only,
    Options,
    Timeout,
    UnknownOperation,
)
from dynclient.errors import RequestTimeout
from dynclient.operation import Operation

DOCUMENT = one_operation(
    responses={"204": {"description": "nothing"}},
    parameters=[
        param("query", {"type": "integer"}, "limit"),
        param("header", {"type": "string"}, "X-Api-Version"),
        {"$ref": "#/components/parameters/Shared"},
    ],
    components={"parameters": {"Shared": param("query", {"type": "string"}, "sort-by")}},
)
YAML = "openapi: 3.1.0\ninfo:\n  title: secret-title\n"


# ── sources ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(DOCUMENT),
        json.dumps(DOCUMENT, indent=2),
        json.dumps(DOCUMENT).encode(),
        bytearray(json.dumps(DOCUMENT).encode()),
        "{}",
        '{"a"',
        "{openapi: 3.1.0, paths: {}}",
        YAML,
        YAML.encode(),
        "# a comment\n" + YAML,
        "swagger: '2.0'",
        "x" * 100_000 + "\n" + YAML,
    ],
)
def test_the_text_of_a_document_is_told_from_its_name(text: Any) -> None:
    with pytest.raises(DocumentError, match="this is the text of a document") as caught:
        Client(text)
    assert "secret-title" not in str(caught.value)


@pytest.mark.parametrize("source", ["", " ", "\n"])
def test_an_empty_name_is_reported_as_one(source: str) -> None:
    with pytest.raises(DocumentError, match="a bundled name, a path, a URL or a mapping, not ''"):
        Client(source)


@pytest.mark.parametrize("name", ["{name}.json", "{{a.name}}.json", "openapi.json", "a b.yaml"])
def test_a_name_that_could_be_one_is_looked_for(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(json.dumps(DOCUMENT))
    for source in (path, str(path)):
        assert list(Client(source).operations) == ["op"]
    with pytest.raises(DocumentError, match="no such file"):
        Client(f"not-there/{name}")


def test_a_file_in_this_folder_may_be_called_with_braces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("{name}.json").write_text(json.dumps(DOCUMENT))
    assert list(Client("{name}.json").operations) == ["op"]


# ── the base URL ─────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.delenv("DYNCLIENT_DOC", raising=False)
    monkeypatch.setenv("DYNCLIENT_BASE_URL", "http://127.0.0.1:9/api/")
    monkeypatch.setenv("DYNCLIENT_AUTH_IBMCLOUDAUTH", "from-environment")
    monkeypatch.setenv("DYNCLIENT_AUTH_SERVICECRN", "crn:v1:a:b:c:d:e:f::")
    return monkeypatch


def test_the_base_url_of_the_environment_goes_with_its_credentials(
    surroundings: pytest.MonkeyPatch,
) -> None:
    client = Client("qiskit-runtime")
    request = client.prepare("list_jobs")
    assert request.url == "http://127.0.0.1:9/api/v1/jobs"
    assert request.headers["Authorization"] == "Bearer from-environment"
    assert client.explain("list_jobs").server == "http://127.0.0.1:9/api (DYNCLIENT_BASE_URL)"
    assert "127.0.0.1:9" in repr(client)


def test_a_base_url_that_is_given_goes_before_that_of_the_environment(
    surroundings: pytest.MonkeyPatch,
) -> None:
    client = Client("qiskit-runtime", base_url="http://mine.test")
    assert client.prepare("list_jobs").url == "http://mine.test/v1/jobs"
    assert "DYNCLIENT_BASE_URL" not in client.explain("list_jobs").server
    bare = client.with_options(base_url=None)
    assert bare.prepare("list_jobs").url == "http://127.0.0.1:9/api/v1/jobs"
    surroundings.delenv("DYNCLIENT_BASE_URL")
    assert "cloud.ibm.com" in client.with_options(base_url=None).prepare("list_jobs").url


def test_the_base_url_of_the_environment_is_for_the_usual_document_only(
    surroundings: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "qiskit-runtime"
    path.write_text(json.dumps({**DOCUMENT, "servers": [{"url": "http://its.own"}]}))
    for source in (path, str(path), json.loads(path.read_text())):
        assert Client(source).prepare("op").url.startswith("http://its.own/")
    surroundings.setenv("DYNCLIENT_DOC", "other.yaml")
    assert "cloud.ibm.com" in Client("qiskit-runtime").prepare("list_jobs").url


@pytest.mark.parametrize(
    "value", ["ftp://secret.test", "http://h/?key=secret", "secret", "http://["]
)
def test_a_base_url_of_the_environment_that_is_none_is_refused_unseen(
    value: str, surroundings: pytest.MonkeyPatch
) -> None:
    surroundings.setenv("DYNCLIENT_BASE_URL", value)
    with pytest.raises(DocumentError, match="DYNCLIENT_BASE_URL") as caught:
        Client("qiskit-runtime")
    assert value not in str(caught.value)
    surroundings.setenv("DYNCLIENT_BASE_URL", "")
    assert "cloud.ibm.com" in Client("qiskit-runtime").prepare("list_jobs").url


# ── defaults ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("limt", "no operation has a parameter 'limt'; did you mean 'limit'?"),
        ("X-Api-Versoin", "did you mean 'X-Api-Version'?"),
        ("sort_bye", "did you mean 'sort_by'?"),
        ("Accept", "no operation has a parameter 'Accept'$"),
    ],
)
def test_a_default_that_no_operation_declares_is_refused(name: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Client(DOCUMENT, defaults={"limit": 1, name: 1})
    client = Client(DOCUMENT, defaults={"limit": 1})
    with pytest.raises(ValueError, match=said):
        client.with_options(defaults={name: 1})


def test_every_default_that_nobody_declares_is_named_at_once() -> None:
    with pytest.raises(ValueError, match=r"'limt'; did you mean 'limit'.*, or 'qqq'$"):
        Client(DOCUMENT, defaults={"limt": 1, "qqq": 2})


@pytest.mark.parametrize("name", ["limit", "X-Api-Version", "x_api_version", "sort-by", "sort_by"])
def test_a_default_goes_by_wire_name_or_by_argument_name(name: str) -> None:
    request = Client(DOCUMENT, defaults={name: 7}, validate="off").prepare("op")
    assert "7" in request.url or request.headers["X-Api-Version"] == "7"


def test_a_default_for_a_member_of_a_body_is_told_that_defaults_are_parameters() -> None:
    said = "'program_id'; it is a member of a body, and defaults are for parameters only$"
    with pytest.raises(ValueError, match=said):
        Client("qiskit-runtime", defaults={"program_id": "sampler"})


@pytest.mark.parametrize("defaults", [["limit"], "limit", [], 5])
def test_defaults_that_are_no_mapping_are_refused(defaults: Any) -> None:
    with pytest.raises(TypeError, match=f"takes a mapping of .* not {type(defaults).__name__}$"):
        Client(DOCUMENT, defaults=defaults)
    with pytest.raises(TypeError, match="takes a mapping"):
        Client(DOCUMENT).with_options(defaults=defaults)


def test_a_default_for_one_of_two_places_goes_by_the_name_that_tells_which() -> None:
    document = one_operation(
        path="/{id}", parameters=[param("path", {}, "id"), param("query", {}, "id")]
    )
    client = Client(document, defaults={"query_id": "q"})
    assert client.prepare("op", path_id="p").url.endswith("/p?id=q")
    with pytest.raises(ValueError, match="no operation has a parameter 'header_id'"):
        Client(document, defaults={"header_id": "q"})


def test_a_default_may_be_declared_in_another_file(tmp_path: Path) -> None:
    (tmp_path / "more.json").write_text(json.dumps({"p": param("query", {}, "far")}))
    document = one_operation(parameters=[{"$ref": "more.json#/p"}])
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(document))
    assert Client(path, defaults={"far": 1}).prepare("op").url.endswith("?far=1")


def test_a_broken_operation_does_not_keep_a_default_from_being_judged() -> None:
    document = one_operation(parameters=[{"$ref": "#/nowhere"}])
    document["paths"]["/other"] = {"get": {"operationId": "other", "parameters": "none"}}
    document["paths"]["/third"] = {
        "parameters": [{"name": ["x"], "in": "query"}, 3, param("query", {}, "page")],
        "get": {"operationId": "third"},
    }
    assert Client(document, defaults={"page": 1}).prepare("third", {}) is not None
    with pytest.raises(ValueError, match="did you mean 'page'"):
        Client(document, defaults={"pag": 1})


def test_a_default_that_is_declared_has_no_operation_worked_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_: Operation) -> Any:
        raise AssertionError("the parameters of an operation were read")

    document = one_operation()
    for number in range(100):
        entry = {"operationId": f"op{number}", "parameters": [param("query", {}, f"n-{number}")]}
        document["paths"][f"/{number}"] = {"get": entry}
    monkeypatch.setattr(Operation, "parameters", property(refuse))
    client = Client(document, defaults={"n-99": 1, "n_50": 2})
    client.with_options(defaults={"n-0": 1})


# ── timeouts ─────────────────────────────────────────────────────────────────────────────────────


class Kept(Whole):
    """A transport of the caller's, which keeps the timeouts that it is told."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def send(self, request: HttpRequest) -> HttpResponse:
        self.seen.append(request.timeout)
        return HttpResponse(204)


def test_a_timeout_counts_over_a_transport_of_the_callers_too() -> None:
    kept = Kept()
    client = Client(DOCUMENT, transport=kept, timeout=(1.5, 3))
    client.call("op")
    client.call("op", options=Options(timeout=9))
    client.with_options(validate="warn").call("op")
    Client(DOCUMENT, transport=kept).call("op")
    assert kept.seen == [Timeout(1.5, 3), Timeout(9, 9), Timeout(1.5, 3), None]


def test_the_timeout_of_a_call_comes_first_then_that_of_with_options() -> None:
    kept = Kept()
    client = Client(DOCUMENT, transport=kept, timeout=5)
    other = client.with_options(timeout=(1, 2))
    other.call("op")
    other.call("op", options=Options(timeout=9))
    other.with_options(validate="off").call("op")
    other.with_options(timeout=None).call("op")
    with other.stream("op") as response:
        assert response.status == 204
    client.call("op")
    assert kept.seen == [
        *(Timeout(1, 2), Timeout(9, 9), Timeout(1, 2), None, Timeout(1, 2), Timeout(5, 5))
    ]


@pytest.mark.sync("a Session is not for AsyncClient")
@pytest.mark.parametrize("given", ["nothing", "session"])
def test_with_options_changes_the_timeout_on_a_transport_of_our_own(given: str) -> None:
    def handler(request: Any, _: Any) -> bytes:
        time.sleep(0.3)
        return reply(b"", "204 No Content")

    server = Server(handler)
    transport = {"transport": requests.Session()} if given == "session" else {}
    try:
        with Client(DOCUMENT, base_url=server.url, timeout=0.05, **transport) as client:
            patient = client.with_options(timeout=20)
            assert patient.call("op") is None
            assert client.with_options(timeout=None).call("op") is None  # the default: 30
            with pickle.loads(pickle.dumps(patient)) as copy:
                assert copy.call("op") is None
            for hasty in (client, client.with_options(validate="off"), patient):
                with pytest.raises(RequestTimeout, match=r"0\.05"):
                    hasty.call("op", options=Options(timeout=0.05) if hasty is patient else None)
            assert patient.call("op") is None
    finally:
        for session in transport.values():
            session.close()
        server.close()


@pytest.mark.parametrize(
    ("timeout", "kind"), [(0, ValueError), (-1, ValueError), ((1, float("inf")), ValueError),
                          ("5", TypeError), ((1, 2, 3), TypeError), ((1,), TypeError),
                          (True, TypeError), ((1, True), TypeError)]
)  # fmt: skip
@pytest.mark.parametrize("transport", [None, Kept()])
def test_a_timeout_that_is_none_is_refused_at_once(
    timeout: Any, kind: type[Exception], transport: Any
) -> None:
    with pytest.raises(kind, match="a timeout is"):
        Client(DOCUMENT, transport=transport, timeout=timeout)
    with pytest.raises(kind, match="a timeout is"):
        Client(DOCUMENT, transport=transport).with_options(timeout=timeout)


def test_only_the_operations_that_are_asked_for_are_there() -> None:
    responses = {"200": {"description": "ok"}}
    paths = {
        path: {"get": {"operationId": name, "tags": [tag], "responses": responses}}
        for path, name, tag in (("/a", "a", "one"), ("/b", "b", "two"), ("/c", "c", "three"))
    }
    whole = {"openapi": "3.1.1", "info": {"title": "t", "version": "1"}, "paths": paths}
    client = Client(whole, base_url="http://a.test", only=Only(tags=["one"], operations=["c"]))
    assert list(client.operations) == ["a", "c"]
    assert dir(client.ops) == ["a", "c"]
    with pytest.raises(UnknownOperation):
        client.prepare("b")
    assert list(pickle.loads(pickle.dumps(client)).operations) == ["a", "c"]
    with pytest.raises(ValueError, match="only=: the document has nothing for tags: 'four'"):
        Client(whole, only=Only(tags=["four"]))


def test_the_way_of_deep_objects_is_a_clients_or_a_calls() -> None:
    entry = param("query", {}, "q", style="deepObject")
    client = Client(one_operation(parameters=[entry]), deep_object="brackets")
    assert client.prepare("op", q={"a": [1]}).url.endswith("?q%5Ba%5D%5B%5D=1")
    options = Options(deep_object="indices")
    assert client.prepare("op", q={"a": [1]}, options=options).url.endswith("?q%5Ba%5D%5B0%5D=1")
    other = client.with_options(deep_object="repeat")
    assert other.prepare("op", q={"a": [1]}).url.endswith("?q%5Ba%5D=1")
