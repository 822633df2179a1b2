"""The client's face: options, attributes, explanations, threads, pickles, life cycle."""

from __future__ import annotations

import inspect
import json
import pickle
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from support import (
    BASE,
    Answer,
    Scripted,
    Whole,
    answering,
    json_answer,
    json_content,
    one_operation,
)
from support import parameter as param
from transport.server import Server, reply

from dynclient import (
    Client,
    DocumentError,
    Headers,
    HttpResponse,
    InvalidRequest,
    InvalidResponse,
    Options,
    errors,
)
from dynclient.errors import NotFound, TooManyRequests

DOCUMENT = one_operation(
    method="post",
    path="/jobs/{id}",
    summary="Change a job",
    description="Changes what is asked for.",
    parameters=[
        param("path", {"type": "string"}, "id"),
        param("query", {"type": "integer", "default": 20}, "limit", description="How many."),
        param("query", {"type": "string"}, "sort"),
        param("header", {"type": "boolean"}, "X-Verbose"),
    ],
    content=json_content({"properties": {"name": {}, "class": {}, "limit": {}}}),
    body_required=False,
    responses=answering({"type": "object"}),
)


# ── ops ──────────────────────────────────────────────────────────────────────────────────────────


def test_an_operation_as_an_attribute_has_a_real_signature() -> None:
    signature = inspect.signature(Client(DOCUMENT).ops.op)
    assert list(signature.parameters) == [
        "id", "limit", "sort", "x_verbose", "name", "class_", "body", "options",
    ]  # fmt: skip
    assert signature.parameters["id"].default is inspect.Parameter.empty
    assert signature.parameters["limit"].default is None
    assert {p.kind for p in signature.parameters.values()} == {inspect.Parameter.KEYWORD_ONLY}
    annotations = {name: p.annotation for name, p in signature.parameters.items()}
    assert annotations["limit"] is int
    assert annotations["sort"] is str
    assert annotations["x_verbose"] is bool


def test_its_help_names_every_argument_and_response() -> None:
    text = inspect.getdoc(Client(DOCUMENT).ops.op) or ""
    assert text.startswith("Change a job\n\nChanges what is asked for.")
    assert "limit: integer, in query, optional, the service's default is 20. How many." in text
    assert "x_verbose: boolean, in header, sent as X-Verbose, optional." in text
    assert "body: application/json, optional." in text
    assert "200: an answer (application/json)" in text


def test_calling_the_attribute_is_calling_the_operation(service: Scripted) -> None:
    service.answers += [json_answer({"n": 1}), json_answer({"n": 2})]
    client = service.client(DOCUMENT)
    assert client.ops.op(id="a", limit=1) == {"n": 1}
    assert client.ops["op"]({"id": "b"}, body={"x": 1}, options=Options(accept="*/*")) == {"n": 2}
    assert [r.target for r in service.received] == ["/jobs/a?limit=1", "/jobs/b"]


def test_an_unknown_attribute_is_an_attribute_error_with_the_nearest() -> None:
    ops = Client(DOCUMENT).ops
    assert not hasattr(ops, "absent")
    with pytest.raises(AttributeError, match="did you mean op"):
        _ = ops.opp
    assert dir(ops) == ["op"]


# ── options ──────────────────────────────────────────────────────────────────────────────────────


def test_with_options_shares_what_is_compiled_and_changes_the_rest() -> None:
    client = Client(DOCUMENT, defaults={"limit": 1})
    other = client.with_options(base_url="http://other.test/", defaults={"limit": 2})
    assert other.prepare("op", id="a").url == "http://other.test/jobs/a?limit=2"
    assert client.prepare("op", id="a").url == f"{BASE}/jobs/a?limit=1"
    assert other.document is client.document
    assert other.operations["op"] is client.operations["op"]


def test_with_options_keeps_what_it_was_not_told_to_change(service: Scripted) -> None:
    client = service.client(DOCUMENT, validate="off")
    other = client.with_options(defaults={"limit": 3}).with_options(engine="openapi-core")
    other.call("op", id="a", sort=5)
    assert service.received[0].target == "/jobs/a?limit=3&sort=5"


def test_closing_a_client_made_by_with_options_leaves_the_first_one_open(
    service: Scripted,
) -> None:
    client = service.client(DOCUMENT)
    with client.with_options(validate="off") as other:
        other.call("op", id="a")
    assert client.call("op", id="b") == {}


@pytest.mark.parametrize("option", ["trust", "transport", "nonsense"])
def test_with_options_refuses_what_it_can_not_change(option: str) -> None:
    with pytest.raises(TypeError, match=f"with_options.. takes auth, base_url.*not {option}"):
        Client(DOCUMENT).with_options(**{option: 1})


@pytest.mark.parametrize(
    "settings",
    [
        {"base_url": "api.test"},
        {"base_url": "ftp://api.test"},
        {"base_url": "http://api.test?a=1"},
        {"base_url": "http://api.test/#a"},
        {"base_url": "http://h:99999"},
        {"base_url": "http://h:PORT"},
        {"base_url": "http://:80"},
        {"base_url": "http://h:0"},
        {"base_url": "http://a b/"},
        {"base_url": "http://[::1"},
        {"base_url": "http://h/\ud800"},
        {"engine": "fast"},
        {"validate": "hard"},
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_at_once(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="give"):
        Client(DOCUMENT, **settings)


@pytest.mark.sync("the words for what may be given are its own")
def test_a_transport_is_anything_that_can_send() -> None:
    class Echo(Whole):
        def send(self, request: Any) -> Any:
            return HttpResponse(200, Headers({"Content-Type": "application/json"}), b'{"ok": 1}')

    assert Client(DOCUMENT, transport=Echo()).call("op", id="a") == {"ok": 1}
    with pytest.raises(TypeError, match="an object with open"):
        Client(DOCUMENT, transport=object())


# ── servers ──────────────────────────────────────────────────────────────────────────────────────

SERVERS = [
    {
        "url": "https://{region}.api.test/{v}",
        "variables": {"region": {"default": "eu"}, "v": {"default": "v2"}},
    },
    {"url": "https://test.api.test/", "description": "test"},
]


@pytest.mark.parametrize(
    ("server", "url"),
    [
        (None, "https://eu.api.test/v2/thing"),
        (1, "https://test.api.test/thing"),
        ("test", "https://test.api.test/thing"),
        ("http://127.0.0.1:1/x/", "http://127.0.0.1:1/x/thing"),
    ],
)
def test_the_server_is_the_first_or_the_one_chosen(server: Any, url: str) -> None:
    client = Client({**one_operation(), "servers": SERVERS})
    assert client.prepare("op", options=Options(server=server)).url == url


def test_the_nearest_servers_count() -> None:
    document = one_operation(servers=[{"url": "https://own.test"}])
    assert Client(document).prepare("op").url == "https://own.test/thing"
    document = one_operation()
    document["paths"]["/thing"]["servers"] = [{"url": "https://item.test"}]
    assert Client(document).prepare("op").url == "https://item.test/thing"


@pytest.mark.parametrize(
    ("servers", "message"),
    [
        ([{"url": "/api"}], "is relative, and the document has no web address; pass base_url="),
        ([{"url": "https://{x}.test"}], "no default for its variable 'x'; pass .*base_url="),
    ],
)
def test_a_server_without_an_address_asks_for_one(servers: Any, message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        Client({**one_operation(), "servers": servers}).prepare("op")


# ── explain ──────────────────────────────────────────────────────────────────────────────────────


def test_an_explanation_tells_server_arguments_headers_body_and_curl(service: Scripted) -> None:
    client = service.client(DOCUMENT, defaults={"limit": 5})
    explanation = client.explain("op", {"X-Verbose": True}, id="a b", name="it's")
    assert ("limit", "query, style form, exploded", "5") in explanation.arguments
    assert ("X-Verbose", "header, style simple", "true") in explanation.arguments
    text = str(explanation)
    assert f"op: POST {service.url}/jobs/a%20b?limit=5" in text
    assert f"server: {service.url} (the client's base URL)" in text
    assert "the operation requires no credentials" in text
    assert '{"name":"it\'s"}' in text
    assert service.received == []


def test_the_curl_line_sends_the_same_request(service: Scripted) -> None:
    if shutil.which("curl") is None:
        pytest.skip("there is no curl here")
    arguments: dict[str, Any] = {"id": "ü/'\"$x", "sort": "a&b", "name": "it's $HOME `x`"}
    client = service.client(DOCUMENT)
    client.call("op", **arguments)
    line = client.explain("op", **arguments).curl
    subprocess.run(["sh", "-c", f"{line} --silent --noproxy '*'"], check=True, timeout=30)
    sent, by_curl = service.received
    assert (by_curl.method, by_curl.target) == (sent.method, sent.target)
    assert by_curl.headers["content-type"] == sent.headers["content-type"]
    assert json.loads(by_curl.body) == json.loads(sent.body)


def test_preparing_and_explaining_need_no_credentials() -> None:
    schemes = {"Key": {"type": "apiKey", "in": "header", "name": "X-Key"}}
    document = one_operation(security=[{"Key": []}], components={"securitySchemes": schemes})
    client = Client(document)
    assert "X-Key" not in client.prepare("op").headers
    assert "not authenticated" in str(client.explain("op"))
    with pytest.raises(errors.AuthError) as caught:
        client.call("op")
    assert caught.value.missing == ("Key",)


# ── threads and pickles ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("engine", ["compiled", "openapi-core"])
def test_sixteen_threads_share_one_client(engine: Any) -> None:
    server = Server(lambda request, _: reply(b'{"n": "%s"}' % request.target.encode()))
    client = Client(DOCUMENT, base_url=server.url, engine=engine)
    barrier = Barrier(16)

    def work(number: int) -> list[Any]:
        barrier.wait(10)  # all at once, on a client that has compiled nothing yet
        return [client.call("op", id=f"{number}-{turn}", limit=turn) for turn in range(5)]

    try:
        with client, ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(work, range(16)))
    finally:
        server.close()
    for number, own in enumerate(answers):
        assert own == [{"n": f"/jobs/{number}-{turn}?limit={turn}"} for turn in range(5)]


def test_a_client_pickles_as_its_source_and_options(service: Scripted) -> None:
    client = service.client(DOCUMENT, defaults={"limit": 4}, validate="warn")
    client.call("op", id="a")
    with pickle.loads(pickle.dumps(client)) as copy:
        assert copy.call("op", id="b") == {}
    assert [r.target for r in service.received] == ["/jobs/a?limit=4", "/jobs/b?limit=4"]


def _raised(service: Scripted, document: Any, *answers: Any, **named: Any) -> Exception:
    service.answers += answers
    with pytest.raises(errors.DynclientError) as caught:
        service.client(document).call("op", **named)
    return caught.value


FAILURES: list[tuple[Any, dict[str, Any], type[Exception]]] = [
    (Answer(b"[]"), {"id": "a"}, InvalidResponse),
    (Answer(b"[]", 404), {"id": "a"}, NotFound),
    (Answer(b"{}", 429), {"id": "a"}, TooManyRequests),
    (None, {"limit": "x"}, InvalidRequest),
]


@pytest.mark.parametrize(("answer", "named", "kind"), FAILURES)
def test_errors_pickle_with_all_they_carry(
    service: Scripted, answer: Any, named: dict[str, Any], kind: type[Exception]
) -> None:
    error = _raised(service, DOCUMENT, *([answer] if answer else []), **named)
    copy = pickle.loads(pickle.dumps(error))
    assert isinstance(copy, kind)
    assert type(copy).__mro__ == type(error).__mro__
    assert str(copy) == str(error)
    for name in ("violations", "status", "data", "operation"):
        assert getattr(copy, name, None) == getattr(error, name, None)


@pytest.mark.parametrize(
    "error",
    [
        errors.DocumentError("broken", source="f.yaml", line=3, column=4, pointer="/a"),
        errors.UnknownOperation("opp", ["op"], title="T"),
        errors.AuthError("no key", operation="op", missing=["Key"], code="X1"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_made_before_a_call_pickle_too(error: Exception) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda client: client.call("op", "abc"), "one mapping by wire name, not str"),
        (lambda client: client.call("op", options={"timeout": 1}), "Options"),
        (lambda client: Client(DOCUMENT, base_url=3), "a base URL is a str, not int"),
        (lambda client: Client(DOCUMENT, timeout="5"), "a number of seconds"),
    ],
)
def test_a_wrong_type_is_reported_as_one(call: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        call(Client(DOCUMENT))
