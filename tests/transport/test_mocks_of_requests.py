"""`transport="requests"`: what replaces requests in tests works; no log line shows a secret."""

from __future__ import annotations

import logging

import pytest
import requests
import requests_mock
import responses
import vcr

from dynclient import Client
from dynclient.errors import ConnectionBroken, NotFound
from dynclient.messages import Headers, HttpRequest
from dynclient.transport import RequestsTransport

from .server import HangUp
from .test_in_process import DOCUMENT

URL = "http://app.example/echo/1"


@pytest.fixture
def client():
    with Client(DOCUMENT, transport="requests", validate="warn") as client:
        yield client


@responses.activate
def test_responses(client):
    responses.post(URL, json={"ok": True})
    responses.post(URL, json={"detail": "no"}, status=404)
    assert client.call("send", id="1", body={"x": 1}) == {"ok": True}
    assert responses.calls[0].request.body == b'{"x":1}'
    with pytest.raises(NotFound):
        client.call("send", id="1")


@responses.activate
def test_responses_redirect_and_set_cookies(client):
    responses.post(URL, status=303, headers={"Location": "/there"})
    responses.get("http://app.example/there", json={"ok": True})
    assert client.call("send", id="1") == {"ok": True}


def test_requests_mock(client):
    with requests_mock.Mocker() as mock:
        mock.post(URL, json={"ok": True})
        assert client.call("send", id="1", body={"x": 1}) == {"ok": True}
        assert mock.request_history[0].json() == {"x": 1}
        with client.stream("send", id="1") as response:
            assert response.status == 200


def test_vcr_records_and_plays_back(serve, tmp_path):
    server = serve()
    tape = str(tmp_path / "tape.yaml")
    for turn in range(2):
        with (
            vcr.use_cassette(tape) as cassette,
            Client(DOCUMENT, base_url=server.url, transport="requests", validate="off") as client,
        ):
            assert client.call("send", id="1", body={"x": 1})["target"] == "/echo/1"
            assert cassette.play_count == turn
    assert len(server.received) == 1


SECRET = "s3cret-of-mine"


@pytest.mark.parametrize("kind", ["pool", "session", "given"])
def test_the_log_lines_of_urllib3_show_no_secret(serve, caplog, kind):
    caplog.set_level(logging.DEBUG)
    session = requests.Session() if kind == "given" else None
    server = serve(hang_up_at_last)
    request = HttpRequest(
        "GET",
        f"{server.url}/a%20b?apikey={SECRET}&page=2",
        Headers({"Authorization": f"Bearer {SECRET}", "X-Echo": SECRET}),
    )
    with RequestsTransport(session, through_session=kind == "session") as transport:
        transport.send(request)
        with pytest.raises(ConnectionBroken):
            transport.send(HttpRequest("POST", f"{server.url}/last?token={SECRET}"))
    if session is not None:
        session.close()
    assert "/a%20b?apikey=[redacted]&page=2" in caplog.text
    assert SECRET not in caplog.text


def hang_up_at_last(request, _):
    if request.target.startswith("/last"):
        raise HangUp
    return b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def test_the_log_lines_of_others_stay_as_they_are(serve, caplog):
    caplog.set_level(logging.DEBUG)
    RequestsTransport().close()
    with requests.Session() as session:
        session.get(f"{serve().url}/?token=abc")
    assert "/?token=abc" in caplog.text
