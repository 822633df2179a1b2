"""Answers as they come: read as everyday clients read them, refused where two could differ."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dynclient.errors import ConnectionBroken, TransportError
from dynclient.messages import HttpRequest
from dynclient.transport import RequestsTransport, SocketTransport

from .quirks import QUIRKS, REFUSES
from .server import HangUp, Server, serving

NAMES = list(QUIRKS)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Answers `/3` with the fourth quirk, in one piece, and hangs up."""

    def handler(request, sock):
        sock.sendall(QUIRKS[NAMES[int(request.target[1:])]].sent)
        raise HangUp

    with serving(handler) as server:
        yield server


def outcome(kind, server, name):
    with kind(timeout=5) as transport:
        try:
            return transport.send(HttpRequest("GET", f"{server.url}/{NAMES.index(name)}")).content
        except ConnectionBroken:
            return REFUSES
        except TransportError:
            if kind is SocketTransport:
                raise
            return REFUSES


@pytest.mark.parametrize("name", NAMES)
def test_an_odd_answer_is_read_or_refused_as_the_table_says(server, name):
    assert outcome(SocketTransport, server, name) == QUIRKS[name].ours
    assert outcome(RequestsTransport, server, name) == QUIRKS[name].theirs


def test_where_we_are_stricter_there_is_a_reason():
    """Everything that the others take and we refuse, for a reviewer to look at at once."""
    refused = [n for n in NAMES if QUIRKS[n].ours == REFUSES != QUIRKS[n].theirs]
    assert refused == [
        "version 1.2",
        # Not one field: http.client drops it and all after it, or the text up to the next.
        "CR only",
        "a bare CR in a value",
        "CR CR LF",
        "a null in a value",
        # Where the body ends could be told in two ways.
        "a folded length",
        "a fold before any field",
        "a length, a blank before the colon",
        "a name with a blank",
        "a name that is not ASCII",
        "no name",
        "no colon",
        "a length with a sign",
        "a length below zero",
        "a length that is empty",
        "a length with an underscore",
        "a length with a fraction",
        "chunked twice",
        "identity, chunked",
        "xchunked",
        "a length and a control",
        "a chunk size with a sign",
        "a chunk size with a prefix",
    ]


def test_where_both_read_an_answer_they_read_the_same():
    differ = [
        name
        for name, (_, ours, theirs, _) in QUIRKS.items()
        if REFUSES not in {ours, theirs} and ours != theirs
    ]
    # http.client takes the interim answer for the answer.
    assert differ == ["102 before it", "103 before it"]


FIELDS = {
    "a folded field": [("X", "1 2"), ("Content-Length", "5")],
    "a blank before the colon": [("X", "1"), ("Content-Length", "5")],
    "many blanks after the colon": [("Content-Length", "5")],
    "a value in Latin-1": [("X", "\xe9\xff"), ("Content-Length", "5")],
    "an empty value": [("X", ""), ("Content-Length", "5")],
    "a name with brackets": [("X[1]", "1"), ("Content-Length", "5")],
    "103 before it": [("Content-Length", "5")],
    "trailers": [("Transfer-Encoding", "chunked")],
}


@pytest.mark.parametrize("name", FIELDS)
def test_the_fields_of_an_odd_answer(server, name):
    with SocketTransport(timeout=5) as transport:
        url = f"{server.url}/{NAMES.index(name)}"
        assert list(transport.send(HttpRequest("GET", url)).headers.pairs()) == FIELDS[name]
