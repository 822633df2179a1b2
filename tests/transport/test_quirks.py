"""Responses as they come: read as everyday clients read them, refused where two could differ."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dynclient.messages import HttpRequest
from dynclient.transport import SocketTransport

from .judges import by_http_client, by_us, quirky, table, verdicts, written
from .quirks import QUIRKS, REFUSES
from .server import Server

NAMES = list(QUIRKS)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with quirky() as server:
        yield server


@pytest.fixture(scope="module")
def found() -> dict[str, list[bytes | str]]:
    return verdicts()


def test_the_page_says_who_reads_and_who_refuses_each_response(found):
    """`python -m tests.transport.judges` writes it anew."""
    assert table(found) == written()


#: Read by SocketTransport in another way than by a judge: who is right is beyond doubt.
INTERIM = {"102 before it", "103 before it"}


@pytest.mark.parametrize("judge", ["RequestsTransport", "AiohttpTransport", "h11", "http.client"])
def test_what_socket_transport_reads_others_read_alike(found, judge):
    differ = {
        name
        for name, ours, theirs in zip(NAMES, found["SocketTransport"], found[judge], strict=True)
        if REFUSES not in {ours, theirs} and theirs != "" and ours != theirs
    }
    # http.client takes the interim response for the response.
    assert differ == (INTERIM if judge == "http.client" else set())


def test_nothing_that_h11_refuses_is_read_but_what_has_one_meaning(found):
    laxer = [
        name
        for name, ours, theirs in zip(NAMES, found["SocketTransport"], found["h11"], strict=True)
        if ours != REFUSES == theirs
    ]
    # It names no coding, and the connection ends the body.
    assert laxer == ["identity"]


FIELDS = {
    "many blanks after the colon": [("Content-Length", "5")],
    "a value in Latin-1": [("X", "\xe9\xff"), ("Content-Length", "5")],
    "an empty value": [("X", ""), ("Content-Length", "5")],
    "103 before it": [("Content-Length", "5")],
    "trailers": [("Transfer-Encoding", "chunked")],
}


@pytest.mark.parametrize("name", FIELDS)
def test_the_fields_of_an_odd_response(server, name):
    with SocketTransport(timeout=5) as transport:
        url = f"{server.url}/{NAMES.index(name)}"
        assert list(transport.send(HttpRequest("GET", url)).headers.pairs()) == FIELDS[name]
    assert by_us(QUIRKS[name].sent).fields == FIELDS[name]


def test_the_judges_judge():
    """A table in which nobody refuses, or nobody reads, would prove nothing."""
    assert by_http_client(QUIRKS["a chunk size with a sign"].sent).body == b"hello"
