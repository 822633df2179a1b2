"""mutualTLS of a document: met by a transport that has a client certificate, and by no other."""

import asyncio
import json

import pytest
from click.testing import CliRunner
from support import one_operation

from dynclient import AsyncClient, AuthError, Client
from dynclient.cli.program import program
from dynclient.transport import AiohttpTransport, MockTransport, RequestsTransport, SocketTransport

from .certificates import settings


def document(**more):
    found = one_operation(responses={"200": {"description": ""}})
    found["components"] = {
        "securitySchemes": {"Mutual": {"type": "mutualTLS"}, "Key": {"type": "http", **BEARER}}
    }
    return {**found, "security": [{"Mutual": []}], **more}


BEARER = {"scheme": "bearer"}


@pytest.fixture
def pair(certificates):
    return str(certificates / "server.pem"), str(certificates / "server.key")


@pytest.mark.parametrize("kind", [SocketTransport, RequestsTransport])
def test_a_transport_with_a_certificate_meets_it(kind, serve, certificates, pair):
    server = serve(context=settings(certificates, client=True))
    with kind(verify=str(certificates / "ca.pem"), cert=pair) as transport:
        client = Client(document(), base_url=server.url, transport=transport, validate="off")
        assert client.request("op").status == 200
        assert "client certificate" in client.auth_plan("op").reason


def test_an_asynchronous_one_as_well(serve, certificates, pair):
    server = serve(context=settings(certificates, client=True))

    async def go():
        transport = AiohttpTransport(verify=str(certificates / "ca.pem"), cert=pair)
        settings_ = {"base_url": server.url, "transport": transport, "validate": "off"}
        async with AsyncClient(document(), **settings_) as client:
            response = await client.request("op")
        await transport.aclose()
        return response.status

    assert asyncio.run(go()) == 200


@pytest.mark.parametrize("transport", [None, "requests", SocketTransport(), RequestsTransport()])
def test_without_one_nothing_is_sent(transport):
    client = Client(document(), base_url="https://api.test", transport=transport)
    with pytest.raises(AuthError, match=r"transport=SocketTransport\(cert=\.\.\.\)") as caught:
        client.call("op")
    assert caught.value.missing == ("Mutual",)


def test_another_alternative_is_used_where_there_is_none(pair):
    either = document(security=[{"Mutual": []}, {"Key": []}])
    auth = {"Key": "token"}
    assert Client(either, auth=auth).auth_plan("op").alternative == ("Key",)
    both = document(security=[{"Mutual": [], "Key": []}])
    with pytest.raises(AuthError, match=r"the client certificate of the transport\) is missing"):
        Client(both, auth=auth).auth_plan("op")
    bound = Client(both, auth=auth, transport=SocketTransport(cert=pair))
    assert bound.auth_plan("op").alternative == ("Mutual", "Key")


def test_it_can_be_said_that_the_service_asks_for_none():
    client = Client(document(), auth={"Mutual": None})
    assert client.auth_plan("op").alternative == ("Mutual",)


def test_what_another_transport_shows_is_its_own_affair():
    client = Client(document(), transport=MockTransport([MockTransport.response()]), validate="off")
    assert client.request("op").status == 200


def test_the_command_line_shows_one(serve, certificates, pair, tmp_path, monkeypatch):
    server = serve(context=settings(certificates, client=True))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificates / "ca.pem"))
    path = tmp_path / "doc.json"
    path.write_text(json.dumps(document()))
    call = ("call", "op", "--doc", str(path), "--base-url", server.url, "--validate", "off")
    done = CliRunner().invoke(program, [*call, "--cert", pair[0], "--key", pair[1]])
    assert done.exit_code == 0, done.stderr
    done = CliRunner().invoke(program, call)
    assert done.exit_code == 5
    assert "Pass --cert FILE" in done.stderr
    assert "--auth" not in done.stderr
    done = CliRunner().invoke(program, [*call, "--key", pair[1]])
    assert done.exit_code == 2
