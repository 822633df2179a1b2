"""What a call costs, told without a clock: functions, validators, connections, copies."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import tracemalloc
import weakref
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jsonschema_rs
import pytest
from support import Whole, answering, json_content, parameter
from transport.server import Server, reply

from dynclient import Client, InvalidRequest
from dynclient.jsontext import encode
from dynclient.schema import compiled

#: Python functions of one warm call, and what may be added before somebody has to think about it.
WARM_CALLS = 84
MARGIN = 18

THING = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": {"type": "string"}, "made": {"type": "string", "format": "date-time"}},
}


def document(operations: int = 1) -> dict[str, Any]:
    """`get_thing` and `make_thing`, the last of so many GET operations."""

    def getting(name: str) -> dict[str, Any]:
        path_id = parameter("path", {"type": "string", "maxLength": 40}, "id")
        return {"get": {"operationId": name, "parameters": [path_id], "responses": answers}}

    answers = answering({"$ref": "#/components/schemas/Thing"})
    paths = {f"/others/{n}/{{id}}": getting(f"get_other_{n}") for n in range(operations - 1)}
    paths["/things/{id}"] = getting("get_thing")
    body = {"required": True, "content": json_content({"$ref": "#/components/schemas/Thing"})}
    paths["/things"] = {
        "post": {"operationId": "make_thing", "requestBody": body, "responses": answers}
    }
    return {
        "openapi": "3.1.1",
        "info": {"title": "Things", "version": "1"},
        "paths": paths,
        "components": {"schemas": {"Thing": THING}},
    }


class Canned(Whole):
    """A transport without a network: one answer, always the same object."""

    def __init__(self, data: Any) -> None:
        from dynclient import Headers, HttpResponse

        fields = Headers([("Content-Type", "application/json")])
        self.answer = HttpResponse(200, fields, json.dumps(data).encode())
        self.sent: list[Any] = []

    def send(self, request: Any) -> Any:
        self.sent.append(request)
        return self.answer


def functions_called(work: Callable[[], object]) -> Counter[str]:
    """The Python functions that a piece of work calls, by name."""
    found: Counter[str] = Counter()

    def watch(frame: Any, event: str, _: object) -> None:
        if event == "call":
            found[frame.f_code.co_qualname] += 1

    sys.setprofile(watch)
    try:
        work()
    finally:
        sys.setprofile(None)
    return found


@pytest.fixture
def things() -> Iterator[Server]:
    server = Server(lambda *_: reply(b'{"id":"a"}'))
    yield server
    server.close()


def warm(client: Client, name: str = "get_thing", **arguments: Any) -> Callable[[], object]:
    """A call that has been made twice before."""

    def work() -> object:
        return client.call(name, **arguments)

    work()
    work()
    return work


@pytest.mark.compiled("its functions are counted")
def test_a_warm_call_runs_few_python_functions(things: Server) -> None:
    with Client(document(), base_url=things.url) as client:
        found = functions_called(warm(client, id="a"))
    assert found.total() <= WARM_CALLS + MARGIN, found.most_common()


@pytest.mark.compiled("its functions are counted")
def test_a_warm_post_runs_few_python_functions(things: Server) -> None:
    with Client(document(), base_url=things.url) as client:
        found = functions_called(warm(client, "make_thing", body={"id": "a"}))
    assert found.total() <= WARM_CALLS + 5 + MARGIN, found.most_common()


def test_a_call_among_1223_operations_runs_the_same_functions_as_alone(things: Server) -> None:
    found = []
    for operations in (1, 1223):
        with Client(document(operations), base_url=things.url) as client:
            found.append(functions_called(warm(client, id="a")))
    assert found[0] == found[1]


def test_opening_a_document_compiles_nothing_and_a_call_its_own_operation_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = counted_validators(monkeypatch)
    client = Client(document(50), base_url="http://api.test", transport=Canned({"id": "a"}))
    assert made == []
    client.call("get_thing", id="a")
    assert len(made) == 2  # the parameters, as one object, and the answer
    client.call("make_thing", id="a")
    assert len(made) == 3  # the body; the answer is the same schema as that of get_thing


def counted_validators(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    made: list[object] = []
    make = jsonschema_rs.Draft202012Validator

    def counting(*values: Any, **named: Any) -> Any:
        made.append(values)
        return make(*values, **named)

    monkeypatch.setattr(jsonschema_rs, "Draft202012Validator", counting)
    return made


def test_further_calls_compile_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(document(), base_url="http://api.test", transport=Canned({"id": "a"}))
    client.call("get_thing", id="a")
    client.call("make_thing", id="a")
    made = counted_validators(monkeypatch)
    for number in range(20):
        client.call("get_thing", id=str(number))
        client.call("make_thing", {"id": str(number)})
        client.with_options(defaults={"id": "b"}).call("get_thing")
        with pytest.raises(InvalidRequest):
            client.call("get_thing", id="x" * 41)
    assert made == []


def test_what_explains_is_not_asked_when_all_is_well(things: Server) -> None:
    with Client(document(), base_url=things.url) as client:
        found = functions_called(warm(client, id="a"))
    named = {name for name in found if "explain" in name or "redact" in name.lower()}
    assert named == set()


def test_many_calls_share_one_connection(things: Server) -> None:
    with Client(document(), base_url=things.url) as client:
        for number in range(100):
            client.call("get_thing", id=str(number))
            client.call("make_thing", id=str(number))
    assert len(things.received) == 200
    assert things.connections == 1


def test_clients_made_by_with_options_share_it_too(things: Server) -> None:
    with Client(document(), base_url=things.url) as client:
        for _ in range(10):
            client.with_options(validate="warn").call("get_thing", id="a")
    assert things.connections == 1


@pytest.mark.parametrize(
    ("schema", "ours"),
    [
        ({"type": "string", "format": "date-time"}, []),
        ({"type": "integer", "format": "int32"}, []),
        ({"type": "string", "format": "byte"}, ["byte"]),
    ],
)
def test_a_validator_calls_python_only_for_formats_it_uses(
    schema: Mapping[str, Any], ours: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    make = jsonschema_rs.Draft202012Validator

    def watching(*values: Any, **named: Any) -> Any:
        seen.append(named["formats"])
        return make(*values, **named)

    monkeypatch.setattr(jsonschema_rs, "Draft202012Validator", watching)
    thing = {"type": "object", "properties": {"value": schema}}
    described = document()
    described["components"]["schemas"]["Thing"] = thing
    client = Client(described, base_url="http://api.test", transport=Canned({"id": "a"}))
    client.operations["get_thing"].response_plan()
    assert [sorted(each or ()) for each in seen] == [ours]
    assert compiled.STRING_FORMATS.keys() == {"byte"}


# ── copies and memory ────────────────────────────────────────────────────────────────────────────

BIG = 4 * 1024 * 1024


def peak(work: Callable[[], object]) -> int:
    """The most bytes that were in use at one time, beside those in use before."""
    gc.collect()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_the_body_that_came_is_the_one_that_is_kept() -> None:
    canned = Canned({"id": "x" * BIG})
    client = Client(document(), base_url="http://api.test", transport=canned)
    response = client.request("get_thing", id="a")
    assert response.content is canned.answer.content


#: A server in a process of its own, so that its copies are not counted: GET gets the big answer.
SERVER = f"""
import socket
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
stream = (connection := listener.accept()[0]).makefile("rb")
while line := stream.readline():
    size = 0
    while (field := stream.readline()).strip():
        name, _, value = field.partition(b":")
        size = int(value) if name.lower() == b"content-length" else size
    while size:
        size -= len(stream.read(min(size, 65536)))
    body = b'{{"id":"%b"}}' % (b"x" * ({BIG} if line.startswith(b"GET") else 1))
    told = b"HTTP/1.1 200 OK", b"Content-Type: application/json", b"Content-Length: "
    connection.sendall(b"\\r\\n".join(told) + b"%d\\r\\n\\r\\n" % len(body) + body)
"""


@pytest.fixture
def apart() -> Iterator[Client]:
    """A client of a server in another process, which it has spoken to before."""
    process = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    port = int(process.stdout.readline())
    try:
        with Client(document(), base_url=f"http://127.0.0.1:{port}") as client:
            client.call("get_thing", id="a")
            client.call("make_thing", id="a")
            yield client
    finally:
        process.kill()
        process.communicate()


@pytest.mark.compiled("openapi-core decodes for itself")
def test_a_large_answer_is_in_memory_as_bytes_and_as_data_and_no_third_time(apart: Client) -> None:
    # The pieces as received and the whole, for once; then the whole, and the text in it.
    assert peak(lambda: apart.request("get_thing", id="a")) < 2.1 * BIG


@pytest.mark.compiled("openapi-core decodes for itself")
def test_a_large_body_takes_no_more_memory_than_its_encoding(apart: Client) -> None:
    body = {"id": "x" * BIG}
    encoding = peak(lambda: encode(body))  # the encoder's buffer grows by leaps
    assert peak(lambda: apart.call("make_thing", body=body)) < encoding + 0.1 * BIG


def test_the_encoded_body_is_the_one_that_is_sent() -> None:
    canned = Canned({"id": "a"})
    client = Client(document(), base_url="http://api.test", transport=canned)
    raw = b'{"id":"%b"}' % (b"x" * BIG)
    client.call("make_thing", body=raw)
    assert canned.sent[-1].content is raw


def test_memory_does_not_grow_with_the_number_of_calls(things: Server) -> None:
    with Client(document(), base_url=things.url) as client:
        work = warm(client, id="a")

        def calls(number: int) -> None:
            for _ in range(number):
                work()
            things.received.clear()

        calls(200)
        gc.collect()
        tracemalloc.start()
        try:
            calls(100)
            gc.collect()
            before = tracemalloc.get_traced_memory()[0]
            calls(2000)
            gc.collect()
            after = tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()
    assert after - before < 20_000  # ten bytes a call would be noticed


def test_a_document_that_nobody_uses_any_more_is_gone_at_once() -> None:
    # Not when the collector finds it: walking a big one is what ends a program slowly.
    canned = Canned({"id": "a"})
    client = Client(document(), base_url="http://api.test", transport=canned)
    client.call("get_thing", id="a")
    client.call("make_thing", id="a")
    held = weakref.ref(client.document)
    gc.disable()
    try:
        del client
        assert held() is None
    finally:
        gc.enable()
