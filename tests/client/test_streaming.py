"""Answers read as they come, through the client: items, bytes, files; every kind of transport."""

from __future__ import annotations

import gzip
import json
import logging
import threading
import tracemalloc
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import requests
from support import Answer, Scripted, Whole, answering, json_answer, one_operation, parameter
from transport.server import HangUp, Received, Server

from dynclient import (
    Client,
    Headers,
    HttpResponse,
    InvalidRequest,
    InvalidResponse,
    Options,
    StatusError,
)
from dynclient.auth import Credential, Handler
from dynclient.errors import ConnectionBroken, NotFound, ResponseTooLarge, Unauthorized
from dynclient.operation.content.codec import Codec
from dynclient.operation.content.registry import CODECS
from dynclient.transport import RequestsTransport, SocketTransport

LINES, SEQ, EVENTS = "application/jsonl", "application/json-seq", "text/event-stream"
ITEM = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}
EVENT = {"type": "object", "required": ["data"], "properties": {"data": {"maxLength": 5}}}


def items_of(codec: Codec, pieces: Iterable[bytes]) -> list[Any]:
    """The items of content that comes in these pieces."""
    assert codec.cutter is not None
    cutter = codec.cutter()
    ended = [*chain.from_iterable(map(cutter.feed, pieces)), *cutter.end()]
    return [codec.decode_item(item) for item in ended]


def row(media_type: str, item: Any, **more: Any) -> dict[str, Any]:
    """A document whose one operation answers with a row of items, and 404 with an object."""
    return one_operation(
        version="3.2.0",
        parameters=[parameter("query", {"type": "integer"}, "limit")],
        responses={
            "200": {"description": "a row", "content": {media_type: {"itemSchema": item}}},
            **answering({"type": "object"}, "404"),
        },
        **more,
    )


DOWNLOAD = one_operation(
    responses={
        "200": {"description": "a file", "content": {"application/octet-stream": {}}},
    }
)

Serve = Callable[[Callable[[Received, Any], bytes]], Server]
Make = Callable[..., Client]


class _AllAtOnce(Whole):
    """A transport that has read everything when it opens."""

    def __init__(self, inner: SocketTransport) -> None:
        self.send = inner.send  # type: ignore[method-assign]


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:

        def start(handler: Callable[[Received, Any], bytes]) -> Server:
            server = Server(handler)
            stack.callback(server.close)
            return server

        yield start


def _makers(kinds: list[str]) -> Any:
    @pytest.fixture(params=kinds)
    def make(request: pytest.FixtureRequest) -> Iterator[Make]:
        with ExitStack() as stack:

            def build(document: Any, url: str, **settings: Any) -> Client:
                kind = request.param
                transport: Any
                if kind == "requests":
                    transport = stack.enter_context(RequestsTransport(timeout=10))
                elif kind == "session":
                    transport = stack.enter_context(requests.Session())
                else:
                    transport = stack.enter_context(SocketTransport(timeout=10))
                    transport = _AllAtOnce(transport) if kind == "whole" else transport
                return Client(document, base_url=url, transport=transport, retries=0, **settings)

            yield build

    return make


#: Clients of a document and a URL: over transports that open, and over all.
live = _makers(["sockets", "requests", "session"])
make = _makers(["sockets", "requests", "session", "whole"])


def head(media_type: str, *fields: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", f"Content-Type: {media_type}", "Transfer-Encoding: chunked"]
    return "\r\n".join([*lines, *fields, "", ""]).encode()


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def steadily(media_type: str, content: bytes, step: int) -> Callable[[Received, Any], bytes]:
    """A handler that sends the content in chunks of so many bytes."""
    chunks = [chunk(content[at : at + step]) for at in range(0, len(content), step)]
    return lambda request, sock: head(media_type) + b"".join(chunks) + b"0\r\n\r\n"


# ── as they come ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("media_type", "form"),
    [(LINES, b'{"a":%d}\n'), (SEQ, b'\x1e{"a":%d}\n'), (EVENTS, b"data: %d\n\n")],
)
@pytest.mark.parametrize("coding", ["", "gzip"])
def test_an_item_is_here_before_the_next_is_sent_and_there_need_be_no_end(
    live: Make, serve: Serve, media_type: str, form: bytes, coding: str
) -> None:
    seen, gone = threading.Semaphore(0), threading.Event()

    def endless(request: Received, sock: Any) -> bytes:
        packer = zlib.compressobj(wbits=31)
        sock.sendall(head(media_type, *(["Content-Encoding: gzip"] if coding else [])))
        number = 0
        try:
            while True:
                data = form % number
                if coding:
                    data = packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)
                sock.sendall(chunk(data))
                assert seen.acquire(timeout=5)
                number += 1
        except OSError:
            gone.set()
            raise

    client = live(row(media_type, {"type": "object"}), serve(endless).url)
    got = []
    with client.stream("op", limit=5) as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == media_type
        for item in response:
            got.append(item)
            if len(got) == 4:
                break
            seen.release()
    seen.release(10)
    assert got == [{"data": str(n)} if media_type == EVENTS else {"a": n} for n in range(4)]
    assert gone.wait(5)


ROWS = [
    (LINES, '{"a":1,"ü":"☃"}\r\n\n {"a":2}\n{"a":3}'.encode(), 3),
    (SEQ, '\x1e{"a":1,\n"ü":"☃"}\n\x1e\x1e {"a":2}\x1e{"a":3}\n'.encode(), 3),
    (SEQ, b'\x1e1\n\x1e[\n2\n]\n\x1enull\n\x1e"3"', 4),
    (
        EVENTS,
        "\ufeff: hi\r\ndata: ü☃\r\ndata\r\nid:7\r\n\r\nevent: x\rdata:  y\r\rretry: 10\ndata: z\n"
        "unknown: 1\n\ndata: unfinished\n".encode(),
        3,
    ),
]


@pytest.mark.parametrize(("media_type", "content", "count"), ROWS)
def test_where_content_is_cut_makes_no_difference(
    media_type: str, content: bytes, count: int
) -> None:
    codec = CODECS.find(media_type)
    whole = codec.decode(content)
    assert len(whole) == count
    assert items_of(codec, [content[at : at + 1] for at in range(len(content))]) == whole
    for at in range(len(content) + 1):
        for pieces in ([content[:at], content[at:]], [content[:at], b"", content[at:], b""]):
            assert items_of(codec, pieces) == whole


def test_events_are_read_by_the_letter() -> None:
    assert CODECS.find(EVENTS).decode(ROWS[3][1]) == [
        {"data": "ü☃\n", "id": "7"},
        {"event": "x", "data": " y"},
        {"retry": 10, "data": "z"},
    ]
    ignored = b"retry: 1x\nid: a\0b\ndata: 1\n\nid: 9\n\nevent: lost\n\ndata: 2\n\nid: 3\n\n"
    assert CODECS.find(EVENTS).decode(ignored) == [{"data": "1"}, {"id": "9", "data": "2"}]


def test_a_number_of_a_text_sequence_that_may_be_cut_is_refused() -> None:
    with pytest.raises(ValueError, match="cut off"):
        CODECS.find(SEQ).decode(b"\x1e12")


def test_a_text_of_many_lines_takes_time_in_proportion() -> None:
    text = b"\x1e[\n" + b"1,\n" * 60_000 + b"1]\n"
    pieces = [text[at : at + 3] for at in range(0, len(text), 3)]
    assert [len(item) for item in items_of(CODECS.find(SEQ), pieces)] == [60_001]


@pytest.mark.parametrize(("media_type", "content", "count"), ROWS)
@pytest.mark.parametrize("step", [1, 1000])
def test_rows_over_the_wire(
    make: Make, serve: Serve, media_type: str, content: bytes, count: int, step: int
) -> None:
    server = serve(steadily(media_type, content, step))
    client = make(row(media_type, {}), server.url)
    for _ in range(2):
        with client.stream("op") as response:
            assert list(response) == CODECS.find(media_type).decode(content)
            assert list(response) == []
    # Read to its end, the connection is used again, for a whole answer as well.
    assert len(client.call("op")) == count
    assert server.connections == 1


def test_a_row_in_gzip(make: Make, serve: Serve) -> None:
    packed = gzip.compress(b'{"a":1}\n{"a":2}')
    answer = head(LINES, "Content-Encoding: gzip")
    server = serve(lambda request, sock: answer + chunk(packed) + b"0\r\n\r\n")
    with make(row(LINES, ITEM), server.url).stream("op") as response:
        assert [item["a"] for item in response] == [1, 2]


# ── judged ───────────────────────────────────────────────────────────────────────────────────────

BROKEN = b'{"a":1}\n{"a":"x"}\n{"a":\n{"a":4}\n'


def test_a_broken_item_raises_at_its_index_and_the_next_can_still_be_read(
    make: Make, serve: Serve
) -> None:
    client = make(row(LINES, ITEM), serve(steadily(LINES, BROKEN, 5)).url)
    with client.stream("op") as response:
        items = iter(response)
        assert next(items) == {"a": 1}
        with pytest.raises(InvalidResponse) as caught:
            next(items)
        assert caught.value.data == {"a": "x"}
        assert caught.value.response.content == b'{"a":"x"}'
        (fault,) = caught.value.violations
        assert (fault.where, fault.pointer, fault.rule) == ("response.body", "/1/a", "type")
        assert "/itemSchema/" in fault.document_pointer
        with pytest.raises(InvalidResponse) as caught:
            next(iter(response))
        assert caught.value.data == b'{"a":'
        assert [(v.pointer, v.rule) for v in caught.value.violations] == [("/2", "encoding")]
        assert list(response) == [{"a": 4}]


def test_at_warn_broken_items_are_logged_and_yielded(
    service: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    service.answers = [Answer(BROKEN, content_type=LINES)]
    client = service.client(row(LINES, ITEM), validate="warn")
    with caplog.at_level(logging.WARNING, "dynclient"), client.stream("op") as response:
        assert list(response) == [{"a": 1}, {"a": "x"}, b'{"a":', {"a": 4}]
    assert [v.pointer for v in response.violations] == ["/1/a", "/2"]
    assert len(caplog.records) == 2


def test_at_off_nothing_is_judged(service: Scripted) -> None:
    service.answers = [Answer(BROKEN, content_type=LINES)]
    with service.client(row(LINES, ITEM), validate="off").stream("op") as response:
        assert list(response) == [{"a": 1}, {"a": "x"}, b'{"a":', {"a": 4}]
    assert response.violations == ()


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        (Answer(b"{}", 202, LINES), "status"),
        (Answer(b"{}", 200, "text/plain"), "content-type"),
        (Answer(b"{}", 200, None), "content-type"),
    ],
)
def test_the_header_is_judged_before_the_first_item(
    make: Make, service: Scripted, answer: Answer, rule: str
) -> None:
    service.answers = [answer]
    with pytest.raises(InvalidResponse) as caught, make(row(LINES, ITEM), service.url).stream("op"):
        raise AssertionError("the block is not entered")
    assert [violation.rule for violation in caught.value.violations] == [rule]
    assert caught.value.response.status == answer.status


def test_what_the_header_breaks_at_warn_is_reported_once(
    service: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    service.answers = [Answer(b'{"a":1}', 202, LINES)]
    client = service.client(row(LINES, ITEM), validate="warn")
    with client.stream("op") as response:
        assert [v.rule for v in response.violations] == ["status"]
        assert [v.rule for v in response.read().violations] == ["status"]
    assert len(caplog.records) == 1


# ── errors ───────────────────────────────────────────────────────────────────────────────────────


def test_an_error_status_is_read_whole(make: Make, service: Scripted) -> None:
    service.answers = [json_answer({"message": "no such job"}, 404)]
    client = make(row(LINES, ITEM), service.url)
    with pytest.raises(NotFound, match="no such job") as caught, client.stream("op"):
        raise AssertionError("the block is not entered")
    assert caught.value.data == {"message": "no such job"}
    service.answers = [Answer(b'{"a":1}', content_type=LINES)]
    with client.stream("op") as response:
        assert list(response) == [{"a": 1}]
    assert service.server.connections == 1


def test_an_undeclared_error_status_is_both(make: Make, service: Scripted) -> None:
    service.answers = [json_answer({}, 503)]
    with pytest.raises(StatusError) as caught, make(row(LINES, ITEM), service.url).stream("op"):
        raise AssertionError("the block is not entered")
    assert isinstance(caught.value, InvalidResponse)


def test_bad_arguments_are_reported_before_the_block(service: Scripted) -> None:
    with pytest.raises(InvalidRequest):
        service.client(row(LINES, ITEM)).stream("op", limit="many")
    assert service.received == []


def test_a_row_that_breaks_off_gives_what_came(live: Make, serve: Serve) -> None:
    def cut(request: Received, sock: Any) -> bytes:
        sock.sendall(head(LINES) + chunk(b'{"a":1}\n{"a"'))
        raise HangUp

    with live(row(LINES, ITEM), serve(cut).url).stream("op") as response:
        items = iter(response)
        assert next(items) == {"a": 1}
        with pytest.raises(ConnectionBroken):
            next(items)


class _Tokens(Handler):
    """A new token each time the last one was refused."""

    def __init__(self) -> None:
        self.count = 1

    def ready(self, scheme: Any, scopes: tuple[str, ...]) -> Credential:
        return Credential(headers=(("Authorization", f"Bearer {self.count}"),))

    def refused(self, scheme: Any, scopes: tuple[str, ...], *_: Any) -> bool:
        self.count += 1
        return True


SECURE: dict[str, Any] = {
    "security": [{"B": []}],
    "components": {"securitySchemes": {"B": {"type": "http", "scheme": "bearer"}}},
}


def test_a_401_is_tried_once_more_with_a_fresh_token(make: Make, service: Scripted) -> None:
    client = make(row(LINES, ITEM, **SECURE), service.url, auth={"B": _Tokens()})
    service.answers = [json_answer({}, 401), Answer(b'{"a":1}', content_type=LINES)]
    with client.stream("op") as response:
        assert list(response) == [{"a": 1}]
        assert response.request.headers["Authorization"] == "Bearer 2"
    service.answers = [json_answer({}, 401), json_answer({}, 401)]
    with pytest.raises(Unauthorized), client.stream("op"):
        raise AssertionError("the block is not entered")
    sent = [each.headers["authorization"] for each in service.received]
    assert sent == ["Bearer 1", "Bearer 2", "Bearer 2", "Bearer 3"]
    assert service.server.connections == 1


@pytest.mark.parametrize("streamed", [True, False])
def test_a_used_up_body_is_not_sent_again_after_a_401(
    make: Make, service: Scripted, streamed: bool
) -> None:
    binary: dict[str, Any] = {"application/octet-stream": {}}
    document = row(LINES, ITEM, **SECURE, method="post", content=binary)
    client = make(document, service.url, auth={"B": _Tokens()})
    service.answers = [json_answer({}, 401), Answer(b'{"a":1}', content_type=LINES)]

    def ask() -> None:
        body = iter([b"on", b"ce"])
        if not streamed:
            client.call("op", body=body)
        with client.stream("op", body=body):
            raise AssertionError("the block is not entered")

    with pytest.raises(Unauthorized):
        ask()
    assert [each.body for each in service.received] == [b"once"]


def test_the_headers_of_one_call_go_before_its_credentials(service: Scripted) -> None:
    client = service.client(row(LINES, ITEM, **SECURE), auth={"B": "ours"})
    service.answers = [Answer(b"", content_type=LINES)]
    options = Options(headers={"Authorization": "Bearer theirs"})
    with client.stream("op", options=options) as response:
        assert list(response) == []
    assert service.received[0].headers["authorization"] == "Bearer theirs"


# ── ways of reading ──────────────────────────────────────────────────────────────────────────────


def test_a_response_is_read_in_one_way(make: Make, service: Scripted) -> None:
    service.answers = [Answer(b'{"a":1}\n{"a":2}', content_type=LINES)] * 4
    client = make(row(LINES, ITEM), service.url)
    with client.stream("op") as response:
        assert response.read().data == [{"a": 1}, {"a": 2}]
        with pytest.raises(RuntimeError, match="as whole"):
            response.read()
    with client.stream("op") as response:
        assert next(iter(response)) == {"a": 1}
        with pytest.raises(RuntimeError, match="as items"):
            response.iter_bytes()
    with client.stream("op") as response:
        assert b"".join(response.iter_bytes()) == b'{"a":1}\n{"a":2}'
    with client.stream("op") as response:
        pass
    with pytest.raises(ValueError, match="closed"):
        list(response)


def test_read_judges_as_request_does(make: Make, service: Scripted) -> None:
    service.answers = [Answer(b'{"a":1}\n{}', content_type=LINES)]
    client = make(row(LINES, ITEM), service.url)
    with client.stream("op") as response, pytest.raises(InvalidResponse) as caught:
        response.read()
    assert caught.value.data == [{"a": 1}, {}]
    assert repr(response) == "<StreamedResponse 200 to op>"


def test_what_is_no_row_is_not_iterated(service: Scripted) -> None:
    service.answers = [json_answer([1])]
    client = service.client(one_operation(responses=answering({"type": "array"})))
    with client.stream("op") as response:
        with pytest.raises(TypeError, match=r"not a sequential media type; use iter_bytes"):
            iter(response)
        assert response.read().data == [1]


def test_a_response_without_a_body_has_no_items(service: Scripted) -> None:
    service.answers = [Answer(b"", 204, None)]
    client = service.client(one_operation(responses={"204": {"description": "none"}}))
    with client.stream("op") as response:
        assert list(response) == []


def test_a_row_of_which_the_document_says_nothing_is_not_judged(service: Scripted) -> None:
    service.answers = [Answer(b"data: 1\n\n", content_type=EVENTS)]
    content = {EVENTS: {"schema": {"type": "string"}}}
    client = service.client(
        one_operation(responses={"200": {"description": "", "content": content}})
    )
    with client.stream("op") as response:
        assert list(response) == [{"data": "1"}]


def test_one_item_and_a_whole_body_are_bounded_and_a_row_is_not(serve: Serve) -> None:
    lines = b'{"a":1}\n' * 1000
    server = serve(steadily(LINES, lines, 100))
    with SocketTransport(max_response_bytes=1000) as transport:
        client = Client(row(LINES, ITEM), base_url=server.url, transport=transport)
        with client.stream("op") as response:
            assert len(list(response)) == 1000
        with client.stream("op") as response, pytest.raises(ResponseTooLarge):
            response.read()
        server.handler = steadily(LINES, b'{"a":%b' % (b" " * 5000), 100)
        with client.stream("op") as response, pytest.raises(ResponseTooLarge):
            list(response)


# ── downloads ────────────────────────────────────────────────────────────────────────────────────


def test_a_download_of_64_mib_is_never_in_memory(live: Make, serve: Serve, tmp_path: Path) -> None:
    size, block = 64 << 20, b"0123456789abcdef" * (1 << 16)

    def large(request: Received, sock: Any) -> bytes:
        fields = "Content-Type: application/octet-stream\r\nContent-Length"
        sock.sendall(f"HTTP/1.1 200 OK\r\n{fields}: {size}\r\n\r\n".encode())
        for _ in range(size // len(block)):
            sock.sendall(block)
        return b""

    client = live(DOWNLOAD, serve(large).url)
    tracemalloc.start()
    try:
        with client.stream("op") as response:
            assert response.save(tmp_path / "file.bin") == size
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20
    with (tmp_path / "file.bin").open("rb") as file:
        assert file.read(len(block)) == block
    assert [path.name for path in tmp_path.iterdir()] == ["file.bin"]


def test_a_download_that_fails_leaves_the_old_file(
    live: Make, serve: Serve, tmp_path: Path
) -> None:
    def cut(request: Received, sock: Any) -> bytes:
        sock.sendall(head("application/octet-stream") + chunk(b"new"))
        raise HangUp

    target = tmp_path / "file.bin"
    target.write_bytes(b"old")
    with live(DOWNLOAD, serve(cut).url).stream("op") as response, pytest.raises(ConnectionBroken):
        response.save(str(target))
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_the_rest_of_a_download_can_be_saved(service: Scripted, tmp_path: Path) -> None:
    service.answers = [Answer(b"abc", content_type="application/octet-stream")] * 2
    with service.client(DOWNLOAD).stream("op") as response:
        assert next(response.iter_bytes()) == b"abc"
        assert response.save(tmp_path / "rest") == 0
    with service.client(DOWNLOAD).stream("op") as response:
        assert response.save("/dev/null") == 3


def test_a_transport_that_only_sends_need_not_be_over_http() -> None:
    class Canned(Whole):
        def send(self, request: Any) -> HttpResponse:
            headers = {"Content-Type": LINES}
            content = "\n".join(json.dumps({"a": n}) for n in range(3)).encode()
            return HttpResponse(200, Headers(headers), content)

    client = Client(row(LINES, ITEM), transport=Canned())
    with client.stream("op") as response:
        assert [item["a"] for item in response] == [0, 1, 2]
        assert response.url == "http://api.test/v1/thing"


# ── without `with` ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("use", "kind"),
    [
        (lambda stream: stream.status, AttributeError),
        (lambda stream: stream.headers, AttributeError),
        (lambda stream: stream.read(), AttributeError),
        (lambda stream: stream.iter_bytes(), AttributeError),
        (list, TypeError),
    ],
)
def test_a_stream_taken_for_its_response_says_how_to_open_it(
    service: Scripted, use: Callable[[Any], object], kind: type[Exception]
) -> None:
    stream = service.client(DOWNLOAD).stream("op")
    with pytest.raises(kind, match=r"with client\.stream\(\.\.\.\) as response:"):
        use(stream)
    assert not hasattr(stream, "status")
    assert service.received == []
    service.answers += [Answer(b"abc", content_type="application/octet-stream")]
    with stream as response:
        assert response.read().data == b"abc"
