"""Progress of a body that is sent, by `client.stream(..., progress=)`."""

from __future__ import annotations

import io
import re

import pytest
from support import one_operation
from transport.server import Server, reply

from dynclient import Client, Retries

BINARY = {"application/octet-stream": {}}
CONTENT = bytes(300_000)


def _pieces():
    for start in range(0, len(CONTENT), 100_000):
        yield CONTENT[start : start + 100_000]


@pytest.fixture
def server():
    """Keeps the length of each body that it was sent; fails first, if it is told to."""
    got, fails = [], []

    def answer(request, _):
        got.append(len(request.body))
        return reply(b"", fails.pop(0) if fails else "204 No Content")

    served = Server(answer)
    served.got, served.fails = got, fails
    yield served
    served.close()


def client_of(server, **settings):
    document = one_operation(method="put", content=BINARY, responses={"204": {"description": ""}})
    return Client(document, base_url=server.url, **settings)


@pytest.mark.parametrize(
    ("body", "total"),
    [
        (lambda: CONTENT, len(CONTENT)),
        (lambda: io.BytesIO(CONTENT), len(CONTENT)),
        (_pieces, None),
    ],
    ids=["bytes", "file", "generator"],
)
def test_it_tells_what_was_taken(server, body, total):
    told = []
    with client_of(server) as client:
        tell = lambda done, of: told.append((done, of))  # noqa: E731
        with client.stream("op", body=body(), progress=tell) as response:
            assert response.status == 204
    assert server.got == [len(CONTENT)]
    counts = [done for done, _ in told]
    assert counts == sorted(counts)
    assert counts[-1] == len(CONTENT)
    assert len(counts) >= 3
    assert {of for _, of in told} == {total}


def test_a_body_that_goes_twice_is_told_from_the_start(server):
    server.fails.append("503 Service Unavailable")
    told = []
    with client_of(server, retries=Retries(attempts=2, backoff=0)) as client:
        tell = lambda done, _: told.append(done)  # noqa: E731
        with client.stream("op", body=io.BytesIO(CONTENT), progress=tell) as response:
            assert response.status == 204
    assert told.count(len(CONTENT)) == 2


def test_a_bar_is_shown_on_stderr(server, capsys):
    with client_of(server) as client, client.stream("op", body=CONTENT, progress=True) as response:
        assert response.status == 204
    captured = capsys.readouterr()
    assert captured.out == ""
    assert re.search(r"op .*300.0/300.0 kB", captured.err)


def test_what_the_function_raises_comes_through(server):
    def stop(done, _):
        raise ValueError(f"at {done}")

    with client_of(server) as client:
        upload = client.stream("op", body=io.BytesIO(CONTENT), progress=stop)
        with pytest.raises(ValueError, match="at 65536"), upload:
            pass
